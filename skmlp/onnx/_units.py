"""What each unit computes in prediction, as ONNX nodes.

The one decision: one table from class to function. A class is looked up as it is, not by what it
derives from, because a subclass may compute something else; one that is missing is an error that
names it.

To add one: write a function ``(graph, unit, x, **arrays)`` that adds nodes and returns the name of
the last one's output, and put it into ``CONVERTERS``. ``x`` is the name of the input; ``arrays``
are a layer's parameters and statistics by their names, for a tied layer also the owner's
``weight``, and for a join ``skip``, the name of its second input. Layers that do nothing in
prediction (``training_only``) need none. ONNX Runtime has few operators in float64, so functions
are put together from simple ones, which it has in both precisions.
"""

import math

import numpy as np

from .. import nn
from ..nn.autodiff import LossOfUnits
from ..nn.constants import SELU_ALPHA, SELU_SCALE, largest_exponent
from ..nn.layers import FirstHalf, FixedNorm
from ..nn.losses.by_column import numbers


def convert_unit(graph, unit, x, **arrays):
    """Add the nodes of a unit and return the name of its output."""
    converter = CONVERTERS.get(type(unit))
    if converter is None:
        name = f"{type(unit).__module__}.{type(unit).__qualname__}"
        raise ValueError(
            f"{unit!r} cannot be converted: skmlp.onnx has no ONNX nodes for the class {name}. "
            "Write a function (graph, unit, x, **arrays) "
            "that adds them and returns the name of the result, and enter it: "
            f"skmlp.onnx.CONVERTERS[{type(unit).__name__}] = function."
        )
    return converter(graph, unit, x, **arrays)


def convert_layers(graph, network, x, start, stop):
    """Add layers ``start`` to ``stop`` (excluded) of a network, as they are in prediction, and
    return the name of the output.
    """
    arrays = {**network.views(), **network.running_views()}
    inputs = {}
    for i in range(start, stop):
        layer, inputs[i] = network.layers[i], x
        if layer.training_only:
            continue
        own = {name: array for (number, name), array in arrays.items() if number == i}
        if layer.tied:
            own["weight"] = arrays[i - layer.tied, "weight"]
        if layer.span:
            own["skip"] = inputs[i - layer.span]
        x = convert_unit(graph, layer, x, **own)
    return x


# ---- activations


def _identity(graph, unit, x):
    return x


def _relu(graph, unit, x):
    return graph.node("Relu", x)


def _leaky_relu(graph, unit, x):
    return graph.node("Max", x, graph.node("Mul", x, float(unit.slope)))


def _shifted_relu(graph, unit, x):
    return graph.node("Max", x, -float(unit.shift))


def _hard_threshold(graph, unit, x):
    return graph.cast(graph.node("GreaterOrEqual", x, 0.0), graph.dtype)


def _logistic(graph, unit, x):
    return graph.node("Sigmoid", x)


def _tanh(graph, unit, x):
    return graph.node("Tanh", x)


def _elu(graph, unit, x):
    return _bent(graph, x, float(unit.alpha))


def _selu(graph, unit, x):
    return graph.node("Mul", _bent(graph, x, SELU_ALPHA), SELU_SCALE)


def _bent(graph, x, alpha):
    """Add max(x, 0) + alpha (exp(min(x, 0)) - 1)."""
    low = graph.node("Sub", graph.node("Exp", graph.node("Min", x, 0.0)), 1.0)
    return graph.node("Add", graph.node("Relu", x), graph.node("Mul", low, alpha))


def _softplus(graph, unit, x):
    # max(x, 0) + log(1 + exp(-|x|))
    e = graph.node("Exp", graph.node("Neg", graph.node("Abs", x)))
    return graph.node("Add", graph.node("Relu", x), graph.node("Log", graph.node("Add", e, 1.0)))


def _gelu(graph, unit, x):
    # x (1 + erf(x / sqrt(2))) / 2; ONNX Runtime has erf in float32 only
    erf = graph.node("Erf", graph.cast(graph.node("Mul", x, math.sqrt(0.5)), np.float32))
    half = graph.node("Mul", graph.node("Add", graph.cast(erf, graph.dtype), 1.0), 0.5)
    return graph.node("Mul", x, half)


