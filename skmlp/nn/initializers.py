"""Starting values of the weights.

The one decision: an initializer fills an array it is given, of shape (n_in, n_out), and always
draws in float64, so that networks of both precisions start from the same numbers.

To add one: derive from ``Initializer``, write ``fill``, put it into ``INITIALIZERS`` and
``skmlp.nn``; ``docs/contributing.md`` names the other files.
"""

import math
from abc import abstractmethod

import numpy as np

from .unit import Unit


class Initializer(Unit):
    """The base class of initialisers: how the weights of a layer start. A subclass defines
    ``fill``.

    In the formulas :math:`n_{in}` is the number of inputs of the layer and :math:`n_{out}` that of
    its outputs: the rows and columns of its weight matrix.
    """

    @abstractmethod
    def fill(self, out, rng):
        """Fill ``out`` of shape (n_in, n_out) from the generator ``rng``.

        Overwrites: out.
        """


class Zeros(Initializer):
    """All weights are zero: for networks without hidden layers, and for demonstrations.

    It is not for hidden layers: their units compute the same, and stay equal in training.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Zeros
    >>> w = np.ones((3, 1))
    >>> Zeros().fill(w, np.random.default_rng(0))
    >>> w.ravel()
    array([0., 0., 0.])
    """

    def fill(self, out, rng):
        out[...] = 0.0


class ConstantValue(Initializer):
    """All weights are ``value``: for demonstrations.

    As with :class:`~skmlp.nn.Zeros`, the units of a hidden layer stay equal in training.

    Parameters
    ----------
    value : float, default=1.0
        The weight.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import ConstantValue
    >>> w = np.zeros((3, 1))
    >>> ConstantValue(0.5).fill(w, np.random.default_rng(0))
    >>> w.ravel()
    array([0.5, 0.5, 0.5])
    """

    limits = {"value": "(-inf, inf)"}

    def __init__(self, value=1.0):
        self.value = value

    def fill(self, out, rng):
        out[...] = self.value


class Uniform(Initializer):
    r"""Uniform between :math:`-\mathrm{scale}` and ``scale``.

    Parameters
    ----------
    scale : float > 0 or None, default=None
        The bound; None means :math:`1 / \sqrt{n_{in}}`, where :math:`n_{in}` is the number of
        inputs of the layer.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Uniform
    >>> w = np.zeros((4, 100))
    >>> Uniform().fill(w, np.random.default_rng(0))
    >>> bool(abs(w).max() <= 0.5)  # 1 / sqrt(4)
    True
    """

    limits = {"scale": "(0, inf) or None"}

    def __init__(self, scale=None):
        self.scale = scale

    def fill(self, out, rng):
        scale = 1.0 / math.sqrt(out.shape[0]) if self.scale is None else self.scale
        out[...] = rng.uniform(-scale, scale, out.shape)


class Normal(Initializer):
    r"""Normal with mean 0 and standard deviation ``scale``.

    Parameters
    ----------
    scale : float > 0 or None, default=None
        The standard deviation; None means :math:`1 / \sqrt{n_{in}}`, where :math:`n_{in}` is the
        number of inputs of the layer.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Normal
    >>> w = np.zeros((100, 100))
    >>> Normal(0.2).fill(w, np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.2
    """

    limits = {"scale": "(0, inf) or None"}

    def __init__(self, scale=None):
        self.scale = scale

    def fill(self, out, rng):
        scale = 1.0 / math.sqrt(out.shape[0]) if self.scale is None else self.scale
        out[...] = rng.normal(0.0, scale, out.shape)


class LecunUniform(Initializer):
    r"""Uniform on [-a, a] with :math:`a = \sqrt{3 / n_{in}}` (LeCun et al., "Efficient BackProp",
    1998, section 4.6).

    The variance is :math:`1 / n_{in}`, where :math:`n_{in}` is the number of inputs of the layer,
    so that inputs of mean 0 and variance 1 give sums of variance 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import LecunUniform
    >>> w = np.zeros((100, 100))
    >>> LecunUniform().fill(w, np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """

    def fill(self, out, rng):
        _fill_uniform(out, rng, 1.0 / out.shape[0])


class LecunNormal(Initializer):
    r"""Normal with mean 0 and variance :math:`1 / n_{in}`, the start of self-normalising networks
    with selu (Klambauer et al., 2017).

    Here :math:`n_{in}` is the number of inputs of the layer; inputs of mean 0 and variance 1 give
    sums of variance 1. ``weight_init="auto"`` takes it for the weights in front of selu.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import LecunNormal
    >>> w = np.zeros((100, 100))
    >>> LecunNormal().fill(w, np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """

    def fill(self, out, rng):
        _fill_normal(out, rng, 1.0 / out.shape[0])


