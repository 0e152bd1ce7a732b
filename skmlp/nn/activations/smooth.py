"""Smooth activations.

The one decision: a formula is arranged so that no intermediate value overflows and none loses
digits in a difference; where that takes a second scratch array, it is a short one of the thread's,
and the work goes on in parts that fit the cache.
"""

import math
from threading import local

import numpy as np
from scipy.special import expit, ndtr

from ..constants import SELU_ALPHA, SELU_SCALE, largest_exponent
from .base import Activation


class Logistic(Activation):
    """:math:`f(x) = 1 / (1 + e^{-x})`, also called sigmoid: outputs between 0 and 1.

    In hidden layers tanh, whose outputs have a mean near 0, usually trains faster (LeCun et al.,
    "Efficient BackProp", 1998, section 4.4).

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Logistic
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> Logistic().forward(x, y, tmp)
    >>> y.round(3)
    array([0.269, 0.5  , 0.731])
    """

    def forward(self, x, out, tmp):
        # 1 / (1 + exp(min(-x, c))), c just below where exp overflows
        np.negative(x, out=out)
        np.minimum(out, largest_exponent(out.dtype) - 1.0, out=out)
        np.exp(out, out=out)
        np.add(out, 1.0, out=out)
        np.divide(1.0, out, out=out)

    def backward(self, kept, dy, out, tmp):
        # dy * y (1 - y)
        np.subtract(1.0, kept, out=tmp)
        np.multiply(tmp, kept, out=tmp)
        np.multiply(dy, tmp, out=out)


class Tanh(Activation):
    r""":math:`f(x) = \tanh(x)`, the hyperbolic tangent: smooth, with outputs between -1 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Tanh
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> Tanh().forward(x, y, tmp)
    >>> y.round(3)
    array([-0.762,  0.   ,  0.762])
    """

    def forward(self, x, out, tmp):
        np.tanh(x, out=out)

    def backward(self, kept, dy, out, tmp):
        # dy * (1 - y^2)
        np.multiply(kept, kept, out=tmp)
        np.subtract(1.0, tmp, out=tmp)
        np.multiply(dy, tmp, out=out)


class ELU(Activation):
    r""":math:`f(x) = x` for :math:`x > 0`, else :math:`\alpha (e^x - 1)` (Clevert et al., 2016).

    Parameters
    ----------
    alpha : float > 0, default=1.0
        The function tends to -alpha for large negative x.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import ELU
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> ELU().forward(x, y, tmp)
    >>> y.round(3)
    array([-0.632,  0.   ,  1.   ])
    """

    limits = {"alpha": "(0, inf)"}

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x, out, tmp):
        _elu(x, out, tmp, float(self.alpha))

    def backward(self, kept, dy, out, tmp):
        _elu_gradient(kept, dy, out, tmp, float(self.alpha), 1.0)


class SELU(Activation):
    r""":math:`f(x) = s x` for :math:`x > 0`, else :math:`s \alpha (e^x - 1)`: the activation of
    self-normalising networks (Klambauer et al., 2017).

    With :math:`\alpha = 1.6732632...` and :math:`s = 1.0507009...`, the outputs of each layer tend
    to mean 0 and variance 1 if the inputs are standardised and the weights start by
    :class:`~skmlp.nn.LecunNormal`, as ``weight_init="auto"`` has it.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import SELU
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> SELU().forward(x, y, tmp)
    >>> y.round(3)
    array([-1.111,  0.   ,  1.051])
    """

    weight_init = "lecun_normal"

    def forward(self, x, out, tmp):
        _elu(x, out, tmp, SELU_ALPHA)
        np.multiply(out, SELU_SCALE, out=out)

    def backward(self, kept, dy, out, tmp):
        _elu_gradient(kept, dy, out, tmp, SELU_ALPHA * SELU_SCALE, SELU_SCALE)


