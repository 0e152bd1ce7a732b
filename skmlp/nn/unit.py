"""The base of every rule: activations, losses, optimizers, schedules, initializers, layers' options.

A unit holds hyper-parameters and nothing else; arrays come in as arguments. Deriving from scikit-learn's ``BaseEstimator``
is what lets it be cloned, printed, compared by its parameters and reached by a grid search (``solver__beta_1``).

To add a hyper-parameter: store it in ``__init__`` under its own name, and give the interval of its values in ``limits``.
"""

import functools
import inspect
import math
from abc import ABC
from numbers import Real

from sklearn.base import BaseEstimator


class Unit(BaseEstimator, ABC):
    """A rule with hyper-parameters.

    ``limits`` maps a hyper-parameter to the interval it must lie in, written as in mathematics: ``"[0, 1)"``, or ``"[0, 1) or None"``.
    """

    limits: dict = {}

    def check(self):
        """Raise ``ValueError`` if a hyper-parameter lies outside its limits."""
        for name, interval in self.limits.items():
            value = getattr(self, name)
            if not inside(value, interval):
                raise ValueError(f"{self!r}: {name} must be a number in {interval}, got {value!r}.")

    def __setstate__(self, state):
        super().__setstate__({**defaults(type(self)), **state})


@functools.cache
def defaults(cls):
    """Return the defaults of a constructor's parameters: what a state that was saved before a parameter was added takes for it."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def inside(value, limits):
    """Return whether ``value`` lies in the interval ``limits``, written as in ``Unit.limits``."""
    interval, _, alternative = limits.partition(" or ")
    if value is None:
        return alternative == "None"
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
        return False
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    return above and below
