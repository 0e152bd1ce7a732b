"""Clipping by value and by global norm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skmlp.nn.optimizers.clipping import clip_norm, clip_value, global_norm

vectors = arrays(np.float64, st.integers(1, 20), elements=st.floats(-1e6, 1e6))


@given(vectors)
def test_norm_is_the_euclidean_one(g):
    assert global_norm(g) == pytest.approx(np.linalg.norm(g), rel=1e-12)


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_norm_survives_where_squares_do_not(size, dtype):
    """The squares of 1e30 and 1e-30 are no float32."""
    with np.errstate(over="ignore"):  # as the trainer does
        assert global_norm(np.full(4, size, dtype)) == pytest.approx(2.0 * size, rel=1e-6)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1e300])
def test_norm_survives_in_double_precision_too(size):
    with np.errstate(over="ignore"):
        assert global_norm(np.full(4, size)) == pytest.approx(2.0 * size, rel=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_norm_tells_that_something_is_not_finite(bad, dtype):
    assert not np.isfinite(global_norm(np.array([1.0, bad, 2.0], dtype)))


def test_norm_of_nothing_is_zero(dtype):
    assert global_norm(np.zeros(0, dtype)) == global_norm(np.zeros(3, dtype)) == 0.0


def test_norm_is_a_python_float(dtype):
    assert type(global_norm(np.ones(3, dtype))) is float
    assert type(global_norm(np.full(3, 1e-30, dtype))) is float


@pytest.mark.parametrize("limit", [1e-3, 0.5, 2.0])
def test_the_cosine_of_clipped_and_raw_gradient_is_one(limit, dtype):
    """By norm; by value the direction changes."""
    raw = (np.random.default_rng(0).normal(size=200) * np.geomspace(0.01, 10, 200)).astype(dtype)
    by_norm, by_value = raw.copy(), raw.copy()
    clip_norm(by_norm, global_norm(raw), limit)
    clip_value(by_value, limit)
    cosines = [
        np.dot(g, raw) / (np.linalg.norm(g) * np.linalg.norm(raw)) for g in (by_norm, by_value)
    ]
    assert global_norm(by_norm) == pytest.approx(limit, rel=1e-6)
    assert cosines[0] == pytest.approx(1.0, abs=1e-6 if dtype == np.float32 else 1e-14)
    assert cosines[1] < 0.99


@given(vectors, st.floats(1e-3, 1e3))
def test_clipped_norm_is_at_most_the_limit_in_the_same_direction(g, limit):
    norm, clipped = global_norm(g), g.copy()
    clip_norm(clipped, norm, limit)
    assert global_norm(clipped) <= limit * (1 + 1e-12)
    np.testing.assert_allclose(clipped * max(norm, limit), g * limit, rtol=1e-12, atol=1e-290)


@given(vectors)
def test_a_small_gradient_stays_as_it_is(g):
    clipped = g.copy()
    clip_norm(clipped, global_norm(g), global_norm(g))
    np.testing.assert_array_equal(clipped, g)


@given(vectors, st.floats(1e-3, 1e3))
def test_values_are_bounded(g, limit):
    clipped = g.copy()
    clip_value(clipped, limit)
    np.testing.assert_array_equal(clipped, np.clip(g, -limit, limit))


def test_clipping_keeps_the_precision(dtype):
    g = np.array([3.0, 4.0], dtype)
    clip_norm(g, 5.0, 1.0)
    np.testing.assert_allclose(g, [0.6, 0.8], rtol=1e-6)
    clip_value(g, 0.7)
    np.testing.assert_allclose(g, [0.6, 0.7], rtol=1e-6)
    assert g.dtype == dtype
