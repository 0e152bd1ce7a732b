"""From a fitted estimator to an ONNX model.

The one decision: what scikit-learn would compute is what is converted: a step within a pipeline is
a transformer, the last step predicts, and of a search the best estimator is taken.
"""

from numbers import Real
from typing import Any

import numpy as np
import onnx
import pandas as pd
import skl2onnx
from scipy import sparse
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.base import BaseEstimator, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from .. import OutlierAutoencoder
from .._base import BaseMLP
from .._data.inputs import MatrixLike
from .._meta import last_step
from ._estimators import register
from ._graph import name_inputs

_TENSORS = {
    "i": Int64TensorType,
    "u": Int64TensorType,
    "b": BooleanTensorType,
    "f": None,
    "U": StringTensorType,
    "T": StringTensorType,
}
_KINDS = {
    "string": "U",
    "integer": "i",
    "boolean": "b",
    "floating": "f",
    "mixed-integer-float": "f",
    "decimal": "f",
}  # of objects


def to_onnx(
    estimator: BaseEstimator,
    X: MatrixLike | None = None,
    *,
    dtype: str = "float32",
    method: str | None = None,
    zipmap: bool | str = False,
    options: dict | None = None,
    initial_types: list[tuple[str, Any]] | None = None,
    **settings: Any,
) -> onnx.ModelProto:
    """Return a fitted estimator as an ONNX model. Needs ``pip install "skmlp[onnx]"``.

    Parameters
    ----------
    estimator : estimator
        One of skmlp's, or one of scikit-learn's that contains some and that skl2onnx knows:
        pipelines, column transformers, searches (of which the best estimator is converted),
        bagging, voting, ...
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features), default=None
        One or more rows, from which the names and types of the graph's inputs are read. An array
        becomes one input, ``X``; a data frame one input for each column, with the column's name.
        Needed unless ``initial_types`` is given. The graph takes dense input, also where X is
        sparse. A column of numbers with missing values is floating-point, NaN where missing; in a
        column of strings a missing value is the empty string.
    dtype : {'float32', 'float64'}, default='float32'
        Type of the inputs that are floating-point numbers in X, and with it the precision in which
        the graph computes, whatever it was in training. Whole numbers, booleans and strings keep
        their types.
    method : {'predict', 'transform', 'score_samples'}, default=None
        What is computed, if ``estimator`` is a network of skmlp or a pipeline that ends in one;
        None means 'transform' for ``Autoencoder``, 'predict' for the others. 'score_samples' is for
        ``Autoencoder`` with one of the losses 'squared_error', 'absolute_error', 'huber' and
        'log_cosh'.
    zipmap : bool or 'columns', default=False
        Form of a classifier's probabilities. False: a matrix; True: a list with a dictionary for
        each row; 'columns': an output for each class.
    options : dict, default=None
        More options of skl2onnx.
    initial_types : list of (name, type), default=None
        The inputs as skl2onnx describes them, instead of X.
    **settings : object
        For ``skl2onnx.to_onnx``: ``target_opset``, ``name``, ...

    Returns
    -------
    model : onnx.ModelProto
        Its outputs for n rows are

        * of a classifier ``label``, of shape (n,), or (n, n_labels) for multilabel targets, and
          ``probabilities`` (n, n_classes), or ``scores`` where the loss has no probabilities; with
          ``zipmap=True`` ``output_label`` and ``output_probability``, with ``zipmap='columns'``
          ``output_label`` and an output for each class;
        * of a regressor ``prediction`` (n, n_outputs), also where n_outputs is 1; of several
          quantiles (n, n_levels) or (n, n_outputs, n_levels); with the option ``return_std`` also
          ``std``;
        * of an ``Autoencoder`` ``code`` (n, n_components) for 'transform', ``reconstruction``
          (n, n_features) for 'predict', ``score`` (n, 1) for 'score_samples';
        * of an ``OutlierAutoencoder`` ``label`` (n,), 1 or -1, and ``scores`` (n, 1), its
          ``decision_function``;
        * of a classifier or regressor with 'transform' ``hidden`` (n, n_units), the last hidden
          layer.

    Raises
    ------
    ValueError
        If something cannot be expressed, such as a Python function for an activation, or categories
        of mixed types; the message names it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifier
    >>> from skmlp.onnx import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier(solver="lbfgs", max_iter=1000, random_state=0).fit(X, y)
    >>> model = to_onnx(network, X[:1])
    >>> [output.name for output in model.graph.output]
    ['label', 'probabilities']
    """
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}.")
    if X is None and initial_types is None:
        raise ValueError("to_onnx needs to know the input: give some rows as X, or initial_types.")
    check_is_fitted(estimator)
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    register()
    given: dict[int, dict[str, Any]] = {
        id(step): {"method": "transform"} for step in _transformers(estimator)
    }
    last = last_step(estimator)
    if method is not None:
        if not isinstance(last, BaseMLP):
            raise ValueError(
                f"method={method!r} is for skmlp's networks, but what predicts here is {last!r}."
            )
        given[id(last)] = {"method": method}
    has_probabilities = is_classifier(estimator) and method != "transform"
    if has_probabilities and isinstance(last, BaseMLP):
        has_probabilities = hasattr(last, "predict_proba")
    if has_probabilities:
        given.setdefault(id(last), {})["zipmap"] = zipmap
    elif zipmap:
        raise ValueError(
            f"zipmap={zipmap!r} is a form of probabilities, but {type(last).__name__} gives none "
            "here."
        )
    for key, value in (options or {}).items():
        if str(key).endswith("zipmap") or (isinstance(value, dict) and "zipmap" in value):
            raise ValueError(
                "options has 'zipmap', which is an argument of its own: to_onnx(..., zipmap=...)."
            )
        given[key] = {**given.get(key, {}), **value} if isinstance(value, dict) else value
    types = (
        _types(X, FloatTensorType if dtype == "float32" else DoubleTensorType, estimator)
        if initial_types is None
        else initial_types
    )
    doubles = [isinstance(kind, DoubleTensorType) for _, kind in types]
    if any(doubles) and (zipmap is True or (zipmap and not doubles[0])):
        raise ValueError(
            f"zipmap={zipmap!r} has no form in float64 here; take zipmap=False, or dtype='float32'."
        )
    model = skl2onnx.to_onnx(estimator, initial_types=types, options=given, **settings)
    name_inputs(model, [name for name, _ in types])
    return model


