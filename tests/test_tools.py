"""The estimators in scikit-learn's manners: searches of their units, parameters, clones,
pickles, threads.
"""

import copy
import importlib.util
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.activations import LeakyReLU
from skmlp.nn.layers import BatchNorm
from skmlp.nn.losses import Huber
from skmlp.nn.optimizers import SGD, Adam
from skmlp.nn.schedules import OneCycle

from .problems import blobs, cancer, curve, diabetes, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
UNITS = {
    "activation": LeakyReLU(0.2),
    "solver": Adam(beta_1=0.8),
    "learning_rate": OneCycle(rise=0.2),
    "batch_norm": BatchNorm(momentum=0.3),
}


def quick(cls, **setting):
    return cls(
        **{
            "hidden_layer_sizes": (8,),
            "learning_rate_init": 0.02,
            "max_iter": 15,
            "random_state": 0,
            **setting,
        }
    )


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


# ---- searches


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_grid_reaches_into_the_units(cls):
    X, y = problem(cls)
    grid = {
        "solver__beta_1": [0.5, 0.9],
        "activation__slope": [0.0, 0.3],
        "batch_norm__momentum": [0.2, 1.0],
        "learning_rate__rise": [0.1, 0.5],
    }
    model = quick(cls, **{name: clone(unit) for name, unit in UNITS.items()}, max_iter=2)
    scoring = "neg_log_loss" if cls is MLPClassifier else None
    search = GridSearchCV(model, grid, cv=2, scoring=scoring, error_score="raise").fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 16  # each of them matters
    best = search.best_estimator_
    assert {name: best.get_params()[name] for name in grid} == search.best_params_
    assert model.solver.beta_1 == 0.8  # the grid works on clones
    assert best.solver is not model.solver


def test_a_grid_of_units_and_keys():
    X, y = curve()
    grid = {
        "solver": ["adam", "lbfgs", SGD(momentum=0.5)],
        "loss": ["squared_error", Huber(0.5)],
        "alpha": [0.1, [0.1, 0.0]],
    }
    search = GridSearchCV(quick(MLPRegressor, max_iter=5), grid, cv=2, error_score="raise").fit(
        X, y
    )
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_random_search_through_a_pipeline():
    X, y = cancer()
    pipe = make_pipeline(StandardScaler(), quick(MLPClassifier))
    space = {"mlpclassifier__dropout": [0.0, 0.2, 0.3, 0.5], "mlpclassifier__alpha": [0.1, 1.0]}
    search = RandomizedSearchCV(
        pipe, space, n_iter=4, cv=2, random_state=0, error_score="raise"
    ).fit(X, y)
    assert search.best_score_ > 0.93  # measured over five seeds: 0.97
    assert search.score(X, y) > 0.93


def test_cross_validation():
    X, y = cancer()
    assert (
        cross_val_score(quick(MLPClassifier), X, y).min() > 0.93
    )  # measured over five seeds: 0.947
    X, y = diabetes()
    assert cross_val_score(quick(MLPRegressor), X, y).mean() > 0.3  # measured over five seeds: 0.38


def test_hidden_layers_and_codes_are_features():
    X, y = wine()
    for features in (
        quick(MLPClassifier, max_iter=40),
        quick(Autoencoder, n_components=4, max_iter=100),
    ):
        # measured over five seeds: 1 and 0.92
        assert make_pipeline(features, LogisticRegression()).fit(X, y).score(X, y) > 0.85


# ---- parameters


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_parameters_go_round(cls):
    model = quick(cls, **{name: clone(unit) for name, unit in UNITS.items()})
    params = model.get_params()
    assert params["solver__beta_1"] == 0.8
    assert params["activation__slope"] == 0.2
    assert clone(model).get_params(deep=False).keys() == params.keys() - {
        name for name in params if "__" in name
    }
    model.set_params(solver__beta_1=0.7, dropout=0.5)
    assert model.solver.beta_1 == 0.7
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(droput=0.5)
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(solver__beta_3=0.5)


