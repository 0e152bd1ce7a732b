"""Activations: elementwise functions with their derivatives.

The one decision: an activation declares in ``keeps`` whether its derivative is read from its output (``"y"``) or its input
(``"x"``), and writes into arrays that it is given. ``out`` may be the array it reads, ``tmp`` is scratch of the same shape.

To add one: derive from ``Activation``, write ``forward`` and ``backward``, put it into ``ACTIVATIONS``; the tests iterate the
registry.
"""

import math
from abc import abstractmethod

import numpy as np

from .unit import Unit


class Activation(Unit):
    """An elementwise function."""

    keeps = "y"
    weight_init = "glorot_uniform"  # what weight_init="auto" takes for the layer in front

    @abstractmethod
    def forward(self, x, out, tmp):
        """Write f(x) into ``out``, which may be ``x``. Overwrites: out, tmp."""

    @abstractmethod
    def backward(self, kept, dy, out, tmp):
        """Write ``dy * f'(x)`` into ``out``, which may be ``dy``; ``kept`` is y or x. Overwrites: out, tmp."""


class Identity(Activation):
    """f(x) = x.

    >>> _show(Identity())
    array([-1.,  0.,  1.])
    """

    def forward(self, x, out, tmp):
        if out is not x:
            np.copyto(out, x)

    def backward(self, kept, dy, out, tmp):
        if out is not dy:
            np.copyto(out, dy)


class Logistic(Activation):
    """f(x) = 1 / (1 + exp(-x)).

    >>> _show(Logistic())
    array([0.269, 0.5  , 0.731])
    """

    def forward(self, x, out, tmp):
        # 1 / (1 + exp(min(-x, c))), c just below where exp overflows
        np.negative(x, out=out)
        np.minimum(out, _largest_exponent(out.dtype), out=out)
        np.exp(out, out=out)
        np.add(out, 1.0, out=out)
        np.divide(1.0, out, out=out)

    def backward(self, kept, dy, out, tmp):
        # dy * y (1 - y)
        np.subtract(1.0, kept, out=tmp)
        np.multiply(tmp, kept, out=tmp)
        np.multiply(dy, tmp, out=out)


class Tanh(Activation):
    """f(x) = tanh(x).

    >>> _show(Tanh())
    array([-0.762,  0.   ,  0.762])
    """

    def forward(self, x, out, tmp):
        np.tanh(x, out=out)

    def backward(self, kept, dy, out, tmp):
        # dy * (1 - y^2)
        np.multiply(kept, kept, out=tmp)
        np.subtract(1.0, tmp, out=tmp)
        np.multiply(dy, tmp, out=out)


class Relu(Activation):
    """f(x) = max(x, 0); the derivative at 0 is 0.

    >>> _show(Relu())
    array([0., 0., 1.])
    """

    weight_init = "he_uniform"

    def forward(self, x, out, tmp):
        # in float32 NumPy takes two passes over arrays in half the time of one against a scalar
        tmp.fill(0.0)
        np.maximum(x, tmp, out=out)

    def backward(self, kept, dy, out, tmp):
        np.greater(kept, 0.0, out=tmp)
        np.multiply(dy, tmp, out=out)


class LeakyRelu(Activation):
    """f(x) = x for x > 0, slope * x elsewhere (Maas et al., 2013).

    Parameters
    ----------
    slope : float in [0, 1), default=0.01
        Derivative for x <= 0.

    Examples
    --------
    >>> _show(LeakyRelu(0.1))
    array([-0.1,  0. ,  1. ])
    """

    weight_init = "he_uniform"
    limits = {"slope": "[0, 1)"}

    def __init__(self, slope=0.01):
        self.slope = slope

    def forward(self, x, out, tmp):
        # max(x, slope x)
        np.multiply(x, float(self.slope), out=tmp)
        np.maximum(x, tmp, out=out)

    def backward(self, kept, dy, out, tmp):
        # dy * (slope + (1 - slope) [y > 0])
        np.greater(kept, 0.0, out=tmp)
        np.multiply(tmp, 1.0 - float(self.slope), out=tmp)
        np.add(tmp, float(self.slope), out=tmp)
        np.multiply(dy, tmp, out=out)


class Elu(Activation):
    """f(x) = x for x > 0, alpha (exp(x) - 1) elsewhere (Clevert et al., 2016).

    Parameters
    ----------
    alpha : float > 0, default=1.0
        Minus the limit for x -> -inf.

    Examples
    --------
    >>> _show(Elu())
    array([-0.632,  0.   ,  1.   ])
    """

    weight_init = "he_uniform"
    limits = {"alpha": "(0, inf)"}

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x, out, tmp):
        _elu(x, out, tmp, float(self.alpha))

    def backward(self, kept, dy, out, tmp):
        _elu_gradient(kept, dy, out, tmp, float(self.alpha), 1.0)


class Selu(Activation):
    """f(x) = s x for x > 0, s a (exp(x) - 1) elsewhere, with the fixed point of Klambauer et al. (2017): mean 0, variance 1.

    a = 1.6732632..., s = 1.0507009...

    >>> _show(Selu())
    array([-1.111,  0.   ,  1.051])
    """

    weight_init = "lecun_normal"

    def forward(self, x, out, tmp):
        _elu(x, out, tmp, _SELU_ALPHA)
        np.multiply(out, _SELU_SCALE, out=out)

    def backward(self, kept, dy, out, tmp):
        _elu_gradient(kept, dy, out, tmp, _SELU_ALPHA * _SELU_SCALE, _SELU_SCALE)


class Softplus(Activation):
    """f(x) = log(1 + exp(x)), the smooth relu.

    >>> _show(Softplus())
    array([0.313, 0.693, 1.313])
    """

    weight_init = "he_uniform"

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


_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def _elu(x, out, tmp, alpha):
    """Write max(x, 0) + alpha (exp(min(x, 0)) - 1) into ``out``. Overwrites: out, tmp."""
    np.minimum(x, 0.0, out=tmp)
    np.expm1(tmp, out=tmp)
    if alpha != 1.0:
        np.multiply(tmp, alpha, out=tmp)
    np.maximum(x, 0.0, out=out)
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


def _largest_exponent(dtype):
    return math.floor(math.log(np.finfo(dtype).max)) - 1.0


def _show(activation):
    """Return f(-1), f(0), f(1), rounded for the docstrings."""
    x = np.array([-1.0, 0.0, 1.0])
    activation.forward(x, x, np.empty(3))
    return np.round(x, 3) + 0.0


ACTIVATIONS = {
    "identity": Identity,
    "logistic": Logistic,
    "tanh": Tanh,
    "relu": Relu,
    "leaky_relu": LeakyRelu,
    "elu": Elu,
    "selu": Selu,
    "softplus": Softplus,
}
