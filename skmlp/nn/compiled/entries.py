"""What stands for each unit in a program: operations, numbers of losses, steps of optimizers.

The one decision: what a unit computes is entered here under its class, apart from the units, which
know nothing of it. A class is looked up as it is, not by what it derives from, since a subclass may
compute something else. Where anything has no entry there is no program, and training goes the way
of NumPy, which computes the same.

To add one: write its loops in ``operations.py``, ``losses.py`` or ``updates.py``, give it a number
there, and enter it here under the unit's class; the tests compare every entry with NumPy.
"""

import numpy as np

from ..activations import piecewise, smooth
from ..constants import largest_exponent
from ..layers.activation_layers import PReLU
from ..layers.batch_norm import BatchNorm
from ..layers.dense import Activate, Dense
from ..layers.dropout import AlphaDropout, Dropout
from ..layers.embedding import Embedding
from ..layers.numeric_embeddings import Periodic, PiecewiseLinear
from ..layers.scale import Scale
from ..layers.skip import Add, Concat
from ..layers.tied import TiedDense
from ..losses import cross_entropy, likelihood, regression
from ..optimizers import adam, others
from . import losses, normalisation, numeric_embeddings, operations, passes, updates
from .table import Table

ACTIVATIONS = {  # number, hyperparameters
    piecewise.Identity: lambda f: (operations.IDENTITY,),
    piecewise.ReLU: lambda f: (operations.RELU,),
    piecewise.LeakyReLU: lambda f: (operations.LEAKY_RELU, f.slope),
    piecewise.ShiftedReLU: lambda f: (operations.SHIFTED_RELU, f.shift),
    piecewise.HardThreshold: lambda f: (operations.HARD_THRESHOLD,),
    smooth.Logistic: lambda f: (operations.LOGISTIC,),
    smooth.Tanh: lambda f: (operations.TANH,),
    smooth.ELU: lambda f: (operations.ELU, f.alpha, 1.0),
    smooth.SELU: lambda f: (operations.ELU, smooth.SELU_ALPHA, smooth.SELU_SCALE),
    smooth.Softplus: lambda f: (operations.SOFTPLUS,),
    smooth.GELU: lambda f: (operations.GELU,),
    smooth.SiLU: lambda f: (operations.SILU,),
    smooth.Mish: lambda f: (operations.MISH,),
}
LOSSES = {  # number, hyperparameters, and what else depends on the precision
    cross_entropy.LogLoss: lambda loss, dtype: (losses.LOG_LOSS, loss.label_smoothing),
    cross_entropy.BinaryLogLoss: lambda loss, dtype: (losses.BINARY_LOG_LOSS, loss.label_smoothing),
    regression.SquaredError: lambda loss, dtype: (losses.SQUARED_ERROR,),
    regression.AbsoluteError: lambda loss, dtype: (losses.ABSOLUTE_ERROR,),
    regression.Huber: lambda loss, dtype: (losses.HUBER, loss.delta),
    regression.LogCosh: lambda loss, dtype: (losses.LOG_COSH,),
    regression.Quantile: lambda loss, dtype: (losses.QUANTILE, *loss.taus),
    likelihood.GaussianNLL: lambda loss, dtype: (
        losses.GAUSSIAN,
        largest_exponent(dtype),
        likelihood._STEEPNESS,
        np.finfo(dtype).tiny,
    ),
}
UPDATES = {
    others.SGD: lambda rule: updates.NESTEROV if rule.nesterovs_momentum else updates.MOMENTUM,
    adam.Adam: lambda rule: updates.ADAM,
    adam.AdamW: lambda rule: updates.ADAM,
    adam.AMSGrad: lambda rule: updates.AMSGRAD,
    adam.NAdam: lambda rule: updates.NADAM,
    others.RMSprop: lambda rule: updates.RMSPROP,
    others.Adagrad: lambda rule: updates.ADAGRAD,
    others.Adadelta: lambda rule: updates.ADADELTA,
    others.Lion: lambda rule: updates.LION,
}
# kind of the soft threshold of an L1 penalty, and the slots that it follows from
THRESHOLDS = {
    others.SGD: (updates.FIXED, ()),
    adam.Adam: (updates.BY_ROOT, ("v",)),
    adam.AdamW: (updates.FIXED, ()),
    adam.AMSGrad: (updates.BY_ROOT, ("v_max",)),
    adam.NAdam: (updates.BY_ROOT, ("v",)),
    others.RMSprop: (updates.BY_ROOT, ("v",)),
    others.Adagrad: (updates.BY_ROOT, ("v",)),
    others.Adadelta: (updates.BY_RATIO, ("v", "u")),
}