class Softplus(Activation):
    r""":math:`f(x) = \log(1 + e^x)`, a smooth relu, whose outputs are positive.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Softplus
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> Softplus().forward(x, y, tmp)
    >>> y.round(3)
    array([0.313, 0.693, 1.313])
    """

    def forward(self, x, out, tmp):
        # max(x, 0) + log1p(exp(-|x|))
        np.abs(x, out=tmp)
        np.negative(tmp, out=tmp)
        np.exp(tmp, out=tmp)
        np.log1p(tmp, out=tmp)
        np.maximum(x, 0.0, out=out)
        np.add(out, tmp, out=out)

    def backward(self, kept, dy, out, tmp):
        # f' = logistic(x) = 1 - exp(-y)
        np.negative(kept, out=tmp)
        np.expm1(tmp, out=tmp)
        np.negative(tmp, out=tmp)
        np.multiply(dy, tmp, out=out)


class GELU(Activation):
    r""":math:`f(x) = x \, \Phi(x)`, in its exact form (Hendrycks and Gimpel, 2016).

    :math:`\Phi` is the distribution function of the standard normal distribution. The minimum of f
    is -0.17, at x = -0.75.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import GELU
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> GELU().forward(x, y, tmp)
    >>> y.round(3)
    array([-0.159,  0.   ,  0.841])
    """

    keeps = "x"

    def forward(self, x, out, tmp):
        # Phi(x) = (1 + erf(x / sqrt(2))) / 2
        ndtr(x, out=tmp)
        np.multiply(x, tmp, out=out)

    def backward(self, kept, dy, out, tmp):
        for part in _parts(kept, dy, out, tmp, n_more=1):
            _gelu_gradient(*part)


class SiLU(Activation):
    """:math:`f(x) = x / (1 + e^{-x})` (Elfwing et al., 2018), called swish by Ramachandran et al.
    (2017).

    Its minimum is -0.28, at x = -1.28.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import SiLU
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> SiLU().forward(x, y, tmp)
    >>> y.round(3)
    array([-0.269,  0.   ,  0.731])
    """

    keeps = "x"

    def forward(self, x, out, tmp):
        expit(x, out=tmp)
        np.multiply(x, tmp, out=out)

    def backward(self, kept, dy, out, tmp):
        # dy * s(x) (1 + x s(-x)), s being the logistic function
        expit(kept, out=tmp)
        np.multiply(dy, tmp, out=out)
        np.negative(kept, out=tmp)
        expit(tmp, out=tmp)
        np.multiply(tmp, kept, out=tmp)
        np.add(tmp, 1.0, out=tmp)
        np.multiply(out, tmp, out=out)


class Mish(Activation):
    r""":math:`f(x) = x \tanh(\log(1 + e^x))` (Misra, 2019).

    Its minimum is -0.31, at x = -1.19.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Mish
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> Mish().forward(x, y, tmp)
    >>> y.round(3)
    array([-0.303,  0.   ,  0.865])
    """

    keeps = "x"

    def forward(self, x, out, tmp):
        for part in _parts(x, out, tmp, n_more=1):
            _mish(*part)

    def backward(self, kept, dy, out, tmp):
        for part in _parts(kept, dy, out, tmp, n_more=2):
            _mish_gradient(*part)


_PART = 2**16  # values: they stay in the second-level cache, and threads seldom meet
_LARGE = 20.0  # from here on mish is its argument


def _elu(x, out, tmp, alpha):
    """Write max(x, 0) + alpha (exp(min(x, 0)) - 1) into ``out``. Overwrites: out, tmp."""
    zeros = np.zeros(x.shape[-1:], x.dtype)  # NumPy is slower with a number in their place
    np.minimum(x, zeros, out=tmp)
    np.expm1(tmp, out=tmp)
    if alpha != 1.0:
        np.multiply(tmp, alpha, out=tmp)
    np.maximum(x, zeros, out=out)
    np.add(out, tmp, out=out)


