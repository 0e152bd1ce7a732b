"""A user's own function as ``activation`` or ``loss`` of the estimators: it learns, it is copied
and searched, and errors come first.
"""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn import Tanh

from .problems import blobs, curve
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def mish(z):
    return z * np.tanh(np.log1p(np.exp(z)))


def log_cosh(prediction, target):
    return np.log(np.cosh(prediction - target))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_the_built_in_units(dtype, backend, monkeypatch):
    """In double precision to rounding; the initial weights of the built-in one are asked for,
    since 'auto' differs.
    """
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = curve()
    common = {
        "hidden_layer_sizes": (8, 8),
        "batch_norm": True,
        "weight_init": "glorot_uniform",
        "max_iter": 10,
        "random_state": 0,
    }
    common["normalize_y"] = False  # a function's arguments are in the units of y
    ours = MLPRegressor(log_cosh, activation=mish, dtype=dtype, **common).fit(X, y)
    theirs = MLPRegressor("log_cosh", activation="mish", dtype=dtype, **common).fit(X, y)
    tolerance = (
        1e-2 if dtype == "float32" else 1e-6
    )  # the start, a median or a stationary point, differs a little
    if dtype == "float64":
        np.testing.assert_allclose(ours.loss_curve_[-1], theirs.loss_curve_[-1], rtol=0.05)
    np.testing.assert_allclose(
        MLPRegressor(activation=mish, dtype=dtype, **common).fit(X, y).predict(X),
        MLPRegressor(activation="mish", dtype=dtype, **common).fit(X, y).predict(X),
        rtol=tolerance,
        atol=tolerance,
    )


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_one_for_each_layer(solver):
    X, y = blobs(3)
    model = MLPClassifier(
        (8, 6, 4),
        activation=[mish, "relu", np.arctan],
        solver=solver,
        learning_rate_init=0.02,
        max_iter=60,
    )
    assert model.set_params(random_state=0).fit(X, y).score(X, y) > 0.85
    hidden = X
    for f, w, b in zip(
        [mish, lambda z: np.maximum(z, 0.0), np.arctan],
        model.coefs_[:-1],
        model.intercepts_[:-1],
        strict=True,
    ):
        hidden = f(hidden @ w + b)
    np.testing.assert_allclose(model.transform(X), hidden, rtol=1e-4, atol=1e-5)


def test_a_loss_of_several_outputs_is_their_sum():
    X, y = curve(n_outputs=2)
    X, y = X[:, :4], y
    squared = MLPRegressor(
        lambda p, t: 0.5 * (p - t) ** 2,
        solver="lbfgs",
        hidden_layer_sizes=(),
        alpha=0.0,
        normalize_y=False,
    ).fit(X, y)
    expected = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y, rcond=None)[0]
    np.testing.assert_allclose(squared.coefs_[0], expected[:-1], atol=2e-3)


def test_an_outlier_has_little_weight_in_a_loss_that_levels_off():
    X, y = curve()
    y = y.copy()
    y[:10] += 1000.0
    model = MLPRegressor(
        lambda p, t: np.log1p((p - t) ** 2),
        solver="lbfgs",
        hidden_layer_sizes=(20,),
        random_state=0,
    ).fit(X, y)
    assert np.median(np.abs(model.predict(X[10:]) - y[10:])) < 0.3


def test_autoencoder():
    X, _ = blobs(3)
    model = Autoencoder(
        2,
        hidden_layer_sizes=(8,),
        activation=mish,
        code_activation=np.arctan,
        loss=log_cosh,
        max_iter=60,
        learning_rate_init=0.01,
    )
    model.set_params(random_state=0).fit(X)
    assert model.loss_ < 0.7 * model.loss_curve_[0]
    np.testing.assert_allclose(
        model.score_samples(X), -log_cosh(model.predict(X), X).sum(axis=1), rtol=1e-3, atol=1e-5
    )
    assert np.abs(model.transform(X)).max() < np.pi / 2


def test_functions_of_a_module_are_pickled_and_lambdas_are_not():
    X, y = curve()
    model = MLPRegressor(log_cosh, activation=mish, max_iter=3, random_state=0).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert clone(model).get_params() == model.get_params()
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(MLPRegressor(activation=lambda z: np.tanh(z), max_iter=3).fit(X, y))


@pytest.mark.slow
def test_searches_and_workers_take_lambdas():
    X, y = curve()
    grid = {"activation": [np.tanh, lambda z: z / (1.0 + np.abs(z))]}
    search = GridSearchCV(MLPRegressor(max_iter=3, random_state=0), grid, cv=2, n_jobs=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert np.isfinite(
        cross_val_score(
            MLPRegressor(loss=lambda p, t: np.abs(p - t) ** 1.5, max_iter=3), X, y, cv=2
        )
    ).all()


def test_going_on_is_one_long_fit():
    X, y = curve()
    setting = {
        "loss": log_cosh,
        "activation": mish,
        "hidden_layer_sizes": (6,),
        "random_state": 0,
        "n_iter_no_change": np.inf,
    }
    whole = MLPRegressor(max_iter=10, **setting).fit(X, y)
    parts = MLPRegressor(max_iter=5, warm_start=True, **setting).fit(X, y).fit(X, y)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ({"activation": np.spacing}, TypeError, "ufunc 'spacing' has no derivative"),
        (
            {"activation": ["relu", np.cumsum], "hidden_layer_sizes": (3, 3)},
            TypeError,
            "cumsum has no derivative",
        ),
        (
            {"activation": Tanh},
            ValueError,
            "is no function of arrays; give a function, such as np.tanh, or an instance",
        ),
        ({"activation": np.log}, ValueError, r"is not finite at"),
        ({"loss": np.subtract.outer}, TypeError, r"np\.subtract\.outer cannot be differentiated"),
        ({"loss": lambda p, t: np.abs(np.log(t) - p)}, ValueError, "not finite for the target"),
    ],
)
def test_errors_come_before_anything_is_changed(setting, error, message):
    X, y = curve()
    model = MLPRegressor(max_iter=2, random_state=0).fit(X, y)
    model.set_params(**setting)
    before = state(model, X)
    with pytest.raises(error, match=message):
        model.fit(X, y)
    assert_unchanged(before, state(model, X))


def test_a_classifier_takes_no_function_as_its_loss():
    with pytest.raises(ValueError, match="'loss' parameter of MLPClassifier"):
        MLPClassifier(loss=log_cosh).fit(*blobs(2))
