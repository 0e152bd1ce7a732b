"""Everything this package takes from scikit-learn under a private name, so that there is one place
to repair.

Kept to what has been stable for years: parameter constraints and small validators. Callbacks are
new in scikit-learn 1.9; before, the estimators have none.
"""

import copy
from collections.abc import Callable
from inspect import signature
from typing import Any, TypeVar

import numpy as np
from sklearn import get_config
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._available_if import _AvailableIfDescriptor as AvailableIfDescriptor
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    validate_parameter_constraints,
)
from sklearn.utils._param_validation import StrOptions as UnorderedOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

from .nn.saved import Kind

Method = TypeVar("Method", bound=Callable)

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Gives an estimator nothing."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


class NoFlag(Interval):
    """Numbers in an interval, True and False excepted, for parameters that one might take for a
    switch.
    """

    def is_satisfied_by(self, val):
        return not isinstance(val, (bool, np.bool_)) and super().is_satisfied_by(val)

    def __str__(self):
        return f"{super().__str__()}, no bool"


class StrOptions(UnorderedOptions):
    """Strings, listed in order: scikit-learn's are in that of a set, another one in each
    process.
    """

    def __str__(self):
        return f"a str among {{{', '.join(map(repr, sorted(self.options)))}}}"


class Precisions(StrOptions):
    """Names of types, or these types as NumPy has them."""

    def is_satisfied_by(self, val):
        known = (
            val in (np.float32, np.float64, float)
            if isinstance(val, type)
            else isinstance(val, np.dtype) and val.isnative
        )
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


def available_if(check: Callable[[Any], Any]) -> Callable[[Method], Method]:
    """Return scikit-learn's decorator of that name, whose error also tells the reason that
    ``check`` raises.
    """
    return lambda method: _AvailableIf(method, check, attribute_name=method.__name__)


# what is attached to an estimator while it is fitted with callbacks, by scikit-learn and by a fit
# that goes on (``_fit/resumption.py``)
CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown", "_resumption")

# what it attaches to an estimator for good, and the kinds that these are
ATTACHED = {
    "_skl_callbacks": Kind("a list", lambda value: type(value) is list),
    "_parent_callback_ctx": Kind(
        "a context of scikit-learn's",
        lambda value: type(value).__module__.startswith("sklearn.callback"),
    ),
    "_sklearn_output_config": Kind(
        "a dict of strings",
        lambda value: (
            type(value) is dict and all(type(text) is str for text in (*value, *value.values()))
        ),
    ),
    "_metadata_request": Kind(
        "scikit-learn's", lambda value: type(value).__module__ == "sklearn.utils._metadata_requests"
    ),
}

__all__ = [
    "ATTACHED",
    "CALLBACK_STATE",
    "BaseSearchCV",
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
    "makes_pandas",
    "safe_indexing",
    "takes_weights",
    "validate_parameter_constraints",
    "with_callbacks",
    "without_callbacks",
]


def makes_pandas(transformer):
    """Return whether ``set_output`` or scikit-learn's configuration asks a transformer for
    frames of pandas.
    """
    return _get_output_config("transform", transformer)["dense"] == "pandas"


def takes_weights(scorer):
    """Return whether a scorer takes ``sample_weight``, and ``set_score_request``
    does not say that it gets none.
    """
    try:
        names = signature(getattr(scorer, "_score_func", scorer)).parameters
    except (TypeError, ValueError):  # of functions that are not Python's
        return False
    if not get_config()["enable_metadata_routing"] or not hasattr(scorer, "get_metadata_routing"):
        return "sample_weight" in names
    return (
        "sample_weight" in names
        and scorer.get_metadata_routing().score.requests.get("sample_weight") is not False
    )


def has_callbacks(estimator):
    """Return whether an estimator has callbacks, its own or those of the meta-estimator that
    fits it.
    """
    return hasattr(estimator, "_skl_callbacks")


def without_callbacks(estimator):
    """Return a shallow copy of an estimator without its callbacks, and without what is attached
    to it for them while it is fitted.
    """
    plain = copy.copy(estimator)
    for name in (*CALLBACK_STATE, "_skl_callbacks", "_parent_callback_ctx"):
        vars(plain).pop(name, None)
    return plain
