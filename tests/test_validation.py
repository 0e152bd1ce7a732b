"""Held-out rows: what the history says of them, what early stopping makes of them, and who may
score them.
"""

import warnings

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss, make_scorer, mean_absolute_error, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor

from .problems import blobs, cancer, curve, diabetes, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]


def quick(cls, **setting):
    return cls(
        **{
            "hidden_layer_sizes": (20,),
            "learning_rate_init": 0.02,
            "max_iter": 30,
            "random_state": 0,
            **setting,
        }
    )


def halves(cls):
    """Return X, y, X_val, and what else ``fit`` needs to validate."""
    X, y = curve(300) if cls is MLPRegressor else blobs(3, n=300)
    return X[:150], y[:150], X[150:], {} if cls is Autoencoder else {"y_val": y[150:]}


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_history_has_a_row_for_each_epoch(cls, solver):
    X, y, X_val, target = halves(cls)
    model = quick(cls, solver=solver, max_iter=8, n_iter_no_change=np.inf)
    plain = model.fit(X, y).history_
    assert list(plain.columns) == ["loss", "learning_rate", "gradient_norm", "seconds"]
    history = model.fit(X, y, X_val=X_val, **target).history_
    assert list(history.columns) == [*plain.columns, "validation_loss", "validation_score"]
    assert list(history.index) == list(range(1, model.n_iter_ + 1))
    assert history.index.name == "epoch"
    assert (
        list(history["loss"]) == model.loss_curve_ == list(plain["loss"])
    )  # looking does not change the training
    assert list(history["validation_score"]) == model.validation_scores_
    assert_allclose(
        history["validation_score"].iloc[-1], model.score(X_val, *target.values()), rtol=1e-6
    )
    assert model.best_validation_score_ == max(model.validation_scores_)


@pytest.mark.parametrize("problem", ["binary", "multiclass", "multilabel"])
def test_validation_loss_is_the_mean_loss_of_the_held_out_rows(problem):
    X, y = {"binary": blobs(2), "multiclass": blobs(4), "multilabel": labels()}[problem]
    model = quick(MLPClassifier, max_iter=4, alpha=10.0).fit(X, y, X_val=X[:50], y_val=y[:50])
    p = model.predict_proba(X[:50])
    expected = (
        sum(log_loss(y[:50, k], p[:, k]) for k in range(4))
        if y.ndim == 2
        else log_loss(y[:50], p, labels=model.classes_)
    )
    assert_allclose(model.history_["validation_loss"].iloc[-1], expected, rtol=1e-6)


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_early_stopping_returns_the_weights_of_the_best_epoch(cls, given, seed):
    """Trained to fit 60 rows too well, scored on 150 others."""
    X, y, X_val, target = halves(cls)
    setting = {
        "early_stopping": True,
        "n_iter_no_change": 5,
        "max_iter": 300,
        "scoring": "loss",
        "random_state": seed,
        "alpha": 0.0,
    }
    model = quick(cls, hidden_layer_sizes=(100,), learning_rate_init=0.05, **setting)
    model.fit(X[:60], y[:60], **({"X_val": X_val, **target} if given else {}))
    scores = model.validation_scores_
    best = int(np.argmax(scores))
    assert best < len(scores) - 1 or cls is Autoencoder
    assert model.best_validation_score_ == scores[best]
    assert model.best_loss_ is None
    if given:
        again = quick(
            cls,
            hidden_layer_sizes=(100,),
            learning_rate_init=0.05,
            **{**setting, "max_iter": best + 1},
        )
        again.fit(X[:60], y[:60], X_val=X_val, **target)
        assert_array_equal(model.transform(X_val), again.transform(X_val))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_the_final_score_is_the_best_validation_score(cls):
    X, y, X_val, target = halves(cls)
    for batch_norm in (False, True):
        model = quick(
            cls,
            early_stopping=True,
            n_iter_no_change=3,
            max_iter=200,
            batch_norm=batch_norm,
            learning_rate_init=0.1,
        )
        model.fit(X, y, X_val=X_val, **target)
        assert model.n_iter_ < 200
        assert_allclose(
            model.score(X_val, *target.values()), model.best_validation_score_, rtol=1e-6
        )