class _Place:
    """Where a layer stands: its workspace, the gradient of its output, the dense layer in front
    whose bias a rectifier adds on its way, if there is one, and whether the rows are a piece of a
    batch.
    """

    def __init__(self, network, plan, i, is_piece):
        self.is_piece = is_piece
        self.ws = plan.layers[i]
        self.widths = network.widths[i], network.widths[i + 1]
        self.dy = plan.layers[i + 1].dx if i + 1 < len(plan.layers) else self.ws.y
        self.leaves_bias = i + 1 < len(plan.layers) and _adds_bias(network, plan, i + 1)
        self.below = plan.layers[i - 1] if i and _adds_bias(network, plan, i) else None


def _adds_bias(network, plan, i):
    """Return whether layer ``i`` is a rectifier that adds the bias of the dense layer in front."""
    layer, ws = network.layers[i], plan.layers[i]
    return (
        type(layer) is Activate
        and type(layer.activation) in (piecewise.ReLU, piecewise.LeakyReLU)
        and ws.y is ws.x
        and type(network.layers[i - 1]) in (Dense, TiedDense)
    )


def has_entries(layers):
    """Return whether all layers and their activations have an entry."""
    activations = [layer.activation for layer in layers if type(layer) is Activate]
    return all(type(layer) in LAYERS for layer in layers) and all(
        type(f) in ACTIVATIONS for f in activations
    )


def tables(network, plan, is_piece=False):
    """Return the forward and the backward ``Table`` of a network, all of whose layers have an
    entry, for the arrays of a plan.

    ``is_piece``: whether the rows are a piece of a batch only.
    """
    plan.begin(plan.x)
    forward, backward = Table(), Table()
    entries = [LAYERS[type(layer)] for layer in network.layers]
    places = [_Place(network, plan, i, is_piece) for i in range(len(entries))]
    for layer, (enter, _), place in zip(network.layers, entries, places, strict=True):
        enter(layer, place, place.ws, forward)
    for layer, (_, enter), place in zip(
        network.layers[::-1], entries[::-1], places[::-1], strict=True
    ):
        enter(layer, place, place.ws, backward)
        for total, part in place.ws.returned:
            if place.ws.dx is not None and total is place.ws.dx:
                backward.add(passes.ADD, total.shape[1], 0, total, part)
            else:
                backward.add(passes.ADD_MATRIX, total.shape[1], total.shape[0], total, part)
        if place.ws.dx is None:
            break
    return forward, backward


def prediction_table(network, plan):
    """Return the ``Table`` of a pass in prediction, of a network without batch normalisation."""
    forward = Table()
    for i, layer in enumerate(network.layers):
        place = _Place(network, plan, i, False)
        if layer.training_only:
            _in_place(place, place.ws, forward)
        else:
            LAYERS[type(layer)][0](layer, place, place.ws, forward)
    return forward


def _in_place(place, ws, forward):
    """Bring the input of a layer to where its output goes."""
    if ws.y is not ws.x:
        forward.add(passes.COPY, place.widths[1], 0, ws.x, ws.y)


def _dense(layer, place, ws, forward):
    forward.add(passes.PRODUCT, *place.widths, ws.x, ws.weight, ws.y)
    _bias(place, ws, forward)


def _dense_backward(layer, place, ws, backward):
    _bias_backward(place, ws, backward)
    backward.add(
        passes.PRODUCT_BACKWARD, *place.widths, ws.x, ws.weight, place.dy, ws.d_weight, ws.dx
    )


def _tied(layer, place, ws, forward):
    forward.add(passes.TIED_PRODUCT, *place.widths, ws.x, ws.weight, ws.y)
    _bias(place, ws, forward)


def _tied_backward(layer, place, ws, backward):
    _bias_backward(place, ws, backward)
    backward.add(passes.TIED_BACKWARD, *place.widths, ws.x, ws.weight, place.dy, ws.d_weight, ws.dx)


def _bias(place, ws, forward):
    if not place.leaves_bias:
        forward.add(passes.BIAS, place.widths[1], 0, ws.y, ws.bias)


def _bias_backward(place, ws, backward):
    if not place.leaves_bias:
        backward.add(passes.SUM_ROWS, place.widths[1], 0, place.dy, ws.d_bias)


