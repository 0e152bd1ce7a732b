"""Early stopping, snapshots and time limits as callbacks of scikit-learn's protocol."""

import os
import pickle
import re
import warnings
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, callbacks
from skmlp.callbacks import EarlyStopping, Snapshot, TimeLimit

from .problems import blobs, curve
from .short_fits import ESTIMATORS, at_epoch, load, problem, quick

pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# ---- early stopping


def scores_in_turn(scores):
    """Return a scorer that gives the scores one by one."""
    scores = iter(scores)
    return lambda estimator, X, y=None: next(scores)


@pytest.mark.parametrize(
    ("scores", "n_iter"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], 8),
        (
            [1, 1, 1, 1, 1, 1, 1, 1],
            4,
        ),  # the first epoch is progress, then patience is 2, then the third without
        (
            [1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5],
            4,
        ),  # each epoch is measured from the best so far
        ([1, 0, 0, 2, 0, 0, 0, 3], 7),
        ([1, np.nan, np.nan, np.nan, 2, 3, 4, 5], 4),
        ([-5, -4, -3, -3, -3, -3, 0, 0], 6),
    ],
)
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_early_stopping_after_too_many_epochs_without_progress(cls, scores, n_iter):
    X, y = problem(cls)
    stopping = EarlyStopping(scores_in_turn(scores), n_iter_no_change=2, tol=0.1)
    model = quick(cls, max_iter=8).set_callbacks(stopping).fit(X, y)
    assert model.n_iter_ == n_iter
    assert_array_equal(model.predict(X), quick(cls, max_iter=n_iter).fit(X, y).predict(X))


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("held_out", [False, True])
def test_what_early_stopping_scores(cls, held_out):
    X, y = problem(cls)
    weight = np.linspace(0, 1, len(X))
    seen = []

    def score(estimator, X, y=None, sample_weight=None):
        seen.append((X, y, sample_weight, estimator.score(X, y)))
        return 0.0

    names = {}
    if held_out:
        names = {"X_val": X[:30].copy(), "y_val": None if cls is Autoencoder else y[:30].copy()}
    quick(cls, max_iter=3).set_callbacks(EarlyStopping(score, **names)).fit(
        X, y, sample_weight=weight
    )
    for k, (X_seen, y_seen, weight_seen, value) in enumerate(seen, 1):
        assert X_seen is (names["X_val"] if held_out else X)
        assert y_seen is (names["y_val"] if held_out else y)
        assert weight_seen is (None if held_out else weight)
        assert value == quick(cls, max_iter=k).fit(X, y, sample_weight=weight).score(X_seen, y_seen)
    assert len(seen) == 3


def test_early_stopping_takes_the_names_of_scorers():
    X, y = blobs(3)
    model = quick(MLPClassifier, learning_rate_init=0.5, max_iter=60).set_callbacks(
        EarlyStopping("neg_log_loss", X_val=X[100:], y_val=y[100:], n_iter_no_change=3, tol=0.0)
    )
    n = model.fit(X[:100], y[:100]).n_iter_
    losses = [
        log_loss(
            y[100:],
            clone(model)
            .set_callbacks()
            .set_params(max_iter=k)
            .fit(X[:100], y[:100])
            .predict_proba(X[100:]),
        )
        for k in range(1, n + 1)
    ]
    assert n < 60
    assert np.argmin(losses) == n - 5  # the best epoch, then patience is 3, then the fourth without


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_early_stopping_in_a_search_and_an_ensemble(n_jobs):
    X, y = blobs(3)
    model = quick(MLPClassifier).set_callbacks(
        EarlyStopping(n_iter_no_change=1, tol=10.0)
    )  # no progress ever
    bag = BaggingClassifier(model, n_estimators=4, n_jobs=n_jobs, random_state=0).fit(X, y)
    assert [each.n_iter_ for each in bag.estimators_] == [3] * 4
    search = GridSearchCV(
        model, {"alpha": [0.1, 1.0]}, cv=2, n_jobs=n_jobs, error_score="raise"
    ).fit(X, y)
    assert search.best_estimator_.n_iter_ == 3
    plain = GridSearchCV(quick(MLPClassifier, max_iter=3), {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)
    assert_array_equal(search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])


def test_one_callback_serves_several_fits_at_once():
    X, y = curve()
    expected = {
        rate: stopped_early(quick(MLPRegressor), rate, X, y) for rate in (0.001, 0.01, 0.1, 1.0)
    }
    assert len(set(expected.values())) > 1
    shared = quick(MLPRegressor).set_callbacks(
        EarlyStopping(n_iter_no_change=2, tol=0.05), TimeLimit(1000.0)
    )
    rates = list(expected) * 5
    found = Parallel(4, prefer="threads")(
        delayed(n_iter_of)(clone(shared), rate, X, y) for rate in rates
    )
    assert found == [expected[rate] for rate in rates]
    assert [callback._fits for callback in shared._skl_callbacks] == [{}, {}]


