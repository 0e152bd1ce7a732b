"""The hidden representation of rows: what an estimator gives as a transformer."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from .._data.inputs import MatrixLike
from .._fit.threads import predicted


class HiddenRepresentation(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """The methods of a transformer."""

    def transform(self, X: MatrixLike) -> np.ndarray:
        """Return the hidden representation of X, the output of the last hidden layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows with the features that ``fit`` saw.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_units)
            With ``skip_connections`` it is what the last hidden layer passes on, without hidden
            layers the input. After ``set_output(transform="pandas")`` it is a data frame.
        """
        X = self._check_X(X)
        return predicted(
            self._network.scores, self._input(X), stop=self._transform_stop, dtype=X.dtype
        )

    def fit_transform(self, X: MatrixLike, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit to X and y, then return what ``transform`` gives for X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.
        y : array-like, default=None
            As for ``fit``.
        **fit_params : dict
            Other arguments of ``fit``, such as ``sample_weight``.

        Returns
        -------
        Z : ndarray or data frame
            As ``transform`` returns it.
        """
        return super().fit_transform(X, y, **fit_params)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the columns that ``transform`` returns: the name of the class in
        lower case with a number, as ``autoencoder0`` and ``autoencoder1`` of an ``Autoencoder``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features; an error if they are not those that ``fit`` saw.

        Returns
        -------
        names : ndarray of shape (n_units,)
        """
        return super().get_feature_names_out(input_features)

    @property
    def _n_features_out(self):
        return self._network.widths[self._transform_stop]
