"""The regressor for tables."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from .._data.inputs import MatrixLike
from .._data.targets import one_column
from .._data.weights import checked_weight
from .._inspect.r2 import r2
from .._params.parameters import store_parameters
from .._params.units import regression_loss
from .._regressor import MLPRegressor
from .._saved.tabular import TABULAR_REGRESSOR
from .base import BaseTabularMLP
from .intervals import error_quantiles, kept
from .parameters import TABULAR_CONSTRAINTS, tabular_documented
from .recipe import embedding


@tabular_documented
class TabularMLPRegressor(RegressorMixin, BaseTabularMLP):
    """Regressor for tables: an ensemble of networks with good default settings.

    It takes a data frame, or an array, as it is: numbers of any scale, categories of any kind,
    missing values in both; y needs no scaling. Its members are :class:`MLPRegressor` with settings
    that were chosen on many tables, after those of RealMLP (Holzmueller et al., 2024); each holds
    out another part of the rows and keeps the weights of its best epoch, which the scores of the
    epochs around it and of the other members help to find. Their predictions are averaged. No
    prediction is outside of the range of the training y.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    TabularMLPClassifier : The estimator for classification.
    MLPRegressor : One network, every part of which is a parameter.
    sklearn.ensemble.HistGradientBoostingRegressor : Boosted trees.

    References
    ----------
    {references}

    Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-free predictive inference for
    regression", JASA 113 (2018).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from skmlp import TabularMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
    >>> model = TabularMLPRegressor(n_estimators=2, max_iter=20, random_state=0)
    >>> model.fit(X_train, y_train).score(X_test, y_test) > 0.3
    True
    >>> model.predict(X_test, quantiles=(0.05, 0.95)).shape
    (111, 2)
    """

    _parameter_constraints = TABULAR_CONSTRAINTS
    _stores = TABULAR_REGRESSOR
    _target_options = {"multi_output": True, "y_numeric": True}

    def __init__(  # noqa: PLR0913
        self,
        n_estimators=8,
        *,
        hidden_layer_sizes=(128, 128, 128),
        max_iter="auto",
        learning_rate_init=0.1,
        batch_size="auto",
        dropout=0.15,
        categorical_features="from_dtype",
        member_params=None,
        time_limit=None,
        n_jobs=None,
        random_state=None,
        verbose=False,
    ):
        store_parameters(self, locals())

    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the members on X and y.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A data frame of pandas or polars, or an array; missing values are allowed.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers to predict.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight)

    def predict(self, X: MatrixLike, quantiles: float | ArrayLike | None = None) -> np.ndarray:
        """Return the predicted numbers, or quantiles of what y may be.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        quantiles : float or array-like of float in (0, 1), default=None
            Levels of the quantiles to return instead of the prediction. Two of them are a
            prediction interval: with (0.05, 0.95) nine of ten values of y lie between the two
            numbers, on average over rows like those trained on. A quantile is the prediction plus a
            quantile of the errors that members make on their held-out rows with similar
            predictions, in which a row counts as much as its weight. The mean of several members
            has smaller errors than one member, so intervals tend to be too wide. Only for one
            output.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            With a single float as ``quantiles`` of shape (n_samples,), with several levels of shape
            (n_samples, n_levels).
        """
        matrix = self._check_X(X)
        y = self._mean(lambda k: self._said(self.estimators_[k], matrix), len(matrix))
        if quantiles is None:
            return y
        levels = self._checked_levels(quantiles)
        said, errors = self._held_out_predictions, self._held_out_errors
        weight = getattr(self, "_held_out_weights", np.ones_like(errors))
        errors = error_quantiles(said, errors, weight, levels, y)
        out = y[:, None] + np.sort(errors, axis=1)[:, np.argsort(np.argsort(levels))]
        return out if np.ndim(quantiles) else out[:, 0]

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return R², the share of the variance of y that the predictions explain, averaged over
        several outputs.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        predictions = self.predict(X)
        return r2(y, predictions, checked_weight(predictions, sample_weight))

    def _make(self, number, n_samples, n_features, **settings):
        return MLPRegressor(
            **settings,
            numeric_embedding=embedding(n_features),
            activation="mish",
            learning_rate_init=self.learning_rate_init,
        )

    def _check_target(self, y, weight):
        member = self.make_estimator()
        member._validate_params()
        levels = regression_loss(member).taus
        if levels is not None and len(levels) > 1:
            raise ValueError(
                f"member_params has loss={member.loss!r}, which predicts several quantiles; "
                "TabularMLPRegressor averages predictions of one number for each output. Leave the "
                "loss out, and take the quantiles from predict(X, quantiles=(0.05, 0.95))."
            )
        y = one_column(y)
        y = y.astype(np.float64, copy=False)
        counted = y if weight is None else y[weight > 0.0]
        self._range = np.stack([counted.min(axis=0), counted.max(axis=0)])
        return y, None, weight

    def _said(self, member, matrix):
        y = member._predictions(member._raw(matrix).astype(np.float64))
        return np.clip(y, *self._range, out=y)

    def _summarise(self, held_out):
        said, errors, weight = (np.empty(0) for _ in range(3))
        if held_out and self._range.ndim == 1:
            said = np.concatenate([said for _, said in held_out])
            errors = np.concatenate([target for (_, target, _), _ in held_out]) - said
            weight = np.concatenate([weight for (_, _, weight), _ in held_out])
            said, errors, weight = kept(said, errors, weight, np.random.default_rng(0))
        self._held_out_predictions, self._held_out_errors = said, errors
        self._held_out_weights = weight

    def _checked_levels(self, quantiles):
        """Return the levels as an array, or raise ``ValueError``."""
        levels = np.atleast_1d(np.asarray(quantiles, dtype=float))
        if levels.ndim != 1 or not ((levels > 0.0) & (levels < 1.0)).all() or not len(levels):
            raise ValueError(
                f"quantiles must be a number between 0 and 1, or several, got {quantiles!r}."
            )
        if not len(self._held_out_errors):
            n_outputs = 1 if self._range.ndim == 1 else self._range.shape[1]
            raise ValueError(
                "There are quantiles only of one output, and if there were enough rows to hold "
                f"some out; the fit had n_outputs={n_outputs}."
            )
        return levels

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
