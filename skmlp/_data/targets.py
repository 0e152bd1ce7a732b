"""What a target looks like inside: class numbers (n,), or numbers (n, n_targets), or the input
itself, sparse or the matrix of a table.

The one decision: classes and categories stay numbers, so that each is one a row however many there
are. ``table`` is None but for a target that is the matrix of a table (``table.py``): of that the
numbers are reconstructed, and the categories as ones and zeros.
"""

import numpy as np
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from .._warn import warn_user
from ..nn.engine.sources import DenseRows, LabelRows, OneHotRows, SparseRows
from ..nn.losses.base import smallest_share
from .missing import without_filling


def one_column(y):
    """Return y as it is, but a single column (n, 1) as (n,), with scikit-learn's warning."""
    if y.ndim != 2 or y.shape[1] != 1:
        return y
    warn_user(
        "A column-vector y was passed when a 1d array was expected. Please change the shape of y "
        "to (n_samples, ), for example using "
        "ravel().",
        DataConversionWarning,
    )
    return np.ravel(y)


def n_targets(target, n_classes, table=None):
    """Return the width of the target, two classes sharing one column."""
    if table is not None:
        return len(table.numeric) + sum(table.levels)
    if target.ndim == 2:
        return target.shape[1]
    return 1 if n_classes == 2 else n_classes


def has_unknown(target):
    """Return whether a target (n, n_targets) has entries that are not known, NaN."""
    return target.ndim == 2 and not sparse.issparse(target) and bool(np.isnan(target.min()))


def reconstruction_target(source, table):
    """Return the source of targets where the input, a source of rows, is to be reconstructed."""
    source = without_filling(source)
    return source if table is None else OneHotRows(source, len(table.numeric), table.levels)


def target_rows(target, n_classes, dtype, table=None):
    """Return the source of target rows, of width ``n_targets``."""
    if table is not None:
        return reconstruction_target(DenseRows(target.astype(dtype)), table)
    if sparse.issparse(target):
        return SparseRows(target.astype(dtype, copy=False))
    if target.ndim == 1 and n_classes != 2:
        return LabelRows(target, n_classes)
    return DenseRows(np.ascontiguousarray(target.reshape(len(target), -1), dtype=dtype))


def initial_scores(loss, target, weight, n_classes, table=None):
    """Return the raw score (n_out,) of the loss's best constant prediction of ``target``, for
    sparse ones of their mean.
    """
    if table is not None:
        source = reconstruction_target(DenseRows(target), table)
        target = source.take(slice(0, source.n_rows), np.empty((source.n_rows, source.width)))
    if target.ndim == 1:
        counts = np.bincount(target, weight, minlength=n_classes)
        shares = counts / counts.sum()
        return loss.initial_score_at(
            shares if n_classes != 2 else shares[1:], smallest_share(target, weight)
        )
    if sparse.issparse(target):
        weights = np.ones(target.shape[0]) if weight is None else weight
        return loss.initial_score_at(
            target.T @ (weights / weights.sum()), smallest_share(weights, weight)
        )
    return loss.initial_score(np.asarray(target, dtype=np.float64), weight)
