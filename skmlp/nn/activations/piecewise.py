"""Activations of straight pieces."""

import numpy as np

from .base import Activation


class Identity(Activation):
    """:math:`f(x) = x`: the layer is linear, as the code of an autoencoder often is.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Identity
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> Identity().forward(x, y, tmp)
    >>> y.round(3)
    array([-1.,  0.,  1.])
    """

    def forward(self, x, out, tmp):
        if out is not x:
            np.copyto(out, x)

    def backward(self, kept, dy, out, tmp):
        if out is not dy:
            np.copyto(out, dy)


class ReLU(Activation):
    r""":math:`f(x) = \max(x, 0)`; the derivative at 0 is taken as 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import ReLU
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> ReLU().forward(x, y, tmp)
    >>> y.round(3)
    array([0., 0., 1.])
    """

    def forward(self, x, out, tmp):
        # in float32 NumPy takes two passes over arrays in half the time of one against a scalar
        tmp.fill(0.0)
        np.maximum(x, tmp, out=out)

    def backward(self, kept, dy, out, tmp):
        np.greater(kept, 0.0, out=tmp)
        np.multiply(dy, tmp, out=out)


class LeakyReLU(Activation):
    r""":math:`f(x) = x` for :math:`x > 0`, else :math:`\mathrm{slope} \cdot x` (Maas et al., 2013).

    Parameters
    ----------
    slope : float in [0, 1), default=0.01
        Derivative for x <= 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import LeakyReLU
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> LeakyReLU(0.1).forward(x, y, tmp)
    >>> y.round(3)
    array([-0.1,  0. ,  1. ])
    """

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


class ShiftedReLU(Activation):
    r""":math:`f(x) = \max(x, -\mathrm{shift})`: a relu moved along the diagonal, so that its
    outputs can be negative (Clevert et al., 2016, section 4).

    Parameters
    ----------
    shift : float >= 0, default=1.0
        The smallest output is -shift.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import ShiftedReLU
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> ShiftedReLU(0.5).forward(x, y, tmp)
    >>> y.round(3)
    array([-0.5,  0. ,  1. ])
    """

    limits = {"shift": "[0, inf)"}

    def __init__(self, shift=1.0):
        self.shift = shift

    def forward(self, x, out, tmp):
        np.maximum(x, -float(self.shift), out=out)

    def backward(self, kept, dy, out, tmp):
        np.greater(kept, -float(self.shift), out=tmp)
        np.multiply(dy, tmp, out=out)


class HardThreshold(Activation):
    r""":math:`f(x) = 1` for :math:`x \ge 0`, else 0 (McCulloch and Pitts, 1943).

    The derivative is zero wherever it exists, so training uses the straight-through estimator: the
    gradient passes unchanged where :math:`|x| \le 1` and is zero elsewhere (Bengio et al., 2013;
    Hubara et al., 2016, equation 4).

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import HardThreshold
    >>> x, y, tmp = np.array([-1.0, 0.0, 1.0]), np.empty(3), np.empty(3)
    >>> HardThreshold().forward(x, y, tmp)
    >>> y.round(3)
    array([0., 1., 1.])
    """

    keeps = "x"
    surrogate = True

    def forward(self, x, out, tmp):
        np.greater_equal(x, 0.0, out=out)

    def backward(self, kept, dy, out, tmp):
        np.abs(kept, out=tmp)
        np.less_equal(tmp, 1.0, out=tmp)
        np.multiply(dy, tmp, out=out)
