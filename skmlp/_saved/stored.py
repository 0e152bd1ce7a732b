"""What a fitted estimator consists of when it comes out of a file, and that its parts belong
together.

The one decision: a state is looked at before anything of it is called. Constructor parameters may
be anything, as they may be before a fit, which checks them; what a fit sets has its kind here and
agrees with the network; what scikit-learn attaches is known; and a note of the user's is kept as
long as its name means nothing to this package: a public name that the class does not have.

To add an attribute that a fit sets: give its kind in ``NETWORK``, or in those of the one estimator
that has it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from .._data.codec import MatrixCodec
from .._data.table import TableCodec
from .._params.build import block_ends
from .._sklearn import ATTACHED, CALLBACK_STATE
from ..nn.autodiff import LossOfUnits
from ..nn.engine.network import Network
from ..nn.engine.state import TrainingState
from ..nn.layers import Embedding
from ..nn.losses import Loss
from ..nn.losses.measure import Measure
from ..nn.optimizers import OPTIMIZERS, Optimizer
from ..nn.saved import (
    COUNT,
    EXTENT,
    FLAG,
    NUMBER,
    Copies,
    Kind,
    check_attributes,
    check_fit,
    is_array,
    is_finite,
    is_known,
    is_ours,
    part,
    refusal,
    shown,
    stamped,
    unstamped,
)
from ..nn.unit import check_unit, defaults, parameters


def _is_records(value):
    """Return whether a value is a list of what epochs recorded: numbers by name."""
    names, types = set(), set()
    for record in value if type(value) is list else [None]:
        if type(record) is not dict or "epoch" not in record or "loss" not in record:
            return False
        names.update(record)
        types.update(map(type, record.values()))
    return all(type(name) is str for name in names) and all(
        issubclass(cls, int | float | np.integer | np.floating) for cls in types
    )


def _is_moments(value):
    """Return whether a value is what is kept of the rows for importances: a weight, means, sums
    of squares, counts of categories.
    """
    if (
        type(value) is not dict
        or set(value) != {"weight", "mean", "squares", "counts"}
        or type(value["counts"]) is not list
    ):
        return False
    vectors = [value["mean"], value["squares"], *value["counts"]]
    if not EXTENT.holds(value["weight"]) or not all(
        is_array(v) and v.ndim == 1 and v.dtype.kind == "f" for v in vectors
    ):
        return False
    amounts = bool(
        all((v >= 0.0).all() for v in vectors[1:])
    )  # a sum of squares may have overflowed
    return amounts and not np.isnan(value["mean"]).any()


def _is_classes(value):
    """Return whether a value is an array (n_classes,) of labels, sorted, each once."""
    if not is_array(value) or value.ndim != 1 or not value.size or value.dtype.kind == "V":
        return False
    if value.dtype.kind == "O":
        labels = value.tolist()
        if not any(
            all(isinstance(label, kind) for label in labels)
            for kind in (str, int | float | np.number | np.bool_)
        ):
            return False
    return bool((value[1:] > value[:-1]).all()) and bool((value == value).all())


def _is_names(value):
    return (
        is_array(value)
        and value.ndim == 1
        and value.dtype.kind == "O"
        and all(isinstance(name, str) for name in value.tolist())
    )


CLASSES = Kind("an array of labels, sorted, each once", _is_classes)
MOMENTS = Kind("what importances are made of", _is_moments)
NAMES = Kind("an array of strings", _is_names)
RECORDS = Kind("a list of dicts of numbers", _is_records)
MEASURE = Kind("a Measure or None", lambda value: value is None or type(value) is Measure)
CODEC = Kind(
    "a MatrixCodec or a TableCodec", lambda value: type(value) in (MatrixCodec, TableCodec)
)
NETWORK = {
    "_network": Kind("a Network", lambda value: type(value) is Network),
    "_state": part(TrainingState),
    "_transform_stop": COUNT,
    "_records": RECORDS,
    "_codec": CODEC,
    "n_features_in_": COUNT,
    "feature_names_in_": NAMES,
    "n_iter_": COUNT,
}
# n_iter_ is set when a fit ends, and a callback may store what there is before
OPTIONAL = {"feature_names_in_", "n_iter_"}


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


class Looked:
    """Looks at the state of an estimator before it is taken; a class has ``_stores``, a
    ``Fitted``.
    """

    def __setstate__(self, state):
        check_state(type(self), state, self._stores)
        super().__setstate__({**defaults(type(self)), **state})


class Stored(Copies):
    """Gives the estimators a state that carries a stamp and is looked at before it is taken; a
    class has ``_stores``, a ``Fitted``.
    """

    def __getstate__(self):
        return stamped(
            {
                name: value
                for name, value in super().__getstate__().items()
                if name not in CALLBACK_STATE
            }
        )

    def __setstate__(self, state):
        state = unstamped(state, type(self).__name__)
        check_state(type(self), state, self._stores)
        if "_network" in state:
            _check_shapes(state)
        self._take(state)

    def _take(self, state):
        super().__setstate__({**defaults(type(self)), **state})


def _check_parts(cls, state):
    """Raise ``ValueError`` unless the parts that every estimator of a network has belong
    together.
    """
    network, codec, n_features = state["_network"], state["_codec"], state["n_features_in_"]
    network.check()
    codec.check(n_features)
    _agree(cls, "_codec.keeps_missing", bool(codec.keeps_missing), cls._keeps_missing)
    _check_measure(cls, "_codec.measure", codec.measure, n_features)
    if codec.is_table:
        levels = next(
            (layer.levels for layer in network.layers[:1] if isinstance(layer, Embedding)), ()
        )
        _agree(cls, "numbers of categories in the network", tuple(levels), codec.levels)
    _agree(
        cls,
        "number of inputs of the network",
        network.n_in,
        len(codec.filling) if codec.is_table else n_features,
    )
    _agree(
        cls,
        "number of names of features",
        len(state.get("feature_names_in_", range(n_features))),
        n_features,
    )
    moments, levels = state.get("_moments"), codec.levels
    if moments is not None:
        saved = (
            len(moments["mean"]),
            len(moments["squares"]),
            [len(counts) for counts in moments["counts"]],
        )
        n_numbers = network.n_in - len(levels)
        _agree(
            cls,
            "numbers of columns and categories of _moments",
            saved,
            (n_numbers, n_numbers, [n + 1 for n in levels]),
        )
    _check_slots(cls, state)


def _check_stop(cls, state, end):
    """Raise ``ValueError`` unless ``transform`` stops at the end of the last hidden block, for
    an autoencoder of the code.
    """
    _agree(cls, "_transform_stop", state["_transform_stop"], end)


def _check_measure(cls, name, measure, n_columns):
    """Raise ``ValueError`` unless a measure, whole or None, is one of so many columns."""
    if measure is None:
        return
    check_attributes("Measure", vars(measure), Measure.kinds)
    for numbers in (measure.offset, measure.scale, measure.size):
        _agree(
            cls,
            f"number of columns of its {name}",
            np.size(numbers) if np.ndim(numbers) else n_columns,
            n_columns,
        )


def _check_outputs(cls, state, n_targets, kind=None):
    """Raise ``ValueError`` unless the network has ``n_targets`` outputs and a loss for this kind
    of targets; None: any.
    """
    network = state["_network"]
    if n_targets is not None:
        _agree(cls, "number of outputs of the network", network.n_targets, n_targets)
    if kind is not None and kind not in network.loss.targets:
        raise refusal(
            cls.__name__,
            f"its loss is for {' or '.join(network.loss.targets)} targets, but its targets are "
            f"{kind}",
        )


def _check_slots(cls, state):
    """Raise ``ValueError`` for slots of an optimizer that training cannot have left."""
    slots, name, solver = state["_state"].slots, state["_state"].rule, state.get("solver")
    rules = [
        rule
        for rule in (type(solver), *OPTIMIZERS.values())
        if issubclass(rule, Optimizer) and rule.__name__ == name
    ]
    rule = (
        rules[0] if rules and is_ours(rules[0]) else None
    )  # None: a user's own, whose slots may be anything
    if rule is not None:
        _agree(
            cls,
            f"list of slots of {name}",
            sorted(map(shown, slots)),
            sorted(map(shown, rule.slots)),
        )
    for name, slot in slots.items():
        if slot.dtype.kind != "f":
            raise refusal(
                cls.__name__, f"the optimizer's {name} is {shown(slot)}, but should be floating"
            )
        if rule is not None and not (
            is_finite(slot) and (name not in rule.squares or slot.min(initial=0.0) >= 0.0)
        ):
            raise refusal(
                cls.__name__,
                f"the optimizer's {name} has values that it cannot have, negative or not finite "
                "ones",
            )


def _check_shapes(state):
    for name, slot in state["_state"].slots.items():
        check_fit(f"shape of the optimizer's {name}", slot.shape, state["_network"].params.shape)


def _check_classifier(cls, state):
    _check_parts(cls, state)
    _check_stop(cls, state, block_ends(state["_network"])[-1])
    n, multilabel = len(state["classes_"]), bool(state["_multilabel"])
    kind = "multilabel" if multilabel else "binary" if n == 2 else "multiclass"
    _check_outputs(cls, state, 1 if kind == "binary" else n, kind)
    if multilabel and not np.array_equal(state["classes_"], np.arange(n)):
        raise refusal(
            cls.__name__,
            f"its classes_ are {state['classes_']}, but its labels are numbers of columns",
        )


def _check_regressor(cls, state):
    _check_parts(cls, state)
    _check_stop(cls, state, block_ends(state["_network"])[-1])
    _check_outputs(cls, state, None, "regression")
    loss, measure = state["_network"].loss, state["_target_measure"]
    if measure is not None:
        _check_measure(cls, "_target_measure", measure, state["_network"].n_targets)
        _check_learned(cls, loss, measure)
    has_one = bool(state["_normalizes_y"]) and (
        loss.measures is not None or isinstance(loss, LossOfUnits)
    )
    if is_ours(type(loss)) and has_one != (measure is not None):
        raise refusal(
            cls.__name__,
            f"its y was {'' if has_one else 'not '}normalised, but its _target_measure is "
            f"{shown(measure)}",
        )


def _check_learned(cls, loss, measure):
    """Raise ``ValueError`` unless the predictions of a network with this loss are in units of a
    measure.
    """
    if np.ndim(measure.offset) == 0 or np.ndim(measure.scale) == 0:
        raise refusal(
            cls.__name__, "its _target_measure has numbers where it should have one for each target"
        )
    if loss.domain != Loss.domain and np.any(measure.offset):
        raise refusal(
            cls.__name__,
            f"its _target_measure moves predictions by {measure.offset}, but loss={loss!r} is for "
            f"{loss.domain}",
        )
    if isinstance(loss, LossOfUnits) and not all(
        np.array_equal(value, vars(loss)[name]) for name, value in vars(measure).items()
    ):
        raise refusal(cls.__name__, "its _target_measure is not that of its loss")


def _check_autoencoder(cls, state):
    _check_parts(cls, state)
    ends = block_ends(state["_network"])
    _check_stop(cls, state, ends[len(ends) // 2])
    _check_outputs(cls, state, state["_codec"].n_outputs)
    if state["_codec"].is_table:  # that of the values of an earlier fit may be left
        return
    if "_loss" not in state:
        raise refusal(cls.__name__, "it has no _loss")
    check_unit(state["_loss"], Loss, cls.__name__)
    state["_loss"].check_outputs(state["n_features_in_"])


def _check_detector(cls, state):
    _check_around(cls, state, "score_samples")
    if _lacks(state["estimator_"], "score_samples"):
        raise refusal(
            cls.__name__,
            f"its estimator_ has {shown(state['estimator_'])}, which has no score_samples of its "
            "class",
        )


def _check_imputer(cls, state):
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
            _agree(
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


def _agree(cls, what, saved, wanted):
    if saved != wanted:
        raise refusal(cls.__name__, f"the {what} is {saved}, but should be {wanted}")


PREDICTOR = {**NETWORK, "_moments": MOMENTS}
CLASSIFIER = Fitted(
    {**PREDICTOR, "classes_": CLASSES, "_multilabel": FLAG, "_sparse_labels": FLAG},
    OPTIONAL,
    _check_classifier,
)
REGRESSOR = Fitted(
    {**PREDICTOR, "_normalizes_y": FLAG, "_target_measure": MEASURE}, OPTIONAL, _check_regressor
)
AUTOENCODER = Fitted(
    {**NETWORK, "_loss": Kind("a loss", lambda value: isinstance(value, Loss))},
    {*OPTIONAL, "_loss"},
    _check_autoencoder,
)
AROUND = {
    "estimator_": Kind("an estimator", lambda value: True),
    "n_features_in_": COUNT,
    "feature_names_in_": NAMES,
}
DETECTOR = Fitted(
    {**AROUND, "offset_": NUMBER}, {"n_features_in_", "feature_names_in_"}, _check_detector
)
IMPUTER = Fitted(AROUND, {"n_features_in_", "feature_names_in_"}, _check_imputer)
