"""What early stopping makes of scores: the weights of the rows, scores that are not defined, the
statistics of batch normalisation.
"""

import math

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, log_loss, make_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import LeaveOneOut, PredefinedSplit

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._inspect.r2 import r2
from skmlp.nn.layers import BatchNorm

from .problems import blobs, curve
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
LAST = PredefinedSplit(np.repeat([-1, 0], [100, 50]))  # the last fifty rows are held out


def quick(cls, **setting):
    setting = {
        "hidden_layer_sizes": (6,),
        "learning_rate_init": 0.02,
        "max_iter": 5,
        "random_state": 0,
        "early_stopping": True,
        **setting,
    }
    return cls(**setting)


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


def without_weights(estimator, X, y):
    return accuracy_score(y, estimator.predict(X))


def with_weights(estimator, X, y, sample_weight=None):
    return accuracy_score(y, estimator.predict(X), sample_weight=sample_weight)


class Seen:
    """A scorer that keeps the weights that it is given."""

    def __call__(self, estimator, X, y=None, *, sample_weight=None):
        self.weight = sample_weight
        return 0.5


# ---- weights


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("class_weight", [None, {0: 5.0, 2: 0.1}])
def test_a_scorer_gets_the_weights_of_the_rows(given, class_weight, rng):
    """Those of classes are among them where the rows are held out of X, as in scikit-learn's
    HistGradientBoostingClassifier.
    """
    X, y = blobs(3)
    weight = rng.uniform(0.1, 10.0, 150)
    of_rows = weight[100:] * (
        1.0 if given or class_weight is None else np.array([5.0, 1.0, 0.1])[y[100:]]
    )
    for scoring, expected in (
        (
            "accuracy",
            lambda model: accuracy_score(y[100:], model.predict(X[100:]), sample_weight=of_rows),
        ),
        (
            "neg_log_loss",
            lambda model: -log_loss(y[100:], model.predict_proba(X[100:]), sample_weight=of_rows),
        ),
        (
            with_weights,
            lambda model: accuracy_score(y[100:], model.predict(X[100:]), sample_weight=of_rows),
        ),
        (without_weights, lambda model: accuracy_score(y[100:], model.predict(X[100:]))),
        (
            make_scorer(lambda a, b: np.mean(a == b)),
            lambda model: accuracy_score(y[100:], model.predict(X[100:])),
        ),
    ):
        model = quick(MLPClassifier, scoring=scoring, max_iter=1, class_weight=class_weight)
        if given:
            model.fit(
                X[:100],
                y[:100],
                weight[:100],
                X_val=X[100:],
                y_val=y[100:],
                sample_weight_val=weight[100:],
            )
        else:
            model.set_params(validation_cv=LAST).fit(X, y, weight)
        assert_allclose(model.validation_scores_[-1], expected(model), rtol=1e-5)


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("c", [1.0, 1e-45, 1e60])
def test_the_weights_are_as_they_were_given(cls, c, rng):
    X, y = problem(cls)
    weight, seen = c * rng.uniform(0.5, 2.0, 150), Seen()
    quick(cls, scoring=seen, alpha=0.0, validation_cv=LAST).fit(X, y, weight)
    assert_array_equal(seen.weight, weight[100:])
    y_val = {} if cls is Autoencoder else {"y_val": y[100:]}
    quick(cls, scoring=seen).fit(
        X[:100], y[:100], X_val=X[100:], sample_weight_val=weight[100:], **y_val
    )
    assert_array_equal(seen.weight, weight[100:])
    quick(cls, scoring=seen).fit(X, y)
    assert seen.weight is None


def test_a_scorer_may_ask_for_no_weights(rng):
    """By metadata routing; one that says nothing gets them."""
    X, y = curve()
    weight = rng.uniform(0.1, 10.0, 150)
    with sklearn.config_context(enable_metadata_routing=True):
        for request, of_rows in (
            ({}, weight[100:]),
            ({"sample_weight": True}, weight[100:]),
            ({"sample_weight": False}, None),
        ):
            scorer = make_scorer(mean_absolute_error, greater_is_better=False)
            scorer = scorer.set_score_request(**request) if request else scorer
            model = quick(MLPRegressor, scoring=scorer, max_iter=1, validation_cv=LAST).fit(
                X, y, weight
            )
            expected = -mean_absolute_error(y[100:], model.predict(X[100:]), sample_weight=of_rows)
            assert_allclose(model.validation_scores_[0], expected, rtol=1e-5)


# ---- scores that are not defined


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_epoch_without_a_score_is_neither_better_nor_worse(value):
    """Training goes on as if it had not been looked at, and keeps the best of the others."""
    X, y = curve()
    seen = []

    def gaps(estimator, X, y):
        seen.append(r2_score(y, estimator.predict(X)))
        return value if len(seen) <= 8 or len(seen) % 2 else seen[-1]

    model = quick(
        MLPRegressor, scoring=gaps, n_iter_no_change=3, max_iter=60, tol=10.0, validation_cv=LAST
    ).fit(X, y)
    # the ninth is the first that is looked at, and progress; then there are four without, every
    # other one
    assert model.n_iter_ == len(seen) == 18
    assert_allclose(r2_score(y[100:], model.predict(X[100:])), max(seen[9::2]), rtol=1e-6)
    assert model.best_validation_score_ == max(seen[9::2])
    assert np.isnan(model.validation_scores_[:8]).all()


