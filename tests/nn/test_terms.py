"""What adds a term to the objective: the mechanism, with terms of the tests' own, among all
other layers and under both backends.
"""

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from skmlp.nn.activations import ReLU, Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import JOINS, Activate, BatchNorm, Dense, Dropout
from skmlp.nn.layout import Row, Rows
from skmlp.nn.losses import BinaryLogLoss, SquaredError
from skmlp.nn.losses.masked import MaskedEntries
from skmlp.nn.optimizers import OPTIMIZERS
from skmlp.nn.terms import Term
from tests.nn.helpers import randomised
from tests.nn.test_allocation import BOUND, WIDTH, peak
from tests.nn.test_gradients import TOLERANCE, gradient_error


class Spread(Term):
    """factor mean_i sum_j x_ij^4: a term of a layer's output."""

    def __init__(self, factor=0.7):
        self.factor = factor

    def buffers(self, n_in):
        return {"d_term": Rows(n_in), "square": Rows(n_in, scratch=True), "means": Row(n_in)}

    def objective(self, ws, target, weight, scale):
        np.multiply(ws.x, ws.x, out=ws.square)
        np.multiply(ws.square, ws.x, out=ws.d_term)
        np.multiply(ws.d_term, ws.batch.column, out=ws.d_term)
        np.multiply(ws.d_term, 4.0 * self.factor, out=ws.d_term)
        np.multiply(ws.square, ws.square, out=ws.square)
        np.matmul(ws.batch.row, ws.square, out=ws.means)
        return self.factor * float(np.add.reduce(ws.means, axis=None))

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.add(dy, ws.d_term, out=ws.dx)


PARTS = {
    "tanh": lambda: Activate(Tanh()),
    "relu": lambda: Activate(ReLU()),
    "dropout": lambda: Dropout(0.3),
    "batch_norm": BatchNorm,
    "dense": lambda: Dense(4),
    "add": lambda: JOINS["add"](1),
    "concat": lambda: JOINS["concat"](2),
}


def test_gradient_among_layers_in_any_order():
    """Whatever comes before and after a term, nobody overwrites what it reads, nor what others
    read through it.
    """
    for before, after in itertools.product(PARTS, repeat=2):
        layers = [Dense(4), Spread(), PARTS[before](), Spread(), PARTS[after](), Spread(), Dense(2)]
        network = randomised(Network(layers, SquaredError(), 3, dtype=np.float64))
        for weighted in (False, True):
            assert gradient_error(network, weighted, directions=4) < TOLERANCE, (
                before,
                after,
                weighted,
            )


def test_gradient_below_every_parameter():
    """The term counts, though it moves nothing."""
    network = randomised(
        Network([Spread(), Dropout(0.3), Spread(), Dense(2)], SquaredError(), 3, dtype=np.float64)
    )
    assert gradient_error(network) < TOLERANCE
    assert gradient_error(network, input_gradient=True) < TOLERANCE


def test_the_value_is_added_to_the_loss(rng):
    x, target, weight = (
        rng.normal(size=(6, 3)),
        rng.normal(size=(6, 2)),
        np.array([[1.0], [2.0], [1.0], [3.0], [1.0], [1.0]]),
    )
    values = []
    for terms in ([], [Spread(0.5)]):
        network = randomised(
            Network(
                [Dense(4), Activate(Tanh()), *terms, Dense(2)], SquaredError(), 3, dtype=np.float64
            )
        )
        network.prepare(12)
        values.append(network.loss_and_grad(x, target, weight))
    hidden = network.scores(DenseRows(x), 0, 3)
    assert values[1] - values[0] == pytest.approx(
        0.5 * np.average((hidden**4).sum(axis=1), weights=weight[:, 0]), rel=1e-12
    )
    grads = network.grads.copy()
    repeated = np.repeat(np.arange(6), weight[:, 0].astype(int))
    assert network.loss_and_grad(x[repeated], target[repeated]) == pytest.approx(
        values[1], rel=1e-12
    )
    np.testing.assert_allclose(network.grads, grads, rtol=1e-10, atol=1e-13)


