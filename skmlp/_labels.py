"""What labels the classifier takes: one column of any labels, or several columns of zeros and ones, some of them unknown.

The one decision: unknown labels are looked for before scikit-learn's checks, which know of none, and are put back after them.
"""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target


def without_unknown(y):
    """Return (y with zeros where it is unknown, mask of these or None): of several columns of labels, where -1 or a value is missing."""
    if sparse.issparse(y):
        if y.nnz == 0 or y.data.min() >= 0:
            return y, None
        y = y.toarray()
    try:
        values = np.asarray(y)
    except ValueError:  # rows of unequal length, which the check of y will name
        return y, None
    if values.ndim != 2 or values.shape[1] < 2 or values.size == 0:
        return y, None
    if values.dtype.kind in "biuf" and values.min() >= 0:
        return y, None
    unknown = np.asarray(pd.isna(values))
    try:
        filled = np.where(unknown, 0, values).astype(np.float64)
    except (TypeError, ValueError):
        return y, None
    unknown |= filled == -1
    filled[unknown] = 0.0
    return (filled, unknown) if unknown.any() else (y, None)


def check_labels(y):
    """Return (y, whether it is multilabel), y of shape (n,), or a float matrix (n, k) of zeros and ones."""
    if not sparse.issparse(y) and y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind == "multiclass-multioutput":
        raise ValueError("Multioutput target data is not supported: y has several columns of classes. Fit one classifier for each.")
    if kind != "multilabel-indicator":
        return y, False
    y = (y.toarray() if sparse.issparse(y) else y).astype(np.float64)
    if y.min() < 0 or y.max() > 1:
        raise ValueError(f"Several columns of labels are zeros and ones, but y has {np.unique(y)}.")
    return y, True
