"""From an estimator's parameters to the layers of its network.

The one decision: an estimator says what its network is made of (``Architecture``), and only here is
that turned into layers; so what an autoencoder has beyond the others is not looked for here.
"""

import itertools
from numbers import Real
from typing import NamedTuple

import numpy as np

from ..nn.activations import Activation
from ..nn.initializers import INITIALIZERS, Scaled
from ..nn.layers import (
    JOINS,
    NUMERIC_EMBEDDINGS,
    Activate,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    Layer,
    NumericEmbedding,
    Scale,
    TiedDense,
)
from ..nn.optimizers import LAYER_RATES, LayerRates
from ..nn.terms import Head, Term
from .penalties import strengths
from .units import activation_unit, is_lbfgs, optional_unit, per_layer, resolve


class Block(NamedTuple):
    """A hidden layer.

    Its width, activation, batch normalisation (or None), dropout (a rate or a layer), what corrupts
    its output in training (or None), whether a skip connection may bridge it, whether its weights
    are those of an earlier block, transposed (the last one that is not yet taken), the penalty on
    its output in training (or None), the weight of the loss of its auxiliary head, and whether its
    weights adapt to rows before training.
    """

    width: int
    activation: Activation | Layer
    batch_norm: BatchNorm | None = None
    dropout: float | Layer = 0.0
    corruption: Layer | None = None
    bridged: bool = True
    tied: bool = False
    penalty: Term | None = None
    head: float = 0.0
    data_init: bool = False


class Architecture(NamedTuple):
    """What a network is made of between its input and its loss.

    Its hidden blocks, how many of them ``transform`` goes through, what corrupts its input in
    training (or None), and whether the weights of its output layer are those of the first block,
    transposed.
    """

    blocks: list
    n_transformed: int
    corruption: Layer | None = None
    tied: bool = False

    @property
    def n_weights(self):
        """Number of weight matrices, a tied one counted with its owner."""
        return sum(not block.tied for block in self.blocks) + (not self.tied)


def plain_architecture(estimator):
    """Return the architecture of a classifier or regressor: hidden blocks, each with its head."""
    blocks = hidden_blocks(estimator, estimator.hidden_layer_sizes)
    value = estimator.auxiliary_loss_weight
    weights = strengths(value, len(blocks), "auxiliary_loss_weight", "hidden layers")
    if not blocks and np.ndim(value) == 0 and value:
        raise ValueError(
            f"auxiliary_loss_weight={value!r} needs a hidden layer for its output heads, but "
            "hidden_layer_sizes is ()."
        )
    blocks = [block._replace(head=head) for block, head in zip(blocks, weights, strict=True)]
    return Architecture(blocks, len(blocks))


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
    norm = optional_unit(estimator.batch_norm, BatchNorm)
    blocks = []
    for width, activation, rate in zip(widths, activations, rates, strict=True):
        block = Block(int(width), activation_unit(activation), norm, rate)
        blocks.append(block._replace(data_init=bool(estimator.data_init)))
    return blocks


def build_layers(estimator, architecture, n_in, n_out):
    """Return the layers.

    Embedding of a table's categories, corruption of the input, embedding of its numbers, scale,
    dropout; dense, batch norm, activation, penalty, corruption, dropout, join, head for each block;
    dense at the end.
    """
    layers = _embedding(estimator) + _present(architecture.corruption)
    layers += _numeric_embedding(estimator, n_in)
    layers += _present(optional_unit(estimator.input_scale, Scale))
    layers += _dropout(estimator.input_dropout)
    for layer in layers:
        n_in = layer.width(n_in)
    kind, blocks = estimator.skip_connections, architecture.blocks
    bridged = _bridged(kind, blocks, n_in)
    rates = _rates(estimator, architecture.n_weights)
    owners = []  # numbers of the layers whose weights a tied one may take, and their rates
    for block, is_bridged in zip(blocks, bridged, strict=True):
        start = len(layers)
        layer = activation_layer(block.activation)
        init = weight_init(estimator, block.activation)
        if is_bridged and kind == "add" and estimator.weight_init == "auto":
            init = Scaled(init, 1.0 / sum(bridged))
        width = block.width * layer.inputs_per_unit
        layers.append(_dense(width, init, block.tied, start, owners, rates))
        if block.data_init and not (block.tied or (is_bridged and kind == "add")):
            layers[-1].set_params(data_init=True)
        layers += _present(block.batch_norm, layer, block.penalty, block.corruption)
        layers += _dropout(block.dropout)
        if is_bridged:
            layers.append(JOINS[kind](len(layers) - start))
        if block.head:
            layers.append(Head(n_out, block.head, weight_init(estimator, None)))
    init = weight_init(estimator, None)
    layers.append(_dense(n_out, init, architecture.tied, len(layers), owners, rates))
    if is_lbfgs(estimator):
        _refuse_lbfgs(estimator, layers)
    return layers


