"""Going on is the same as not having stopped: warm starts, ``partial_fit`` and pickles give the
same bits as one long fit.
"""

import copy
import itertools
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.layers import BatchNorm
from skmlp.nn.optimizers import OPTIMIZERS
from skmlp.nn.schedules import (
    Adaptive,
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    Invscaling,
    Linear,
    OneCycle,
    Plateau,
    Step,
)

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
SETTINGS = [
    *({"solver": key} for key in OPTIMIZERS),
    {"dropout": 0.3},
    {"input_dropout": 0.2, "dtype": "float64"},
    {"batch_norm": True},
    {"batch_norm": BatchNorm(statistics="population")},
    {"shuffle": False, "solver": "sgd", "learning_rate": "invscaling"},
    {"learning_rate": OneCycle(n_epochs=20)},
    {"learning_rate": Cosine(n_epochs=15), "solver": "rmsprop"},
    {"learning_rate": Invscaling(0.3)},
    {"learning_rate": Adaptive(), "tol": 0.05, "n_iter_no_change": 2},
    {"learning_rate": Linear(n_epochs=20, warm_up=13)},
    {"learning_rate": Step(step_size=3), "activation": "prelu"},
    {"learning_rate": Exponential(warm_up=1.5), "activation": "maxout"},
    {"learning_rate": CosineRestarts(n_epochs=3)},
    {"learning_rate": Plateau(patience=1), "tol": 0.05},
    {"learning_rate": Constant(warm_up=12)},
    {"batch_size": 200},
    {
        "solver": "sgd",
        "learning_rate": Exponential(),
        "alpha": 3.0,
        "l1_ratio": 0.5,
        "clip_norm": 0.5,
    },
]
COMBINED = {
    "clip_norm": 0.1,
    "dropout": 0.2,
    "batch_norm": True,
    "solver": "adamw",
    "alpha": 0.1,
}
HEADS = {
    "auxiliary_loss_weight": [0.3, 0.7],
    "dropout": 0.2,
    "batch_norm": True,
    "skip_connections": "concat",
}


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


def build(cls, **setting):
    default = {
        "hidden_layer_sizes": (6, 5),
        "batch_size": 32,
        "learning_rate_init": 0.02,
        "n_iter_no_change": np.inf,
        "random_state": 3,
    }
    return cls(**{**default, "tol": 0.0, **setting})


def assert_same_bits(model, expected):
    """Compare all that training changes."""
    assert_array_equal(model._network.params, expected._network.params)
    assert_array_equal(model._network.running, expected._network.running)
    assert model.loss_curve_ == expected.loss_curve_
    assert model.t_ == expected.t_
    assert model._state.rng.bit_generator.state == expected._state.rng.bit_generator.state


