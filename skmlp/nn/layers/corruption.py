"""Corruptions: layers that corrupt what goes through them in training, so that a denoising
autoencoder learns to restore it.

The one decision: a corruption is a layer like dropout, but without its scaling: prediction sees
clean values, training corrupted ones of their own size (Vincent et al., 2010, section 3.3).

To add one: derive from ``Corruption``, put it into ``CORRUPTIONS`` and into ``LAYERS``.
"""

import numpy as np

from ..layout import Rows
from .base import Layer, identity_backward, identity_forward
from .random_bits import draw_mask, mask_backward, random_words, threshold_of


class Corruption(Layer):
    """The base class of corruptions, layers that corrupt their input in training and do nothing in
    prediction.

    A subclass defines ``forward(x, ws, training)``, which is called in training only: it puts the
    corrupted rows of ``x`` (n, n_in) into ``ws.y`` and takes random numbers from ``ws.rng``. Here
    ``ws`` is the workspace of the layer, whose attributes are its arrays. By default the gradient
    passes through unchanged, as it should where the noise is added and does not depend on ``x``;
    write ``backward`` for anything else. Those of the package are
    :class:`~skmlp.nn.GaussianCorruption`, :class:`~skmlp.nn.Masking` and
    :class:`~skmlp.nn.SaltAndPepper`; for most others a function ``corruption=function`` suffices.
    """

    elementwise = True
    training_only = True

    def backward(self, dy, ws):
        """Pass the gradient ``dy`` (n, n_in) on to ``ws.dx``. Overwrites: ws.dx."""
        identity_backward(dy, ws)


class Masking(Corruption):
    r"""Each value becomes 0 with probability ``rate``, in training only: the masking noise of a
    denoising autoencoder (Vincent et al., 2010).

    Unlike dropout, it does not rescale the values that stay.

    Parameters
    ----------
    rate : float in [0, 1), default=0.3
        Probability of a zero, rounded to a multiple of :math:`2^{-16}`.
    """

    limits = {"rate": "[0, 1)"}

    def __init__(self, rate=0.3):
        self.rate = rate

    def buffers(self, n_in):
        return {"mask": Rows(n_in), "kept": Rows(n_in, bool, scratch=True)}

    def forward(self, x, ws, training):
        draw_mask(ws, threshold_of(self.rate))
        np.multiply(x, ws.mask, out=ws.y)

    def backward(self, dy, ws):
        mask_backward(dy, ws)


class GaussianCorruption(Corruption):
    r"""Adds independent normal noise, in training only:
    :math:`y = x + \mathrm{scale} \cdot e`, where e is drawn from the standard normal distribution
    for each value (Vincent et al., 2010).

    Parameters
    ----------
    scale : float >= 0, default=0.1
        Standard deviation of the noise, in the units of what is corrupted.
    """

    limits = {"scale": "[0, inf)"}

    def __init__(self, scale=0.1):
        self.scale = scale

    def buffers(self, n_in):
        return {"noise": Rows(n_in, scratch=True)}

    def forward(self, x, ws, training):
        ws.rng.standard_normal(ws.noise.shape, ws.noise.dtype, out=ws.noise)
        np.multiply(ws.noise, float(self.scale), out=ws.noise)
        np.add(x, ws.noise, out=ws.y)


class SaltAndPepper(Corruption):
    r"""Each value becomes ``low`` or ``high``, each with probability ``rate / 2``, in training
    only: the salt-and-pepper noise of a denoising autoencoder (Vincent et al., 2010).

    The values that stay are not rescaled.

    Parameters
    ----------
    rate : float in [0, 1), default=0.3
        Probability of a replacement, rounded to a multiple of :math:`2^{-16}`.
    low : float, default=0.0
        The low value, in the units of what is corrupted.
    high : float, default=1.0
        The high value.
    """

    limits = {"rate": "[0, 1)", "low": "(-inf, inf)", "high": "(-inf, inf)"}

    def __init__(self, rate=0.3, low=0.0, high=1.0):
        self.rate = rate
        self.low = low
        self.high = high

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
        mask_backward(dy, ws)


class FunctionCorruption(Corruption):
    """Corrupts by a function of yours.

    Gradients pass as if what it adds did not depend on its input. Allocates what the function does.

    Parameters
    ----------
    function : callable
        ``function(x, rng)`` returns an array of the shape of ``x`` (n, n_values), which it may
        overwrite; ``rng`` is the training's NumPy ``Generator``: with no other source of chance,
        training can be repeated and resumed.
    """

    functions = ("function",)

    def __init__(self, function):
        self.function = function

    def forward(self, x, ws, training):
        identity_forward(x, ws)
        corrupted = np.asarray(self.function(ws.y, ws.rng))
        if corrupted.shape != x.shape:
            raise ValueError(
                f"corruption={self.function!r} must return an array of the shape {x.shape} it was "
                f"given, not {corrupted.shape}."
            )
        if corrupted is not ws.y:
            np.copyto(ws.y, corrupted, casting="same_kind")