def _activate(layer, place, ws, forward):
    kind, *numbers = ACTIVATIONS[type(layer.activation)](layer.activation)
    width = place.widths[1]
    if place.below is not None:
        forward.add(passes.BIAS_RELU, width, 0, ws.y, place.below.bias, numbers=numbers)
        return
    _in_place(place, ws, forward)
    if kind != operations.IDENTITY:
        forward.add(passes.ACTIVATE, width, kind, ws.y, numbers=numbers)


def _activate_backward(layer, place, ws, backward):
    kind, *numbers = ACTIVATIONS[type(layer.activation)](layer.activation)
    kept = ws.y if layer.activation.keeps == "y" else ws.x
    width, dy = place.widths[1], place.dy
    if place.below is not None:
        backward.add(
            passes.RELU_BIAS_BACKWARD, width, 0, kept, dy, place.below.d_bias, numbers=numbers
        )
    elif ws.dx is not None and kind != operations.IDENTITY:
        backward.add(passes.ACTIVATE_BACKWARD, width, kind, kept, dy, numbers=numbers)


def _dropout(layer, place, ws, forward):
    _in_place(place, ws, forward)
    _drop(layer, place, ws, forward)


def _drop(layer, place, ws, forward):
    """Drop values of the output, whose share may change in the course of a fit."""

    def numbers():
        threshold = layer.threshold(ws.phase.progress)
        return threshold, layer.scale(threshold)

    forward.add(passes.DROPOUT, place.widths[1], 0, ws.y, ws.mask, numbers=numbers)


def _alpha_dropout(layer, place, ws, forward):
    def shift():
        threshold = layer.threshold(ws.phase.progress)
        return (layer.scale(threshold) * low * (1.0 - threshold / 65536.0),)

    width, low = place.widths[1], -smooth.SELU_SCALE * smooth.SELU_ALPHA
    _in_place(place, ws, forward)
    forward.add(passes.SHIFT, width, 0, ws.y, numbers=(-low,))
    _drop(layer, place, ws, forward)
    forward.add(passes.SHIFT, width, 0, ws.y, numbers=shift)


def _dropout_backward(layer, place, ws, backward):
    if ws.dx is not None:
        backward.add(passes.SCALE_BY, place.widths[1], 0, place.dy, ws.mask)


def _batch_norm(layer, place, ws, forward):
    width, affine = place.widths[1], (ws.gamma, ws.beta)
    moments = ws.batch_mean, ws.batch_variance
    if place.is_piece:
        own = *moments, ws.row, ws.inv_std
        forward.add(normalisation.MOMENTS, width, 0, ws.x, ws.x_hat, *own)
        own, running = (ws.x, *own), (ws.mean, ws.variance)
        numbers = layer.epsilon, layer.momentum
        forward.meet(normalisation.MERGE_MOMENTS, width, own, running, numbers)
        own = ws.row, ws.inv_std
        forward.add(normalisation.NORMALISE, width, 0, ws.x_hat, ws.y, *own, *affine)
    else:
        arrays = ws.x, ws.x_hat, ws.y, *affine, *moments, ws.inv_std, ws.row, ws.mean, ws.variance
        numbers = layer.epsilon, layer.momentum
        forward.add(normalisation.BATCH_NORM, width, 0, *arrays, numbers=numbers)


def _batch_norm_backward(layer, place, ws, backward):
    width, arrays = place.widths[1], (place.dy, ws.x_hat)
    sums, affine = (ws.d_gamma, ws.d_beta), (ws.gamma, ws.inv_std)
    if ws.dx is None:
        backward.add(normalisation.SUMS, width, 0, *arrays, *sums)
    elif place.is_piece:
        backward.add(normalisation.SUMS, width, 0, *arrays, *sums)
        of_batch = ws.batch_variance, ws.batch_mean  # which nothing else needs any more
        backward.meet(normalisation.MERGE_SUMS, width, (*sums, *of_batch))
        sums = of_batch
        backward.add(normalisation.INPUT_BACKWARD, width, 0, *arrays, *affine, *sums)
    else:
        backward.add(normalisation.BATCH_NORM_BACKWARD, width, 0, *arrays, *sums, *affine)


def _prelu(layer, place, ws, forward):
    forward.add(passes.PRELU, place.widths[1], 0, ws.x, ws.slope, ws.y)


def _prelu_backward(layer, place, ws, backward):
    arrays = ws.x, place.dy, ws.slope, ws.d_slope
    backward.add(passes.PRELU_BACKWARD, place.widths[1], 0, *arrays)


def _scale(layer, place, ws, forward):
    forward.add(passes.SCALE_COLUMNS, place.widths[1], 0, ws.x, ws.scale, ws.y)


