"""Fixtures for the whole test-suite."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """One thread for linear algebra: the arrays are small, and threads that wait for each other
    make run times a matter of luck.
    """
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
