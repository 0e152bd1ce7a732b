"""Losses of numbers with a distribution: minus the logarithm of a likelihood.

The one decision: a mean or a variance that must be positive is the exponential of its score. Where
a term is beyond about the square root of the largest number the loss goes on along the tangent of
its exponential, so that value and gradient are finite for a score that is far off. Where the
tangent begins depends on the target, so that the minimum lies before it, however large or small the
target is.
"""

import math

import numpy as np

from ..constants import largest_exponent
from ..layout import Rows
from .base import Loss, Output
from .linked import ExponentialLoss
from .links import bounded_exp, exp_gradient, positive_exp
from .measure import location_and_scale

# of a tangent's beginning, over log|r|: with 2 the gradient would overflow for a residual r near 0,
# with 1 the tangent would cut off minima
_STEEPNESS = 4.0 / 3.0


class Poisson(ExponentialLoss):
    r"""Half the Poisson deviance, for counts and rates (McCullagh and Nelder, "Generalized linear
    models", 1989, section 2.3).

    Domain: targets >= 0, not all of them 0. Prediction (inverse link): :math:`e^z`, kept above 0.
    Formula, for the score z of an output and its target t, with :math:`t \log t = 0` for t = 0,
    summed over the outputs:

    .. math::

        \ell(z, t) &= e^z - t z + t \log t - t \\
        \frac{\partial \ell}{\partial z} &= e^z - t

    Value, prediction and gradient are those of scikit-learn's ``MLPRegressor(loss="poisson")``.
    :class:`sklearn.linear_model.PoissonRegressor` minimises the same loss, without the terms that
    depend on t alone, plus its L2 penalty.
    """

    domain = "[0, inf)"
    degree = 1.0

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            "row": Rows(1),
            **{name: Rows(n_out, scratch=True) for name in ("tmp", "slope")},
        }

    def rows_and_grad(self, raw, target, ws):
        _log(target, ws.tmp)
        # exp(z), from (log(max(t, 1)) + X) / 2 on its tangent, X being the largest exponent
        np.maximum(ws.tmp, 0.0, out=ws.slope)
        _midway(ws.slope)
        # t (log(t) - z - 1)
        np.subtract(ws.tmp, raw, out=ws.tmp)
        np.subtract(ws.tmp, 1.0, out=ws.tmp)
        np.vecdot(target, ws.tmp, out=ws.row[..., 0])
        bounded_exp(raw, ws.slope, raw, ws.slope)
        np.sum(raw, axis=-1, keepdims=True, out=ws.rows)
        np.add(ws.rows, ws.row, out=ws.rows)
        np.subtract(ws.slope, target, out=raw)

    def check_variation(self, target, name):
        _check_mean(self, target, name)


