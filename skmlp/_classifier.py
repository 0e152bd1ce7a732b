"""The classifier: labels to targets, raw scores to labels and probabilities."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import unique_labels

from ._base import BaseMLP, takes_minibatches
from ._data.inputs import MatrixLike, Seed, checked
from ._data.labels import (
    accuracy,
    check_classes,
    check_labels,
    has_probabilities,
    with_missing,
    without_missing,
)
from ._data.weights import balanced, check_not_balanced, checked_weight
from ._fit.data import Given
from ._fit.threads import predicted
from ._inspect.importances import ImportancesOfScores
from ._inspect.input_gradient import gradient_of_classes, gradient_of_labels
from ._inspect.samples import raw_samples
from ._params.classifier import CLASSIFIER_CONSTRAINTS, CLASSIFIER_DOCS
from ._params.docs import documented, fit_documented
from ._params.parameters import store_parameters
from ._params.units import classification_loss
from ._saved.networks import CLASSIFIER
from ._sklearn import available_if


@documented
class MLPClassifier(ClassifierMixin, ImportancesOfScores, BaseMLP):
    """Multi-layer perceptron for classification: binary, multiclass or multilabel.

    {objective}
    Changing the import from scikit-learn's class of the same name is enough to use it.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; for multilabel targets the column numbers.
    {attributes}

    See Also
    --------
    MLPRegressor : The network for regression.
    TabularMLPClassifier : An ensemble of these networks for tables, with good default settings.
    Autoencoder : A network that learns from X alone.
    sklearn.neural_network.MLPClassifier : The class whose parameters these extend.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by
    back-propagating errors", Nature 323 (1986).

    Kingma and Ba, "Adam: a method for stochastic optimization" (2015).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skmlp import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
    >>> setting = {"learning_rate": "one_cycle", "learning_rate_init": 0.01, "max_iter": 30}
    >>> model = MLPClassifier(dropout=0.2, random_state=0, **setting)
    >>> model.fit(X_train, y_train).score(X_test, y_test) > 0.95
    True
    """

    _parameter_constraints = CLASSIFIER_CONSTRAINTS
    _parameter_docs = CLASSIFIER_DOCS
    _stores = CLASSIFIER

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        loss="log_loss",
        class_weight=None,
        weight_init="auto",
        dropout=0.0,
        input_dropout=0.0,
        batch_norm=False,
        clip_norm=None,
        clip_value=None,
        validation_cv=None,
        scoring=None,
        dtype="auto",
        augmentation=None,
        l1_ratio=0.0,
        max_norm=None,
        diagnostics=False,
        skip_connections=None,
        auxiliary_loss_weight=0.0,
        init_from=None,
        categorical_features=None,
        embedding_dim=None,
        numeric_scaling="standard",
        min_frequency=1,
        input_scale=False,
        learning_rate_scaling=None,
        numeric_embedding=None,
        data_init=False,
    ):
        store_parameters(self, locals())

    @fit_documented
    def fit(
        self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        X_val: MatrixLike | None = None,
        y_val: MatrixLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on X and y.

        Parameters
        ----------
        {X}
        {labels}
        {sample_weight}
        {validation}

        Returns
        -------
        self : object
        """
        return self._fit(Given(X, y, sample_weight, X_val, y_val, sample_weight_val, groups))

    @available_if(takes_minibatches)
    @fit_documented
    def partial_fit(
        self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on X and y, continuing from where the last call ended.

        Parameters
        ----------
        {X}
        {labels}
        {sample_weight}
        classes : array-like of shape (n_classes,), default=None
            All labels there will ever be; required in the first call.

        Returns
        -------
        self : object
        """
        if classes is None and not self.__sklearn_is_fitted__():
            raise ValueError("classes must be passed on the first call to partial_fit.")
        check_not_balanced(self.class_weight)
        return self._fit(Given(X, y, sample_weight, classes=classes, incremental=True))

    def decision_function(self, X: MatrixLike) -> np.ndarray:
        """Return the raw scores, which are larger for more probable classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes one score, above 0 for ``classes_[1]``; else a column for each class or
            label.
        """
        raw = self._raw(self._check_X(X))
        return raw[:, 0] if len(self.classes_) == 2 and not self._multilabel else raw

    def predict(self, X: MatrixLike) -> np.ndarray | sparse.csr_matrix:
        """Return the labels with the largest scores; for two classes, and each label of several,
        that is a score above 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Sparse if the training labels were sparse.
        """
        said = self._decisions(self._check_X(X))
        if not self._multilabel:
            return self.classes_[said]
        return sparse.csr_matrix(said).astype(int) if self._sparse_labels else said.astype(int)

    @available_if(has_probabilities)
    def predict_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the probability of each class. Only where ``loss`` has probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``; for multilabel targets the probability of each
            label.
        """
        return self._linked(self._raw(self._check_X(X)), self._network.loss.link)

    @available_if(has_probabilities)
    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the logarithm of the probability of each class, computed from the scores, so that
        it is finite. Only where ``loss`` has probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
        """
        return self._linked(self._raw(self._check_X(X)), self._network.loss.log_link)

    @available_if(has_probabilities)
    def sample_predictions(
        self, X: MatrixLike, n_samples: int = 100, random_state: Seed = None
    ) -> np.ndarray:
        """Return probabilities with the dropout of training left on, whose spread shows how
        uncertain the network is (Monte Carlo dropout: epistemic uncertainty).

        Each sample draws its own dropout masks for each row; all else is as in ``predict_proba``.
        Only where ``loss`` has probabilities. Gal and Ghahramani, "Dropout as a Bayesian
        approximation" (2016).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
        n_samples : int, default=100
            Number of samples.
        random_state : int, RandomState instance or None, default=None
            Seed of the masks.

        Returns
        -------
        p : ndarray of shape (n_samples, n_rows, n_classes)
            Each ``p[k]`` has the shape of what ``predict_proba`` returns; ``p.mean(axis=0)`` and
            ``p.std(axis=0)`` are the mean and the spread.

        Raises
        ------
        ValueError
            If there is no dropout, or batch normalisation is by the predicted batch.
        """
        X = self._check_X(X)
        raw = raw_samples(self, X, n_samples, random_state, X.dtype)
        return self._linked(raw, self._network.loss.link)

    def input_gradient(self, X: MatrixLike, y: ArrayLike | None = None) -> np.ndarray:
        """Return the gradient of a class's score with respect to each input: which inputs are
        evidence for the class (a saliency map).

        The score is that of ``decision_function``, in prediction mode: without dropout, with batch
        normalisation by its statistics. Of two classes, the first has minus the second one's score.
        Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks" (2014).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : label, or array-like of shape (n_samples,), default=None
            The class for all rows, or of each row; None for the predicted one. For multilabel
            targets None, which means each label.

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features)
            For multilabel targets (n_samples, n_labels, n_features). Dense, even if X is sparse;
            NaN for the categorical columns of a table. For units behind 'hard_threshold' the
            gradient of its surrogate is used.
        """
        gradient = gradient_of_labels if self._multilabel else gradient_of_classes
        return gradient(self, self._check_X(X), y)

    def score(self, X: MatrixLike, y: MatrixLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy, the share of the rows whose labels are predicted correctly (all of
        them for multilabel targets).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels. For multilabel targets, missing labels (-1 or NaN) are left out, and so are
            rows in which all labels are missing.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        self._fitted()
        weight = checked_weight(X, sample_weight)
        if without_missing(y)[1] is None:
            return super().score(X, y, weight)
        X, target = self._check_data(X, y, None)
        return float(self._score_raw(self._decisions(X), target, weight))

    def _linked(self, raw, link):
        """Return the link of raw scores (..., n, n_out), with both classes where there are two.

        Overwrites: raw.
        """
        if len(self.classes_) == 2 and not self._multilabel:
            raw = np.concatenate([-raw, raw], axis=-1)
        link(raw, raw)
        return raw

    def _decisions(self, X):
        """Return what ``_for_score`` makes of the raw scores for checked X, of which no more
        than a chunk is there at a time.
        """
        return predicted(self._network.reduced_scores, self._input(X), self._for_score)

    def _for_score(self, raw):
        """Return the number of the class with the highest score, two classes sharing one score;
        of each label whether it applies.
        """
        if self._multilabel:
            return raw > 0
        return (raw[:, 0] > 0).astype(int) if len(self.classes_) == 2 else raw.argmax(axis=1)

    def _check_data(self, X, y, reset, classes=None, every_class=False):
        sparse_labels = sparse.issparse(y)
        y, missing = without_missing(y)
        X, y = checked(self, X, y, reset=reset, multi_output=True)
        y, multilabel, labels = check_labels(y)
        if reset:
            self._multilabel, self._sparse_labels = multilabel, sparse_labels
            self.classes_ = labels if classes is None else unique_labels(classes)
        if labels is not self.classes_:
            check_classes(labels, multilabel, self.classes_, self._multilabel, classes, every_class)
        if not multilabel:
            return X, np.searchsorted(self.classes_, y)
        return X, y if missing is None else with_missing(y, missing, reset)

    def _balance(self, target, weight):
        return balanced(self.class_weight, self.classes_, target, weight)

    def _make_loss(self):
        kind = "binary" if len(self.classes_) == 2 else "multiclass"
        return classification_loss(self, "multilabel" if self._multilabel else kind)

    @property
    def _n_classes(self):
        return len(self.classes_)

    def _score_kind(self, network):
        return None if self._multilabel else "accuracy"

    def _strata(self, target, rows):
        return self.classes_[target[rows]] if target.ndim == 1 else None

    def _score_raw(self, outputs, target, weight, losses=None):
        return accuracy(outputs, target, weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
