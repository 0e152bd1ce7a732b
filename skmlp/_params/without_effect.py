"""Warnings of parameters that have no effect beside others.

The one decision: what scikit-learn's classes ignore in silence, such as ``momentum`` beside
``solver="adam"``, stays silent, since searches are made of it. The many fits of one search give a
warning once.
"""

import numpy as np

from .._warn import warn_user
from ..nn.optimizers import Optimizer
from ..nn.schedules import Schedule
from ..nn.unit import defaults
from .units import is_lbfgs


def warn_without_effect(estimator, held_out):
    """Warn of each parameter that has a value of its own and no effect.

    ``held_out``: whether X_val is given.
    """
    for name, why in _without_effect(estimator, held_out):
        warn_user(f"{name}={getattr(estimator, name)!r} has no effect {why}.", once=True)


def _without_effect(estimator, held_out):
    """Yield name and reason of each."""
    if estimator.early_stopping and is_lbfgs(estimator):
        yield (
            "early_stopping",
            "with solver='lbfgs', whose iterations end where the gradient is small",
        )
    if estimator.learning_rate_scaling is not None and is_lbfgs(estimator):
        yield "learning_rate_scaling", "with solver='lbfgs', which has no learning rate"
    if estimator.scoring is not None and not (estimator.early_stopping or held_out):
        yield "scoring", "without early_stopping=True or X_val, since no rows are held out"
    for name in ("validation_cv", "validation_fraction"):
        if _changed(estimator, name) and not estimator.early_stopping:
            yield name, "without early_stopping=True"
    for name in ("embedding_dim", "numeric_scaling", "min_frequency"):
        if _changed(estimator, name) and estimator.categorical_features is None:
            yield name, "without categorical_features"
    if estimator.l1_ratio and _is_zero(estimator.alpha):
        yield "l1_ratio", "with alpha=0"
    if _is_empty(estimator.hidden_layer_sizes):
        for name in ("activation", "batch_norm", "dropout", "data_init"):
            if _changed(estimator, name) and not _is_empty(getattr(estimator, name)):
                yield name, "without hidden layers"
    yield from estimator._own_without_effect()
    yield from _beside_instances(estimator)


def _beside_instances(estimator):
    """Yield name and reason of each parameter beside an instance that has one of its own."""
    for key, kind in (("solver", Optimizer), ("learning_rate", Schedule)):
        unit = getattr(estimator, key)
        own = unit._get_param_names() if isinstance(unit, kind) else []
        for name in [
            name
            for name in own
            if name in estimator._get_param_names() and name not in unit.not_shared
        ]:
            if _changed(estimator, name) and getattr(estimator, name) != getattr(unit, name):
                yield name, f"beside {key}={type(unit).__name__}(...), which has one of its own"


def _changed(estimator, name):
    """Return whether a parameter has another value than by default."""
    value, default = getattr(estimator, name), defaults(type(estimator)).get(name)
    return value is not default and (isinstance(value, np.ndarray) or value != default)


def _is_empty(value):
    """Return whether a list for the hidden layers has no entry."""
    return hasattr(value, "__len__") and len(value) == 0


def _is_zero(alpha):
    """Return whether ``alpha``, a number or a list, is zero throughout."""
    return all(
        strength == 0.0
        for strength in (
            alpha if hasattr(alpha, "__len__") and not isinstance(alpha, str) else [alpha]
        )
    )
