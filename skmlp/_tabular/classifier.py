"""The classifier for tables."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import column_or_1d

from .._classifier import MLPClassifier
from .._data.inputs import MatrixLike
from .._data.weights import balanced, checked_weight
from .._params.classifier import CLASSIFIER_CONSTRAINTS
from .._params.parameters import store_parameters
from .._saved.tabular import TABULAR_CLASSIFIER
from ..nn.losses import LogLoss
from .base import BaseTabularMLP
from .calibration import sharpness
from .parameters import TABULAR_CONSTRAINTS, tabular_documented
from .recipe import embedding, n_bins_for


@tabular_documented
class TabularMLPClassifier(ClassifierMixin, BaseTabularMLP):
    """Classifier for tables: an ensemble of networks with good default settings.

    It takes a data frame, or an array, as it is: numbers of any scale, categories of any kind,
    missing values in both. Its members are :class:`MLPClassifier` with settings that were chosen on
    many tables, after those of RealMLP (Holzmueller et al., 2024); each holds out another part of
    the rows and keeps the weights of its best epoch, which the scores of the epochs around it and
    of the other members help to find. Every second member, from the first on, has an embedding of
    the numeric columns (``numeric_embedding``). The scores of the members are calibrated on the
    rows that they hold out, and averaged.

    Parameters
    ----------
    {parameters}
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class, multiplied with ``sample_weight``; 'balanced' makes the weights
        inversely proportional to the class frequencies.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    sharpness_ : ndarray of shape (n_estimators,)
        Factors on the scores of the members that calibrate the probabilities: inverse temperatures.
    {attributes}

    See Also
    --------
    TabularMLPRegressor : The estimator for regression.
    MLPClassifier : One network, every part of which is a parameter.
    sklearn.ensemble.HistGradientBoostingClassifier : Boosted trees.

    References
    ----------
    {references}

    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML (2017).

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from skmlp import TabularMLPClassifier
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = TabularMLPClassifier(n_estimators=2, max_iter=20, random_state=0)
    >>> model.fit(X_train, y_train).score(X_test, y_test) > 0.9
    True
    """

    _parameter_constraints = {
        **TABULAR_CONSTRAINTS,
        "class_weight": CLASSIFIER_CONSTRAINTS["class_weight"],
    }
    _stores = TABULAR_CLASSIFIER
    _target_options = {"multi_output": True}

    def __init__(  # noqa: PLR0913
        self,
        n_estimators=8,
        *,
        hidden_layer_sizes=(128, 128, 128),
        max_iter="auto",
        learning_rate_init=0.04,
        batch_size="auto",
        dropout=0.15,
        categorical_features="from_dtype",
        member_params=None,
        time_limit=None,
        n_jobs=None,
        random_state=None,
        verbose=False,
        class_weight=None,
    ):
        store_parameters(self, locals())

    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the members on X and y.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A data frame of pandas or polars, or an array; missing values are allowed.
        y : array-like of shape (n_samples,)
            Labels of any kind.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight)

    def predict_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.
        """
        return self._probabilities(self._scores(X), "link")

    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the logarithm of ``predict_proba``.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
        """
        return self._probabilities(self._scores(X), "log_link")

    def decision_function(self, X: MatrixLike) -> np.ndarray:
        """Return the calibrated scores, the mean of the members' scores times ``sharpness_``, which
        are larger for more probable classes.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes one score, above 0 for ``classes_[1]``; else a column for each class.
        """
        scores = self._scores(X)
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the most probable label.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        scores = self._scores(X)
        if len(self.classes_) == 2:
            return self.classes_[(scores[:, 0] > 0.0).astype(int)]
        return self.classes_[scores.argmax(axis=1)]

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy, the share of the rows whose labels are predicted correctly.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        return super().score(X, y, checked_weight(X, sample_weight))

    def _make(self, number, n_samples, n_features, **settings):
        bins = n_bins_for(n_samples, n_features)
        return MLPClassifier(
            **settings,
            # members with and without an embedding differ more, and make fewer errors together
            numeric_embedding=None if number % 2 else embedding(n_features, bins),
            activation="selu",
            loss=LogLoss(label_smoothing=0.1),
            learning_rate_init=self.learning_rate_init,
        )

    def _check_target(self, y, weight):
        check_classification_targets(y)
        member = self.make_estimator()
        if not hasattr(member, "predict_proba"):
            raise ValueError(
                f"member_params has loss={member.loss!r}, which has no probabilities; "
                "TabularMLPClassifier needs a loss that has, such as 'log_loss'."
            )
        if y.ndim == 2 and y.shape[1] > 1:
            raise ValueError(
                "y has several columns; TabularMLPClassifier learns one label of each row. Take "
                "MLPClassifier for several labels, or sklearn.multioutput.MultiOutputClassifier."
            )
        y = column_or_1d(y, warn=True)
        self.classes_ = unique_labels(y)
        target = np.searchsorted(self.classes_, y)
        weight = balanced(self.class_weight, self.classes_, target, weight)
        return target, target, weight

    @property
    def _target_classes(self):
        return np.arange(len(self.classes_))

    def _scores(self, X):
        """Return the calibrated scores (n, n_classes), or (n, 1) for two classes."""
        matrix = self._check_X(X)
        return self._mean(lambda k: self._calibrated(k, matrix), len(matrix))

    def _calibrated(self, k, matrix):
        """Return the calibrated scores of a member."""
        scores = self._said(self.estimators_[k], matrix)
        scores *= self.sharpness_[k]
        return scores

    def _said(self, member, matrix):
        return member._raw(matrix)

    def _probabilities(self, scores, link):
        """Return what the link of the members' loss makes of scores."""
        member = self.estimators_[0]
        return member._linked(scores, getattr(member._network.loss, link))

    def _summarise(self, held_out):
        for member in self.estimators_:  # which learned the numbers of the classes
            member.classes_ = self.classes_
        self.sharpness_ = np.ones(len(self.estimators_))
        if held_out:
            self.sharpness_ = sharpness([(said, *given[1:]) for given, said in held_out])
