"""Embeddings of numbers, against functions of one column that NumPy and scikit-learn have."""

import numpy as np
import pytest
from sklearn.preprocessing import KBinsDiscretizer

from skmlp.nn.activations import Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import (
    JOINS,
    NUMERIC_EMBEDDINGS,
    Activate,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    Periodic,
    PiecewiseLinear,
)
from skmlp.nn.losses import SquaredError
from tests.nn.helpers import layer_workspace, randomised
from tests.nn.test_gradients import TOLERANCE, gradient_error

each_key = pytest.mark.parametrize("key", NUMERIC_EMBEDDINGS)
FOLLOWERS = {
    "nothing": lambda: [],
    "batch_norm": lambda: [BatchNorm()],
    "dropout": lambda: [Dropout(0.3)],
    "tanh": lambda: [Activate(Tanh())],
    "numeric_embedding": lambda: [PiecewiseLinear(2, 2, n_numbers=3)],
}


def started(layer, rows, dtype, rng, n=60):
    """Return the workspace of a layer that started from rows, with other rows to look at."""
    ws = layer_workspace(layer, n, rows.shape[1], dtype, rng)
    layer.start(rows.astype(dtype), None, ws, rng)
    return ws


def knots_of(ws, j):
    """Return the edges of the bins of column ``j``, the last one too."""
    used = ws.slopes[j] > 0.0
    below, widths = ws.edges[j][used].astype(float), 1.0 / ws.slopes[j][used].astype(float)
    return np.append(below, below[-1] + widths[-1])


# ---- piecewise linear


@pytest.mark.parametrize("n_bins", [1, 2, 5, 16])
def test_piecewise_linear_functions_are_those_of_interp(n_bins, dtype, rng):
    layer, rows = PiecewiseLinear(n_bins, 3), rng.normal(3.0, 5.0, (500, 4))
    ws = started(layer, rows, dtype, rng)
    ws.x[:] = rng.normal(3.0, 7.0, ws.x.shape)
    ws.x[0], ws.x[1], ws.x[2], ws.x[3] = rows.min(axis=0), rows.max(axis=0), -1e6, 1e6
    layer.forward(ws.x, ws, True)
    expected = [ws.x]
    for j in range(4):
        heights = np.cumsum(ws.vectors[j].astype(float), axis=0)
        heights = np.vstack([np.zeros(3), heights]) + ws.offset[0, 3 * j : 3 * j + 3]
        knots = knots_of(ws, j)
        assert len(knots) == n_bins + 1
        expected += [np.interp(ws.x[:, j], knots, height)[:, None] for height in heights.T]
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(ws.y, np.hstack(expected), rtol=tolerance, atol=tolerance)


def test_bins_are_those_of_the_discretizer(dtype, rng):
    """As many rows in each."""
    rows = rng.gamma(2.0, size=(1000, 3)).astype(dtype)
    layer, seen = PiecewiseLinear(8), rng.gamma(2.0, size=(60, 3)).astype(dtype)
    ws = started(layer, rows, dtype, rng)
    layer.forward(seen, ws, True)
    theirs = KBinsDiscretizer(
        8, encode="ordinal", strategy="quantile", quantile_method="inverted_cdf", subsample=None
    ).fit(rows)
    for j, edges in enumerate(theirs.bin_edges_):
        np.testing.assert_allclose(knots_of(ws, j), edges, rtol=1e-5 if dtype == np.float32 else 0)
    np.testing.assert_array_equal(ws.bins - [0, 8, 16], theirs.transform(seen))


def test_weights_count_as_repetitions(dtype, rng):
    rows, weight = rng.normal(size=(48, 3)).astype(dtype), rng.integers(1, 4, 48)
    layer = PiecewiseLinear(8)
    ws = started(layer, np.repeat(rows, weight, axis=0), dtype, rng)
    wanted = ws.edges.copy(), ws.slopes.copy()
    layer.start(rows, weight.astype(dtype), ws, rng)
    np.testing.assert_array_equal((ws.edges, ws.slopes), wanted)


def test_values_that_are_rare_have_bins_beside_one_that_is_frequent(dtype, rng):
    """Nine in ten rows are zero, as an amount is that most people do not have; weights of zero
    count as no rows.
    """
    amounts = np.sort(rng.uniform(1.0, 50.0, 100)).astype(dtype)
    column = np.concatenate([np.zeros(900, dtype), amounts])
    ws = started(PiecewiseLinear(8), column[:, None], dtype, rng)
    knots = knots_of(ws, 0)
    assert len(knots) == 9
    tolerance = 1e-5 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(knots[[0, -1]], [0.0, amounts[-1]], rtol=tolerance)
    # the bins above zero have like numbers of amounts
    counts = np.histogram(amounts, np.append(knots[1:], np.inf))[0]
    assert counts[:-2].max() - counts[:-2].min() <= 2
    weight = (column < 20.0).astype(dtype)
    layer, few = PiecewiseLinear(8), column[column < 20.0]
    ws = started(layer, few[:, None], dtype, rng)
    wanted = ws.edges.copy(), ws.slopes.copy()
    layer.start(column[:, None], weight, ws, rng)
    np.testing.assert_array_equal((ws.edges, ws.slopes), wanted)


