"""Fixtures for the whole test-suite.

BLAS has one thread: the arrays are small, and threads that wait for each other make run times a
matter of luck. Where threads are the subject, tests ask for more of them. The variables are read
when NumPy is loaded, and processes that tests start inherit them; the fixture is for a NumPy that
was loaded before.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """One thread for linear algebra."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def rng():
    """A random stream that is the same in every run."""
    return np.random.default_rng(20240229)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    """Both precisions of the core."""
    return np.dtype(request.param)
