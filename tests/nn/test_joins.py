"""Joins: gradients among all other layers and under both backends, PyTorch's values, what lives
as long as it is needed, prediction.
"""

import itertools
import pathlib
import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from skmlp.nn.activations import GELU, ReLU, Tanh
from skmlp.nn.engine import inference
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, SparseRows
from skmlp.nn.layers import JOINS, Activate, Add, BatchNorm, Concat, Dense, Dropout, Maxout, PReLU
from skmlp.nn.losses import LogLoss, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS
from tests.nn.helpers import make_network, randomised
from tests.nn.test_allocation import BOUND, WIDTH, peak
from tests.nn.test_gradients import EXACT, TOLERANCE, gradient_error

each_join = pytest.mark.parametrize("kind", JOINS)


def with_joins(network, kind, dtype=np.float64, n_in=4):
    """Return a network of the same layers with a join at the end of each block, as the
    estimators build it.
    """
    layers, start = [], None
    for layer in network.layers:
        if isinstance(layer, Dense):
            if start is not None:
                layers.append(JOINS[kind](len(layers) - start))
            start = len(layers)
        layers.append(layer)
    return randomised(Network(layers, network.loss, n_in, dtype=dtype, alphas=network.alphas))


# ---- gradients


@each_join
@pytest.mark.parametrize("activation", EXACT)
@pytest.mark.slow
def test_gradient_of_every_block(activation, kind):
    for batch_norm, dropout, weighted in itertools.product([False, True], repeat=3):
        plain = make_network(
            LogLoss(),
            activation,
            (2, 2, 2, 2, 3),
            batch_norm,
            0.3 * dropout,
            (0.5, 0.0, 2.0, 0.1),
            input_dropout=0.2 * dropout,
        )
        network = with_joins(plain, kind, n_in=2)
        assert sum(layer.span > 0 for layer in network.layers) == 3
        assert gradient_error(network, weighted) < TOLERANCE, (
            batch_norm,
            dropout,
            weighted,
        )
        assert gradient_error(network, weighted, input_gradient=True) < TOLERANCE, (
            batch_norm,
            dropout,
            weighted,
        )


PARTS = {
    "tanh": lambda: Activate(Tanh()),
    "relu": lambda: Activate(ReLU()),
    "gelu": lambda: Activate(GELU()),
    "dropout": lambda: Dropout(0.3),
    "batch_norm": BatchNorm,
    "dense": lambda: Dense(4),
    "prelu": lambda: PReLU(-0.5),
}


@each_join
@pytest.mark.parametrize("length", [1, 2])
def test_gradient_around_layers_in_any_order(length, kind):
    """Whatever is bridged, whatever lies in front of it and behind it, nobody overwrites what
    the join still reads.
    """
    for stack in itertools.product(PARTS, repeat=length):
        for span in range(1, length + 1):
            for behind in ([], [Activate(ReLU())], [Activate(Tanh()), Dropout(0.3)]):
                layers = [
                    Dense(4),
                    *(PARTS[part]() for part in stack),
                    JOINS[kind](span),
                    *behind,
                    Dense(2),
                ]
                network = randomised(Network(layers, SquaredError(), 3, dtype=np.float64))
                assert gradient_error(network, directions=4) < TOLERANCE, (
                    stack,
                    span,
                    behind,
                )


TANGLES = {
    "nested": [Dense(4), Dense(4), Activate(Tanh()), Dense(4), Add(1), Add(4), Dense(2)],
    "crossing": [
        Dense(4),
        Activate(Tanh()),
        Dense(4),
        Add(2),
        Activate(ReLU()),
        Add(4),
        Concat(3),
        Dense(2),
    ],
    "one input read thrice": [
        Dense(4),
        Activate(ReLU()),
        Add(1),
        Dense(4),
        Add(3),
        Concat(4),
        Dense(2),
    ],
    "join of a join": [Dense(4), Add(1), Add(1), Concat(1), Activate(ReLU()), Add(1), Dense(2)],
    "of the input": [Dropout(0.3), BatchNorm(), Add(1), Concat(3), Activate(ReLU()), Dense(2)],
    "last": [Dense(2), Activate(Tanh()), Dense(2), Add(2)],
    "last, wider": [Dense(2), Activate(Tanh()), Dense(2), Concat(2)],
    "maxout": [Dense(8), Maxout(), Add(2), Dense(8), Maxout(), Concat(2), Dense(2)],
}