def _silu(graph, unit, x):
    # x / (1 + exp(-x)); a product with a Sigmoid is one operator to ONNX Runtime, which older
    # versions have in float32 only
    return graph.node("Div", x, graph.node("Add", graph.node("Exp", graph.node("Neg", x)), 1.0))


def _mish(graph, unit, x):
    return graph.node("Mul", x, graph.node("Tanh", _softplus(graph, unit, x)))


def _function(graph, unit, x):
    raise ValueError(
        f"{unit!r} cannot be converted: what a Python function does is not known to ONNX. Take "
        "one of the named activations, or derive a "
        "class from skmlp.nn.Activation and enter its converter into skmlp.onnx.CONVERTERS."
    )


# ---- layers


def _activate(graph, layer, x):
    return convert_unit(graph, layer.activation, x)


def _dense(graph, layer, x, weight, bias):
    return graph.node("Gemm", x, weight, bias)


def _tied_dense(graph, layer, x, weight, bias):
    return graph.node("Gemm", x, weight, bias, transB=1)


def _means(graph, layer, x):
    return graph.split(x, 2)[0]


def _embedding(graph, layer, x, vectors):
    n_codes = len(layer.n_categories)
    parts = [graph.node("Slice", x, np.array([0]), np.array([-n_codes]), np.array([1]))]
    for j, table in enumerate(layer.tables(vectors)):
        code = graph.node(
            "Clip", graph.node("Gather", x, j - n_codes, axis=1), 0.0, float(len(table) - 1)
        )
        parts.append(graph.node("Gather", table, graph.cast(code, np.int64), axis=0))
    return graph.node("Concat", *parts, axis=1)


def _piecewise_linear(graph, layer, x, vectors, offset, edges, slopes):
    # min(max((x - edge) slope, 0), 1) for each bin, weighted; where the slope is 0, as of a bin
    # without values, any edge gives 0, and that of float64 overflows in float32
    edges = np.where(slopes > 0.0, edges, 0.0)
    slopes = np.minimum(slopes, np.finfo(graph.dtype).max)
    distances = graph.node("Sub", _apart(graph, layer, x, edges), edges[:, None])
    z = graph.node("Clip", graph.node("Mul", distances, slopes[:, None]), 0.0, 1.0)
    return _embedded(graph, x, z, vectors, offset)


def _periodic(graph, layer, x, vectors, offset, frequencies, phases):
    # cos(a) = sin(a + pi / 2); older versions of ONNX Runtime have the cosine in float32 only
    numbers = _apart(graph, layer, x, frequencies)
    angles = graph.node("Mul", numbers, 2.0 * math.pi * frequencies[:, None])
    cosines = graph.node("Sin", graph.node("Add", angles, phases[:, None] + 0.5 * math.pi))
    return _embedded(graph, x, cosines, vectors.mT, offset)


def _apart(graph, layer, x, parameters):
    """Add the numbers that a layer embeds, of which each has a row of parameters, (n, F, 1, 1)."""
    first, last, axis = np.array([0]), np.array([len(parameters)]), np.array([1])
    numbers = x if layer.n_numbers is None else graph.node("Slice", x, first, last, axis)
    return graph.node("Unsqueeze", numbers, np.array([2, 3]))


def _embedded(graph, x, features, vectors, offset):
    """Add x and beside it the products of the features (n, F, 1, k) of each number with its vectors
    (F, k, dim), plus the offset.
    """
    flat = graph.node(
        "Reshape", graph.node("MatMul", features, vectors), np.array([-1, offset.size])
    )
    return graph.node("Concat", x, graph.node("Add", flat, offset), axis=1)


def _prelu(graph, layer, x, slope):
    return graph.node(
        "Add", graph.node("Relu", x), graph.node("Mul", graph.node("Min", x, 0.0), slope)
    )


def _maxout(graph, layer, x):
    return graph.node("Max", *graph.split(x, layer.inputs_per_unit))


def _scale(graph, layer, x, scale):
    return graph.node("Mul", x, scale)


def _batch_norm(graph, layer, x, gamma, beta, mean, variance):
    if getattr(layer, "statistics", "running") == "batch":
        mean = _column_means(graph, x)
        variance = _column_means(graph, _square(graph, graph.node("Sub", x, mean)))
        std = graph.node("Sqrt", graph.node("Add", variance, float(layer.epsilon)))
        scale = graph.node("Div", gamma, std)
    else:
        scale = gamma / np.sqrt(variance + float(layer.epsilon))
    return graph.node("Add", graph.node("Mul", graph.node("Sub", x, mean), scale), beta)