class Gamma(ExponentialLoss):
    r"""Half the gamma deviance, for positive numbers whose standard deviation is proportional to
    the mean (McCullagh and Nelder, 1989, chapter 8).

    Domain: targets > 0. Prediction (inverse link): :math:`e^z`, kept above 0. Formula, for the
    score z of an output and its target t, summed over the outputs:

    .. math::

        \ell(z, t) &= t e^{-z} + z - \log t - 1 \\
        \frac{\partial \ell}{\partial z} &= 1 - t e^{-z}

    :class:`sklearn.linear_model.GammaRegressor` minimises the same loss, up to terms that depend on
    t alone, plus its L2 penalty.
    """

    domain = "(0, inf)"

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            "row": Rows(1),
            **{name: Rows(n_out, scratch=True) for name in ("tmp", "slope")},
        }

    def rows_and_grad(self, raw, target, ws):
        # with u = log(t) - z: expm1(u) - u, and with c = min(u, X / 2) beyond: expm1(c) (1 + u - c)
        # - c
        _log(target, ws.tmp)
        np.subtract(ws.tmp, raw, out=ws.tmp)
        np.minimum(ws.tmp, 0.5 * largest_exponent(raw.dtype), out=ws.slope)
        np.subtract(ws.tmp, ws.slope, out=ws.tmp)
        np.add(ws.tmp, 1.0, out=ws.tmp)
        np.expm1(ws.slope, out=raw)
        np.multiply(ws.tmp, raw, out=ws.tmp)
        np.subtract(ws.tmp, ws.slope, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        # 1 - exp(c)
        np.negative(raw, out=raw)


class Tweedie(ExponentialLoss):
    r"""Half the Tweedie deviance, for amounts that are often exactly 0 (Jorgensen, "Exponential
    dispersion models", 1987).

    Domain: targets >= 0, not all of them 0. Prediction (inverse link): :math:`e^z`, kept above 0.
    Formula, for the score z of an output and its target t, with p = ``power``, summed over the
    outputs:

    .. math::

        \ell(z, t) &= \frac{e^{(2 - p) z}}{2 - p} - \frac{t \, e^{(1 - p) z}}{1 - p}
        + \frac{t^{2 - p}}{(1 - p) (2 - p)} \\
        \frac{\partial \ell}{\partial z} &= e^{(2 - p) z} - t \, e^{(1 - p) z}

    :class:`sklearn.linear_model.TweedieRegressor` with the same ``power`` (its default is 0) and
    ``link="log"`` minimises the same loss, up to terms that depend on t alone, plus its L2 penalty.

    Parameters
    ----------
    power : float in (1, 2), default=1.5
        The variance is proportional to the mean to this power; 1 would be the Poisson and 2 the
        gamma deviance.
    """

    domain = "[0, inf)"
    limits = {"power": "(1, 2)"}

    def __init__(self, power=1.5):
        self.power = power

    @property
    def degree(self):
        return 2.0 - float(self.power)

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            "row": Rows(1),
            **{name: Rows(n_out, scratch=True) for name in ("tmp", "slope", "other")},
        }

    def rows_and_grad(self, raw, target, ws):
        power = float(self.power)
        _log(target, ws.tmp)
        # exp((2 - p) z) / (2 - p), from (log(max(t, 1)) + X) / 2 on the tangent
        np.maximum(ws.tmp, 0.0, out=ws.slope)
        _midway(ws.slope)
        np.negative(ws.tmp, out=ws.other)
        np.multiply(raw, 2.0 - power, out=ws.tmp)
        bounded_exp(ws.tmp, ws.slope, ws.tmp, ws.slope)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        np.multiply(ws.rows, 1.0 / (2.0 - power), out=ws.rows)
        # - t exp((1 - p) z) / (1 - p), from (X - log(t)) / 2 on the tangent: with c the bounded
        # exponent t exp(c) (1 + (1 - p) z - c)
        _midway(ws.other)
        np.multiply(raw, 1.0 - power, out=raw)
        np.minimum(raw, ws.other, out=ws.other)
        np.subtract(raw, ws.other, out=raw)
        np.exp(ws.other, out=ws.other)
        np.multiply(ws.other, target, out=ws.other)
        np.add(raw, 1.0, out=raw)
        np.multiply(raw, ws.other, out=raw)
        np.sum(raw, axis=-1, keepdims=True, out=ws.row)
        np.multiply(ws.row, 1.0 / (power - 1.0), out=ws.row)
        np.add(ws.rows, ws.row, out=ws.rows)
        # t^(2 - p) / ((1 - p) (2 - p))
        np.power(target, 2.0 - power, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.row)
        np.multiply(ws.row, 1.0 / ((1.0 - power) * (2.0 - power)), out=ws.row)
        np.add(ws.rows, ws.row, out=ws.rows)
        np.subtract(ws.slope, ws.other, out=raw)

    def check_variation(self, target, name):
        _check_mean(self, target, name)


