"""The labels that a classifier takes: one column of any labels, or several columns of zeros and
ones, of which some may be missing.

The one decision: missing labels are looked for before scikit-learn's checks, which know of none,
and are put back after them.
"""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from ..nn.losses import LOSSES
from .missing import has_missing
from .targets import one_column


def without_missing(y):
    """Return (y with zeros where it is missing, mask of these or None): of several columns of
    labels, where it is -1 or no value.
    """
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
    missing = np.asarray(pd.isna(values))
    try:
        filled = np.where(missing, 0, values).astype(np.float64)
    except (TypeError, ValueError):
        return y, None
    missing |= filled == -1
    filled[missing] = 0.0
    return (filled, missing) if missing.any() else (y, None)


def with_missing(y, missing, first):
    """Return checked labels (n, k) with NaN where they are missing. Overwrites: y.

    ``first``: whether it is a first fit's, which must know what 0 means.
    """
    if first and missing.all():
        raise ValueError(
            "y has no labels: all of it is -1 or NaN, which means a missing label; what does not "
            "apply is 0, what applies 1."
        )
    if first and not (y[~missing] == 0).any():
        raise ValueError(
            "y has ones, and -1 or NaN for missing labels, but no zeros: what does "
            "not apply is 0, not -1."
        )
    y[missing] = np.nan
    return y


def check_labels(y):
    """Return (y, whether it is multilabel, the labels): y of shape (n,) and its different labels,
    sorted, or a float matrix (n, k) of zeros and ones and the numbers of its columns.
    """
    y = y if sparse.issparse(y) else one_column(y)
    is_column = not sparse.issparse(y) and y.ndim == 1
    if is_column and y.dtype.kind in "biu":
        labels = np.unique(y)
        if len(labels) <= 0.5 * len(y):  # else scikit-learn's check warns
            return y, False, labels
    check_classification_targets(y)
    if is_column:
        return y, False, unique_labels(y)
    kind = type_of_target(y, input_name="y")
    if kind == "multiclass-multioutput":
        raise ValueError(
            "Multioutput target data is not supported: y has several columns of classes. Fit one "
            "classifier for each."
        )
    if kind != "multilabel-indicator":
        return y, False, unique_labels(y)
    y = (y.toarray() if sparse.issparse(y) else y).astype(np.float64)
    if y.min() < 0 or y.max() > 1:
        raise ValueError(f"Several columns of labels are zeros and ones, but y has {np.unique(y)}.")
    return y, True, np.arange(y.shape[1])


def check_classes(labels, multilabel, known, was_multilabel, declared, every_class):
    """Raise ``ValueError`` unless the labels of a target are among the known ones.

    ``multilabel``, ``was_multilabel``: of this target, of that of the first fit; ``declared``: the
    ``classes`` of ``partial_fit`` or None; ``every_class``: whether all known ones must be there.
    """
    if declared is not None and not np.array_equal(known, unique_labels(declared)):
        raise ValueError(
            f"`classes={declared!r}` is not the same as on last call to partial_fit, was: {known!r}"
        )
    if multilabel != was_multilabel or (multilabel and len(labels) != len(known)):
        was, now = (
            "multilabel" if kind else "single-label" for kind in (was_multilabel, multilabel)
        )
        raise ValueError(
            f"The targets were {was} with {len(known)} classes; now they are {now} "
            f"with {len(labels)}."
        )
    if multilabel:
        return
    if every_class and not np.array_equal(labels, known):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the previous "
            f"call to fit. Previously got {known}, `y` has {labels}"
        )
    if len(np.setdiff1d(labels, known)):
        raise ValueError(
            f"`y` has classes not in `self.classes_`. `self.classes_` has {known}. "
            f"'y' has {labels}."
        )


def accuracy(predicted, target, weight):
    """Return the share of the rows whose labels are right, missing ones left out; NaN if no row has
    a label. ``weight`` (n,) or None.
    """
    if has_missing(target):
        missing = np.isnan(target)
        right = ((predicted == target) | missing).all(axis=1)
        labelled = ~missing.all(axis=1)
        if not labelled.any():
            return np.nan
        return np.average(right[labelled], weights=None if weight is None else weight[labelled])
    right = (predicted == target).all(axis=1) if target.ndim == 2 else target == predicted
    return np.average(right, weights=weight)


def class_numbers(y, classes, n_rows):
    """Return the number among ``classes`` of the label ``y``, or of each of ``n_rows`` labels,
    as an array (n_rows,).
    """
    y = np.broadcast_to(y, n_rows) if np.ndim(y) == 0 else column_or_1d(y)
    if len(y) != n_rows:
        raise ValueError(
            f"y has {len(y)} labels, but X has {n_rows} rows; give one for each, or one for all."
        )
    try:
        strange = np.setdiff1d(y, classes)
    except TypeError:  # some have no order, such as None
        strange = list(dict.fromkeys(label for label in y if label not in classes.tolist()))
    if len(strange):
        raise ValueError(f"y has the labels {strange}, which are not among classes_, {classes}.")
    return np.searchsorted(classes, y)


def has_probabilities(estimator):
    """Return True if the loss has probabilities, else raise ``AttributeError``."""
    loss = estimator._network.loss if estimator.__sklearn_is_fitted__() else estimator.loss
    unit = LOSSES.get(loss) if isinstance(loss, str) else loss
    if not hasattr(unit, "log_link"):
        raise AttributeError(
            f"loss={loss!r} has scores but no probabilities; use decision_function, or a loss "
            "such as 'log_loss'."
        )
    return True
