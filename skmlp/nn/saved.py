"""What is saved of a model: the stamp that it carries, and what a saved state may hold.

The one decision on versions: the format is a number of its own. A version reads its own format,
whichever version wrote it, and refuses every other, since a pickle of another format might be taken
for something it is not. ``FORMAT`` is raised when an array, an attribute or a unit changes its
name, its place or its meaning; a new parameter whose default is what was done before does not raise
it (``Unit``).

The one decision on states: what comes from a file is hostile until checked. A class that is saved
says of what ``Kind`` each of its attributes is, and its ``__setstate__`` takes these and no others,
before anything of them is called. The tests of a kind look at types first, so that they call
nothing of an object that they do not know.

To add an attribute: give its kind where the class has the others.
"""

import copy
import functools
import math
from collections.abc import Callable
from numbers import Number
from typing import NamedTuple

import numpy as np

VERSION = "0.1.0"
FORMAT = 3
_STAMP = "_skmlp_saved"

_WHOLE = (int, np.integer)
_REAL = (int, float, np.integer, np.floating)
_LARGEST = 1e300


# ---- stamps


def stamped(state):
    """Return the state of an object, a dict, with the stamp of this version."""
    return {**state, _STAMP: {"version": VERSION, "format": FORMAT}}


def unstamped(state, name):
    """Return the state without its stamp; raise ``ValueError`` if it is of another format.

    ``name``: of what was saved.
    """
    if type(state) is not dict:
        raise refusal(name, f"its state is {shown(state)}, but should be a dict")
    stamp = state.get(_STAMP)
    version, number = (
        (stamp.get("version"), stamp.get("format")) if type(stamp) is dict else (None, None)
    )
    if type(version) is not str or type(number) is not int or number != FORMAT:
        known = type(version) is str
        writer = (
            f"skmlp {version} in format {shown(number)}"
            if known
            else "a version of skmlp that left no stamp"
        )
        reader = (
            f"skmlp {version}, or another version that reads format {shown(number)}"
            if known
            else "the version that saved it"
        )
        raise ValueError(
            f"This {name} was saved by {writer}; skmlp {VERSION} reads format {FORMAT} only. Load "
            f"it with {reader}, or fit it again."
        )
    return {key: value for key, value in state.items() if key != _STAMP}


def check_fit(what, saved, now):
    """Raise ``ValueError`` unless ``what`` was saved, such as names and shapes of arrays, is
    what there is now.
    """
    if saved != now:
        raise ValueError(
            f"The saved model does not fit skmlp {VERSION}: its {what} are {saved}, but they "
            f"should be {now}."
        )


# ---- states


class Kind(NamedTuple):
    """What a saved attribute may be, in words and as a test of a value of any type."""

    words: str
    holds: Callable


def check_attributes(name, state, kinds, optional=()):
    """Raise ``ValueError`` unless a state has the attributes of ``kinds``, a dict of name -> Kind,
    each of its kind, and no others.

    ``name``: of the class; ``optional``: the names of those that need not be there.
    """
    if type(state) is not dict:
        raise refusal(name, f"its state is {shown(state)}, but should be a dict")
    for key in state:
        if type(key) is not str or key not in kinds:
            raise refusal(name, f"it has an attribute {shown(key)}, which no {name} has")
    for key, kind in kinds.items():
        if key not in state:
            if key not in optional:
                raise refusal(name, f"it has no {key}")
        elif not kind.holds(state[key]):
            raise refusal(name, f"its {key} is {shown(state[key])}, but should be {kind.words}")


def refusal(name, why):
    """Return the error for a state of the class ``name`` that is not taken."""
    return ValueError(f"The saved {name} cannot be loaded: {why}.")


def shown(value):
    """Return how a message names a value of any type, without calling anything of it."""
    if value is None or type(value) in (bool, int, float, str):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    if is_array(value):
        return f"an array of shape {value.shape} and type {value.dtype}"
    return f"an object of the type {type(value).__name__}"


def is_ours(thing):
    """Return whether a class or function is this package's."""
    return thing.__module__.partition(".")[0] == __name__.partition(".")[0]


def is_known(cls):
    """Return whether a class is this package's or scikit-learn's, so that a file may be trusted
    with it.
    """
    return cls.__module__.partition(".")[0] in (__name__.partition(".")[0], "sklearn")


def is_array(value):
    """Return whether a value is an array, in memory or mapped into it; subclasses may compute
    otherwise.
    """
    return type(value) in (np.ndarray, np.memmap)


def is_finite(numbers):
    """Return whether all numbers of an array are finite, without another array of its size: a
    file may ask for a large one of zeros.
    """
    return numbers.size == 0 or (math.isfinite(numbers.min()) and math.isfinite(numbers.max()))


def is_whole(value):
    """Return whether a value is a whole number that is at least 0."""
    return isinstance(value, _WHOLE) and not isinstance(value, bool) and 0 <= value < 2**63


def is_function(value):
    """Return whether a value is a function or a callable object of a user's: no class, and nothing
    of this package or scikit-learn.

    These can be named in a file that is trusted with their types, without being functions that
    somebody agreed to.
    """
    if isinstance(value, functools.partial):
        return is_function(value.func)
    return callable(value) and not isinstance(value, type) and not is_known(type(value))


def is_label(value):
    """Return whether a value may stand for a category or a column: it can be compared and is no
    function, estimator or unit.
    """
    if isinstance(value, tuple):
        return all(map(is_label, value))
    return type(value).__hash__ is not None and not callable(value) and not is_known(type(value))


def is_plain(value):
    """Return whether a value is a number, a string, None, an array of numbers, or a sequence of
    plain values.
    """
    if value is None or isinstance(value, (int, float, str)):  # what most are
        return True
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    if is_array(value):
        return value.dtype.kind in "biuf"
    return isinstance(value, slice | range | Number | np.bool_)


def part(cls):
    """Return the kind of an instance of a class with ``kinds`` that is whole: it may have been
    made without a state.
    """

    def holds(value):
        if type(value) is not cls:
            return False
        check_attributes(cls.__name__, vars(value), cls.kinds)
        return True

    return Kind(f"a {cls.__name__}", holds)


def _is_real(value):
    return isinstance(value, _REAL) and not isinstance(value, bool)


COUNT = Kind("a whole number, at least 0", is_whole)
FLAG = Kind("True or False", lambda value: isinstance(value, bool | np.bool_))
TEXT = Kind("a string", lambda value: type(value) is str)
FUNCTION = Kind("a function", is_function)
NUMBER = Kind("a finite number", lambda value: _is_real(value) and abs(value) < _LARGEST)
EXTENT = Kind(
    "a finite number, at least 0", lambda value: _is_real(value) and 0 <= value < _LARGEST
)
SCORE = Kind("a number", lambda value: _is_real(value) and value == value)


class Copies:
    """Gives what is saved copies within the process, which are made without a look at what is
    copied: it comes from no file.

    A class has ``_take(state)``, which makes the object what a state without its stamp says.
    """

    def __copy__(self):
        return self._with(type(self).__new__(type(self)), self.__getstate__())

    def __deepcopy__(self, memo):
        new = memo[id(self)] = type(self).__new__(type(self))
        return self._with(new, copy.deepcopy(self.__getstate__(), memo))

    def _with(self, new, state):
        if is_ours(type(self).__setstate__):
            new._take(unstamped(state, type(self).__name__))
        else:  # a subclass that does something of its own
            new.__setstate__(state)
        return new
