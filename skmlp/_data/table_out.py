"""Tables given back by an autoencoder: which loss each column has, and what the outputs mean in
units of the table.

The one decision: the outputs are the numeric columns, standardised, then a score for each category
of each categorical column, so that to the core a table is a matrix with a loss by column. A table
that comes out has the form of the one that went in, and no holes.
"""

from contextlib import suppress
from itertools import accumulate, pairwise

import numpy as np
import pandas as pd

from .._params.column_losses import given_loss
from ..nn.losses import ColumnLosses, LogLoss
from .table import as_frame, form_of


def number_loss(loss):
    """Return the unit of the loss of a table's numbers that the parameter ``loss`` stands for."""
    if isinstance(loss, list | ColumnLosses) or (isinstance(loss, str) and loss == "auto"):
        raise ValueError(
            f"loss={loss!r} does not go with categorical_features, which says already what the "
            "columns are: give one loss, that of the "
            "numbers, such as 'squared_error'; categories have their cross-entropy."
        )
    unit = given_loss(loss, 1, None)
    if not unit.unbounded:
        raise ValueError(
            f"loss={loss!r} needs values in {unit.domain}, but with categorical_features the "
            "numbers of a table are standardised; take "
            "a loss for any number, such as 'squared_error' or 'huber'. Columns of zeros and ones "
            "can be among categorical_features."
        )
    return unit


def table_loss(loss, table):
    """Return the loss unit: that of the numbers, and the cross-entropy of each categorical
    column.
    """
    n = len(table.numeric)
    pieces = [(number_loss(loss), slice(0, n))] if n else []
    pieces += [(LogLoss(), block) for block in _blocks(table)]
    return pieces[0][0] if len(pieces) == 1 else ColumnLosses(pieces)


def losses_by_column(loss, table):
    """Return the losses as a list of (loss, numbers of columns of the table)."""
    columns = [
        *([np.array(table.numeric)] if table.numeric else []),
        *(np.array([j]) for j in table.categorical),
    ]
    units = [loss] if len(columns) == 1 else [unit for unit, _ in loss.pieces]
    return list(zip(units, columns, strict=True))


def errors_by_column(errors, table):
    """Return the errors (n, n_columns) of a table from those of the outputs."""
    out = np.empty((len(errors), len(table.names)), errors.dtype)
    out[:, table.numeric] = errors[:, : len(table.numeric)]
    for j, block in zip(table.categorical, _blocks(table), strict=True):
        out[:, j] = errors[:, block].sum(axis=1)
    return out


def as_table(outputs, table, like=None):
    """Return the table that outputs (n, n_targets) mean, in the form of ``like``, of the first
    fit's table if that is None.
    """
    columns = _columns(outputs, table)
    form = table.form if like is None else form_of(like)
    known = _known(table)
    if form == "array":
        return _stacked(columns, known, like)
    if form == "polars":
        from polars import (
            DataFrame,
        )  # here, since it is optional, and was there when the table was fitted

        dtypes = {} if like is None else {j: like.dtypes[j] for j in known}
        return DataFrame(
            [
                _polars_series(name, columns[j].tolist(), dtypes.get(j), known.get(j))
                for j, name in enumerate(table.names)
            ]
        )
    index = None if like is None else like.index
    series = [
        pd.Series(columns[j], index=index, dtype=object if j in known else None)
        for j in range(len(columns))
    ]
    for j, categories in known.items():
        given = table.dtypes[j] if like is None else like.dtypes.iloc[j]
        series[j] = series[j].astype(_pandas_dtype(given, table.dtypes[j], categories, columns[j]))
    frame = pd.concat(series, axis=1)
    frame.columns = table.names
    return frame


def without_missing(X, matrix, table):
    """Turn missing categories of a checked table X into unknown ones, and return which entries are
    missing (n, n_columns).

    An unknown category has the vector zero, as one that ``corruption='masking'`` hides. Overwrites:
    matrix.
    """
    missing = as_frame(X).isna().to_numpy()
    codes = matrix[:, len(table.numeric) + len(table.marked) :]
    codes[missing[:, table.categorical]] = np.nan
    return missing


