"""The values that the parameters shared by the estimators may have."""

from numbers import Integral, Real

import numpy as np

from .._sklearn import Interval, NoFlag, Options, Precisions, StrOptions
from ..nn.activations import Activation
from ..nn.autodiff import FunctionActivation
from ..nn.initializers import INITIALIZERS, Initializer
from ..nn.layers import (
    ACTIVATION_LAYERS,
    JOINS,
    NUMERIC_EMBEDDINGS,
    AlphaDropout,
    BatchNorm,
    Dropout,
    NumericEmbedding,
    Scale,
)
from ..nn.losses import LOSSES, Loss
from ..nn.optimizers import LAYER_RATES, OPTIMIZERS, LayerRates, Optimizer
from ..nn.schedules import SCHEDULES, Schedule
from .keys import UNITS


def positive(kind=Real):
    """Return the constraint of a number above zero (1 or more for integers)."""
    return (
        Interval(kind, 1, None, closed="left")
        if kind is Integral
        else Interval(kind, 0, None, closed="neither")
    )


HIDDEN_ACTIVATIONS = UNITS["activation"]
HIDDEN_ACTIVATION_TYPES = (Activation, *ACTIVATION_LAYERS.values(), FunctionActivation)

CONSTRAINTS = {
    "hidden_layer_sizes": ["array-like", positive(Integral)],
    "activation": [
        StrOptions(set(HIDDEN_ACTIVATIONS)),
        *HIDDEN_ACTIVATION_TYPES,
        list,
        tuple,
        np.ndarray,
        callable,
    ],
    "solver": [StrOptions({"lbfgs", *OPTIMIZERS}), Optimizer],
    "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
    "batch_size": [StrOptions({"auto"}), positive(Integral)],
    "learning_rate": [StrOptions(set(SCHEDULES)), Schedule],
    "learning_rate_init": [positive()],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [positive(Integral)],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "validation_cv": ["cv_object"],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [positive()],
    "n_iter_no_change": [positive(Integral), Options(Real, {np.inf})],
    "max_fun": [positive(Integral)],
    "weight_init": [StrOptions({"auto", *INITIALIZERS}), Initializer],
    "dropout": [Interval(Real, 0, 1, closed="left"), Dropout, AlphaDropout, "array-like"],
    "input_dropout": [Interval(Real, 0, 1, closed="left")],
    "batch_norm": ["boolean", BatchNorm],
    "clip_norm": [None, positive()],
    "clip_value": [None, positive()],
    "scoring": [None, str, callable],
    "dtype": [Precisions({"auto", "float32", "float64"})],
    "augmentation": [None, callable, list, tuple],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "max_norm": [None, positive()],
    "diagnostics": ["boolean"],
    "skip_connections": [None, StrOptions(set(JOINS))],
    "auxiliary_loss_weight": [NoFlag(Real, 0, None, closed="left"), "array-like"],
    "init_from": "no_validation",  # by _fit/init_from.py
    "categorical_features": [None, StrOptions({"from_dtype"}), "array-like"],
    "embedding_dim": [None, NoFlag(Integral, 1, None, closed="left")],
    "numeric_scaling": [StrOptions({"standard", "robust"})],
    "min_frequency": [NoFlag(Integral, 1, None, closed="left")],
    "input_scale": ["boolean", Scale],
    "learning_rate_scaling": [None, StrOptions(set(LAYER_RATES)), LayerRates],
    "numeric_embedding": [None, StrOptions(set(NUMERIC_EMBEDDINGS)), NumericEmbedding],
    "data_init": ["boolean"],
}


def loss_constraint(targets, n_scores=None):
    """Return the constraint of ``loss`` for an estimator of this kind of targets."""
    return [
        StrOptions(set(loss_keys(targets, n_scores))),
        Loss,
        *([callable] if targets == "regression" else []),
    ]


def loss_keys(targets, n_scores=None):
    """Return the keys of the losses for this kind of targets, of those with ``n_scores`` scores
    for each (None: any number).
    """
    return [
        key
        for key, loss in LOSSES.items()
        if targets in loss.targets and n_scores in (None, loss().n_scores)
    ]
