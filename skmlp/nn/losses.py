"""Losses with their output links.

The one decision: a loss works on the raw score, the last layer's output before any link, and hands back the gradient with
respect to that raw score in the same array. So softmax and cross-entropy are one function, exact and stable for any score.

To add one: derive from ``Loss``, write the abstract methods, put it into ``LOSSES``; the tests iterate the registry.
"""

import math
from abc import abstractmethod

import numpy as np

from .layout import Rows
from .unit import Unit


class Loss(Unit):
    """A loss of a raw score against a target, per row summed over the outputs.

    ``targets`` says what it applies to: "regression", "multiclass", "binary" or "multilabel"; ``out_activation`` names its link.
    """

    targets: tuple = ("regression",)
    out_activation = "identity"

    @abstractmethod
    def buffers(self, n_out):
        """Return the working arrays that ``rows_and_grad`` wants, by name."""

    @abstractmethod
    def link(self, raw, out):
        """Write the prediction that belongs to ``raw`` (..., n, n_out) into ``out``, which may be ``raw``. Overwrites: out."""

    @abstractmethod
    def rows_and_grad(self, raw, target, ws):
        """Write each row's loss into ``ws.rows`` (..., n, 1) and its gradient into ``raw``. Overwrites: raw, ws.*."""

    @abstractmethod
    def start(self, target, weight):
        """Return the raw score, of shape (n_out,), of the best constant prediction (the median for bounded gradients)."""

    def value_and_grad(self, raw, target, weight, scale, ws):
        """Return ``scale * sum_i weight_i loss_i`` and leave its gradient with respect to ``raw`` there.

        ``weight`` has shape (n, 1), or is None for ones. Overwrites: raw, ws.*.
        """
        self.rows_and_grad(raw, target, ws)
        if weight is not None:
            np.multiply(raw, weight, out=raw)
            np.multiply(ws.rows, weight, out=ws.rows)
        np.multiply(raw, scale, out=raw)
        return np.add.reduce(ws.rows, axis=(-2, -1)) * scale


class LogLoss(Loss):
    """Cross-entropy of the softmax, for classes that exclude each other.

    Domain: ``target`` one-hot or any distribution over the classes. Link: softmax, never exactly 0. Formula, for a row with scores z and
    target t: ``log(sum_k exp(z_k)) - sum_k t_k z_k``; gradient ``softmax(z) - t``.
    """

    targets = ("multiclass",)
    out_activation = "softmax"

    def buffers(self, n_out):
        return {"rows": Rows(1), "row": Rows(1)}

    def link(self, raw, out):
        np.subtract(raw, _row_max(raw), out=out)
        np.exp(out, out=out)
        np.divide(out, out @ np.ones((out.shape[-1], 1), out.dtype), out=out)
        np.maximum(out, np.finfo(out.dtype).tiny, out=out)

    def log_link(self, raw, out):
        """Write the logarithm of the link into ``out``, which may be ``raw``. Overwrites: out."""
        np.subtract(raw, _row_max(raw), out=out)
        np.subtract(out, np.log(np.sum(np.exp(out), axis=-1, keepdims=True)), out=out)
        _floor_log(out)

    def rows_and_grad(self, raw, target, ws):
        # with z shifted so that its maximum is 0: log(sum exp z) - t.z
        np.maximum.reduce(raw, axis=-1, keepdims=True, out=ws.row)
        np.subtract(raw, ws.row, out=raw)
        np.vecdot(target, raw, out=ws.row[..., 0])
        np.exp(raw, out=raw)
        np.add.reduce(raw, axis=-1, keepdims=True, out=ws.rows)
        np.divide(raw, ws.rows, out=raw)
        np.subtract(raw, target, out=raw)
        np.log(ws.rows, out=ws.rows)
        np.subtract(ws.rows, ws.row, out=ws.rows)

    def start(self, target, weight):
        share = np.average(target, axis=0, weights=weight)
        return np.log(np.maximum(share, _smallest_share(target, weight)))


