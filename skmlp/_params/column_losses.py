"""Which loss each column of an autoencoder's table has, as the user says.

The one decision: ``loss`` becomes one unit of the core before anything is trained; where all
columns have one loss it is that loss, so that a table of one kind costs nothing more.
"""

from itertools import pairwise
from numbers import Integral

import numpy as np

from ..nn.autodiff import FunctionLoss
from ..nn.losses import LOSSES, ColumnLosses, Loss
from ..nn.losses.by_column import numbers
from .constraints import loss_keys
from .docs import loss_doc
from .keys import did_you_mean
from .units import resolve

# losses of numbers with one score each, and losses of classes whose targets may be any shares:
# numbers too
COLUMN_LOSSES = [
    *loss_keys("regression", n_scores=1),
    *(key for key, cls in LOSSES.items() if cls.soft_targets),
]

LOSS_DOC = loss_doc(
    COLUMN_LOSSES,
    "Huber(0.5)",
    """It is summed over the features. 'binary_log_loss' is the cross-entropy of the logistic
        function for values in [0, 1], such as pixels; 'log_loss' is that of the softmax, for rows
        of shares that sum to one; ``predict`` gives probabilities then. 'poisson' and 'tweedie'
        need an X that is not negative, 'gamma' a positive one. A function of prediction and target,
        as for :class:`MLPRegressor`, is differentiated automatically. The scale and location of X
        do not matter, except for a function as the loss, which gets X as it is: the network centres
        columns whose values are far from zero, and divides an X of very large or small numbers by
        their typical standard deviation. ``coefs_`` and ``corruption`` refer to what the network
        sees; predictions, losses and scores refer to X.

        For columns of different kinds a list of pairs (loss, columns), such as ``[("squared_error",
        ["age", "income"]), ("binary_log_loss", ["smoker"]), ("log_loss", ["red", "green",
        "blue"])]``: each column once, as numbers, names, a slice of numbers or a mask; 'log_loss'
        takes one block of columns, the ones and zeros of one category. 'auto' chooses by the
        rows of the first fit: 'log_loss' for each block of neighbouring columns of zeros and ones
        whose rows sum to one, 'binary_log_loss' for other columns of zeros and ones,
        'squared_error' for all others, constant columns included. ``loss_by_column_`` shows the
        choice. If the columns of a loss are divided by their typical standard deviation, the
        sum that is minimised has the loss of the divided values.""",
    function=True,
).replace(", Loss or callable", ", 'auto', Loss, callable or list")


def labels_of(estimator):
    """Return what the columns are called in a message."""
    names = getattr(estimator, "feature_names_in_", None)
    return [
        f"column {k}" if names is None else f"column {names[k]!r}"
        for k in range(estimator.n_features_in_)
    ]


def given_loss(loss, n_features, names):
    """Return the unit that the parameter ``loss`` stands for: a key, a unit, a function, or a list
    of (loss, columns).

    ``names``: of the columns, None if they have none.
    """
    if isinstance(loss, ColumnLosses):
        loss = loss.pieces
    if not isinstance(loss, list):
        return _unit(loss)
    pieces, owners = [], [[] for _ in range(n_features)]
    for entry in loss:
        if not isinstance(entry, tuple) or len(entry) != 2:
            raise ValueError(
                "An entry of the list loss must be a pair (loss, columns), as ('squared_error', "
                f"[0, 1]), got {entry!r}."
            )
        unit, columns = _unit(entry[0]), _column_numbers(entry[1], n_features, names)
        if not columns.size:
            raise ValueError(f"loss has the entry {entry!r}, which has no columns; leave it out.")
        for k in columns:
            owners[k].append(unit)
        pieces.append((unit, columns))
    for k, units in enumerate(owners):
        label = f"column {k}" if names is None else f"column {names[k]!r}"
        if len(units) > 1:
            raise ValueError(
                f"loss names {label} {len(units)} times, with {' and '.join(map(repr, units))}; "
                "each column has one loss."
            )
    missing = [k if names is None else str(names[k]) for k, units in enumerate(owners) if not units]
    if missing:
        raise ValueError(f"loss names no loss for the columns {missing}; each column needs one.")
    return joined(pieces, n_features)


def by_column(loss, n_features):
    """Return a loss as a list of (loss, column numbers)."""
    if isinstance(loss, ColumnLosses):
        return [(piece, numbers(columns)) for piece, columns in loss.pieces]
    return [(loss, np.arange(n_features))]


def _unit(value):
    """Return the loss unit of a key, a unit or a function; raise for one not for columns."""
    if not isinstance(value, (str, Loss)) and not callable(value):
        raise ValueError(
            f"A loss must be one of {sorted(COLUMN_LOSSES)}, a function or an instance, got "
            f"{value!r}."
        )
    if isinstance(value, str) and value not in COLUMN_LOSSES:
        raise ValueError(
            f"loss={value!r} is no loss of columns; known are "
            f"{sorted(COLUMN_LOSSES)}.{did_you_mean(value, COLUMN_LOSSES)}"
        )
    loss = resolve(FunctionLoss(value) if callable(value) else value, LOSSES)
    if "regression" not in loss.targets and not loss.soft_targets:
        raise ValueError(
            f"loss={value!r} is for {' or '.join(loss.targets)} targets, but these are numbers."
        )
    if loss.n_scores != 1:
        raise ValueError(
            f"loss={value!r} predicts {loss.n_scores} numbers for each target; a reconstruction "
            "has one for each feature."
        )
    return loss


def _column_numbers(columns, n_features, names):
    """Return the numbers of columns given as a number, a name, a list or an array of these, a
    slice of numbers, or a mask.
    """
    entries = (
        [columns]
        if isinstance(columns, (str, Integral)) and not isinstance(columns, bool)
        else columns
    )
    if isinstance(entries, slice):
        return np.arange(n_features)[entries]
    entries = np.asarray(
        entries,
        dtype=object
        if isinstance(entries, list) and any(isinstance(e, str) for e in entries)
        else None,
    )
    if entries.dtype == bool and entries.shape == (n_features,):
        return np.flatnonzero(entries)
    if entries.ndim != 1 or not all(
        isinstance(e, (str, Integral)) and not isinstance(e, (bool, np.bool_)) for e in entries
    ):
        raise ValueError(
            f"loss has the columns {columns!r}; give numbers, names, a slice of numbers, or a "
            f"mask with {n_features} entries."
        )
    found, by_name = [], {} if names is None else {name: k for k, name in enumerate(names)}
    for entry in entries:
        if isinstance(entry, str):
            if entry not in by_name:
                known = (
                    "X has no column names"
                    if names is None
                    else f"X has the columns {list(by_name)}"
                )
                raise ValueError(f"loss has a column {entry!r}, but {known}.")
            found.append(by_name[entry])
        elif -n_features <= entry < n_features:
            found.append(int(entry) % n_features)
        else:
            raise ValueError(
                f"loss has the column {entry}, but X has {n_features} columns, 0 to "
                f"{n_features - 1}."
            )
    return np.array(found, dtype=np.intp)


def joined(pieces, n_features):
    """Return the unit of (loss, column numbers): a loss alone if it has all columns in order,
    neighbouring columns as slices.
    """
    placed = []
    for loss, columns in pieces:
        neighbours = all(after - before == 1 for before, after in pairwise(columns))
        placed.append(
            (loss, slice(int(columns[0]), int(columns[-1]) + 1) if neighbours else columns)
        )
    return (
        pieces[0][0]
        if len(pieces) == 1 and placed[0][1] == slice(0, n_features)
        else ColumnLosses(placed)
    )
