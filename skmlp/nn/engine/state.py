"""What training knows besides the network, and copies of all of it.

The one decision: all that a later call needs to go on exactly where this one ended is the network's
vectors and a ``TrainingState``; both are a few arrays and numbers, so a checkpoint is a few copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from ..optimizers.base import Optimizer
from ..saved import COUNT, NUMBER, SCORE, TEXT, Kind, check_attributes, is_array, part
from ..schedules.base import Clock

if TYPE_CHECKING:
    from .network import Network


# arrays of network and optimizer, its step count, its scalars
Numbers = tuple[list[np.ndarray], int, dict[str, float]]


def _is_slots(value):
    return type(value) is dict and all(
        type(name) is str and is_array(slot) for name, slot in value.items()
    )


def _is_scalars(value):
    return type(value) is dict and all(
        type(name) is str and NUMBER.holds(number) for name, number in value.items()
    )


@dataclass
class TrainingState:
    """The optimizer's name and slots, the clock, the random stream, and how progress stands.

    ``scalars``: floats that belong to the slots, see ``Updater``; ``seed``: chooses the held-out
    part, the same in every fit that goes on. ``monitor``: what progress is measured by; ``best``:
    its best value, larger being better; ``best_epoch``: when; ``stale``: epochs since without
    progress.
    """

    rng: np.random.Generator
    seed: int = 0
    rule: str = ""
    slots: dict[str, np.ndarray] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    monitor: str = ""
    best: float = -math.inf
    best_epoch: int = 0
    stale: int = 0

    kinds = {
        "rng": Kind("a Generator", lambda value: type(value) is np.random.Generator),
        "slots": Kind("a dict of arrays", _is_slots),
        "scalars": Kind("a dict of numbers", _is_scalars),
        "clock": part(Clock),
        "best": SCORE,
        **dict.fromkeys(("rule", "monitor"), TEXT),
        **dict.fromkeys(("seed", "best_epoch", "stale"), COUNT),
    }

    def use_rule(self, rule: Optimizer, dtype: DTypeLike) -> None:
        """Go on with this optimizer in this precision: slots of another one mean something else,
        and its steps do not count.
        """
        if self.rule != type(rule).__name__:
            self.rule, self.clock.step = type(rule).__name__, 0
            self.slots, self.scalars = {}, {}
        self.slots = {name: slot.astype(dtype, copy=False) for name, slot in self.slots.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_attributes("TrainingState", state, self.kinds)
        self.__dict__.update(state)


class Checkpoint:
    """A copy of everything that training changes, to go back to."""

    def __init__(self, network: Network, state: TrainingState) -> None:
        self._network = network
        self._state = state
        self._copies = [np.empty_like(array) for array in self._arrays()]
        self.take()

    def take(self) -> None:
        """Copy how things are now."""
        for copy, array in zip(self._copies, self._arrays(), strict=True):
            np.copyto(copy, array)
        state = self._state
        self._clock, self._scalars = Clock(**vars(state.clock)), dict(state.scalars)
        self._fields = {name: getattr(state, name) for name in ("best", "best_epoch", "stale")}
        self._stream = self._state.rng.bit_generator.state

    def put(self, numbers: Numbers) -> None:
        """Put these numbers in the place of those that were copied."""
        arrays, self._clock.step, self._scalars = numbers
        for copy, array in zip(self._copies, arrays, strict=True):
            np.copyto(copy, array)

    def restore_numbers(self) -> None:
        """Put back parameters, running statistics, and the optimizer's slots with their step count.

        Overwrites: network, state.
        """
        for array, copy in zip(self._arrays(), self._copies, strict=True):
            np.copyto(array, copy)
        self._state.clock.step = self._clock.step
        self._state.scalars.clear()
        self._state.scalars.update(self._scalars)

    def restore(self) -> None:
        """Put back everything, the random stream included. Overwrites: network, state."""
        self.restore_numbers()
        self._state.clock = Clock(**vars(self._clock))
        self._state.rng.bit_generator.state = self._stream
        vars(self._state).update(self._fields)

    def _arrays(self):
        return _arrays(self._network, self._state)


def numbers(network: Network, state: TrainingState) -> Numbers:
    """Return what early stopping puts back: copies of parameters, statistics and the optimizer's
    slots, its step count, its scalars.
    """
    return (
        [array.copy() for array in _arrays(network, state)],
        state.clock.step,
        dict(state.scalars),
    )


def put_numbers(network: Network, state: TrainingState, numbers: Numbers) -> None:
    """Put these numbers in the place of the present ones. Overwrites: network, state."""
    arrays, state.clock.step, state.scalars = numbers
    for array, new in zip(_arrays(network, state), arrays, strict=True):
        np.copyto(array, new)


def _arrays(network, state):
    return [network.params, network.running, *state.slots.values()]
