"""What an optimizer is.

The one decision: a rule is elementwise, in place, and stateless; its memory (``slots``) is vectors
as long as the parameters. So it can run over blocks that fit the cache, and a checkpoint is a few
arrays. Constants that do not depend on the element are folded into as few numbers as possible by
``coefficients``, once per step.
"""

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..unit import Unit


class Optimizer(Unit):
    """The base class of optimizers: a rule p <- p - step(g), for parameters p and their gradient g.

    ``slots`` names its state vectors; ``squares`` those of them that hold means or sums of squares,
    and so are never negative. ``decoupled`` rules shrink the weights by ``lr * alpha`` themselves
    instead of getting the gradient of the penalty.

    ``averages``: which slots hold a running average, divided by 1 - beta, and the name of that
    beta, so that they survive its change.

    A rule that goes with an L1 penalty has ``asymptotic_step(t, lr, *slots, out, tmp)``, which
    writes how far a gradient that stays at 1 moves each parameter in a step, once the averages have
    caught up with it: what the threshold of ``SoftThreshold`` is proportional to; a decoupled rule
    writes ``lr``, as for its decay. Overwrites: out, tmp. ``bounded``: a lasting gradient of any
    size moves a parameter by about ``lr`` in a step.

    A rule whose slots hold past learning rates, as a velocity does, has ``lasting(lr, response)``
    too. It returns the rate that counts for a gradient that has always been 1, the constant one
    with the same step, and the response to that gradient in the slots, which it is given in the
    next step; before the first it is 0. Both are proportional to the rates, since a part of the
    parameters may have a multiple of them.
    """

    slots: tuple[str, ...] = ()
    averages: Mapping[str, str] = MappingProxyType({})
    squares: tuple[str, ...] = ()
    decoupled = False
    bounded = False

    @abstractmethod
    def coefficients(self, t: int, lr: float) -> tuple[float, ...]:
        """Return the Python floats that ``update`` takes, for step ``t`` = 1, 2, ... and
        learning rate ``lr``.
        """

    def initial_slots(self) -> dict[str, float]:
        """Return, by slot, the Python float that its numbers start at; a slot left out starts at
        zero.
        """
        return {}

    def units(self) -> dict[str, float]:
        """Return, by slot, the Python float that its numbers are multiplied with to be averages;
        a slot left out is what it holds.
        """
        return {slot: 1.0 - float(getattr(self, name)) for slot, name in self.averages.items()}

    @abstractmethod
    def update(self, p: np.ndarray, g: np.ndarray, *slots_tmp_coefficients: Any) -> None:
        """Apply one step to a block: ``p``, ``g``, each slot, scratch ``tmp``, then the
        coefficients. Overwrites: all arrays.
        """


def descend(
    p: np.ndarray,
    direction: np.ndarray,
    v: np.ndarray,
    tmp: np.ndarray,
    epsilon: float,
    rate: float,
) -> None:
    """p <- p - rate direction / (sqrt(v) + epsilon). Overwrites: p, tmp."""
    np.sqrt(v, out=tmp)
    np.add(tmp, epsilon, out=tmp)
    np.divide(direction, tmp, out=tmp)
    np.multiply(tmp, rate, out=tmp)
    np.subtract(p, tmp, out=p)


def asymptotic_step_of(v: np.ndarray, out: np.ndarray, epsilon: float, rate: float) -> None:
    """out <- rate / (sqrt(v) + epsilon). Overwrites: out."""
    np.sqrt(v, out=out)
    np.add(out, epsilon, out=out)
    np.divide(rate, out, out=out)