class BinaryLogLoss(Loss):
    """Cross-entropy of the logistic function, for one or several yes/no outputs.

    Domain: ``target`` in [0, 1]. Link: logistic, never exactly 0 or 1. Formula, per output with score z: ``log(1 + exp(z)) - t z``,
    summed over the outputs; gradient ``logistic(z) - t``.
    """

    targets = ("binary", "multilabel")
    out_activation = "logistic"

    def buffers(self, n_out):
        return {"rows": Rows(1), "row": Rows(1), "tmp": Rows(n_out, scratch=True), "e": Rows(n_out)}

    def link(self, raw, out):
        # exp(min(z, 0)) / (1 + exp(-|z|))
        e = np.exp(-np.abs(raw))
        np.minimum(raw, 0.0, out=out)
        np.exp(out, out=out)
        np.divide(out, 1.0 + e, out=out)
        np.clip(out, np.finfo(out.dtype).tiny, 1.0 - np.finfo(out.dtype).epsneg, out=out)

    def log_link(self, raw, out):
        """Write the logarithm of the link into ``out``, which may be ``raw``. Overwrites: out."""
        # min(z, 0) - log1p(exp(-|z|)); above 1/2 the logarithm of the rounded probability, so that what is equal there stays equal
        e = np.log1p(np.exp(-np.abs(raw)))
        p = np.empty_like(raw)
        self.link(raw, p)
        np.minimum(raw, 0.0, out=out)
        np.subtract(out, e, out=out)
        np.log(p, out=out, where=p > 0.5)
        _floor_log(out)

    def rows_and_grad(self, raw, target, ws):
        # e = exp(-|z|);  loss = max(z, 0) + log1p(e) - t z
        np.abs(raw, out=ws.e)
        np.negative(ws.e, out=ws.e)
        np.exp(ws.e, out=ws.e)
        np.vecdot(target, raw, out=ws.row[..., 0])
        np.maximum(raw, 0.0, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        np.subtract(ws.rows, ws.row, out=ws.rows)
        np.log1p(ws.e, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.row)
        np.add(ws.rows, ws.row, out=ws.rows)
        # gradient = exp(min(z, 0)) / (1 + e) - t
        np.minimum(raw, 0.0, out=raw)
        np.exp(raw, out=raw)
        np.add(ws.e, 1.0, out=ws.e)
        np.divide(raw, ws.e, out=raw)
        np.subtract(raw, target, out=raw)

    def start(self, target, weight):
        least = _smallest_share(target, weight)
        share = np.clip(np.average(target, axis=0, weights=weight), least, 1.0 - least)
        return np.log(share) - np.log1p(-share)


class SquaredError(Loss):
    """Half the squared error.

    Domain: real targets. Link: identity. Formula: ``1/2 (z - t)^2``, summed over the outputs; the 1/2 makes the gradient ``z - t``.
    """

    def buffers(self, n_out):
        return {"rows": Rows(1)}

    def link(self, raw, out):
        _copy(raw, out)

    def rows_and_grad(self, raw, target, ws):
        np.subtract(raw, target, out=raw)
        np.vecdot(raw, raw, out=ws.rows[..., 0])
        np.multiply(ws.rows, 0.5, out=ws.rows)

    def start(self, target, weight):
        return np.average(target, axis=0, weights=weight)


class AbsoluteError(Loss):
    """The absolute error, whose best constant is the median.

    Domain: real targets. Link: identity. Formula: ``|z - t|``, summed over the outputs; gradient ``sign(z - t)``, 0 at 0.
    """

    def buffers(self, n_out):
        return {"rows": Rows(1), "tmp": Rows(n_out, scratch=True)}

    def link(self, raw, out):
        _copy(raw, out)

    def rows_and_grad(self, raw, target, ws):
        np.subtract(raw, target, out=raw)
        np.abs(raw, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        np.sign(raw, out=raw)

    def start(self, target, weight):
        return _median(target, weight)


class Huber(Loss):
    """Squared error for small residuals, absolute error for large ones (Huber, 1964).

    Domain: real targets. Link: identity. Formula, with r = z - t: ``1/2 r^2`` for \\|r\\| <= delta, ``delta (|r| - delta/2)``
    beyond, summed over the outputs; gradient ``clip(r, -delta, delta)``.

    Parameters
    ----------
    delta : float > 0, default=1.0
        Where the loss turns linear, in the units of the target.
    """

    limits = {"delta": "(0, inf)"}

    def __init__(self, delta=1.0):
        self.delta = delta

    def buffers(self, n_out):
        return {"rows": Rows(1), "row": Rows(1), "tmp": Rows(n_out, scratch=True)}

    def link(self, raw, out):
        _copy(raw, out)

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

    def start(self, target, weight):
        return _median(target, weight)


def _row_max(raw):
    """Return the largest value of each row, (..., n, 1); a reduction along rows as short as these is slow, one across them is not."""
    return np.maximum.reduce(np.ascontiguousarray(raw.mT), axis=-2, keepdims=True).mT


def _floor_log(log_p):
    """Bound logarithms of probabilities below by that of the least normal number, as the probabilities are. Overwrites: log_p."""
    np.maximum(log_p, math.log(np.finfo(log_p.dtype).tiny), out=log_p)


def _copy(raw, out):
    if out is not raw:
        np.copyto(out, raw)


def _median(target, weight):
    """Return the weighted median of each column of ``target``, midway where two values share the middle."""
    if weight is None:
        return np.median(target, axis=0)
    weights = np.broadcast_to(np.reshape(weight, (-1, 1)), target.shape)
    lower, minus_upper = (np.quantile(t, 0.5, axis=0, weights=weights, method="inverted_cdf") for t in (target, -target))
    return 0.5 * (lower - minus_upper)


def _smallest_share(target, weight):
    """Return the share of half a row: keeps the starting score of a class without rows finite."""
    return 0.5 / (len(target) if weight is None else max(float(np.sum(weight)), 1.0))


LOSSES = {
    "log_loss": LogLoss,
    "binary_log_loss": BinaryLogLoss,
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
}
