"""Prediction: chunks, parts, threads; and the statistics of the population, which are gathered
the same way.
"""

import sys
import threading

import numpy as np
import pytest
import scipy.sparse as sp

from skmlp.nn.activations import ACTIVATIONS, Tanh
from skmlp.nn.engine import inference
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, SparseRows
from skmlp.nn.layers import ACTIVATION_LAYERS, Activate, BatchNorm, Dense, Dropout
from skmlp.nn.losses import LogLoss, SquaredError
from tests.nn.helpers import make_network, randomised
from tests.nn.test_network import N, batch, gradient


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *ACTIVATION_LAYERS])
def test_prediction_in_chunks_equals_the_training_pass(activation, dtype, monkeypatch):
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    network = make_network(SquaredError(), activation, sizes=(3, 9, 5, 2), dtype=dtype)
    x, _ = batch(network, 333)
    network.prepare(333)
    expected = network.forward(x).copy()
    np.testing.assert_allclose(
        network.scores(DenseRows(x)),
        expected,
        rtol=2e-5 if dtype == np.float32 else 1e-12,
        atol=1e-6,
    )


@pytest.mark.parametrize("n", [1, 63, 64, 65, 127, 128, 129])
def test_chunks_cover_every_row_once(n, monkeypatch):
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    network = make_network(SquaredError(), batch_norm=True, dropout=0.4)
    x, _ = batch(network, n)
    one_by_one = np.vstack([network.scores(DenseRows(x[[i]])) for i in range(n)])
    np.testing.assert_allclose(network.scores(DenseRows(x)), one_by_one, rtol=1e-12)


def test_prediction_is_what_the_layers_say(dtype):
    """With batch normalisation by its running statistics and no dropout."""
    network = make_network(SquaredError(), batch_norm=True, dropout=0.5, input_dropout=0.5)
    network.running[...] = np.random.default_rng(0).uniform(0.5, 1.5, network.running.size)
    x, _ = batch(network)
    p, s = network.views(), network.running_views()
    h = x @ p[1, "weight"] + p[1, "bias"]
    h = p[2, "gamma"] * (h - s[2, "mean"]) / np.sqrt(s[2, "variance"] + 1e-5) + p[2, "beta"]
    expected = np.tanh(h) @ p[5, "weight"] + p[5, "bias"]
    np.testing.assert_allclose(network.scores(DenseRows(x)), expected, rtol=1e-12)


def test_predicting_in_parts_is_predicting():
    network = make_network(SquaredError(), sizes=(3, 9, 5, 2), batch_norm=True, dropout=0.2)
    x, _ = batch(network, 50)
    for cut in range(len(network.layers) + 1):
        middle = network.scores(DenseRows(x), 0, cut)
        assert middle.shape == (50, network.widths[cut])
        np.testing.assert_allclose(
            network.scores(DenseRows(middle), cut), network.scores(DenseRows(x)), rtol=1e-12
        )


def test_prediction_of_another_precision(dtype):
    network = make_network(SquaredError(), dtype=dtype)
    x, _ = batch(network, 50, dtype=np.float64)
    np.testing.assert_array_equal(
        network.scores(DenseRows(x)), network.scores(DenseRows(x.astype(dtype)))
    )


def test_batch_statistics_are_those_of_all_rows_given(monkeypatch):
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    network = randomised(
        Network(
            [Dense(4), BatchNorm(statistics="batch"), Dense(2)], SquaredError(), 3, dtype=np.float64
        )
    )
    x, _ = batch(network, 300)
    network.prepare(300)
    np.testing.assert_allclose(network.scores(DenseRows(x)), network.forward(x), rtol=1e-9)


