"""Smooth activations.

The one decision: a formula is arranged so that no intermediate value overflows and none loses
digits in a difference; where that takes a second scratch array, it is a short one, and the work
goes on in parts that fit the cache.
"""

import math

import numpy as np
from scipy.special import expit, ndtr

from ..constants import SELU_ALPHA, SELU_SCALE, largest_exponent
from .base import Activation


class Logistic(Activation):
    """:math:`f(x) = 1 / (1 + e^{-x})`, also called sigmoid.

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
    r""":math:`f(x) = \tanh(x)`

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
    r""":math:`f(x) = s x` for :math:`x > 0`, else :math:`s \alpha (e^x - 1)`, whose outputs tend to
    mean 0 and variance 1 (Klambauer et al., 2017).

    The constants of that fixed point are :math:`\alpha = 1.6732632...` and
    :math:`s = 1.0507009...`. ``weight_init="auto"`` starts the weights in front by
    :class:`~skmlp.nn.LecunNormal`.

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
    r""":math:`f(x) = \log(1 + e^x)`, a smooth relu.

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

    :math:`\Phi` is the distribution function of the standard normal distribution. The function
    falls to -0.17 before it rises.

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
        more = np.empty(_PART, out.dtype)
        for part in _parts(kept, dy, out, tmp):
            _gelu_gradient(*part, more[: part[0].size])


class SiLU(Activation):
    """:math:`f(x) = x / (1 + e^{-x})` (Elfwing et al., 2018), called swish by Ramachandran et al.
    (2017).

    The function falls to -0.28 before it rises.

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

    The function falls to -0.31 before it rises.

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
        _capped_softplus(x, tmp)
        np.tanh(tmp, out=tmp)
        np.multiply(x, tmp, out=out)

    def backward(self, kept, dy, out, tmp):
        more = np.empty((2, _PART), out.dtype)
        for part in _parts(kept, dy, out, tmp):
            _mish_gradient(*part, *more[:, : part[0].size])


_PART = 4096  # values that stay in the first-level cache


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


def _mish_gradient(x, dy, out, tmp, slope, square):
    """Write dy * (t + x (1 - exp(-p)) (1 - t^2)) into ``out``, p = log(1 + exp(x)), t = tanh(p).

    Overwrites: all but x, dy.
    """
    _capped_softplus(x, tmp)
    np.negative(tmp, out=slope)
    np.expm1(slope, out=slope)
    np.multiply(slope, x, out=slope)
    np.tanh(tmp, out=tmp)
    np.multiply(tmp, tmp, out=square)
    np.subtract(square, 1.0, out=square)
    np.multiply(slope, square, out=slope)
    np.add(tmp, slope, out=tmp)
    np.multiply(dy, tmp, out=out)


def _capped_softplus(x, out):
    """Write log(1 + exp(x)) into ``out``, no larger than that of 40, whose tanh is 1.

    Overwrites: out.
    """
    np.minimum(x, 40.0, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)


def _parts(*arrays):
    """Yield flat views of contiguous arrays of one shape, a part at a time."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, _PART):
        yield [array[start : start + _PART] for array in flat]