def test_columns_of_few_values_have_few_bins(dtype, rng):
    n = 400
    rows = np.column_stack(
        [np.full(n, 7.0), rng.integers(0, 2, n), rng.integers(0, 4, n) / 3.0, np.zeros(n)]
    )
    rows[::2, 3] = np.finfo(dtype).tiny / 8.0  # too near for a slope that is finite
    layer = PiecewiseLinear(8, 2)
    ws = started(layer, rows, dtype, rng)
    assert [np.count_nonzero(slopes) for slopes in ws.slopes] == [0, 1, 3, 0]
    np.testing.assert_allclose(knots_of(ws, 2), np.arange(4) / 3.0, rtol=1e-6)
    assert np.isfinite(ws.edges).all()
    assert np.isfinite(ws.slopes).all()
    ws.x[:] = rng.normal(0.0, 1e4, ws.x.shape)
    layer.forward(ws.x, ws, True)
    constant = ws.y[:, [4, 5, 10, 11]]
    np.testing.assert_array_equal(constant, np.tile(ws.offset[0, [0, 1, 6, 7]], (60, 1)))
    dy = rng.normal(size=ws.y.shape).astype(dtype)
    layer.backward(dy, ws)
    assert not ws.d_vectors[[0, 3]].any()
    assert not ws.d_vectors[1, 1:].any()


def test_a_value_that_is_not_finite_is_not_hidden(dtype, rng):
    layer = PiecewiseLinear(4, 2)
    ws = started(layer, rng.normal(size=(50, 3)), dtype, rng)
    ws.x[5, 1] = np.nan
    layer.forward(ws.x, ws, True)
    assert np.isnan(ws.y[5]).tolist() == [j in (1, 5, 6) for j in range(9)]


# ---- periodic


def test_periodic_functions_are_sums_of_cosines(dtype, rng):
    layer = Periodic(5, 2, n_numbers=3)
    ws = layer_workspace(layer, 60, 4, dtype, rng)
    layer.forward(ws.x, ws, True)
    expected = [ws.x]
    for j in range(3):
        angles = 2.0 * np.pi * ws.frequencies[j] * ws.x[:, [j]] + ws.phases[j]
        expected.append(np.cos(angles) @ ws.vectors[j].T + ws.offset[0, 2 * j : 2 * j + 2])
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(ws.y, np.hstack(expected), rtol=tolerance, atol=tolerance)


def test_the_start_of_frequencies_and_phases(rng):
    network = Network([Periodic(50, sigma=0.3), Dense(1)], SquaredError(), 40, np.float64)
    network.initialise(rng)
    frequencies, phases = (network.views()[0, name] for name in ("frequencies", "phases"))
    assert frequencies.std() == pytest.approx(0.3, rel=0.05)
    assert abs(frequencies.mean()) < 0.03
    assert np.abs(phases).max() == pytest.approx(np.pi, rel=0.01)
    assert phases.std() == pytest.approx(np.pi / np.sqrt(3.0), rel=0.05)


# ---- each


@each_key
@pytest.mark.parametrize("follower", FOLLOWERS)
def test_gradient_of_a_network(follower, key):
    layers = [NUMERIC_EMBEDDINGS[key](), *FOLLOWERS[follower](), Dense(4), Activate(Tanh())]
    network = randomised(Network([*layers, Dense(2)], SquaredError(), 5, dtype=np.float64))
    assert gradient_error(network, weighted=True) < TOLERANCE
    assert gradient_error(network, input_gradient=True) < TOLERANCE


@each_key
@pytest.mark.parametrize("join", JOINS)
def test_gradient_in_the_middle_and_under_a_join(join, key):
    layer = NUMERIC_EMBEDDINGS[key](dim=2, n_numbers=2)
    layers = [Dense(4), layer, Dense(8), Activate(Tanh()), JOINS[join](2), Dense(2)]
    network = randomised(Network(layers, SquaredError(), 3, dtype=np.float64))
    assert gradient_error(network, weighted=True) < TOLERANCE


