"""What an autoencoder reconstructs, and the errors that it makes."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array, check_is_fitted

from .._data.inputs import MatrixLike
from .._data.sources import refuse_sparse
from .._data.weights import checked_weight
from .._fit.threads import limited_prediction, predicted
from ..nn.engine.sources import DenseRows, FilledRows
from ..nn.losses.masked import masked


class Reconstruction:
    """The methods of a fitted autoencoder that ask for reconstructions and their errors."""

    def inverse_transform(self, Z: ArrayLike) -> np.ndarray | pd.DataFrame:
        """Return the reconstructions of codes.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)
            Codes, one for each row.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            With ``categorical_features`` a table as for ``predict``, a frame if the first fit had
            one.
        """
        check_is_fitted(self)
        codes = check_array(Z, dtype=[np.float64, np.float32], order="C", input_name="Z")
        if codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"Z has {codes.shape[1]} columns, but the code has {self._n_features_out}."
            )
        return self._reconstruction(
            DenseRows(codes.astype(self._network.dtype, copy=False)),
            codes.dtype,
            start=self._transform_stop,
        )

    def predict(self, X: MatrixLike) -> np.ndarray | pd.DataFrame:
        """Return the reconstruction of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense, because the reconstruction is dense. NaN is a missing value.

        Returns
        -------
        X_reconstructed : ndarray of shape (n_samples, n_features)
            Probabilities in columns whose loss is a cross-entropy. With ``categorical_features`` it
            is a table of the same form as X: a frame of pandas or polars, or an array. Numbers are
            in their own units. A categorical column has the most probable category of those that
            the first fit saw, never a missing value. It keeps its dtype in X if that holds all
            these categories; otherwise it has the dtype of the first fit (in polars, the dtype that
            the categories themselves have).
        """
        valid = self._check_X(X)
        refuse_sparse(valid, "predict", "a dense reconstruction")
        return self._reconstruction(self._input(valid), valid.dtype, X)

    def impute(self, X: MatrixLike) -> np.ndarray | pd.DataFrame:
        """Return X with its missing values replaced by their reconstructions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense; NaN (in a frame also null) is a missing value.

        Returns
        -------
        X_imputed : ndarray or frame of shape (n_samples, n_features)
            A copy in which all other values are as they were. It is float32 or float64 as X is,
            else float64; for a frame of pandas or polars it is a frame, whose columns without
            missing values stay as they are. In columns whose loss is a cross-entropy, probabilities
            are filled in. With ``categorical_features`` a missing category is replaced by the most
            probable one, in a column of the dtype that ``predict`` gives it. In the input it counts
            as an unseen category, so that it is predicted from the other columns.
        """
        valid = self._check_X(X)
        refuse_sparse(valid, "impute", "a dense reconstruction")
        with limited_prediction(self._network, len(valid)):
            return self._codec.impute(X, valid, self._network)

    def score_samples(self, X: MatrixLike) -> np.ndarray:
        """Return minus the reconstruction error of each row, which is larger for more normal rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Minus ``loss``, summed over the features that are not missing. With
            ``categorical_features`` the loss is that of the standardised numbers.
        """
        X = self._check_X(X)
        return -self._losses(self._network.losses, self._input(X), X.dtype)

    def feature_errors(self, X: MatrixLike) -> np.ndarray:
        """Return the reconstruction error of each value: which features make a row an outlier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense, because the result is dense.

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            ``loss`` of each value, 0 for a missing one; the sum of a row is minus its
            ``score_samples``. The columns of a block under 'log_loss' have one loss together, which
            is divided among them in proportion to their values: in a one-hot block all of it
            belongs to the column that is one. A table has one error for each column of X.
        """
        X = self._check_X(X)
        refuse_sparse(X, "feature_errors", "dense errors")
        errors = self._losses(self._network.entry_losses, self._input(X), X.dtype)
        return self._codec.errors_by_column(errors)

    def score(
        self, X: MatrixLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return minus the mean reconstruction error.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        self._fitted()
        weight = checked_weight(X, sample_weight)
        return float(np.average(self.score_samples(X), weights=weight))

    @property
    def loss_by_column_(self) -> list[tuple[Any, Any]]:
        return self._fitted()._codec.losses_by_column(self._network.loss)

    @property
    def mean_(self) -> np.ndarray | None:
        return self._fitted()._codec.means

    def _reconstruction(self, source, dtype, like=None, start=0):
        """Return what the outputs stand for, in this precision, of a table a table in the form
        of ``like``.
        """
        outputs = predicted(self._network.scores, source, start, dtype=np.float64)
        self._network.loss.link(outputs, outputs)
        return self._codec.decode(outputs, dtype, like)

    def _losses(self, of_source, source, dtype):
        """Return the losses that a method of the network computes of a source, missing values left
        out, in this precision and units of X.
        """
        network = self._network
        objective = masked(network.loss) if isinstance(source, FilledRows) else network.loss
        return self._in_units(
            predicted(of_source, source, self._codec.targets(source), objective, dtype)
        )

    def _in_units(self, losses):
        """Return losses in units of X."""
        return (
            losses
            if self._target_measure is None
            else losses * self._network.loss.in_units(self._target_measure)[0]
        )
