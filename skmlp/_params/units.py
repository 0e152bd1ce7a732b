"""From the value of a parameter to the unit that it stands for.

The one decision: a parameter that names a unit takes a registry key or an instance. A key stands
for the unit with its defaults, but that a solver or a schedule reads the estimator's parameters of
the same name (``beta_1``, ``momentum``, ``power_t``, ...).
"""

import numpy as np

from ..nn.autodiff import FunctionActivation, FunctionLoss
from ..nn.losses import LOSSES
from ..nn.optimizers import OPTIMIZERS, SGD, Lion
from ..nn.schedules import SCHEDULES, Constant
from .constraints import HIDDEN_ACTIVATION_TYPES, HIDDEN_ACTIVATIONS
from .keys import did_you_mean


def resolve(value, registry, estimator=None):
    """Return the unit that ``value``, a key or an instance, stands for, with its hyperparameters
    checked.

    With ``estimator``, a key's unit takes the estimator's parameters of the same name, where these
    mean the same.
    """
    if isinstance(value, str):
        if value not in registry:
            raise ValueError(
                f"Unknown key {value!r}; known are "
                f"{sorted(registry)}.{did_you_mean(value, registry)}"
            )
        cls = registry[value]
        shared = set() if estimator is None else set(estimator._get_param_names())
        names = shared.intersection(cls._get_param_names()).difference(cls.not_shared)
        value = cls(**{name: getattr(estimator, name) for name in names})
    value.check()
    return value


def per_layer(value, n_layers, name, each):
    """Return ``value`` as a list with one entry per layer: repeated, or the list given if its
    length fits.
    """
    if isinstance(value, str) or not np.iterable(value):
        return [value] * n_layers
    if isinstance(value, (dict, set, frozenset)):  # of keys, or without order
        raise ValueError(
            f"{name} must be one value or a list with one for each of the {each}, got {value!r}."
        )
    if len(value) != n_layers:
        raise ValueError(
            f"{name} has {len(value)} entries, {value!r}, but there are {n_layers} {each}; give "
            "one value or one for each."
        )
    return list(value)


def activation_unit(value):
    """Return the unit that an entry of ``activation`` stands for."""
    if callable(value):
        value = FunctionActivation(value)
    if not isinstance(value, (str, *HIDDEN_ACTIVATION_TYPES)):
        raise ValueError(
            f"Entries of activation must be one of {sorted(HIDDEN_ACTIVATIONS)}, a function or an "
            f"Activation, got {value!r}."
        )
    return resolve(value, HIDDEN_ACTIVATIONS)


def optional_unit(value, cls):
    """Return the unit of a class that a parameter, an instance or a bool, stands for, None for
    False.
    """
    if isinstance(value, cls):
        value.check()
        return value
    return cls() if value else None


def regression_loss(estimator):
    """Return the loss unit of an estimator whose targets are numbers."""
    loss = resolve(
        FunctionLoss(estimator.loss) if callable(estimator.loss) else estimator.loss, LOSSES
    )
    if "regression" not in loss.targets:
        raise ValueError(
            f"loss={estimator.loss!r} is for {' or '.join(loss.targets)} targets, but these are "
            "numbers."
        )
    return loss


def classification_loss(estimator, kind):
    """Return the loss unit of an estimator whose targets are labels of this kind: 'binary',
    'multiclass' or 'multilabel'.
    """
    loss = resolve(estimator.loss, LOSSES)
    if kind not in loss.targets and loss.binary_form is not None:
        loss = loss.binary_form(**loss.get_params())
    if kind not in loss.targets:
        raise ValueError(
            f"loss={estimator.loss!r} is for {' or '.join(loss.targets)} targets, but these are "
            f"{kind}."
        )
    return loss


def is_lbfgs(estimator):
    """Return whether the solver takes all rows at once."""
    return isinstance(estimator.solver, str) and estimator.solver == "lbfgs"


def make_solver(estimator):
    """Return the optimizer unit."""
    rule = resolve(estimator.solver, OPTIMIZERS, estimator)
    if estimator.l1_ratio:
        if isinstance(rule, Lion):
            raise ValueError(
                f"l1_ratio={estimator.l1_ratio!r} does not go with {rule!r}, which moves every "
                "weight by the learning rate in each step, "
                "however small its gradient, so that a threshold holds all weights at zero or "
                "none; take another solver, such as 'adam'."
            )
        if not hasattr(rule, "asymptotic_step"):
            raise ValueError(
                f"l1_ratio={estimator.l1_ratio!r} needs to know how far {rule!r} moves a "
                "parameter; give the rule a method asymptotic_step (see "
                "skmlp.nn.Optimizer), or take l1_ratio=0."
            )
        if isinstance(rule, SGD) and rule.momentum == 1.0:
            raise ValueError(
                f"l1_ratio={estimator.l1_ratio!r} does not go with momentum={rule.momentum!r}, "
                "with which training never settles; take less than 1."
            )
    return rule


def make_schedule(estimator):
    """Return the schedule unit; scikit-learn's keys take effect with ``solver="sgd"`` only."""
    key = estimator.learning_rate
    if isinstance(key, str) and key in ("invscaling", "adaptive") and estimator.solver != "sgd":
        return Constant()
    return resolve(key, SCHEDULES, estimator)
