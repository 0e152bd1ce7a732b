"""Batches: bounds, order, weights, sources of rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from skmlp.nn.engine.sources import DenseRows, LabelRows, SparseRows
from skmlp.nn.engine.trainer import batch_bounds
from skmlp.nn.losses import LogLoss, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS
from tests.nn.helpers import make_network
from tests.nn.training import N, Rows, data_of, state_of, train

# ---- batches


@given(n=st.integers(1, 300), batch_size=st.integers(1, 60), min_rows=st.integers(1, 3))
def test_batches_tile_the_rows(n, batch_size, min_rows):
    """In order, without gaps; full but for the last, which is never too short unless it is the
    only one.
    """
    bounds = batch_bounds(n, batch_size, min_rows)
    assert [start for start, _ in bounds] == [0] + [stop for _, stop in bounds[:-1]]
    assert bounds[-1][1] == n
    sizes = [stop - start for start, stop in bounds]
    assert all(size == batch_size for size in sizes[:-1])
    assert 0 < sizes[-1] < batch_size + min_rows
    assert len(sizes) == 1 or sizes[-1] >= min(min_rows, batch_size)


@pytest.mark.parametrize(
    ("arguments", "sizes"),
    [((10, 4), [4, 4, 2]), ((9, 4, 2), [4, 5]), ((10, 4, 2), [4, 4, 2]), ((1, 4, 2), [1])],
)
def test_a_last_batch_that_is_too_short_joins_the_one_before(arguments, sizes):
    assert [stop - start for start, stop in batch_bounds(*arguments)] == sizes


def epochs_of(shuffle, n_epochs, rows=None, seed=0):
    """Return the rows of each batch of each epoch."""
    network = make_network(SquaredError())
    x, target = data_of(network)
    source = Rows(x)
    train(
        network, source, target, n_epochs, state_of(seed), rows=rows, shuffle=shuffle, batch_size=10
    )
    per_epoch = len(source.asked) // n_epochs
    return [source.asked[k * per_epoch : (k + 1) * per_epoch] for k in range(n_epochs)]


@pytest.mark.parametrize("rows", [None, np.arange(3, 48, 2)], ids=["all", "some"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_row_once_an_epoch(shuffle, rows):
    for batches in epochs_of(shuffle, 3, rows):
        np.testing.assert_array_equal(
            np.sort(np.concatenate(batches)), np.arange(N) if rows is None else rows
        )


@pytest.mark.parametrize(
    "rows", [None, np.array([9, 4, 7, 30, 1, 2, 3, 5, 8, 13, 21, 34])], ids=["all", "some"]
)
def test_without_shuffling_rows_come_in_order(rows):
    for batches in epochs_of(False, 2, rows):
        np.testing.assert_array_equal(
            np.concatenate(batches), np.arange(N) if rows is None else rows
        )


def test_two_epochs_mix_rows_across_batches():
    """Shuffled are the rows, not the batches: rows that share a batch do not share it again."""
    first, second = epochs_of(True, 2)
    for batch in first:
        assert max(len(np.intersect1d(batch, other)) for other in second) < len(batch)
    assert len({len(np.intersect1d(batch, other)) for batch in first for other in second}) > 1


def test_order_depends_on_the_stream_alone():
    same, again, other = (
        epochs_of(True, 2, seed=3),
        epochs_of(True, 2, seed=3),
        epochs_of(True, 2, seed=4),
    )
    np.testing.assert_array_equal(np.concatenate(same[1]), np.concatenate(again[1]))
    assert (np.concatenate(same[1]) != np.concatenate(other[1])).any()


def test_training_leaves_the_given_rows_alone():
    rows = np.arange(3, 48, 2)
    epochs_of(True, 2, rows)
    np.testing.assert_array_equal(rows, np.arange(3, 48, 2))


def test_targets_and_weights_follow_the_rows():
    """Each row's target is a function of the row, and so is its weight; a network that sees them
    torn apart would not fit.
    """
    network = make_network(SquaredError(), sizes=(1, 1))
    x = np.linspace(-1, 1, N)[:, None]
    weight = np.where(x[:, 0] > 0, 1.0, 1e-12)
    train(
        network,
        x,
        np.where(x > 0, 2 * x + 1, 100.0),
        300,
        weight=weight,
        batch_size=10,
        lr=0.05,
        shuffle=True,
    )
    np.testing.assert_allclose(
        [network.views()[0, "weight"][0, 0], network.views()[0, "bias"][0, 0]],
        [2.0, 1.0],
        atol=1e-3,
    )


# ---- weights


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("key", OPTIMIZERS)
def test_a_weight_of_two_is_a_row_given_twice(key, batch_norm):
    """For the full batch; the penalty counts against the sum of the weights."""
    networks = [make_network(LogLoss(), batch_norm=batch_norm, alphas=(0.3, 0.3)) for _ in range(2)]
    x, target = data_of(networks[0])
    weight = np.random.default_rng(2).integers(1, 4, N)
    options = {"rule": OPTIMIZERS[key](), "batch_size": 500, "lr": 0.01, "shuffle": False}
    train(networks[0], x, target, 5, weight=weight.astype(float), **options)
    train(
        networks[1], np.repeat(x, weight, axis=0), np.repeat(target, weight, axis=0), 5, **options
    )
    # the scale of a bias in front of batch normalisation is rounding only, and adaptive rules blow
    # it up
    free = [key for key in networks[0].views() if not (batch_norm and key == (0, "bias"))]
    for name in free:
        np.testing.assert_allclose(
            networks[0].views()[name], networks[1].views()[name], rtol=1e-6, atol=1e-9
        )


def test_weights_of_one_are_no_weights():
    networks = [make_network(LogLoss(), batch_norm=True, dropout=0.2) for _ in range(2)]
    for network, weight in zip(networks, (None, np.ones(N)), strict=True):
        train(network, *data_of(network), 3, weight=weight)
    np.testing.assert_allclose(networks[0].params, networks[1].params, rtol=1e-12)


# ---- sources


def test_sources_of_the_same_rows_train_the_same():
    x = np.random.default_rng(0).normal(size=(N, 12)) * (
        np.random.default_rng(1).uniform(size=(N, 12)) < 0.3
    )
    labels = np.random.default_rng(2).integers(0, 3, N)
    trained = []
    for source in (DenseRows(x), SparseRows(sp.csr_matrix(x))):
        for target in (DenseRows(np.eye(3)[labels]), LabelRows(labels, 3)):
            for input_dropout in (0.0, 0.3):
                network = make_network(LogLoss(), sizes=(12, 5, 3), input_dropout=input_dropout)
                train(network, source, target, 3)
                trained.append(network.params)
    for k in (0, 1):
        for params in trained[k + 2 :: 2]:
            np.testing.assert_allclose(params, trained[k], rtol=1e-10)


def test_reads_without_writing():
    network = make_network(LogLoss(), input_dropout=0.3)
    x, target = data_of(network)
    weight = np.random.default_rng(0).uniform(1, 2, N)
    arrays = [x, target, weight]
    before = [array.copy() for array in arrays]
    for shuffle in (False, True):
        train(network, x, target, 2, weight=weight, shuffle=shuffle)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
