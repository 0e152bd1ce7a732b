"""Hints for a parameter's value that is no key: the key or the parameter that may be meant.

The one decision: scikit-learn's validation stays as it is, and its message gets one more sentence.
"""

import difflib
import re
from numbers import Real
from typing import Any

from ..nn.activations import ACTIVATIONS
from ..nn.initializers import INITIALIZERS
from ..nn.layers import (
    ACTIVATION_LAYERS,
    CORRUPTIONS,
    NUMERIC_EMBEDDINGS,
    AlphaDropout,
    BatchNorm,
    Scale,
)
from ..nn.losses import LOSSES
from ..nn.optimizers import LAYER_RATES, OPTIMIZERS
from ..nn.schedules import SCHEDULES
from ..nn.terms import CODE_PENALTIES

# the units that a parameter may be, by their keys
UNITS: dict[str, dict[str, Any]] = {
    "activation": {**ACTIVATIONS, **ACTIVATION_LAYERS},
    "batch_norm": {"batch_norm": BatchNorm},
    "code_activation": {**ACTIVATIONS, **ACTIVATION_LAYERS},
    "code_penalty": CODE_PENALTIES,
    "corruption": CORRUPTIONS,
    "dropout": {"alpha_dropout": AlphaDropout},
    "input_scale": {"scale": Scale},
    "learning_rate": SCHEDULES,
    "learning_rate_scaling": LAYER_RATES,
    "loss": LOSSES,
    "numeric_embedding": NUMERIC_EMBEDDINGS,
    "solver": OPTIMIZERS,
    "weight_init": INITIALIZERS,
}

# what others call the units, letters and digits only, and our keys in the order in which they are
# meant
ALIASES = {
    "mse": ("squared_error", "neg_mean_squared_error"),
    "meansquarederror": ("squared_error", "neg_mean_squared_error"),
    "rmse": ("neg_root_mean_squared_error",),
    "l2": ("squared_error",),
    "mae": ("absolute_error", "neg_mean_absolute_error"),
    "meanabsoluteerror": ("absolute_error", "neg_mean_absolute_error"),
    "l1": ("l1", "absolute_error"),
    "smoothl1": ("huber",),
    "pinball": ("quantile",),
    "nll": ("log_loss", "gaussian_nll"),
    "ce": ("log_loss",),
    "crossentropy": ("log_loss",),
    "categoricalcrossentropy": ("log_loss",),
    "softmax": ("log_loss",),
    "bce": ("binary_log_loss", "log_loss"),
    "binarycrossentropy": ("binary_log_loss", "log_loss"),
    "focalloss": ("focal",),
    "sigmoid": ("logistic",),
    "swish": ("silu",),
    "linear": ("identity",),
    "none": ("identity",),
    "lrelu": ("leaky_relu",),
    "heaviside": ("hard_threshold",),
    "sign": ("hard_threshold",),
    "momentum": ("sgd",),
    "nesterov": ("sgd",),
    "xavier": ("glorot_uniform",),
    "xavieruniform": ("glorot_uniform",),
    "xaviernormal": ("glorot_normal",),
    "kaiming": ("he_uniform",),
    "kaiminguniform": ("he_uniform",),
    "kaimingnormal": ("he_normal",),
    "glorot": ("glorot_uniform",),
    "he": ("he_uniform",),
    "lecun": ("lecun_normal",),
    "constant": ("constant_value",),
    "cosineannealing": ("cosine",),
    "warmrestarts": ("cosine_restarts",),
    "reduceonplateau": ("plateau",),
    "reducelronplateau": ("plateau",),
    "exponentialdecay": ("exponential",),
    "residual": ("add",),
    "resnet": ("add",),
    "densenet": ("concat",),
    "noise": ("gaussian",),
    "gaussiannoise": ("gaussian",),
    "dropout": ("masking",),
    "saltpepper": ("salt_and_pepper",),
    "vae": ("variational",),
    "ple": ("piecewise_linear",),
    "fourier": ("periodic",),
    "plr": ("periodic",),
    "pbld": ("periodic",),
    "float": ("float64",),
    "double": ("float64",),
    "single": ("float32",),
    "acc": ("accuracy",),
    "auc": ("roc_auc",),
}


def did_you_mean(value, keys):
    """Return a sentence, led by a space, that names the key among ``keys`` that a string may
    stand for; none if there is no such key.
    """
    plain = _plain(str(value))
    by_name = {_plain(key): key for key in keys}
    near = (
        [by_name[plain]]
        if plain in by_name
        else [key for key in ALIASES.get(plain, ()) if key in keys]
    )
    alike = [
        name for name in by_name if re.sub("[a-z]", "", name) == re.sub("[a-z]", "", plain)
    ]  # float16 is no misprint of float64
    near = near or [by_name[name] for name in difflib.get_close_matches(plain, alike, 1, 0.7)]
    return f" Did you mean {near[0]!r}?" if near else ""


def explained(message, estimator):
    """Return scikit-learn's message on an invalid parameter of an estimator, with one more
    sentence where there is something to say.
    """
    name = re.match(r"The '(\w+)' parameter", message)[1]
    value, keys = (
        getattr(estimator, name),
        [
            key
            for part in estimator._parameter_constraints[name]
            for key in getattr(part, "options", ())
        ],
    )
    if isinstance(value, str):
        return message + did_you_mean(value, [key for key in keys if isinstance(key, str)])
    if isinstance(value, type) and hasattr(value, "get_params"):
        return f"{message} Give an instance, such as {value.__name__}()."
    if name == "learning_rate" and isinstance(value, Real) and not isinstance(value, bool):
        return f"{message} The number that a schedule multiplies is learning_rate_init={value!r}."
    if name == "hidden_layer_sizes" and isinstance(value, Real | None):
        return f"{message} () means no hidden layer, (100,) one of 100 units."
    if name == "loss" and isinstance(value, tuple | list | int):
        return f"{message} Widths of hidden layers go by name: hidden_layer_sizes={value!r}."
    return message


def remedy(estimator, key, inner, value):
    """Return how the parameter ``key`` can have a parameter ``inner`` where it is ``value``, or
    what to set instead.
    """
    units = UNITS.get(key, {})
    named = [units[value]] if isinstance(value, str) and value in units else []
    having = [cls for cls in (*named, *units.values()) if inner in cls._get_param_names()]
    give = (
        f"give one, such as {key}={having[0].__name__}()"
        if having
        else f"give one that has {inner!r}"
    )
    shared = (
        key in ("solver", "learning_rate")
        and named == having[:1]
        and inner in estimator._get_param_names()
    )
    return f"{give}, or set {inner}" if named and shared else give


def _plain(text):
    """Return the letters and digits of a text, in lower case."""
    return re.sub("[^a-z0-9]", "", text.lower())
