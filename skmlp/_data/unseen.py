"""The warnings about a column of a table none of whose categories were there in the fit, which is
likely an accident, and in the fit about one that names the rows, for which this is to be expected.

The one decision: an unseen category is no fault, as a row of a new town is none; a whole column of
them is one if they are of another type than the categories of the fit ("1" for 1), if they are
these but for case and spaces ("HI" for "hi"), or if there are several rows, unless they have
fractions: measured values, of which new ones are to be expected.
"""

from numbers import Number

import numpy as np

from .._warn import warn_user

_SEVERAL = 5  # rows with a value
_SHOWN = 5  # categories in the message
_MANY, _NEARLY_ALL = 50, 0.9  # names of rows: so many categories, for this share of the rows


def warn_of_unseen(codec, frame, matrix):
    """Warn of the categorical columns of a frame none of whose values have a number of their own;
    ``matrix``: what it made of the frame.
    """
    codes = matrix[:, matrix.shape[1] - len(codec.categorical) :]
    for j, code, categories in zip(codec.categorical, codes.T, codec.categories, strict=True):
        missing = categories.index(None) if None in categories else -1
        if ((code < len(categories)) & (code != missing)).any():
            continue
        column = frame.iloc[:, j].dropna()
        n_rows = len(column) if codec.min_frequency == 1 else 0  # rare ones are no accident
        fitted = [category for category in categories if category is not None]
        suspect = _suspect(column.unique().tolist(), fitted, n_rows)
        if suspect is not None:
            warn_user(
                f"The column {codec.names[j]!r} of X has no value that was there in the fit: it "
                f"has {_named([suspect])}, the fit had "
                f"{_named(fitted)}. To the network they are all one unseen category; give the "
                "column as in the fit."
            )


def warn_of_row_names(codec, n_rows):
    """Warn of the categorical columns that have another category in almost each of ``n_rows`` rows
    trained on.
    """
    if codec.min_frequency > 1:  # those have no numbers of their own
        return
    for j, categories in zip(codec.categorical, codec.categories, strict=True):
        n = len(categories) - (None in categories)
        if n >= max(_MANY, _NEARLY_ALL * n_rows) and not any(map(_is_measured, categories)):
            warn_user(
                f"The column {codec.names[j]!r} of X has {n} categories in {n_rows} rows. If it "
                "names the rows, it says nothing about others, and the network overfits: leave it "
                "out, or set min_frequency=2.",
                once=True,
            )


def _suspect(values, fitted, n_rows):
    """Return one of the distinct unseen values of ``n_rows`` that points to an accident, None if
    none does.
    """
    if not values:
        return None
    kinds = set(map(_kind, fitted))
    if kinds and kinds.isdisjoint(map(_kind, values)):
        return values[0]
    words = {_bare(category) for category in fitted if isinstance(category, str)}
    for value in values:
        if isinstance(value, str) and _bare(value) in words:
            return value
    return values[0] if n_rows >= _SEVERAL and not _is_measured(values[0]) else None


def _is_measured(value):
    return isinstance(value, float) and value % 1.0 != 0.0


def _kind(value):
    return (
        "string"
        if isinstance(value, str)
        else "number"
        if isinstance(value, Number | np.bool_)
        else type(value)
    )


def _bare(word):
    return word.strip().casefold()


def _named(values):
    """Return values as a text, with the types they have."""
    kinds = sorted({type(value).__name__ for value in values})
    shown = ", ".join(map(repr, values[:_SHOWN])) + (", ..." if len(values) > _SHOWN else "")
    return f"{shown} ({', '.join(kinds)})" if values else "none"
