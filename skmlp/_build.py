"""From an estimator's parameters to the units of the core.

The one decision: every reading of a parameter that names a unit happens here, so that each is checked in one place and before
anything is trained.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from ._parameters import HIDDEN_ACTIVATION_TYPES, HIDDEN_ACTIVATIONS, per_layer, resolve
from .nn.activation import Activation
from .nn.batch_norm import BatchNorm
from .nn.custom import Function, FunctionLoss
from .nn.initializers import INITIALIZERS
from .nn.layer import Layer
from .nn.layers import Activate, Dense, Dropout
from .nn.losses import LOSSES
from .nn.optimizers import OPTIMIZERS
from .nn.schedules import SCHEDULES, Constant


@dataclass
class Block:
    """A hidden layer: its width, activation, batch normalisation (or None) and dropout rate."""

    width: int
    activation: Activation | Layer
    batch_norm: BatchNorm | None = None
    dropout: float = 0.0


def hidden_blocks(estimator, hidden_layer_sizes):
    """Return the blocks of the hidden layers as the estimator's parameters describe them."""
    widths = [hidden_layer_sizes] if not np.iterable(hidden_layer_sizes) else list(hidden_layer_sizes)
    if not all(isinstance(width, Real) and width > 0 and width == int(width) for width in widths):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {widths}. Leave out a layer instead of giving it no units; () means none.")
    activations = per_layer(estimator.activation, len(widths), "activation", "hidden layers")
    rates = per_layer(estimator.dropout, len(widths), "dropout", "hidden layers")
    norm = batch_norm_unit(estimator.batch_norm)
    blocks = []
    for width, activation, rate in zip(widths, activations, rates, strict=True):
        blocks.append(Block(int(width), activation_unit(activation), norm, rate))
    return blocks


def build_layers(estimator, blocks, n_out):
    """Return the layers: dropout of the input, then dense, batch norm, activation, dropout for each block, then dense for the output."""
    layers = _dropout(estimator.input_dropout)
    for block in blocks:
        layer = activation_layer(block.activation)
        layers.append(Dense(block.width * layer.inputs_per_unit, weight_init(estimator, block.activation)))
        if block.batch_norm is not None:
            layers.append(block.batch_norm)
        layers.append(layer)
        layers += _dropout(block.dropout)
    layers.append(Dense(n_out, weight_init(estimator, None)))
    if is_lbfgs(estimator):
        _refuse_lbfgs(estimator, layers)
    return layers


def activation_unit(value):
    """Return the unit that an entry of ``activation`` stands for."""
    if callable(value):
        value = Function(value)
    if not isinstance(value, (str, *HIDDEN_ACTIVATION_TYPES)):
        raise ValueError(f"Entries of activation must be one of {sorted(HIDDEN_ACTIVATIONS)}, a function or an Activation, got {value!r}.")
    return resolve(value, HIDDEN_ACTIVATIONS)


def activation_layer(unit):
    """Return the layer that applies an activation; some are layers themselves."""
    return Activate(unit) if isinstance(unit, Activation) else unit


def weight_init(estimator, activation):
    """Return the initializer of the weights in front of ``activation``, None for the output layer.

    With "auto" the output's weights start at zero, so that training starts from the best constant prediction; the units below differ, so
    zeros here do not keep anything alike.
    """
    key = estimator.weight_init
    if key == "auto":
        key = "zeros" if activation is None else activation.weight_init
    return resolve(key, INITIALIZERS)


def batch_norm_unit(value):
    """Return the BatchNorm unit that ``batch_norm`` stands for, None for False."""
    if isinstance(value, BatchNorm):
        value.check()
        return value
    return BatchNorm() if value else None


def regression_loss(estimator):
    """Return the loss unit of an estimator whose targets are numbers."""
    loss = resolve(FunctionLoss(estimator.loss) if callable(estimator.loss) else estimator.loss, LOSSES)
    if "regression" not in loss.targets:
        raise ValueError(f"loss={estimator.loss!r} is for {' or '.join(loss.targets)} targets, but these are numbers.")
    return loss


def is_lbfgs(estimator):
    """Return whether the solver takes all rows at once."""
    return isinstance(estimator.solver, str) and estimator.solver == "lbfgs"


def make_solver(estimator):
    """Return the optimizer unit."""
    return resolve(estimator.solver, OPTIMIZERS, estimator)


def make_schedule(estimator):
    """Return the schedule unit; scikit-learn's keys take effect with ``solver="sgd"`` only."""
    key = estimator.learning_rate
    if isinstance(key, str) and key in ("invscaling", "adaptive") and estimator.solver != "sgd":
        return Constant()
    return resolve(key, SCHEDULES, estimator)


def penalty_strengths(estimator, n_weights):
    """Return ``alpha`` as one float per weight matrix."""
    alphas = [float(alpha) for alpha in per_layer(estimator.alpha, n_weights, "alpha", "weight matrices")]
    if not all(0 <= alpha < np.inf for alpha in alphas):
        raise ValueError(f"alpha must be finite and not negative, got {alphas}.")
    return alphas


def _dropout(rate):
    if not rate:
        return []
    layer = Dropout(rate)
    layer.check()
    return [layer]


def _refuse_lbfgs(estimator, layers):
    for name in ("clip_norm", "clip_value"):
        if getattr(estimator, name) is not None:
            raise ValueError(
                f"{name}={getattr(estimator, name)!r} does not go with solver='lbfgs': its line search needs the true gradient."
            )
    if any(isinstance(layer, Dropout) for layer in layers):
        raise ValueError("dropout and input_dropout do not go with solver='lbfgs': it needs the same objective at each evaluation.")
    for layer in layers:
        if isinstance(layer, Activate) and layer.activation.surrogate:
            raise ValueError(f"activation={layer.activation!r} does not go with solver='lbfgs': its line search needs the true gradient.")
