"""The layers: dense, activation, dropout; batch normalisation and the activations that are layers have files of their own.

To add one: derive from ``Layer``, write the abstract methods, put it into ``LAYERS``; the tests iterate the registry.
"""

import math

import numpy as np

from .activation_layers import Maxout, Prelu
from .batch_norm import BatchNorm, FixedNorm
from .layer import Layer
from .layout import Param, Rows


class Dense(Layer):
    """y = x weight + bias.

    Parameters
    ----------
    n_out : int
        Number of units.
    init : str or Initializer, default="glorot_uniform"
        How the weights start; biases start at zero.
    """

    keeps = ("x",)
    sparse_input = True

    def __init__(self, n_out, init="glorot_uniform"):
        self.n_out = n_out
        self.init = init

    def width(self, n_in):
        return self.n_out

    def params(self, n_in):
        return {"weight": Param((n_in, self.n_out), self.init, penalised=True), "bias": Param((1, self.n_out))}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        return {}

    def forward(self, x, ws, training):
        self.multiply(x, ws, training)
        np.add(ws.y, ws.bias, out=ws.y)

    def backward(self, dy, ws):
        self.multiply_backward(dy, ws)
        np.matmul(ws.ones, dy, out=ws.d_bias)

    def multiply(self, x, ws, training):
        """Write the product without the bias. Overwrites: ws.y."""
        _product(x, ws.weight, ws.y)

    def multiply_backward(self, dy, ws):
        """Compute the gradients of weights and input. Overwrites: ws.d_weight, ws.dx unless it is None."""
        _product(ws.x.mT if isinstance(ws.x, np.ndarray) else ws.x.T, dy, ws.d_weight)
        if ws.dx is not None:
            np.matmul(dy, ws.weight.mT, out=ws.dx)


class Activate(Layer):
    """y = f(x) for an ``Activation`` f."""

    elementwise = True
    activates = True

    def __init__(self, activation):
        self.activation = activation

    @property
    def keeps(self):
        return (self.activation.keeps,)

    def width(self, n_in):
        return n_in

    def params(self, n_in):
        return {}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        return {"tmp": Rows(n_in, scratch=True)}

    def forward(self, x, ws, training):
        self.activation.forward(x, ws.y, ws.tmp)

    def backward(self, dy, ws):
        if ws.dx is not None:
            kept = ws.y if self.activation.keeps == "y" else ws.x
            self.activation.backward(kept, dy, ws.dx, ws.tmp)


class Dropout(Layer):
    """y = x mask, with mask 0 with probability ``rate`` and 1 / (1 - rate) else: inverted dropout (Srivastava et al., 2014, section 10).

    The rate is rounded to a multiple of 2^-16 and the scale follows the rounded rate, so that the expectation is exact.

    Parameters
    ----------
    rate : float in [0, 1), default=0.5
        Probability of dropping a value.
    """

    elementwise = True
    training_only = True
    limits = {"rate": "[0, 1)"}

    def __init__(self, rate=0.5):
        self.rate = rate

    def width(self, n_in):
        return n_in

    def params(self, n_in):
        return {}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        return {"mask": Rows(n_in), "kept": Rows(n_in, bool, scratch=True)}

    @property
    def threshold(self):
        """The least of the words 0 .. 65535 for which a value is kept."""
        return min(round(self.rate * 65536), 65535)

    @property
    def scale(self):
        """What values that are kept are multiplied with."""
        return 65536.0 / (65536 - self.threshold)

    def words(self, rng, size):
        """Yield (start, random 16-bit words), ``size`` words in all, a few at a time so that they are in the cache when they are used."""
        for start in range(0, size, _WORDS):
            n = min(_WORDS, size - start)
            yield start, rng.integers(0, 2**64, math.ceil(n / 4), np.uint64).view(np.uint16)[:n]

    def forward(self, x, ws, training):
        threshold, kept = self.threshold, ws.kept.reshape(-1)
        for start, words in self.words(ws.rng, kept.size):
            np.greater_equal(words, threshold, out=kept[start : start + words.size])
            del words  # before the next ones are drawn
        np.copyto(ws.mask, ws.kept)
        np.multiply(ws.mask, self.scale, out=ws.mask)
        np.multiply(x, ws.mask, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.mask, out=ws.dx)


def _product(a, b, out):
    """Write a @ b into ``out``; ``a`` may be sparse. Overwrites: out."""
    if isinstance(a, np.ndarray):
        np.matmul(a, b, out=out)
    else:
        out[...] = a @ b


_WORDS = 32768  # drawn at a time

LAYERS = {
    "dense": Dense,
    "activate": Activate,
    "prelu": Prelu,
    "maxout": Maxout,
    "dropout": Dropout,
    "batch_norm": BatchNorm,
    "fixed_norm": FixedNorm,
}
