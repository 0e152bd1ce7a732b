"""Threads of BLAS: a fit uses one where its products are small, never raises what it finds, and puts it back.

A scorer looks from inside the fit, and its score is the number of threads that it sees.
"""

import pytest
from joblib import parallel_config
from sklearn.model_selection import cross_validate
from threadpoolctl import threadpool_info, threadpool_limits

from skmlp._threads import one_thread

from .networks import classifier
from .problems import digits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (20,)}
LARGE = {"hidden_layer_sizes": (1000,), "batch_size": 800}  # a product of 51 million multiplications


def blas_threads(*_):
    return max(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")


def watched(**setting):
    return classifier(**{"early_stopping": True, "scoring": blas_threads, "max_iter": 2, **setting})


@pytest.mark.parametrize(("setting", "n_threads"), [(SMALL, 1), (LARGE, 2)], ids=["small", "large"])
def test_small_products_get_one_thread_for_the_time_of_the_fit(setting, n_threads):
    with threadpool_limits(2):
        assert watched(**setting).fit(*digits()).validation_scores_ == [n_threads, n_threads]
        assert blas_threads() == 2


def test_a_limit_is_never_raised():
    with threadpool_limits(1):
        assert watched(**LARGE).fit(*digits()).validation_scores_ == [1, 1]


@pytest.mark.parametrize(("setting", "n_threads"), [(SMALL, 1), (LARGE, 2)], ids=["small", "large"])
@pytest.mark.slow
def test_jobs_do_not_multiply_threads(setting, n_threads):
    """In a worker BLAS has as many threads as joblib gives it, the number of cores divided by ``n_jobs``, or one."""
    with parallel_config("loky", inner_max_num_threads=2):
        found = cross_validate(watched(**setting), *digits(), cv=2, n_jobs=2, return_estimator=True)
    assert {score for network in found["estimator"] for score in network.validation_scores_} <= {1, n_threads}


def test_the_first_fit_to_begin_need_not_be_the_last_to_end():
    """As with fits in several Python threads; the number is the process's."""
    with threadpool_limits(2):
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == 1
        second.__exit__(None, None, None)
        assert blas_threads() == 2


def test_a_fit_that_fails_puts_the_number_back():
    def fail(*_):
        raise RuntimeError("in the middle of a fit")

    with threadpool_limits(2):
        with pytest.raises(RuntimeError, match="in the middle of a fit"):
            watched(scoring=fail).fit(*digits())
        assert blas_threads() == 2
