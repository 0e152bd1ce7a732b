"""Validation within a call of epochs: loss and score of held-out rows, and what the best epoch had.

The one decision: held-out rows go through the arrays that the first piece of a batch has, a piece
at a time, in prediction: an epoch is over then, and nobody needs them any more. So several epochs
are validated in one call.
"""

import math
from typing import NamedTuple

import numpy as np

from ..engine.sources import DenseRows, LabelRows, Part
from ..layers.batch_norm import BatchNorm
from ..losses import regression
from ..products import LARGE
from .arrays import compiled, matrix
from .entries import prediction_table
from .losses import value_and_gradient
from .passes import COLUMNS, DENSE, LABELS, NUMBERS, gather, operate

SCORES = {"loss": 0, "accuracy": 1, "r2": 2}  # what a score is
_ACCURACY, _R2 = SCORES["accuracy"], SCORES["r2"]
# losses whose scores are predictions
_DIRECT = (
    regression.SquaredError,
    regression.AbsoluteError,
    regression.Huber,
    regression.LogCosh,
)


class HeldOut(NamedTuple):
    """Held-out rows: the operations of a ``table`` with their ``numbers``; ``where``: address and
    length of X, kind, address and length of the target, and what the score is; ``rows`` of X, and
    their ``own`` numbers, which are those of the target; ``weights``, and their sum ``total``;
    ``variance`` of the target.
    """

    table: np.ndarray
    numbers: np.ndarray
    where: np.ndarray
    rows: np.ndarray
    own: np.ndarray
    weights: np.ndarray
    total: float
    variance: float


@compiled
def validate(held_out, tables, shares, params, state):
    """Return loss and score of ``HeldOut`` rows, NaN for no finite score. Overwrites: the arrays of
    the first piece, shares.
    """
    table, numbers, where, rows, own, weights, total, variance = held_out
    places, loss_kind, loss_numbers = tables[4][0], tables[5], tables[6]
    share, room, kind = shares[0, 0], shares[0, 1], where[5]
    loss, score, n_finite = 0.0, 0.0, 0
    for begin in range(0, rows.size, share.size):
        end = min(begin + share.size, rows.size)
        n = end - begin
        x = matrix(places[2], n, places[1], params)
        target = matrix(places[6], n, places[5], params)
        raw = matrix(places[7], n, places[8], params)
        gather(DENSE, where[0], where[1], places[1], rows[begin:end], x, rows)
        gather(where[2], where[3], where[4], places[5], own[begin:end], target, rows)
        count = float(n)
        operate(table, numbers, 0, table.shape[0], n, (0, n), count, share, params, rows, state, 0)
        for i in range(n):
            share[i] = weights[begin + i] / total
            for k in range(raw.shape[1]):
                n_finite += abs(raw[i, k]) < np.inf
            if kind == _ACCURACY and _is_right(raw[i], target[i]):
                score += weights[begin + i]
            elif kind == _R2:
                score += weights[begin + i] * (float(raw[i, 0]) - float(target[i, 0])) ** 2
        loss += float(value_and_gradient(loss_kind, raw, target, share[:n], room, loss_numbers))
    score /= total
    if kind == _R2:
        score = 1.0 - score / variance
    elif kind != _ACCURACY:
        score = -loss
    is_finite = n_finite == rows.size * places[8] and math.isfinite(score)
    return loss, score if is_finite else np.nan


@compiled
def _is_right(raw, target):
    """Return whether the highest score, of two classes that share one its sign, is that of the
    label.
    """
    if raw.size == 1:
        return (raw[0] > 0.0) == (target[0] > 0.5)
    top = 0
    for k in range(1, raw.size):
        if raw[k] > raw[top]:
            top = k
    return target[top] > 0.5


def held_out_arrays(rows, network, plan):
    """Return the ``HeldOut`` of held-out rows, and what its arrays are of, which has to be kept;
    None where ``validate`` knows nothing of them.

    ``rows``: ValidationRows or None; ``plan``: that of the first piece.
    """
    if rows is None or rows.x.n_rows * network.params.size >= LARGE:
        return None
    if any(type(layer) is BatchNorm for layer in network.layers):
        return None
    x, chosen = rows.x, np.arange(rows.x.n_rows)
    if type(x) is Part:
        x, chosen = x.source, np.ascontiguousarray(x.rows, np.int64)
    weights = np.ones(chosen.size) if rows.weight is None else rows.weight.astype(np.float64)
    known = addressed(x, network.dtype), addressed(rows.target, network.dtype)
    total, variance = float(weights.sum()), 1.0
    if None in known or not total > 0.0:
        return None
    if rows.score == "r2":
        if type(network.loss) not in _DIRECT:
            return None
        target = rows.target.array[:, 0].astype(np.float64)
        variance = float(weights @ np.square(target - weights @ target / total)) / total
        if not variance > 0.0:
            return None
    (_, x), (kind, target) = known
    where = [x.ctypes.data, len(x), kind, target.ctypes.data, len(target), SCORES[rows.score]]
    table, own = prediction_table(network, plan), np.arange(chosen.size)
    held_out = HeldOut(
        *table.arrays(), np.array(where, np.int64), chosen, own, weights, total, variance
    )
    return held_out, (table, x, target)


def no_arrays():
    """Return what stands for no held-out rows."""
    table, numbers = np.empty((0, COLUMNS), np.int64), np.empty((0, NUMBERS))
    whole = np.empty(0, np.int64)
    return HeldOut(table, numbers, whole, whole, whole, np.empty(0), 1.0, 1.0)


def addressed(source, dtype):
    """Return (kind, array) of a source that a program can read, None for another one.

    A program reads rows by the address of the first one, so they must lie one behind the other.
    """
    if type(source) is LabelRows:
        return LABELS, np.ascontiguousarray(source.labels, np.int64)
    if type(source) is not DenseRows or source.array.dtype != dtype:
        return None
    if not (source.array.flags.c_contiguous and source.array.flags.aligned):
        return None
    return DENSE, source.array
