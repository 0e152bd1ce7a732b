"""Sample weights of the estimators for tables: rows of weight zero are not there, equal weights are
none, and the unit of weights does not matter.
"""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmlp import TabularMLPClassifier, TabularMLPRegressor
from skmlp._tabular.intervals import error_quantiles

from .tables import mixed

QUICK = {"n_estimators": 2, "hidden_layer_sizes": (8,), "max_iter": 4, "random_state": 0}
BOTH = pytest.mark.parametrize("cls", [TabularMLPClassifier, TabularMLPRegressor])


def predicted(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@BOTH
def test_rows_of_weight_zero_are_left_out(cls):
    """They are no rows by which the size of the table, and so its rare categories, are told."""
    X, y = mixed(3000)
    X["town"] = np.random.default_rng(0).integers(0, 40, len(X)).astype(str)
    first = np.arange(len(X)) < 200
    weighted = cls(**QUICK).fit(X, y, sample_weight=first.astype(float))
    alone = cls(**QUICK).fit(X[first], y[first])
    assert weighted._codec.categories == alone._codec.categories
    assert len(alone._codec.categories[1]) > 20
    assert_array_equal(predicted(weighted, X), predicted(alone, X))


@BOTH
@pytest.mark.parametrize("weight", [1.0, 7.0])
def test_equal_weights_are_none(cls, weight):
    X, y = mixed()
    alone = cls(**QUICK).fit(X, y)
    weighted = cls(**QUICK).fit(X, y, sample_weight=np.full(len(y), weight))
    assert_allclose(predicted(weighted, X), predicted(alone, X), rtol=0, atol=1e-5)


@BOTH
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_the_unit_of_weights_does_not_matter(cls, unit):
    X, y = mixed()
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        models = [cls(**QUICK).fit(X, y, sample_weight=weight * factor) for factor in (1.0, unit)]
    assert_allclose(*(predicted(model, X) for model in models), rtol=0, atol=2e-3)


def test_quantiles_count_weights():
    """Rows with large errors that hardly weigh anything make no interval wide."""
    rng = np.random.default_rng(0)
    X, noisy = rng.normal(size=(600, 1)), np.arange(600) % 2
    y = X[:, 0] + np.where(noisy, 5.0, 0.1) * rng.normal(size=600)
    widths = []
    for weight in (None, np.where(noisy, 1e-6, 1.0), np.where(noisy, 1e-200, 1e200)):
        model = TabularMLPRegressor(**{**QUICK, "max_iter": 20}).fit(X, y, sample_weight=weight)
        low, high = model.predict(X, quantiles=(0.05, 0.95)).T
        widths.append(np.mean(high - low))
    assert max(widths[1:]) < 0.25 * widths[0]
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


@pytest.mark.parametrize("level", [0.02, 0.1, 0.5, 0.77, 0.9, 0.99])
def test_quantiles_of_errors_count_weights_as_repetitions(level):
    """To the few rows by which what stands for the new row differs."""
    rng = np.random.default_rng(0)
    errors, repeats, levels = rng.normal(size=60), rng.integers(1, 4, 60), np.array([level])
    (of,) = error_quantiles(np.zeros(60), errors, repeats / 3.0, levels, np.zeros(1))[0]
    repeated = np.sort(np.repeat(errors, repeats))
    first, last = (np.searchsorted(repeated, of, side) for side in ("left", "right"))
    assert first - 4 <= level * len(repeated) <= last + 4


def test_what_the_recipe_sets_is_not_warned_of():
    X, y = mixed()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TabularMLPRegressor(**{**QUICK, "hidden_layer_sizes": ()}, batch_size=1000).fit(X, y)