@pytest.mark.parametrize(
    ("setting", "cls"),
    [
        *zip(SETTINGS, itertools.cycle(ESTIMATORS)),
        *itertools.product([COMBINED], ESTIMATORS),
        (HEADS, MLPClassifier),
        (HEADS, MLPRegressor),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Got `batch_size` less than 1 or larger than sample size")
def test_twenty_epochs_in_any_pieces(cls, setting):
    X, y = problem(cls)
    names = {"classes": [0, 1, 2]} if cls is MLPClassifier else {}
    # one epoch at a time knows no number of rows to come, so that a batch as large as the data is
    # not worth a warning
    whole = build(cls, **setting, max_iter=20).fit(X, y)
    assert whole.n_iter_ == 20

    warm = build(cls, **setting, max_iter=10, warm_start=True).fit(X, y).fit(X, y)
    assert_same_bits(warm, whole)
    assert warm.n_iter_ == 10
    assert list(warm.history_.index) == list(range(1, 21))

    pickled = build(cls, **setting, max_iter=7, warm_start=True).fit(X, y)
    pickled = pickle.loads(pickle.dumps(pickled)).set_params(max_iter=13).fit(X, y)
    assert_same_bits(pickled, whole)

    steps = (
        build(cls, **setting, dtype=str(whole.coefs_[0].dtype))
        if "dtype" not in setting
        else build(cls, **setting)
    )
    for epoch in range(20):
        steps.partial_fit(X, y, **names)
        if epoch == 9:
            steps = copy.deepcopy(steps)
    assert_same_bits(steps, whole)


def test_precision_is_chosen_alike_in_one_fit_and_in_pieces():
    X, y = curve()
    for batch_size in (32, 150):
        whole = build(MLPRegressor, batch_size=batch_size, max_iter=3).fit(X, y)
        steps = build(MLPRegressor, batch_size=batch_size)
        for _ in range(3):
            steps.partial_fit(X, y)
        assert_same_bits(steps, whole)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_weights_and_sparse_rows(cls, rng):
    X, y = problem(cls)
    X, weight = sparse.csr_array(X), rng.integers(0, 3, X.shape[0])
    whole = build(cls, max_iter=6).fit(X, y, sample_weight=weight)
    warm = (
        build(cls, max_iter=3, warm_start=True)
        .fit(X, y, sample_weight=weight)
        .fit(X, y, sample_weight=weight)
    )
    assert_same_bits(warm, whole)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_without_warm_start_fit_begins_anew(cls):
    X, y = problem(cls)
    once = build(cls, max_iter=3).fit(X, y)
    assert_same_bits(clone(once).fit(X, y).fit(X, y), once)
    assert_same_bits(
        build(cls, max_iter=3)
        .partial_fit(X, y, **({"classes": [0, 1, 2]} if cls is MLPClassifier else {}))
        .fit(X, y),
        once,
    )


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_lbfgs_goes_on_from_its_solution(cls):
    X, y = problem(cls)
    model = build(
        cls, solver="lbfgs", activation="tanh", max_iter=15, warm_start=True, alpha=0.1
    ).fit(X, y)
    first, n_first = model.loss_, len(model.loss_curve_)
    model.fit(X, y)
    assert model.loss_curve_[n_first] < first
    assert model.loss_ < first
    solved = model.set_params(max_iter=300).fit(X, y).loss_
    model.set_params(max_iter=5).fit(X, y)
    assert max(model.loss_curve_[-model.n_iter_ :]) <= solved


def test_a_warm_start_may_change_the_solver_and_the_rate():
    X, y = curve()
    model = build(MLPRegressor, max_iter=5, warm_start=True).fit(X, y)
    solvers = [
        {"solver": key} for key in ("sgd", "rmsprop", "adagrad", "lbfgs", "adamw", "sgd", "adam")
    ]
    for change in [*solvers, {"learning_rate_init": 0.001}, {"dropout": 0.2}, {"alpha": 1.0}]:
        before = model.score(X, y)
        model.set_params(**change).fit(X, y)
        assert model.score(X, y) > before - 0.2
    assert len(model.loss_curve_) >= 45


@pytest.mark.parametrize("solver", ["adam", "rmsprop"])
def test_another_solver_starts_with_a_memory_of_its_own(solver):
    """Its first step has the length of a first step: the learning rate (over the root of 1 - rho
    for RMSprop) for each weight.
    """
    X, y = curve()
    model = build(
        MLPRegressor, max_iter=30, warm_start=True, batch_size=150, dtype="float64", solver="sgd"
    ).fit(X, y)
    before = [array.copy() for array in model.coefs_]
    model.set_params(solver=solver, max_iter=1, alpha=0.0).fit(X, y)
    length = 0.02 if solver == "adam" else 0.02 / np.sqrt(0.1)
    for array, old in zip(model.coefs_, before, strict=True):
        assert_allclose(np.median(np.abs(array - old)), length, rtol=1e-3)


def test_a_warm_start_goes_on_with_other_rows_of_the_same_kind():
    X, y = blobs(3)
    model = (
        build(MLPClassifier, max_iter=20, warm_start=True)
        .fit(X[:100], y[:100])
        .fit(X[100:], y[100:])
    )
    assert len(model.loss_curve_) == 40
    with pytest.raises(
        ValueError,
        match=r"same classes as in the previous call to fit. Previously got \[0 1 2\], `y` has "
        r"\[0 1\]",
    ):
        model.fit(X[y != 2], y[y != 2])


def test_assigned_weights_are_what_training_goes_on_from():
    X, y = curve()
    model = build(
        MLPRegressor, max_iter=1, warm_start=True, hidden_layer_sizes=(), learning_rate_init=1e-9
    ).fit(X, y)
    model.coefs_[0][...] = 7.0
    assert_allclose(model.fit(X, y).coefs_[0], 7.0, rtol=1e-5)


def test_early_stopping_with_a_warm_start_keeps_the_best_weights():
    """Also if the best epoch was in an earlier fit."""
    X, y = curve(300)
    model = build(
        MLPRegressor,
        max_iter=30,
        warm_start=True,
        early_stopping=True,
        n_iter_no_change=5,
        hidden_layer_sizes=(50,),
        alpha=0.0,
    )
    for _ in range(6):
        model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        assert_allclose(model.score(X[60:], y[60:]), model.best_validation_score_, rtol=1e-5)