def block_ends(network):
    """Return how many layers the first 0, 1, ... blocks of a network have, dropout after the
    last one left out; what embeds and scales the input is in front of the first.
    """
    ends = [0]
    for i, layer in enumerate(network.layers, 1):
        if isinstance(layer, Embedding | NumericEmbedding | Scale):
            ends = [i]
        if layer.activates or layer.span:  # a join moves the end of the block it bridges
            ends[len(ends) if layer.activates else -1 :] = [i]
    return ends


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


def _dense(width, init, tied, number, owners, rates):
    """Return the dense layer that becomes layer ``number``; if ``tied``, it takes the last
    owner's weight. Overwrites: owners, rates.
    """
    if tied:
        owner, rate = owners.pop()
        return TiedDense(width, number - owner, rate["bias_rate"])
    owners.append((number, rates.pop(0)))
    return Dense(width, init, **owners[-1][1])


def _rates(estimator, n_weights):
    """Return the rates of a ``Dense`` for each weight matrix."""
    rates = estimator.learning_rate_scaling
    rates = LayerRates(fan_in=False) if rates is None else resolve(rates, LAYER_RATES)
    value = 1.0 if rates.layers is None else rates.layers
    name = "The layers of learning_rate_scaling"
    return [
        {
            "weight_rate": factor,
            "bias_rate": factor * float(rates.bias),
            "by_fan_in": bool(rates.fan_in),
        }
        for factor in strengths(value, n_weights, name, "weight matrices")
    ]


def _embedding(estimator):
    """Return the layers, one or none, that stand for the categories of a table."""
    if not estimator._codec.categorical:
        return []
    n_categories, most = estimator._codec.n_categories, estimator.embedding_dim
    dims = None if most is None else tuple(min(n, int(most)) for n in n_categories)
    return [Embedding(n_categories, dims)]


def _numeric_embedding(estimator, n_in):
    """Return the layers, one or none, that embed the numbers among ``n_in`` columns."""
    value, codec = estimator.numeric_embedding, estimator._codec
    n_numbers = len(codec.numeric) if codec.is_table else n_in
    if value is None or not n_numbers:
        return []
    layer = resolve(value, NUMERIC_EMBEDDINGS)
    if (layer.n_numbers or 0) > n_numbers:
        raise ValueError(
            f"numeric_embedding={value!r} embeds {layer.n_numbers} columns, but X has {n_numbers} "
            "columns of numbers; leave n_numbers=None for all of them."
        )
    # a layer of its own, for the hyperparameters of the estimator's may change after the fit
    hyper = layer.get_params(deep=False)
    if codec.is_table and layer.n_numbers is None:
        hyper["n_numbers"] = n_numbers
    return [type(layer)(**hyper)]


def _present(*layers):
    """Return those of the layers that are not None."""
    return [layer for layer in layers if layer is not None]


def _dropout(value):
    """Return the layers, one or none, that a rate or a layer of the caller's stands for."""
    layer = value if isinstance(value, Dropout | AlphaDropout) else Dropout(value)
    layer.check()
    return [layer] if layer.rate else []


def _refuse_lbfgs(estimator, layers):
    """Raise ``ValueError`` for what does not go with L-BFGS."""
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
            f"l1_ratio={estimator.l1_ratio!r} does not go with solver='lbfgs', which needs a "
            "smooth objective; take a minibatch "
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
    for layer in layers:
        if isinstance(layer, Activate) and layer.activation.surrogate:
            raise ValueError(
                f"activation={layer.activation!r} does not go with solver='lbfgs': its line "
                "search needs the true gradient."
            )
