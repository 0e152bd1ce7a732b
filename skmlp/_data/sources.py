"""Which rows a fit sees, and how the core gets them.

The one decision: rows are left where they are; what is chosen among them is their numbers, and what
is converted is a batch where the whole would not fit into memory.
"""

from contextlib import contextmanager

import numpy as np
from scipy import sparse

from .._sklearn import safe_indexing
from ..nn.engine.sources import DenseRows, MeasuredRows, SparseRows

_START_VALUES = 2**20  # of the target, from which the output starts
_PART_VALUES = 2**18  # of a matrix looked at in one go


def take(rows, *arrays):
    """Return the rows of each array, frame or matrix; None stays None."""
    return [None if array is None else safe_indexing(array, rows) for array in arrays]


def row_parts(X, rows=None):
    """Yield the rows of a dense matrix, or those of ``rows``, some at a time."""
    size = max(1, _PART_VALUES // X.shape[1])
    for start in range(0, X.shape[0] if rows is None else len(rows), size):
        part = slice(start, start + size)
        yield X[part if rows is None else rows[part]]


def start_rows(target, weight, rows, width):
    """Return the rows of target and weight to start from: all of ``rows`` (None: all there are),
    evenly spaced ones if these are many.

    ``width``: number of outputs.
    """
    n = target.shape[0] if rows is None else len(rows)
    stride = -(-n * width // _START_VALUES) if target.ndim == 2 else 1
    if rows is None and stride == 1:
        return target, weight
    return take(np.arange(0, n, stride) if rows is None else rows[::stride], target, weight)


class TooLargeError(ValueError):
    """A value is too large for the precision of a network."""


@contextmanager
def fits_into(dtype):
    """Raise ``TooLargeError`` where a value overflows in a conversion to ``dtype``."""
    try:
        with np.errstate(over="raise"):
            yield
    except FloatingPointError:
        raise TooLargeError(
            f"X or y has values too large for {np.dtype(dtype).name}: scale them, or fit with "
            "dtype='float64'."
        ) from None


def input_rows(X, dtype, measure=None):
    """Return the source of rows of checked X; a memory-mapped array is converted batch by batch, so
    that it need not fit into memory.

    ``measure``: by which the network sees its columns, None for as they are. A sparse X whose
    columns move is dense batch by batch.
    """
    with fits_into(dtype):
        if sparse.issparse(X):
            X = X.tocsr()
            if measure is not None and np.any(measure.offset):
                return MeasuredRows(X, measure)
            return SparseRows(
                (X if measure is None else stretched(X, measure)).astype(dtype, copy=False)
            )
        if measure is None:
            return DenseRows(X if _is_mapped(X) else np.ascontiguousarray(X, dtype=dtype))
        return (
            MeasuredRows(X, measure) if _is_mapped(X) else DenseRows(measure.normalised(X, dtype))
        )


def stretched(X, measure):
    """Return the columns of sparse X as a measure without offsets stretches them."""
    return X.multiply(1.0 / np.asarray(measure.scale)).tocsr()


def refuse_sparse(X, method, result):
    """Raise ``ValueError`` for sparse X, of which the result of ``method`` would be dense."""
    if sparse.issparse(X):
        raise ValueError(
            f"{method} would turn sparse input into {result} of shape {X.shape}. Ask for it by "
            f"{method}(X.toarray()), or use score_samples or transform, which take sparse input "
            "in bounded memory."
        )


def _is_mapped(array):
    """Return whether an array is a view of a memory-mapped one."""
    while isinstance(array, np.ndarray) and not isinstance(array, np.memmap):
        array = array.base
    return isinstance(array, np.memmap)
