"""From an estimator's parameters to the units of the core.

The one decision: every reading of a parameter that names a unit happens here, so that each is
checked in one place and before anything is trained.
"""

import itertools
from numbers import Real
from typing import NamedTuple

import numpy as np

from ..augment._augmenter import Augmenter
from ..nn.activations import Activation
from ..nn.autodiff import FunctionActivation, FunctionLoss
from ..nn.engine.trainer import augmented
from ..nn.initializers import INITIALIZERS, Scaled
from ..nn.layers import (
    CORRUPTIONS,
    JOINS,
    Activate,
    AlphaDropout,
    BatchNorm,
    Corruption,
    Dense,
    Dropout,
    Embedding,
    Layer,
    TiedDense,
)
from ..nn.losses import LOSSES
from ..nn.optimizers import OPTIMIZERS, SGD, Lion
from ..nn.schedules import SCHEDULES, Constant
from ..nn.terms import Head, Term
from .shared import HIDDEN_ACTIVATION_TYPES, HIDDEN_ACTIVATIONS, per_layer, resolve


class Block(NamedTuple):
    """A hidden layer.

    Its width, activation, batch normalisation (or None), dropout (a rate or a layer), whether its
    output may be spoilt, whether a skip connection may bridge it, whether its weights are those of
    an earlier block, transposed (the last one that is not yet taken), and what is asked of its
    output in training (or None).
    """

    width: int
    activation: Activation | Layer
    batch_norm: BatchNorm | None = None
    dropout: float | Layer = 0.0
    corrupted: bool = False
    bridged: bool = True
    tied: bool = False
    penalty: Term | None = None


