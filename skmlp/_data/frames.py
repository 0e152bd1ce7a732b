"""Frames of pandas and polars: read as frames of pandas, and written with the dtypes that they had.

The one decision: a column that comes out has the dtype of the one that went in if that holds it as
it is, so that filling in a value changes nothing but the value.
"""

from contextlib import suppress
from typing import NamedTuple

import numpy as np
import pandas as pd


class Categories(NamedTuple):
    """What may stand in a categorical column that is written.

    ``known``: the categories of the fit; ``fitted``: the dtype that the column had there, as pandas
    calls it.
    """

    known: list
    fitted: str


class Filled(NamedTuple):
    """A column with its missing values filled in.

    ``values`` (n,): of a column of numbers all of them, of a categorical one those where the mask
    ``missing`` (n,) is true; ``categories``: Categories of a categorical one.
    """

    values: np.ndarray
    missing: np.ndarray | None = None
    categories: Categories | None = None


# ---- read


def is_frame(X):
    """Return whether X is a data frame, of pandas or polars."""
    return isinstance(X, pd.DataFrame) or (
        type(X).__module__.startswith("polars.") and hasattr(X, "get_columns")
    )


def form_of(X):
    """Return what a table is given as: 'pandas', 'polars' or 'array'."""
    return "pandas" if isinstance(X, pd.DataFrame) else "polars" if is_frame(X) else "array"


def as_frame(X):
    """Return a table, a frame of pandas or polars, an array of any dtype or a list of rows, as a
    frame of pandas.
    """
    if isinstance(X, pd.DataFrame):
        return X
    if not is_frame(X):
        X = X if hasattr(X, "dtype") else np.array(X, dtype=object)
        frame = pd.DataFrame(X)
        return frame.infer_objects() if X.dtype == object else frame
    return pd.DataFrame({column.name: as_series(column) for column in X.get_columns()})


def as_series(column):
    """Return a column of a polars frame as a series of pandas."""
    kind = str(column.dtype)
    if column.dtype.is_nested():
        return pd.Series(column.to_list(), name=column.name, dtype=object)
    values = column.to_numpy()
    if kind.startswith("Enum"):
        values = pd.Categorical(values, categories=column.dtype.categories.to_numpy())
    return pd.Series(values, name=column.name).infer_objects()


# ---- written


def array_of(columns, categories, like=None):
    """Return columns as an array, of single precision if ``like`` is, of objects unless all
    categories are numbers that it holds.

    ``columns``: (n,) each; ``categories``: Categories of the categorical ones, by their numbers.
    """
    values = [category for column in categories.values() for category in column.known]
    single = [np.float32] if isinstance(like, np.ndarray) and like.dtype == np.float32 else []
    plain = (
        [np.dtype(kind) for kind in (*single, np.float64)]
        if all(type(value) in (int, float) for value in values)
        else []
    )
    dtype = next((dtype for dtype in plain if _holds(dtype, values)), object)
    out = np.empty((len(columns[0]), len(columns)), dtype)
    for j, column in enumerate(columns):
        out[:, j] = column
    return out


def pandas_frame(names, columns, categories, like=None):
    """Return named columns as a frame of pandas, with the index and dtypes of ``like``."""
    index = None if like is None else like.index
    series = [
        pd.Series(column, index=index, dtype=object if j in categories else None)
        for j, column in enumerate(columns)
    ]
    for j, (known, fitted) in categories.items():
        given = fitted if like is None else like.dtypes.iloc[j]
        series[j] = series[j].astype(_pandas_dtype(given, fitted, known, columns[j]))
    frame = pd.concat(series, axis=1)
    frame.columns = names
    return frame


def polars_frame(names, columns, categories, like=None):
    """Return named columns as a frame of polars, with the dtypes of ``like``."""
    from polars import DataFrame  # here, since it is optional, and was there in the fit

    dtypes = {} if like is None else {j: like.dtypes[j] for j in categories}
    return DataFrame(
        [
            _polars_series(
                name,
                column.tolist(),
                dtypes.get(j),
                categories[j].known if j in categories else None,
            )
            for j, (name, column) in enumerate(zip(names, columns, strict=True))
        ]
    )


