"""Sample weights count repetitions: weight 0 is a row left out, weight 2 a row given twice."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
)

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp._data.sources import start_rows
from skmlp.nn.layers import BatchNorm

from .problems import blobs, cancer, curve, diabetes, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
SETTINGS = [
    {"solver": "adam"},
    {"solver": "sgd", "learning_rate_init": 0.01},
    {"solver": "adamw", "alpha": 0.1},
    {"solver": "lbfgs"},
    {"batch_norm": True},
    {"batch_norm": BatchNorm(statistics="population")},
    {"batch_norm": BatchNorm(statistics="batch")},
    {"batch_norm": True, "solver": "lbfgs"},
    {"clip_norm": 0.1},
    {"clip_value": 0.01},
]


def quick(cls, **setting):
    """Return an estimator that sees all rows in each step."""
    return cls(
        **{
            "hidden_layer_sizes": (6,),
            "max_iter": 15,
            "learning_rate_init": 0.02,
            "dtype": "float64",
            "random_state": 0,
            **setting,
        }
    )


def problem(cls):
    return blobs(3, n=60) if cls is MLPClassifier else curve(60)


def outputs(model, X):
    """Return what a model says of X, of each row by itself."""
    return getattr(model, "predict_proba", model.predict)(X)


def repeated(weight, *arrays):
    """Return the arrays with each row as often as its weight says."""
    return [np.repeat(array, weight, axis=0) for array in arrays]


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_weight_of_two_is_a_row_given_twice(cls, setting, rng):
    X, y = problem(cls)
    weight = rng.integers(0, 4, len(X))
    X_repeated, y_repeated = repeated(weight, X, y)
    assert len(X_repeated) <= 200  # a single batch
    weighted = quick(cls, **setting).fit(X, y, sample_weight=weight)
    longer = quick(cls, **setting).fit(X_repeated, y_repeated)
    assert_allclose(weighted.loss_curve_, longer.loss_curve_, rtol=1e-9)
    seen = X if setting.get("batch_norm") != SETTINGS[6]["batch_norm"] else X[:30]
    assert_allclose(outputs(weighted, seen), outputs(longer, seen), rtol=1e-6, atol=1e-8)
    unweighted = quick(cls, **setting).fit(X, y)
    assert np.abs(outputs(weighted, seen) - outputs(unweighted, seen)).max() > 1e-3


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"solver": "lbfgs"},
        {"batch_norm": BatchNorm(statistics="population")},
        {"batch_size": 7, "dropout": 0.3},
        {"dtype": "float32"},
    ],
    ids=str,
)
def test_a_weight_of_zero_is_a_row_left_out(cls, setting, rng):
    """To the bit in shuffled batches too: rows without weight are never drawn."""
    X, y = problem(cls)
    kept = rng.random(len(X)) < 0.6
    poison = np.where(kept[:, None], X, 1e6)
    for form in (np.asarray, sparse.csr_array):
        weighted = quick(cls, **setting).fit(form(poison), y, sample_weight=kept.astype(float))
        shorter = quick(cls, **setting).fit(form(X[kept]), y[kept])
        assert_allclose(
            weighted.loss_curve_,
            shorter.loss_curve_,
            rtol=1e-5 if setting.get("dtype") == "float32" else 1e-9,
        )
        assert_allclose(
            outputs(weighted, X),
            outputs(shorter, X),
            rtol=1e-4,
            atol=1e-5 if setting.get("dtype") == "float32" else 1e-7,
        )


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_partial_fit_takes_weights(cls, rng):
    X, y = problem(cls)
    weight = rng.integers(1, 4, len(X))
    names = {"classes": [0, 1, 2]} if cls is MLPClassifier else {}
    weighted, longer = quick(cls), quick(cls)
    for _ in range(5):
        weighted.partial_fit(X, y, sample_weight=weight, **names)
        longer.partial_fit(*repeated(weight, X, y), **names)
    assert_allclose(outputs(weighted, X), outputs(longer, X), rtol=1e-7)


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("scoring", [None, "loss"])
def test_validation_rows_have_weights(cls, scoring, rng):
    X, y = problem(cls)
    weight = rng.integers(0, 4, len(X))
    weight[0] = 3
    X_repeated, y_repeated = repeated(weight, X, y)
    target, repeated_target = (
        ({}, {}) if cls is Autoencoder else ({"y_val": y}, {"y_val": y_repeated})
    )
    setting = {"early_stopping": True, "scoring": scoring, "n_iter_no_change": 3}
    weighted = quick(cls, **setting).fit(X, y, X_val=X, **target, sample_weight_val=weight)
    longer = quick(cls, **setting).fit(X, y, X_val=X_repeated, **repeated_target)
    plain = quick(cls, **setting).fit(X, y, X_val=X, **target)
    for name in ("validation_loss", "validation_score"):
        assert_allclose(weighted.history_[name], longer.history_[name], rtol=1e-9)
        assert not np.allclose(
            weighted.history_[name].iloc[0], plain.history_[name].iloc[0], rtol=1e-3
        )


def test_weights_of_equal_size_change_nothing_but_the_share_of_the_penalty():
    X, y = curve()
    plain, doubled = (
        quick(MLPRegressor, alpha=1.0).fit(X, y),
        quick(MLPRegressor, alpha=2.0).fit(X, y, np.full(len(X), 2.0)),
    )
    assert_allclose(doubled.predict(X), plain.predict(X), rtol=1e-9)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 5.0, 2: 0.5}])
def test_class_weights_are_sample_weights(class_weight, rng):
    X, y = blobs(3)
    keep = (y != 1) | (rng.random(len(y)) < 0.3)
    X, y = X[keep], y[keep]
    own = rng.uniform(0.5, 2.0, len(y))
    each = (
        own.sum() / (3 * np.bincount(y, own))
        if class_weight == "balanced"
        else np.array([5.0, 1.0, 0.5])
    )
    model = quick(MLPClassifier, class_weight=class_weight)
    assert_allclose(
        model.fit(X, y, own).predict_proba(X),
        quick(MLPClassifier).fit(X, y, own * each[y]).predict_proba(X),
        rtol=1e-9,
    )
    names = np.array(["a", "b", "c"])
    named = class_weight if class_weight == "balanced" else {"a": 5.0, "c": 0.5}
    by_name = quick(MLPClassifier, class_weight=named).fit(X, names[y], own)
    assert_array_equal(by_name.predict_proba(X), model.predict_proba(X))


def test_balanced_weights_find_the_rare_class(rng):
    X = rng.normal(size=(2000, 2))
    y = (X[:, 0] + rng.normal(size=2000) > 2.5).astype(int)
    assert 0.02 < y.mean() < 0.08
    recall = {
        w: quick(MLPClassifier, class_weight=w, max_iter=60).fit(X, y).predict(X)[y == 1].mean()
        for w in (None, "balanced")
    }
    # measured over six seeds of the data: below 0.28, above 0.83
    assert recall[None] < 0.5 < 0.7 < recall["balanced"]


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_the_output_starts_at_the_weighted_mean(cls):
    """So that a rare or far-away target costs no epochs."""
    X, y = problem(cls)
    weight = np.where(y > 0, 5.0, 1.0)
    model = quick(cls, learning_rate_init=1e-12, max_iter=1, weight_init="zeros").fit(
        X, y, sample_weight=weight
    )
    if cls is MLPRegressor:
        assert_allclose(model.predict(X), np.average(y, weights=weight), atol=1e-9)
    else:
        assert_allclose(
            model.predict_proba(X[:1])[0], np.bincount(y, weight) / weight.sum(), rtol=1e-9
        )


BAD = [
    (np.zeros(60), "at least one non-zero number"),
    (np.full(60, np.nan), "contains NaN"),
    (np.full(60, np.inf), "contains infinity"),
    (-np.ones(60), "Negative values in data passed to `sample_weight`"),
    (np.r_[-1.0, np.zeros(58), 3.0], "Negative values in data passed to `sample_weight`"),
    (np.ones(3), r"sample_weight\.shape == \(3,\)"),
    (np.ones((60, 1)), "must be 1D array or scalar"),
    (["a"] * 60, "could not convert string to float"),
]


@pytest.mark.parametrize(("weight", "message"), BAD, ids=[message for _, message in BAD])
@pytest.mark.parametrize(
    "loss", ["squared_error", "quantile", "multilabel", "missing", "classes", "rows"]
)
def test_a_score_checks_its_weights_as_a_fit_does(loss, weight, message):
    kind = {
        "multilabel": MLPClassifier,
        "missing": MLPClassifier,
        "classes": MLPClassifier,
        "rows": Autoencoder,
    }.get(loss, MLPRegressor)
    X, y = labels(60) if loss in ("multilabel", "missing") else problem(kind)
    y = np.where(X[:, :1] > 0.5, -1, y) if loss == "missing" else y
    model = quick(kind, max_iter=1, **({"loss": loss} if kind is MLPRegressor else {})).fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match=message):
        model.score(X, y, sample_weight=weight)
    assert model.score(X, y, sample_weight=2.0) == pytest.approx(
        model.score(X, y), rel=1e-5
    )  # a number is that of each row, as in fit


def test_a_detector_checks_its_weights():
    X, _ = curve(60)
    for weight, message in BAD:
        with pytest.raises(ValueError, match=message):
            OutlierAutoencoder().fit(X, sample_weight=weight)


# ---- who hands out weights


@pytest.mark.parametrize("batch_norm", [False, True])
def test_boosting(batch_norm):
    X, y = cancer()
    setting = {"hidden_layer_sizes": (4,), "max_iter": 3, "batch_size": 8, "batch_norm": batch_norm}
    boosted = AdaBoostClassifier(MLPClassifier(**setting), n_estimators=5, random_state=0).fit(X, y)
    assert len(boosted.estimators_) > 1
    assert boosted.score(X, y) > 0.9  # measured over six seeds: 0.938
    X, y = diabetes()
    boosted = AdaBoostRegressor(
        MLPRegressor(**{**setting, "max_iter": 10}), n_estimators=5, random_state=0
    ).fit(X, y)
    assert boosted.score(X, y) > 0.3  # measured over six seeds: 0.389


@pytest.mark.parametrize("max_samples", [9, 0.5, 1.0])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_bagging_with_weights(max_samples, batch_norm):
    """A bootstrap as weights leaves most rows without any; batches are then drawn from the
    others.
    """
    X, y = cancer()
    setting = {
        "hidden_layer_sizes": (4,),
        "max_iter": 5,
        "batch_size": 8,
        "learning_rate_init": 0.01,
        "batch_norm": batch_norm,
    }
    bagged = BaggingClassifier(
        MLPClassifier(**setting), n_estimators=4, max_samples=max_samples, random_state=0
    ).fit(X, y)
    # measured over six seeds: 0.957; nine rows may all be of one class but one
    assert max_samples == 9 or bagged.score(X, y) > 0.92
    X, y = diabetes()
    bagged = BaggingRegressor(
        MLPRegressor(**setting), n_estimators=4, max_samples=max_samples, random_state=0
    ).fit(X, y)
    assert np.isfinite(bagged.predict(X)).all()
    assert max_samples == 9 or bagged.score(X, y) > 0.35  # measured over six seeds: 0.411


def test_multilabel_rows_have_weights(rng):
    X, y = labels(60)
    weight = rng.integers(0, 4, 60)
    weighted, longer = (
        quick(MLPClassifier).fit(X, y, weight),
        quick(MLPClassifier).fit(*repeated(weight, X, y)),
    )
    assert_allclose(weighted.predict_proba(X), longer.predict_proba(X), rtol=1e-7)


def test_few_rows_that_count_among_very_many_all_have_a_say_in_the_start():
    target, rows = np.broadcast_to(0.0, (300_000, 784)), np.arange(0, 300_000, 3000)
    assert len(start_rows(target, None, rows, 784)[0]) == len(rows) == 100
    assert len(start_rows(target, None, None, 784)[0]) < 2000
