"""Tied layers: gradients, the same network with matrices of its own, memory, prediction from the
middle.
"""

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from skmlp.nn.activations import ACTIVATIONS, ReLU, Tanh
from skmlp.nn.engine import inference
from skmlp.nn.engine.input_gradient import input_gradient
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, SparseRows
from skmlp.nn.layers import Activate, Add, BatchNorm, Dense, Dropout, TiedDense
from skmlp.nn.losses import Huber, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS
from tests.nn.helpers import randomised
from tests.nn.test_allocation import BOUND, WIDTH, peak
from tests.nn.test_gradients import EXACT, PARTS, TOLERANCE, gradient_error

PLAIN = [key for key in EXACT if key in ACTIVATIONS]


def tied_layers(activation, widths=(5, 4, 3), batch_norm=False, dropout=0.0):
    """Return encoder and decoder over ``widths``, the first of them that of the rows, the last
    that of the code.
    """
    layers, owners = [Dropout(dropout)] if dropout else [], []
    for width in widths[1:]:
        owners.append(len(layers))
        layers += hidden(Dense(width), activation, batch_norm, dropout)
    for width in widths[-2:0:-1]:
        layers += hidden(
            TiedDense(width, len(layers) - owners.pop()), activation, batch_norm, dropout
        )
    return [*layers, TiedDense(widths[0], len(layers) - owners.pop())]


def hidden(dense, activation, batch_norm, dropout):
    extras = [BatchNorm()] if batch_norm else []
    return [dense, *extras, Activate(activation), *([Dropout(dropout)] if dropout else [])]


def network_of(layers, loss=None, n_in=5, dtype=np.float64, alphas=()):
    return randomised(Network(layers, loss or SquaredError(), n_in, dtype=dtype, alphas=alphas))


@pytest.mark.parametrize(
    ("activation", "loss"), [*((key, SquaredError()) for key in PLAIN), ("tanh", Huber())], ids=str
)
@pytest.mark.slow
def test_gradient(activation, loss):
    """Activation, and another loss, x {batch norm} x {dropout} x {weights} x {penalty}, each
    parameter by itself.
    """
    for batch_norm, dropout, weighted, penalty in itertools.product([False, True], repeat=4):
        layers = tied_layers(
            ACTIVATIONS[activation](), batch_norm=batch_norm, dropout=0.2 * dropout
        )
        network = network_of(layers, loss, alphas=(0.5, 2.0) if penalty else ())
        assert gradient_error(network, weighted) < TOLERANCE, (
            batch_norm,
            dropout,
            weighted,
            penalty,
        )


def test_gradient_around_layers_in_any_order():
    """Nobody overwrites what the tied layer reads, whatever lies between it and the owner of its
    weight.
    """
    keeping_width = [part for part in PARTS if part not in ("dense", "maxout")]
    for stack in itertools.product(keeping_width, repeat=2):
        first, second = (PARTS[part] for part in stack)
        network = network_of([Dense(4), first(), second(), TiedDense(5, 3), first(), Dense(2)])
        assert gradient_error(network, directions=4) < TOLERANCE, stack


KNOTS = {
    "thrice": [
        Dense(5),
        Activate(Tanh()),
        TiedDense(5, 2),
        TiedDense(5, 3),
        Dense(5),
        TiedDense(5, 5),
    ],
    "of a join": [
        Dense(5),
        Activate(Tanh()),
        Add(2),
        TiedDense(5, 3),
        Add(1),
        Activate(ReLU()),
        Dense(5),
    ],
    "at once": [Dense(4), TiedDense(5, 1)],
    "behind what is bridged": [
        Dense(5),
        Dense(5),
        Activate(Tanh()),
        Add(2),
        TiedDense(5, 3),
        TiedDense(5, 5),
    ],
}


@pytest.mark.parametrize("layers", KNOTS.values(), ids=KNOTS)
def test_gradient_of_knots(layers):
    network = network_of(layers)
    assert gradient_error(network, weighted=True) < TOLERANCE
    assert gradient_error(network, input_gradient=True) < TOLERANCE


