"""The loss of each column of an autoencoder's X that its values suggest (``loss="auto"``)."""

import numpy as np
from scipy import sparse

from .._params.column_losses import joined
from ..nn.losses import BinaryLogLoss, LogLoss, SquaredError
from .sources import row_parts


def loss_of_values(X):
    """Return the loss that the values of X (n, n_features), dense or sparse, suggest; missing ones
    are left out.

    Softmax cross-entropy for each one-hot block: neighbouring columns of zeros and ones, missing in
    the same rows, whose other rows sum to one. Logistic cross-entropy for other columns of zeros
    and ones. Half the squared error for all else, and for columns that do not vary.
    """
    ones, n_values, is_binary = _count(X)
    varies = is_binary & (ones > 0) & (ones < n_values)
    groups, k = [], 0
    total = np.concatenate([[0], np.cumsum(ones)])
    breaks = np.flatnonzero(~is_binary)
    while k < len(ones):
        end = _end_of_group(X, k, total, n_values[k], breaks, varies) if varies[k] else None
        if end is None:
            k += 1
        else:
            groups.append(np.arange(k, end))
            k = end
    grouped = np.concatenate([[], *groups]).astype(int)
    rest = np.setdiff1d(np.arange(len(ones)), grouped)
    pieces = [
        (SquaredError(), rest[~varies[rest]]),
        (BinaryLogLoss(), rest[varies[rest]]),
        *((LogLoss(), group) for group in groups),
    ]
    return joined([(loss, columns) for loss, columns in pieces if len(columns)], len(ones))


def _count(X):
    """Return for each column the number of ones, the number of values that are not missing, and
    whether these are all zeros and ones.
    """
    n, n_features = X.shape
    if sparse.issparse(X):
        X = X.tocsc(copy=True)
        X.sum_duplicates()
        columns = np.repeat(np.arange(n_features), np.diff(X.indptr))
        ones = np.bincount(columns, X.data == 1.0, n_features).astype(int)
        other = np.bincount(columns, (X.data != 0.0) & (X.data != 1.0), n_features)
        return ones, np.full(n_features, n), other == 0
    ones, zeros, missing = np.zeros((3, n_features), int)
    for part in row_parts(X):
        for count, entries in (
            (ones, part == 1.0),
            (zeros, part == 0.0),
            (missing, np.isnan(part)),
        ):
            count += np.count_nonzero(entries, axis=0)
    return ones, n - missing, ones + zeros + missing == n


def _end_of_group(X, start, total, n_values, breaks, varies):
    """Return the end (excluded) of the one-hot block that begins at column ``start``, None if none
    does.

    ``total``: number of ones in the columns before each; ``breaks``: columns that are not zeros and
    ones.
    """
    end = int(np.searchsorted(total, total[start] + n_values))  # as many ones as rows
    stop = (
        breaks[np.searchsorted(breaks, start)]
        if breaks.size and breaks[-1] >= start
        else len(varies)
    )
    if end > stop or total[end] != total[start] + n_values:
        return None
    block = X[:, start:end]
    if sparse.issparse(X):
        return end if (np.ravel(block.sum(axis=1)) == 1.0).all() else None
    missing = np.isnan(block)
    together = (missing == missing[:, :1]).all()
    return end if together and (block.sum(axis=1)[~missing[:, 0]] == 1.0).all() else None
