"""The compiled backend: which unit's work a Numba kernel does, and with what.

The one decision: a kernel stands in for a method of a unit in the plan of a training, with the
method's own arguments; the units themselves know nothing of it, and a unit without a kernel works
as ever. Prediction does not use kernels.

To add one: write it in ``kernels.py`` and enter it here under the unit's class; the tests compare
every entry with NumPy.
"""

import numpy as np

from ..activations.piecewise import LeakyReLU, ReLU
from ..layers.batch_norm import BatchNorm
from ..layers.dense import Activate, Dense
from ..layers.dropout import Dropout
from ..layers.embedding import Embedding
from ..layers.random_bits import random_words
from ..layers.tied import TiedDense
from ..losses.cross_entropy import BinaryLogLoss, LogLoss
from ..optimizers.adam import Adam, AdamW
from ..optimizers.others import SGD, Adagrad, RMSprop
from . import kernels

UPDATES = {
    SGD: lambda rule: kernels.nesterov if rule.nesterovs_momentum else kernels.momentum,
    Adam: lambda rule: kernels.adam,
    AdamW: lambda rule: kernels.adam,
    RMSprop: lambda rule: kernels.rmsprop,
    Adagrad: lambda rule: kernels.adagrad,
}
LOSSES = {LogLoss: kernels.log_loss, BinaryLogLoss: kernels.binary_log_loss}
RECTIFIERS = {
    ReLU: lambda activation: 0.0,
    LeakyReLU: lambda activation: float(activation.slope),
}  # slope for x < 0


def update(rule):
    """Return the kernel for ``Updater``, None if the rule has none."""
    return UPDATES[type(rule)](rule) if type(rule) in UPDATES else None


def loss(unit, batch):
    """Return what stands in for ``unit.value_and_grad`` on batches whose shares ``batch`` holds,
    None if there is no kernel.
    """
    if type(unit) not in LOSSES:
        return None
    kernel, smoothing = LOSSES[type(unit)], float(unit.label_smoothing)
    return lambda raw, target, weight, scale, ws: kernel(raw, target, batch.column, smoothing)


def layers(units, workspaces):
    """Return the forward and backward functions of the layers, kernels where there are any."""
    forwards, backwards = [unit.forward for unit in units], [unit.backward for unit in units]
    for i, (unit, ws) in enumerate(zip(units, workspaces, strict=True)):
        if type(unit) is BatchNorm:
            forwards[i], backwards[i] = _batch_norm(unit)
        elif type(unit) is Dropout:
            forwards[i] = _dropout(unit)
        elif type(unit) is Embedding:
            forwards[i], backwards[i] = _embedding(unit)
        elif type(unit) is Activate and type(unit.activation) in RECTIFIERS and ws.y is ws.x:
            slope = RECTIFIERS[type(unit.activation)](unit.activation)
            if type(units[i - 1]) in (Dense, TiedDense):  # which leave their bias to the activation
                forwards[i - 1], backwards[i - 1] = (
                    units[i - 1].multiply,
                    units[i - 1].multiply_backward,
                )
                forwards[i], backwards[i] = _bias_and_rectifier(slope, workspaces[i - 1])
            else:
                forwards[i], backwards[i] = _rectifier(slope)
    return forwards, backwards


def _batch_norm(unit):
    def forward(x, ws, training):
        statistics = ws.batch_mean, ws.batch_variance, ws.inv_std, ws.row
        kernels.batch_norm(
            x, ws.x_hat, ws.y, ws.batch.column, ws.gamma, ws.beta, *statistics, float(unit.epsilon)
        )
        unit.track(ws)

    def backward(dy, ws):
        kernels.batch_norm_parameters_backward(dy, ws.x_hat, ws.d_gamma, ws.d_beta)
        if ws.dx is not None:
            np.multiply(ws.gamma, ws.inv_std, out=ws.row)
            kernels.batch_norm_backward(
                dy, ws.x_hat, ws.batch.column, ws.row, ws.d_gamma, ws.d_beta
            )

    return forward, backward


def _dropout(unit):
    def forward(x, ws, training):
        mask = ws.mask.reshape(-1)
        for start, words in random_words(ws.rng, mask.size):
            kernels.dropout_mask(
                words, unit.threshold, unit.scale, mask[start : start + words.size]
            )
            del words  # before the next ones are drawn
        np.multiply(x, ws.mask, out=ws.y)

    return forward


def _embedding(unit):
    levels, dims, starts, *_ = unit.places()

    def forward(x, ws, training):
        kernels.embedding(x, ws.vectors[0], ws.y, ws.codes, levels, dims, starts)

    def backward(dy, ws):
        kernels.embedding_backward(dy, ws.codes, dims, ws.d_vectors[0])
        if ws.dx is not None:
            unit.pass_numbers(dy, ws.dx)

    return forward, backward


def _rectifier(slope):
    def forward(x, ws, training):
        kernels.leaky_relu(ws.y, slope) if slope else kernels.relu(ws.y)

    def backward(dy, ws):
        kernels.rectifier_backward(ws.y, dy, slope)

    return forward, backward


def _bias_and_rectifier(slope, below):
    """``below``: the workspace of the dense layer in front."""

    def forward(x, ws, training):
        kernels.bias_leaky_relu(ws.y, below.bias, slope) if slope else kernels.bias_relu(
            ws.y, below.bias
        )

    def backward(dy, ws):
        kernels.rectifier_bias_backward(ws.y, dy, below.d_bias, slope)

    return forward, backward