def _elu_gradient(y, dy, out, tmp, low, high):
    """Write ``dy * (high if y > 0 else y + low)`` into ``out``. Overwrites: out, tmp."""
    # (1 - (1 - high / low) [y > 0]) * (min(y, 0) + low)
    if low != high:
        np.greater(y, 0.0, out=tmp)
        np.multiply(tmp, high / low - 1.0, out=tmp)
        np.add(tmp, 1.0, out=tmp)
        np.multiply(dy, tmp, out=out)
        dy = out
    np.minimum(y, 0.0, out=tmp)
    np.add(tmp, low, out=tmp)
    np.multiply(dy, tmp, out=out)


def _gelu_gradient(x, dy, out, tmp, density):
    """Write dy * (Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi)) into ``out``.

    Overwrites: out, tmp, density.
    """
    np.multiply(x, x, out=density)
    np.multiply(density, -0.5, out=density)
    np.exp(density, out=density)
    np.multiply(density, x, out=density)
    np.multiply(density, 1.0 / math.sqrt(2.0 * math.pi), out=density)
    ndtr(x, out=tmp)
    np.add(tmp, density, out=tmp)
    np.multiply(dy, tmp, out=out)


def _mish(x, out, tmp, more):
    """Write x w / (w + 2) into ``out``, w = e (e + 2), e = exp(x): tanh(log(1 + e)) is w / (w + 2).

    Overwrites: out, which may be x, tmp, more.
    """
    np.clip(x, -np.inf, _LARGE, out=tmp)
    np.exp(tmp, out=tmp)
    np.add(tmp, 2.0, out=more)
    np.multiply(tmp, more, out=tmp)
    np.add(tmp, 2.0, out=more)
    np.divide(tmp, more, out=tmp)
    np.multiply(x, tmp, out=out)


def _mish_gradient(x, dy, out, tmp, slope, more):
    """Write dy * (t + x s (1 - t^2)) into ``out``, s = e / (1 + e), t = w / (w + 2).

    With w and e as in ``_mish``, 1 - t^2 = 4 (w + 1) / (w + 2)^2, and w + 1 = (1 + e)^2.

    Overwrites: all but x, dy.
    """
    np.clip(x, -np.inf, _LARGE, out=tmp)
    np.exp(tmp, out=tmp)
    np.add(tmp, 2.0, out=slope)
    np.multiply(tmp, slope, out=slope)  # w
    np.add(slope, 2.0, out=more)
    np.divide(slope, more, out=slope)  # t
    np.multiply(more, more, out=more)
    np.divide(tmp, more, out=more)
    np.add(tmp, 1.0, out=tmp)
    np.multiply(tmp, more, out=tmp)  # e (1 + e) / (w + 2)^2
    np.multiply(tmp, 4.0, out=tmp)
    np.multiply(tmp, x, out=tmp)
    np.add(tmp, slope, out=tmp)
    np.multiply(dy, tmp, out=out)


def _parts(*arrays, n_more):
    """Yield rows of arrays of one shape, a part at a time, then views of ``n_more`` scratch arrays
    of the part's shape.
    """
    width = arrays[0][:1].size
    step = max(1, _PART // max(width, 1))
    more = _scratch.arrays(n_more, step * width, arrays[0].dtype)
    for start in range(0, len(arrays[0]), step):
        parts = [array[start : start + step] for array in arrays]
        shape = parts[0].shape
        yield *parts, *more[:, : parts[0].size].reshape(n_more, *shape)


class _Scratch(local):
    """Scratch arrays, each thread's own, which stay for the next call."""

    def __init__(self):
        self._arrays = {}

    def arrays(self, n, size, dtype):
        """Return ``n`` arrays of ``size`` values."""
        kept = self._arrays.get((n, dtype))
        if kept is None or kept.shape[1] < size:
            self._arrays[n, dtype] = kept = np.empty((n, max(size, _PART)), dtype)
        return kept


_scratch = _Scratch()
