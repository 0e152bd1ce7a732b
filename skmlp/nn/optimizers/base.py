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
    r"""The base class of optimizers: rules for a step
    :math:`p \leftarrow p - \mathrm{step}(g)` of the parameters p, with their gradient g.

    A class sets

    * ``slots``: the names of its state vectors, each as long as p.
    * ``squares``: those slots that hold means or sums of squares, and so are never negative.
    * ``averages``: a dict with the name of a decay rate for each slot that holds a running average,
      divided by 1 - rate, so that the average stays right when the rate is changed.
    * ``decoupled``: whether the weights are shrunk by ``lr * alpha`` in each step, instead of
      getting the gradient of the penalty.
    * ``bounded``: whether a constant gradient of any size moves a parameter by no more than about
      ``lr`` in each step.

    It writes ``coefficients`` and ``update``, and may have two more methods, which an L1 penalty
    needs:

    * ``asymptotic_step(t, lr, *slots, out, tmp)`` writes into ``out`` how far a constant gradient
      of 1 moves each parameter in a step, once the averages have adapted to it; the soft threshold
      of the penalty is proportional to that. A decoupled rule writes ``lr``. Overwrites: out, tmp.
      What of it is the same for all parameters, ``asymptotic(t, lr)`` returns, a pair of floats,
      for the compiled form of the rules of the package.
    * ``lasting(lr, response)``, if the slots contain past learning rates, as a velocity does. For a
      gradient that has always been 1 it returns the constant learning rate that would give the same
      step, and the new ``response``, which is what the slots hold for that gradient. ``response``
      is 0 in the first step, then what the step before returned. Both numbers must be proportional
      to the learning rates.
    """

    slots: tuple[str, ...] = ()
    averages: Mapping[str, str] = MappingProxyType({})
    squares: tuple[str, ...] = ()
    decoupled = False
    bounded = False

    @abstractmethod
    def coefficients(self, t: int | np.ndarray, lr: float | np.ndarray) -> tuple[Any, ...]:
        """Return the Python floats that ``update`` takes, for step ``t`` = 1, 2, ... and
        learning rate ``lr``. Those of the package take arrays of both too, and return arrays for
        what depends on them.
        """

    def initial_slots(self) -> dict[str, float]:
        """Return, by slot, the Python float that its numbers start at; a slot left out starts at
        zero.
        """
        return {}

    def units(self) -> dict[str, float]:
        """Return, by slot, the Python float that its numbers are multiplied with to be averages;
        a slot that is left out needs no factor.
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