def test_prediction_is_thread_safe(monkeypatch):
    """Two threads that predict different rows at once get the same results as one after the
    other.
    """
    monkeypatch.setattr(
        inference, "_CHUNK_VALUES", 4096
    )  # more chunks, more chances to disturb each other
    network = make_network(SquaredError(), sizes=(20, 64, 64, 3), batch_norm=True, dtype=np.float32)
    data = [batch(network, n, seed)[0] for seed, n in enumerate((300, 300))]
    expected = [network.scores(DenseRows(x)) for x in data]
    barrier, wrong = threading.Barrier(2), []

    def predict(k):
        barrier.wait()
        for _ in range(100):
            if not np.array_equal(network.scores(DenseRows(data[k])), expected[k]):
                wrong.append(k)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=predict, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert not wrong


def test_prediction_leaves_training_alone():
    """Between forward and backward passes a callback may predict."""
    network = make_network(LogLoss(), batch_norm=True)
    data = batch(network)
    value, grads = gradient(network, *data)
    state = network.running.copy()
    network.prepare(N)
    network.loss_and_grad(*data)
    before = network.grads.copy(), network.running.copy()
    network.scores(DenseRows(batch(network, 40, 5)[0]))
    np.testing.assert_array_equal(network.grads, before[0])
    np.testing.assert_array_equal(network.running, before[1])
    assert network.loss_and_grad(*data) == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(network.grads, grads, rtol=1e-11, atol=1e-15)
    assert state.shape == network.running.shape


# ---- statistics of the population


@pytest.mark.parametrize("rows", [None, np.arange(3, 250, 2)], ids=["all", "some"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_population_statistics_are_those_of_the_layers_input(rows, weighted, monkeypatch):
    """numpy's mean and unbiased variance, layer after layer, though the rows come in chunks;
    weights count repetitions.
    """
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    population = BatchNorm(statistics="population")
    layers = [Dense(4), population, Activate(Tanh()), Dense(5), population, Dense(2)]
    network = randomised(Network(layers, SquaredError(), 3, dtype=np.float64))
    x, weight = (
        5.0 + batch(network, 300)[0],
        np.random.default_rng(3).integers(1, 4, 300) if weighted else None,
    )
    network.refresh_statistics(DenseRows(x), weight=weight, rows=rows)
    used = np.arange(300) if rows is None else rows
    used = x[used if weight is None else np.repeat(used, weight[used])]
    state = network.running_views()
    for i in (1, 4):
        inputs = network.scores(DenseRows(used), 0, i)
        np.testing.assert_allclose(state[i, "mean"][0], inputs.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(state[i, "variance"][0], inputs.var(axis=0, ddof=1), rtol=1e-11)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_have_no_statistics(n):
    network = randomised(
        Network(
            [Dense(4), BatchNorm(statistics="population"), Dense(2)],
            SquaredError(),
            3,
            dtype=np.float64,
        )
    )
    before = network.running.copy()
    network.refresh_statistics(DenseRows(batch(network)[0]), rows=np.arange(n))
    np.testing.assert_array_equal(network.running, before)


@pytest.mark.parametrize(
    ("statistics", "refreshed"), [("running", False), ("batch", False), ("population", True)]
)
def test_only_population_statistics_are_refreshed_unasked(statistics, refreshed):
    network = randomised(
        Network(
            [Dense(4), BatchNorm(statistics=statistics), Dense(2)],
            SquaredError(),
            3,
            dtype=np.float64,
        )
    )
    x = DenseRows(batch(network)[0])
    before = network.running.copy()
    network.refresh_statistics(x)
    assert (network.running != before).any() == refreshed
    network.refresh_statistics(x, always=True)
    assert (network.running != before).any()


@pytest.mark.parametrize("first", [Dropout(0.3), BatchNorm(), Activate(Tanh())], ids=repr)
def test_predicts_sparse_rows_with_any_first_layer(first):
    network = randomised(Network([first, Dense(2)], LogLoss(), 20, dtype=np.float64))
    x = np.random.default_rng(0).normal(size=(30, 20)) * (np.arange(20) % 3 == 0)
    assert not network.sparse_input
    np.testing.assert_allclose(
        network.scores(SparseRows(sp.csr_matrix(x))), network.scores(DenseRows(x)), rtol=1e-12
    )