def filled_frame(X, filled):
    """Return a copy of a frame with some columns filled in; ``filled``: Filled, by their
    numbers.
    """
    if form_of(X) == "polars":
        return X.with_columns(_filled_polars(X.to_series(j), new) for j, new in filled.items())
    out = X.copy()
    for j, new in filled.items():
        out.isetitem(j, _filled_pandas(X.iloc[:, j], new))
    return out


def filled_array(X, filled):
    """Return a copy of a table, an array or a list of rows, with some columns filled in; ``filled``
    as for ``filled_frame``.
    """
    out = np.array(X if hasattr(X, "dtype") else as_frame(X).to_numpy())
    known = [
        category for new in filled.values() if new.categories for category in new.categories.known
    ]
    dtypes = out.dtype, np.dtype(np.float64), np.dtype(object)
    out = out.astype(next(dtype for dtype in dtypes if _holds(dtype, known)), copy=False)
    for j, new in filled.items():
        out[new.missing, j] = new.values[new.missing]
    return out if hasattr(X, "dtype") else as_frame(out).to_numpy()


def _filled_pandas(column, new):
    values, missing, categories = new
    if categories is None:
        dtype = column.dtype if column.dtype.kind == "f" else values.dtype
        return pd.Series(values, index=column.index).astype(dtype)
    entries = column.astype(object).to_numpy(copy=True)
    entries[missing] = values[missing]
    needed = list(dict.fromkeys([*categories.known, *entries.tolist()]))
    dtype = _pandas_dtype(column.dtype, categories.fitted, needed, values[missing])
    return pd.Series(entries, index=column.index, dtype=object).astype(dtype)


def _filled_polars(column, new):
    if new.categories is None:
        filled = type(column)(column.name, new.values)
        return filled.cast(column.dtype) if column.dtype.is_float() else filled
    entries = [
        value if missing else entry
        for entry, value, missing in zip(
            column.to_list(), new.values.tolist(), new.missing, strict=True
        )
    ]
    needed = [*new.categories.known, *dict.fromkeys(entries)]
    return _polars_series(column.name, entries, column.dtype, needed)


def _pandas_dtype(given, fitted, categories, values):
    """Return a dtype of pandas for ``values``, which are among ``categories``.

    It is ``given`` if that holds all of these, else ``fitted``, that of the fit, if that does, else
    what pandas makes of them. A dtype of categories takes the values that it lacks.
    """
    for dtype in (given, fitted):
        if isinstance(dtype, str) and dtype == "category":
            dtype = pd.CategoricalDtype(categories)
        if isinstance(dtype, pd.CategoricalDtype):
            own, values = dtype.categories, pd.unique(values)
            places = zip(values, own.get_indexer_for(values), strict=True)
            # a number is found in an interval, and a truth value among numbers
            lacks = any(
                at < 0
                or own[at] != value
                or isinstance(value, bool) > pd.api.types.is_bool(own[at])
                for value, at in places
            )
            return (
                pd.CategoricalDtype(own.union(values, sort=False), dtype.ordered)
                if lacks
                else dtype
            )
        if _holds(dtype, categories):
            return dtype
    return pd.Series(categories, dtype=object).infer_objects().dtype


def _holds(dtype, values):
    """Return whether a dtype of pandas or NumPy holds each of some values as it is."""
    if pd.api.types.is_object_dtype(dtype):
        return True
    try:
        cast = pd.Series(values, dtype=object).astype(dtype)
    except (TypeError, ValueError, OverflowError, NotImplementedError):
        return False
    return not cast.isna().any() and all(
        one == other for one, other in zip(cast.tolist(), values, strict=True)
    )


def _polars_series(name, values, dtype, categories):
    """Return values as a series of polars, of a dtype, if that is given and holds all
    ``categories``, else of what polars makes of them.
    """
    from polars.exceptions import PolarsError

    if dtype is not None:
        with suppress(PolarsError):
            if _polars(name, categories).cast(dtype).to_list() == categories:
                return _polars(name, values).cast(dtype)
    return _polars(name, values)


def _polars(name, values):
    """Return values as a series of polars; numbers of several types as floats if these hold
    them, other mixtures as objects.
    """
    from polars import Float64, Object, Series

    try:
        return Series(name, values)
    except TypeError:
        with suppress(TypeError):
            floats = Series(name, values, dtype=Float64)
            if floats.to_list() == values:
                return floats
        return Series(name, values, dtype=Object)
