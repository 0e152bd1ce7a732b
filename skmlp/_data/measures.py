"""Location and scale of the columns of X, by which they are moved and divided before they become
single precision.

The one decision: X is left alone where float32 can hold it. A column that lies far from zero is
moved towards it in double precision before it is rounded, so that its signal is not lost behind its
offset. An autoencoder, which reconstructs X, moves a column as soon as it lies beside zero and
not near, and divides X where it is very large or very small. Both are undone in double precision. A
few values far out have no say in where a column lies: the outermost hundredth on either side is
left out. Of many rows evenly spaced ones are looked at.
"""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from .._warn import warn_user
from ..nn.losses import ColumnLosses
from ..nn.losses.by_column import numbers
from ..nn.losses.measure import Measure
from .sources import row_parts, take

_FAR = 1000.0  # half ranges, or units, from zero: float32 has four digits of the signal left
_ORDINARY = (0.1, 10.0)  # standard deviations
_OUTERMOST = 0.01  # share of the rows on either side, or that of the outermost value
_FEW = 0.05  # share of the rows; an outermost value that more of them have is none to leave out
_ROWS, _VALUES = 256, 2**16  # at least as many rows, and about as many values, are looked at
_ROUNDING = 16.0 * np.finfo(np.float64).eps  # of a column's mean: what varies by less does not


def measure_of_inputs(X, weight, rows):
    """Return the ``Measure`` by which a network sees checked X, None for as it is.

    ``weight`` (n,) or None; ``rows``: those to look at, None for all.
    """
    if sparse.issparse(X):
        return None
    x, weight = _looked_at(X, weight, rows)
    far = np.flatnonzero((np.abs(x) > _FAR).any(axis=0))  # the others need no sorting
    if not far.size:
        return None
    low, middle, high = _places(x[:, far], weight)
    offset = np.zeros(X.shape[1])
    offset[far] = np.where(
        np.abs(middle) > _FAR * np.maximum(0.5 * high - 0.5 * low, 1.0), middle, 0.0
    )
    return Measure(offset, 1.0) if offset.any() else None


def measure_of_target(loss, data, incremental):
    """Return the measure by which a network learns the target of the rows trained on; warn if a
    first batch (``incremental``) does not tell its scale.
    """
    target, weight = data.target, data.weight
    if data.rows is not None:
        target, weight = take(data.rows, target, weight)
    measure = loss.measure(target, weight)
    unknown = incremental and measure is not None and loss.unbounded
    if unknown and (target == target[0]).all():
        warn_user(
            "y does not vary in the first batch, so that normalize_y cannot learn its "
            "scale and takes 1. Begin partial_fit "
            "with rows that show how y varies, or standardise y and set "
            "normalize_y=False."
        )
    return measure


def measure_of_reconstruction(X, weight, rows, loss):
    """Return the ``Measure`` by which an autoencoder with this loss sees checked X and
    reconstructs it, None for as it is.

    The columns of a loss have one scale, so that their shares in it stay. ``weight`` (n,) or None;
    ``rows``: those to look at, None for all.
    """
    pieces = loss.pieces if isinstance(loss, ColumnLosses) else [(loss, slice(0, X.shape[1]))]
    pieces = [(unit, numbers(columns)) for unit, columns in pieces if unit.measures is not None]
    movable = [columns for unit, columns in pieces if unit.unbounded]
    offset, scale = np.zeros(X.shape[1]), np.ones(X.shape[1])
    if movable and not sparse.issparse(X):
        columns = np.concatenate(movable)
        x, some_weight = _looked_at(X, weight, rows)
        low, middle, high = _places(x[:, columns], some_weight)
        beside = np.maximum(low, -high) > 0.0
        offset[columns] = np.where(beside & (np.abs(middle) > 0.5 * high - 0.5 * low), middle, 0.0)
    if pieces:
        deviation = _deviations(X, weight, rows, offset)
        for _, columns in pieces:
            varying = deviation[columns][deviation[columns] > 0.0]
            typical = float(np.median(varying)) if varying.size else 1.0
            if np.isfinite(typical) and not _ORDINARY[0] <= typical <= _ORDINARY[1]:
                scale[columns] = typical
    return Measure(offset, scale) if offset.any() or (scale != 1.0).any() else None


def _looked_at(X, weight, rows):
    """Return evenly spaced rows of dense X in double precision, and their weights or None."""
    n = X.shape[0] if rows is None else len(rows)
    stride = max(1, n // max(_ROWS, _VALUES // X.shape[1]))
    some = slice(None, None, stride) if rows is None else rows[::stride]
    return X[some].astype(np.float64), None if weight is None else weight[some]


def _places(x, weight):
    """Return low, median and high of each column of dense x without its outermost values, zeros
    for no value.
    """
    order = np.argsort(x, axis=0, kind="stable")  # NaN comes last
    x = np.take_along_axis(x, order, axis=0)
    w = np.ones(x.shape) if weight is None else weight[order]
    w[np.isnan(x)] = 0.0
    below, last = np.cumsum(w, axis=0), np.maximum(np.count_nonzero(w, axis=0) - 1, 0)
    slack = 4.0 * len(x) * np.finfo(np.float64).eps
    share = below / np.maximum(below[-1], np.finfo(np.float64).tiny)
    shares = [
        np.sum(w, axis=0, where=x == end) / np.maximum(below[-1], np.finfo(np.float64).tiny)
        for end in (x[0], _of(x, last))
    ]
    left_out = [np.where(part > _FEW, 0.0, np.maximum(part, _OUTERMOST)) for part in shares]
    low = np.count_nonzero(share <= left_out[0] + slack, axis=0)
    high = np.count_nonzero(share < 1.0 - left_out[1] - slack, axis=0)
    middle = np.count_nonzero(share < 0.5 - slack, axis=0)
    return [np.nan_to_num(_of(x, np.minimum(place, last))) for place in (low, middle, high)]


def _of(x, rows):
    """Return the value of each column in its row among ``rows`` (n_columns,)."""
    return x[rows, np.arange(x.shape[1])]


def _deviations(X, weight, rows, offset):
    """Return the standard deviation of each column less its offset, 0 of those that do not vary
    by more than rounding.
    """
    scaler, begin = StandardScaler(with_mean=not sparse.issparse(X)), 0
    if weight is not None and rows is not None:
        weight = weight[rows]
    with np.errstate(all="ignore"):
        for part in [X if rows is None else X[rows]] if sparse.issparse(X) else row_parts(X, rows):
            w = None if weight is None else weight[begin : begin + part.shape[0]]
            begin += part.shape[0]
            scaler.partial_fit(part - offset if offset.any() else part, sample_weight=w)
        deviation = np.sqrt(scaler.var_)
        return np.where(deviation > _ROUNDING * np.abs(scaler.mean_ + offset), deviation, 0.0)
