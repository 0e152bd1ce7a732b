"""What is kept of a fitted estimator: parameters, optimizer slots, statistics, history; no data, no buffers; and nobody need trust us."""

import pickle
from types import MappingProxyType

import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.activations import LeakyRelu
from skmlp.nn.batch_norm import BatchNorm
from skmlp.nn.code_penalties import CODE_PENALTIES
from skmlp.nn.losses import LOSSES, LogLoss, Quantile
from skmlp.nn.optimizers import OPTIMIZERS, Adam
from skmlp.nn.schedules import SCHEDULES, OneCycle

from .problems import blobs, curve, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
SETTINGS = MappingProxyType(
    {
        "defaults": {},
        "units": {
            "solver": Adam(beta_1=0.8),
            "activation": LeakyRelu(0.2),
            "learning_rate": OneCycle(n_epochs=9),
            "batch_norm": BatchNorm(),
        },
        "early stopping": {"early_stopping": True, "dropout": 0.3, "batch_norm": BatchNorm(), "alpha": 0.5},
        "a list": {"activation": ["tanh"]},
        "lbfgs": {"solver": "lbfgs"},
        "float64": {"dtype": "float64", "batch_size": 20},
    }
)


def quick(cls, **setting):
    return cls(**{"hidden_layer_sizes": (8,), "learning_rate_init": 0.02, "max_iter": 3, "random_state": 0, **setting})


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


# ---- pickles


def kept_bytes(model):
    """Return the bytes of the numbers that a later call or question needs."""
    network, slots = model._network, model._state.slots
    return sum(array.nbytes for array in (network.params, network.state, *slots.values())) + 8 * model.history_.reset_index().size


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    "setting",
    [{}, {"batch_norm": True}, {"early_stopping": True}, {"solver": "sgd", "learning_rate_init": 1e-3}, {"dtype": "float64"}],
    ids=str,
)
def test_a_pickle_is_hardly_larger_than_what_it_must_keep(cls, setting):
    X, y = problem(cls)
    model = quick(cls, hidden_layer_sizes=(100, 20), max_iter=200, n_iter_no_change=np.inf, **setting).fit(X, y)
    assert len(model.history_) == 200
    assert kept_bytes(model) < len(pickle.dumps(model)) < 1.2 * kept_bytes(model)


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("solver", [*OPTIMIZERS, "lbfgs"])
def test_a_pickle_does_not_grow_with_the_rows(cls, solver):
    sizes = []
    for n in (100, 4000):
        X, y = curve(n) if cls is MLPRegressor else blobs(3, n)
        held = {} if cls is Autoencoder else {"y_val": y}
        model = quick(cls, solver=solver, batch_size=50).fit(X, y, np.ones(n), X_val=X, **held)
        model.predict(X)
        sizes.append(len(pickle.dumps(model)))
    assert abs(sizes[1] - sizes[0]) < 100 + 30 * 3  # counters and floats of the history take a few bytes more or less


def test_a_pickle_in_the_middle_of_an_architecture_of_every_kind():
    X, y = curve()
    setting = {"batch_norm": True, "dropout": 0.2, "input_dropout": 0.1, "hidden_layer_sizes": (6, 5), "alpha": [0.0, 0.5, 1.0]}
    model = MLPRegressor(random_state=0, warm_start=True, max_iter=3, **setting).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.fit(X, y).predict(X), model.fit(X, y).predict(X))
    assert copy.loss_curve_ == model.loss_curve_  # the penalties are the same


# ---- skops


def through_skops(model):
    """Return the model after a round trip, every type that is asked for being one of ours."""
    data = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=data)
    assert types
    assert [name for name in types if not name.startswith("skmlp.")] == []
    return skops.io.loads(data, trusted=types)


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_skops_needs_to_trust_our_types_only(cls, setting):
    X, y = problem(cls)
    model = quick(cls, **setting, warm_start=True)
    copy = through_skops(model.fit(X, y))
    assert_array_equal(copy.predict(X), model.predict(X))
    assert_array_equal(copy.transform(X), model.transform(X))
    assert copy.history_.equals(model.history_)
    assert_array_equal(copy.fit(X, y).predict(X), model.fit(X, y).predict(X))  # goes on to the bit


@pytest.mark.parametrize("setting", [{"tied_weights": True}, *({"code_penalty": unit()} for unit in CODE_PENALTIES.values())], ids=str)
def test_skops_and_the_kinds_of_autoencoders(setting):
    X, _ = blobs(3)
    kl = isinstance(setting.get("code_penalty"), CODE_PENALTIES["kl"])
    model = quick(Autoencoder, **setting, code_activation="logistic" if kl else "identity", warm_start=True).fit(X)
    copy = through_skops(model)
    assert_array_equal(copy.predict(X), model.predict(X))
    assert_array_equal(copy.fit(X).predict(X), model.fit(X).predict(X))


@pytest.mark.parametrize("loss", [*(key for key, cls in LOSSES.items() if "multiclass" in cls.targets), LogLoss(0.1)])
def test_skops_and_the_losses_of_classes(loss):
    for X, y in (blobs(2), blobs(3), labels()):
        names = np.array(["no", "yes", "why"])[y] if y.ndim == 1 else y
        model = quick(MLPClassifier, loss=loss).fit(X, names)
        assert_array_equal(through_skops(model).decision_function(X), model.decision_function(X))
        assert_array_equal(through_skops(model).predict(X), model.predict(X))


@pytest.mark.parametrize("loss", [*(key for key, cls in LOSSES.items() if "regression" in cls.targets), Quantile(0.3)])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_skops_and_the_losses_of_numbers(loss, schedule):
    X, y = curve()
    model = quick(MLPRegressor, loss=loss, learning_rate=schedule).fit(X, np.exp(y))
    assert_array_equal(through_skops(model).predict(X), model.predict(X))
