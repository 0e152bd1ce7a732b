"""What a target looks like inside: class numbers (n,), or numbers (n, n_targets), or the sparse input itself.

The one decision: classes stay numbers, so that a target is one integer a row however many classes there are.
"""

import numpy as np
from scipy import sparse

from .nn.data import DenseRows, LabelRows, SparseRows


def n_targets(target, n_classes):
    """Return the width of the target, two classes sharing one column."""
    if target.ndim == 2:
        return target.shape[1]
    return 1 if n_classes == 2 else n_classes


def has_unknown(target):
    """Return whether a target (n, n_targets) has entries that are not known, NaN."""
    return target.ndim == 2 and not sparse.issparse(target) and bool(np.isnan(target.min()))


def target_rows(target, n_classes, dtype):
    """Return the source of target rows, of width ``n_targets``."""
    if sparse.issparse(target):
        return SparseRows(target.astype(dtype, copy=False))
    if target.ndim == 1 and n_classes != 2:
        return LabelRows(target, n_classes)
    return DenseRows(np.ascontiguousarray(target.reshape(len(target), -1), dtype=dtype))


def start_scores(loss, target, weight, n_classes):
    """Return the raw score (n_out,) of the loss's best constant prediction of ``target``, for sparse ones of their mean."""
    if target.ndim == 1:
        counts = np.bincount(target, weight, minlength=n_classes)
        values = np.eye(n_classes) if n_classes != 2 else np.array([[0.0], [1.0]])
        return loss.start(values, counts)
    if sparse.issparse(target):
        weights = np.ones(target.shape[0]) if weight is None else weight
        return loss.start((target.T @ (weights / weights.sum()))[None, :], weights.sum(keepdims=True))
    return loss.start(np.asarray(target, dtype=np.float64), weight)
