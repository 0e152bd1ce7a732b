"""Samples, input gradients and summaries of a network that is inside a pipeline or a search.

The one decision: the rows go through the steps before the network as in ``predict``, and what comes
back is in the network's terms.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ._base import BaseMLP
from ._data.inputs import MatrixLike, Seed
from ._inspect.summary import Summary
from ._tabular.base import BaseTabularMLP


def network_of(estimator: BaseEstimator) -> BaseMLP:
    """Return the fitted network estimator in a pipeline, a search or a target transformer; raise
    ``TypeError`` if there is none, or there are several.
    """
    inner = trained_in(estimator)
    if isinstance(inner, BaseTabularMLP):
        raise TypeError(
            f"{type(inner).__name__} has several networks; give one of them, such as "
            "estimators_[0], which takes the same X."
        )
    return inner


def trained_in(estimator: BaseEstimator) -> BaseMLP | BaseTabularMLP:
    """Return the fitted network estimator, or ensemble for tables, in a pipeline, a search or a
    target transformer; raise ``TypeError`` if there is none.
    """
    *_, inner = _chain(estimator)
    check_is_fitted(inner)
    return inner


def sample_predictions(
    estimator: BaseEstimator,
    X: MatrixLike,
    n_samples: int = 100,
    random_state: Seed = None,
    **options: Any,
) -> np.ndarray:
    """Return many predictions for each row, with dropout left on, of the network inside a pipeline
    or a search: their spread shows how uncertain it is (Monte Carlo dropout).

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, Pipeline that ends with one, or search over these
        It is fitted.
    X : as for ``predict`` of the estimator
        Rows; they go through the steps of the pipeline first.
    n_samples : int >= 1, default=100
        Number of predictions drawn for each row.
    random_state : int, RandomState instance or None, default=None
        Seed of the dropout masks.
    **options : dict
        ``return_std`` of :meth:`MLPRegressor.sample_predictions`.

    Returns
    -------
    samples : ndarray
        Of a classifier probabilities of shape (n_samples, n_rows, n_classes), of a regressor
        predictions of shape (n_samples, n_rows) or (n_samples, n_rows, n_outputs): see
        :meth:`MLPClassifier.sample_predictions` and :meth:`MLPRegressor.sample_predictions`.

    Raises
    ------
    ValueError
        If the network was fitted without dropout.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmlp import MLPClassifier, sample_predictions
    >>> X, y = load_wine(return_X_y=True)
    >>> network = MLPClassifier(dropout=0.2, max_iter=20, learning_rate="one_cycle")
    >>> model = make_pipeline(StandardScaler(), network).fit(X, y)
    >>> sample_predictions(model, X, n_samples=50, random_state=0).shape
    (50, 178, 3)
    """
    network, X = _network_and_rows(estimator, X, "sample_predictions")
    return network.sample_predictions(X, n_samples, random_state, **options)


def input_gradient(estimator: BaseEstimator, X: MatrixLike, **options: Any) -> np.ndarray:
    """Return the gradient of the prediction of the network inside a pipeline or a search with
    respect to each of its inputs.

    It shows how much the prediction for a row changes when one feature changes a little, and in
    which direction (a saliency map, or local explanation).

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, Autoencoder, Pipeline or search
        Fitted; a pipeline ends with one of these, and a search is over one or over a pipeline. Of
        a TabularMLPClassifier or TabularMLPRegressor, which have several networks, give one of
        ``estimators_``.
    X : as for ``predict`` of the estimator
        Rows; they go through the steps of the pipeline first.
    **options : dict
        For a classifier ``y``: the class whose score is differentiated, one for all rows or one for
        each row. By default it is the predicted class, and for multilabel targets each label; see
        :meth:`MLPClassifier.input_gradient`.

    Returns
    -------
    gradient : ndarray
        As :meth:`MLPClassifier.input_gradient`, :meth:`MLPRegressor.input_gradient` or
        :meth:`Autoencoder.input_gradient` return it. In a pipeline it is the gradient with respect
        to the transformed features that the network gets; after a scaler it is in units of the
        scaled features. The last axis has the columns that
        ``pipeline[:-1].get_feature_names_out()`` names.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmlp import MLPClassifier, input_gradient
    >>> X, y = load_wine(return_X_y=True)
    >>> network = MLPClassifier(max_iter=20, learning_rate="one_cycle")
    >>> model = make_pipeline(StandardScaler(), network).fit(X, y)
    >>> input_gradient(model, X).shape
    (178, 13)
    """
    network, X = _network_and_rows(estimator, X, "input_gradient")
    return network.input_gradient(X, **options)


def summary(estimator: BaseEstimator) -> Summary:
    """Return the network inside a pipeline or a search as a table: layers, shapes of their outputs,
    numbers of parameters.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, Autoencoder, Pipeline or search
        Fitted; a pipeline ends with one of these, and a search is over one or over a pipeline. Of
        a TabularMLPClassifier or TabularMLPRegressor, which have several networks, give one of
        ``estimators_``.

    Returns
    -------
    summary : Summary
        Prints as text, is shown as HTML in a notebook, and has ``n_parameters``, the number of
        parameters trained, and ``rows``, the table; as :meth:`MLPClassifier.summary` returns it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmlp import MLPClassifier, summary
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier((10,), solver="lbfgs", max_iter=1000, random_state=0)
    >>> model = make_pipeline(StandardScaler(), network).fit(X, y)
    >>> print(summary(model))
    MLPClassifier: 4 features in, 3 out, float64
    -----------------------------
       layer  output   parameters
    -----------------------------
       input  (n, 4)
    1  Dense  (n, 10)          50
    2  ReLU   (n, 10)           0
    3  Dense  (n, 3)           33
    -----------------------------
    loss: LogLoss(), outputs: softmax
    83 parameters, 664 bytes
    """
    return network_of(estimator).summary()


def _network_and_rows(estimator, X, method):
    """Return the network estimator in a fitted estimator, and what comes to it of X; raise
    ``AttributeError`` if it lacks ``method``.
    """
    network = network_of(estimator)
    getattr(network, method)
    for outer in _chain(estimator):
        if isinstance(outer, TransformedTargetRegressor):
            raise TypeError(
                f"{method} speaks of what the network predicts, which a "
                "TransformedTargetRegressor turns into other units; give its "
                "regressor_."
            )
        if hasattr(outer, "steps") and len(outer.steps) > 1:
            X = outer[:-1].transform(X)
    return network, X


def _chain(estimator):
    """Yield an estimator and what is in it, one in the other, down to the network estimator, or an
    ensemble of these for tables.
    """
    inner = estimator
    while not isinstance(inner, BaseMLP | BaseTabularMLP):
        yield inner
        if hasattr(inner, "steps"):
            inner = inner.steps[-1][1]
        elif hasattr(inner, "best_estimator_"):
            inner = inner.best_estimator_
        elif hasattr(inner, "regressor_"):
            inner = inner.regressor_
        elif isinstance(inner, FrozenEstimator):
            inner = inner.estimator
        else:
            raise TypeError(
                "estimator must be a fitted MLPClassifier, MLPRegressor or Autoencoder, a "
                "Pipeline that ends with one, or a fitted search, "
                f"got {estimator!r}."
            )
    yield inner
