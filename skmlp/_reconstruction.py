"""Tables given back by an autoencoder: which loss each column has, and what the outputs mean in units of the table.

The one decision: the outputs are the numeric columns, standardised, then a score for each category of each categorical column, so that to
the core a table is a matrix with a loss by column. A table that comes out has the form of the one that went in, and no holes.
"""

from itertools import accumulate, pairwise

import numpy as np
import pandas as pd

from ._columns import given_loss
from ._table import as_frame, form_of
from .nn.class_losses import LogLoss
from .nn.column_losses import ColumnLosses
from .nn.loss import Loss


def number_loss(loss):
    """Return the unit of the loss of a table's numbers that the parameter ``loss`` stands for."""
    if isinstance(loss, list | ColumnLosses) or (isinstance(loss, str) and loss == "auto"):
        raise ValueError(
            f"loss={loss!r} does not go with categorical_features, which says already what the columns are: give one loss, that of the "
            "numbers, such as 'squared_error'; categories have their cross-entropy."
        )
    unit = given_loss(loss, 1, None)
    if unit.domain != Loss.domain:
        raise ValueError(
            f"loss={loss!r} needs values in {unit.domain}, but with categorical_features the numbers of a table are standardised; take "
            "a loss for any number, such as 'squared_error' or 'huber'. Columns of zeros and ones can be among categorical_features."
        )
    return unit


def table_loss(loss, table):
    """Return the loss unit: that of the numbers, and the cross-entropy of each categorical column."""
    n = len(table.numeric)
    pieces = [(number_loss(loss), slice(0, n))] if n else []
    pieces += [(LogLoss(), block) for block in _blocks(table)]
    return pieces[0][0] if len(pieces) == 1 else ColumnLosses(pieces)


def losses_by_column(loss, table):
    """Return the losses as a list of (loss, numbers of columns of the table)."""
    columns = [*([np.array(table.numeric)] if table.numeric else []), *(np.array([j]) for j in table.categorical)]
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
    """Return the table that outputs (n, n_targets) mean, in the form of ``like``, of the first fit's table if that is None."""
    columns = _columns(outputs, table)
    form = table.form if like is None else form_of(like)
    if form == "array":
        return _stacked(columns, table, len(outputs))
    if form == "polars":
        from polars import DataFrame  # here, since it is optional, and was there when the table was fitted

        frame = DataFrame({name: columns[j].tolist() for j, name in enumerate(table.names)})
        return frame if like is None else frame.with_columns(frame[table.names[j]].cast(like.dtypes[j]) for j in table.categorical)
    index = None if like is None else like.index
    series = [pd.Series(columns[j], index=index) for j in range(len(columns))]
    for j, categories in zip(table.categorical, table.categories, strict=True):
        dtype = table.dtypes[j] if like is None else like.dtypes.iloc[j]
        if isinstance(dtype, str) and dtype == "category":
            dtype = pd.CategoricalDtype([category for category in categories if category is not None])
        series[j] = series[j].astype(_widened(dtype, columns[j]))
    frame = pd.concat(series, axis=1)
    frame.columns = table.names
    return frame


def without_missing(X, matrix, table):
    """Turn missing categories of a checked table X into unknown ones, and return which entries are missing (n, n_columns).

    An unknown category has the vector zero, as one that ``corruption='masking'`` hides. Overwrites: matrix.
    """
    missing = as_frame(X).isna().to_numpy()
    codes = matrix[:, len(table.numeric) + len(table.marked) :]
    codes[missing[:, table.categorical]] = np.nan
    return missing


def filled_table(X, missing, outputs, table):
    """Return a copy of a table X with what is ``missing`` (n, n_columns) taken from ``outputs``, pairs of rows and what is given back."""
    parts = [_columns(part, table) for _, part in outputs]
    columns = {j: np.concatenate([part[j] for part in parts]) for j in parts[0]}
    holes = {j: (missing[:, j], columns[j]) for j in np.flatnonzero(missing.any(axis=0)).tolist()}
    form = form_of(X)
    if form == "array":
        out = np.array(X, dtype=None if hasattr(X, "dtype") else object)
        for j, (rows, values) in holes.items():
            out[rows, j] = values[rows]
        return out
    if form == "polars":
        return X.with_columns(_filled_polars(X[table.names[j]], *hole, numeric=j in table.numeric) for j, hole in holes.items())
    out = X.copy()
    for j, hole in holes.items():
        out.isetitem(j, _filled_pandas(X.iloc[:, j], *hole, numeric=j in table.numeric))
    return out


def _blocks(table):
    """Return the outputs of each categorical column, as slices."""
    return [slice(start, stop) for start, stop in pairwise(accumulate(table.levels, initial=len(table.numeric)))]


def _columns(outputs, table):
    """Return each column (n,), by its number: numbers as float64, of categories the most probable one that is not a missing value."""
    columns = {j: outputs[:, k].astype(np.float64) * table.scale[k] + table.mean[k] for k, j in enumerate(table.numeric)}
    for j, block, categories in zip(table.categorical, _blocks(table), table.categories, strict=True):
        known = [k for k, category in enumerate(categories) if category is not None] or [0]
        names = np.empty(len(categories), dtype=object)
        names[:] = categories
        columns[j] = names[known][outputs[:, block][:, known].argmax(axis=1)]
    return columns


def _stacked(columns, table, n_rows):
    """Return columns as an array, of objects unless all categories are numbers."""
    plain = all(type(category) in (int, float) for categories in table.categories for category in categories if category is not None)
    out = np.empty((n_rows, len(columns)), np.float64 if plain else object)
    for j, column in columns.items():
        out[:, j] = column
    return out


def _filled_pandas(column, missing, values, numeric):
    if numeric:
        filled = np.where(missing, values, column.to_numpy(dtype=np.float64, na_value=np.nan))
        floats = isinstance(column.dtype, np.dtype) and column.dtype.kind == "f"
        return pd.Series(filled, index=column.index).astype(column.dtype if floats else np.float64)
    filled = column.astype(object).to_numpy(copy=True)
    filled[missing] = values[missing]
    return pd.Series(filled, index=column.index).astype(_widened(column.dtype, values[missing]))


def _widened(dtype, values):
    """Return a dtype of pandas, if of categories one that has those among ``values`` too."""
    if not isinstance(dtype, pd.CategoricalDtype):
        return dtype
    return pd.CategoricalDtype(dtype.categories.union(pd.unique(values), sort=False), ordered=dtype.ordered)


def _filled_polars(column, missing, values, numeric):
    entries = [value if hole else entry for entry, value, hole in zip(column.to_list(), values.tolist(), missing, strict=True)]
    filled = type(column)(column.name, entries, strict=False)
    return filled if numeric and not column.dtype.is_float() else filled.cast(column.dtype)
