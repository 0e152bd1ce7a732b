"""Where batches come from: dense rows, sparse rows, rows with missing values, class labels,
categories.

The one decision: training and prediction ask a source for rows and never see the whole; so data are
neither copied nor converted as a whole, and labels stay numbers until a batch needs them as ones
and zeros.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

Chosen = slice | np.ndarray  # the numbers of some rows


class RowSource(Protocol):
    """What all of these are: ``n_rows`` rows of ``width`` numbers.

    ``sparse``: ``take`` gives a CSR matrix where ``out`` is None.
    """

    n_rows: int
    width: int
    sparse: bool

    def take(self, rows: Chosen, out: Any) -> Any:
        """Return the rows, in ``out`` or as a view. Overwrites: out."""


class DenseRows:
    """Rows of a C-contiguous array of shape (n_rows, width), in any precision."""

    sparse = False

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.n_rows, self.width = array.shape

    def take(self, rows: Chosen, out: np.ndarray) -> np.ndarray:
        """Return the rows: for a slice a view where the dtype agrees, else ``out``.

        Overwrites: out.
        """
        if isinstance(rows, slice):
            part = self.array[rows]
            if part.dtype == out.dtype:
                return part
            np.copyto(out, part)
        elif self.array.dtype == out.dtype:
            self.array.take(rows, axis=0, out=out, mode="clip")
        else:
            np.copyto(out, self.array[rows])
        return out


class MeasuredRows:
    """Rows of a C-contiguous array or CSR matrix of shape (n_rows, width), moved and stretched in
    double precision; given densely.

    Parameters
    ----------
    array : ndarray or CSR matrix
    measure : Measure
        What is given is ``measure.normalised(rows)``.
    """

    sparse = False

    def __init__(self, array, measure):
        self.array = array
        self.measure = measure
        self.n_rows, self.width = array.shape

    def take(self, rows: Chosen, out: np.ndarray) -> np.ndarray:
        """Return ``out`` with the rows. Overwrites: out."""
        part = self.array[rows]
        np.copyto(
            out,
            self.measure.normalised(part if isinstance(part, np.ndarray) else part.toarray()),
            casting="same_kind",
        )
        return out


class SparseRows:
    """Rows of a CSR matrix of shape (n_rows, width)."""

    sparse = True

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix
        self.n_rows, self.width = matrix.shape

    def take(self, rows: Chosen, out: np.ndarray | None) -> Any:
        """Return the rows as a CSR matrix if ``out`` is None, else densely in ``out``.

        Overwrites: out.
        """
        part = self.matrix[rows]
        if out is None:
            return part
        if part.dtype == out.dtype:
            part.toarray(out=out)
        else:
            np.copyto(out, part.toarray())
        return out


class FilledRows:
    """Rows of another source, dense, with ``values`` (width,) in the place of NaN."""

    sparse = False

    def __init__(self, source: RowSource, values: np.ndarray) -> None:
        self.source = source
        self.values = values
        self.n_rows, self.width = source.n_rows, source.width
        self._missing = np.empty((0, source.width), bool)

    def take(self, rows: Chosen, out: np.ndarray) -> np.ndarray:
        """Return ``out`` with the rows. Overwrites: out."""
        part = self.source.take(rows, out)
        if part is not out:
            np.copyto(out, part)
        if len(self._missing) < len(out):
            self._missing = np.empty(out.shape, bool)
        missing = self._missing[: len(out)]
        np.isnan(out, out=missing)
        np.copyto(out, self.values, where=missing, casting="same_kind")
        return out


class Part:
    """Some rows of another source, left where they are."""

    def __init__(self, source: RowSource, rows: np.ndarray) -> None:
        self.source = source
        self.rows = rows
        self.sparse = source.sparse
        self.n_rows, self.width = len(rows), source.width

    def take(self, rows: Chosen, out: np.ndarray | None) -> Any:
        """Return the rows as the source does. Overwrites: out unless it is None."""
        return self.source.take(self.rows[rows], out)


class LabelRows:
    """Class numbers 0 .. width - 1 of shape (n_rows,), given as one-hot rows."""

    sparse = False

    def __init__(self, labels: np.ndarray, width: int) -> None:
        self.labels = labels
        self.n_rows, self.width = len(labels), width

    def take(self, rows: Chosen, out: np.ndarray) -> np.ndarray:
        """Return ``out`` with a single 1 in each row. Overwrites: out."""
        labels = self.labels[rows]
        out.fill(0.0)
        out[np.arange(len(labels)), labels] = 1.0
        return out


class OneHotRows:
    """The first columns of another source, then its last ones, category numbers, one-hot; NaN where
    the number is NaN.

    Parameters
    ----------
    source : source of dense rows
    n_numbers : int
        Number of first columns.
    n_categories : tuple of int
        Number of categories of each of the last columns.
    """

    sparse = False

    def __init__(self, source: RowSource, n_numbers: int, n_categories: Sequence[int]) -> None:
        self.source = source
        self.n_numbers = n_numbers
        self.n_rows, self.width = source.n_rows, n_numbers + sum(n_categories)
        columns = np.arange(source.width - len(n_categories), source.width)
        self._column = np.repeat(columns, n_categories)
        self._within = np.concatenate([np.empty(0), *map(np.arange, n_categories)])
        self._scratch: tuple[np.ndarray, ...] | None = None

    def take(self, rows: Chosen, out: np.ndarray) -> np.ndarray:
        """Return ``out`` with the rows. Overwrites: out."""
        n = len(out)
        if self._scratch is None or len(self._scratch[0]) < n:
            size = len(self._column)
            self._scratch = (
                np.empty((n, self.source.width), out.dtype),
                np.empty((n, size), out.dtype),
                np.empty((n, size), bool),
            )
        part, codes, mask = (array[:n] for array in self._scratch)
        part, ones = self.source.take(rows, part), out[:, self.n_numbers :]
        np.copyto(out[:, : self.n_numbers], part[:, : self.n_numbers])
        part.take(self._column, axis=1, out=codes, mode="clip")
        np.equal(codes, self._within, out=mask)
        np.copyto(ones, mask)
        np.isnan(codes, out=mask)
        np.copyto(ones, np.nan, where=mask)
        return out
