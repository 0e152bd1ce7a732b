"""Threads: BLAS has one during a fit or a prediction, its number is never raised and is put back,
and threads of ours help a single fit.

A scorer looks from inside the fit, and its score is the number of threads that it sees. In
prediction the layers look.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import get_ident

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import cross_validate
from threadpoolctl import threadpool_info, threadpool_limits

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._fit import threads as _threads
from skmlp._fit.threads import free_threads, one_thread
from skmlp.nn import helpers
from skmlp.nn.layers import Dense

from .networks import classifier
from .problems import digits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (20,)}
LARGE = {
    "hidden_layer_sizes": (1000,),
    "batch_size": 800,
}  # a product of 51 million multiplications


def blas_threads(*_):
    return max(
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    )


def of_the_fit(*_):
    """Return the number of threads that the fit may use, which is the caller's."""
    return free_threads()


def watched(scoring, **setting):
    return classifier(**{"early_stopping": True, "max_iter": 2, **setting}, scoring=scoring)


@pytest.mark.parametrize("setting", [SMALL, LARGE], ids=["small", "large"])
def test_blas_has_one_thread_for_the_time_of_a_fit(setting):
    with threadpool_limits(2):
        assert watched(blas_threads, **setting).fit(*digits()).validation_scores_ == [1, 1]
        assert watched(of_the_fit, **setting).fit(*digits()).validation_scores_ == [2, 2]
        assert blas_threads() == free_threads() == 2


def test_a_limit_is_never_raised():
    with threadpool_limits(1):
        assert watched(blas_threads, **LARGE).fit(*digits()).validation_scores_ == [1, 1]
        assert watched(of_the_fit, **LARGE).fit(*digits()).validation_scores_ == [1, 1]


@pytest.mark.parametrize("start", [{}, {"data_init": True, "weight_init": "orthogonal"}], ids=str)
def test_the_number_of_threads_changes_no_bit(start):
    found = []
    for n in (1, 2):
        with threadpool_limits(n):
            model = classifier(**LARGE, max_iter=2, **start).fit(*digits())
            found.append((model.coefs_[0], model.predict_proba(digits()[0])))
    for one, other in zip(*found, strict=True):
        assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2])
def test_jobs_do_not_multiply_threads(n):
    """In a worker a fit has as many threads as joblib gives it."""
    with parallel_config("loky", inner_max_num_threads=n):
        network = watched(of_the_fit, **LARGE)
        found = cross_validate(network, *digits(), cv=2, n_jobs=2, return_estimator=True)
    scores = {score for network in found["estimator"] for score in network.validation_scores_}
    assert scores == {n}


def test_several_fits_at_once_have_a_thread_each():
    """The others help nobody, and the last that is left has all threads again."""
    with threadpool_limits(2), ThreadPoolExecutor(1) as pool:
        assert free_threads() == 2
        with one_thread():
            assert free_threads() == 2
            other = one_thread()
            pool.submit(other.__enter__).result()
            assert free_threads() == pool.submit(free_threads).result() == 1
            assert not helpers._active
            pool.submit(other.__exit__, None, None, None).result()
            assert free_threads() == 2
            assert len(helpers._active) == 1
        assert not helpers._active


class Library:
    """A BLAS library whose number of threads belongs to the process, to the first thread that
    changes it, until this lets go of it, or is each thread's own.
    """

    def __init__(self, belongs_to):
        self.belongs_to = belongs_to
        self.threading_layer = "openmp" if belongs_to == "each thread" else "pthreads"
        self.numbers = {}
        self.owner = None

    def get_num_threads(self):
        return self.numbers.get(get_ident() if self.belongs_to == "each thread" else None, 2)

    def set_num_threads(self, number):
        if self.owner is None:
            self.owner = get_ident()
        if self.belongs_to != "first thread" or self.owner == get_ident():
            self.numbers[get_ident() if self.belongs_to == "each thread" else None] = number

    def clear_controlling_thread(self):
        if self.owner == get_ident():
            self.owner = None