def never(estimator, X, y=None):
    return math.nan


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_scores_that_are_never_defined(cls):
    X, y = problem(cls)
    model = quick(cls, early_stopping=False).fit(X, y)
    before = state(model, X)
    model.set_params(early_stopping=True, scoring=never, validation_cv=LAST)
    with pytest.raises(
        ValueError,
        match=r"scoring=<function never.*> gave no finite number for the 50 held-out rows after "
        r"any of the 5 epochs",
    ):
        model.fit(X, y)
    assert_unchanged(
        before, state(model.set_params(early_stopping=False, scoring=None, validation_cv=None), X)
    )
    with_history = quick(cls, early_stopping=False, scoring=never)
    with_history.fit(
        X, y, X_val=X, **({} if cls is Autoencoder else {"y_val": y})
    )  # nothing is watched
    assert np.isnan(with_history.validation_scores_).all()
    assert math.isnan(with_history.best_validation_score_)


@pytest.mark.parametrize("given", [None, "0.5", [0.5], 1j], ids=repr)
def test_a_score_that_is_no_number_is_named(given):
    X, y = blobs(3)
    with pytest.raises(ValueError, match=r"scoring=<function .* must return a number, but it"):
        quick(MLPClassifier, scoring=lambda estimator, X, y: given).fit(X, y)


def test_a_curve_that_one_class_has_not():
    X, y = blobs(2)
    model = quick(MLPClassifier, scoring="roc_auc")
    with (
        pytest.warns(sklearn.exceptions.UndefinedMetricWarning),
        pytest.raises(ValueError, match="scoring='roc_auc' gave no finite number"),
    ):
        model.fit(X, y, X_val=X[y == 1], y_val=y[y == 1])


def test_the_estimators_own_score_may_be_undefined(rng):
    """Labels none of which are known."""
    X, y = rng.normal(size=(60, 3)), np.eye(3)[rng.integers(0, 3, 60)]
    with pytest.raises(
        ValueError,
        match=r"the estimator's own score \(scoring=None\) gave no finite number for the 10 "
        r"held-out rows",
    ):
        quick(MLPClassifier).fit(X[:50], y[:50], X_val=X[50:], y_val=np.full((10, 3), -1))


def test_an_earlier_best_epoch_is_kept_where_a_warm_start_has_no_score():
    X, y = curve()
    defined = [True]

    def scorer(estimator, X, y):
        return r2_score(y, estimator.predict(X)) if defined[0] else math.nan

    model = quick(MLPRegressor, scoring=scorer, warm_start=True, validation_cv=LAST).fit(X, y)
    before = model.predict(X)
    defined[0] = False
    assert_array_equal(model.fit(X, y).predict(X), before)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_single_held_out_row(cls):
    """Of which R2 is not defined, whoever holds it out."""
    X, y = problem(cls)
    y_val = {} if cls is Autoencoder else {"y_val": y[:2]}
    message = (
        "validation set is too small: early_stopping needs two held-out rows or more, but has 1"
    )
    with pytest.raises(ValueError, match=message):
        quick(cls, validation_cv=LeaveOneOut()).fit(X, y)
    with pytest.raises(ValueError, match=message):
        quick(cls).fit(X, y, X_val=X[:2], sample_weight_val=[0.0, 3.0], **y_val)
    quick(cls).fit(X, y, X_val=X[:2], **y_val)
    if cls is not MLPRegressor:
        quick(cls, early_stopping=False).fit(
            X, y, X_val=X[:1], **{name: values[:1] for name, values in y_val.items()}
        )


# ---- batch normalisation


@pytest.mark.parametrize(
    "setting",
    [
        {"solver": "lbfgs", "batch_norm": True},
        {"batch_norm": BatchNorm(statistics="population"), "batch_size": 30},
    ],
    ids=str,
)
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_scores_are_those_of_the_statistics_that_a_fit_ends_with(cls, setting):
    X, y = problem(cls)
    y_val = {} if cls is Autoencoder else {"y_val": y[100:]}
    watched = {"early_stopping": "solver" not in setting}
    model = quick(cls, hidden_layer_sizes=(6, 4), **setting, **watched).fit(
        X[:100], y[:100], X_val=X[100:], **y_val
    )
    score = model.score(X[100:], y[100:])
    found = model.validation_scores_[-1] if "solver" in setting else model.best_validation_score_
    assert_allclose(found, score, rtol=1e-5)
    plain = quick(cls, hidden_layer_sizes=(6, 4), **setting, early_stopping=False).fit(
        X[:100], y[:100]
    )
    looked_at = quick(cls, hidden_layer_sizes=(6, 4), **setting, early_stopping=False).fit(
        X[:100], y[:100], X_val=X[100:], **y_val
    )
    assert_array_equal(looked_at.transform(X), plain.transform(X))


@pytest.mark.parametrize("n_columns", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_r2_is_that_of_scikit_learn(n_columns, weighted, rng):
    for scale in (1.0, 1e-3, 1e6):
        target = scale * rng.integers(-1, 2, (40, 4, n_columns))
        said = target + scale * rng.integers(-1, 2, target.shape)
        weights = rng.integers(1, 4, (40, 4)).astype(float)
        said[:10] = target[:10]  # perfect ones, and constant targets on both sides
        target[5:15] = target[5:15, :1]
        for values, predictions, weight in zip(target, said, weights, strict=True):
            weight = weight if weighted else None
            expected = r2_score(values, predictions, sample_weight=weight)
            assert_allclose(r2(values, predictions, weight), expected, rtol=1e-12, atol=1e-14)
    with pytest.raises(ValueError, match="infinity"):
        r2([1.0, 2.0], [np.inf, 2.0], None)
    with pytest.warns(sklearn.exceptions.UndefinedMetricWarning):
        assert np.isnan(r2([1.0], [1.0], None))