def test_stopping_waits_for_the_epochs_it_was_told_to():
    X, y, X_val, target = halves(MLPClassifier)
    for patience in (1, 4):
        model = quick(
            MLPClassifier, early_stopping=True, n_iter_no_change=patience, max_iter=200
        ).fit(X, y, X_val=X_val, **target)
        scores = np.array(model.validation_scores_)
        gains = np.flatnonzero(scores >= np.maximum.accumulate([-np.inf, *scores[:-1]]) + 1e-4)
        assert len(scores) == gains[-1] + 1 + patience + 1


# ---- what is watched


@pytest.mark.parametrize(
    "scoring", ["roc_auc", make_scorer(roc_auc_score, response_method="predict_proba")]
)
def test_a_scorer(scoring):
    X, y = cancer()
    model = quick(MLPClassifier, early_stopping=True, scoring=scoring, max_iter=10).fit(
        X[:400], y[:400], X_val=X[400:], y_val=y[400:]
    )
    assert_allclose(
        model.best_validation_score_,
        roc_auc_score(y[400:], model.predict_proba(X[400:])[:, 1]),
        rtol=1e-6,
    )


def test_a_function_as_scorer_gets_the_rows_as_they_were_given():
    X, y = diabetes()
    seen = []

    def scorer(estimator, X, y):
        seen.append((X, y, estimator.n_features_in_))
        return -mean_absolute_error(y, estimator.predict(X))

    X_val, y_val = X[300:].tolist(), y[300:].tolist()
    model = quick(MLPRegressor, early_stopping=True, scoring=scorer, max_iter=10).fit(
        X[:300], y[:300], X_val=X_val, y_val=y_val
    )
    assert len(seen) == model.n_iter_
    assert all(rows is X_val and target is y_val for rows, target, _ in seen)
    assert_allclose(
        model.best_validation_score_, -mean_absolute_error(y_val, model.predict(X_val)), rtol=1e-6
    )


def test_the_loss_is_watched_with_its_sign():
    X, y, X_val, target = halves(MLPRegressor)
    history = (
        quick(MLPRegressor, early_stopping=True, scoring="loss")
        .fit(X, y, X_val=X_val, **target)
        .history_
    )
    assert_array_equal(history["validation_score"], -history["validation_loss"])


def test_an_autoencoder_is_scored_without_a_target():
    X, _, X_val, _ = halves(Autoencoder)
    model = quick(
        Autoencoder, early_stopping=True, scoring=lambda estimator, X: estimator.score(X)
    ).fit(X, X_val=X_val)
    assert_allclose(model.best_validation_score_, model.score(X_val), rtol=1e-6)
    assert_array_equal(
        clone(model).fit(X, np.zeros(len(X))).transform(X), clone(model).fit(X).transform(X)
    )  # a y is left alone


# ---- who is held out


class Watch:
    """A scorer that keeps the labels that it is given."""

    def __call__(self, estimator, X, y):
        self.y = np.asarray(y)
        return 0.5


@pytest.mark.parametrize("fraction", [0.1, 0.3])
def test_a_held_out_part_has_every_class_in_its_share(fraction):
    X, y = blobs(3, n=300)
    y = np.where(np.arange(300) % 10 == 0, 2, y % 2)
    watch = Watch()
    quick(
        MLPClassifier, early_stopping=True, validation_fraction=fraction, scoring=watch, max_iter=2
    ).fit(X, y)
    assert len(watch.y) == 300 * fraction
    assert (watch.y == 2).sum() == 30 * fraction


def test_other_seeds_hold_out_other_rows_and_equal_seeds_the_same():
    X, _ = curve(100)
    y = np.arange(100.0)
    held = []
    for seed in (0, 0, 1):
        watch = Watch()
        quick(
            MLPRegressor,
            early_stopping=True,
            scoring=watch,
            max_iter=2,
            random_state=seed,
            dtype="float64",
        ).fit(X, y)
        held.append(watch.y)
    assert_array_equal(held[0], held[1])
    assert not np.array_equal(held[0], held[2])
    assert len(set(held[0])) == 10


