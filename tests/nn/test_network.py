"""The network: memory, objective, prediction, statistics, copies."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from skmlp.nn.engine import inference
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, SparseRows
from skmlp.nn.layers import Dense
from skmlp.nn.losses import LOSSES, LogLoss, SquaredError
from skmlp.nn.losses.masked import MaskedEntries
from tests import reference
from tests.nn.helpers import make_network, targets_of

N = 12


def batch(network, n=N, seed=1, dtype=None):
    rng = np.random.default_rng(seed)
    dtype = dtype or network.dtype
    return rng.normal(size=(n, network.n_in)).astype(dtype), targets_of(
        network.loss, (n, network.n_out), rng, dtype
    )


def gradient(network, x, target, weight=None):
    network.prepare(x.shape[0], np.random.default_rng(0))
    value = network.loss_and_grad(x, target, weight)
    return value, network.grads.copy()


# ---- memory


def test_views_share_memory_with_the_flat_vector(dtype):
    network = make_network(LogLoss(), batch_norm=True, dtype=dtype)
    for key, view in network.views().items():
        assert np.shares_memory(view, network.params)
        view[...] = 7.0
        np.testing.assert_array_equal(network.params[network.layout.slices[key]], 7.0)
    assert (network.params == 7.0).all()


def test_penalised_arrays_come_first():
    network = make_network(LogLoss(), sizes=(3, 4, 5, 2), batch_norm=True)
    assert [key[1] for key in network.layout.slices][:3] == ["weight"] * 3
    assert network.penalised == [slice(0, 12), slice(12, 32), slice(32, 42)]


def test_gradients_have_the_layout_of_the_parameters():
    network = make_network(SquaredError(), sizes=(3, 2))
    x, target = batch(network)
    _, grads = gradient(network, x, target)
    views = network.layout.views(grads)
    residual = (x @ network.views()[0, "weight"] + network.views()[0, "bias"] - target) / N
    np.testing.assert_allclose(views[0, "weight"], x.T @ residual, rtol=1e-12)
    np.testing.assert_allclose(views[0, "bias"][0], residual.sum(axis=0), rtol=1e-12)


def test_everything_has_the_dtype_of_the_network(dtype):
    network = make_network(LogLoss(), batch_norm=True, dropout=0.2, dtype=dtype)
    gradient(network, *batch(network))
    assert {
        a.dtype
        for a in (
            network.params,
            network.running,
            network.grads,
            network.scores(DenseRows(batch(network)[0])),
        )
    } == {dtype}


def test_loss_is_a_python_float(dtype):
    network = make_network(LogLoss(), alphas=(1.0, 1.0), dtype=dtype)
    assert type(gradient(network, *batch(network))[0]) is float


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_of_different_size_do_not_disturb_each_other(batch_norm, weighted):
    """The tail batch works in the memory of the full batch; afterwards everything is as it was."""
    network, rng = make_network(LogLoss(), batch_norm=batch_norm), np.random.default_rng(2)
    data = [(*batch(network, n), rng.uniform(1, 2, (n, 1)) if weighted else None) for n in (N, 5)]
    alone = [gradient(network, *arguments) for arguments in data]
    network.prepare(N)
    for k in (0, 1, 0, 0, 1, 1, 0):
        assert network.loss_and_grad(*data[k]) == pytest.approx(alone[k][0], rel=1e-13)
        np.testing.assert_allclose(network.grads, alone[k][1], rtol=1e-11, atol=1e-14)


def test_weighted_and_unweighted_batches_do_not_disturb_each_other():
    network = make_network(LogLoss(), batch_norm=True)
    data, weight = batch(network), np.random.default_rng(2).uniform(1, 2, (N, 1))
    alone = [gradient(network, *data, w)[1] for w in (None, weight)]
    network.prepare(N)
    for k in (0, 1, 0, 1, 1, 0, 0):
        network.loss_and_grad(*data, (None, weight)[k])
        np.testing.assert_allclose(network.grads, alone[k], rtol=1e-12)


def test_training_does_not_write_into_the_data():
    """Even when the first layer is elementwise."""
    for options in ({"input_dropout": 0.3}, {}, {"batch_norm": True}):
        network = make_network(SquaredError(), **options)
        x, target = batch(network)
        before = x.copy(), target.copy()
        gradient(network, x, target)
        network.scores(DenseRows(x))
        np.testing.assert_array_equal(x, before[0])
        np.testing.assert_array_equal(target, before[1])


# ---- objective


@pytest.mark.parametrize("key", LOSSES)
def test_objective_is_the_mean_loss(key):
    network = make_network(LOSSES[key](), activation="tanh")
    x, target = batch(network)
    views = network.views()
    raw = np.tanh(x @ views[0, "weight"] + views[0, "bias"]) @ views[2, "weight"] + views[2, "bias"]
    rows = reference.LOSSES[key](raw, target)
    weight = np.random.default_rng(3).uniform(1, 2, N)
    assert gradient(network, x, target)[0] == pytest.approx(rows.mean(), rel=1e-12)
    assert gradient(network, x, target, weight[:, None])[0] == pytest.approx(
        np.average(rows, weights=weight), rel=1e-12
    )


def test_the_objective_may_be_another_loss_than_that_of_predictions():
    """That of the known entries is minimised, before and after a release, and is not saved."""
    network = Network(
        [Dense(2)], SquaredError(), 3, np.float64, objective=MaskedEntries(SquaredError())
    )
    network.initialise(np.random.default_rng(0))
    x, target = batch(network)
    target[::2, 1] = np.nan
    scores = x @ network.views()[0, "weight"] + network.views()[0, "bias"]
    expected = 0.5 * np.nansum(np.square(scores - target), axis=1).mean()
    for _ in range(2):
        assert gradient(network, x, target)[0] == pytest.approx(expected, rel=1e-12)
        network.release()
    assert type(network.loss) is SquaredError
    assert type(pickle.loads(pickle.dumps(network)).objective) is SquaredError


@pytest.mark.parametrize("key", LOSSES)
def test_a_pickle_has_the_same_objective(key):
    network = make_network(LOSSES[key](), alphas=(0.5, 2.0), batch_norm=True)
    x, target = batch(network)
    expected = gradient(network, x, target)
    copy = pickle.loads(pickle.dumps(network))
    assert copy.grads is None
    value, grads = gradient(copy, x, target)
    assert value == expected[0]
    np.testing.assert_array_equal(grads, expected[1])


@pytest.mark.parametrize("weighted", [False, True])
def test_penalty_is_half_alpha_times_the_squares_over_the_weight(weighted):
    alphas = (0.5, 0.0, 3.0)
    plain, penalised = (
        make_network(SquaredError(), sizes=(3, 4, 5, 2), alphas=a) for a in ((), alphas)
    )
    weight = np.random.default_rng(3).uniform(1, 2, (N, 1)) if weighted else None
    total = N if weight is None else weight.sum()
    (value, grads), (value_2, grads_2) = (
        gradient(network, *batch(network), weight) for network in (plain, penalised)
    )
    weights = [view for (_, name), view in penalised.views().items() if name == "weight"]
    expected = sum(alpha * np.sum(w**2) for alpha, w in zip(alphas, weights, strict=True)) / (
        2 * total
    )
    assert value_2 - value == pytest.approx(expected, rel=1e-12)
    difference = np.zeros_like(grads)
    for alpha, part in zip(alphas, penalised.penalised, strict=True):
        difference[part] = alpha * penalised.params[part] / total
    np.testing.assert_allclose(grads_2 - grads, difference, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_weight_of_two_is_a_row_given_twice(batch_norm):
    network = make_network(LogLoss(), batch_norm=batch_norm, alphas=(0.3, 0.2))
    x, target = batch(network)
    weight = np.random.default_rng(3).integers(1, 4, N)
    weighted = gradient(network, x, target, weight[:, None].astype(float))
    repeated = gradient(network, np.repeat(x, weight, axis=0), np.repeat(target, weight, axis=0))
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-12)
    np.testing.assert_allclose(weighted[1], repeated[1], rtol=1e-9, atol=1e-13)


def test_the_size_of_the_weights_does_not_matter_without_a_penalty():
    network = make_network(LogLoss())
    x, target = batch(network)
    weight = np.random.default_rng(3).uniform(1, 2, (N, 1))
    first, second = (gradient(network, x, target, factor * weight) for factor in (1.0, 1000.0))
    assert first[0] == pytest.approx(second[0], rel=1e-13)
    np.testing.assert_allclose(first[1], second[1], rtol=1e-11)


@pytest.mark.parametrize("key", LOSSES)
def test_losses_of_rows_average_to_the_objective(key, monkeypatch):
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    network = make_network(LOSSES[key]())
    x, target = batch(network, 200)
    rows = network.losses(DenseRows(x), DenseRows(target))
    assert rows.shape == (200,)
    np.testing.assert_allclose(rows.mean(), gradient(network, x, target)[0], rtol=1e-12)
    np.testing.assert_allclose(
        network.row_losses(network.scores(DenseRows(x)), DenseRows(target)), rows, rtol=1e-12
    )


# ---- sparse input


@pytest.mark.parametrize("batch_norm", [False, True])
def test_sparse_rows_give_what_dense_rows_give(batch_norm, dtype):
    network = make_network(
        LogLoss(), sizes=(20, 6, 3), batch_norm=batch_norm, alphas=(0.1, 0.1), dtype=dtype
    )
    x, target = batch(network)
    x[np.random.default_rng(4).uniform(size=x.shape) < 0.7] = 0.0
    matrix = sp.csr_matrix(x)
    assert network.sparse_input
    tolerance = (
        {"rtol": 1e-4, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-14}
    )
    (dense, dense_grads), (sparse, sparse_grads) = (
        gradient(network, a, target) for a in (x, matrix)
    )
    assert dense == pytest.approx(sparse, rel=1e-5 if dtype == np.float32 else 1e-13)
    np.testing.assert_allclose(sparse_grads, dense_grads, **tolerance)
    np.testing.assert_allclose(
        network.scores(SparseRows(matrix)), network.scores(DenseRows(x)), **tolerance
    )


# ---- copies


def test_a_pickle_holds_numbers_and_no_buffers():
    network = make_network(LogLoss(), sizes=(50, 60, 3), batch_norm=True, dropout=0.2)
    x, target = batch(network, 2000)
    gradient(network, x, target)
    data = pickle.dumps(network)
    assert len(data) < network.params.nbytes + network.running.nbytes + 4000
    copy = pickle.loads(data)
    np.testing.assert_array_equal(copy.scores(DenseRows(x)), network.scores(DenseRows(x)))
    assert copy.grads is None
    assert network.grads is not None, "pickling is no side effect"


def test_a_pickle_can_be_trained_on():
    network = make_network(LogLoss(), batch_norm=True, alphas=(0.1, 0.1))
    copy = pickle.loads(pickle.dumps(network))
    data = batch(network)
    first, second = gradient(network, *data), gradient(copy, *data)
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])


def test_release_gives_training_memory_back():
    network = make_network(LogLoss())
    gradient(network, *batch(network))
    network.release()
    assert network.grads is None
    assert len(pickle.dumps(vars(network))) < network.params.nbytes + 4000


def test_views_stay_views_after_release_and_prepare():
    network = make_network(LogLoss())
    views = network.views()
    gradient(network, *batch(network))
    network.release()
    views[0, "weight"][...] = 0.0
    assert (network.params[network.penalised[0]] == 0.0).all()


def test_load_takes_the_numbers_and_shares_nothing():
    one, other = (make_network(LogLoss(), batch_norm=True, seed=seed) for seed in (0, 1))
    other.running += 0.5
    x = DenseRows(batch(one)[0])
    params = one.params
    one.load(other)
    assert one.params is params
    np.testing.assert_array_equal(one.scores(x), other.scores(x))
    other.params[...] = 0.0
    assert (one.params != 0.0).any()


@pytest.mark.parametrize(
    "options", [{"sizes": (3, 5, 3)}, {"batch_norm": True}], ids=["width", "batch_norm"]
)
def test_load_refuses_another_shape(options):
    with pytest.raises(ValueError, match="had the shapes"):
        make_network(LogLoss()).load(make_network(LogLoss(), **options))


def test_initialise_starts_from_the_same_numbers_in_both_precisions():
    networks = [
        make_network(LogLoss(), dtype=dtype, batch_norm=True) for dtype in (np.float32, np.float64)
    ]
    for network in networks:
        network.initialise(np.random.default_rng(0))
    np.testing.assert_array_equal(networks[0].params, networks[1].params.astype(np.float32))


def test_initialise_starts_biases_at_zero_and_scales_at_one():
    network = make_network(LogLoss(), batch_norm=True)
    network.initialise(np.random.default_rng(0))
    views, state = network.views(), network.running_views()
    for (_, name), view in (*views.items(), *state.items()):
        if name != "weight":
            np.testing.assert_array_equal(view, 1.0 if name in ("gamma", "variance") else 0.0)


def test_start_output_sets_the_last_bias():
    network = make_network(LogLoss())
    network.start_output([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(network.views()[2, "bias"], [[1.0, 2.0, 3.0]])


def test_minimal_rows_are_those_of_the_most_demanding_layer():
    assert make_network(LogLoss()).min_rows == 1
    assert make_network(LogLoss(), batch_norm=True).min_rows == 2
