"""What a fitted classifier, regressor or autoencoder consists of, and that its parts belong
together.
"""

import numpy as np

from .._data.codec import MEASURE
from .._params.build import block_ends
from ..nn.autodiff import LossOfUnits
from ..nn.layers import Embedding
from ..nn.losses import Loss
from ..nn.losses.measure import Measure
from ..nn.optimizers import OPTIMIZERS, Optimizer
from ..nn.saved import FLAG, Kind, check_attributes, is_finite, is_ours, refusal, shown
from ..nn.unit import check_unit
from .kinds import CLASSES, MOMENTS, NETWORK, OPTIONAL
from .stored import Fitted, agree


def _check_parts(cls, state):
    """Raise ``ValueError`` unless the parts that every estimator of a network has belong
    together.
    """
    network, codec, n_features = state["_network"], state["_codec"], state["n_features_in_"]
    network.check()
    codec.check(n_features)
    agree(cls, "_codec.keeps_missing", bool(codec.keeps_missing), cls._keeps_missing)
    _check_measure(cls, "_codec.measure", codec.measure, n_features)
    if codec.is_table:
        n_categories = next(
            (layer.n_categories for layer in network.layers[:1] if isinstance(layer, Embedding)), ()
        )
        agree(cls, "numbers of categories in the network", tuple(n_categories), codec.n_categories)
    agree(
        cls,
        "number of inputs of the network",
        network.n_in,
        len(codec.filling) if codec.is_table else n_features,
    )
    agree(
        cls,
        "number of names of features",
        len(state.get("feature_names_in_", range(n_features))),
        n_features,
    )
    moments, n_categories = state.get("_moments"), codec.n_categories
    if moments is not None:
        saved = (
            len(moments["mean"]),
            len(moments["squares"]),
            [len(counts) for counts in moments["counts"]],
        )
        n_numbers = network.n_in - len(n_categories)
        agree(
            cls,
            "numbers of columns and categories of _moments",
            saved,
            (n_numbers, n_numbers, [n + 1 for n in n_categories]),
        )
    _check_slots(cls, state)


def _check_stop(cls, state, end):
    """Raise ``ValueError`` unless ``transform`` stops at the end of the last hidden block, for
    an autoencoder of the code.
    """
    agree(cls, "_transform_stop", state["_transform_stop"], end)


def _check_measure(cls, name, measure, n_columns):
    """Raise ``ValueError`` unless a measure, whole or None, is one of so many columns."""
    if measure is None:
        return
    check_attributes("Measure", vars(measure), Measure.kinds)
    for numbers in (measure.offset, measure.scale, measure.size):
        agree(
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
        agree(cls, "number of outputs of the network", network.n_targets, n_targets)
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
        agree(
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


def _check_classifier(cls, state):
    """Raise ``ValueError`` unless the parts of a classifier belong together."""
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
    """Raise ``ValueError`` unless the parts of a regressor belong together."""
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
    if not loss.unbounded and np.any(measure.offset):
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
    """Raise ``ValueError`` unless the parts of an autoencoder belong together."""
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