def test_held_out_rows_are_not_trained_on():
    X, y = curve(100)
    watch = Watch()
    y = y + 1e-9 * np.arange(100)
    quick(MLPRegressor, early_stopping=True, scoring=watch, max_iter=1, dtype="float64").fit(X, y)
    spoilt = np.where(np.isin(y, watch.y), 100.0, y)
    setting = {"early_stopping": True, "max_iter": 3, "dtype": "float64", "scoring": lambda *_: 0.5}
    assert_array_equal(
        quick(MLPRegressor, **setting).fit(X, y).predict(X),
        quick(MLPRegressor, **setting).fit(X, spoilt).predict(X),
    )


def test_too_few_rows_to_hold_out():
    X, y = curve(10)
    with pytest.raises(
        ValueError, match=r"validation set is too small. Increase 'validation_fraction'"
    ):
        quick(MLPRegressor, early_stopping=True).fit(X, y)


def test_partial_fit_has_nothing_to_stop():
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        quick(MLPRegressor, early_stopping=True).partial_fit(*curve())


def test_validation_rows_of_another_kind():
    X, y = blobs(3)
    with pytest.raises(ValueError, match="`y` has classes not in"):
        quick(MLPClassifier).fit(X, y, X_val=X, y_val=y + 1)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        quick(MLPClassifier).fit(X, y, X_val=X, y_val=y[:5])
    with pytest.raises(ValueError, match="X_val was given without y_val; give both or neither"):
        quick(MLPClassifier).fit(X, y, X_val=X)
    for held_out in ({"X_val": X[:, :1], "y_val": y}, {"X_val": X, "y_val": y + 1}):
        with pytest.raises(ValueError, match=r"\nThis is about X_val, y_val and sample_weight_val"):
            quick(MLPClassifier).fit(X, y, **held_out)


# ---- through scikit-learn's tools


def test_validation_rows_go_through_a_pipeline():
    """``transform_input`` scales X_val with what was learned from X."""
    X, y = curve(200)
    X = 1000.0 * X + 5000.0
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick(MLPRegressor, early_stopping=True, scoring="loss").set_fit_request(
            X_val=True, y_val=True
        )
        pipe = Pipeline([("scale", StandardScaler()), ("mlp", model)], transform_input=["X_val"])
        pipe.fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
        scale = StandardScaler().fit(X[:100])
        alone = quick(MLPRegressor, early_stopping=True, scoring="loss")
        alone.fit(scale.transform(X[:100]), y[:100], X_val=scale.transform(X[100:]), y_val=y[100:])
        assert_array_equal(pipe.predict(X), alone.predict(scale.transform(X)))
        assert pipe["mlp"].validation_scores_ == alone.validation_scores_


def test_validation_rows_go_through_a_grid_search():
    X, y = blobs(3, n=200)
    search = GridSearchCV(
        quick(MLPClassifier, max_iter=5, early_stopping=True), {"alpha": [0.1, 1.0]}, cv=2
    )
    search.fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert len(search.best_estimator_.validation_scores_) == search.best_estimator_.n_iter_
    assert_allclose(
        search.best_estimator_.score(X[150:], y[150:]),
        search.best_estimator_.best_validation_score_,
    )


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])
def test_rows_of_another_scale_are_told(cls):
    """As a pipeline hands them on that transforms X only; rows of the same scale, few or shifted
    ones too, are not told.
    """
    X, y = cancer()
    raw = load_breast_cancer().data
    target = () if cls is Autoencoder else (y,)
    model = cls(hidden_layer_sizes=(3,), max_iter=1)

    def fit(X_val):
        y_val = {} if cls is Autoencoder else {"y_val": y[: len(X_val)]}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(X, *target, X_val=X_val, **y_val)
        return [
            str(warning.message) for warning in caught if "another scale" in str(warning.message)
        ]

    (told,) = fit(raw)
    assert "deviation of column 23 are 881 and 569, in X" in told
    assert fit(X[:5] + 3.0) == fit(X) == []
