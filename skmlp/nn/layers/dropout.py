"""Dropout: layers that draw a mask for each value of a batch, and do nothing in prediction.

The one decision: a mask is made of 16-bit random words, four from each number drawn, and the rate
is rounded to what these can express; the scales follow the rounded rate, so that what a layer keeps
in expectation it keeps exactly.
"""

import math

import numpy as np

from ..layout import Rows
from .base import Layer, no_arrays, same_width
from .random_bits import compare_words, threshold_of


class Dropout(Layer):
    """y = x mask, with mask 0 with probability ``rate`` and 1 / (1 - rate) else: inverted dropout
    (Srivastava et al., 2014, section 10).

    The rate is rounded to a multiple of 2^-16 and the scale follows the rounded rate, so that the
    expectation is exact.

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

    width, params, state = same_width, no_arrays, no_arrays

    def buffers(self, n_in):
        return {"mask": Rows(n_in), "kept": Rows(n_in, bool, scratch=True)}

    @property
    def threshold(self):
        """The least of the words 0 .. 65535 for which a value is kept."""
        return threshold_of(self.rate)

    @property
    def scale(self):
        """What values that are kept are multiplied with."""
        return 65536.0 / (65536 - self.threshold)

    def forward(self, x, ws, training):
        draw(ws, self.threshold, self.scale)
        np.multiply(x, ws.mask, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.mask, out=ws.dx)


class AlphaDropout(Layer):
    """Dropout that keeps mean 0 and variance 1, for selu (Klambauer et al., 2017, section 3).

    With probability ``rate`` a value becomes that of selu far to the left, ``low = -scale alpha =
    -1.758...``; then all are scaled and shifted: ``y = a (x kept + low (1 - kept)) + b`` with ``a =
    1 / sqrt(q (1 + low^2 (1 - q)))``, ``b = -a low (1 - q)`` and q = 1 - rate. An input of mean 0
    and variance 1 keeps both. The rate is rounded as in ``Dropout``.

    Parameters
    ----------
    rate : float in [0, 1), default=0.1
        Probability of dropping a value; 0.05 and 0.1 are usual.
    """

    elementwise = True
    training_only = True
    limits = {"rate": "[0, 1)"}

    def __init__(self, rate=0.1):
        self.rate = rate

    width, params, state = same_width, no_arrays, no_arrays

    def buffers(self, n_in):
        return {"mask": Rows(n_in), "kept": Rows(n_in, bool, scratch=True)}

    @property
    def threshold(self):
        """The least of the words 0 .. 65535 for which a value is kept."""
        return threshold_of(self.rate)

    @property
    def scale(self):
        """The factor a of all values."""
        q = 1.0 - self.threshold / 65536.0
        return 1.0 / math.sqrt(q * (1.0 + _LOW * _LOW * (1.0 - q)))

    def forward(self, x, ws, training):
        # with mask = a kept: y = (x - low) mask + a low + b, and a low + b = a low q
        scale = self.scale
        draw(ws, self.threshold, scale)
        np.subtract(x, _LOW, out=ws.y)
        np.multiply(ws.y, ws.mask, out=ws.y)
        np.add(ws.y, scale * _LOW * (1.0 - self.threshold / 65536.0), out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.mask, out=ws.dx)


def draw(ws, threshold, scale):
    """Set the mask to ``scale`` where a random word reaches ``threshold``, and to zero elsewhere.

    Overwrites: ws.mask, ws.kept.
    """
    compare_words(ws.rng, np.greater_equal, threshold, ws.kept)
    np.copyto(ws.mask, ws.kept)
    np.multiply(ws.mask, scale, out=ws.mask)


_LOW = -1.0507009873554805 * 1.6732632423543772  # of selu, as x goes to minus infinity
