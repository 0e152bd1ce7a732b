"""Layers: each says what arrays it needs, and how to go forward and backward through them.

The one decision: a layer owns nothing. Its parameters, state, buffers, input and output come as views in a workspace ``ws``; it
declares what its backward pass reads (``keeps``) and whether it may work in place (``elementwise``), and the network decides where
everything lives. Samples are axis -2 and features axis -1; ``ws.ones`` is a row of ones, so that ``ones @ a`` sums over samples, and
``ws.batch`` knows what share of the batch's weight each row has.

To add one: derive from ``Layer``, write the abstract methods, put it into ``LAYERS``; the tests iterate the registry.
"""

import math
from abc import abstractmethod

import numpy as np

from .layout import Param, Row, Rows
from .unit import Unit


class Layer(Unit):
    """One step of a network.

    ``keeps``: which of input "x" and output "y" ``backward`` reads. ``elementwise``: the output may overwrite the input, and the
    gradient of the input that of the output. ``training_only``: does nothing in prediction. ``sparse_input``: the input may be a
    CSR matrix. ``min_rows``: least number of rows a training batch should have.
    """

    keeps: tuple = ()
    elementwise = False
    training_only = False
    sparse_input = False
    min_rows = 1

    @abstractmethod
    def width(self, n_in):
        """Return the number of outputs for ``n_in`` inputs."""

    @abstractmethod
    def params(self, n_in):
        """Return the trained arrays, a dict of name -> Param."""

    @abstractmethod
    def state(self, n_in):
        """Return the arrays that training carries along without gradients, a dict of name -> Param."""

    @abstractmethod
    def buffers(self, n_in):
        """Return the working arrays, a dict of name -> Rows or Row."""

    @abstractmethod
    def forward(self, x, ws, training):
        """Compute the output from ``x`` (..., n, n_in). Overwrites: ws.y, ws buffers, in training ws state."""

    @abstractmethod
    def backward(self, dy, ws):
        """Compute gradients from ``dy`` (..., n, width). Overwrites: ws.d_<param>, ws.dx unless it is None, ws buffers."""


class Dense(Layer):
    """y = x weight + bias.

    Parameters
    ----------
    n_out : int
        Number of units.
    init : str or Initializer, default="glorot_uniform"
        How the weights start; biases start at zero.
    """

    keeps = ("x",)
    sparse_input = True

    def __init__(self, n_out, init="glorot_uniform"):
        self.n_out = n_out
        self.init = init

    def width(self, n_in):
        return self.n_out

    def params(self, n_in):
        return {"weight": Param((n_in, self.n_out), self.init, penalised=True), "bias": Param((1, self.n_out))}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        return {}

    def forward(self, x, ws, training):
        _product(x, ws.weight, ws.y)
        np.add(ws.y, ws.bias, out=ws.y)

    def backward(self, dy, ws):
        _product(ws.x.mT if isinstance(ws.x, np.ndarray) else ws.x.T, dy, ws.d_weight)
        np.matmul(ws.ones, dy, out=ws.d_bias)
        if ws.dx is not None:
            np.matmul(dy, ws.weight.mT, out=ws.dx)


class Activate(Layer):
    """y = f(x) for an ``Activation`` f."""

    elementwise = True

    def __init__(self, activation):
        self.activation = activation

    @property
    def keeps(self):
        return (self.activation.keeps,)

    def width(self, n_in):
        return n_in

    def params(self, n_in):
        return {}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        return {"tmp": Rows(n_in, scratch=True)}

    def forward(self, x, ws, training):
        self.activation.forward(x, ws.y, ws.tmp)

    def backward(self, dy, ws):
        if ws.dx is not None:
            kept = ws.y if self.activation.keeps == "y" else ws.x
            self.activation.backward(kept, dy, ws.dx, ws.tmp)


class Dropout(Layer):
    """y = x mask, with mask 0 with probability ``rate`` and 1 / (1 - rate) else: inverted dropout (Srivastava et al., 2014, section 10).

    The rate is rounded to a multiple of 2^-16 and the scale follows the rounded rate, so that the expectation is exact.

    Parameters
    ----------
    rate : float in [0, 1), default=0.5
        Probability of dropping a value.
    """

    elementwise = True
    training_only = True
    limits = {"rate": "[0, 1)"}

    def __init__(self, rate=0.5):
        self.rate = rate

    def width(self, n_in):
        return n_in

    def params(self, n_in):
        return {}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        return {"mask": Rows(n_in), "kept": Rows(n_in, bool, scratch=True)}

    def forward(self, x, ws, training):
        threshold = min(round(self.rate * 65536), 65535)
        _draw_kept(ws.rng, threshold, ws.kept)
        np.copyto(ws.mask, ws.kept)
        np.multiply(ws.mask, 65536.0 / (65536 - threshold), out=ws.mask)
        np.multiply(x, ws.mask, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.mask, out=ws.dx)


