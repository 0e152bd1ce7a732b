"""Output links: from raw scores to predictions, finite whatever the scores.

The one decision: a probability, a mean or a variance is never exactly 0, and a probability never
exactly 1 for the logistic function, so that no logarithm of a prediction is infinite.
"""

import math

import numpy as np

from ..constants import largest_exponent


def softmax(raw, out):
    """Write the softmax of ``raw``, never exactly 0, into ``out``, which may be ``raw``.

    Overwrites: out.
    """
    np.subtract(raw, _row_max(raw), out=out)
    np.exp(out, out=out)
    np.divide(out, out @ np.ones((out.shape[-1], 1), out.dtype), out=out)
    np.maximum(out, np.finfo(out.dtype).tiny, out=out)


def softmax_gradient(raw, gradient):
    """Return the gradient with respect to ``raw`` (n, n_out) of what has the ``gradient`` (..., n,
    n_out) with respect to its softmax.
    """
    p = np.empty_like(raw)
    softmax(raw, p)
    return p * (gradient - np.sum(gradient * p, axis=-1, keepdims=True))


def log_softmax(raw, out):
    """Write the logarithm of ``softmax`` into ``out``, which may be ``raw``. Overwrites: out."""
    np.subtract(raw, _row_max(raw), out=out)
    np.subtract(out, np.log(np.sum(np.exp(out), axis=-1, keepdims=True)), out=out)
    _floor_log(out)


def logistic(raw, out):
    """Write the logistic function of ``raw``, never exactly 0 or 1, into ``out``, which may be
    ``raw``. Overwrites: out.
    """
    # exp(min(z, 0)) / (1 + exp(-|z|))
    e = np.exp(-np.abs(raw))
    np.minimum(raw, 0.0, out=out)
    np.exp(out, out=out)
    np.divide(out, 1.0 + e, out=out)
    np.clip(out, np.finfo(out.dtype).tiny, 1.0 - np.finfo(out.dtype).epsneg, out=out)


def logistic_gradient(raw, gradient):
    """Return the gradient with respect to ``raw`` (n, n_out) of what has the ``gradient`` (..., n,
    n_out) with respect to its logistic function.
    """
    p = np.empty_like(raw)
    logistic(raw, p)
    return gradient * (p * (1.0 - p))


def log_logistic(raw, out):
    """Write the logarithm of ``logistic`` into ``out``, which may be ``raw``. Overwrites: out."""
    # min(z, 0) - log1p(exp(-|z|)); above 1/2 the logarithm of the rounded probability, so that what
    # is equal there stays equal
    e = np.log1p(np.exp(-np.abs(raw)))
    p = np.empty_like(raw)
    logistic(raw, p)
    np.minimum(raw, 0.0, out=out)
    np.subtract(out, e, out=out)
    np.log(p, out=out, where=p > 0.5)
    _floor_log(out)


def _row_max(raw):
    """Return the largest value of each row, (..., n, 1); a reduction along rows as short as
    these is slow, one across them is not.
    """
    return np.maximum.reduce(np.ascontiguousarray(raw.mT), axis=-2, keepdims=True).mT


def _floor_log(log_p):
    """Bound logarithms of probabilities below by that of the least normal number, as the
    probabilities are. Overwrites: log_p.
    """
    np.maximum(log_p, math.log(np.finfo(log_p.dtype).tiny), out=log_p)


def bounded_exp(u, limit, value, slope):
    """Write exp(u) into ``value``, which may be ``u``, and its derivative into ``slope``, which may
    be ``limit``; beyond that its tangent.

    Overwrites: value, slope.
    """
    # with c = min(u, limit): exp(c) (1 + u - c)
    np.minimum(u, limit, out=slope)
    np.subtract(u, slope, out=value)
    np.exp(slope, out=slope)
    np.add(value, 1.0, out=value)
    np.multiply(value, slope, out=value)


def positive_exp(u, out):
    """Write exp(u), finite and not 0, into ``out``, which may be ``u``. Overwrites: out."""
    np.minimum(u, largest_exponent(out.dtype), out=out)
    np.exp(out, out=out)
    np.maximum(out, np.finfo(out.dtype).tiny, out=out)


def exp_gradient(raw, gradient):
    """Return the gradient with respect to ``raw`` (n, n_out) of what has the ``gradient`` (..., n,
    n_out) with respect to its exponential.
    """
    mean = np.empty_like(raw)
    positive_exp(raw, mean)
    return gradient * mean
