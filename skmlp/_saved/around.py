"""What a fitted estimator around an autoencoder consists of: a detector of outliers, an imputer."""

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from ..nn.saved import COUNT, NUMBER, Kind, is_known, is_ours, refusal, shown
from .kinds import NAMES
from .stored import Fitted, Stored, agree


def _check_detector(cls, state):
    """Raise ``ValueError`` unless a detector is built around what scores rows."""
    _check_around(cls, state, "score_samples")
    if _lacks(state["estimator_"], "score_samples"):
        raise refusal(
            cls.__name__,
            f"its estimator_ has {shown(state['estimator_'])}, which has no score_samples of its "
            "class",
        )


def _check_imputer(cls, state):
    """Raise ``ValueError`` unless an imputer is built around what imputes."""
    _check_around(cls, state, "impute")


def _check_around(cls, state, method):
    """Raise ``ValueError`` unless what an estimator is built around ends in a fitted one with
    this method.
    """
    inner = state["estimator_"]
    last = _last(cls, inner)
    if _lacks(last, method):
        raise refusal(
            cls.__name__, f"its estimator_ has {shown(last)}, which has no {method} of its class"
        )
    if isinstance(last, Stored) and is_ours(type(last)):
        if not last.__sklearn_is_fitted__():
            raise refusal(cls.__name__, f"its estimator_ has {shown(last)} that is not fitted")
        if last is inner:
            agree(
                cls,
                "number of features of estimator_",
                last.n_features_in_,
                state.get("n_features_in_"),
            )


def _last(cls, estimator):
    """Return what an estimator scores by: the last step of a pipeline, what is frozen, else the
    estimator.
    """
    if isinstance(estimator, FrozenEstimator):
        return _last(cls, vars(estimator).get("estimator"))
    if not isinstance(estimator, Pipeline):
        return estimator
    steps = vars(estimator).get("steps")
    if (
        type(steps) is not list
        or not steps
        or not all(type(step) in (tuple, list) and len(step) == 2 for step in steps)
    ):
        raise refusal(
            cls.__name__,
            f"the steps of its estimator_ are {shown(steps)}, but should be a list of pairs",
        )
    return _last(cls, steps[-1][1])


def _lacks(estimator, method):
    """Return whether an estimator lacks a method, or has something else in its place; a user's
    class answers for itself.
    """
    if not (is_known(type(estimator)) or type(estimator).__module__ == "builtins"):
        return False
    lacking = not isinstance(estimator, FrozenEstimator) and not hasattr(type(estimator), method)
    return lacking or method in vars(estimator)


AROUND = {
    "estimator_": Kind("an estimator", lambda value: True),
    "n_features_in_": COUNT,
    "feature_names_in_": NAMES,
}
DETECTOR = Fitted(
    {**AROUND, "offset_": NUMBER}, {"n_features_in_", "feature_names_in_"}, _check_detector
)
IMPUTER = Fitted(AROUND, {"n_features_in_", "feature_names_in_"}, _check_imputer)
