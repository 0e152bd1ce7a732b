"""What an activation is.

The one decision: an activation declares in ``keeps`` whether its derivative is read from its output
(``"y"``) or its input (``"x"``), and writes into arrays that it is given. ``out`` may be the array
it reads, ``tmp`` is scratch of the same shape.
"""

from abc import abstractmethod

import numpy as np

from ..unit import Unit


class Activation(Unit):
    """The base class of activations, elementwise functions with a derivative.

    For most functions no subclass is needed: the estimators also take a function, whose derivative
    they find themselves (:mod:`skmlp.nn.autodiff.custom`). A subclass defines ``forward`` and
    ``backward``, and sets:

    * ``keeps``: what ``backward`` reads, "y" for the output of ``forward``, "x" for its input.
    * ``weight_init``: what ``weight_init="auto"`` takes for the weights in front.
    * ``surrogate``: whether ``backward`` uses a substitute for a derivative that is zero almost
      everywhere.
    """

    keeps = "y"
    weight_init = "glorot_uniform"
    surrogate = False

    @abstractmethod
    def forward(self, x: np.ndarray, out: np.ndarray, tmp: np.ndarray) -> None:
        """Write f(x) into ``out``, which may be ``x``.

        All arrays have the shape (n, n_units); ``tmp`` is scratch. Overwrites: out, tmp.
        """

    @abstractmethod
    def backward(self, kept: np.ndarray, dy: np.ndarray, out: np.ndarray, tmp: np.ndarray) -> None:
        """Write ``dy * f'(x)`` into ``out``, which may be ``dy``.

        ``kept`` is the output y = f(x) or the input x, as ``keeps`` says; ``dy`` is the gradient
        with respect to y. All arrays have the shape (n, n_units); ``tmp`` is scratch. Overwrites:
        out, tmp.
        """
