"""Layers that a user writes, with running arrays of their own names, and what the engine asks."""

import numpy as np
import pytest

from skmlp.nn.activations import Tanh
from skmlp.nn.engine.input_gradient import input_gradient
from skmlp.nn.engine.mc_dropout import dropout_samples, has_dropout
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import Activate, BatchNorm, Dense, FixedNorm, Layer
from skmlp.nn.layout import Param, Row
from skmlp.nn.losses import SquaredError
from tests.nn.helpers import randomised


class Centring(Layer):
    """y = x less the mean of the batch; in prediction less the last one, or that of all rows."""

    elementwise = True

    def __init__(self, whole=True):
        self.whole = whole

    def running(self, n_in):
        return {"centre": Param((1, n_in))}

    def buffers(self, n_in):
        return {"sum": Row(n_in)}

    def forward(self, x, ws, training):
        if training:
            np.matmul(ws.batch.row, x, out=ws.centre)
        np.subtract(x, ws.centre, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.matmul(ws.ones, dy, out=ws.sum)
            np.subtract(dy, ws.batch.column * ws.sum, out=ws.dx)

    def refresh(self, moments, ws, always):
        if always or self.whole:
            ws.centre[...] = moments()[0]

    def frozen(self):
        return Shift()


class Shift(Layer):
    """y = x - centre."""

    elementwise = True

    def running(self, n_in):
        return {"centre": Param((1, n_in))}

    def forward(self, x, ws, training):
        np.subtract(x, ws.centre, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.copyto(ws.dx, dy)


class Halving(Layer):
    """Halves values at random in training."""

    training_only = True
    monte_carlo = True

    def forward(self, x, ws, training):
        ws.factor = 1.0 - 0.5 * ws.rng.integers(0, 2, x.shape)
        np.multiply(x, ws.factor, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.factor, out=ws.dx)


def network_of(*layers):
    return randomised(Network([*layers, Dense(2)], SquaredError(), 3, dtype=np.float64))


def rows(rng, n=40):
    return rng.normal(1.0, 2.0, (n, 3))


@pytest.mark.parametrize(("whole", "always"), [(True, False), (False, True), (False, False)])
def test_running_arrays_of_any_name_are_refreshed(whole, always, rng):
    network, x = network_of(Dense(4), Centring(whole), Activate(Tanh()), Centring(whole)), rows(rng)
    network.refresh_statistics(DenseRows(x), always=always)
    for i in (1, 3):
        centre = network.running_views()[i, "centre"][0]
        mean = network.scores(DenseRows(x), 0, i).mean(axis=0)
        np.testing.assert_allclose(centre, mean if whole or always else 0.0, rtol=1e-12, atol=1e-12)


def test_a_fixed_norm_keeps_its_statistics(rng):
    """Beside one that is refreshed."""
    network, x = network_of(FixedNorm(), BatchNorm(statistics="population")), rows(rng)
    network.refresh_statistics(DenseRows(x), always=True)
    views = network.running_views()
    np.testing.assert_array_equal(views[0, "mean"], 0.0)
    np.testing.assert_array_equal(views[0, "variance"], 1.0)
    assert (views[1, "variance"] != 1.0).all()


def test_gradient_of_a_prediction_goes_through_what_the_layer_is_in_prediction(rng):
    network, x, h = network_of(Dense(4), Centring(), Activate(Tanh())), rows(rng, 6), 1e-6
    network.refresh_statistics(DenseRows(x))

    def total(shift):
        return network.scores(DenseRows(x + shift)).sum(axis=1)

    gradient = input_gradient(network, DenseRows(x), lambda y, part: np.ones((1, *y.shape)))[:, 0]
    numeric = [(total(step) - total(-step)) / (2 * h) for step in h * np.eye(3)]
    np.testing.assert_allclose(gradient, np.transpose(numeric), rtol=1e-6, atol=1e-8)


def test_samples_draw_with_any_layer_that_says_so(rng):
    network, x = network_of(Dense(4), Halving()), rows(rng, 5)
    assert has_dropout(network)
    assert not has_dropout(network_of(Dense(4), Centring()))
    samples = dropout_samples(network, DenseRows(x), 20, rng)
    assert (samples.std(axis=0) > 0.0).all()
    np.testing.assert_array_equal(network.scores(DenseRows(x)), network.scores(DenseRows(x)))
