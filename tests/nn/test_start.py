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


# ---- dense layers


def test_units_have_unit_variance_and_are_zero_at_a_row(dtype):
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(80, 4)) * [1.0, 30.0, 0.01, 1.0] + 5.0).astype(dtype)
    layers = [Dense(40, data_init=True), Activate(Tanh()), Dense(30, data_init=True)]
    network = Network([*layers, Activate(Tanh()), Dense(2)], SquaredError(), 4, dtype)
    network.initialise(rng)
    before = network.params.copy()
    network.start_layers(DenseRows(x), rng)
    tolerance = 1e-3 if dtype == np.float32 else 1e-9
    for stop in (1, 3):
        y = network.scores(DenseRows(x), stop=stop)
        np.testing.assert_allclose(y.std(axis=0), 1.0, rtol=tolerance)
        assert np.abs(y).min(axis=0).max() < tolerance
        assert len(set(np.abs(y).argmin(axis=0))) > 15
    old = network.layout.views(before)
    ratio = network.views()[0, "weight"] / old[0, "weight"]
    np.testing.assert_allclose(ratio, np.tile(ratio[0], (4, 1)), rtol=1e-5)
    for name in ("weight", "bias"):
        np.testing.assert_array_equal(network.views()[4, name], old[4, name])


def test_weights_of_rows_count_as_repetitions_in_the_variance():
    rng = np.random.default_rng(4)
    x, weight = rng.normal(size=(20, 3)), rng.integers(0, 3, 20).astype(float)
    networks = [network_of(Dense(50, data_init=True)) for _ in range(2)]
    networks[0].start_layers(DenseRows(x), rng, weight)
    networks[1].start_layers(DenseRows(np.repeat(x, weight.astype(int), axis=0)), rng)
    ours, theirs = (network.views()[0, "weight"] for network in networks)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    y = networks[0].scores(DenseRows(x), stop=1)
    assert np.abs(y[weight > 0.0]).min(axis=0).max() < 1e-12


def test_units_that_do_not_vary_keep_their_weights(dtype):
    network = Network([Dense(5, data_init=True)], SquaredError(), 3, dtype)
    network.initialise(np.random.default_rng(0))
    before = network.views()[0, "weight"].copy()
    rows = np.full((30, 3), [0.1, 0.7, 12.3], dtype)
    network.start_layers(DenseRows(rows), np.random.default_rng(0))
    np.testing.assert_array_equal(network.views()[0, "weight"], before)
    assert np.abs(network.scores(DenseRows(rows))).max() < 1e-5


def test_sparse_rows_start_a_dense_layer_as_dense_ones_do():
    x = sp.random(50, 3, 0.4, format="csr", random_state=0)
    networks = [network_of(Dense(6, data_init=True)) for _ in range(2)]
    for network, source in zip(networks, (SparseRows(x), DenseRows(x.toarray())), strict=True):
        network.start_layers(source, np.random.default_rng(0))
    np.testing.assert_allclose(networks[0].params, networks[1].params, rtol=1e-12)
