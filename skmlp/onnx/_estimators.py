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

from .. import Autoencoder, AutoencoderImputer, MLPClassifier, MLPRegressor, OutlierAutoencoder
from .._meta import last_step
from ..nn.losses.measure import Measure
from ._graph import Graph
from ._inputs import check_input, convert_input
from ._outliers import check_score, convert_detector, convert_score, detector_shapes, parse_detector
from ._units import convert_layers, convert_unit

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
    """Tell skl2onnx of the estimators of skmlp, so that ``skl2onnx.to_onnx`` converts what contains
    them.

    ``skmlp.onnx.to_onnx`` does it by itself. Options of the estimators, as in ``options={id(model):
    {"method": "transform"}}``: ``method``, which of the estimator's methods the graph computes,
    'predict' (default) or 'transform' (default of ``Autoencoder``); for the autoencoder also
    'score_samples'; for the classifier skl2onnx's ``zipmap``, ``output_class_labels`` and ``nocl``;
    for the regressor ``return_std``.
    """
    for cls, options in (
        (MLPClassifier, {**_METHODS, **_CLASSES}),
        (MLPRegressor, {**_METHODS, "return_std": [True, False]}),
        (Autoencoder, {"method": [*_METHODS["method"], "score_samples"]}),
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
                f"An ensemble asks {own} for probabilities, but its loss, {model.loss!r}, has "
                "none; take one such as 'log_loss'."
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
    if isinstance(model, MLPClassifier):
        shape = [n, len(model.classes_)] if model._multilabel else [n]
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
    outputs = [("prediction", tensor([n, *_prediction_shape(model)]))]
    return outputs + [("std", tensor([n, model._network.n_targets]))] * _returns_std(scope, model)


def _prediction_shape(model):
    """Return the shape of the prediction of a row: of axes of length 1 one is left, as usual in
    ONNX.
    """
    columns = next(iter(_model_outputs(model).values())).columns
    return list(columns.shape[:1] if columns.ndim == 1 else _squeezed(columns).shape)


def _model_outputs(model):
    """Return what the loss of a regressor predicts, a dict of name -> Output."""
    return model._network.loss.outputs(model._network.n_targets)


def _squeezed(columns):
    """Return column numbers without axes of length 1, but for one axis."""
    return columns.reshape([size for size in columns.shape if size > 1] or [1])


def _method(scope, model):
    default = "transform" if isinstance(model, Autoencoder) else "predict"
    return scope.get_options(model, {"method": default})["method"]


def _returns_std(scope, model):
    wanted = scope.get_options(model, {"return_std": False})["return_std"]
    if wanted and "std" not in _model_outputs(model):
        raise ValueError(
            "return_std=True needs a loss that learns the standard deviation, such as "
            f"'gaussian_nll', not {model.loss!r}."
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
    if method == "transform":
        results = [convert_layers(graph, model._network, x, 0, model._transform_stop)]
    else:
        raw = convert_layers(graph, model._network, x, 0, len(model._network.layers))
        if method == "score_samples":
            results = [convert_score(graph, model, x, missing, raw)]
        elif isinstance(model, MLPClassifier):
            results = [
                _predicted_labels(graph, model, raw, _labels(scope, model)),
                _scores(graph, model, raw),
            ]
        else:
            results = _values(graph, model, convert_unit(graph, model._network.loss, raw))
    for name, variable in zip(
        results, operator.outputs, strict=False
    ):  # of mean and std only the mean may be wanted
        graph.node("Identity", name, output=variable.full_name)


def _predicted_labels(graph, model, raw, classes):
    """Add the labels with the largest scores; for two classes, and each label of several, that
    is a score above 0.
    """
    if model._multilabel:
        return graph.cast(graph.node("Greater", raw, 0.0), np.int64)
    if len(classes) == 2:
        number = graph.node(
            "Reshape", graph.cast(graph.node("Greater", raw, 0.0), np.int64), np.array([-1])
        )
    else:
        number = graph.node("ArgMax", raw, axis=1, keepdims=0)
    return graph.node("Gather", classes, number, axis=0)


def _scores(graph, model, raw):
    """Add the probabilities, of both classes where there are two; the raw scores if the loss has
    none.
    """
    if not hasattr(model, "predict_proba"):
        return raw
    if len(model.classes_) == 2 and not model._multilabel:
        raw = graph.node("Concat", graph.node("Neg", raw), raw, axis=1)
    return convert_unit(graph, model._network.loss, raw)


def _values(graph, model, linked):
    """Add the prediction and, if it is there, its standard deviation."""
    outputs = _model_outputs(model)
    wanted = [next(iter(outputs.values())), *([outputs["std"]] if "std" in outputs else [])]
    return [_output(graph, model, linked, output) for output in wanted]


def _output(graph, model, linked, output):
    """Add numbers that a loss predicts, in units of the target."""
    columns, values = _squeezed(output.columns), linked
    if not np.array_equal(columns, np.arange(model._network.n_out)):
        values = graph.node("Gather", linked, columns, axis=1)
    measure = model._target_measure
    if measure is None:
        return values
    scale, offset = (
        np.broadcast_to(per_target, output.columns.shape).reshape(columns.shape)
        for per_target in (output.factor(measure), output.offset(measure))
    )
    return _restored(graph, values, Measure(offset, scale))


def _restored(graph, x, measure):
    """Add the numbers that outputs stand for, computed in float64, so that they are rounded
    once.
    """
    if measure is None:
        return x
    x = graph.node(
        "Mul", graph.cast(x, np.float64), graph.constant(np.asarray(measure.scale), np.float64)
    )
    return graph.cast(
        graph.node("Add", x, graph.constant(np.asarray(measure.offset), np.float64)), graph.dtype
    )
