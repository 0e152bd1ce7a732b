"""Missing values, NaN: what takes their place in the input of a network, and how they get their
reconstructions.

The one decision: they are filled where rows come from, by the means of the columns, and left out of
the loss; so no layer knows of them, and where nothing is missing nothing is done.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from ..nn.engine.sources import FilledRows
from .sources import input_rows, row_parts


def known_means(X, weight, rows, labels):
    """Return the weighted mean (n_features,) of the known values of each column of a dense or
    sparse matrix.

    ``weight`` (n,) or None; ``rows``: those to look at, None for all; ``labels``: what the columns
    are called.
    """
    n = X.shape[0]
    weight = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
    if rows is not None:
        weight = np.where(np.isin(np.arange(n), rows), weight, 0.0)
    if sparse.issparse(X):
        return (X.T @ weight) / weight.sum()
    total, known = np.zeros((2, X.shape[1]))
    begin = 0
    for part in row_parts(X):
        w = weight[begin : begin + len(part)]
        begin += len(part)
        missing = np.isnan(part)
        total += w @ np.where(missing, 0.0, part)
        known += w @ ~missing
    if not known.all():
        raise ValueError(
            f"X has no known value in {labels[int(np.argmin(known))]}, so that nothing can be "
            "learned of it; leave it out."
        )
    return total / known


def check_known(X):
    """Raise ``ValueError`` if sparse X has missing values: what is not stored there is zero, not
    missing.
    """
    if sparse.issparse(X) and np.isnan(X.data).any():
        raise ValueError(
            "Input X contains NaN and is sparse; missing values are taken in dense X only: give "
            "X.toarray()."
        )


def filled_rows(X, dtype, values, measure=None):
    """Return the source of rows of checked X, with ``values`` (n_features,) where values are
    missing, if any are.

    ``measure``: by which the network sees columns and values, None for as they are.
    """
    source = input_rows(X, dtype, measure)
    if not has_missing(X):
        return source
    values = values if measure is None else measure.normalised(values)
    return FilledRows(source, values.astype(dtype))


def without_filling(source):
    """Return the source of the rows as they were given."""
    return source.source if isinstance(source, FilledRows) else source


def has_missing(X):
    """Return whether X has missing values."""
    return not sparse.issparse(X) and bool(np.isnan(X.min()))


def reconstructed(network, source, measure=None):
    """Yield (rows, what the network gives back for them) in bounded memory, which the next rows use
    again.

    ``measure``: by which the network learned the columns, None for as they are.
    """
    for rows, raw in network.raw_chunks(source):
        network.loss.link(raw, raw)
        yield rows, raw if measure is None else measure.restored(raw)


def imputed(X, checked, reconstructions, dtype):
    """Return a copy of X, an array or a frame, with its reconstruction where the array ``checked``
    of its values has NaN.

    ``reconstructions``: pairs of rows and their reconstruction, computed in ``dtype``. Columns of a
    frame that miss nothing are left alone, and columns of floats keep their precision.
    """
    if not hasattr(X, "columns"):
        return _filled(checked.copy(), reconstructions, slice(None))
    places = np.flatnonzero(
        np.any([np.isnan(part).any(axis=0) for part in row_parts(checked)], axis=0)
    )
    holes = _filled(
        checked[:, places].astype(np.promote_types(checked.dtype, dtype), copy=False),
        reconstructions,
        places,
    )
    columns = dict(zip(places.tolist(), np.ascontiguousarray(holes.T), strict=True))
    if hasattr(X, "with_columns"):  # polars
        made = type(X)({X.columns[k]: values for k, values in columns.items()}).get_columns()
        return X.with_columns(
            c.cast(X.dtypes[k]) if X.dtypes[k].is_float() else c
            for k, c in zip(columns, made, strict=True)
        )
    filled = X.copy()
    for k, values in columns.items():
        dtype = X.dtypes.iloc[k]
        filled.isetitem(
            k, pd.Series(values.copy()).astype(dtype).array if dtype.kind == "f" else values.copy()
        )
    return filled


def _filled(values, reconstructions, columns):
    """Return ``values`` (n, k) with the reconstructions of these columns where they are NaN.

    Overwrites: values.
    """
    for rows, reconstruction in reconstructions:
        part = values[rows]
        np.copyto(part, reconstruction[:, columns], where=np.isnan(part), casting="same_kind")
    return values
