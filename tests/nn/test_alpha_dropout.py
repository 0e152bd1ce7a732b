"""Alpha dropout: mean and variance stay what they are, value by value and through a deep
self-normalising network.
"""

import numpy as np
import pytest

from skmlp.nn.activations import SELU
from skmlp.nn.engine.network import Network
from skmlp.nn.layers import Activate, AlphaDropout, Dense
from skmlp.nn.losses import SquaredError
from tests.nn.helpers import layer_workspace


def applied(rate, x, seed=0):
    """Return the output for an input, and which values were kept."""
    layer = AlphaDropout(rate)
    ws = layer_workspace(layer, *x.shape, x.dtype, np.random.default_rng(seed))
    ws.rng = np.random.default_rng(seed)
    layer.forward(x, ws, True)
    return ws.y, ws.mask != 0


def selu(x):
    """Klambauer et al. (2017), equation 2."""
    return 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_mean_and_variance_stay(rate, dtype):
    """Those of selu of a normal input are 0 and 1 (Klambauer et al., 2017, section 2)."""
    x = selu(np.random.default_rng(1).normal(size=(4000, 500))).astype(dtype)
    y, kept = applied(rate, x)
    assert y.dtype == dtype
    assert abs(kept.mean() - (1 - rate)) < 0.002
    assert abs(y.mean(dtype=float)) < 0.01
    assert abs(y.var(dtype=float) - 1) < 0.01


def test_what_is_dropped_has_the_value_of_selu_far_to_the_left():
    """Both parts go through the same affine map."""
    x = np.random.default_rng(1).normal(size=(50, 40))
    y, kept = applied(0.25, x)
    slope, offset = np.polyfit(x[kept], y[kept], 1)
    np.testing.assert_allclose(y[kept], slope * x[kept] + offset, atol=1e-12)
    np.testing.assert_allclose(y[~kept], slope * selu(-1e3) + offset, rtol=1e-12)
    assert 0 < (~kept).sum() < x.size


def test_a_rate_of_zero_changes_nothing():
    x = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_allclose(applied(0.0, x)[0], x, atol=1e-15)


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_through_sixteen_layers(rate):
    """selu, LeCun's normal weights and alpha dropout, 16 times over."""
    rng = np.random.default_rng(0)
    layers = []
    for _ in range(16):
        layers += [Dense(512, "lecun_normal"), Activate(SELU()), AlphaDropout(rate)]
    network = Network([*layers, Dense(1)], SquaredError(), 512)
    network.initialise(rng)
    x = rng.normal(size=(512, 512)).astype(np.float32)
    network.prepare(512, rng)
    network.forward(x)
    for ws in network.plan(512).layers[2:-1:3]:
        # measured over five seeds: |mean| up to 0.006, |variance - 1| up to 0.014
        assert abs(ws.y.mean()) < 0.02
        assert abs(ws.y.var() - 1) < 0.05
