"""Same seed, same bits."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.initializers import ConstantValue

from .problems import blobs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
RANDOM = {
    "hidden_layer_sizes": (6,),
    "batch_size": 32,
    "max_iter": 4,
    "dropout": 0.3,
    "input_dropout": 0.1,
    "batch_norm": True,
}
STOPPED = {**RANDOM, "early_stopping": True}


def weights(model):
    return model._network.params


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("setting", [RANDOM, STOPPED], ids=["plain", "early stopping"])
def test_same_seed_same_bits(cls, setting):
    X, y = blobs(3)
    first = cls(**setting, random_state=5).fit(X, y)
    assert_array_equal(weights(cls(**setting, random_state=5).fit(X, y)), weights(first))
    assert_array_equal(weights(clone(first).fit(X, y)), weights(first))
    assert_array_equal(
        weights(cls(**setting, random_state=np.random.RandomState(5)).fit(X, y)), weights(first)
    )
    refitted = weights(first).copy()
    assert_array_equal(weights(first.fit(X, y)), refitted)
    assert not np.array_equal(weights(cls(**setting, random_state=6).fit(X, y)), refitted)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_each_source_of_randomness_is_seeded(cls):
    """Initial weights, order of rows, dropout: each alone makes seeds differ."""
    X, y = blobs(3)
    plain = {
        "hidden_layer_sizes": (6,),
        "max_iter": 2,
        "batch_size": 32,
        "shuffle": False,
        "weight_init": ConstantValue(0.1),
    }
    runs = {
        name: [weights(cls(**{**plain, **change}, random_state=seed).fit(X, y)) for seed in (0, 1)]
        for name, change in {
            "none": {},
            "weights": {"weight_init": "auto"},
            "order": {"shuffle": True},
            "dropout": {"dropout": 0.5},
            "input dropout": {"input_dropout": 0.5},
            "held out": {"early_stopping": True},
        }.items()
    }
    assert {name: np.array_equal(*pair) for name, pair in runs.items()} == {
        name: name == "none" for name in runs
    }


def test_none_takes_numpys_global_stream():
    X, y = blobs(3)
    models = []
    for seed in (3, 3, 4):
        np.random.seed(seed)  # noqa: NPY002
        models.append(weights(MLPClassifier(**RANDOM).fit(X, y)))
    assert_array_equal(models[0], models[1])
    assert not np.array_equal(models[0], models[2])
    model = MLPClassifier(**RANDOM)
    assert not np.array_equal(weights(model.fit(X, y)).copy(), weights(model.fit(X, y)))


def test_a_random_state_instance_moves_on():
    X, y = blobs(3)
    stream = np.random.RandomState(5)
    model = MLPClassifier(**RANDOM, random_state=stream)
    first = weights(model.fit(X, y)).copy()
    assert not np.array_equal(weights(model.fit(X, y)), first)


def test_fit_leaves_the_global_stream_alone_if_it_has_a_seed():
    X, y = blobs(3)
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    MLPClassifier(**STOPPED, random_state=0).fit(X, y)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


PROGRAM = f"""
import warnings
warnings.simplefilter("ignore")
from threadpoolctl import threadpool_limits
from tests.problems import blobs
from skmlp import MLPClassifier
threadpool_limits(1)
print(MLPClassifier(**{STOPPED!r}, random_state=5).fit(*blobs(3))._network.params.tobytes().hex())
"""


@pytest.mark.slow
def test_another_process_finds_the_same_bits():
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        cwd=__file__.rsplit("/", 2)[0],
    )
    assert (
        run.stdout.strip()
        == weights(MLPClassifier(**STOPPED, random_state=5).fit(*blobs(3))).tobytes().hex()
    )


def test_how_many_rows_are_predicted_at_once_changes_nothing_that_matters():
    X, y = blobs(3)
    model = MLPClassifier(**RANDOM, random_state=0, dtype="float64").fit(X, y)
    np.testing.assert_allclose(
        np.vstack([model.predict_proba(row) for row in X[:, None]]),
        model.predict_proba(X),
        rtol=1e-9,
    )