class GlorotUniform(Initializer):
    r"""Uniform on [-a, a] with :math:`a = \sqrt{6 / (n_{in} + n_{out})}` (Glorot and Bengio, 2010,
    equation 16).

    The variance is :math:`2 / (n_{in} + n_{out})`, where :math:`n_{in}` and :math:`n_{out}` are the
    numbers of inputs and outputs of the layer: a compromise between outputs and gradients, both of
    which should keep their variance from layer to layer, for activations such as tanh.
    ``weight_init="auto"`` takes it except in front of selu.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import GlorotUniform
    >>> w = np.zeros((100, 100))
    >>> GlorotUniform().fill(w, np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """

    def fill(self, out, rng):
        _fill_uniform(out, rng, 2.0 / (out.shape[0] + out.shape[1]))


class GlorotNormal(Initializer):
    r"""Normal with mean 0 and variance :math:`2 / (n_{in} + n_{out})` (Glorot and Bengio, 2010,
    equation 12).

    Here :math:`n_{in}` and :math:`n_{out}` are the numbers of inputs and outputs of the layer. The
    purpose is that of :class:`~skmlp.nn.GlorotUniform`.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import GlorotNormal
    >>> w = np.zeros((100, 100))
    >>> GlorotNormal().fill(w, np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """

    def fill(self, out, rng):
        _fill_normal(out, rng, 2.0 / (out.shape[0] + out.shape[1]))


class HeUniform(Initializer):
    r"""Uniform on [-a, a] with :math:`a = \sqrt{6 / n_{in}}`, for the relu family (He et al., 2015,
    equation 10).

    The variance is :math:`2 / n_{in}`, where :math:`n_{in}` is the number of inputs of the layer;
    the factor 2 makes up for the half of the sums that relu sets to 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import HeUniform
    >>> w = np.zeros((200, 100))
    >>> HeUniform().fill(w, np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """

    def fill(self, out, rng):
        _fill_uniform(out, rng, 2.0 / out.shape[0])


class HeNormal(Initializer):
    r"""Normal with mean 0 and variance :math:`2 / n_{in}`, for the relu family (He et al., 2015,
    equation 10).

    Here :math:`n_{in}` is the number of inputs of the layer; the factor 2 makes up for the half of
    the sums that relu sets to 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import HeNormal
    >>> w = np.zeros((200, 100))
    >>> HeNormal().fill(w, np.random.default_rng(0))
    >>> round(float(w.std()), 2)
    0.1
    """

    def fill(self, out, rng):
        _fill_normal(out, rng, 2.0 / out.shape[0])


class Orthogonal(Initializer):
    """``gain`` times a random orthogonal matrix (Saxe et al., 2014): its rows or columns, whichever
    are fewer, are orthonormal.

    The matrix is drawn uniformly among these: it is the Q of the QR decomposition of a matrix of
    standard normal numbers, with the signs that make the diagonal of R positive (Mezzadri, 2007).

    Parameters
    ----------
    gain : float > 0, default=1.0
        Size of every singular value. Use sqrt(2) with relu, which compensates for the half of the
        sums that relu sets to 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.nn import Orthogonal
    >>> w = np.zeros((5, 3))
    >>> Orthogonal().fill(w, np.random.default_rng(0))
    >>> np.round(w.T @ w, 12) + 0.0  # + 0.0 turns -0.0 into 0.0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """

    limits = {"gain": "(0, inf)"}

    def __init__(self, gain=1.0):
        self.gain = gain

    def fill(self, out, rng):
        wide = out.shape[1] > out.shape[0]
        q, r = np.linalg.qr(rng.normal(size=out.T.shape if wide else out.shape))
        q *= np.where(np.diagonal(r) < 0.0, -float(self.gain), float(self.gain))
        out[...] = q.T if wide else q


class Scaled(Initializer):
    """``factor`` times what an initializer gives; a network's own doing, so it has no key.

    With ``factor = 1 / n_blocks`` the sum of the blocks of a residual network stays bounded for any
    depth (Hanin and Rolnick, "How to start training", 2018: the scales of the blocks must have a
    bounded sum).

    >>> w = np.zeros((3, 1))
    >>> Scaled(ConstantValue(2.0), 0.25).fill(w, np.random.default_rng(0))
    >>> w.ravel()
    array([0.5, 0.5, 0.5])
    """

    limits = {"factor": "[0, inf)"}

    def __init__(self, initializer, factor=1.0):
        self.initializer = initializer
        self.factor = factor

    def check(self):
        super().check()
        if not isinstance(self.initializer, Initializer):
            raise ValueError(
                f"{self!r}: initializer must be an Initializer, got {self.initializer!r}."
            )

    def fill(self, out, rng):
        self.initializer.fill(out, rng)
        out *= float(self.factor)


def _fill_uniform(out, rng, variance):
    """Fill ``out`` uniformly on [-a, a], whose variance is a^2 / 3. Overwrites: out."""
    bound = math.sqrt(3.0 * variance)
    out[...] = rng.uniform(-bound, bound, out.shape)


def _fill_normal(out, rng, variance):
    """Fill ``out`` with a normal of mean zero. Overwrites: out."""
    out[...] = rng.normal(0.0, math.sqrt(variance), out.shape)


INITIALIZERS = {
    "zeros": Zeros,
    "constant_value": ConstantValue,
    "uniform": Uniform,
    "normal": Normal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "orthogonal": Orthogonal,
}
