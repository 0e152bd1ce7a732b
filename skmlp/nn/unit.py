"""The base of every rule: activations, losses, optimizers, schedules, initializers, layers'
options.

A unit holds hyperparameters and nothing else; arrays come in as arguments. Deriving from
scikit-learn's ``BaseEstimator`` is what lets it be cloned, printed, compared by its parameters and
reached by a grid search (``solver__beta_1``).

To add a hyperparameter: store it in ``__init__`` under its own name, and give the interval of its
values in ``limits``.
"""

import functools
import inspect
from abc import ABC
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .saved import FUNCTION, Kind, check_attributes, is_ours, is_plain, refusal, shown


class Unit(BaseEstimator, ABC):
    """A rule with hyperparameters.

    ``limits`` maps a hyperparameter to the interval it must lie in, written as in mathematics:
    ``"[0, 1)"``, or ``"[0, 1) or None"``. ``whole`` names those that are whole numbers where they
    are not None, ``flags`` those that are True or False, ``functions`` those that are functions of
    the user's, ``not_shared`` those that do not take the value of an estimator's parameter of the
    same name, since they mean something else.
    """

    limits: dict[str, str] = {}
    whole: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    not_shared: tuple[str, ...] = ()

    @classmethod
    @functools.cache
    def _get_param_names(cls):
        """Return the names of the hyperparameters, which scikit-learn would read from the
        signature in each call.
        """
        return super()._get_param_names()

    def check(self) -> None:
        """Raise ``ValueError`` if a hyperparameter lies outside its limits."""
        for name, interval in self.limits.items():
            value = getattr(self, name)
            if not inside(value, interval):
                raise ValueError(f"{self!r}: {name} must be a number in {interval}, got {value!r}.")
        for name in self.whole:
            value = getattr(self, name)
            if value is not None and not isinstance(value, Integral):
                raise ValueError(f"{self!r}: {name} must be a whole number, got {value!r}.")
        for name in self.flags:
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise ValueError(
                    f"{self!r}: {name} must be True or False, got {getattr(self, name)!r}."
                )

    def check_saved(self) -> None:
        """Raise ``ValueError`` if no network has such a unit, calling no function among the
        hyperparameters.
        """
        if not self.functions:
            self.check()

    def __setstate__(self, state: dict[str, Any]) -> None:
        if is_ours(type(self)):
            check_attributes(
                type(self).__name__, state, _kinds(type(self)), optional=defaults(type(self))
            )
        super().__setstate__({**defaults(type(self)), **state})


def check_unit(unit: object, kind: type[Unit], name: str = "Network") -> None:
    """Raise ``ValueError`` unless ``unit``, read from a file, is a whole unit of a class ``kind``,
    with values that it may have.

    Its constructor may have been called with anything, or nothing may have been called. A user's
    class answers for itself. ``name``: the class of what it is a part of.
    """
    if not isinstance(unit, kind):
        raise refusal(
            name, f"it has {shown(unit)} where it should have one of the type {kind.__name__}"
        )
    if is_ours(type(unit)):
        check_attributes(type(unit).__name__, vars(unit), _kinds(type(unit)))
        for inner in _units(list(vars(unit).values())):
            check_unit(inner, Unit, type(unit).__name__)
        unit.check_saved()


def _is_value(value):
    """Return whether a value is plain, a unit, or a sequence of such values."""
    if type(value) in (list, tuple):
        return all(map(_is_value, value))
    return is_plain(value) or isinstance(value, Unit)


def _units(values):
    """Yield the units among values and the sequences among these."""
    for value in values:
        if isinstance(value, Unit):
            yield value
        elif type(value) in (list, tuple):
            yield from _units(value)


_VALUE = Kind("a number, a string, None, a unit, or a sequence of these", _is_value)


@functools.cache
def _kinds(cls):
    """Return of what kind each hyperparameter of a class is in a file."""
    return {name: FUNCTION if name in cls.functions else _VALUE for name in parameters(cls)}


@functools.cache
def parameters(cls: type) -> tuple[str, ...]:
    """Return the names of a constructor's parameters, in order."""
    return tuple(inspect.signature(cls).parameters)


@functools.cache
def defaults(cls: type) -> dict[str, Any]:
    """Return the defaults of a constructor's parameters: what a state that was saved before a
    parameter was added takes for it.
    """
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def ends(interval: str) -> tuple[float, float]:
    """Return the lowest and the highest end of an interval, written as in ``Unit.limits``."""
    low, high = interval[1:-1].split(",")
    return float(low), float(high)


def inside(value: Any, limits: str) -> bool:
    """Return whether ``value`` lies in the interval ``limits``, written as in ``Unit.limits``."""
    interval, _, alternative = limits.partition(" or ")
    if value is None:
        return alternative == "None"
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or value != value:
        return False
    low, high = ends(interval)
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    return above and below
