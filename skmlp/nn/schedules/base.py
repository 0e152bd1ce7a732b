"""What a learning-rate schedule is: what the initial learning rate is multiplied with, as a
function of how far training has come.

The one decision: a schedule is a pure function of a ``Clock``, asked before every step, so that it
can be drawn, tested and resumed without state of its own. The only thing that is not a function of
time, the answer to a plateau, is a number (``plateau_factor``) that the trainer multiplies into the
clock's ``decay``. Warming up is the same for all and done here.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any

from ..saved import COUNT, EXTENT, check_attributes
from ..unit import Unit


@dataclass
class Clock:
    """How far training has come: what a schedule's factor may depend on.

    * ``step``: number of updates made.
    * ``epoch``: number of passes over the rows made, fractions included.
    * ``n_epochs``: number of passes that this fit plans.
    * ``samples``: number of rows seen up to the start of this epoch, counted again in each epoch.
    * ``decay``: product of the plateau factors applied so far.
    * ``began``: the epoch at which this fit began.
    * ``n_batches``: number of updates in an epoch.
    """

    step: int = 0
    epoch: float = 0.0
    n_epochs: int = 1
    samples: int = 0
    decay: float = 1.0
    began: float = 0.0
    n_batches: int = 1

    kinds = {
        **dict.fromkeys(("step", "n_epochs", "samples", "n_batches"), COUNT),
        **dict.fromkeys(("epoch", "decay", "began"), EXTENT),
    }

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_attributes("Clock", state, self.kinds)
        self.__dict__.update(state)


class Schedule(Unit):
    """The base class of schedules: a rule for the factor by which the initial learning rate is
    multiplied before each update.

    A schedule writes ``curve``, a function of the :class:`~skmlp.nn.schedules.Clock`, and has the
    parameter ``warm_up`` (Goyal et al., 2017, section 2.2). It may set

    * ``plateau_factor``: what the rate is multiplied by where training would otherwise stop for
      lack of progress; None: it stops.
    * ``plateau_patience``: the number of epochs without progress before that; None: as many as
      before stopping.
    * ``least``: the product of the plateau factors does not fall below it, and training stops at
      the next plateau.
    * ``strict``: whether progress must be more than ``tol``, so that with ``tol=0`` an equal value
      is no progress; else ``tol`` itself is enough, as in scikit-learn.
    * ``planned``: the rate falls to its end within the planned number of epochs, so that training
      may end there without a warning.
    * ``steady``: whether ``curve`` is the same for all updates of an epoch, so that it need not be
      asked for each of them.
    """

    plateau_factor: float | None = None
    plateau_patience: int | None = None
    least = 0.0
    strict = False
    planned = False
    steady = False
    limits = {"warm_up": "[0, inf)"}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "curve" in vars(cls) and "steady" not in vars(cls):  # another curve than that inherited
            cls.steady = False

    def factor(self, clock: Clock) -> float:
        """Return the factor of the initial learning rate at ``clock``, a Python float."""
        if not self.warm_up:
            return self.curve(clock)
        warmed = clock.epoch + 1.0 / clock.n_batches
        ramp = warmed / float(self.warm_up) if warmed < self.warm_up else 1.0
        return ramp * self.curve(clock)

    def factors(self, clock: Clock, n_epochs: int, n_rows: int) -> list[float]:
        """Return the factors of all updates of the next epochs, of so many rows each.

        ``clock``: before the first of them; ``began``, ``n_epochs`` and ``decay`` stay.
        """
        clock, factors, n = replace(clock), [], clock.n_batches
        steady = self.steady and not self.warm_up
        first, samples = round(clock.epoch), clock.samples
        for k in range(n_epochs):
            clock.epoch, clock.samples = float(first + k), samples + k * n_rows
            if steady:
                factors += [self.factor(clock)] * n
                clock.step += n
                continue
            for batch in range(n):
                clock.epoch = first + k + batch / n
                factors.append(self.factor(clock))
                clock.step += 1
        return factors

    @abstractmethod
    def curve(self, clock: Clock) -> float:
        """Return the factor without warming up."""
