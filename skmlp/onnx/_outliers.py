"""Reconstruction errors in a graph, and the detector around them.

The one decision: an error is a function of the distance between a value and its reconstruction, as
a missing value has the distance 0 and so costs nothing; a loss of another kind is refused.

To add one: write a function ``(graph, loss, distance) -> name`` and put it into ``ERRORS``.
"""

import numpy as np
from skl2onnx import get_model_alias
from skl2onnx._parse import _parse_sklearn
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType
from sklearn.utils.validation import check_is_fitted

from .. import Autoencoder, nn
from .._meta import last_step
from ._graph import Graph
from ._units import convert_unit


def convert_score(graph, model, x, missing, raw):
    """Add minus the sum of each row's errors, (n, 1); ``missing``: of the values of ``x``, which
    are filled there.
    """
    loss = model._network.loss
    distance = graph.node(
        "Where", missing, 0.0, graph.node("Sub", convert_unit(graph, loss, raw), x)
    )
    errors = ERRORS[type(loss)](graph, loss, distance)
    error = graph.node("ReduceSum", errors, np.array([1]), keepdims=1)
    factor = 1.0 if model._target_measure is None else loss.in_units(model._target_measure)[0]
    return graph.node("Mul", error, -factor)


def check_score(model):
    """Raise ``ValueError`` if a graph cannot have the ``score_samples`` of an autoencoder."""
    loss = model._network.loss
    if type(loss) not in ERRORS:
        known = ", ".join(cls.__name__ for cls in ERRORS)
        raise ValueError(
            f"score_samples cannot be converted for {loss!r}; skmlp.onnx has the errors of {known}."
        )


def _squared_error(graph, loss, r):
    return graph.node("Mul", graph.node("Mul", r, r), 0.5)


def _absolute_error(graph, loss, r):
    return graph.node("Abs", r)


def _huber(graph, loss, r):
    # with c = min(|r|, delta): c (|r| - c / 2)
    size = graph.node("Abs", r)
    c = graph.node("Min", size, float(loss.delta))
    return graph.node("Mul", c, graph.node("Sub", size, graph.node("Mul", c, 0.5)))


def _log_cosh(graph, loss, r):
    # |r| + log(1 + exp(-2 |r|)) - log(2)
    size = graph.node("Abs", r)
    e = graph.node("Exp", graph.node("Mul", size, -2.0))
    return graph.node(
        "Add",
        size,
        graph.node("Sub", graph.node("Log", graph.node("Add", e, 1.0)), float(np.log(2.0))),
    )


ERRORS = {
    nn.SquaredError: _squared_error,
    nn.AbsoluteError: _absolute_error,
    nn.Huber: _huber,
    nn.LogCosh: _log_cosh,
}


# ---- the detector


def parse_detector(scope, model, inputs, custom_parsers=None):
    """Declare the operators of a detector and return its outputs."""
    check_is_fitted(model)
    autoencoder = last_step(model.estimator_)
    if not isinstance(autoencoder, Autoencoder):
        raise ValueError(
            f"{model!r} can be converted with an Autoencoder, or a pipeline that ends in one, not "
            f"with {model.estimator_!r}."
        )
    scope.add_options(id(autoencoder), {"method": "score_samples"})
    operator = scope.declare_local_operator(get_model_alias(type(model)), model)
    operator.inputs = _parse_sklearn(scope, model.estimator_, inputs, custom_parsers=custom_parsers)
    operator.outputs.append(scope.declare_local_variable("label", Int64TensorType()))
    operator.outputs.append(scope.declare_local_variable("scores", type(operator.inputs[0].type)()))
    return operator.outputs


def detector_shapes(operator):
    """Set the types of the outputs."""
    (score,), (label, scores) = operator.inputs, operator.outputs
    label.set_type(Int64TensorType([score.get_first_dimension()]))
    scores.set_type(type(score.type)([score.get_first_dimension(), 1]))


def convert_detector(scope, operator, container):
    """Add the nodes that compare a score with the bound: ``decision_function`` and its sign."""
    (score,), (label, scores) = operator.inputs, operator.outputs
    graph = Graph(
        scope, container, np.float64 if isinstance(score.type, DoubleTensorType) else np.float32
    )
    finite = graph.node(
        "Where", graph.node("IsNaN", score.full_name), -np.inf, score.full_name
    )  # an error beyond all numbers
    above = graph.node("Sub", finite, operator.raw_operator.offset_, output=scores.full_name)
    sign = graph.node("Where", graph.node("Less", above, 0.0), -1, 1)
    graph.node("Reshape", sign, np.array([-1]), output=label.full_name)
