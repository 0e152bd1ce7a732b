"""Importances of features: those of linear models in closed form, those of Friedman's function
by what it is made of.
"""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import make_friedman1
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._inspect import importances
from skmlp.nn.layers import BatchNorm
from skmlp.nn.losses import Quantile

from .problems import blobs, cancer, curve, labels, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SIZES = np.array([1.0, 10.0, 0.1, 0.0])  # the last feature does not vary


def shares(sizes):
    """Return sizes (n_outputs, n_features) as the mean of each output's shares."""
    sizes = np.abs(np.atleast_2d(sizes))
    return (sizes / sizes.sum(axis=1, keepdims=True)).mean(axis=0)


@pytest.mark.parametrize(
    "form",
    [
        np.asarray,
        sparse.csr_matrix,
        lambda X: np.float32(X),
        lambda X: pd.DataFrame(X, columns=list("abcd")),
    ],
)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_of_a_linear_regression_they_are_the_standardised_coefficients(form, n_outputs):
    X, y = curve(n_outputs=n_outputs)
    X = X * SIZES + np.array([3.0, -20.0, 0.0, 1.0])
    model = MLPRegressor(hidden_layer_sizes=(), max_iter=20, random_state=0).fit(
        form(X), 1000.0 * y
    )
    assert_allclose(
        model.feature_importances_, shares(model.coefs_[0].T * X.std(axis=0)), rtol=1e-5, atol=1e-9
    )
    assert_allclose(model.feature_importances_.sum(), 1.0)


def test_of_a_linear_classifier_they_are_those_of_logistic_regression():
    for X, y in (cancer(), wine()):
        model = MLPClassifier(
            (), solver="lbfgs", alpha=1.0, max_iter=2000, tol=1e-8, random_state=0
        ).fit(X * 5.0, y)
        other = LogisticRegression(C=1.0, max_iter=5000, tol=1e-10).fit(
            X * 5.0, y
        )  # its coefficients sum to 0 over the classes
        assert_allclose(model.feature_importances_, shares(other.coef_), atol=1e-4)


def test_a_part_that_all_scores_share_counts_for_nothing():
    """It changes no probability."""
    X, y = blobs(3)
    for loss in ("log_loss", "focal"):
        model = MLPClassifier((), loss=loss, max_iter=20, random_state=0).fit(X, y)
        before = model.feature_importances_
        model.coefs_[0][2] += 10.0
        assert_allclose(model.feature_importances_, before, rtol=1e-4)


