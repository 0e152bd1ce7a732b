"""Losses of numbers: of the distance between prediction and target.

The one decision: the link is the identity, so that a score is in the units of the target; only
quantiles, which come as the lowest one and steps upwards, need one.
"""

from itertools import pairwise
from numbers import Real

import numpy as np
from scipy.special import expit

from ..layout import Rows
from .base import Loss, Output, median, quantile
from .measure import location_and_scale, median_and_scale


class SquaredError(Loss):
    r"""Half the squared error; the best constant prediction is the mean.

    Domain: real targets. Prediction: the score itself. Formula, for the score z of an output and
    its target t, summed over the outputs:

    .. math::

        \ell(z, t) &= \tfrac{1}{2} (z - t)^2 \\
        \frac{\partial \ell}{\partial z} &= z - t

    The factor 1/2 makes the gradient simple.
    """

    distance = True
    measures = staticmethod(location_and_scale)
    degree = 2.0

    def buffers(self, n_out):
        return {"rows": Rows(1)}

    def rows_and_grad(self, raw, target, ws):
        np.subtract(raw, target, out=raw)
        np.vecdot(raw, raw, out=ws.rows[..., 0])
        np.multiply(ws.rows, 0.5, out=ws.rows)

    def initial_score(self, target, weight):
        return np.average(target, axis=0, weights=weight)