def test_a_pickle_of_a_callback_knows_of_no_fit():
    stopping, copies = EarlyStopping(n_iter_no_change=2, tol=0.05), []
    quick(MLPRegressor).set_callbacks(
        stopping, at_epoch(lambda epoch: copies.append(pickle.dumps(stopping)))
    ).fit(*curve())
    copied = pickle.loads(copies[0])
    assert vars(copied) == vars(stopping)


def stopped_early(model, rate, X, y):
    return n_iter_of(model.set_callbacks(EarlyStopping(n_iter_no_change=2, tol=0.05)), rate, X, y)


def n_iter_of(model, rate, X, y):
    return model.set_params(learning_rate_init=rate).fit(X, y).n_iter_


# ---- time limit


def test_a_time_limit_stops_after_the_epoch_in_which_it_passes(monkeypatch):
    X, y = curve()
    clock = iter(range(100, 1000))  # a second from one look to the next
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    model = quick(MLPRegressor).set_callbacks(TimeLimit(3))
    assert model.fit(X, y).n_iter_ == 3
    assert model.fit(X, y).n_iter_ == 3  # each fit has its own
    assert model.set_callbacks(TimeLimit(0.5)).fit(X, y).n_iter_ == 1
    assert model.set_callbacks(TimeLimit(0)).set_params(solver="lbfgs").fit(X, y).n_iter_ == 1
    assert model.set_callbacks(TimeLimit(500)).fit(X, y).n_iter_ == 20


@pytest.mark.parametrize(
    ("around", "remedy"),
    [
        (
            lambda model: make_pipeline(StandardScaler(), model),
            r"Pipeline, which has no epochs; set it .* pipeline\[-1\]\.set_callbacks\(",
        ),
        (
            lambda model: GridSearchCV(
                model, {"alpha": [0.1]}, cv=2, n_jobs=2, error_score="raise"
            ),
            r"GridSearchCV, which has no epochs; ",
        ),
        (lambda model: StandardScaler(), r"StandardScaler, which has no epochs; take it away"),
    ],
    ids=["pipeline", "search", "scaler"],
)
def test_where_there_are_no_epochs_they_warn_that_they_do_nothing(around, remedy, tmp_path):
    X, y = curve()
    ours = [TimeLimit(0), EarlyStopping(), Snapshot(tmp_path / "model.pkl")]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        around(quick(MLPRegressor, max_iter=2)).set_callbacks(*ours).fit(X, y)
    assert len(caught) == 3
    for callback, warning in zip(ours, caught, strict=True):
        assert re.match(f"{type(callback).__name__} does nothing on {remedy}", str(warning.message))
        assert warning.filename == __file__
    assert os.listdir(tmp_path) == []


def test_inside_a_pipeline_they_do_what_they_are_for(tmp_path):
    X, y = curve()
    ours = [TimeLimit(0), Snapshot(tmp_path / "model.pkl")]
    pipeline = make_pipeline(StandardScaler(), quick(MLPRegressor).set_callbacks(*ours)).fit(X, y)
    assert pipeline[-1].n_iter_ == 1
    assert_array_equal(load(tmp_path / "model.pkl").coefs_[0], pipeline[-1].coefs_[0])


# ---- other estimators


def test_ours_serve_other_estimators(tmp_path):
    X, y = blobs(3)
    path, seen = tmp_path / "model.pkl", []

    def score(estimator, X, y):
        seen.append(estimator.score(X, y))
        return 0.0

    ours = [Snapshot(path, every=2), EarlyStopping(score), TimeLimit(1000)]
    model = LogisticRegression(max_iter=4).set_callbacks(*ours).fit(X, y)
    assert_array_equal(load(path).predict(X), model.predict(X))
    assert seen[-1] == model.score(X, y)


# ---- parameters


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partial(TimeLimit, -1), r"seconds must be a finite number that is at least 0, got -1"),
        (partial(TimeLimit, np.inf), r"seconds must be .*, got inf"),
        (partial(TimeLimit, "1h"), r"seconds must be .*, got '1h'"),
        (
            partial(Snapshot, "model.pkl", every=0),
            r"every must be an integer that is at least 1, got 0",
        ),
        (partial(Snapshot, "model.pkl", every=1.5), r"every must be .*, got 1.5"),
        (partial(EarlyStopping, n_iter_no_change=0), r"n_iter_no_change must be .*, got 0"),
        (partial(EarlyStopping, n_iter_no_change=True), r"n_iter_no_change must be .*, got True"),
        (partial(EarlyStopping, tol=-1.0), r"tol must be .*, got -1.0"),
        (partial(EarlyStopping, tol=np.nan), r"tol must be .*, got nan"),
        (partial(EarlyStopping, y_val=[1]), r"y_val was given without X_val"),
    ],
)
def test_wrong_parameters_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_scorer_that_does_not_exist_is_refused_before_training():
    model = quick(MLPRegressor).set_callbacks(EarlyStopping("no such score"))
    with pytest.raises(ValueError, match="no such score"):
        model.fit(*curve())
    assert not hasattr(model, "n_features_in_")
