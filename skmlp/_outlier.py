"""Outlier detection by reconstruction error.

The one decision: a detector is built around an autoencoder instead of being one, since ``Autoencoder.predict`` gives reconstructions where
a detector's gives 1 and -1; so any pipeline that ends in an autoencoder becomes a detector, and there is no second list of parameters.
"""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from ._autoencoder import Autoencoder
from ._sklearn import HasMethods, Interval, StrOptions, check_sample_weight
from .nn.loss import quantile

_SPREADS = 3.0  # standard deviations above the median, as far as the middle half of the rows tells them


class OutlierAutoencoder(OutlierMixin, BaseEstimator):
    """Outlier detector: rows that an autoencoder does not give back well are outliers.

    An autoencoder learns what the rows have in common, and fails on what is unlike them. This estimator turns its reconstruction error into
    scikit-learn's interface of outlier detectors.

    Parameters
    ----------
    estimator : Autoencoder, Pipeline or None, default=None
        An autoencoder, or a pipeline that ends in one: whatever has ``fit`` and ``score_samples``, the larger the more normal. A copy of it
        is fitted. None stands for ``make_pipeline(StandardScaler(), Autoencoder(...))``: DEFAULT
    contamination : 'auto' or float in (0, 0.5], default='auto'
        Where ``offset_`` lies. A float: the share of the training rows, by weight, that are outliers. 'auto': a row is an outlier if the
        cube root of its error lies above its median over the training rows by more than three standard deviations, estimated as 1.4826
        times the median distance from that median. Cube roots of errors are nearly normal if residuals are (Wilson and Hilferty, 1931); so
        about one normal row in a thousand is an outlier, and a third of other rows in training hardly moves the bound.
    random_state : int, RandomState instance or None, default=None
        Sets each ``random_state`` among the parameters of the copy of ``estimator``. None leaves them as they are.

    Attributes
    ----------
    estimator_ : object
        The fitted copy of ``estimator``.
    offset_ : float
        ``decision_function`` is ``score_samples`` minus this.
    n_features_in_ : int
        Number of features seen during ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where all are strings.

    See Also
    --------
    Autoencoder : Its ``score_samples`` and ``feature_errors`` without the interface of a detector.
    sklearn.ensemble.IsolationForest : Outliers are what is easily separated.
    sklearn.neighbors.LocalOutlierFactor : Outliers lie where the density is lower than at their neighbours.

    References
    ----------
    Hawkins, He, Williams and Baxter, "Outlier detection using replicator neural networks", DaWaK (2002).

    Wilson and Hilferty, "The distribution of chi-square", Proceedings of the National Academy of Sciences 17 (1931).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_wine
    >>> from skmlp import OutlierAutoencoder
    >>> X, y = load_wine(return_X_y=True)
    >>> detector = OutlierAutoencoder(random_state=0).fit(X[y == 1])
    >>> odd = X[y == 1][:1].copy()
    >>> odd[0, 4] = 300.0  # so much magnesium is not in any wine
    >>> detector.predict(odd)
    array([-1])
    >>> int(detector.feature_errors(odd).argmax())
    4
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "score_samples"]), None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, contamination="auto", random_state=None):
        self.estimator = estimator
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X, y=None, sample_weight=None):
        """Train a copy of ``estimator`` on X, and set ``offset_`` by the errors that it makes there.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on, most of them normal.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, for all steps of a pipeline that take weights; rows of weight zero are left out.

        Returns
        -------
        self : object
        """
        self._validate_params()
        validate_data(self, X, skip_check_array=True)
        estimator = _default() if self.estimator is None else clone(self.estimator)
        if self.random_state is not None:
            _seed(estimator, check_random_state(self.random_state))
        weight = None if sample_weight is None else check_sample_weight(sample_weight, X, ensure_non_negative=True)
        estimator.fit(X, **({} if weight is None else _weights_for(estimator, weight)))
        self.estimator_ = estimator
        self.offset_ = self._offset(self.score_samples(X), weight)
        return self

    def score_samples(self, X):
        """Return how normal each row is, for an autoencoder minus its reconstruction error.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            The larger, the more normal.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.score_samples(X), dtype=np.float64)

    def decision_function(self, X):
        """Return how far above the bound of outliers each row is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``; below 0 for outliers.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
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

    def feature_errors(self, X):
        """Return the reconstruction error of each value: which columns make a row odd.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            The autoencoder's errors (:meth:`Autoencoder.feature_errors`), for the columns of X. Where steps of a pipeline make several
            columns of one, such as ``OneHotEncoder``, it is their sum, and 0 where they drop one; which is which is told by
            ``get_feature_names_out`` of the steps.
        """
        check_is_fitted(self)
        if not isinstance(self.estimator_, Pipeline):
            return self.estimator_.feature_errors(X)
        before = self.estimator_[:-1]
        errors = self.estimator_[-1].feature_errors(before.transform(X) if len(before) else X)
        if not len(before):
            return errors
        given = list(getattr(self, "feature_names_in_", [f"x{i}" for i in range(self.n_features_in_)]))
        origin = _origins(given, before.get_feature_names_out(given))
        summed = np.zeros((len(errors), len(given)), errors.dtype)
        np.add.at(summed, (slice(None), origin), errors)
        return summed

    def _offset(self, scores, weight):
        """Return the bound below which training scores are those of outliers."""
        if weight is not None:
            scores, weight = scores[weight > 0], weight[weight > 0]
        if self.contamination != "auto":
            return float(quantile(scores[:, None], weight, self.contamination)[0])
        roots = np.cbrt(-scores)[:, None]
        middle = quantile(roots, weight, 0.5)
        spread = 1.4826 * quantile(np.abs(roots - middle), weight, 0.5)
        return float(-((middle + _SPREADS * spread) ** 3)[0])


def _default():
    """Return the estimator that None stands for."""
    return make_pipeline(StandardScaler(), Autoencoder())


def _seed(estimator, rng):
    """Set each random_state among the parameters of an estimator. Overwrites: estimator."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    estimator.set_params(**{name: int(rng.randint(2**31 - 1)) for name in sorted(names)})


def _weights_for(estimator, weight):
    """Return the arguments of ``fit`` that give the weights to all that take them."""
    if not isinstance(estimator, Pipeline):
        return {"sample_weight": weight}
    return {f"{name}__sample_weight": weight for name, step in estimator.steps if has_fit_parameter(step, "sample_weight")}


def _origins(given, made):
    """Return for each name of a made column the number of the given column that it comes from.

    scikit-learn's names are that of the given column, with "transformer__" in front by a ``ColumnTransformer`` and "_category" behind by an
    encoder.
    """
    numbers = []
    for name in map(str, made):
        bare = name if name in given else name.rsplit("__", 1)[-1]
        origins = [k for k, column in enumerate(given) if bare == column]
        origins = origins or [k for k, column in enumerate(given) if bare.startswith(f"{column}_")]
        if len(origins) != 1:
            raise ValueError(
                f"feature_errors cannot tell which of the given columns {name!r} comes from, a column that the steps before the autoencoder "
                "made; for errors of the made columns call estimator_[-1].feature_errors(estimator_[:-1].transform(X))."
            )
        numbers += origins
    return numbers