def test_labels_count_alike():
    X, y = labels()
    model = MLPClassifier((), max_iter=20, random_state=0).fit(X, y)
    assert_allclose(
        model.feature_importances_, shares(model.coefs_[0].T * X.std(axis=0)), rtol=1e-5
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("loss", ["squared_error", Quantile((0.1, 0.5, 0.9)), "gaussian_nll"])
@pytest.mark.slow
def test_what_matters_is_found(seed, loss):
    """Features 0 to 4 matter, 5 to 9 do not.

    Over five seeds the least of the first was 2.8 times the largest of the others, or more.
    """
    X, y = make_friedman1(600, random_state=seed)
    model = MLPRegressor(
        loss, max_iter=100, learning_rate_init=0.005, early_stopping=True, random_state=seed
    ).fit(scale(X) + 1, scale(y))
    importances = model.feature_importances_
    assert importances[:5].min() > 1.8 * importances[5:].max()
    assert importances.argmax() == 3


def test_categories_compare_with_numbers():
    """In a model without interactions, by the effects that the data were made with."""
    rng = np.random.default_rng(0)
    effect, share = {"a": 0.0, "b": 1.0, "c": 4.0}, np.array([0.5, 0.4, 0.1])
    c = rng.choice(list(effect), 2000, p=share)
    table = pd.DataFrame(
        {
            "x": 100.0 + 50.0 * rng.normal(size=2000),
            "c": c,
            "noise": rng.normal(size=2000),
            "d": rng.choice(list("pq"), 2000),
        }
    )
    y = 0.02 * table["x"] + table["c"].map(effect)
    setting = {
        "hidden_layer_sizes": (),
        "solver": "lbfgs",
        "alpha": 0.0,
        "max_iter": 500,
        "random_state": 0,
    }
    model = MLPRegressor(categorical_features="from_dtype", **setting).fit(table, y)
    values = np.array(list(effect.values()))
    # the mean distance of two draws from a normal distribution is 2 / sqrt(pi) standard deviations
    redrawn = share @ np.abs(values[:, None] - values) @ share / (2.0 / np.sqrt(np.pi))
    expected = np.array([1.0, redrawn, 0.0, 0.0])
    assert_allclose(model.feature_importances_, expected / expected.sum(), atol=0.02)


def test_rows_in_any_pieces_and_weights_count_as_rows():
    X, y = curve()
    setting = {
        "hidden_layer_sizes": (5,),
        "random_state": 0,
        "batch_size": 10,
        "shuffle": False,
        "dtype": "float64",
        "alpha": 0.0,
    }
    whole = MLPRegressor(max_iter=1, **setting).fit(X, y)
    parts = MLPRegressor(**setting)
    for start in (0, 50, 100):
        parts.partial_fit(X[start : start + 50], y[start : start + 50])
    pieces = pickle.loads(pickle.dumps(parts))
    for name, moment in whole._moments.items():
        assert_allclose(pieces._moments[name], moment, atol=1e-9)
    weight = np.tile([1.0, 2.0, 0.0], 50)
    repeated = np.repeat(np.arange(150), weight.astype(int))
    a, b = (MLPRegressor(max_iter=1, **setting) for _ in range(2))
    a.fit(X, y, weight), b.fit(X[repeated], y[repeated])
    for name, moment in b._moments.items():
        assert_allclose(a._moments[name], moment, atol=1e-9)


def test_asking_changes_nothing():
    X, y = blobs(3)
    model = MLPClassifier((5,), max_iter=3, warm_start=True, random_state=0).fit(X, y)
    other = MLPClassifier((5,), max_iter=3, warm_start=True, random_state=0).fit(X, y)
    first = model.feature_importances_
    assert_array_equal(first, model.feature_importances_)
    assert first.min() > 0.0
    np.random.default_rng(0).normal()
    assert_array_equal(model.fit(X, y).predict_proba(X), other.fit(X, y).predict_proba(X))
    model.coefs_[0][1] = 0.0  # a feature that nothing reads
    assert model.feature_importances_[1] == 0.0
    model.coefs_[-1][...] = 0.0  # a network that reads nothing
    assert_array_equal(model.feature_importances_, np.zeros(5))


def test_few_rows_that_count_among_many_sparse_ones_are_all_looked_at(monkeypatch):
    monkeypatch.setattr(importances, "_LOOK_VALUES", 1000)
    X, rows = sparse.csr_array(np.ones((10_000, 4))), np.arange(0, 10_000, 50)
    assert importances._moments_of(X, None, rows, [])["weight"] == len(rows)
    assert importances._moments_of(X, None, None, [])["weight"] < 1000


def test_where_there_are_none():
    X, y = blobs(3)
    assert not hasattr(MLPClassifier(), "feature_importances_")
    assert not hasattr(Autoencoder(max_iter=1).fit(X), "feature_importances_")
    model = MLPClassifier((4,), max_iter=1, batch_norm=BatchNorm(statistics="batch")).fit(X, y)
    with pytest.raises(
        AttributeError,
        match=r"no feature_importances_. With BatchNorm.* depends on the rows with it",
    ):
        model.feature_importances_  # noqa: B018


def test_selections_work_as_they_stand():
    X, y = make_friedman1(300, random_state=0)
    X, y = scale(X), scale(y)
    setting = {"max_iter": 60, "learning_rate_init": 0.01, "random_state": 0}
    selected = RFE(MLPRegressor(**setting), n_features_to_select=5, step=3).fit(X, y)
    assert_array_equal(selected.support_, np.arange(10) < 5)
    X, y = wine()
    selected = make_pipeline(StandardScaler(), SelectFromModel(MLPClassifier(**setting))).fit(X, y)
    assert 0 < selected.transform(X).shape[1] < 13
