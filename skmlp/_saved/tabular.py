"""What a fitted estimator for tables consists of, and that its members belong to one table."""

import numpy as np

from .._data.table import TableCodec
from ..nn.saved import COUNT, Kind, is_array, is_ours, part, refusal, shown
from .kinds import CLASSES, NAMES
from .networks import CLASSIFIER, REGRESSOR
from .stored import Fitted, agree


def _is_real(array):
    return array.dtype.kind == "f" and bool(np.isfinite(array).all())


def _is_vector(value):
    return is_array(value) and value.ndim == 1 and _is_real(value)


def _is_positive(value):
    return _is_vector(value) and bool((value > 0.0).all())


def _is_range(value):
    """Return whether a value is an array (2,) or (2, n_outputs) of least and largest values."""
    return (
        is_array(value)
        and value.ndim in (1, 2)
        and len(value) == 2
        and _is_real(value)
        and bool((value[0] <= value[1]).all())
    )


def _makes_the_same(codec, other):
    """Return whether another codec makes of a table what the codec makes of it; of a pickle it is
    the same object.
    """
    if other is codec or type(other) is not TableCodec:
        return other is codec
    return all(
        np.array_equal(vars(codec)[name], vars(other)[name])
        if is_array(vars(codec)[name])
        else vars(codec)[name] == vars(other)[name]
        for name in TableCodec.kinds
        if name != "given"
    )


def _check_members(cls, state, fitted):
    """Raise ``ValueError`` unless the members are fitted estimators of the ensemble's table, which
    store what ``fitted`` says.
    """
    codec, n_features = state["_codec"], state["n_features_in_"]
    codec.check(n_features)
    agree(cls, "_codec.keeps_missing", bool(codec.keeps_missing), False)
    names = state.get("feature_names_in_", range(n_features))
    agree(cls, "number of names of features", len(names), n_features)
    for member in state["estimators_"]:
        is_member = is_ours(type(member)) and getattr(type(member), "_stores", None) is fitted
        if not is_member or not member.__sklearn_is_fitted__():
            raise refusal(
                cls.__name__,
                f"among its members is {shown(member)}, which is none or is not fitted",
            )
        if not _makes_the_same(codec, member._codec):
            raise refusal(cls.__name__, "a member was fitted on another table than the ensemble")


def _check_classifier(cls, state):
    """Raise ``ValueError`` unless the parts of a classifier for tables belong together."""
    _check_members(cls, state, CLASSIFIER)
    agree(
        cls, "number of factors in sharpness_", len(state["sharpness_"]), len(state["estimators_"])
    )
    for member in state["estimators_"]:
        agree(cls, "_multilabel of a member", bool(member._multilabel), False)
        if not np.array_equal(member.classes_, state["classes_"]):
            raise refusal(
                cls.__name__,
                f"the classes of a member are {member.classes_}, but those of the ensemble are "
                f"{state['classes_']}",
            )


def _check_regressor(cls, state):
    """Raise ``ValueError`` unless the parts of a regressor for tables belong together."""
    _check_members(cls, state, REGRESSOR)
    has_one = state["_range"].ndim == 1
    n_outputs = 1 if has_one else state["_range"].shape[1]
    for member in state["estimators_"]:
        agree(cls, "number of outputs of a member", member._network.n_targets, n_outputs)
    predictions, errors = state["_held_out_predictions"], state["_held_out_errors"]
    n_errors = len(predictions) if has_one else 0
    agree(cls, "number of errors on rows held out", len(errors), n_errors)
    weights = state.get("_held_out_weights", errors)
    agree(cls, "number of weights of these rows", len(weights), n_errors)
    if (predictions[1:] < predictions[:-1]).any():
        raise refusal(cls.__name__, "its _held_out_predictions are not sorted")


_TABULAR = {
    "estimators_": Kind("a list of estimators", lambda value: type(value) is list and value != []),
    "_codec": part(TableCodec),
    "n_iter_": COUNT,
    "n_features_in_": COUNT,
    "feature_names_in_": NAMES,
}
_VECTOR = Kind("an array of finite numbers", _is_vector)
_POSITIVE = Kind("an array of positive numbers", _is_positive)
TABULAR_CLASSIFIER = Fitted(
    {
        **_TABULAR,
        "classes_": CLASSES,
        "sharpness_": _POSITIVE,
    },
    {"feature_names_in_"},
    _check_classifier,
)
TABULAR_REGRESSOR = Fitted(
    {
        **_TABULAR,
        "_range": Kind("an array of the least and the largest y", _is_range),
        "_held_out_predictions": _VECTOR,
        "_held_out_errors": _VECTOR,
        "_held_out_weights": _POSITIVE,
    },
    {"feature_names_in_", "_held_out_weights"},  # without weights each row counts once
    _check_regressor,
)
