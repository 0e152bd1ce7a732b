"""Embeddings are products with one-hot matrices, which is how they are checked here."""

import numpy as np
import pytest

from skmlp.nn.activations import Tanh
from skmlp.nn.engine.input_gradient import input_gradient
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import JOINS, Activate, BatchNorm, Dense, Dropout, Embedding, PReLU
from skmlp.nn.layers.embedding import Vectors, embedding_dim
from skmlp.nn.losses import LogLoss, SquaredError
from tests.nn.helpers import layer_workspace, randomised
from tests.nn.test_gradients import TOLERANCE, gradient_error

LEVELS, DIMS = (3, 60, 1), (2, 5, 1)
FOLLOWERS = {
    "batch_norm": BatchNorm,
    "dropout": lambda: Dropout(0.3),
    "tanh": lambda: Activate(Tanh()),
    "prelu": lambda: PReLU(-0.5),
}


def batch(rng, n=40, dtype=np.float64):
    """Return rows with two numbers and a category number for each of three columns, some of
    other categories.
    """
    codes = np.column_stack([rng.integers(0, levels + 1, n) for levels in LEVELS])
    return np.column_stack([rng.normal(size=(n, 2)), codes]).astype(dtype)


def stack(*layers):
    return [Embedding(LEVELS, DIMS), *layers, Dense(4), Activate(Tanh()), Dense(2)]


def test_it_is_the_product_with_one_hot_rows(dtype, rng):
    layer = Embedding(LEVELS, DIMS)
    ws = layer_workspace(layer, 40, 5, dtype, rng)
    ws.x = batch(rng, dtype=dtype)
    dy = rng.normal(size=ws.y.shape).astype(dtype)
    layer.forward(ws.x, ws, True)
    layer.backward(dy, ws)
    one_hot = [np.eye(levels + 1)[ws.x[:, 2 + j].astype(int)] for j, levels in enumerate(LEVELS)]
    parts = np.split(dy[:, 2:], np.cumsum(DIMS)[:-1], axis=1)
    expected = [code @ table for code, table in zip(one_hot, layer.tables(ws.vectors), strict=True)]
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(ws.y, np.column_stack([ws.x[:, :2], *expected]), rtol=tolerance)
    for code, part, table in zip(one_hot, parts, layer.tables(ws.d_vectors), strict=True):
        np.testing.assert_allclose(table, code.T @ part, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(ws.dx, np.column_stack([dy[:, :2], np.zeros((40, 3))]))


def test_numbers_that_are_no_category_mean_any_other(rng):
    layer, x = Embedding(LEVELS, DIMS), batch(rng, 6)
    network = randomised(Network([layer, Dense(1)], SquaredError(), 5, dtype=np.float64))
    x[:, 2:] = LEVELS
    far = x.copy()
    far[:, 2:] = 1e9
    np.testing.assert_array_equal(network.scores(DenseRows(far)), network.scores(DenseRows(x)))


@pytest.mark.parametrize("follower", [None, *FOLLOWERS])
def test_gradient_of_a_network(follower):
    """Whatever works in place on the vectors."""
    layers = [FOLLOWERS[follower]()] if follower else []
    network = randomised(Network(stack(*layers), LogLoss(), 5, dtype=np.float64))
    assert gradient_error(network, weighted=True) < TOLERANCE
    assert gradient_error(network, input_gradient=True) < TOLERANCE


@pytest.mark.parametrize("join", JOINS)
def test_gradient_under_a_join(join):
    layers = [Embedding(LEVELS, DIMS), Dense(10), Activate(Tanh()), JOINS[join](2), Dense(2)]
    network = randomised(Network(layers, SquaredError(), 5, dtype=np.float64))
    assert gradient_error(network, weighted=True) < TOLERANCE


def test_prediction_is_the_forward_pass(rng):
    network, x = randomised(Network(stack(), SquaredError(), 5, dtype=np.float64)), batch(rng)
    network.prepare(len(x))
    np.testing.assert_allclose(network.scores(DenseRows(x)), network.forward(x), rtol=1e-12)


def test_categories_have_no_gradient(rng):
    network = randomised(Network(stack(), SquaredError(), 5, dtype=np.float64))
    gradient = input_gradient(
        network, DenseRows(batch(rng)), lambda y, rows: np.ones((1, *y.shape))
    )
    assert (gradient[..., 2:] == 0.0).all()
    assert (gradient[..., :2] != 0.0).all()


@pytest.mark.parametrize("n", [1, 2, 5, 49, 80, 400])
def test_the_start(n, rng):
    """Orthogonal columns of length dim / n, and nothing for any other category."""
    layer = Embedding((n, 4))
    vectors = np.full((1, layer.params(2)["vectors"].shape[1]), np.nan)
    Vectors((n, 4), tuple(map(embedding_dim, (n, 4)))).fill(vectors, rng)
    table = layer.tables(vectors)[0]
    assert table.shape == (n + 1, min(n, 50))
    np.testing.assert_array_equal(table[-1], 0.0)
    np.testing.assert_allclose(
        table.T @ table, min(1.0, 50 / n) ** 2 * np.eye(min(n, 50)), atol=1e-12
    )


def test_vectors_without_rows_stay_where_they_are(rng):
    """The gradient of a category that the batch does not have is zero, and no penalty pulls at
    it.
    """
    network = randomised(Network(stack(), SquaredError(), 5, dtype=np.float64, alphas=(0.5, 0.5)))
    x = batch(rng)
    x[:, 2] = 1
    network.prepare(len(x))
    network.loss_and_grad(x, rng.normal(size=(len(x), 2)))
    table = network.layers[0].tables(network.layout.views(network.grads)[0, "vectors"])[0]
    assert (table[[0, 2, 3]] == 0.0).all()
    assert (table[1] != 0.0).all()