@pytest.mark.parametrize("layers", TANGLES.values(), ids=TANGLES)
def test_gradient_of_joins_among_each_other(layers):
    network = randomised(Network(layers, SquaredError(), 4, dtype=np.float64))
    assert gradient_error(network, weighted=True) < TOLERANCE
    assert gradient_error(network, input_gradient=True) < TOLERANCE


@pytest.mark.parametrize("layers", TANGLES.values(), ids=TANGLES)
def test_prediction_of_joins_among_each_other(layers, dtype, monkeypatch):
    """In chunks, against the training pass of the same network, without dropout and with the
    statistics of the batch.
    """
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    quiet = {Dropout: Dropout(0.0), BatchNorm: BatchNorm(statistics="batch")}
    layers = [quiet.get(type(layer), layer) for layer in layers]
    network = randomised(Network(layers, SquaredError(), 4, dtype=dtype))
    x = np.random.default_rng(0).normal(size=(150, 4)).astype(dtype)
    network.prepare(150, np.random.default_rng(0))
    expected = network.forward(x).copy()
    np.testing.assert_allclose(
        network.scores(DenseRows(x)),
        expected,
        rtol=1e-4 if dtype == np.float32 else 1e-10,
        atol=1e-5,
    )


# ---- values from elsewhere


def recorded():
    with np.load(pathlib.Path(__file__).with_name("joins.npz")) as archive:
        return dict(archive)


@each_join
def test_scores_and_gradients_are_those_of_pytorch(kind):
    arrays = recorded()
    blocks = [layer for _ in range(3) for layer in (Dense(4), Activate(GELU()), JOINS[kind](2))]
    network = Network([*blocks, Dense(3)], LogLoss(), 4, dtype=np.float64)
    owners = {0: "block_0", 3: "block_1", 6: "block_2", 9: "output"}
    for (layer, name), view in network.views().items():
        view[...] = arrays[f"{kind}_{owners[layer]}_{name}"]
    x, target = arrays["x"], np.eye(3)[arrays["labels"]]
    network.prepare(len(x), input_gradient=True)
    np.testing.assert_allclose(network.loss_and_grad(x, target), arrays[f"{kind}_loss"], rtol=1e-12)
    for (layer, name), view in network.layout.views(network.grads).items():
        np.testing.assert_allclose(
            view, arrays[f"{kind}_d_{owners[layer]}_{name}"], rtol=1e-10, atol=1e-13
        )
    np.testing.assert_allclose(
        network.plan(len(x)).layers[0].dx, arrays[f"{kind}_dx"], rtol=1e-10, atol=1e-13
    )
    np.testing.assert_allclose(network.scores(DenseRows(x)), arrays[f"{kind}_scores"], rtol=1e-12)


def test_a_residual_block_of_zeros_is_the_identity(dtype):
    network = Network(
        [Dense(4), Activate(Tanh()), Dropout(0.3), Add(3), Dense(2)], SquaredError(), 4, dtype=dtype
    )
    x = np.random.default_rng(0).normal(size=(9, 4)).astype(dtype)
    np.testing.assert_array_equal(network.scores(DenseRows(x), 0, 4), x)


def test_concatenation_hands_on_the_input_first(dtype):
    network = randomised(
        Network([Dense(3), Activate(Tanh()), Concat(2), Dense(2)], SquaredError(), 4, dtype=dtype)
    )
    x = np.random.default_rng(0).normal(size=(9, 4)).astype(dtype)
    np.testing.assert_array_equal(
        network.scores(DenseRows(x), 0, 3), np.hstack([x, network.scores(DenseRows(x), 0, 2)])
    )


# ---- memory


@each_join
def test_a_step_allocates_nothing(kind, dtype):
    for batch_norm, dropout in itertools.product([False, True], [0.0, 0.3]):
        plain = make_network(LogLoss(), "relu", (WIDTH,) * 4, batch_norm, dropout, dtype=dtype)
        assert peak(with_joins(plain, kind, dtype, WIDTH), OPTIMIZERS["adam"]()) < BOUND


