"""Corruptions: layers that spoil what goes through them in training, so that a denoising
autoencoder learns to mend it.

The one decision: a corruption is a layer like dropout, but without its scaling: prediction sees
clean values, training corrupted ones of their own size (Vincent et al., 2010, section 3.3).

To add one: derive from ``Layer``, put it into ``CORRUPTIONS`` and into ``LAYERS``.
"""

import numpy as np

from ..layout import Rows
from .base import Layer, no_arrays, same_width
from .random_bits import compare_words, random_words, threshold_of


class Masking(Layer):
    """Puts zeros: y = x mask, with mask 0 with probability ``rate`` and 1 else.

    Parameters
    ----------
    rate : float in [0, 1), default=0.3
        Probability of a zero, rounded to a multiple of 2^-16.
    """

    elementwise = True
    training_only = True
    limits = {"rate": "[0, 1)"}

    def __init__(self, rate=0.3):
        self.rate = rate

    width, params, state = same_width, no_arrays, no_arrays

    def buffers(self, n_in):
        return {"mask": Rows(n_in), "kept": Rows(n_in, bool, scratch=True)}

    def forward(self, x, ws, training):
        compare_words(ws.rng, np.greater_equal, threshold_of(self.rate), ws.kept)
        np.copyto(ws.mask, ws.kept)
        np.multiply(x, ws.mask, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.mask, out=ws.dx)


class GaussianCorruption(Layer):
    """Adds independent normal noise: y = x + scale e.

    Parameters
    ----------
    scale : float >= 0, default=0.1
        Standard deviation of the noise, in the units of what is corrupted.
    """

    elementwise = True
    training_only = True
    limits = {"scale": "[0, inf)"}

    def __init__(self, scale=0.1):
        self.scale = scale

    width, params, state = same_width, no_arrays, no_arrays

    def buffers(self, n_in):
        return {"noise": Rows(n_in, scratch=True)}

    def forward(self, x, ws, training):
        ws.rng.standard_normal(ws.noise.shape, ws.noise.dtype, out=ws.noise)
        np.multiply(ws.noise, float(self.scale), out=ws.noise)
        np.add(x, ws.noise, out=ws.y)

    def backward(self, dy, ws):
        identity_backward(dy, ws)


class SaltAndPepper(Layer):
    """Replaces values by the lowest or the highest: with probability ``rate``, half of the time by
    each.

    Parameters
    ----------
    rate : float in [0, 1), default=0.3
        Probability of a replacement, rounded to a multiple of 2^-16.
    low, high : float, default=0.0, 1.0
        What values are replaced by, in the units of what is corrupted.
    """

    elementwise = True
    training_only = True
    limits = {"rate": "[0, 1)", "low": "(-inf, inf)", "high": "(-inf, inf)"}

    def __init__(self, rate=0.3, low=0.0, high=1.0):
        self.rate = rate
        self.low = low
        self.high = high

    width, params, state = same_width, no_arrays, no_arrays

    def buffers(self, n_in):
        return {
            "mask": Rows(n_in),
            "kept": Rows(n_in, bool, scratch=True),
            "fill": Rows(n_in, scratch=True),
        }

    def forward(self, x, ws, training):
        # y = fill + mask (x - fill), with fill low or high as the word is even or odd
        threshold, kept, fill = threshold_of(self.rate), ws.kept.reshape(-1), ws.fill.reshape(-1)
        for start, words in random_words(ws.rng, kept.size):
            part = slice(start, start + words.size)
            np.greater_equal(words, threshold, out=kept[part])
            np.bitwise_and(words, 1, out=words)
            np.copyto(fill[part], words)
            del words  # before the next ones are drawn
        np.copyto(ws.mask, ws.kept)
        np.multiply(ws.fill, float(self.high) - float(self.low), out=ws.fill)
        np.add(ws.fill, float(self.low), out=ws.fill)
        np.subtract(x, ws.fill, out=ws.y)
        np.multiply(ws.y, ws.mask, out=ws.y)
        np.add(ws.y, ws.fill, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.mask, out=ws.dx)


class Corruption(Layer):
    """Corrupts by a function of yours.

    Gradients pass as if what it adds did not depend on its input. Allocates what the function does.

    Parameters
    ----------
    function : callable
        ``function(x, rng)`` returns an array of the shape of ``x`` (n, n_values), which it may
        overwrite; ``rng`` is the training's NumPy ``Generator``: with no other source of chance,
        training can be repeated and resumed.
    """

    elementwise = True
    training_only = True
    functions = ("function",)

    def __init__(self, function):
        self.function = function

    width, params, state = same_width, no_arrays, no_arrays

    def buffers(self, n_in):
        return {}

    def forward(self, x, ws, training):
        if ws.y is not x:
            np.copyto(ws.y, x)
        corrupted = np.asarray(self.function(ws.y, ws.rng))
        if corrupted.shape != x.shape:
            raise ValueError(
                f"corruption={self.function!r} must return an array of the shape {x.shape} it was "
                f"given, not {corrupted.shape}."
            )
        if corrupted is not ws.y:
            np.copyto(ws.y, corrupted, casting="same_kind")

    def backward(self, dy, ws):
        identity_backward(dy, ws)


def identity_backward(dy, ws):
    """Make ``dy`` the gradient of the input. Overwrites: ws.dx unless it is None."""
    if ws.dx is not None and ws.dx is not dy:
        np.copyto(ws.dx, dy)
