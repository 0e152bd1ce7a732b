"""What a fitted estimator for tables consists of."""

import numpy as np

from .._data.table import TableCodec
from ..nn.saved import COUNT, NUMBER, Kind, is_array, part, refusal, shown
from .kinds import CLASSES, NAMES
from .stored import Fitted, agree

_MEMBERS = Kind("a list of estimators", lambda value: type(value) is list and len(value) > 0)
_VECTOR = Kind(
    "an array of numbers", lambda value: is_array(value) and value.ndim == 1 and _is_real(value)
)
_RANGE = Kind(
    "an array of the least and the largest y",
    lambda value: is_array(value) and value.ndim in (1, 2) and len(value) == 2 and _is_real(value),
)


def _is_real(array):
    return array.dtype.kind == "f" and bool(np.isfinite(array).all())


def _check_members(cls, state, member):
    """Raise ``ValueError`` unless the members are fitted estimators of one table."""
    codec = state["_codec"]
    codec.check(state["n_features_in_"])
    for each in state["estimators_"]:
        if type(each).__name__ != member or not each.__sklearn_is_fitted__():
            raise refusal(cls.__name__, f"among its members is {shown(each)}, no fitted {member}")
        agree(cls, "number of features of a member", each.n_features_in_, state["n_features_in_"])
        agree(cls, "width of a member", each._network.n_in, len(codec.filling))


def _check_classifier(cls, state):
    _check_members(cls, state, "MLPClassifier")
    for each in state["estimators_"]:
        agree(cls, "number of classes of a member", len(each.classes_), len(state["classes_"]))


def _check_regressor(cls, state):
    _check_members(cls, state, "MLPRegressor")
    n_outputs = 1 if state["_range"].ndim == 1 else state["_range"].shape[1]
    for each in state["estimators_"]:
        agree(cls, "number of outputs of a member", each._network.n_targets, n_outputs)
    agree(
        cls,
        "number of errors on rows held out",
        len(state["_held_out_errors"]),
        len(state["_held_out_predictions"]),
    )


_TABULAR = {
    "estimators_": _MEMBERS,
    "_codec": part(TableCodec),
    "n_iter_": COUNT,
    "n_features_in_": COUNT,
    "feature_names_in_": NAMES,
}
TABULAR_CLASSIFIER = Fitted(
    {**_TABULAR, "classes_": CLASSES, "sharpness_": NUMBER},
    {"n_features_in_", "feature_names_in_"},
    _check_classifier,
)
TABULAR_REGRESSOR = Fitted(
    {
        **_TABULAR,
        "_range": _RANGE,
        "_held_out_predictions": _VECTOR,
        "_held_out_errors": _VECTOR,
    },
    {"n_features_in_", "feature_names_in_"},
    _check_regressor,
)