def test_in_place_where_no_join_reads():
    network = Network(
        [Dense(4), BatchNorm(), Activate(Tanh()), Add(1), Dense(2)], SquaredError(), 3
    )
    network.prepare(6)
    y = [ws.y for ws in network.plan(6).layers]
    assert np.shares_memory(y[0], y[1])
    assert not np.shares_memory(y[1], y[2]), "the join reads what goes into tanh"


def test_numbers_of_rows_in_turn():
    """Each batch size has views of its own, and each call may bring another array."""
    network = with_joins(make_network(LogLoss(), "tanh", (4, 4, 4, 3)), "add")
    rng = np.random.default_rng(0)
    network.prepare(12)
    for n in (12, 5, 12):
        x = rng.normal(size=(n, 4))
        np.testing.assert_allclose(network.forward(x), network.scores(DenseRows(x)), rtol=1e-12)


# ---- prediction, sparse rows, statistics, pickles


@each_join
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_sparse_rows(dropout, kind, dtype):
    network = with_joins(
        make_network(LogLoss(), "tanh", (4, 4, 4, 3), dropout=dropout, input_dropout=dropout),
        kind,
        dtype,
    )
    x = np.random.default_rng(0).normal(size=(50, 4)).astype(dtype)
    x[x < 0] = 0
    np.testing.assert_array_equal(
        network.scores(SparseRows(sp.csr_matrix(x))), network.scores(DenseRows(x))
    )
    assert not network.sparse_input
    inner = Network(
        [Dense(4), Activate(Tanh()), Dense(4), JOINS[kind](1), Dense(2)], LogLoss(), 4, dtype=dtype
    )
    assert inner.sparse_input


@each_join
def test_predicting_from_the_end_of_a_block(kind):
    network = with_joins(make_network(LogLoss(), "tanh", (4, 4, 4, 4, 3), dropout=0.2), kind)
    x = np.random.default_rng(0).normal(size=(50, 4))
    for cut in [0] + [i + 1 for i, layer in enumerate(network.layers) if layer.span]:
        middle = DenseRows(network.scores(DenseRows(x), 0, cut))
        np.testing.assert_allclose(
            network.scores(middle, cut), network.scores(DenseRows(x)), rtol=1e-12
        )
    with pytest.raises(ValueError, match="needs what comes before layer 1, where this pass begins"):
        network.scores(DenseRows(x), 1)


@each_join
def test_statistics_of_the_population(kind):
    network = with_joins(make_network(LogLoss(), "tanh", (4, 4, 4, 3), batch_norm=True), kind)
    x = np.random.default_rng(0).normal(size=(50, 4))
    network.refresh_statistics(DenseRows(x), always=True)
    state = network.running_views()
    i = max(i for i, layer in enumerate(network.layers) if isinstance(layer, BatchNorm))
    before = network.scores(DenseRows(x), 0, i)
    np.testing.assert_allclose(state[i, "mean"][0], before.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(state[i, "variance"][0], before.var(axis=0, ddof=1), rtol=1e-10)


@each_join
def test_pickle(kind):
    network = with_joins(make_network(LogLoss(), "tanh", (4, 4, 4, 3)), kind)
    x = np.random.default_rng(0).normal(size=(50, 4))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(network)).scores(DenseRows(x)), network.scores(DenseRows(x))
    )


# ---- refusals


def test_widths_that_differ_are_refused():
    with pytest.raises(
        ValueError,
        match=r"Add\(span=1\) adds inputs of one width, but they have 5 \(from below\) and 3 "
        r"\(bridged\)",
    ):
        Network([Dense(5), Add(1), Dense(2)], SquaredError(), 3)


def test_a_span_below_the_input_is_refused():
    with pytest.raises(
        ValueError, match=r"Add\(span=2\) bridges 2 layers, but only 1 lie below it"
    ):
        Network([Dense(3), Add(2), Dense(2)], SquaredError(), 3)


def test_a_span_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"span must be a number in \[1, inf\), got 0"):
        Add(0).check()
