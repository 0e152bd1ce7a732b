"""Missing values, NaN: whether there are any, and the means that take their place."""

import numpy as np
from scipy import sparse

from .sources import row_parts


def has_missing(array):
    """Return whether a matrix or a target has missing values."""
    return not sparse.issparse(array) and bool(np.isnan(array.min()))


def refuse_missing_in_sparse(X):
    """Raise ``ValueError`` if sparse X has missing values: what is not stored there is zero, not
    missing.
    """
    if sparse.issparse(X) and np.isnan(X.data).any():
        raise ValueError(
            "Input X contains NaN and is sparse; missing values are taken in dense X only: give "
            "X.toarray()."
        )


def column_means(X, weight, rows, labels):
    """Return the weighted mean (n_features,) of each column of a dense or sparse matrix, missing
    values left out.

    ``weight`` (n,) or None; ``rows``: those to look at, None for all; ``labels``: what the columns
    are called.
    """
    n = X.shape[0]
    weight = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    if rows is not None:
        weight = np.where(np.isin(np.arange(n), rows), weight, 0.0)
    if sparse.issparse(X):
        return (X.T @ weight) / weight.sum()
    total, weight_sum = np.zeros((2, X.shape[1]))
    begin = 0
    for part in row_parts(X):
        w = weight[begin : begin + len(part)]
        begin += len(part)
        missing = np.isnan(part)
        total += w @ np.where(missing, 0.0, part)
        weight_sum += w @ ~missing
    if not weight_sum.all():
        raise ValueError(
            f"All values of X are missing in {labels[int(np.argmin(weight_sum))]}, so that nothing "
            "can be learned of it; leave it out."
        )
    return total / weight_sum
