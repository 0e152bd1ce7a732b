"""The columns of a table: which are categorical, and how each is read.

A category has a number of its own if the rows trained on have it; None among the categories stands
for a missing value.
"""

from decimal import Decimal
from numbers import Integral, Real

import numpy as np
import pandas as pd

from .frames import as_frame
from .times import time_among, time_found, time_refusal

# what pandas may find in a column of objects
_NUMBERS = {"integer", "floating", "decimal", "boolean", "empty"}


def not_numbers(X):
    """Return the names (of arrays the numbers) of the columns that hold anything but numbers."""
    frame = as_frame(X)
    return [frame.columns[j] for j in range(frame.shape[1]) if _is_categorical(frame.iloc[:, j])]


def unhashable(X):
    """Return the error about the first column of a table that has values that cannot be
    categories, None if there is none.
    """
    return next(
        filter(
            None,
            (
                _unhashable(column, name)
                for name, column in as_frame(X).items()
                if column.dtype == object
            ),
        ),
        None,
    )


def categorical_columns(given, frame):
    """Return which columns ``categorical_features`` means, in order."""
    n, names = frame.shape[1], list(frame.columns)
    if isinstance(given, str):
        if given != "from_dtype":
            raise ValueError(
                "categorical_features must be 'from_dtype', a mask, column numbers, names or "
                f"None, got {given!r}."
            )
        return [j for j in range(n) if _is_categorical(frame.iloc[:, j])]
    entries = list(given) if isinstance(given, list | tuple) else np.asarray(given, dtype=object)
    if getattr(entries, "ndim", 1) != 1:
        raise ValueError(
            f"categorical_features must be a list of columns or a mask, got {given!r}."
        )
    if all(isinstance(entry, bool | np.bool_) for entry in entries) and len(entries):
        if len(entries) != n:
            raise ValueError(
                f"categorical_features is a mask of {len(entries)} columns, but X has {n}."
            )
        return np.flatnonzero(entries).tolist()
    for entry in entries:
        if isinstance(entry, str):
            if entry not in names:
                raise ValueError(
                    f"categorical_features has {entry!r}, which is not among the columns of X, "
                    f"{names}."
                )
        elif not isinstance(entry, Integral) or isinstance(entry, bool) or not 0 <= entry < n:
            raise ValueError(
                f"categorical_features must hold names, or numbers from 0 to {n - 1}; got "
                f"{entry!r} for n_features = {n}."
            )
    return sorted(
        {names.index(entry) if isinstance(entry, str) else int(entry) for entry in entries}
    )


def _is_categorical(column):
    """Return whether a column holds categories by its dtype, or, where that says nothing, by its
    values.
    """
    if column.dtype == object:
        found = pd.api.types.infer_dtype(column, skipna=True)
        if found.startswith("mixed"):  # it may be of numbers and booleans
            return not all(
                isinstance(value, Real | Decimal | np.bool_) for value in column.dropna()
            )
        return found not in _NUMBERS
    return isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(
        column.dtype
    )


def numbers_of(frame, j):
    """Return a column as float64 (n,), NaN where missing."""
    column, name = frame.iloc[:, j], frame.columns[j]
    found = time_found(column)
    if found:
        raise time_refusal(found, f"The column {name!r} of X")
    if column.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: the column {name!r} of X holds {column.dtype}; take its "
            "real and imaginary part."
        )
    try:
        x = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:
        raise ValueError(
            f"Input X contains a number too large for float64 in the column {name!r}."
        ) from None
    except (TypeError, ValueError) as error:
        why = str(error).rstrip(".")
        raise type(error)(
            f"{why}. The column {name!r} of X is not among categorical_features, so it must hold "
            "numbers."
        ) from None
    if np.isinf(x).any():
        raise ValueError(
            f"Input X contains infinity in the column {name!r}; replace it by a number, or by NaN "
            "for a missing value."
        )
    return x


def _factorised(frame, j):
    """Return the positions (n,) of a column's values in the list of its distinct ones, -1 where
    missing, and that list.
    """
    column = frame.iloc[:, j]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories.tolist()
    try:
        codes, values = pd.factorize(column)
    except TypeError:
        raise _unhashable(column, frame.columns[j]) from None
    return codes, values.tolist()


def categories_of(frame, j, rows, declared, min_frequency=1):
    """Return the categories of a column that have numbers of their own, those that at least
    ``min_frequency`` of ``rows`` have, at least one, with None if a missing value has one;
    ``declared`` as for ``TableCodec.fit``.
    """
    codes, values = _factorised(frame, j)
    _check_no_times(frame, j, values)
    counted, counts = np.unique(codes[rows], return_counts=True)
    if min_frequency > 1 and not declared:
        present = counted >= 0
        frequent = counts >= min_frequency
        if not frequent[present].any():
            frequent |= np.arange(len(counts)) == np.argmax(counts * present)
        counted = counted[frequent]
    has_order = isinstance(frame.iloc[:, j].dtype, pd.CategoricalDtype)
    categories = values if declared and has_order else [values[k] for k in counted if k >= 0]
    if not has_order:
        categories.sort(key=_place)
    return [*categories, None] if declared or -1 in counted else categories


def _place(category):
    """Return what categories are sorted by: numbers by value, then anything else that is no
    string, then strings.
    """
    is_number, is_string = isinstance(category, int | float), isinstance(category, str)
    return is_string, not is_number, category if is_number or is_string else repr(category)


def codes_of(frame, j, categories):
    """Return the number (n,) of each value of a column among the categories, NaN if it has none."""
    codes, values = _factorised(frame, j)
    number = {category: k for k, category in enumerate(categories)}
    numbers = np.array([number.get(value, np.nan) for value in [*values, None]], dtype=np.float64)
    if np.isnan(numbers[:-1]).any():
        _check_no_times(frame, j, [value for value in values if value not in number])
    return numbers[codes]


def _check_no_times(frame, j, values):
    found = time_among(values)
    if found:
        raise time_refusal(found, f"The column {frame.columns[j]!r} of X")


def _unhashable(column, name):
    """Return the error about a column that has values that cannot be categories, None if it has
    none.
    """
    for value in column:
        try:
            hash(value)
        except TypeError:
            kind = type(value).__name__
            return TypeError(
                f"The column {name!r} of X holds values of type {kind}, but to be a category, an "
                "argument must be a string or a number."
            )
    return None
