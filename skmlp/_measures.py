"""Where the columns of X lie and how large they are, as far as single precision is concerned.

The one decision: X is left alone where float32 can hold it. A column that lies far from zero is moved towards it in double precision before
it is rounded, so that its signal is not lost behind its offset; an autoencoder, whose loss is of X, also divides X where it is very large
or very small. Both are undone in double precision.
"""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from ._missing import row_parts
from .nn.column_losses import ColumnLosses, numbers
from .nn.measure import Measure

_FAR = 1000.0  # half ranges, or units, from zero: float32 has four digits of the signal left
_ORDINARY = (0.1, 10.0)  # standard deviations


def measure_of_inputs(X, rows):
    """Return the ``Measure`` by which a network sees checked X, None for as it is. ``rows``: those to look at, None for all."""
    if sparse.issparse(X):
        return None
    offset = _offsets(X, rows)
    return Measure(offset, 1.0) if offset.any() else None


def measure_of_reconstruction(X, weight, rows, loss):
    """Return the ``Measure`` by which an autoencoder with this loss sees checked X and gives it back, None for as it is.

    ``weight`` (n,) or None; ``rows``: those to look at, None for all.
    """
    offset, scale = 0.0, 1.0
    if not sparse.issparse(X):
        movable = np.zeros(X.shape[1], bool)
        for unit, columns in loss.pieces if isinstance(loss, ColumnLosses) else [(loss, slice(0, X.shape[1]))]:
            movable[numbers(columns)] = unit.distance
        offset = np.where(movable, _offsets(X, rows), 0.0)
    if loss.distance:
        scale = _typical_deviation(X, weight, rows)
        scale = 1.0 if _ORDINARY[0] <= scale <= _ORDINARY[1] else scale
    return Measure(offset, scale) if np.any(offset) or scale != 1.0 else None


def _offsets(X, rows):
    """Return the middle of the range of each column that lies far from zero, 0 for the others."""
    low, high = np.full(X.shape[1], np.inf), np.full(X.shape[1], -np.inf)
    for part in row_parts(X, rows):
        np.fmin(low, np.fmin.reduce(part, axis=0), out=low)
        np.fmax(high, np.fmax.reduce(part, axis=0), out=high)
    known = low <= high
    low, high = np.where(known, low, 0.0), np.where(known, high, 0.0)
    half, middle = 0.5 * high - 0.5 * low, 0.5 * high + 0.5 * low
    return np.where(np.abs(middle) > _FAR * np.maximum(half, 1.0), middle, 0.0)


def _typical_deviation(X, weight, rows):
    """Return the median of the standard deviations of the columns that vary, 1 if none does or they are too large for a square."""
    deviations, begin = StandardScaler(with_mean=not sparse.issparse(X)), 0
    if weight is not None and rows is not None:
        weight = weight[rows]
    with np.errstate(all="ignore"):
        for part in [X if rows is None else X[rows]] if sparse.issparse(X) else row_parts(X, rows):
            w = None if weight is None else weight[begin : begin + part.shape[0]]
            deviations.partial_fit(part, sample_weight=w)
            begin += part.shape[0]
    varying = deviations.var_[deviations.var_ > 0.0]
    scale = float(np.sqrt(np.median(varying))) if varying.size else 1.0
    return scale if np.isfinite(scale) else 1.0
