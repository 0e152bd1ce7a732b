"""Every initializer: its distribution, its stream, its precision."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest

from skmlp.nn.initializers import INITIALIZERS, ConstantValue, Normal, Orthogonal, Uniform
from tests import reference
from tests.nn.helpers import table

each = pytest.mark.parametrize("initializer", **table(INITIALIZERS))
RANDOM = [key for key in INITIALIZERS if reference.VARIANCES[key](2, 3)]


def filled(initializer, shape, seed=0, dtype=np.float64):
    out = np.full(shape, np.nan, dtype)
    initializer.fill(out, np.random.default_rng(seed))
    return out


def test_every_initializer_has_a_reference():
    assert set(INITIALIZERS) == set(reference.VARIANCES)
    assert RANDOM


@pytest.mark.parametrize("key", INITIALIZERS)
@pytest.mark.parametrize("shape", [(50, 400), (400, 50), (150, 150)])
def test_mean_and_variance(key, shape):
    w = filled(INITIALIZERS[key](), shape)
    variance = reference.VARIANCES[key](*shape)
    assert w.var() == pytest.approx(variance, rel=0.04)
    assert w.mean() - (1.0 if key == "constant_value" else 0.0) == pytest.approx(
        0.0, abs=4 * np.sqrt(variance / w.size)
    )


@pytest.mark.parametrize("key", RANDOM)
def test_shape_of_the_distribution(key):
    w = filled(INITIALIZERS[key](), (100, 80)).ravel() / np.sqrt(reference.VARIANCES[key](100, 80))
    kind, args = ("uniform", (-np.sqrt(3), 2 * np.sqrt(3))) if "uniform" in key else ("norm", ())
    assert kstest(w, kind, args).pvalue > 0.001


@pytest.mark.parametrize("key", [key for key in RANDOM if "uniform" in key])
def test_a_uniform_start_has_a_bound(key):
    w = filled(INITIALIZERS[key](), (100, 80))
    edge = np.sqrt(3 * reference.VARIANCES[key](100, 80))
    assert 0.999 * edge < np.abs(w).max() <= edge


@each
def test_same_stream_same_numbers(initializer):
    np.testing.assert_array_equal(filled(initializer, (6, 5)), filled(initializer, (6, 5)))


@pytest.mark.parametrize("key", RANDOM)
def test_other_stream_other_numbers(key):
    assert (filled(INITIALIZERS[key](), (6, 5), 0) != filled(INITIALIZERS[key](), (6, 5), 1)).all()


@each
def test_both_precisions_start_from_the_same_numbers(initializer):
    np.testing.assert_array_equal(
        filled(initializer, (6, 5), dtype=np.float32),
        filled(initializer, (6, 5)).astype(np.float32),
    )


@each
def test_fills_a_view(initializer):
    flat = np.full(50, np.nan)
    initializer.fill(flat[10:40].reshape(6, 5), np.random.default_rng(0))
    np.testing.assert_array_equal(flat[10:40].reshape(6, 5), filled(initializer, (6, 5)))
    assert np.isnan(flat[:10]).all()
    assert np.isnan(flat[40:]).all()


@pytest.mark.parametrize("value", [-2.0, 0.0, 0.25])
def test_constant(value):
    np.testing.assert_array_equal(filled(ConstantValue(value), (3, 2)), value)


@pytest.mark.parametrize("scale", [0.1, 2.0])
def test_scale_is_the_bound_or_the_deviation(scale):
    assert 0.99 * scale < np.abs(filled(Uniform(scale), (100, 80))).max() <= scale
    assert filled(Normal(scale), (100, 80)).std() == pytest.approx(scale, rel=0.04)


def test_glorot_is_the_same_either_way_round():
    """Fan-in and fan-out count alike, so the transposed array has the same distribution."""
    for key in ("glorot_uniform", "glorot_normal"):
        np.testing.assert_array_equal(
            filled(INITIALIZERS[key](), (30, 7)).ravel(),
            filled(INITIALIZERS[key](), (7, 30)).ravel(),
        )


@pytest.mark.parametrize("gain", [0.5, 1.0, np.sqrt(2)])
@pytest.mark.parametrize("shape", [(7, 7), (30, 7), (7, 30), (1, 5), (5, 1), (1, 1)])
def test_orthogonal_has_equal_singular_values(shape, gain, dtype):
    values = np.linalg.svd(filled(Orthogonal(gain), shape, dtype=dtype), compute_uv=False)
    np.testing.assert_allclose(values, gain, rtol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_orthogonal_prefers_no_direction(shape):
    """The distribution of SciPy's random orthogonal matrices: each entry has mean 0, and the
    entries of each are as often negative.
    """
    from scipy.stats import ortho_group

    size = max(shape)
    theirs = ortho_group.rvs(size, size=4000, random_state=np.random.default_rng(0))[
        :, : shape[0], : shape[1]
    ]
    ours = np.array([filled(Orthogonal(), shape, seed) for seed in range(4000)])
    for where in np.ndindex(shape):
        assert ks_2samp(ours[:, *where], theirs[:, *where]).pvalue > 1e-4, where


def test_orthogonal_layers_keep_lengths():
    """Saxe et al. (2014): a deep linear network of them is an isometry."""
    x = np.random.default_rng(1).normal(size=(20, 10))
    y = x
    for seed in range(50):
        y = y @ filled(Orthogonal(), (10, 10), seed)
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), np.linalg.norm(x, axis=1), rtol=1e-12)
