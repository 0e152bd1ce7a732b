"""Everything this package takes from scikit-learn under a private name, so that there is one place to mend.

Kept to what has been stable for years: parameter constraints and small validators. Callbacks are new in scikit-learn 1.9; before, the
estimators have none.
"""

import copy

import numpy as np
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._available_if import _AvailableIfDescriptor as AvailableIfDescriptor
from sklearn.utils._param_validation import HasMethods, Interval, Options
from sklearn.utils._param_validation import StrOptions as UnorderedOptions
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:
        """Gives an estimator nothing."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


class NoFlag(Interval):
    """Numbers in an interval, True and False excepted, for parameters that one might take for a switch."""

    def is_satisfied_by(self, val):
        return not isinstance(val, (bool, np.bool_)) and super().is_satisfied_by(val)

    def __str__(self):
        return f"{super().__str__()}, no bool"


class StrOptions(UnorderedOptions):
    """Strings, listed in order: scikit-learn's are in that of a set, another one in each process."""

    def __str__(self):
        return f"a str among {{{', '.join(map(repr, sorted(self.options)))}}}"


class Precisions(StrOptions):
    """Names of types, or these types as NumPy has them."""

    def is_satisfied_by(self, val):
        known = val in (np.float32, np.float64, float) if isinstance(val, type) else isinstance(val, np.dtype) and val.isnative
        return super().is_satisfied_by(np.dtype(val).name if known else val)

    def __str__(self):
        return f"{super().__str__()} or the NumPy dtype of one"


class _AvailableIf(AvailableIfDescriptor):
    def _check(self, obj, owner):
        try:
            super()._check(obj, owner)
        except AttributeError as error:
            if error.__cause__ is None:
                raise
            raise AttributeError(f"{error}: {error.__cause__}") from error.__cause__


def available_if(check):
    """Return scikit-learn's decorator of that name, whose error also tells the reason that ``check`` raises."""
    return lambda method: _AvailableIf(method, check, attribute_name=method.__name__)


# what scikit-learn attaches to an estimator while it is fitted with callbacks
CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")

__all__ = [
    "CALLBACK_STATE",
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "NoFlag",
    "Options",
    "Precisions",
    "StrOptions",
    "available_if",
    "check_sample_weight",
    "has_callbacks",
    "safe_indexing",
    "with_callbacks",
    "without_callbacks",
]


def has_callbacks(estimator):
    """Return whether an estimator has callbacks, its own or those of the meta-estimator that fits it."""
    return hasattr(estimator, "_skl_callbacks")


def without_callbacks(estimator):
    """Return a shallow copy of an estimator without its callbacks, and without what is attached to it for them while it is fitted."""
    plain = copy.copy(estimator)
    for name in (*CALLBACK_STATE, "_skl_callbacks", "_parent_callback_ctx"):
        vars(plain).pop(name, None)
    return plain
