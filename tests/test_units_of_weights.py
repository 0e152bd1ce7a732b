"""Weights in another unit give the same model: only their ratios matter, and what ``alpha`` is
divided by.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp.nn.layers import BatchNorm

from .problems import blobs, curve, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

UNITS = [1e-300, 1e-41, 1e-3, 1e3, 1e38, 1e300]


def quick(cls, **setting):
    return cls(
        **{
            "hidden_layer_sizes": (6,),
            "max_iter": 4,
            "learning_rate_init": 0.02,
            "batch_size": 30,
            "random_state": 0,
            **setting,
        }
    )


def problem(kind):
    if kind == "classes":
        X, y = blobs(3)
        return X, np.where(y == 2, 2, 0) * (np.arange(len(y)) % 7 == 0)  # one of them rare
    return {"labels": labels(), "numbers": curve()}.get(kind, (curve()[0], None))


MODELS = {
    "classes": (MLPClassifier, {}),
    "labels": (MLPClassifier, {}),
    "focal": (MLPClassifier, {"loss": "focal"}),
    "numbers": (MLPRegressor, {}),
    "absolute": (MLPRegressor, {"loss": "absolute_error"}),
    "rows": (Autoencoder, {}),
    "population": (MLPRegressor, {"batch_norm": BatchNorm(statistics="population")}),
    "early": (MLPClassifier, {"early_stopping": True}),
    "lbfgs": (MLPRegressor, {"solver": "lbfgs"}),
    "balanced": (MLPClassifier, {"class_weight": "balanced"}),
    "balanced hinge": (
        MLPClassifier,
        {"class_weight": "balanced", "loss": "hinge"},
    ),  # two sides of one weight
}


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", MODELS)
def test_weights_of_another_unit_give_the_same_model(name, precision, rng):
    cls, setting = MODELS[name]
    X, y = problem(
        {MLPRegressor: "numbers", Autoencoder: "rows"}.get(
            cls, name if name == "labels" else "classes"
        )
    )
    weight = rng.uniform(0.5, 2.0, len(X))
    weight[::5] = 0.0
    if name == "population":
        weight *= 1e-3  # below one each: then the variance counts rows
    model = quick(cls, alpha=0.0, dtype=precision, **setting)
    expected = model.fit(X, y, weight).transform(X), model.loss_curve_
    for c in [c for c in UNITS if name != "population" or c < 1]:
        model.fit(X, y, c * weight)
        tolerance = 1e-4 if precision == "float32" else 1e-8
        assert_allclose(model.transform(X), expected[0], rtol=tolerance, atol=tolerance)
        assert_allclose(model.loss_curve_, expected[1], rtol=tolerance)


@pytest.mark.parametrize(
    "setting", [{}, {"l1_ratio": 0.5}, {"solver": "lbfgs"}, {"solver": "adamw"}], ids=str
)
@pytest.mark.parametrize("c", [1e-41, 1e-3, 1e37])
def test_alpha_is_divided_by_the_sum_of_the_weights(setting, c, rng):
    """Except as the decay of 'adamw'."""
    X, y = curve()
    weight = rng.uniform(0.5, 2.0, len(X))
    alpha = 0.5 if "solver" not in setting or setting["solver"] == "lbfgs" else 0.05
    expected = quick(MLPRegressor, alpha=alpha, dtype="float64", **setting).fit(X, y, weight)
    model = quick(
        MLPRegressor,
        alpha=alpha if setting.get("solver") == "adamw" else c * alpha,
        dtype="float64",
        **setting,
    )
    assert_allclose(
        model.fit(X, y, c * weight).predict(X), expected.predict(X), rtol=1e-7, atol=1e-9
    )


def test_alpha_and_weights_are_those_of_logistic_regression(rng):
    X, y = blobs(3)
    weight = rng.uniform(0.002, 0.02, len(X))  # with a sum near 1
    ours = MLPClassifier(
        (), solver="lbfgs", alpha=0.05, tol=1e-9, max_iter=2000, random_state=0
    ).fit(X, y, weight)
    theirs = LogisticRegression(C=20.0, tol=1e-10, max_iter=5000).fit(X, y, weight)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_small_weight_among_large_ones_still_counts(precision, rng):
    """Alone in its batch a row is all of it, whatever it weighs."""
    X, y = blobs(3)
    weight = 2.0 ** -rng.integers(0, 1000, len(X))
    weighted, plain = (
        quick(MLPClassifier, loss="perceptron", alpha=0.0, batch_size=1, dtype=precision).fit(
            X, y, w
        )
        for w in (weight, None)
    )
    assert_array_equal(weighted.decision_function(X), plain.decision_function(X))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_weights_too_small_for_the_penalty_are_named(solver):
    X, y = blobs(3)
    weight = np.full(len(X), 1e-300)
    with pytest.raises(ValueError, match=r"sample_weight is too small for alpha=0.0001.*alpha=0\."):
        quick(MLPClassifier, solver=solver).fit(X, y, weight)
    quick(MLPClassifier, solver=solver, alpha=0.0).fit(X, y, weight)


def test_the_default_detector_does_not_know_the_unit(rng):
    X = np.repeat(rng.normal(size=(60, 3)), rng.integers(1, 4, 60), axis=0)
    weight = rng.integers(1, 4, len(X))
    plain, scaled = (
        OutlierAutoencoder(random_state=0).fit(X, sample_weight=c * weight) for c in (1.0, 2.0**-20)
    )
    assert_array_equal(scaled.score_samples(X), plain.score_samples(X))
    assert scaled.offset_ == plain.offset_