def filled_table(X, missing, outputs, table):
    """Return a copy of a table X with what is ``missing`` (n, n_columns) taken from ``outputs``,
    pairs of rows and what is given back.
    """
    parts = [_columns(part, table) for _, part in outputs]
    columns = {j: np.concatenate([part[j] for part in parts]) for j in parts[0]}
    holes = {j: (missing[:, j], columns[j]) for j in np.flatnonzero(missing.any(axis=0)).tolist()}
    known, form = _known(table), form_of(X)
    if form == "array":
        out = np.array(X if hasattr(X, "dtype") else as_frame(X).to_numpy())
        filled = [category for j in holes for category in known.get(j, [])]
        out = out.astype(
            next(
                dtype
                for dtype in (out.dtype, np.dtype(np.float64), np.dtype(object))
                if _holds(dtype, filled)
            ),
            copy=False,
        )
        for j, (rows, values) in holes.items():
            out[rows, j] = values[rows]
        return out if hasattr(X, "dtype") else as_frame(out).to_numpy()
    if form == "polars":
        return X.with_columns(
            _filled_polars(X[table.names[j]], *hole, known.get(j)) for j, hole in holes.items()
        )
    out = X.copy()
    for j, hole in holes.items():
        out.isetitem(j, _filled_pandas(X.iloc[:, j], *hole, known.get(j), table.dtypes[j]))
    return out


def _blocks(table):
    """Return the outputs of each categorical column, as slices."""
    return [
        slice(start, stop)
        for start, stop in pairwise(accumulate(table.levels, initial=len(table.numeric)))
    ]


def _columns(outputs, table):
    """Return each column (n,), by its number: numbers as float64, of categories the most
    probable one that is not a missing value.
    """
    columns = {
        j: outputs[:, k].astype(np.float64) * table.scale[k] + table.mean[k]
        for k, j in enumerate(table.numeric)
    }
    for j, block, categories in zip(
        table.categorical, _blocks(table), table.categories, strict=True
    ):
        known = [k for k, category in enumerate(categories) if category is not None]
        names = np.empty(len(categories), dtype=object)
        names[:] = categories
        columns[j] = names[known][outputs[:, block][:, known].argmax(axis=1)]
    return columns


def _known(table):
    """Return the categories that can come back of each categorical column, by its number."""
    return {
        j: [each for each in categories if each is not None]
        for j, categories in zip(table.categorical, table.categories, strict=True)
    }


def _stacked(columns, known, like):
    """Return columns as an array, of single precision if ``like`` is, of objects unless all
    categories are numbers that it holds.
    """
    values = [category for categories in known.values() for category in categories]
    single = [np.float32] if isinstance(like, np.ndarray) and like.dtype == np.float32 else []
    plain = (
        [np.dtype(kind) for kind in (*single, np.float64)]
        if all(type(value) in (int, float) for value in values)
        else []
    )
    dtype = next((dtype for dtype in plain if _holds(dtype, values)), object)
    out = np.empty((len(columns[0]), len(columns)), dtype)
    for j, column in columns.items():
        out[:, j] = column
    return out


def _filled_pandas(column, missing, values, known, fitted):
    """Return a column with ``values`` where ``missing``; ``known``: categories of the fit, None
    of numbers; ``fitted``: its dtype.
    """
    if known is None:
        filled = np.where(missing, values, column.to_numpy(dtype=np.float64, na_value=np.nan))
        return pd.Series(filled, index=column.index).astype(
            column.dtype if column.dtype.kind == "f" else np.float64
        )
    filled = column.astype(object).to_numpy(copy=True)
    filled[missing] = values[missing]
    dtype = _pandas_dtype(
        column.dtype, fitted, list(dict.fromkeys([*known, *filled.tolist()])), values[missing]
    )
    return pd.Series(filled, index=column.index, dtype=object).astype(dtype)


def _pandas_dtype(given, fitted, categories, values):
    """Return a dtype of pandas for ``values``, which are among ``categories``.

    It is ``given`` if that holds all of these, else ``fitted``, that of the fit, if that does, else
    what pandas makes of them. A dtype of categories takes the values that it lacks.
    """
    for dtype in (given, fitted):
        if isinstance(dtype, str) and dtype == "category":
            dtype = pd.CategoricalDtype(categories)
        if isinstance(dtype, pd.CategoricalDtype):
            held, values = dtype.categories, pd.unique(values)
            places = zip(values, held.get_indexer_for(values), strict=True)
            # a number is found in an interval, and a truth value among numbers
            lacks = any(
                at < 0
                or held[at] != value
                or isinstance(value, bool) > pd.api.types.is_bool(held[at])
                for value, at in places
            )
            return (
                pd.CategoricalDtype(held.union(values, sort=False), dtype.ordered)
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
        held = pd.Series(values, dtype=object).astype(dtype)
    except (TypeError, ValueError, OverflowError, NotImplementedError):
        return False
    return not held.isna().any() and all(
        one == other for one, other in zip(held.tolist(), values, strict=True)
    )


def _filled_polars(column, missing, values, known):
    entries = [
        value if hole else entry
        for entry, value, hole in zip(column.to_list(), values.tolist(), missing, strict=True)
    ]
    if known is not None:
        return _polars_series(column.name, entries, column.dtype, [*known, *dict.fromkeys(entries)])
    filled = type(column)(column.name, entries, strict=False)
    return filled.cast(column.dtype) if column.dtype.is_float() else filled


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
