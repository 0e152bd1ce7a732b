"""What an activation is.

The one decision: an activation declares in ``keeps`` whether its derivative is read from its output
(``"y"``) or its input (``"x"``), and writes into arrays that it is given. ``out`` may be the array
it reads, ``tmp`` is scratch of the same shape.
"""

from abc import abstractmethod

import numpy as np

from ..unit import Unit


class Activation(Unit):
    """An elementwise function.

    ``weight_init``: what ``weight_init="auto"`` takes for the weights in front. ``surrogate``:
    ``backward`` uses a stand-in for a derivative that is zero almost everywhere.
    """

    keeps = "y"
    weight_init = "glorot_uniform"
    surrogate = False

    @abstractmethod
    def forward(self, x: np.ndarray, out: np.ndarray, tmp: np.ndarray) -> None:
        """Write f(x) into ``out``, which may be ``x``. Overwrites: out, tmp."""

    @abstractmethod
    def backward(self, kept: np.ndarray, dy: np.ndarray, out: np.ndarray, tmp: np.ndarray) -> None:
        """Write ``dy * f'(x)`` into ``out``, which may be ``dy``; ``kept`` is y or x.

        Overwrites: out, tmp.
        """


def show(activation: Activation) -> np.ndarray:
    """Return f(-1), f(0), f(1), rounded, for the docstrings."""
    x = np.array([-1.0, 0.0, 1.0])
    activation.forward(x.copy(), x, np.empty(3))
    return np.round(x, 3) + 0.0
