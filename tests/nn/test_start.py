"""How layers start from rows: which rows they see, in which order, and what is left alone."""

import numpy as np
import scipy.sparse as sp

from skmlp.nn.activations import Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, SparseRows
from skmlp.nn.layers import Activate, BatchNorm, Dense, Dropout, Layer
from skmlp.nn.layers.base import identity_backward, identity_forward
from skmlp.nn.layout import Param
from skmlp.nn.losses import SquaredError
from tests.nn.helpers import randomised


class Centre(Layer):
    """y = x - mean, with the mean of the rows it started from."""

    starts_from_rows = True

    def running(self, n_in):
        return {"mean": Param((1, n_in))}

    def start(self, x, weight, ws, rng):
        self.seen, self.weight = x.copy(), weight
        ws.mean[...] = x.mean(axis=0)

    def forward(self, x, ws, training):
        identity_forward(x, ws)
        ws.y -= ws.mean

    def backward(self, dy, ws):
        identity_backward(dy, ws)


def network_of(*layers, n_in=3):
    network = Network([*layers, Dense(1)], SquaredError(), n_in, np.float64)
    network.initialise(np.random.default_rng(0))
    return network


def test_layers_start_from_what_those_below_make_of_the_rows(rng):
    """In prediction, the ones below having started."""
    x = rng.normal(2.0, 1.0, (50, 3))
    layers = [Centre(), Dropout(0.5), Dense(4), BatchNorm(), Activate(Tanh()), Centre()]
    network = network_of(*layers)
    network.running_views()[3, "mean"][...] = 0.5
    network.start_layers(DenseRows(x), rng)
    np.testing.assert_allclose(layers[0].seen, x)
    views = network.views()
    hidden = (x - x.mean(axis=0)) @ views[2, "weight"] + views[2, "bias"]
    np.testing.assert_allclose(layers[-1].seen, np.tanh((hidden - 0.5) / np.sqrt(1.0 + 1e-5)))
    np.testing.assert_allclose(network.running_views()[5, "mean"][0], layers[-1].seen.mean(axis=0))


def test_the_rows_to_train_on_are_seen_only():
    x, layer, weight = np.arange(30.0).reshape(10, 3), Centre(), np.arange(10.0)
    rng, rows = np.random.default_rng(0), np.array([7, 2, 5])
    network_of(layer).start_layers(DenseRows(x), rng, weight, rows)
    np.testing.assert_array_equal(layer.seen, x[rows])
    np.testing.assert_array_equal(layer.weight, rows)


def test_of_many_rows_some_are_drawn():
    x, layer = np.arange(9000.0).reshape(3000, 3), Centre()
    network_of(layer).start_layers(DenseRows(x), np.random.default_rng(0), rows=np.arange(1, 2900))
    rows = layer.seen[:, 0] / 3.0
    assert len(set(rows)) == len(rows) == 2000
    assert rows.min() >= 1.0
    assert rows.max() < 2900.0
    assert 1400.0 < rows.mean() < 1500.0
    other = Centre()
    network_of(other).start_layers(DenseRows(x), np.random.default_rng(0), rows=np.arange(1, 2900))
    np.testing.assert_array_equal(other.seen, layer.seen)


def test_layers_that_are_kept_stay():
    x, layers = np.random.default_rng(1).normal(size=(20, 3)), [Centre(), Centre()]
    network = network_of(*layers)
    network.running_views()[0, "mean"][...] = 4.0
    network.start_layers(DenseRows(x), np.random.default_rng(0), kept=[0])
    np.testing.assert_array_equal(network.running_views()[0, "mean"], 4.0)
    np.testing.assert_allclose(layers[1].seen, x - 4.0)


def test_sparse_rows():
    x, layer = np.eye(6)[:, :3], Centre()
    network_of(layer).start_layers(SparseRows(sp.csr_matrix(x)), np.random.default_rng(0))
    np.testing.assert_array_equal(layer.seen, x)


def test_a_network_without_such_layers_draws_nothing_and_stays():
    network, rng = randomised(network_of(Dense(4), BatchNorm())), np.random.default_rng(0)
    before = network.params.copy(), network.running.copy(), rng.bit_generator.state
    network.start_layers(DenseRows(np.zeros((5000, 3))), rng)
    np.testing.assert_array_equal(network.params, before[0])
    np.testing.assert_array_equal(network.running, before[1])
    assert rng.bit_generator.state == before[2]
