"""Dates, times of day and durations: which columns hold them, and the error that refuses these.

The one decision: a network takes numbers and categories, and which numbers a date stands for, days
since another or the month, is for the user to say; neither NumPy's count of microseconds nor a
category for each date is guessed.
"""

import datetime

import numpy as np
import pandas as pd

_TIMES = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    pd.Period,
    np.datetime64,
    np.timedelta64,
)
# what pandas may find in objects among which there is none
_NO_TIMES = {
    "string",
    "bytes",
    "integer",
    "floating",
    "mixed-integer-float",
    "decimal",
    "complex",
    "boolean",
    "empty",
}


def time_found(column):
    """Return what a series of pandas holds of dates, times and durations, or of intervals, in
    words; None if it holds none.

    Intervals of numbers among the categories of a column are none.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        return (
            time_among(categories)
            if isinstance(categories.dtype, pd.IntervalDtype)
            else time_found(categories.to_series())
        )
    if dtype.kind in "mM" or isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
        return str(dtype)
    if pd.api.types.is_object_dtype(dtype):
        nothing = pd.api.types.infer_dtype(column, skipna=True) in _NO_TIMES
    else:
        nothing = dtype.kind != "O" or pd.api.types.is_string_dtype(dtype)
    return None if nothing else time_among(column.dropna())


def time_among(values):
    """Return the type of the first date, time or duration among values that are not missing, as
    a word; None if there is none.
    """
    for value in values:
        if isinstance(value.left if isinstance(value, pd.Interval) else value, _TIMES):
            kind = type(value)
            return f"{kind.__module__.split('.')[0]}.{kind.__name__}"
    return None


def time_refusal(found, place):
    """Return the error about a place, such as "The column 'day' of X", and what it holds, as
    ``time_found`` says it.
    """
    remedy = "their middles" if found.startswith("interval") else "days since a date, or seconds"
    return ValueError(f"{place} holds {found}; turn it into numbers, such as {remedy}.")