class BatchNorm(Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the mean and variance of the batch (Ioffe and Szegedy, 2015).

    Sample weights weight the mean and variance too, so that weight 2 is the same as giving a row twice.

    Parameters
    ----------
    momentum : float in (0, 1], default=0.1
        Weight of the newest batch in the running mean and variance; the variance enters with n / (n - 1).
    epsilon : float > 0, default=1e-5
        Added to the variance.
    statistics : {"running", "population", "batch"}, default="running"
        What replaces the batch's mean and variance in prediction: their running averages; the values over the whole training set,
        computed in a pass over it at the end of each fit; or those of the rows given to ``predict``.
    """

    elementwise = True
    min_rows = 2
    limits = {"momentum": "(0, 1]", "epsilon": "(0, inf)"}

    def __init__(self, momentum=0.1, epsilon=1e-5, statistics="running"):
        self.momentum = momentum
        self.epsilon = epsilon
        self.statistics = statistics

    def check(self):
        super().check()
        if self.statistics not in ("running", "population", "batch"):
            raise ValueError(f"{self!r}: statistics must be 'running', 'population' or 'batch', got {self.statistics!r}.")

    def width(self, n_in):
        return n_in

    def params(self, n_in):
        return {"gamma": Param((1, n_in), "constant"), "beta": Param((1, n_in))}

    def state(self, n_in):
        return {"mean": Param((1, n_in)), "variance": Param((1, n_in), "constant")}

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
            self._track(ws, ws.batch.count)
            np.multiply(ws.x_hat, ws.gamma, out=ws.y)
            np.add(ws.y, ws.beta, out=ws.y)
        elif self.statistics == "batch":
            mean = np.mean(x, axis=-2, keepdims=True, dtype=np.float64).astype(x.dtype)
            self._affine(x, mean, np.mean(np.square(x - mean), axis=-2, keepdims=True), ws)
        else:
            self._affine(x, ws.mean, ws.variance, ws)

    def backward(self, dy, ws):
        # d_gamma = sum(dy x_hat); d_beta = sum(dy)
        np.multiply(dy, ws.x_hat, out=ws.tmp)
        np.matmul(ws.ones, ws.tmp, out=ws.d_gamma)
        np.matmul(ws.ones, dy, out=ws.d_beta)
        if ws.dx is None:
            return
        # dx = gamma inv_std (dy - share (d_beta + x_hat d_gamma)), share = 1/n without weights
        np.multiply(ws.x_hat, ws.d_gamma, out=ws.tmp)
        np.add(ws.tmp, ws.d_beta, out=ws.tmp)
        np.multiply(ws.tmp, ws.batch.column, out=ws.tmp)
        np.subtract(dy, ws.tmp, out=ws.dx)
        np.multiply(ws.gamma, ws.inv_std, out=ws.row)
        np.multiply(ws.dx, ws.row, out=ws.dx)

    def _normalise(self, x, ws):
        """Write x_hat = (x - mean) / sqrt(variance + epsilon). Overwrites: ws.x_hat, batch_mean, batch_variance, inv_std, row, tmp."""
        np.matmul(ws.batch.row, x, out=ws.batch_mean)
        np.subtract(x, ws.batch_mean, out=ws.x_hat)
        # the rounding of a large mean is a shift of the centred values, so centring twice removes it
        np.matmul(ws.batch.row, ws.x_hat, out=ws.row)
        np.subtract(ws.x_hat, ws.row, out=ws.x_hat)
        np.add(ws.batch_mean, ws.row, out=ws.batch_mean)
        np.multiply(ws.x_hat, ws.x_hat, out=ws.tmp)
        np.matmul(ws.batch.row, ws.tmp, out=ws.batch_variance)
        np.add(ws.batch_variance, float(self.epsilon), out=ws.inv_std)
        np.sqrt(ws.inv_std, out=ws.inv_std)
        np.divide(1.0, ws.inv_std, out=ws.inv_std)
        np.multiply(ws.x_hat, ws.inv_std, out=ws.x_hat)

    def _track(self, ws, n):
        """Move the running mean and variance towards the batch's; one row says nothing of a variance. Overwrites: ws.mean, ws.variance."""
        if n < 2:
            return
        momentum = float(self.momentum)
        for running, batch, weight in ((ws.mean, ws.batch_mean, 1.0), (ws.variance, ws.batch_variance, n / (n - 1))):
            np.multiply(running, 1.0 - momentum, out=running)
            np.multiply(batch, momentum * weight, out=ws.row)
            np.add(running, ws.row, out=running)

    def _affine(self, x, mean, variance, ws):
        """Write gamma (x - mean) / sqrt(variance + epsilon) + beta. Overwrites: ws.y."""
        np.subtract(x, mean, out=ws.y)
        np.multiply(ws.y, ws.gamma / np.sqrt(variance + float(self.epsilon)), out=ws.y)
        np.add(ws.y, ws.beta, out=ws.y)


def _product(a, b, out):
    """Write a @ b into ``out``; ``a`` may be sparse. Overwrites: out."""
    if isinstance(a, np.ndarray):
        np.matmul(a, b, out=out)
    else:
        out[...] = a @ b


def _draw_kept(rng, threshold, kept):
    """Fill the boolean array with True where a random 16-bit word is at least ``threshold``. Overwrites: kept."""
    flat = kept.reshape(-1)
    for start in range(0, flat.size, _WORDS):
        part = flat[start : start + _WORDS]
        words = rng.integers(0, 2**64, math.ceil(part.size / 4), np.uint64).view(np.uint16)
        np.greater_equal(words[: part.size], threshold, out=part)


_WORDS = 32768  # drawn at a time, so that the words are in the cache when they are compared

LAYERS = {
    "dense": Dense,
    "activate": Activate,
    "dropout": Dropout,
    "batch_norm": BatchNorm,
}
