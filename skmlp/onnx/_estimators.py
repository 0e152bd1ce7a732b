"""What skl2onnx needs to know of the estimators: which outputs they have, of what shape, and how to
compute them.

The one decision: the graph computes in float64 if its inputs are float64, else in float32, as
skl2onnx does everywhere, whatever the precision that an estimator was trained in.
"""

from numbers import Real

import numpy as np
from skl2onnx import get_model_alias, update_registered_converter
from skl2onnx._parse import _parse_sklearn_classifier
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from skl2onnx.common.utils_classifier import get_label_classes
from sklearn.ensemble import BaggingClassifier
from sklearn.utils.validation import check_is_fitted

from .. import (
    Autoencoder,
    AutoencoderImputer,
    MLPClassifier,
    MLPRegressor,
    OutlierAutoencoder,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from .._meta import last_step
from ._graph import Graph
from ._inputs import check_input, check_method, convert_input
from ._outliers import check_score, convert_detector, convert_score, detector_shapes, parse_detector
from ._predictions import (
    convert_labels,
    convert_probabilities,
    convert_scores,
    convert_values,
    first_network,
    model_outputs,
    squeezed,
)
from ._units import convert_layers

LEAST_OPSET = 13
_HANDS_ON = (
    "ZipMap",
    "ZipMapColumns",
    "Identity",
    "Cast",
)  # operators of skl2onnx that give outputs another form
_METHODS = {"method": ["predict", "transform"]}
_CLASSES = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def register():
    """Register skmlp's estimators with skl2onnx, so that ``skl2onnx.to_onnx`` converts them, and
    what contains them.

    :func:`skmlp.onnx.to_onnx` does it by itself. The estimators have these options:

    * ``method``: what the graph computes, 'predict' (default) or 'transform' (default of
      ``Autoencoder``), for ``Autoencoder`` also 'score_samples'. Ensembles for tables have only
      'predict'.
    * ``zipmap``, ``output_class_labels``, ``nocl``: those of skl2onnx, for classifiers.
    * ``return_std``: whether the standard deviation is an output too, for ``MLPRegressor``.

    Examples
    --------
    >>> import skl2onnx
    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifier
    >>> from skmlp.onnx import register
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(solver="lbfgs", max_iter=1000, random_state=0).fit(X, y)
    >>> register()
    >>> options = {id(model): {"method": "transform"}}
    >>> graph = skl2onnx.to_onnx(model, X[:1], options=options).graph
    >>> [output.name for output in graph.output]
    ['hidden']
    """
    for cls, options in (
        (MLPClassifier, {**_METHODS, **_CLASSES}),
        (MLPRegressor, {**_METHODS, "return_std": [True, False]}),
        (Autoencoder, {"method": [*_METHODS["method"], "score_samples"]}),
        (TabularMLPClassifier, {"method": ["predict"], **_CLASSES}),
        (TabularMLPRegressor, {"method": ["predict"], "return_std": [False]}),
    ):
        update_registered_converter(
            cls, f"Skmlp{cls.__name__}", _shapes, _convert, parser=_parse, options=options
        )
    update_registered_converter(
        AutoencoderImputer, "SkmlpAutoencoderImputer", _shapes, _convert, parser=_refuse
    )
    update_registered_converter(
        OutlierAutoencoder,
        "SkmlpOutlierAutoencoder",
        detector_shapes,
        convert_detector,
        parser=parse_detector,
    )


def _refuse(scope, model, inputs, custom_parsers=None):
    """Raise ``ValueError`` for an imputer, whose output would be a table."""
    raise ValueError(
        "An AutoencoderImputer cannot be converted. Leave it out of the graph, and give this what "
        "it has imputed, or fit a network with "
        "categorical_features='from_dtype', which takes missing values as they are."
    )


# ---- which outputs there are


def _parse(scope, model, inputs, custom_parsers=None):
    """Declare the operator of an estimator and return its outputs."""
    check_is_fitted(model)
    if (
        not hasattr(model, "classes_")
        or _method(scope, model) == "transform"
        or not hasattr(model, "predict_proba")
    ):
        if (
            hasattr(model, "classes_")
            and scope.get_options(model, {"output_class_labels": False})["output_class_labels"]
        ):
            raise ValueError(
                "output_class_labels=True names the columns of probabilities, of which there are "
                "none here."
            )
        operator = scope.declare_local_operator(get_model_alias(type(model)), model)
        operator.inputs = inputs
        for name, kind in _outputs(scope, model, inputs):
            operator.outputs.append(scope.declare_local_variable(name, kind))
        return operator.outputs
    return _parse_sklearn_classifier(scope, model, inputs, custom_parsers=custom_parsers)


def _shapes(operator):
    """Check the inputs and set the types of the outputs."""
    model, own = operator.raw_operator, type(operator.raw_operator).__name__
    check_input(model, operator.inputs)
    _check_place(operator)
    kinds = _outputs(operator.scope_inst, model, operator.inputs)
    for variable, (name, kind) in zip(operator.outputs, kinds, strict=True):
        if name == "scores" and not variable.raw_name.startswith("scores"):
            raise ValueError(
                f"An ensemble asks {own} for probabilities, but its loss, "
                f"{model._network.loss!r}, has none; take one such as 'log_loss'."
            )
        if (
            name == "prediction"
            and not variable.raw_name.startswith("prediction")
            and kind.shape[1:] != [1]
        ):
            raise ValueError(
                f"Within an ensemble skl2onnx takes the prediction of {own} for one number, but "
                f"its shape is {kind.shape[1:]}; convert "
                "the members one by one."
            )
        variable.set_type(kind)


def _check_place(operator):
    """Raise ``ValueError`` if what is around an estimator would make something wrong of its
    outputs.
    """
    model, scope = operator.raw_operator, operator.scope_inst
    if scope.get_options(model, {"method": None})["method"] is None and not isinstance(
        model, Autoencoder
    ):
        reader = _reader(scope, operator)
        if reader is not None:
            raise ValueError(
                f"The labels or predictions of {model!r} would become features of {reader}; "
                "scikit-learn has its transform there. Take "
                "skmlp.onnx.to_onnx, or say options={id(model): {'method': 'transform'}}."
            )
    for around in scope.operators.values():
        ensemble = around.raw_operator
        member = isinstance(ensemble, BaggingClassifier) and any(
            last_step(step) is model for step in ensemble.estimators_
        )
        if member and len(model.classes_) < len(ensemble.classes_):
            raise ValueError(
                f"A member of the BaggingClassifier saw {len(model.classes_)} of its "
                f"{len(ensemble.classes_)} classes, which skl2onnx does "
                "not take into account; fit with more samples for each member, or with another "
                "random_state."
            )


def _reader(scope, operator):
    """Return the name of the operator that reads the outputs of one as features, or None."""
    names = {variable.full_name for variable in operator.outputs}
    for other in scope.operators.values():
        if other is not operator and names & {variable.full_name for variable in other.inputs}:
            name = other.type.removeprefix("Sklearn")
            return _reader(scope, other) if name in _HANDS_ON else name
    return None


def _outputs(scope, model, inputs):
    """Return name and type of each output."""
    tensor = DoubleTensorType if _is_double(inputs) else FloatTensorType
    n, method = inputs[0].get_first_dimension(), _method(scope, model)
    check_method(model, method)
    if method == "score_samples":
        check_score(model)
        return [("score", tensor([n, 1]))]
    if method == "transform":
        return [
            (
                "code" if isinstance(model, Autoencoder) else "hidden",
                tensor([n, model._n_features_out]),
            )
        ]
    network = first_network(model)
    if isinstance(network, MLPClassifier):
        shape = [n, len(model.classes_)] if network._multilabel else [n]
        label = (
            StringTensorType(shape)
            if _labels(scope, model).dtype.kind == "U"
            else Int64TensorType(shape)
        )
        if hasattr(model, "predict_proba"):
            return [("label", label), ("probabilities", tensor([n, len(model.classes_)]))]
        return [("label", label), ("scores", tensor([n, model._network.n_out]))]
    if isinstance(model, Autoencoder):
        return [("reconstruction", tensor([n, model.n_features_in_]))]
    outputs = [("prediction", tensor([n, *_prediction_shape(network)]))]
    return outputs + [("std", tensor([n, network._network.n_targets]))] * _returns_std(scope, model)


def _prediction_shape(model):
    """Return the shape of the prediction of a row: of axes of length 1 one is left, as usual in
    ONNX.
    """
    columns = next(iter(model_outputs(model).values())).columns
    return list(columns.shape[:1] if columns.ndim == 1 else squeezed(columns).shape)


def _method(scope, model):
    default = "transform" if isinstance(model, Autoencoder) else "predict"
    return scope.get_options(model, {"method": default})["method"]


def _returns_std(scope, model):
    wanted = scope.get_options(model, {"return_std": False})["return_std"]
    if wanted and "std" not in model_outputs(model):
        raise ValueError(
            "return_std=True needs a loss that learns the standard deviation, such as "
            f"'gaussian_nll', not {model._network.loss!r}."
        )
    return wanted


def _labels(scope, model):
    """Return the classes as int64 or as strings, which is what ONNX has."""
    values = get_label_classes(scope, model).tolist()
    if all(isinstance(value, str) for value in values):
        return np.array(values, dtype=str)
    if all(isinstance(value, Real) and value == int(value) for value in values):
        far = next((int(value) for value in values if not -(2**63) <= value < 2**63), None)
        if far is not None:
            raise ValueError(
                f"The class {far} is no int64, which ONNX has for whole numbers; turn the labels "
                "into strings before the fit."
            )
        return np.array([int(value) for value in values], dtype=np.int64)
    raise ValueError(
        f"The classes must be strings or whole numbers to be converted, but they are {values}."
    )


def _is_double(inputs):
    return any(isinstance(variable.type, DoubleTensorType) for variable in inputs)


# ---- how they are computed


def _convert(scope, operator, container):
    """Add the nodes of an estimator."""
    model = operator.raw_operator
    if container.target_opset < LEAST_OPSET:
        raise ValueError(
            f"target_opset={container.target_opset} is too old for skmlp's estimators; take "
            f"{LEAST_OPSET} or newer."
        )
    graph = Graph(scope, container, np.float64 if _is_double(operator.inputs) else np.float32)
    method = _method(scope, model)
    x, missing = convert_input(graph, model._codec, operator.inputs)
    network = first_network(model)
    if method == "transform":
        results = [convert_layers(graph, model._network, x, 0, model._transform_stop)]
    elif method == "score_samples":
        results = [convert_score(graph, model, x, missing, convert_scores(graph, model, x))]
    elif isinstance(network, MLPClassifier):
        raw = convert_scores(graph, model, x)
        results = [
            convert_labels(graph, network, raw, _labels(scope, model)),
            convert_probabilities(graph, network, raw),
        ]
    else:
        results = convert_values(graph, model, x)
    for name, variable in zip(
        results, operator.outputs, strict=False
    ):  # of mean and std only the mean may be wanted
        graph.node("Identity", name, output=variable.full_name)