def _transformers(estimator, transforms=False):
    """Yield the estimators of skmlp that a composite uses as transformers."""
    if isinstance(estimator, BaseMLP):
        if transforms:
            yield estimator
    elif isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            yield from _transformers(step, True)
        yield from _transformers(estimator.steps[-1][1], transforms)
    elif isinstance(estimator, OutlierAutoencoder):
        yield from _transformers(estimator.estimator_)
    elif isinstance(estimator, FeatureUnion | ColumnTransformer):
        steps = (
            estimator.transformer_list
            if isinstance(estimator, FeatureUnion)
            else estimator.transformers_
        )
        for _, step, *_ in steps:
            yield from _transformers(step, True)


def _types(X, floating, estimator):
    """Return the inputs as skl2onnx describes them, for the rows or columns that X has."""
    if hasattr(X, "columns"):
        names = list(X.columns)
        fitted = getattr(estimator, "feature_names_in_", None)
        if fitted is not None and names != list(fitted):
            raise ValueError(
                f"X must have the columns of the fit in their order, {list(fitted)}, but it has "
                f"{names}."
            )
        if "" in names:
            raise ValueError(
                "X has a column whose name is '', but an input of a graph must have one; give it "
                "another before the fit."
            )
        return [
            (str(name), _type(X[name], f"column {name!r} of X", floating)([None, 1]))
            for name in names
        ]
    values = X if sparse.issparse(X) else np.asarray(X)
    if values.ndim != 2:
        raise ValueError(
            f"X must have two axes, rows and features, but its shape is {values.shape}."
        )
    return [("X", _type(values, "X", floating)([None, values.shape[1]]))]


def _type(values, name, floating):
    """Return the type of tensor for some values; missing ones among objects only tell whole
    numbers and flags that they must be floats.
    """
    values = values if sparse.issparse(values) else np.asarray(values)
    kind = values.dtype.kind
    if kind == "O":
        present = values[~pd.isna(values)]
        kind = _KINDS.get(pd.api.types.infer_dtype(present))
        if kind is None and all(isinstance(value, Real | np.bool_) for value in present):
            kind = "f"  # numbers and booleans
        if not present.size:
            raise ValueError(
                f"{name} has missing values only, which tell no type; give more rows, or "
                "initial_types."
            )
        if present.size < values.size and kind in ("i", "b"):
            kind = "f"
    if kind not in _TENSORS:
        raise ValueError(
            f"{name} must have numbers, booleans or strings, not {values.dtype}; if columns are "
            "of different types give a data frame."
        )
    return _TENSORS[kind] or floating