def hidden_blocks(estimator, hidden_layer_sizes):
    """Return the blocks of the hidden layers as the estimator's parameters describe them."""
    widths = (
        [hidden_layer_sizes] if not np.iterable(hidden_layer_sizes) else list(hidden_layer_sizes)
    )
    whole = all(isinstance(width, Real) and width == width // 1 for width in widths)
    if not whole or isinstance(hidden_layer_sizes, (dict, set, frozenset)):
        raise ValueError(
            "hidden_layer_sizes must be a whole number or a list of them, one per layer, got "
            f"{hidden_layer_sizes!r}."
        )
    if not all(width > 0 for width in widths):
        raise ValueError(
            f"hidden_layer_sizes must be > 0, got {widths}. Leave out a layer instead of giving "
            "it no units; () means none."
        )
    activations = per_layer(estimator.activation, len(widths), "activation", "hidden layers")
    rates = per_layer(estimator.dropout, len(widths), "dropout", "hidden layers")
    norm = batch_norm_unit(estimator.batch_norm)
    blocks = []
    for width, activation, rate in zip(widths, activations, rates, strict=True):
        blocks.append(Block(int(width), activation_unit(activation), norm, rate))
    return blocks


def build_layers(estimator, blocks, n_in, n_out):
    """Return the layers.

    Embedding of a table's categories; corruption and dropout of the input; dense, batch norm,
    activation, corruption, dropout, join, head for each block; dense at the end.
    """
    layers = _embedding(estimator)
    n_in = layers[0].width(n_in) if layers else n_in
    layers += _corruption(estimator, "input") + _dropout(estimator.input_dropout)
    kind = estimator.skip_connections
    bridged = _bridged(kind, blocks, n_in)
    owners = []  # numbers of the layers whose weights a tied one may take
    for block, is_bridged, strength in zip(
        blocks, bridged, _head_strengths(estimator, len(blocks)), strict=True
    ):
        start = len(layers)
        layer = activation_layer(block.activation)
        init = weight_init(estimator, block.activation)
        if is_bridged and kind == "add" and estimator.weight_init == "auto":
            init = Scaled(init, 1.0 / sum(bridged))
        layers.append(_dense(block.width * layer.inputs_per_unit, init, block.tied, start, owners))
        if block.batch_norm is not None:
            layers.append(block.batch_norm)
        layers.append(layer)
        if block.penalty is not None:
            layers.append(block.penalty)
        if block.corrupted:
            layers += _corruption(estimator, "hidden")
        layers += _dropout(block.dropout)
        if is_bridged:
            layers.append(JOINS[kind](len(layers) - start))
        if strength:
            layers.append(Head(n_out, strength, weight_init(estimator, None)))
    tied = getattr(estimator, "tied_weights", False)
    layers.append(_dense(n_out, weight_init(estimator, None), tied, len(layers), owners))
    if is_lbfgs(estimator):
        _refuse_lbfgs(estimator, layers)
    return layers


def block_ends(network):
    """Return how many layers the first 0, 1, ... blocks of a network have, dropout after the
    last one left out.
    """
    ends = [int(isinstance(network.layers[0], Embedding))]
    for i, layer in enumerate(network.layers, 1):
        if layer.activates or layer.span:  # a join moves the end of the block it bridges
            ends[len(ends) if layer.activates else -1 :] = [i]
    return ends


def activation_unit(value):
    """Return the unit that an entry of ``activation`` stands for."""
    if callable(value):
        value = FunctionActivation(value)
    if not isinstance(value, (str, *HIDDEN_ACTIVATION_TYPES)):
        raise ValueError(
            f"Entries of activation must be one of {sorted(HIDDEN_ACTIVATIONS)}, a function or an "
            f"Activation, got {value!r}."
        )
    return resolve(value, HIDDEN_ACTIVATIONS)


def activation_layer(unit):
    """Return the layer that applies an activation; some are layers themselves."""
    return Activate(unit) if isinstance(unit, Activation) else unit


def weight_init(estimator, activation):
    """Return the initializer of the weights in front of ``activation``, None for the output
    layer.
    """
    key = estimator.weight_init
    if key == "auto":
        key = "glorot_uniform" if activation is None else activation.weight_init
    return resolve(key, INITIALIZERS)


def batch_norm_unit(value):
    """Return the BatchNorm unit that ``batch_norm`` stands for, None for False."""
    if isinstance(value, BatchNorm):
        value.check()
        return value
    return BatchNorm() if value else None


def regression_loss(estimator):
    """Return the loss unit of an estimator whose targets are numbers."""
    loss = resolve(
        FunctionLoss(estimator.loss) if callable(estimator.loss) else estimator.loss, LOSSES
    )
    if "regression" not in loss.targets:
        raise ValueError(
            f"loss={estimator.loss!r} is for {' or '.join(loss.targets)} targets, but these are "
            "numbers."
        )
    return loss


def is_lbfgs(estimator):
    """Return whether the solver takes all rows at once."""
    return isinstance(estimator.solver, str) and estimator.solver == "lbfgs"


def make_solver(estimator):
    """Return the optimizer unit."""
    rule = resolve(estimator.solver, OPTIMIZERS, estimator)
    if estimator.l1_ratio:
        if isinstance(rule, Lion):
            raise ValueError(
                f"l1_ratio={estimator.l1_ratio!r} does not go with {rule!r}, which moves every "
                "weight by the learning rate in each step, "
                "however small its gradient, so that a threshold holds all weights at zero or "
                "none; take another solver, such as 'adam'."
            )
        if not hasattr(rule, "asymptotic_step"):
            raise ValueError(
                f"l1_ratio={estimator.l1_ratio!r} needs to know how far {rule!r} moves a "
                "parameter; give the rule a method asymptotic_step (see "
                "skmlp.nn.Optimizer), or take l1_ratio=0."
            )
        if isinstance(rule, SGD) and rule.momentum == 1.0:
            raise ValueError(
                f"l1_ratio={estimator.l1_ratio!r} does not go with momentum={rule.momentum!r}, "
                "which never comes to rest; take less than 1."
            )
    return rule


def make_schedule(estimator):
    """Return the schedule unit; scikit-learn's keys take effect with ``solver="sgd"`` only."""
    key = estimator.learning_rate
    if isinstance(key, str) and key in ("invscaling", "adaptive") and estimator.solver != "sgd":
        return Constant()
    return resolve(key, SCHEDULES, estimator)


def augmenters(estimator, x):
    """Return ``augmentation`` as a list of callables, checked against the source of rows ``x``."""
    given = estimator.augmentation
    if given is None:
        return []
    given = list(given) if isinstance(given, (list, tuple)) else [given]
    for augmenter in given:
        if isinstance(augmenter, type) or not callable(augmenter):
            raise ValueError(
                "augmentation must be a function (X, y, rng) -> (X, y), an instance such as "
                f"Mixup(), or a list; got {augmenter!r}."
            )
        if isinstance(augmenter, Augmenter):
            augmenter.check()
            augmenter.check_width(x.width)
    if given and estimator._codec.categorical:
        raise ValueError(
            f"augmentation={estimator.augmentation!r} does not go with categories: their numbers "
            "cannot be mixed or moved."
        )
    if given and x.sparse:
        raise ValueError(
            f"augmentation={estimator.augmentation!r} does not go with sparse X; give "
            "X.toarray(), or leave augmentation out."
        )
    measures = estimator._codec.measure, estimator._target_measure
    if measures == (None, None):
        return given
    return [
        augmenter if isinstance(augmenter, Augmenter) else _in_units(augmenter, measures)
        for augmenter in given
    ]


def _in_units(function, measures):
    """Return a user's augmenter for batches of what the network sees and learns: it gets, in
    float64, the numbers these stand for.
    """

    def augment(x, target, rng):
        batch = (x, target)
        numbers = [
            z if measure is None else measure.restored(z)
            for z, measure in zip(batch, measures, strict=True)
        ]
        changed = augmented(function, *numbers, rng)
        back = [
            z if measure is None else measure.normalised(z)
            for z, measure in zip(changed, measures, strict=True)
        ]
        return tuple(
            z.astype(before.dtype, copy=False) for z, before in zip(back, batch, strict=True)
        )

    return augment


def check_batch_rows(estimator, network, n_rows, batch_size, incremental):
    """Raise ``ValueError`` if batches of ``batch_size`` of ``n_rows`` rows have fewer than a
    layer can learn from.
    """
    least = network.min_rows
    if min(n_rows, batch_size) < least:
        few = (
            f"{'partial_fit' if incremental else 'fit'} got n_samples={n_rows}"
            if n_rows < least
            else f"batch_size={batch_size}"
        )
        raise ValueError(
            f"batch_norm={estimator.batch_norm!r} subtracts the mean of a batch, which leaves "
            "nothing of a single row: each batch needs "
            f"{least} rows or more, but {few}. Take larger batches, or batch_norm=False."
        )


def penalty_strengths(estimator, n_weights):
    """Return the L2 part of ``alpha`` as one float per weight matrix."""
    return [alpha * (1.0 - float(estimator.l1_ratio)) for alpha in _alphas(estimator, n_weights)]


def l1_strengths(estimator, n_weights):
    """Return the L1 part of ``alpha`` as one float per weight matrix."""
    return [alpha * float(estimator.l1_ratio) for alpha in _alphas(estimator, n_weights)]


def _alphas(estimator, n_weights):
    return _strengths(estimator.alpha, n_weights, "alpha", "weight matrices")


def _strengths(value, n, name, each):
    """Return ``value`` as a list of ``n`` floats, or raise ``ValueError`` if they cannot be
    strengths of something.
    """
    strengths = per_layer(value, n, name, each)
    if not all(isinstance(strength, Real) and 0 <= strength < np.inf for strength in strengths):
        raise ValueError(
            f"{name} must be finite and not negative, numbers throughout, got {value!r}."
        )
    return [float(strength) for strength in strengths]


def _bridged(kind, blocks, n_in):
    """Return for each block whether a skip connection of this kind bridges it; raise
    ``ValueError`` if one is asked for and none can be.
    """
    widths = [n_in, *(block.width for block in blocks)]
    same = [before == after for before, after in itertools.pairwise(widths)]
    bridged = [
        kind is not None and block.bridged and (kind == "concat" or fits)
        for block, fits in zip(blocks, same, strict=True)
    ]
    if kind is not None and not any(block.bridged for block in blocks):
        raise ValueError(
            f"skip_connections={kind!r} needs a hidden layer to bridge, but hidden_layer_sizes is "
            "()."
        )
    if kind is not None and not any(bridged):
        raise ValueError(
            "skip_connections='add' adds a hidden layer's output to its input, which needs one "
            "width twice in a row, but the widths "
            f"are {widths}, input first. Make neighbours in hidden_layer_sizes equal, or use "
            "skip_connections='concat'."
        )
    return bridged


def _head_strengths(estimator, n_hidden):
    """Return the weight of each hidden layer's head, 0 for none; autoencoders have none."""
    value = getattr(estimator, "auxiliary_loss_weight", 0.0)
    strengths = _strengths(value, n_hidden, "auxiliary_loss_weight", "hidden layers")
    if not strengths and np.ndim(value) == 0 and value:
        raise ValueError(
            f"auxiliary_loss_weight={value!r} needs a hidden layer for its output heads, but "
            "hidden_layer_sizes is ()."
        )
    return strengths


def _dense(width, init, tied, number, owners):
    """Return the dense layer that becomes layer ``number``; if ``tied``, it takes the last
    owner's weight. Overwrites: owners.
    """
    if tied:
        return TiedDense(width, number - owners.pop())
    owners.append(number)
    return Dense(width, init)


def _embedding(estimator):
    """Return the layers, one or none, that stand for the categories of a table."""
    if not estimator._codec.categorical:
        return []
    levels, dim = estimator._codec.levels, estimator.embedding_dim
    return [Embedding(levels, None if dim is None else (int(dim),) * len(levels))]


def _corruption(estimator, place):
    """Return the layers that corrupt in training at this place, "input" or "hidden"; only
    autoencoders have any.
    """
    value = getattr(estimator, "corruption", None)
    if value is None or estimator.corruption_at != place:
        return []
    if isinstance(value, type):
        raise ValueError(
            f"corruption={value!r} is a class; give an instance, such as Masking(0.2), or a "
            "function (x, rng) -> x."
        )
    return [
        resolve(Corruption(value) if not isinstance(value, (str, Layer)) else value, CORRUPTIONS)
    ]


def _dropout(value):
    """Return the layers, one or none, that a rate or a layer of the caller's stands for."""
    layer = value if isinstance(value, Dropout | AlphaDropout) else Dropout(value)
    layer.check()
    return [layer] if layer.rate else []


def _refuse_lbfgs(estimator, layers):
    if estimator.augmentation not in (None, [], ()):
        raise ValueError(
            f"augmentation={estimator.augmentation!r} does not go with solver='lbfgs': it needs "
            "the same objective at each evaluation."
        )
    for name in ("clip_norm", "clip_value"):
        if getattr(estimator, name) is not None:
            raise ValueError(
                f"{name}={getattr(estimator, name)!r} does not go with solver='lbfgs': its line "
                "search needs the true gradient."
            )
    if estimator.l1_ratio:
        raise ValueError(
            f"l1_ratio={estimator.l1_ratio!r} does not go with solver='lbfgs', which needs an "
            "objective without kinks; take a minibatch "
            "solver, such as 'sgd' or 'adam', with batch_size as large as the data if there is to "
            "be no noise, or l1_ratio=0."
        )
    if estimator.max_norm is not None:
        raise ValueError(
            f"max_norm={estimator.max_norm!r} does not go with solver='lbfgs', which knows no "
            "constraints; take a minibatch solver."
        )
    if any(isinstance(layer, Dropout | AlphaDropout) for layer in layers):
        raise ValueError(
            "dropout and input_dropout do not go with solver='lbfgs': it needs the same objective "
            "at each evaluation."
        )
    corruption = getattr(estimator, "corruption", None)
    if corruption is not None:
        raise ValueError(
            f"{corruption=!r} does not go with solver='lbfgs': it needs the same objective at "
            "each evaluation."
        )
    for layer in layers:
        if isinstance(layer, Activate) and layer.activation.surrogate:
            raise ValueError(
                f"activation={layer.activation!r} does not go with solver='lbfgs': its line "
                "search needs the true gradient."
            )
