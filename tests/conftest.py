"""Fixtures for the whole test-suite."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    """A random stream that is the same in every run."""
    return np.random.default_rng(20240229)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    """Both precisions of the core."""
    return np.dtype(request.param)
