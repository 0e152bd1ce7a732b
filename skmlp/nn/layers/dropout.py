"""Dropout: layers that draw a mask for each value of a batch, and do nothing in prediction.

The one decision: a mask is made of 16-bit random words, four from each number drawn, and the rate
is rounded to what these can express; the scales follow the rounded rate, so that what a layer keeps
in expectation it keeps exactly.
"""

import math
from abc import abstractmethod

import numpy as np

from ..constants import SELU_ALPHA, SELU_SCALE
from ..layout import Rows
from .base import Layer
from .random_bits import draw_mask, mask_backward, threshold_of


class DroppingLayer(Layer):
    """A layer that replaces values of its input in training with probability ``rate``.

    Over the last part of the epochs of a fit, a share ``fade`` of them, the rate falls to zero
    along half a cosine, epoch by epoch.
    """

    elementwise = True
    training_only = True
    monte_carlo = True
    limits = {"rate": "[0, 1)", "fade": "[0, 1]"}

    def buffers(self, n_in):
        return {"mask": Rows(n_in), "kept": Rows(n_in, bool, scratch=True)}

    @property
    def changes_with_progress(self):
        return self.fade > 0.0

    def threshold(self, progress):
        """Return the least of the words 0 .. 65535 for which a value is kept; ``progress``: the
        share of the fit that is over.
        """
        left, fade = 1.0 - progress, float(self.fade)
        share = 1.0 if left >= fade else 0.5 * (1.0 - math.cos(math.pi * left / fade))
        return threshold_of(self.rate * share)

    @abstractmethod
    def scale(self, threshold):
        """Return what values that are kept are multiplied with."""

    def draw(self, ws):
        """Set the mask to the scale where a value is kept, and to 0 elsewhere, and return the
        threshold and the scale. Overwrites: ws.mask, ws.kept.
        """
        threshold = self.threshold(ws.phase.progress)
        scale = self.scale(threshold)
        draw_mask(ws, threshold)
        np.multiply(ws.mask, scale, out=ws.mask)
        return threshold, scale

    def backward(self, dy, ws):
        mask_backward(dy, ws)


class Dropout(DroppingLayer):
    r"""Inverted dropout (Srivastava et al., 2014, section 10): in training a value becomes 0 with
    probability ``rate`` and is divided by ``1 - rate`` otherwise.

    In prediction it does nothing, except in ``sample_predictions``, which draws masks again. The
    rate is rounded to a multiple of :math:`2^{-16}` and the scale follows the rounded rate, so that
    the expectation is exact.

    Parameters
    ----------
    rate : float in [0, 1), default=0.5
        Probability of dropping a value.
    fade : float in [0, 1], default=0.0
        Share of the epochs of a fit, the last ones, over which the rate falls to zero along half a
        cosine.
    """

    def __init__(self, rate=0.5, fade=0.0):
        self.rate = rate
        self.fade = fade

    def scale(self, threshold):
        return 65536.0 / (65536 - threshold)

    def forward(self, x, ws, training):
        self.draw(ws)
        np.multiply(x, ws.mask, out=ws.y)


class AlphaDropout(DroppingLayer):
    r"""Dropout that keeps mean 0 and variance 1, for selu (Klambauer et al., 2017, section 3).

    In prediction it does nothing, except in ``sample_predictions``, which draws masks again. In
    training, with probability ``rate`` a value becomes the limit of selu,
    :math:`\mathrm{low} = -s \alpha = -1.758...`; s and :math:`\alpha` are those of
    :class:`~skmlp.nn.SELU`. Then all values are scaled and shifted. With k, which is 1 for a value
    that is kept and 0 otherwise, and :math:`q = 1 - \mathrm{rate}`:

    .. math::

        y &= a \, (x k + \mathrm{low} \, (1 - k)) + b \\
        a &= \frac{1}{\sqrt{q \, (1 + \mathrm{low}^2 (1 - q))}} \\
        b &= -a \, \mathrm{low} \, (1 - q)

    An input of mean 0 and variance 1 keeps both. The rate is rounded as in
    :class:`~skmlp.nn.Dropout`.

    Parameters
    ----------
    rate : float in [0, 1), default=0.1
        Probability of dropping a value; 0.05 and 0.1 are usual.
    fade : float in [0, 1], default=0.0
        Share of the epochs of a fit, the last ones, over which the rate falls to zero along half a
        cosine.
    """

    def __init__(self, rate=0.1, fade=0.0):
        self.rate = rate
        self.fade = fade

    def scale(self, threshold):
        """Return the factor a of all values."""
        q = 1.0 - threshold / 65536.0
        return 1.0 / math.sqrt(q * (1.0 + _LOW * _LOW * (1.0 - q)))

    def forward(self, x, ws, training):
        # with mask = a kept: y = (x - low) mask + a low + b, and a low + b = a low q
        threshold, scale = self.draw(ws)
        np.subtract(x, _LOW, out=ws.y)
        np.multiply(ws.y, ws.mask, out=ws.y)
        np.add(ws.y, scale * _LOW * (1.0 - threshold / 65536.0), out=ws.y)


_LOW = -SELU_SCALE * SELU_ALPHA  # of selu, as x goes to minus infinity