def _scale_backward(layer, place, ws, backward):
    arrays = ws.x, place.dy, ws.scale, ws.d_scale
    backward.add(passes.SCALE_COLUMNS_BACKWARD, place.widths[1], 0, *arrays)


def _add(layer, place, ws, forward):
    _in_place(place, ws, forward)
    forward.add(passes.ADD, place.widths[1], 0, ws.y, ws.skip)


def _add_backward(layer, place, ws, backward):
    if ws.d_skip is not None:
        backward.add(passes.COPY, place.widths[1], 0, place.dy, ws.d_skip)


def _concat(layer, place, ws, forward):
    widths = ws.skip.shape[1], place.widths[0]
    forward.add(passes.CONCATENATE, *widths, ws.skip, ws.x, ws.y)


def _concat_backward(layer, place, ws, backward):
    n_skip, (n_in, width) = ws.skip.shape[1], place.widths
    if ws.d_skip is not None:
        backward.add(passes.TAKE_COLUMNS, n_skip, 0, place.dy, ws.d_skip, width)
    if ws.dx is not None:
        backward.add(passes.TAKE_COLUMNS, n_in, n_skip, place.dy, ws.dx, width)


def _embedding(layer, place, ws, forward):
    n_categories, dims, starts = (np.ascontiguousarray(a, np.int64) for a in layer.places()[:3])
    forward.add(
        passes.EMBED,
        *place.widths,
        ws.x,
        ws.vectors,
        ws.y,
        ws.codes,
        n_categories,
        n_categories.size,
        ws.vectors.size,
        dims,
        starts,
    )


def _embedding_backward(layer, place, ws, backward):
    dims = np.ascontiguousarray(layer.places()[1], np.int64)
    n_in, n_out = place.widths
    columns, size = dims.size, ws.vectors.size
    backward.add(
        passes.EMBED_BACKWARD,
        n_in,
        n_out,
        place.dy,
        ws.codes,
        dims,
        ws.d_vectors,
        None,
        columns,
        size,
    )
    if ws.dx is not None:
        arrays = place.dy, ws.dx, None, None, None, n_in - columns
        backward.add(passes.EMBED_INPUT_BACKWARD, n_in, n_out, *arrays)


def _piecewise_linear(layer, place, ws, forward):
    arrays = ws.x, ws.y, ws.edges, ws.slopes, ws.vectors, ws.offset
    kept = ws.sums, ws.bins, ws.z, ws.slope
    kind = numeric_embeddings.PIECEWISE_LINEAR
    forward.add(kind, *place.widths, *arrays, *kept, *ws.edges.shape)


def _piecewise_linear_backward(layer, place, ws, backward):
    arrays = place.dy, ws.bins, ws.z, ws.slope, ws.vectors, ws.d_vectors, ws.d_offset, ws.sums
    kind = numeric_embeddings.PIECEWISE_LINEAR_BACKWARD
    backward.add(kind, *place.widths, *arrays, ws.dx, *ws.edges.shape)


def _periodic(layer, place, ws, forward):
    arrays = ws.x, ws.y, ws.frequencies, ws.phases, ws.vectors, ws.offset, ws.cosines, ws.sines
    sizes = ws.frequencies.shape
    forward.add(numeric_embeddings.PERIODIC, *place.widths, *arrays, *sizes)


def _periodic_backward(layer, place, ws, backward):
    arrays = ws.x, place.dy, ws.frequencies, ws.vectors, ws.cosines, ws.sines
    gradients = ws.d_frequencies, ws.d_phases, ws.d_vectors, ws.d_offset
    kind, sizes = numeric_embeddings.PERIODIC_BACKWARD, ws.frequencies.shape
    backward.add(kind, *place.widths, *arrays, *gradients, ws.dx, *sizes)


LAYERS = {
    Dense: (_dense, _dense_backward),
    TiedDense: (_tied, _tied_backward),
    Activate: (_activate, _activate_backward),
    Dropout: (_dropout, _dropout_backward),
    AlphaDropout: (_alpha_dropout, _dropout_backward),
    BatchNorm: (_batch_norm, _batch_norm_backward),
    PReLU: (_prelu, _prelu_backward),
    Scale: (_scale, _scale_backward),
    Add: (_add, _add_backward),
    Concat: (_concat, _concat_backward),
    Embedding: (_embedding, _embedding_backward),
    PiecewiseLinear: (_piecewise_linear, _piecewise_linear_backward),
    Periodic: (_periodic, _periodic_backward),
}
