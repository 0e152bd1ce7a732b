"""What an estimator predicts in a graph, out of the raw scores of its network or of its members'.

The one decision: the members of an ensemble for tables read one matrix, which is made of the table
once.
"""

import numpy as np

from .._tabular.base import BaseTabularMLP
from ..nn.losses.measure import Measure
from ._units import convert_layers, convert_unit


def first_network(model):
    """Return the estimator whose network says what scores mean: the first member of an ensemble for
    tables, else the model.
    """
    return model.estimators_[0] if isinstance(model, BaseTabularMLP) else model


def model_outputs(model):
    """Return what the loss of a regressor predicts, a dict of name -> Output."""
    return model._network.loss.outputs(model._network.n_targets)


def squeezed(columns):
    """Return column numbers without axes of length 1, but for one axis."""
    return columns.reshape([size for size in columns.shape if size > 1] or [1])


def convert_scores(graph, model, x):
    """Add the raw scores of a network; of an ensemble for tables their mean, calibrated."""
    if not isinstance(model, BaseTabularMLP):
        return convert_layers(graph, model._network, x, 0, len(model._network.layers))
    parts = [convert_scores(graph, each, x) for each in model.estimators_]
    pairs = zip(parts, model.sharpness_, strict=True)
    return _mean(graph, [graph.node("Mul", part, float(factor)) for part, factor in pairs])


def convert_values(graph, model, x):
    """Add the prediction and, if it is there, its standard deviation; of an ensemble for tables the
    mean of its members' predictions, each within the range of y.
    """
    if not isinstance(model, BaseTabularMLP):
        raw = convert_scores(graph, model, x)
        return _values(graph, model, convert_unit(graph, model._network.loss, raw))
    low, high = model._range
    parts = [convert_values(graph, each, x)[0] for each in model.estimators_]
    parts = [graph.node("Min", graph.node("Max", part, low), high) for part in parts]
    return [_mean(graph, parts)]


def _mean(graph, parts):
    """Add the mean of some numbers."""
    return graph.node("Mul", graph.node("Sum", *parts), 1.0 / len(parts))


def convert_labels(graph, model, raw, classes):
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


def convert_probabilities(graph, model, raw):
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
    outputs = model_outputs(model)
    wanted = [next(iter(outputs.values())), *([outputs["std"]] if "std" in outputs else [])]
    return [_output(graph, model, linked, output) for output in wanted]


def _output(graph, model, linked, output):
    """Add numbers that a loss predicts, in units of the target."""
    columns, values = squeezed(output.columns), linked
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