@pytest.mark.parametrize("activation", [Tanh(), ReLU()], ids=str)
def test_gradient_is_the_sum_over_both_places(activation, dtype):
    """Of the same network with two matrices, one the other's transpose, by the chain rule."""
    tied = network_of(tied_layers(activation, batch_norm=True), dtype=dtype)
    free_layers = [
        Dense(layer.n_out) if isinstance(layer, TiedDense) else layer for layer in tied.layers
    ]
    free = Network(free_layers, SquaredError(), 5, dtype=dtype)
    for (i, name), view in free.views().items():
        layer = tied.layers[i]
        view[...] = (
            tied.views()[i - layer.tied, name].T
            if name == "weight" and layer.tied
            else tied.views()[i, name]
        )
    free.running[...] = tied.running
    x = np.random.default_rng(0).normal(size=(20, 5)).astype(dtype)
    values = []
    for network in (tied, free):
        network.prepare(20)
        values.append(network.loss_and_grad(x, x))
    tolerance = (
        {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-13}
    )
    np.testing.assert_allclose(*values, **tolerance)
    grads, apart = tied.layout.views(tied.grads), free.layout.views(free.grads)
    for (i, name), view in grads.items():
        places = [
            j
            for j, layer in enumerate(tied.layers)
            if layer.tied and j - layer.tied == i and name == "weight"
        ]
        expected = apart[i, name] + sum(apart[j, name].T for j in places)
        assert len(places) == (name == "weight")
        np.testing.assert_allclose(view, expected, **tolerance)
    for mine, theirs in zip(tied.weights(), free.weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(tied.scores(DenseRows(x)), free.scores(DenseRows(x)), **tolerance)
    gradients = [
        input_gradient(network, DenseRows(x), lambda y, rows: np.ones((1, *y.shape), dtype))
        for network in (tied, free)
    ]
    np.testing.assert_allclose(*gradients, **tolerance)


def test_a_matrix_is_there_once():
    network = network_of(tied_layers(Tanh()))
    assert network.params.size == 5 * 4 + 4 * 3 + (4 + 3 + 4 + 5)
    assert len(network.penalised) == 2
    assert all(np.shares_memory(weight, network.params) for weight in network.weights())
    assert [weight.shape for weight in network.weights()] == [(5, 4), (4, 3), (3, 4), (4, 5)]


def test_the_penalty_counts_it_once():
    plain, penalised = (
        network_of(tied_layers(Tanh()), alphas=alphas) for alphas in ((), (2.0, 3.0))
    )
    x, values = np.random.default_rng(0).normal(size=(4, 5)), []
    for network in (plain, penalised):
        network.prepare(4)
        values.append(network.loss_and_grad(x, x))
    first, second, *_ = plain.weights()
    assert values[1] - values[0] == pytest.approx(
        (2.0 * np.square(first).sum() + 3.0 * np.square(second).sum()) / 2 / 4
    )


def test_a_step_allocates_nothing(dtype):
    network = network_of(
        tied_layers(ReLU(), (WIDTH, WIDTH, WIDTH), batch_norm=True, dropout=0.2),
        n_in=WIDTH,
        dtype=dtype,
    )
    assert peak(network, OPTIMIZERS["adam"]()) < BOUND


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_prediction_may_begin_anywhere(dropout, dtype, monkeypatch):
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    network = network_of(tied_layers(Tanh(), batch_norm=True, dropout=dropout), dtype=dtype)
    x = np.random.default_rng(0).normal(size=(150, 5)).astype(dtype)
    whole = network.scores(DenseRows(x))
    for cut in range(len(network.layers)):
        middle = DenseRows(network.scores(DenseRows(x), 0, cut))
        np.testing.assert_allclose(
            network.scores(middle, cut), whole, rtol=1e-4 if dtype == np.float32 else 1e-12
        )


def test_sparse_rows(dtype):
    network = network_of(tied_layers(Tanh()), dtype=dtype)
    x = np.random.default_rng(0).normal(size=(20, 5)).astype(dtype)
    x[x < 0] = 0
    assert network.sparse_input
    np.testing.assert_allclose(
        network.scores(SparseRows(sp.csr_matrix(x))), network.scores(DenseRows(x)), rtol=1e-5
    )
    grads = []
    for rows in (x, sp.csr_matrix(x)):
        network.prepare(20)
        network.loss_and_grad(rows, x)
        grads.append(network.grads)
    np.testing.assert_allclose(*grads, rtol=1e-4, atol=1e-6)


def test_numbers_of_rows_in_turn():
    """Each batch size has views of its own."""
    network, rng = network_of(tied_layers(Tanh())), np.random.default_rng(0)
    alone = {}
    for n in (12, 5):
        x = rng.normal(size=(n, 5))
        network.prepare(n)
        network.loss_and_grad(x, x)
        alone[n] = x, network.grads.copy()
    network.prepare(12)
    for n in (12, 5, 12):
        x, expected = alone[n]
        network.loss_and_grad(x, x)
        np.testing.assert_allclose(network.grads, expected, rtol=1e-12, atol=1e-15)


def test_pickle_and_form():
    network = network_of(tied_layers(Tanh()))
    x = DenseRows(np.random.default_rng(0).normal(size=(9, 5)))
    copied = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(copied.scores(x), network.scores(x))
    assert len(pickle.dumps(network)) < 2500 + network.params.nbytes
    assert repr(TiedDense(5, 2)) == "TiedDense(n_out=5, tied=2)"


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [Dense(4), TiedDense(6, 1)],
            r"Layer 1, TiedDense\(n_out=6, tied=1\), needs a weight of shape \(6, 4\) in layer 0, "
            r"but it has",
        ),
        (
            [Dense(4), Activate(Tanh()), TiedDense(5, 1)],
            r"needs a weight of shape \(5, 4\) in layer 1, but there is none",
        ),
        ([Dense(4), TiedDense(5, 3)], "in layer -2, but there is none"),
    ],
)
def test_what_does_not_fit_is_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        Network(layers, SquaredError(), 5)
