"""Batch normalisation: formula, precision, what it tracks, what it predicts with.

The rest is in ``test_layers.py``.
"""

import numpy as np
import pytest

from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import BatchNorm, Dense
from skmlp.nn.losses import SquaredError
from tests import reference
from tests.nn.test_layers import N, prepared, run


@pytest.mark.parametrize("epsilon", [1e-5, 1e-3, 1.0])
def test_batch_norm_is_the_formula(epsilon):
    layer = BatchNorm(epsilon=epsilon)
    ws, dy = prepared(layer)
    y = run(layer, ws, dy)["y"]
    np.testing.assert_allclose(
        y, reference.batch_norm(ws.x, ws.gamma, ws.beta, epsilon), rtol=1e-11, atol=1e-13
    )


def test_batch_norm_in_float32_is_accurate_for_a_large_mean():
    """Mean 10^4, variance 1: the sum of squares minus the square of the sum would be noise."""
    layer = BatchNorm()
    ws, _ = prepared(layer, np.float32, n=256)
    ws.x[...] = 1e4 + np.random.default_rng(0).normal(size=ws.x.shape)
    layer.forward(ws.x, ws, True)
    x = ws.x.astype(np.float64)
    expected = reference.batch_norm(x, ws.gamma, ws.beta, 1e-5)
    np.testing.assert_allclose(ws.y, expected, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(ws.batch_variance[0], x.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(ws.batch_mean[0], x.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0])
def test_batch_norm_running_statistics(momentum, dtype):
    """Towards the batch's mean and unbiased variance by a share of momentum."""
    layer = BatchNorm(momentum=momentum)
    ws, _ = prepared(layer, dtype)
    mean, variance = (1 - momentum) * ws.mean, (1 - momentum) * ws.variance
    layer.forward(ws.x, ws, True)
    np.testing.assert_allclose(ws.mean, mean + momentum * ws.x.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        ws.variance, variance + momentum * ws.x.var(axis=0, ddof=1), rtol=1e-5
    )


@pytest.mark.parametrize(("unit", "n_rows"), [(0.01, N), (1.0, N), (3.0, 3 * N)])
def test_a_batch_stands_for_no_fewer_rows_than_it_has(unit, n_rows):
    """Whole weights are repetitions, weights below 1 do not make rows fewer: the unbiased
    variance divides by rows less one.
    """
    layer = BatchNorm(momentum=1.0)
    ws, _ = prepared(layer)
    ws.batch.weigh(np.full((N, 1), unit))
    layer.forward(ws.x, ws, True)
    np.testing.assert_allclose(ws.variance[0], ws.x.var(axis=0) * n_rows / (n_rows - 1))


def test_batch_norm_learns_nothing_of_the_variance_from_one_row(dtype):
    layer = BatchNorm()
    ws, dy = prepared(layer, dtype, n=1)
    before = ws.mean.copy(), ws.variance.copy()
    results = run(layer, ws, dy)
    np.testing.assert_array_equal(ws.mean, before[0])
    np.testing.assert_array_equal(ws.variance, before[1])
    np.testing.assert_array_equal(results["y"], ws.beta)
    assert np.isfinite(results["dx"]).all()


def test_batch_norm_of_a_constant_column(dtype):
    layer = BatchNorm()
    ws, dy = prepared(layer, dtype)
    ws.x[:, 0] = 3.0
    results = run(layer, ws, dy)
    np.testing.assert_allclose(results["y"][:, 0], ws.beta[0, 0], rtol=1e-6)
    assert all(np.isfinite(array).all() for array in results.values())


@pytest.mark.parametrize("value", [1e3, -1.7e9, 1e12])
def test_a_constant_column_has_no_variance_whatever_its_size(value):
    """The rounding of its mean is neither a variance nor a difference from it."""
    layer = BatchNorm()
    ws, _ = prepared(layer, np.float32, n=20000)
    ws.x[:, 0] = value
    layer.forward(ws.x, ws, True)
    assert ws.batch_variance[0, 0] == 0.0
    np.testing.assert_array_equal(ws.y[:, 0], ws.beta[0, 0])
    np.testing.assert_allclose(
        ws.batch_variance[0, 1:], ws.x[:, 1:].astype(float).var(axis=0), rtol=1e-5
    )


def test_batch_norm_predicts_with_the_running_statistics(dtype):
    layer = BatchNorm(epsilon=1e-3)
    ws, _ = prepared(layer, dtype)
    layer.forward(ws.x, ws, False)
    np.testing.assert_allclose(
        ws.y,
        ws.gamma * (ws.x - ws.mean) / np.sqrt(ws.variance + 1e-3) + ws.beta,
        rtol=1e-5,
        atol=1e-6,
    )


def test_batch_norm_may_predict_with_the_statistics_of_the_rows_themselves(dtype):
    layer = BatchNorm(statistics="batch")
    ws, _ = prepared(layer, dtype)
    layer.forward(ws.x, ws, True)
    trained = ws.y.copy()
    layer.forward(ws.x, ws, False)
    np.testing.assert_allclose(ws.y, trained, rtol=1e-5, atol=1e-6)


def test_the_statistics_of_millions_of_rows_are_exact(rng):
    """Added row by row, squares in float32 stop to count beside their sum."""
    x = rng.standard_normal((3_000_000, 2), dtype=np.float32)
    network = Network(
        [BatchNorm(statistics="batch", epsilon=1e-12), Dense(1)], SquaredError(), 2, np.float32
    )
    network.initialise(rng)
    np.testing.assert_allclose(
        network.scores(DenseRows(x), 0, 1).std(axis=0, dtype=np.float64), 1.0, atol=1e-5
    )


def test_batch_norm_takes_away_scale_and_shift_of_its_input():
    layer = BatchNorm(epsilon=1e-12)
    ws, _ = prepared(layer)
    layer.forward(ws.x, ws, True)
    before = ws.y.copy()
    ws.x *= 7.0
    ws.x -= 3.0
    layer.forward(ws.x, ws, True)
    np.testing.assert_allclose(ws.y, before, rtol=1e-9, atol=1e-9)


def test_batch_norm_counts_a_weight_of_two_as_two_rows():
    """Outputs, running statistics, and the gradient of a loss in which the weights are."""
    layer, weight = BatchNorm(), np.array([1.0, 2.0, 1.0, 3.0, 1.0, 1.0, 2.0, 1.0])
    ws, dy = prepared(layer)
    ws.batch.weigh(weight[:, None])
    weighted = run(layer, ws, dy * weight[:, None])
    twice = np.repeat(np.arange(N), weight.astype(int))
    other, _ = prepared(layer, n=len(twice))
    other.x, other.gamma, other.beta = ws.x[twice], ws.gamma, ws.beta
    other.mean, other.variance = prepared(layer)[0].mean, prepared(layer)[0].variance
    repeated = run(layer, other, dy[twice])
    np.testing.assert_allclose(weighted["y"][twice], repeated["y"], rtol=1e-12)
    np.testing.assert_allclose(
        weighted["dx"][twice], repeated["dx"] * weight[twice, None], rtol=1e-10, atol=1e-12
    )
    for name in ("gamma", "beta"):
        np.testing.assert_allclose(weighted[name], repeated[name], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ws.mean, other.mean, rtol=1e-12)
    np.testing.assert_allclose(ws.variance, other.variance, rtol=1e-12)