class AbsoluteError(Loss):
    r"""The absolute error; the best constant prediction is the median.

    Domain: real targets. Prediction: the score itself. Formula, for the score z of an output and
    its target t, summed over the outputs:

    .. math::

        \ell(z, t) &= |z - t| \\
        \frac{\partial \ell}{\partial z} &= \mathrm{sign}(z - t)

    The gradient at z = t is taken as 0.
    """

    distance = True
    measures = staticmethod(location_and_scale)
    degree = 1.0

    def buffers(self, n_out):
        return {"rows": Rows(1), "tmp": Rows(n_out, scratch=True)}

    def rows_and_grad(self, raw, target, ws):
        np.subtract(raw, target, out=raw)
        np.abs(raw, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        np.sign(raw, out=raw)

    def initial_score(self, target, weight):
        return median(target, weight)


class Huber(Loss):
    r"""Squared error for small residuals, absolute error for large ones (Huber, 1964).

    Domain: real targets. Prediction: the score itself. Formula, for the score z of an output and
    its target t, with :math:`r = z - t` and :math:`\delta` for ``delta``, summed over the outputs:

    .. math::

        \ell(z, t) &= \begin{cases} \tfrac{1}{2} r^2 & |r| \le \delta \\
        \delta (|r| - \delta / 2) & \text{otherwise} \end{cases} \\
        \frac{\partial \ell}{\partial z} &= \mathrm{clip}(r, -\delta, \delta)

    Parameters
    ----------
    delta : float > 0, default=1.0
        Size of a residual above which the loss is linear, in the units that the network learns.
        With ``normalize_y``, ``MLPRegressor`` divides y by a robust standard deviation: the
        distance from the median within which three quarters of y lie, divided by 1.15.
    """

    distance = True
    measures = staticmethod(median_and_scale)
    degree = 2.0
    limits = {"delta": "(0, inf)"}

    def __init__(self, delta=1.0):
        self.delta = delta

    def buffers(self, n_out):
        return {"rows": Rows(1), "row": Rows(1), "tmp": Rows(n_out, scratch=True)}

    def rows_and_grad(self, raw, target, ws):
        # with c = clip(r, -delta, delta): c (r - c/2)
        delta = float(self.delta)
        np.subtract(raw, target, out=raw)
        np.copyto(ws.tmp, raw)
        np.maximum(raw, -delta, out=raw)
        np.minimum(raw, delta, out=raw)
        np.vecdot(raw, ws.tmp, out=ws.rows[..., 0])
        np.vecdot(raw, raw, out=ws.row[..., 0])
        np.multiply(ws.row, 0.5, out=ws.row)
        np.subtract(ws.rows, ws.row, out=ws.rows)

    def initial_score(self, target, weight):
        return median(target, weight)


class LogCosh(Loss):
    r"""The logarithm of the hyperbolic cosine: about squared error for small residuals, absolute
    error for large ones, and infinitely differentiable (Saleh and Saleh, 2022).

    Domain: real targets. Prediction: the score itself. Formula, for the score z of an output and
    its target t, with :math:`r = z - t`, summed over the outputs:

    .. math::

        \ell(z, t) &= \log \cosh r \\
        \frac{\partial \ell}{\partial z} &= \tanh r

    It is about :math:`r^2 / 2` near 0, and :math:`|r| - \log 2` for large residuals.
    """

    distance = True
    measures = staticmethod(median_and_scale)
    degree = 2.0

    def buffers(self, n_out):
        return {"rows": Rows(1), "row": Rows(1), "tmp": Rows(n_out, scratch=True)}

    def rows_and_grad(self, raw, target, ws):
        # |r| + log1p(expm1(-2 |r|) / 2)
        np.subtract(raw, target, out=raw)
        np.abs(raw, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        np.multiply(ws.tmp, -2.0, out=ws.tmp)
        np.expm1(ws.tmp, out=ws.tmp)
        np.multiply(ws.tmp, 0.5, out=ws.tmp)
        np.log1p(ws.tmp, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.row)
        np.add(ws.rows, ws.row, out=ws.rows)
        np.tanh(raw, out=raw)

    def initial_score(self, target, weight):
        return median(target, weight)


class Quantile(Loss):
    r"""The pinball loss of quantile regression (Koenker and Bassett, 1978), for one level or for
    several at once; the best constant predictions are the quantiles of the target.

    Domain: real targets. There is a score :math:`z_j` for each level and target. Prediction
    (inverse link): the first score is the lowest quantile, and each further score gives the
    distance of a quantile from the one below it, so that quantiles never cross:

    .. math::

        q_1 &= z_1 \\
        q_j &= q_{j - 1} + \log(1 + e^{z_j}), \quad j \ge 2

    Formula, for a quantile q of level :math:`\tau` and the target t, summed over the levels and
    the targets:

    .. math::

        \ell(q, t) = \max(\tau (t - q), (\tau - 1) (t - q))

    The derivative with respect to q is :math:`-\tau` for q < t, :math:`1 - \tau` for q > t, and
    :math:`1/2 - \tau` for q = t.

    Parameters
    ----------
    levels : float in (0, 1), or sequence of these in rising order, default=(0.1, 0.5, 0.9)
        The levels :math:`\tau`. With a single one ``predict`` gives a number for each target, else
        one for each level.
    """

    out_activation = "quantiles"
    measures = staticmethod(location_and_scale)
    degree = 1.0

    def __init__(self, levels=(0.1, 0.5, 0.9)):
        self.levels = levels

    def check(self):
        taus = list(self.levels) if np.iterable(self.levels) else [self.levels]
        rising = all(isinstance(tau, Real) for tau in taus) and all(
            a < b for a, b in pairwise([0.0, *taus, 1.0])
        )
        if not taus or not rising:
            raise ValueError(
                f"{self!r}: levels must be a number in (0, 1) or several in rising order, such as "
                f"(0.1, 0.5, 0.9), got {self.levels!r}."
            )

    @property
    def n_scores(self):
        return len(self.taus)

    def buffers(self, n_out):
        n_targets = n_out // self.n_scores
        narrow = {name: Rows(n_targets, scratch=True) for name in ("tmp", "r")}
        return {"rows": Rows(1), "row": Rows(1), **narrow, "slope": Rows(n_out, scratch=True)}

    def outputs(self, n_targets):
        columns = np.arange(self.n_scores * n_targets).reshape(self.n_scores, n_targets).T
        return {"quantiles": Output(columns)}

    def link(self, raw, out):
        super().link(raw, out)
        levels = self._by_level(out)
        for below, step in pairwise(levels):
            np.logaddexp(step, 0.0, out=step)
            np.add(step, below, out=step)

    def link_gradient(self, raw, gradient):
        # z_1 moves all quantiles, a step those from its own on by its derivative, the logistic
        # function
        out = np.array(gradient)
        levels = self._by_level(out)
        for above, below in pairwise(reversed(levels)):
            np.add(below, above, out=below)
        for level, step in zip(levels[1:], self._by_level(raw)[1:], strict=True):
            np.multiply(level, expit(step), out=level)
        return out

    def rows_and_grad(self, raw, target, ws):
        # with r = q - t: max(-tau r, (1 - tau) r); its derivative (sign(r) + 1) / 2 - tau goes to
        # slope, steps log(1 + exp(z)) to raw
        scores, slopes = self._by_level(raw), self._by_level(ws.slope)
        np.subtract(scores[0], target, out=ws.r)
        ws.rows.fill(0.0)
        for j, (tau, score, slope) in enumerate(zip(self.taus, scores, slopes, strict=True)):
            if j:
                np.logaddexp(score, 0.0, out=score)
                np.add(ws.r, score, out=ws.r)
            np.multiply(ws.r, -tau, out=ws.tmp)
            np.multiply(ws.r, 1.0 - tau, out=slope)
            np.maximum(ws.tmp, slope, out=ws.tmp)
            np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.row)
            np.add(ws.rows, ws.row, out=ws.rows)
            np.sign(ws.r, out=slope)
            np.multiply(slope, 0.5, out=slope)
            np.add(slope, 0.5 - tau, out=slope)
        # a step s = log(1 + exp(z)) moves all quantiles above it: d s / d z = 1 - exp(-s) times the
        # sum of their slopes
        np.copyto(ws.tmp, slopes[-1])
        for j in reversed(range(1, len(scores))):
            np.negative(scores[j], out=scores[j])
            np.expm1(scores[j], out=scores[j])
            np.negative(scores[j], out=scores[j])
            np.multiply(scores[j], ws.tmp, out=scores[j])
            np.add(ws.tmp, slopes[j - 1], out=ws.tmp)
        np.copyto(scores[0], ws.tmp)

    def initial_score(self, target, weight):
        quantiles = [quantile(target, weight, tau) for tau in self.taus]
        least = (
            1e-3 * location_and_scale(target, weight).scale
        )  # a step of 0 would be a score of -inf
        steps = [np.maximum(above - below, least) for below, above in pairwise(quantiles)]
        # the inverse of log(1 + exp(z))
        return np.concatenate([quantiles[0], *(step + np.log(-np.expm1(-step)) for step in steps)])

    @property
    def taus(self):
        """The levels, a list of floats."""
        return (
            [float(self.levels)]
            if isinstance(self.levels, Real)
            else [float(tau) for tau in self.levels]
        )

    def _by_level(self, scores):
        """Return the columns of each level, as views."""
        width = scores.shape[-1] // self.n_scores
        return [scores[..., j * width : (j + 1) * width] for j in range(self.n_scores)]