@each_key
def test_other_columns_go_through(key, rng):
    """Indicators and vectors of categories, which an embedding of these hands on."""
    layer = NUMERIC_EMBEDDINGS[key](dim=3, n_numbers=2)
    alone = NUMERIC_EMBEDDINGS[key](dim=3)
    layers = [Embedding((3, 2), (2, 4)), layer, Dense(1)]
    network = randomised(Network(layers, SquaredError(), 5, np.float64))
    numbers = randomised(Network([alone, Dense(1)], SquaredError(), 2, np.float64))
    numbers.load_layers(network, [(0, 1)])
    x = np.column_stack([rng.normal(size=(30, 3)), rng.integers(0, 3, (30, 2))])
    embedded = network.scores(DenseRows(x), stop=1)
    np.testing.assert_array_equal(
        network.scores(DenseRows(x), stop=2),
        np.column_stack([embedded, numbers.scores(DenseRows(x[:, :2].copy()), stop=1)[:, 2:]]),
    )


@each_key
def test_prediction_is_the_forward_pass(key, rng):
    layers = [NUMERIC_EMBEDDINGS[key](), Dense(2)]
    network = randomised(Network(layers, SquaredError(), 5, dtype=np.float64))
    x = rng.normal(size=(40, 5))
    network.prepare(40)
    np.testing.assert_allclose(network.scores(DenseRows(x)), network.forward(x), rtol=1e-12)


@each_key
def test_no_penalty_applies(key):
    params = NUMERIC_EMBEDDINGS[key]().params(3)
    assert not any(param.penalised for param in params.values())


@each_key
def test_the_start_of_the_weights(key, rng):
    """The variance of what each feature adds is one over their number, and the offset is zero."""
    layer = NUMERIC_EMBEDDINGS[key](25, 40)
    network = Network([layer, Dense(1)], SquaredError(), 20, np.float64)
    network.initialise(rng)
    vectors = network.views()[0, "vectors"]
    assert vectors.size == 20 * 25 * 40
    assert vectors.var() == pytest.approx(1.0 / 25.0, rel=0.05)
    assert not network.views()[0, "offset"].any()


@each_key
def test_more_numbers_than_columns_are_refused(key):
    with pytest.raises(ValueError, match="embeds 4 columns, but its input has 3"):
        Network([NUMERIC_EMBEDDINGS[key](n_numbers=4)], SquaredError(), 3)


COMPILED = {
    "first": lambda layer: [layer()],
    "some": lambda layer: [layer(3, 2, n_numbers=4)],
    "one bin": lambda layer: [layer(1, 1)],
    "behind dropout": lambda layer: [Dropout(0.2), layer()],
    "behind weights": lambda layer: [Dense(4), layer(n_numbers=2), Activate(Tanh())],
    "behind categories": lambda layer: [Embedding((3, 2), (2, 4)), layer(n_numbers=4)],
}


@each_key
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("setting", COMPILED)
def test_the_compiled_epoch_is_that_of_numpy(setting, pieces, key, dtype, monkeypatch):
    pytest.importorskip("numba")
    from skmlp.nn.compiled import program
    from tests.nn.test_compiled import assert_same

    if pieces == 2:
        monkeypatch.setattr(program, "SHARED", 0)
    layers = [*COMPILED[setting](NUMERIC_EMBEDDINGS[key]), Dense(5), Activate(Tanh()), Dense(3)]
    categories = (3, 2) if setting == "behind categories" else ()
    assert_same(layers, SquaredError(), dtype, categories=categories)


@pytest.mark.parametrize("n_bins", [1, 2, 3, 7, 16, 46])
@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
def test_compiled_bins_are_those_of_numpy(dim, n_bins, dtype, rng):
    """Every number of bins and every width has its own way through the loops."""
    pytest.importorskip("numba")
    from skmlp.nn.compiled import numeric_embeddings

    layer = PiecewiseLinear(n_bins, dim)
    ws = started(layer, rng.gamma(2.0, size=(500, 3)), dtype, rng)
    ws.x[:] = rng.gamma(2.0, size=ws.x.shape)
    ws.x[:3] = [[-1.0], [1e4], [np.nan]]
    layer.forward(ws.x, ws, True)
    vectors, offset = ws.vectors.reshape(-1, dim), ws.offset.reshape(-1, dim)
    y, sums, d_vectors, d_offset = map(np.empty_like, (ws.y, vectors, vectors, offset))
    bins, z, slope = map(np.empty_like, (ws.bins, ws.z, ws.slope))
    numeric_embeddings.piecewise_linear(
        ws.x, y, ws.edges, ws.slopes, vectors, offset, sums, bins, z, slope
    )
    np.testing.assert_array_equal(bins, ws.bins)
    tolerance = 1e-4 if dtype == np.float32 else 1e-11
    for ours, theirs in ((y, ws.y), (z, ws.z), (slope, ws.slope)):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    z[2] = ws.z[2] = 0.5
    dy = rng.normal(size=y.shape).astype(dtype)
    layer.backward(dy, ws)
    numeric_embeddings.piecewise_linear_backward(dy, bins, z, d_vectors, d_offset, sums)
    for ours, theirs in ((d_vectors, ws.d_vectors), (d_offset, ws.d_offset)):
        theirs = theirs.reshape(ours.shape)
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
