"""Outlier detection by reconstruction error.

The one decision: a detector is built around an autoencoder instead of being one, since
``Autoencoder.predict`` gives reconstructions where a detector's gives 1 and -1; so any pipeline
that ends in an autoencoder becomes a detector, and there is no second list of parameters.
"""

from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ._autoencoder import Autoencoder
from ._data.columns import not_numbers
from ._data.frames import is_frame
from ._data.inputs import Seed, check_no_times, check_shape, table_of
from ._data.sources import TooLargeError
from ._fit.transaction import all_or_nothing
from ._meta import apart, default_autoencoder, divided, fitted_copy, last_step, takes_missing
from ._params.parameters import ExplainedParameters
from ._saved.around import DETECTOR
from ._saved.stored import CheckedState
from ._sklearn import HasMethods, Interval, StrOptions, safe_indexing
from ._warn import warn_user
from .nn.layers import GaussianCorruption
from .nn.losses.base import quantile

_SPREADS = 2.0  # standard deviations above the median
_ROUNDING = 32.0  # units of rounding, some times what scores were seen to differ by


class OutlierAutoencoder(ExplainedParameters, CheckedState, OutlierMixin, BaseEstimator):
    """Outlier detector: rows that an autoencoder does not reconstruct well are outliers.

    An autoencoder learns what the training rows have in common and reconstructs unlike rows
    (anomalies) badly. This estimator gives its reconstruction error the interface of scikit-learn's
    outlier and novelty detectors.

    Parameters
    ----------
    estimator : estimator with fit and score_samples, or None, default=None
        An autoencoder, a pipeline that ends in one, or any other estimator whose ``score_samples``
        is larger for more normal rows. A copy of it is fitted. A grid search sets its parameters by
        names such as ``estimator__n_components``.

        None stands for ``StandardScaler`` and a denoising autoencoder with one hidden layer of tanh
        units, twice as many as X has columns, but from 128 to 512, a code of half the width of that
        layer, and ``GaussianCorruption(1.5)``. It is trained with a one-cycle learning rate, whose
        peak is 0.005, on batches of 64 rows for 100 epochs, above 2000 rows for ``max(20, 200000 /
        n_samples)`` epochs. The noise, larger than the spread of the columns, prevents such a wide
        network from copying its input. Equal rows are merged into one whose weight is their sum, so
        that a row of weight 2 counts exactly as two equal rows. For a table with categories the
        autoencoder has ``categorical_features='from_dtype'``, which standardises numbers, and there
        is no ``StandardScaler``.
    contamination : 'auto' or float in (0, 0.5], default='auto'
        How the threshold ``offset_`` is set. A float is the share of the training rows, by weight,
        that are outliers.

        With 'auto' a row is an outlier if the cube root of its error is more than two standard
        deviations above the median of the cube roots of the training rows. The standard deviation
        is estimated as 1.4826 times the median distance from that median, so that up to a tenth of
        outliers among the training rows change it little. If the residuals are normally
        distributed, the cube roots nearly are too (Wilson and Hilferty, 1931), and about 2 % of the
        normal rows are called outliers.

        Rows that were not trained on have larger errors, much larger ones if the training rows are
        few and the columns many. In that case put a PCA in front of the autoencoder, or set the
        threshold with held-out rows: ``detector.offset_ =
        np.quantile(detector.score_samples(X_held_out), 0.02)``.
    random_state : int, RandomState instance or None, default=None
        Sets each ``random_state`` among the parameters of the copy of ``estimator``. None leaves
        them as they are.

    Attributes
    ----------
    estimator_ : object
        The fitted copy of ``estimator``.
    offset_ : float
        The threshold: rows whose ``score_samples`` is below it are outliers. It lies a few rounding
        errors below the score that sets it, so that no row is an outlier by rounding.
    n_features_in_ : int
        Number of features seen during ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if all of them are strings.

    See Also
    --------
    Autoencoder : Its ``score_samples`` and ``feature_errors``, without a detector's interface.
    sklearn.ensemble.IsolationForest : Outliers are what is easily separated.
    sklearn.neighbors.LocalOutlierFactor : Outliers lie where the density is low.

    References
    ----------
    Hawkins, He, Williams and Baxter, "Outlier detection using replicator
    neural networks", DaWaK (2002).

    Wilson and Hilferty, "The distribution of chi-square", Proceedings of the National Academy of
    Sciences 17 (1931).

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skmlp import OutlierAutoencoder
    >>> X, y = load_wine(return_X_y=True)
    >>> detector = OutlierAutoencoder(random_state=0).fit(X[y == 1])
    >>> outlier = X[y == 1][:1].copy()
    >>> outlier[0, 4] = 300.0  # so much magnesium is not in any wine
    >>> detector.predict(outlier)
    array([-1])
    >>> int(detector.feature_errors(outlier).argmax())
    4
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "score_samples"]), None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "random_state": ["random_state"],
    }

    _stores = DETECTOR

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        contamination: float | str = "auto",
        random_state: Seed = None,
    ) -> None:
        self.estimator = estimator
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Train a copy of ``estimator`` on X, and set ``offset_`` by the errors that it makes
        there.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on, most of them normal. X must be what ``estimator`` takes; if it is
            None, a data frame or a dense array, in which NaN is a missing value that adds no error.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, for all steps of a pipeline that take weights; rows of weight zero
            are left out.

        Returns
        -------
        self : object
        """
        with all_or_nothing(self):
            self._validate_params()
            self.estimator_, X, weight = fitted_copy(
                self, X, sample_weight, self._checked, _default
            )
            scores = self.score_samples(X)
            if weight is not None:
                scores, weight = scores[weight > 0], weight[weight > 0]
            self._warn_of_few(len(scores))
            self.offset_ = self._offset(scores.astype(np.float64, copy=False), weight)
            self.offset_ -= self._rounding(scores.dtype) * abs(self.offset_)
        return self

    def score_samples(self, X: ArrayLike) -> np.ndarray:
        """Return how normal each row is: for an autoencoder, minus its reconstruction error.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            The larger, the more normal; -inf where values are so large that the error is not a
            finite number.
        """
        check_is_fitted(self, "estimator_")
        check_shape(self, X)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self._scores(X)
        return np.where(np.isnan(scores), scores.dtype.type(-np.inf), scores)

    def _scores(self, X):
        """Return the scores that the copy gives, -inf for rows too large for its precision."""
        try:
            return np.asarray(self.estimator_.score_samples(apart(X, self.estimator_)))
        except TooLargeError:
            n = X.shape[0] if hasattr(X, "shape") else len(X)
            if n == 1:
                single = getattr(X, "dtype", None) == np.float32
                return np.array([-np.inf], np.float32 if single else np.float64)
            parts = np.array_split(np.arange(n), 2)
            return np.concatenate([self._scores(safe_indexing(X, part)) for part in parts])

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Return how normal each row is, compared with the threshold: negative for outliers, else
        0 or positive.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``.
        """
        scores = self.score_samples(X)
        return (scores.astype(np.float64, copy=False) - self.offset_).astype(
            scores.dtype, copy=False
        )

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return which rows are outliers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        label : ndarray of shape (n_samples,)
            -1 for outliers, 1 for the others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def fit_predict(self, X: ArrayLike, y: object = None, **fit_params: Any) -> np.ndarray:
        """Fit to X, then return which of its rows are outliers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            As for ``fit``.
        y : None
            Ignored.
        **fit_params : dict
            Other arguments of ``fit``, such as ``sample_weight``.

        Returns
        -------
        label : ndarray of shape (n_samples,)
            -1 for outliers, 1 for the others.
        """
        return super().fit_predict(X, y, **fit_params)

    def feature_errors(self, X: ArrayLike) -> np.ndarray:
        """Return the reconstruction error of each value: which columns make a row an outlier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            The autoencoder's errors (:meth:`Autoencoder.feature_errors`), for the columns of X. If
            a step of a pipeline makes several columns of one, as ``OneHotEncoder`` does, their
            errors are added; a column that a step drops has the error 0. The names that
            ``get_feature_names_out`` of the steps gives say which columns belong together.
        """
        check_is_fitted(self, "estimator_")
        before, last = divided(self.estimator_)
        if not before:
            return last.feature_errors(X)
        given = list(
            getattr(self, "feature_names_in_", [f"x{i}" for i in range(self.n_features_in_)])
        )
        X, made = apart(X, self.estimator_), given
        for steps in before:
            X, made = steps.transform(X), steps.get_feature_names_out(made)
        errors, origin = last.feature_errors(X), _origins(given, made)
        summed = np.zeros((len(errors), len(given)), errors.dtype)
        np.add.at(summed.T, origin, errors.T)
        return summed

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.estimator is None:
            tags.input_tags.allow_nan = True
        else:
            tags.input_tags = get_tags(self.estimator).input_tags
            tags.input_tags.allow_nan = takes_missing(self.estimator)
        return tags

    def _checked(self, X):
        """Return X checked for the default estimator, a frame if its columns have names."""
        X = table_of(X, self)
        if _has_categories(X):
            validate_data(self, X, skip_check_array=True)
            return X
        check_no_times(X)
        X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
        if hasattr(self, "feature_names_in_"):
            X = pd.DataFrame(X, columns=self.feature_names_in_)
        return X

    def _warn_of_few(self, n_rows):
        """Warn if an autoencoder was trained on no more rows than it has columns."""
        last = last_step(self.estimator_)
        if isinstance(last, Autoencoder) and n_rows <= last.n_features_in_:
            warn_user(
                f"The autoencoder was trained on {n_rows} rows of {last.n_features_in_} columns. "
                "It may overfit so few rows that every new "
                "one, however normal, is an outlier. Take more rows, or fewer columns, as with "
                "estimator=make_pipeline(StandardScaler(), "
                "PCA(5), Autoencoder(2)), or set offset_ to a low quantile of score_samples of "
                "rows not trained on.",
            )

    def _rounding(self, dtype):
        """Return by what share of itself a score, in ``dtype``, may differ with the rows that it is
        computed together with; of an autoencoder also in a graph, which has float32.
        """
        is_network = isinstance(last_step(self.estimator_), Autoencoder)
        return _ROUNDING * float(np.finfo(np.float32 if is_network else dtype).eps)

    def _offset(self, scores, weight):
        """Return the bound below which training scores are those of outliers."""
        if self.contamination != "auto":
            offset = float(quantile(scores[:, None], weight, self.contamination)[0])
        else:
            roots = np.cbrt(-scores)[:, None]
            middle = quantile(roots, weight, 0.5)
            spread = (
                1.4826 * quantile(np.abs(roots - middle), weight, 0.5)
                if np.isfinite(middle)
                else np.inf
            )
            offset = float(-((middle + _SPREADS * spread) ** 3)[0])
        if not np.isfinite(offset):
            raise ValueError(
                f"The scores of {np.count_nonzero(~np.isfinite(scores))} of {len(scores)} "
                "training rows are not finite, too many to tell "
                "outliers from the others: values are too large. Scale the columns."
            )
        return offset


def _has_categories(X):
    """Return whether a frame or an array has columns of categories."""
    return (is_frame(X) or X.dtype.kind in "OUS") and bool(not_numbers(X))


def _default(X):
    """Return the estimator that None stands for."""
    has_categories = _has_categories(X)
    autoencoder = default_autoencoder(
        X,
        100,
        activation="tanh",
        corruption=GaussianCorruption(1.5),
        categorical_features="from_dtype" if has_categories else None,
    )
    return autoencoder if has_categories else make_pipeline(StandardScaler(), autoencoder)


def _origins(given, made):
    """Return for each name of a made column the number of the given column that it comes from.

    scikit-learn's names are that of the given column, with "transformer__" in front by a
    ``ColumnTransformer`` and "_category" behind by an encoder.
    """
    numbers = []
    for name in map(str, made):
        bare = name if name in given else name.rsplit("__", 1)[-1]
        origins = [k for k, column in enumerate(given) if bare == column]
        origins = origins or [k for k, column in enumerate(given) if bare.startswith(f"{column}_")]
        if len(origins) != 1:
            raise ValueError(
                f"feature_errors cannot tell which of the given columns {name!r} comes from, "
                "which the steps before the autoencoder made; for the errors of what they made "
                "call feature_errors of the autoencoder on it, as estimator_[-1].feature_errors("
                "estimator_[:-1].transform(X)) does where no pipeline is in another."
            )
        numbers += origins
    return numbers