@pytest.mark.parametrize("first_to_end", [0, 1])
@pytest.mark.parametrize("belongs_to", ["process", "first thread", "each thread"])
def test_limits_in_two_python_threads_end_in_either_order(belongs_to, first_to_end, monkeypatch):
    """OpenBLAS's number is the process's, and in threadpoolctl from 3.8 on that of the first
    thread; MKL's is each thread's own.
    """
    library = Library(belongs_to)
    monkeypatch.setattr(_threads, "_libraries", lambda: [library])
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        pools, limits = [one, other], [one_thread(), one_thread()]
        for pool, limit in zip(pools, limits, strict=True):
            pool.submit(limit.__enter__).result()
            assert pool.submit(library.get_num_threads).result() == 1
        for k in (first_to_end, 1 - first_to_end):
            pools[k].submit(limits[k].__exit__, None, None, None).result()
            if k == first_to_end:  # the other one still has its limit
                assert pools[1 - k].submit(library.get_num_threads).result() == 1
        assert [pool.submit(library.get_num_threads).result() for pool in pools] == [2, 2]


def test_a_fit_that_fails_puts_the_number_back():
    def fail(*_):
        raise RuntimeError("in the middle of a fit")

    with threadpool_limits(2):
        with pytest.raises(RuntimeError, match="in the middle of a fit"):
            watched(fail).fit(*digits())
        assert blas_threads() == 2


# ---- prediction

SETTING = {"max_iter": 1, "random_state": 0}
METHODS = {
    MLPClassifier: [
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
        "transform",
        "score",
        "input_gradient",
    ],
    MLPRegressor: ["predict", "transform", "score", "sample_predictions", "input_gradient"],
    Autoencoder: [
        "predict",
        "transform",
        "inverse_transform",
        "score_samples",
        "score",
        "feature_errors",
        "input_gradient",
    ],
}
CASES = [(cls, method) for cls, methods in METHODS.items() for method in methods]
ROWS = {
    "one row": (1, 2),
    "small": (100, 1),
    "large": (2600, 1),
}  # products of 6400, 640 thousand and 17 million multiplications


@cache
def fitted(cls):
    X, y = digits()
    if cls is Autoencoder:
        return cls(2, hidden_layer_sizes=(100,), **SETTING).fit(X)
    return cls(
        hidden_layer_sizes=(100,), **SETTING, **({"dropout": 0.1} if cls is MLPRegressor else {})
    ).fit(X, y)


def call(cls, method, n_rows):
    """Call a method of prediction, on ``n_rows`` rows."""
    X, y = (np.resize(array, (n_rows, *array.shape[1:])) for array in digits())
    given = fitted(cls).transform(X) if method == "inverse_transform" else X
    more = {"score": {"y": y}, "sample_predictions": {"n_samples": 2}}.get(method, {})
    return getattr(fitted(cls), method)(given, **more)


@pytest.fixture
def seen(monkeypatch):
    """The numbers of threads that dense layers have seen."""
    numbers, forward = set(), Dense.forward

    def watched_forward(self, x, ws, training):
        numbers.add(blas_threads())
        forward(self, x, ws, training)

    monkeypatch.setattr(Dense, "forward", watched_forward)
    return numbers


@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(
    ("cls", "method"), CASES, ids=[f"{cls.__name__}-{method}" for cls, method in CASES]
)
def test_blas_has_one_thread_for_the_time_of_a_prediction_of_several_rows(cls, method, rows, seen):
    n_rows, n_threads = ROWS[rows]
    fitted(cls)
    seen.clear()
    with threadpool_limits(2):
        call(cls, method, n_rows)
        assert blas_threads() == 2
    assert seen == {n_threads}


def test_a_prediction_never_raises_the_number(seen):
    with threadpool_limits(1):
        for rows in (1, 100, 2600):
            call(MLPClassifier, "predict", rows)
    assert seen == {1}


@pytest.mark.slow
def test_predictions_in_several_python_threads_put_the_number_back():
    calls = [(MLPClassifier, "predict_proba", 100 + k % 7) for k in range(200)]
    expected = [call(*arguments) for arguments in calls]
    with threadpool_limits(2):
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda arguments: call(*arguments), calls))
        assert blas_threads() == 2
    for one, other in zip(found, expected, strict=True):
        # where another thread owns the number, it cannot be limited, and sums may round otherwise
        assert_allclose(one, other, rtol=1e-5)


def test_a_prediction_that_fails_puts_the_number_back(monkeypatch):
    def fail(*_):
        raise RuntimeError("in the middle of a prediction")

    fitted(MLPClassifier)
    monkeypatch.setattr(Dense, "forward", fail)
    with threadpool_limits(2):
        with pytest.raises(RuntimeError, match="in the middle of a prediction"):
            call(MLPClassifier, "predict", 100)
        assert blas_threads() == 2