def test_repr_says_what_was_set():
    model = MLPRegressor(
        solver=Adam(beta_1=0.8), activation=LeakyReLU(0.2), dropout=[0.1], hidden_layer_sizes=(3,)
    )
    expected = (
        "MLPRegressor(activation=LeakyReLU(slope=0.2),dropout=[0.1],"
        "hidden_layer_sizes=(3,),solver=Adam(beta_1=0.8))"
    )
    assert "".join(repr(model).split()) == expected
    assert "LeakyReLU" in model._repr_html_()


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_constructor_stores_what_it_is_given(cls):
    sizes, rates = [5, 4], np.array([0.1, 0.2])
    model = quick(cls, hidden_layer_sizes=sizes, dropout=rates, activation=(LeakyReLU(), "tanh"))
    model.fit(*problem(cls))
    assert model.hidden_layer_sizes is sizes
    assert model.dropout is rates
    assert (
        quick(cls, hidden_layer_sizes=np.array([5, 4])).fit(*problem(cls)).coefs_[0].shape[1] == 5
    )
    assert quick(cls, hidden_layer_sizes=np.int64(5)).fit(*problem(cls)).coefs_[0].shape[1] == 5


def test_one_unit_may_serve_several_estimators():
    """Units hold hyperparameters only."""
    X, y = curve()
    shared = {name: clone(unit) for name, unit in UNITS.items()}
    one = quick(MLPRegressor, **shared).fit(X, y)
    expected = one.predict(X)
    quick(MLPClassifier, **shared).fit(*blobs(3))
    assert_array_equal(one.predict(X), expected)
    assert_array_equal(clone(one).fit(X, y).predict(X), expected)
    assert [vars(unit) for unit in shared.values()] == [vars(unit) for unit in UNITS.values()]


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_callbacks_are_supported_where_scikit_learn_has_them(cls):
    assert hasattr(cls(), "set_callbacks") == (
        importlib.util.find_spec("sklearn.callback") is not None
    )


# ---- pickles


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    "setting", [{}, UNITS, {"solver": "lbfgs"}, {"early_stopping": True, "dropout": 0.3}], ids=str
)
def test_pickles_and_copies_predict_the_same(cls, setting, tmp_path):
    X, y = problem(cls)
    model = quick(cls, **setting).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    copies = [
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        joblib.load(tmp_path / "model.joblib"),
    ]
    for other in copies:
        assert_array_equal(other.predict(X), model.predict(X))
        assert_array_equal(other.transform(X), model.transform(X))
        assert other.loss_curve_ == model.loss_curve_
        other.coefs_[0][...] = 0.0  # a view still, and of its own
        assert not np.array_equal(other.transform(X), model.transform(X))


@pytest.mark.parametrize(
    ("solver", "n_slots"), [("sgd", 1), ("adam", 2), ("rmsprop", 1), ("lbfgs", 0)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pickle_holds_parameters_and_slots_and_no_buffers(solver, n_slots, dtype):
    X, y = blobs(3, n=2000)
    model = quick(
        MLPClassifier,
        hidden_layer_sizes=(100, 50),
        solver=solver,
        dtype=dtype,
        max_iter=2,
        batch_size=500,
    ).fit(X, y)
    n_values = sum(array.size for array in model.coefs_ + model.intercepts_) * (1 + n_slots)
    size = len(pickle.dumps(model))
    assert n_values * np.dtype(dtype).itemsize < size < n_values * np.dtype(dtype).itemsize + 8000
    model.predict(X)
    assert len(pickle.dumps(model)) == size


def test_prediction_is_thread_safe():
    X, y = blobs(3)
    model = quick(MLPClassifier, hidden_layer_sizes=(100,)).fit(X, y)
    expected = model.predict_proba(X)
    results = joblib.Parallel(4, prefer="threads")(
        joblib.delayed(model.predict_proba)(X) for _ in range(50)
    )
    assert all(np.array_equal(result, expected) for result in results)


def test_data_are_left_alone_and_copied():
    X, y = (array.copy() for array in curve())
    kept_X, kept_y = X.copy(), y.copy()
    for setting in (
        {},
        {"input_dropout": 0.3},
        {"batch_norm": True},
        {"hidden_layer_sizes": ()},
        {"solver": "lbfgs"},
    ):
        model = quick(MLPRegressor, **setting).fit(X, y)
        model.predict(X)
        model.transform(X)[...] = 7.0
        assert_array_equal(X, kept_X)
        assert_array_equal(y, kept_y)
    expected = model.predict(kept_X)
    X[...] = 0.0
    assert_allclose(model.predict(kept_X), expected)
