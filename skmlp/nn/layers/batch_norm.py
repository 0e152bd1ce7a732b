"""Batch normalisation.

The one decision: the mean is removed twice, since what rounding leaves of a large mean is a shift
of the centred values; so float32 stays accurate for a column far from zero, at the cost of one
product and one pass.
"""

from abc import abstractmethod

import numpy as np

from ..layout import Param, Row, Rows
from .base import Layer


class Norm(Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, for some mean and variance."""

    elementwise = True

    def params(self, n_in):
        return {"gamma": Param((1, n_in), "constant_value"), "beta": Param((1, n_in))}

    def running(self, n_in):
        return {"mean": Param((1, n_in)), "variance": Param((1, n_in), "constant_value", least=0.0)}

    def backward(self, dy, ws):
        # d_gamma = sum(dy x_hat); d_beta = sum(dy)
        np.multiply(dy, ws.x_hat, out=ws.tmp)
        np.matmul(ws.ones, ws.tmp, out=ws.d_gamma)
        np.matmul(ws.ones, dy, out=ws.d_beta)
        if ws.dx is not None:
            self.input_backward(dy, ws)

    @abstractmethod
    def input_backward(self, dy, ws):
        """Compute the gradient of the input. Overwrites: ws.dx, ws buffers."""


class BatchNorm(Norm):
    r"""Batch normalisation (Ioffe and Szegedy, 2015), with the mean and variance of the batch.

    In training, for each column x, with the learned numbers :math:`\gamma`, which starts at 1, and
    :math:`\beta`, which starts at 0:

    .. math::

        y = \gamma \, \frac{x - \mathrm{mean}}{\sqrt{\mathrm{variance} + \epsilon}} + \beta

    Sample weights weight the mean and variance too, so that weight 2 is the same as giving a row
    twice. A batch must have at least two rows: the normalised value of a single row would always be
    0. In prediction other numbers replace mean and variance (``statistics``).

    Parameters
    ----------
    momentum : float in (0, 1], default=0.1
        Weight of the newest batch in the running mean and variance. The variance is multiplied by
        n / (n - 1) first, where n is the sum of the batch's weights, or its number of rows if that
        is larger.
    epsilon : float > 0, default=1e-5
        Added to the variance.
    statistics : {"running", "population", "batch"}, default="running"
        What replaces the batch's mean and variance in prediction: their running averages; the
        values over the whole training set, computed in a pass over it at the end of each fit; or
        those of the rows given to ``predict``, two or more.
    """

    min_rows = 2
    limits = {"momentum": "(0, 1]", "epsilon": "(0, inf)"}

    def __init__(self, momentum=0.1, epsilon=1e-5, statistics="running"):
        self.momentum = momentum
        self.epsilon = epsilon
        self.statistics = statistics

    @property
    def whole_batch(self):
        return self.statistics == "batch"

    def check(self):
        super().check()
        if self.statistics not in ("running", "population", "batch"):
            raise ValueError(
                f"{self!r}: statistics must be 'running', 'population' or 'batch', got "
                f"{self.statistics!r}."
            )

    def buffers(self, n_in):
        return {
            "x_hat": Rows(n_in),
            "tmp": Rows(n_in, scratch=True),
            "inv_std": Row(n_in),
            "batch_mean": Row(n_in),
            "batch_variance": Row(n_in),
            "row": Row(n_in),
        }

    def forward(self, x, ws, training):
        if training:
            self._normalise(x, ws)
            self.track(ws)
            np.multiply(ws.x_hat, ws.gamma, out=ws.y)
            np.add(ws.y, ws.beta, out=ws.y)
        elif self.statistics == "batch":
            mean = np.mean(x, axis=0, keepdims=True, dtype=np.float64).astype(x.dtype)
            variance = np.mean(np.square(x - mean), axis=0, keepdims=True, dtype=np.float64).astype(
                x.dtype
            )
            self._affine(x, mean, variance, ws)
        else:
            self._affine(x, ws.mean, ws.variance, ws)

    def input_backward(self, dy, ws):
        # dx = gamma inv_std (dy - share (d_beta + x_hat d_gamma)), share = 1/n without weights
        np.multiply(ws.x_hat, ws.d_gamma, out=ws.tmp)
        np.add(ws.tmp, ws.d_beta, out=ws.tmp)
        np.multiply(ws.tmp, ws.batch.column, out=ws.tmp)
        np.subtract(dy, ws.tmp, out=ws.dx)
        np.multiply(ws.gamma, ws.inv_std, out=ws.row)
        np.multiply(ws.dx, ws.row, out=ws.dx)

    def refresh(self, moments, ws, always):
        if always or self.statistics == "population":
            ws.mean[...], ws.variance[...] = moments()

    def frozen(self):
        return FixedNorm(self.epsilon)

    def _normalise(self, x, ws):
        """Write x_hat = (x - mean) / sqrt(variance + epsilon).

        Overwrites: ws.x_hat, batch_mean, batch_variance, inv_std, row, tmp.
        """
        np.matmul(ws.batch.row, x, out=ws.batch_mean)
        _centre(x, ws)
        # a shift beyond the deviation is that of a column that hardly varies: centred from a value
        # of its own it is exact
        np.multiply(ws.row, ws.row, out=ws.inv_std)
        np.subtract(ws.inv_std, ws.batch_variance, out=ws.inv_std)
        if np.maximum.reduce(ws.inv_std, axis=None) > 0.0:
            np.copyto(ws.batch_mean, x[:1], where=ws.inv_std > 0.0)
            _centre(x, ws)
        np.add(ws.batch_variance, float(self.epsilon), out=ws.inv_std)
        np.sqrt(ws.inv_std, out=ws.inv_std)
        np.divide(1.0, ws.inv_std, out=ws.inv_std)
        np.multiply(ws.x_hat, ws.inv_std, out=ws.x_hat)

    def track(self, ws):
        """Move the running mean and variance towards the batch's; one row says nothing of a
        variance. Overwrites: ws.mean, ws.variance.
        """
        n, momentum = ws.batch.count, float(self.momentum)
        if n < 2:
            return
        for running, batch, weight in (
            (ws.mean, ws.batch_mean, 1.0),
            (ws.variance, ws.batch_variance, n / (n - 1)),
        ):
            np.multiply(running, 1.0 - momentum, out=running)
            np.multiply(batch, momentum * weight, out=ws.row)
            np.add(running, ws.row, out=running)

    def _affine(self, x, mean, variance, ws):
        """Write gamma (x - mean) / sqrt(variance + epsilon) + beta. Overwrites: ws.y."""
        np.subtract(x, mean, out=ws.y)
        np.multiply(ws.y, ws.gamma / np.sqrt(variance + float(self.epsilon)), out=ws.y)
        np.add(ws.y, ws.beta, out=ws.y)


def _centre(x, ws):
    """Write x less its mean into ``x_hat``, from a first value of the mean, and its variance.

    Overwrites: ws.x_hat, batch_*, row, tmp.
    """
    np.subtract(x, ws.batch_mean, out=ws.x_hat)
    # the rounding of a large mean is a shift of the centred values, so centring twice removes it
    np.matmul(ws.batch.row, ws.x_hat, out=ws.row)
    np.subtract(ws.x_hat, ws.row, out=ws.x_hat)
    np.add(ws.batch_mean, ws.row, out=ws.batch_mean)
    np.multiply(ws.x_hat, ws.x_hat, out=ws.tmp)
    np.matmul(ws.batch.row, ws.tmp, out=ws.batch_variance)


class FixedNorm(Norm):
    r"""Batch normalisation in prediction, with its running mean and variance.

    .. math::

        y = \gamma \, \frac{x - \mathrm{mean}}{\sqrt{\mathrm{variance} + \epsilon}} + \beta

    In contrast to :class:`~skmlp.nn.BatchNorm` it is the same in training, so that the gradient of
    a prediction can be computed through it. :math:`\gamma` and :math:`\beta` are learned numbers.

    Parameters
    ----------
    epsilon : float >= 0, default=1e-5
        Added to the variance.
    """

    limits = {"epsilon": "[0, inf)"}

    def __init__(self, epsilon=1e-5):
        self.epsilon = epsilon

    def buffers(self, n_in):
        return {"x_hat": Rows(n_in), "tmp": Rows(n_in, scratch=True), "row": Row(n_in)}

    def forward(self, x, ws, training):
        std, x_hat = (ws.row, ws.x_hat) if training else (np.empty_like(ws.variance), ws.y)
        np.add(ws.variance, float(self.epsilon), out=std)
        np.sqrt(std, out=std)
        np.subtract(x, ws.mean, out=x_hat)
        np.divide(x_hat, std, out=x_hat)
        np.multiply(x_hat, ws.gamma, out=ws.y)
        np.add(ws.y, ws.beta, out=ws.y)

    def input_backward(self, dy, ws):
        # dx = dy gamma / sqrt(variance + epsilon)
        np.add(ws.variance, float(self.epsilon), out=ws.row)
        np.sqrt(ws.row, out=ws.row)
        np.divide(ws.gamma, ws.row, out=ws.row)
        np.multiply(dy, ws.row, out=ws.dx)
