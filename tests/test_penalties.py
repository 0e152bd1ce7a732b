"""L1, elastic net and the cap on norms through the estimators; scikit-learn's linear models are
the oracle.
"""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn import SGD, Optimizer

from .problems import blobs, cancer, diabetes, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BACKENDS = ["numpy", "numba"]
WHOLE = {
    "hidden_layer_sizes": (),
    "n_iter_no_change": np.inf,
    "dtype": "float64",
    "random_state": 0,
}
SOLVERS = {
    "sgd": {"solver": "sgd", "learning_rate_init": 0.02, "max_iter": 3000},
    "sgd, clipped": {
        "solver": "sgd",
        "learning_rate_init": 0.02,
        "max_iter": 3000,
        "clip_norm": 0.5,
    },
    "sgd, falling": {
        "solver": "sgd",
        "learning_rate_init": 0.1,
        "learning_rate": "cosine",
        "max_iter": 600,
    },
    "sgd, clipped below the penalty": {
        "solver": "sgd",
        "learning_rate_init": 0.1,
        "max_iter": 1200,
        "clip_norm": 0.05,
    },
    "adam, clipped by value": {
        "learning_rate_init": 0.05,
        "learning_rate": "linear",
        "max_iter": 2000,
        "clip_value": 0.03,
    },
    "adam": {
        "solver": "adam",
        "learning_rate_init": 0.02,
        "learning_rate": "cosine",
        "max_iter": 3000,
    },
}


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("options", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.slow
def test_lasso_and_elastic_net(options, l1_ratio, backend, monkeypatch):
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = diabetes()
    n, strength = len(y), 0.1
    oracle = (
        Lasso(strength, tol=1e-8)
        if l1_ratio == 1.0
        else ElasticNet(strength, l1_ratio=l1_ratio, tol=1e-8)
    )
    oracle.fit(X, y)
    model = MLPRegressor(
        alpha=strength * n, l1_ratio=l1_ratio, batch_size=n, **WHOLE, **options
    ).fit(X, y)
    assert_allclose(model.coefs_[0][:, 0], oracle.coef_, atol=1e-3)
    assert_array_equal(model.coefs_[0][:, 0] == 0, oracle.coef_ == 0)
    assert 0 < (oracle.coef_ == 0).sum() < X.shape[1]
    objective = np.mean((oracle.predict(X) - y) ** 2) / 2 + strength * (
        l1_ratio * np.abs(oracle.coef_).sum() + (1 - l1_ratio) / 2 * (oracle.coef_**2).sum()
    )
    assert model.loss_ == pytest.approx(objective, rel=1e-5)


@pytest.mark.parametrize(
    ("problem", "l1_ratio"), [(cancer, 1.0), (wine, 0.5)], ids=["two classes", "three classes"]
)
@pytest.mark.slow
def test_logistic_regression(problem, l1_ratio):
    X, y = problem()
    strength = 5.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn 1.8 renames the penalty
        oracle = LogisticRegression(
            C=1 / strength,
            penalty="elasticnet",
            l1_ratio=l1_ratio,
            solver="saga",
            tol=1e-7,
            max_iter=20000,
        )
        oracle.fit(X, y)
    model = MLPClassifier(
        alpha=strength,
        l1_ratio=l1_ratio,
        batch_size=len(y),
        **WHOLE,
        solver="sgd",
        learning_rate_init=0.2,
        max_iter=20000,
    )
    model.fit(X, y)
    assert_allclose(model.coefs_[0].T, oracle.coef_, atol=2e-3)
    assert_array_equal(model.coefs_[0].T == 0, oracle.coef_ == 0)
    assert 0 < (oracle.coef_ == 0).sum() < oracle.coef_.size


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw"])
def test_each_layer_has_a_strength_and_intercepts_are_free(cls, solver):
    X, y = blobs(3)
    options = {
        "l1_ratio": 1.0,
        "solver": solver,
        "max_iter": 300,
        "learning_rate_init": 0.01,
        "weight_init": "glorot_uniform",
        "random_state": 0,
    }
    options |= {"activation": "tanh", "n_iter_no_change": np.inf}
    strength = 0.3 if solver == "adamw" else 3.0
    for penalised in (0, 1):
        alpha = [0.0, 0.0]
        alpha[penalised] = strength
        model = cls(alpha=alpha, hidden_layer_sizes=(8,), **options).fit(X, y)
        assert (model.coefs_[penalised] == 0).any()
        assert (model.coefs_[1 - penalised] != 0).all()
        assert all((b != 0).any() for b in model.intercepts_)


def test_a_ratio_of_zero_changes_nothing():
    X, y = blobs(3)
    models = [
        MLPClassifier((5,), max_iter=5, random_state=0, **options).fit(X, y)
        for options in ({}, {"l1_ratio": 0.0, "max_norm": None})
    ]
    assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("clip", [None, 1e9])
def test_the_loss_of_an_epoch_has_the_penalty(backend, clip, monkeypatch):
    """With a learning rate of nearly nothing it is that of the weights as they are."""
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = diabetes()
    model = MLPRegressor(
        hidden_layer_sizes=(4,),
        alpha=[3.0, 5.0],
        l1_ratio=0.3,
        solver="sgd",
        learning_rate_init=1e-12,
        batch_size=100,
        max_iter=1,
    )
    model.set_params(
        random_state=0, weight_init="glorot_uniform", dtype="float64", clip_norm=clip
    ).fit(X, y)
    penalty = sum(
        a * (0.3 * np.abs(w).sum() + 0.7 / 2 * (w**2).sum())
        for a, w in zip((3.0, 5.0), model.coefs_, strict=True)
    )
    # five batches, each with the penalty over its rows
    assert model.loss_ == pytest.approx(
        np.mean((model.predict(X) - y) ** 2) / 2 + 5 * penalty / len(y), rel=1e-9
    )


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_weight_of_two_is_a_repeated_row(solver):
    """The penalty is divided by the sum of the weights."""
    X, y = diabetes()
    weight = np.random.default_rng(0).integers(1, 4, len(y))
    options = {
        **WHOLE,
        "alpha": 40.0,
        "l1_ratio": 0.7,
        "solver": solver,
        "learning_rate_init": 0.02,
        "max_iter": 50,
    }
    weighted = MLPRegressor(batch_size=len(y), **options).fit(X, y, sample_weight=weight)
    repeated = MLPRegressor(batch_size=weight.sum(), **options).fit(
        np.repeat(X, weight, axis=0), np.repeat(y, weight)
    )
    assert_allclose(weighted.coefs_[0], repeated.coefs_[0], atol=1e-9)
    assert (weighted.coefs_[0] == 0).any()
    assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


class Plain(Optimizer):
    """A rule from outside of the registry, without ``reach``."""

    def coefficients(self, t, lr):
        return (lr,)

    def update(self, p, g, tmp, lr):
        np.multiply(g, lr, out=g)
        np.subtract(p, g, out=p)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"l1_ratio": 1.1}, "l1_ratio"),
        ({"l1_ratio": -0.1}, "l1_ratio"),
        ({"l1_ratio": 0.5, "solver": "lbfgs"}, "l1_ratio=0.5 does not go with solver='lbfgs'"),
        ({"l1_ratio": 0.5, "solver": "lion"}, r"l1_ratio=0.5 does not go with Lion\(\)"),
        (
            {"l1_ratio": 0.5, "solver": Plain()},
            r"l1_ratio=0.5 needs to know how far Plain\(\) moves",
        ),
        (
            {"l1_ratio": 0.5, "solver": SGD(momentum=1.0)},
            "l1_ratio=0.5 does not go with momentum=1.0",
        ),
        ({"max_norm": 0.0}, "max_norm"),
        ({"max_norm": 2.0, "solver": "lbfgs"}, "max_norm=2.0 does not go with solver='lbfgs'"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_does_not_go_together_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(hidden_layer_sizes=(3,), **setting).fit(*diabetes())


# ---- the cap on norms


@pytest.mark.parametrize("solver", ["sgd", "adam", "lion"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_norms_never_exceed_the_cap(solver, backend, monkeypatch):
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = blobs(3)
    model = MLPClassifier(
        (10, 6),
        solver=solver,
        max_norm=0.8,
        learning_rate_init=0.02,
        random_state=0,
        batch_norm=True,
        dropout=0.2,
    )
    largest = []
    for _ in range(10):
        model.partial_fit(X, y, classes=[0, 1, 2])
        largest.append([np.linalg.norm(w, axis=0).max() for w in model.coefs_])
    assert np.max(largest) <= 0.8 * (1 + 1e-6)
    assert np.max(largest, axis=0)[0] > 0.79, "a cap that is never reached tests nothing"


def test_a_cap_that_is_never_reached_changes_nothing():
    X, y = blobs(3)
    models = [
        MLPClassifier((5,), max_iter=5, random_state=0, max_norm=limit).fit(X, y)
        for limit in (None, 1e6)
    ]
    for a, b in zip(models[0].coefs_, models[1].coefs_, strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("options", [{"l1_ratio": 0.5, "alpha": 3.0}, {"max_norm": 0.5}], ids=str)
def test_going_on_is_the_same_as_training_at_once(options):
    X, y = blobs(3)
    once, twice = (
        MLPClassifier((5,), max_iter=n, random_state=0, warm_start=True, **options) for n in (6, 3)
    )
    once.fit(X, y)
    twice.fit(X, y).fit(X, y)
    for a, b in zip(once.coefs_, twice.coefs_, strict=True):
        assert_array_equal(a, b)


# ---- autoencoder


@pytest.mark.slow
def test_the_decoder_of_a_linear_autoencoder_is_the_lasso_of_the_features_on_the_code():
    """Whatever the code came to be, the decoder minimises a lasso for each feature."""
    X, _ = wine()
    n, strength = len(X), 0.05
    model = Autoencoder(
        3,
        alpha=[0.1 * n, strength * n],
        l1_ratio=1.0,
        batch_size=n,
        solver="adam",
        learning_rate="cosine",
        **WHOLE,
    )
    model.set_params(learning_rate_init=0.02, max_iter=4000).fit(X)
    code = model.transform(X)
    oracle = np.column_stack(
        [Lasso(strength, tol=1e-8).fit(code, feature).coef_ for feature in X.T]
    )
    assert_allclose(model.coefs_[1], oracle, atol=2e-3)
    assert_array_equal(model.coefs_[1] == 0, np.abs(oracle) < 1e-12)
    assert 0 < (oracle == 0).sum() < oracle.size
    penalty = 0.1 * np.abs(model.coefs_[0]).sum() + strength * np.abs(model.coefs_[1]).sum()
    assert model.loss_ == pytest.approx(
        0.5 * np.mean(((model.predict(X) - X) ** 2).sum(axis=1)) + penalty, rel=1e-5
    )


@pytest.mark.parametrize("penalised", range(4))
def test_each_layer_of_an_autoencoder_has_a_strength(penalised):
    X, _ = wine()
    alpha = np.zeros(4)
    alpha[penalised] = 5.0
    model = Autoencoder(
        3,
        (8,),
        "tanh",
        alpha=alpha,
        l1_ratio=1.0,
        max_iter=300,
        learning_rate_init=0.01,
        random_state=0,
    ).fit(X)
    assert [bool((W == 0).any()) for W in model.coefs_] == [k == penalised for k in range(4)]