class GaussianNLL(Loss):
    r"""The negative log-likelihood of a normal distribution whose mean and variance are both
    predicted (Nix and Weigend, 1994).

    Domain: real targets. There are two scores for each target, m and s. Prediction (inverse link):
    the mean m, and the standard deviation :math:`e^{s / 2}`, kept above 0. Formula, for a target t,
    summed over the targets; it can be negative:

    .. math::

        \ell(m, s, t) &= \tfrac{1}{2} \left( s + (t - m)^2 e^{-s} + \log 2 \pi \right) \\[1ex]
        \frac{\partial \ell}{\partial m} &= (m - t) e^{-s} \\[1ex]
        \frac{\partial \ell}{\partial s} &= \tfrac{1}{2} \left( 1 - (t - m)^2 e^{-s} \right)
    """

    out_activation = "mean and std"
    n_scores = 2
    measures = staticmethod(location_and_scale)
    density = True

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            "row": Rows(1),
            **{name: Rows(n_out // 2, scratch=True) for name in ("slope", "r")},
        }

    def outputs(self, n_targets):
        mean, std = np.arange(2 * n_targets).reshape(2, n_targets)
        return {"prediction": Output(mean), "std": Output(std, location=False)}

    def link(self, raw, out):
        super().link(raw, out)
        deviation = _halves(out)[1]
        np.multiply(deviation, 0.5, out=deviation)
        positive_exp(deviation, deviation)

    def link_gradient(self, raw, gradient):
        # d exp(s / 2) / d s = exp(s / 2) / 2
        out = np.array(gradient)
        d_std = _halves(out)[1]
        np.multiply(d_std, 0.5, out=d_std)
        np.copyto(d_std, exp_gradient(0.5 * _halves(raw)[1], d_std))
        return out

    def rows_and_grad(self, raw, target, ws):
        mean, score = _halves(raw)
        np.subtract(mean, target, out=ws.r)
        np.sum(score, axis=-1, keepdims=True, out=ws.rows)
        # exp(-s), from L = X / 2 - 4/3 log(min(|r|, 1)) on the tangent: with c = min(-s, L) and d =
        # -s - c it is exp(c) (1 + d)
        np.abs(ws.r, out=mean)
        np.minimum(mean, 1.0, out=ws.slope)
        _log(ws.slope, ws.slope)
        np.multiply(ws.slope, -_STEEPNESS, out=ws.slope)
        np.add(ws.slope, 0.5 * largest_exponent(raw.dtype), out=ws.slope)
        np.negative(score, out=score)
        np.minimum(score, ws.slope, out=ws.slope)
        np.subtract(score, ws.slope, out=score)
        # q = r exp(c / 2), the residual in units of the deviation
        np.multiply(ws.slope, 0.5, out=ws.slope)
        np.exp(ws.slope, out=ws.slope)
        np.multiply(ws.r, ws.slope, out=ws.r)
        # q exp(c / 2) (1 + d), for |r| < 1, where L falls with |r|, q exp(c / 2) (1 + (1 - 2/3) d)
        np.less(mean, 1.0, out=mean)
        np.multiply(mean, -0.5 * _STEEPNESS, out=mean)
        np.add(mean, 1.0, out=mean)
        np.multiply(mean, score, out=mean)
        np.add(mean, 1.0, out=mean)
        np.multiply(mean, ws.slope, out=mean)
        np.multiply(mean, ws.r, out=mean)
        # 1/2 (s + q^2 (1 + d) + log(2 pi)), and 1/2 (1 - q^2)
        np.add(score, 1.0, out=score)
        np.multiply(ws.r, ws.r, out=ws.r)
        np.vecdot(ws.r, score, out=ws.row[..., 0])
        np.add(ws.rows, ws.row, out=ws.rows)
        np.add(ws.rows, math.log(2.0 * math.pi) * ws.r.shape[-1], out=ws.rows)
        np.multiply(ws.rows, 0.5, out=ws.rows)
        np.subtract(1.0, ws.r, out=score)
        np.multiply(score, 0.5, out=score)

    def initial_score(self, target, weight):
        # a few values far out would make all others too sure to be learned, and one that does not
        # vary would start at -inf
        measure = location_and_scale(target, weight)
        varies = measure.scale > 1e-6 * np.abs(measure.offset)
        return np.concatenate([measure.offset, 2.0 * np.log(np.where(varies, measure.scale, 1.0))])


def _check_mean(loss, target, name):
    """Raise ``ValueError`` for a column of zeros, whose mean has no logarithm."""
    if not target.any(axis=0).all():
        raise ValueError(
            f"{name} is 0 in every row, but loss={loss!r} needs a positive mean: its scores are "
            "logarithms."
        )


def _log(x, out):
    """Write log(x), finite for x = 0, into ``out``, which may be ``x``. Overwrites: out."""
    np.maximum(x, np.finfo(out.dtype).tiny, out=out)
    np.log(out, out=out)


def _midway(exponent):
    """Go half the way to the largest exponent. Overwrites: exponent."""
    np.add(exponent, float(largest_exponent(exponent.dtype)), out=exponent)
    np.multiply(exponent, 0.5, out=exponent)


def _halves(scores):
    """Return the first and the second score of each target, as views."""
    n_targets = scores.shape[-1] // 2
    return scores[..., :n_targets], scores[..., n_targets:]
