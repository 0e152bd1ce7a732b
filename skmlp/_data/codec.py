"""How X becomes the matrix that a network sees, and how a reconstruction becomes X again, with
missing values and without.

The one decision: the form of X, a matrix of numbers or a table, is the business of one object that
the first fit makes and the estimator keeps. Whether missing values (NaN) stay in the matrix is a
flag of it: an autoencoder keeps them, since it leaves them out of its loss; other estimators take
them in tables only, where each has a number to stand for it. Where they stay, a source of rows
fills them, so that no layer knows of them.

To add a form: derive from ``InputCodec``, and make it in ``inputs.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .._params.column_losses import by_column
from ..nn.engine.network import Network
from ..nn.engine.sources import FilledRows, RowSource
from ..nn.losses.base import Loss
from ..nn.losses.measure import Measure
from ..nn.saved import FLAG, Kind, check_attributes, is_array, refusal
from .frames import Filled, filled_frame, is_frame
from .missing import column_means, has_missing
from .sources import input_rows, row_parts

FLOATS = Kind(
    "an array of numbers",
    lambda value: is_array(value) and value.ndim == 1 and value.dtype.kind == "f",
)
MEASURE = Kind("a Measure or None", lambda value: value is None or type(value) is Measure)


class InputCodec(ABC):
    """Turns X into the matrix that a network sees, and a reconstruction into X.

    Attributes
    ----------
    keeps_missing : bool
        Whether missing values are NaN in the matrix, and a loss of its reconstruction leaves them
        out.
    measure : Measure or None
        By which the network sees the columns of the matrix; None for as they are.
    means : ndarray of shape (n_features,) or None
        Mean of each column of X, missing values left out; NaN for categories. None in a codec of
        matrices that keeps no missing values.
    """

    keeps_missing: bool
    means: np.ndarray | None
    is_table = False
    measure = None
    categorical, n_categories = (), ()  # categorical columns, and how many categories each has

    @abstractmethod
    def check(self, n_features: int) -> None:
        """Raise ``ValueError`` unless it can be the codec of a fit of so many features."""

    @property
    @abstractmethod
    def filling(self) -> np.ndarray:
        """What takes the place of a missing value in each column of the matrix, (width,)."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Number of targets of a network that reconstructs X."""

    def rows(self, matrix: Any, dtype: DTypeLike) -> RowSource:
        """Return the source of the rows that the network sees, with missing values filled."""
        source = input_rows(matrix, dtype, self.measure)
        if not self.keeps_missing or not has_missing(matrix):
            return source
        filling = self.filling if self.measure is None else self.measure.normalised(self.filling)
        return FilledRows(source, filling.astype(dtype))

    def targets(self, source: RowSource) -> RowSource:
        """Return the source of the targets that belong to a source of rows, NaN where these are
        missing.
        """
        return source.source if isinstance(source, FilledRows) else source

    def as_target(self, matrix: Any) -> Any:
        """Return the targets (n, n_outputs) that belong to a matrix, in units of X or standardised
        as the matrix is.
        """
        return matrix

    def reconstructions(self, matrix: Any, network: Network) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (rows, their reconstruction) in bounded memory, which the next rows use again."""
        for rows, raw in network.raw_chunks(self.rows(matrix, network.dtype)):
            network.loss.link(raw, raw)
            yield rows, raw if self.measure is None else self.measure.restored(raw)

    @abstractmethod
    def decode(self, outputs: np.ndarray, dtype: DTypeLike, like: Any = None) -> Any:
        """Return the X that linked outputs (n, n_outputs) mean, in the form of ``like``, or that of
        the first fit.

        ``dtype``: the precision of a matrix.
        """

    @abstractmethod
    def impute(self, X: Any, matrix: Any, network: Network) -> Any:
        """Return a copy of X, whose matrix is given, with its missing values replaced by their
        reconstructions.

        Overwrites: matrix, that of a table.
        """

    @abstractmethod
    def errors_by_column(self, errors: np.ndarray) -> np.ndarray:
        """Return the errors (n, n_features) of the columns of X from those of the outputs."""

    @abstractmethod
    def losses_by_column(self, loss: Loss) -> list[tuple[Loss, Any]]:
        """Return the loss of a network as a list of (loss, numbers of columns of X)."""

    @abstractmethod
    def gradient(self, of_matrix: np.ndarray, source: RowSource) -> np.ndarray:
        """Return the gradient (n, ..., n_features) with respect to X from that with respect to the
        rows that the network sees, ``source``.
        """


class MatrixCodec(InputCodec):
    """The codec of a matrix of numbers, dense or sparse, which is what the network sees, by a
    measure if some lie far from zero. The means take the place of missing values.
    """

    kinds = {
        "keeps_missing": FLAG,
        "measure": MEASURE,
        "means": Kind(
            f"{FLOATS.words} or None", lambda value: value is None or FLOATS.holds(value)
        ),
    }

    def __init__(self, keeps_missing):
        self.keeps_missing = keeps_missing
        self.measure = self.means = None

    def __setstate__(self, state):
        check_attributes("MatrixCodec", state, self.kinds)
        self.__dict__.update(state)

    def check(self, n_features):
        check_attributes("MatrixCodec", vars(self), self.kinds)
        n_means = 0 if self.means is None else len(self.means)
        wanted = n_features if self.keeps_missing else 0
        if n_means != wanted:
            raise refusal(
                "MatrixCodec", f"the number of means is {n_means}, but should be {wanted}"
            )
        if self.means is not None and not np.isfinite(self.means).all():
            raise refusal("MatrixCodec", "the means of its columns are not finite")

    def learn(self, X, weight, rows, measure, labels):
        """Learn from ``rows`` (None: all) of checked X, whose columns are called ``labels``, with
        ``weight`` (n,) or None.
        """
        self.measure = measure
        if self.keeps_missing:
            self.means = column_means(X, weight, rows, labels)

    @property
    def filling(self):
        return self.means

    @property
    def n_outputs(self):
        return len(self.means)

    def decode(self, outputs, dtype, like=None):
        restored = outputs if self.measure is None else self.measure.restored(outputs)
        return restored.astype(dtype, copy=False)

    def impute(self, X, matrix, network):
        return filled_like(X, matrix, self.reconstructions(matrix, network), network.dtype)

    def errors_by_column(self, errors):
        return errors

    def losses_by_column(self, loss):
        return by_column(loss, len(self.means))

    def gradient(self, of_matrix, source):
        if self.measure is None:
            return of_matrix
        return (of_matrix * (1.0 / self.measure.scale)).astype(of_matrix.dtype, copy=False)


def filled_like(X, matrix, reconstructions, dtype):
    """Return a copy of X, numbers in an array or a frame, with its reconstruction where ``matrix``,
    its values, has NaN.

    ``reconstructions``: pairs of rows and their reconstruction, computed in ``dtype``. Columns of a
    frame that miss nothing are left alone, and columns of floats keep their precision.
    """
    if not is_frame(X):
        return _filled(matrix.copy(), reconstructions, slice(None))
    columns = np.flatnonzero(
        np.any([np.isnan(part).any(axis=0) for part in row_parts(matrix)], axis=0)
    )
    values = matrix[:, columns].astype(np.promote_types(matrix.dtype, dtype), copy=False)
    filled = np.ascontiguousarray(_filled(values, reconstructions, columns).T)
    return filled_frame(X, dict(zip(columns.tolist(), map(Filled, filled), strict=True)))


def _filled(values, reconstructions, columns):
    """Return ``values`` (n, k) with the reconstructions of these columns where they are NaN.

    Overwrites: values.
    """
    for rows, reconstruction in reconstructions:
        part = values[rows]
        np.copyto(part, reconstruction[:, columns], where=np.isnan(part), casting="same_kind")
    return values
