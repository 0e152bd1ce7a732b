"""Learning-rate schedules: what the initial learning rate is multiplied with, as a function of how far training has come.

The one decision: a schedule is a pure function of a ``Clock``, asked before every step, so that it can be drawn, tested and
resumed without state of its own. The only thing that is not a function of time, the answer to a plateau, is a number
(``plateau_factor``) that the trainer multiplies into the clock's ``decay``.

To add one: derive from ``Schedule``, write ``factor``, put it into ``SCHEDULES``; the tests iterate the registry.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass

from .unit import Unit


@dataclass
class Clock:
    """How far training has come.

    ``step``: updates made. ``epoch``: passes over the data made, fractions included. ``n_epochs``: passes that this fit plans.
    ``samples``: rows seen up to the start of this epoch. ``decay``: product of the plateau factors applied so far. ``began``: the epoch
    at which this fit began.
    """

    step: int = 0
    epoch: float = 0.0
    n_epochs: int = 1
    samples: int = 0
    decay: float = 1.0
    began: float = 0.0


class Schedule(Unit):
    """A rule for the learning rate.

    ``plateau_factor``: what the rate is multiplied with where training would otherwise stop for lack of progress; None: it stops.
    ``planned``: the rate falls to its end within the planned number of epochs, so that reaching that number is no failure.
    """

    plateau_factor = None
    planned = False

    @abstractmethod
    def factor(self, clock):
        """Return the factor of the initial learning rate at ``clock``, a Python float."""


class Constant(Schedule):
    """factor = 1.

    >>> Constant().factor(Clock(epoch=3.0))
    1.0
    """

    def factor(self, clock):
        return 1.0


class Invscaling(Schedule):
    """factor = 1 / (samples + 1)^power_t, constant within an epoch, as in scikit-learn; 1 throughout the first epoch.

    Parameters
    ----------
    power_t : float >= 0, default=0.5

    Examples
    --------
    >>> Invscaling().factor(Clock(samples=99))
    0.1
    """

    limits = {"power_t": "[0, inf)"}

    def __init__(self, power_t=0.5):
        self.power_t = power_t

    def factor(self, clock):
        return 1.0 / (clock.samples + 1) ** float(self.power_t)


class Adaptive(Schedule):
    """factor = 1, divided by 5 each time that training makes no progress, as in scikit-learn.

    Training stops for lack of progress once the rate is at most 1e-6.

    >>> Adaptive().factor(Clock(decay=0.2))
    0.2
    """

    plateau_factor = 0.2

    def factor(self, clock):
        return clock.decay


class Cosine(Schedule):
    """factor = final + (1 - final) (1 + cos(pi epoch / n_epochs)) / 2 (Loshchilov and Hutter, 2017, equation 5, one cycle).

    Parameters
    ----------
    n_epochs : int or None, default=None
        Length of the decay in epochs; counted from the very first epoch; None is the ``max_iter`` of each fit.
        The factor stays at ``final`` afterwards.
    final : float in [0, 1], default=0.0
        Factor at the end.

    Examples
    --------
    >>> Cosine().factor(Clock(epoch=5.0, n_epochs=10))
    0.5
    """

    planned = True
    limits = {"n_epochs": "(0, inf) or None", "final": "[0, 1]"}

    def __init__(self, n_epochs=None, final=0.0):
        self.n_epochs = n_epochs
        self.final = final

    def factor(self, clock):
        return _cosine(1.0, float(self.final), _progress(self, clock))


class OneCycle(Schedule):
    """Up from ``start`` to 1, then down to ``final``, both along half a cosine (Smith and Topin, 2018).

    The initial learning rate is the peak.

    Parameters
    ----------
    n_epochs : int or None, default=None
        Length of the cycle in epochs; counted from the very first epoch; None is the ``max_iter`` of each fit.
        The factor stays at ``final`` afterwards.
    warmup : float in (0, 1), default=0.3
        Share of the cycle that goes up.
    start : float in [0, 1], default=0.04
        Factor at the beginning.
    final : float in [0, 1], default=0.0001
        Factor at the end.

    Examples
    --------
    >>> OneCycle(warmup=0.3).factor(Clock(epoch=3.0, n_epochs=10))
    1.0
    """

    planned = True
    limits = {"n_epochs": "(0, inf) or None", "warmup": "(0, 1)", "start": "[0, 1]", "final": "[0, 1]"}

    def __init__(self, n_epochs=None, warmup=0.3, start=0.04, final=0.0001):
        self.n_epochs = n_epochs
        self.warmup = warmup
        self.start = start
        self.final = final

    def factor(self, clock):
        progress, warmup = _progress(self, clock), float(self.warmup)
        if progress < warmup:
            return _cosine(float(self.start), 1.0, progress / warmup)
        return _cosine(1.0, float(self.final), (progress - warmup) / (1.0 - warmup))


def _progress(schedule, clock):
    """Return the share of the schedule's length that has passed, in [0, 1]; a schedule without a length spans the current fit."""
    passed = clock.epoch / schedule.n_epochs if schedule.n_epochs else (clock.epoch - clock.began) / clock.n_epochs
    return min(passed, 1.0)


def _cosine(start, end, progress):
    """Return the point on half a cosine from ``start`` to ``end``."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * progress))


SCHEDULES = {
    "constant": Constant,
    "invscaling": Invscaling,
    "adaptive": Adaptive,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}
