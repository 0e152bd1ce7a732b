"""What a target looks like inside: class numbers (n,), or numbers (n, n_targets), or the input
itself, sparse or the matrix of a table.

The one decision: classes and categories stay numbers, so that each is one a row however many there
are. ``codec`` is None but for an autoencoder, whose target is the matrix of X: its codec says what
is to be reconstructed.
"""

import numpy as np
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from .._warn import warn_user
from ..nn.engine.sources import DenseRows, LabelRows, SparseRows
from ..nn.losses.base import smallest_share


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


def n_targets(target, n_classes, codec=None):
    """Return the width of the target, two classes sharing one column."""
    if codec is not None:
        return codec.n_outputs
    if target.ndim == 2:
        return target.shape[1]
    return 1 if n_classes == 2 else n_classes


def target_rows(target, n_classes, dtype, codec=None):
    """Return the source of target rows, of width ``n_targets``."""
    if target.ndim == 1 and n_classes != 2:
        return LabelRows(target, n_classes)
    if sparse.issparse(target):
        source = SparseRows(target.astype(dtype, copy=False))
    else:
        source = DenseRows(np.ascontiguousarray(target.reshape(len(target), -1), dtype=dtype))
    return source if codec is None else codec.targets(source)


def initial_scores(loss, target, weight, n_classes, codec=None):
    """Return the raw score (n_out,) of the loss's best constant prediction of ``target``, for
    sparse ones of their mean.
    """
    if codec is not None:
        target = codec.as_target(target)
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