def test_memory_of_a_term():
    """It takes none for its output, and what it reads stays."""
    network = Network(
        [Dense(4), Activate(ReLU()), Spread(), Dropout(0.3), Dense(2)], SquaredError(), 3
    )
    network.prepare(6)
    y = [ws.y for ws in network.plan(6).layers]
    assert y[2] is y[1]
    assert not np.shares_memory(y[2], y[3])


def test_a_step_allocates_nothing(dtype):
    layers = [
        Dense(WIDTH),
        Activate(ReLU()),
        Spread(1e-6),
        Dropout(0.3),
        Dense(WIDTH),
        BatchNorm(),
        Spread(1e-6),
        Dense(WIDTH),
    ]
    network = randomised(Network(layers, SquaredError(), WIDTH, dtype=dtype))
    assert peak(network, OPTIMIZERS["adam"](), weighted=True) < BOUND


def test_with_outputs_kept():
    """What diagnostics read after a step is what it is without the term."""
    outputs = []
    for terms in ([], [Spread()]):
        layers = [Dense(4), Activate(ReLU()), *terms, Dropout(0.3), Dense(2)]
        network = randomised(Network(layers, SquaredError(), 3, dtype=np.float64))
        network.prepare(6, np.random.default_rng(0), keep_outputs=True)
        network.loss_and_grad(np.ones((6, 3)), np.ones((6, 2)))
        outputs.append(network.plan(6).layers[1].y.copy())
    np.testing.assert_array_equal(*outputs)


def test_with_entries_that_are_missing(rng):
    network = randomised(
        Network(
            [Dense(4), Activate(Tanh()), Spread(), Dense(2)], BinaryLogLoss(), 3, dtype=np.float64
        )
    )
    network.objective = MaskedEntries(network.loss)
    x, target = (
        rng.normal(size=(6, 3)),
        np.array([[0, 1], [np.nan, 1], [1, np.nan], [0, 0], [1, 1], [np.nan, np.nan]]),
    )
    network.prepare(6)
    value = network.loss_and_grad(x, target)
    term = 0.7 * np.mean((network.scores(DenseRows(x), 0, 2) ** 4).sum(axis=1))
    assert value - term == pytest.approx(
        np.nansum(network.losses(DenseRows(x), DenseRows(target))) / 6, rel=1e-12
    )


def test_sparse_rows(rng):
    x, target, values = (
        rng.normal(size=(6, 3)) * (rng.uniform(size=(6, 3)) > 0.5),
        np.ones((6, 2)),
        [],
    )
    for rows in (x, sp.csr_array(x)):
        network = randomised(
            Network(
                [Dense(4), Activate(Tanh()), Spread(), Dense(2)],
                SquaredError(),
                3,
                dtype=np.float64,
            )
        )
        network.prepare(6)
        values.append([network.loss_and_grad(rows, target), *network.grads])
    np.testing.assert_allclose(*values, rtol=1e-12)


def test_prediction_knows_nothing_of_it(rng):
    x = rng.normal(size=(6, 3))
    stacks = [[Dense(4), *terms, Activate(Tanh()), Dense(2)] for terms in ([], [Spread()])]
    plain, watched = (
        randomised(Network(layers, SquaredError(), 3, dtype=np.float64)) for layers in stacks
    )
    np.testing.assert_array_equal(plain.scores(DenseRows(x)), watched.scores(DenseRows(x)))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(watched)).scores(DenseRows(x)), watched.scores(DenseRows(x))
    )


def test_a_term_at_the_top_is_refused():
    with pytest.raises(
        ValueError, match=r"The last layer, Spread\(\), reads its output in backward"
    ):
        Network([Dense(2), Spread()], SquaredError(), 3)
