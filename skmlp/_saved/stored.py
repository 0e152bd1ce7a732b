"""The state of a fitted estimator when it comes out of a file: checked before it is taken.

The one decision: a state is looked at before anything of it is called. Constructor parameters may
be anything, as they may be before a fit, which checks them; what a fit sets has its kind and agrees
with the network; what scikit-learn attaches is known; and a note of the user's is kept as long as
its name means nothing to this package: a public name that the class does not have.

To add an attribute that a fit sets: give its kind in ``NETWORK`` (``kinds.py``), or in those of the
one estimator that has it.
"""

from collections.abc import Callable
from typing import NamedTuple

from .._sklearn import ATTACHED, CALLBACK_STATE
from ..nn.saved import (
    Copies,
    check_attributes,
    check_fit,
    is_ours,
    refusal,
    shown,
    stamped,
    unstamped,
)
from ..nn.unit import defaults, parameters


class Fitted(NamedTuple):
    """What a fit sets: the kind of each attribute, and what these must agree with.

    ``optional``: names of those that a fitted estimator need not have; ``check(cls, state)`` raises
    ``ValueError`` if they do not belong together.
    """

    kinds: dict
    optional: set
    check: Callable


def check_state(cls, state, fitted):
    """Raise ``ValueError`` for a state that no estimator of a class can have.

    A subclass outside this package answers for its own attributes. ``fitted``: Fitted.
    """
    if not is_ours(cls):
        return
    if type(state) is not dict:
        raise refusal(cls.__name__, f"its state is {shown(state)}, but should be a dict")
    found, attached = {}, {}
    for name, value in state.items():
        if name in fitted.kinds:
            found[name] = value
        elif name in ATTACHED:
            attached[name] = value
        elif name not in parameters(cls) and not _is_note(cls, name):
            raise refusal(
                cls.__name__, f"it has an attribute {shown(name)}, which no {cls.__name__} has"
            )
    is_fitted = bool(found.keys() - fitted.optional)
    check_attributes(
        cls.__name__, found, fitted.kinds, fitted.optional if is_fitted else fitted.kinds
    )
    check_attributes(cls.__name__, attached, ATTACHED, optional=ATTACHED)
    if is_fitted:
        fitted.check(cls, state)


def _is_note(cls, name):
    """Return whether an attribute of this name is none of a class's business."""
    return (
        isinstance(name, str)
        and not name.startswith("_")
        and not any(name in vars(base) for base in (*cls.__mro__, *type(cls).__mro__))
    )


def _lasting(state):
    """Return a state without what is only there during a fit."""
    return {name: value for name, value in state.items() if name not in CALLBACK_STATE}


class CheckedState:
    """Looks at the state of an estimator before it is taken; a class has ``_stores``, a
    ``Fitted``.
    """

    def __getstate__(self):
        return _lasting(super().__getstate__())

    def __setstate__(self, state):
        check_state(type(self), state, self._stores)
        super().__setstate__({**defaults(type(self)), **state})


class Stored(Copies):
    """Gives the estimators a state that carries a stamp and is looked at before it is taken; a
    class has ``_stores``, a ``Fitted``.
    """

    def __getstate__(self):
        return stamped(_lasting(super().__getstate__()))

    def __setstate__(self, state):
        state = unstamped(state, type(self).__name__)
        check_state(type(self), state, self._stores)
        if "_network" in state:
            check_shapes(state)
        self._take(state)

    def _take(self, state):
        """Make the estimator what a state without its stamp says."""
        super().__setstate__({**defaults(type(self)), **state})


def check_shapes(state):
    """Raise ``ValueError`` unless each slot of the optimizer is as long as the parameters."""
    for name, slot in state["_state"].slots.items():
        check_fit(f"shape of the optimizer's {name}", slot.shape, state["_network"].params.shape)


def agree(cls, what, saved, wanted):
    """Raise ``ValueError`` unless what was saved is what it should be."""
    if saved != wanted:
        raise refusal(cls.__name__, f"the {what} is {saved}, but should be {wanted}")
