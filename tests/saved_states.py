"""What is saved of fitted models that have all kinds of parts, and forgeries of it."""

import pytest

pytest.importorskip("skops")

import copy
import functools
import pickle

from skmlp import (
    Autoencoder,
    MLPClassifier,
    MLPRegressor,
    OutlierAutoencoder,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from skmlp._data.codec import InputCodec
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.saved import is_ours
from skmlp.nn.schedules import Clock

from .problems import blobs, curve, labels
from .tables import mixed


class Forged:
    """Stands in a pickle for an object of a class with a state of the forger's."""

    def __init__(self, cls, state):
        self.cls, self.state = cls, state

    def __reduce__(self):
        return object.__new__, (self.cls,), self.state


def forged(thing):
    """Return a copy of what is saved of a thing, with each object of this package as its class
    and state.
    """
    if isinstance(thing, TrainingState | Clock | InputCodec):
        return Forged(type(thing), forged(vars(thing)))
    if is_ours(type(thing)):
        return Forged(type(thing), forged(thing.__getstate__()))
    if isinstance(thing, dict):
        return {key: forged(value) for key, value in thing.items()}
    if type(thing) in (list, tuple):
        return type(thing)(map(forged, thing))
    return copy.deepcopy(thing)


QUICK = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
PAIR = {**QUICK, "n_estimators": 2}


MODELS = {  # fitted, they have all kinds of parts
    "classifier": lambda: MLPClassifier(
        **QUICK, batch_norm=True, dropout=0.2, activation="leaky_relu"
    ).fit(*blobs(3)),
    "regressor": lambda: MLPRegressor(**QUICK, solver="sgd", auxiliary_loss_weight=0.3).fit(
        *curve()
    ),
    "autoencoder": lambda: Autoencoder(
        2,
        **QUICK,
        loss=[("huber", [1, 3]), ("squared_error", [0, 2])],
        tied_weights=True,
        learning_rate_scaling="fan_in",
    ).fit(curve()[0]),
    "labels": lambda: MLPClassifier(**QUICK, skip_connections="concat", input_scale=True).fit(
        *labels()
    ),
    "table": lambda: MLPClassifier(**QUICK, categorical_features="from_dtype").fit(*mixed()),
    "reconstructed table": lambda: Autoencoder(2, **QUICK, categorical_features="from_dtype").fit(
        mixed()[0]
    ),
    "tabular classifier": lambda: TabularMLPClassifier(**PAIR).fit(*mixed(n_classes=3)),
    "tabular regressor": lambda: TabularMLPRegressor(**PAIR).fit(*mixed()),
    "embedded": lambda: MLPRegressor(**QUICK, numeric_embedding="piecewise_linear").fit(*curve()),
    "detector": lambda: OutlierAutoencoder(Autoencoder(2, **QUICK)).fit(curve()[0]),
}


@functools.cache
def stored(name):
    return pickle.dumps(MODELS[name]())


def fitted(name):
    return pickle.loads(stored(name))