def _square(graph, x):
    return graph.node("Mul", x, x)


def _column_means(graph, x):
    """Add the means over the rows, (1, width), summed in float64 as in the estimators."""
    total = graph.node("ReduceSum", graph.cast(x, np.float64), np.array([0]), keepdims=1)
    count = graph.cast(graph.node("Gather", graph.node("Shape", x), 0), np.float64)
    return graph.cast(graph.node("Div", total, count), graph.dtype)


def _add(graph, layer, x, skip):
    return graph.node("Add", x, skip)


def _concat(graph, layer, x, skip):
    return graph.node("Concat", skip, x, axis=1)


# ---- links of losses


def _softmax_link(graph, loss, raw):
    return graph.node("Max", graph.node("Softmax", raw, axis=1), float(np.finfo(graph.dtype).tiny))


def _logistic_link(graph, loss, raw):
    limits = np.finfo(graph.dtype)
    return graph.node(
        "Clip", graph.node("Sigmoid", raw), float(limits.tiny), float(1.0 - limits.epsneg)
    )


def _exp_link(graph, loss, raw):
    e = graph.node("Exp", graph.node("Min", raw, float(largest_exponent(graph.dtype))))
    return graph.node("Max", e, float(np.finfo(graph.dtype).tiny))


def _mean_and_std(graph, loss, raw):
    mean, score = graph.split(raw, 2)
    return graph.node("Concat", mean, _exp_link(graph, loss, graph.node("Mul", score, 0.5)), axis=1)


def _quantiles(graph, loss, raw):
    # each level is the one below plus log(1 + exp(step)), so that they do not cross
    level, *steps = graph.split(raw, loss.n_scores)
    levels = [level]
    for step in steps:
        levels.append(graph.node("Add", levels[-1], _softplus(graph, loss, step)))
    return graph.node("Concat", *levels, axis=1)


def _by_column(graph, loss, raw):
    # each piece takes its columns; then all go back to their places
    places = [numbers(columns) for _, columns in loss.pieces]
    parts = [
        convert_unit(graph, piece, graph.node("Gather", raw, place, axis=1))
        for (piece, _), place in zip(loss.pieces, places, strict=True)
    ]
    return graph.node(
        "Gather", graph.node("Concat", *parts, axis=1), np.argsort(np.concatenate(places)), axis=1
    )


CONVERTERS = {
    nn.Identity: _identity,
    nn.Logistic: _logistic,
    nn.Tanh: _tanh,
    nn.HardThreshold: _hard_threshold,
    nn.ReLU: _relu,
    nn.LeakyReLU: _leaky_relu,
    nn.ShiftedReLU: _shifted_relu,
    nn.ELU: _elu,
    nn.SELU: _selu,
    nn.Softplus: _softplus,
    nn.GELU: _gelu,
    nn.SiLU: _silu,
    nn.Mish: _mish,
    nn.FunctionActivation: _function,
    nn.Activate: _activate,
    nn.Dense: _dense,
    nn.TiedDense: _tied_dense,
    nn.Embedding: _embedding,
    nn.PiecewiseLinear: _piecewise_linear,
    nn.Periodic: _periodic,
    nn.Variational: _means,
    FirstHalf: _means,
    nn.PReLU: _prelu,
    nn.Maxout: _maxout,
    nn.Scale: _scale,
    nn.BatchNorm: _batch_norm,
    FixedNorm: _batch_norm,
    nn.Add: _add,
    nn.Concat: _concat,
    nn.LogLoss: _softmax_link,
    nn.BinaryLogLoss: _logistic_link,
    nn.Focal: _softmax_link,
    nn.BinaryFocal: _logistic_link,
    nn.Hinge: _identity,
    nn.SquaredHinge: _identity,
    nn.Perceptron: _identity,
    nn.SquaredError: _identity,
    nn.AbsoluteError: _identity,
    nn.Huber: _identity,
    nn.LogCosh: _identity,
    nn.FunctionLoss: _identity,
    LossOfUnits: _identity,
    nn.Quantile: _quantiles,
    nn.Poisson: _exp_link,
    nn.Gamma: _exp_link,
    nn.Tweedie: _exp_link,
    nn.GaussianNLL: _mean_and_std,
    nn.ColumnLosses: _by_column,
}
