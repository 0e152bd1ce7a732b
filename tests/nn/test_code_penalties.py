"""Terms of an autoencoder's code: gradients among all other layers, closed forms, integrals,
true Jacobians, memory.
"""

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from scipy import integrate, stats

from skmlp.nn.activations import GELU, Identity, Logistic, ReLU, Tanh
from skmlp.nn.engine.input_gradient import input_gradient
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import (
    Activate,
    Add,
    BatchNorm,
    Concat,
    Dense,
    Dropout,
    Masking,
    Maxout,
    PReLU,
    TiedDense,
)
from skmlp.nn.losses import Huber, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS
from skmlp.nn.terms import (
    CODE_PENALTIES,
    TERMS,
    Contractive,
    KLSparsity,
    L1Sparsity,
    Term,
    Variational,
)
from tests.nn.helpers import layer_workspace, randomised
from tests.nn.test_allocation import BOUND, WIDTH, peak
from tests.nn.test_gradients import TOLERANCE, gradient_error

CODES = {
    "kl": lambda k: [Dense(k), Activate(Logistic()), KLSparsity(0.2, 0.7)],
    "l1": lambda k: [Dense(k), Activate(Tanh()), L1Sparsity(0.3)],
    "contractive": lambda k: [Dense(k), Activate(Tanh()), Contractive(0.3, 0.1)],
    "variational": lambda k: [Dense(2 * k), Variational(0.8)],
}
each_code = pytest.mark.parametrize("kind", CODES)


def network_of(layers, loss=None, n_in=5, dtype=np.float64, alphas=(), seed=0):
    return randomised(
        Network(layers, loss or SquaredError(), n_in, dtype=dtype, alphas=alphas), seed
    )


def hidden(width, activation, batch_norm, dropout):
    extras = [BatchNorm()] if batch_norm else []
    return [Dense(width), *extras, activation, *([Dropout(0.2)] if dropout else [])]


def test_every_penalty_is_a_term_and_is_tested():
    assert set(CODE_PENALTIES) == set(CODES)
    assert set(CODE_PENALTIES.values()) <= set(TERMS.values())


# ---- gradients


@each_code
@pytest.mark.parametrize("activation", [Tanh(), GELU(), ReLU(), "prelu"], ids=str)
@pytest.mark.slow
def test_gradient(activation, kind):
    """{batch norm} x {dropout and corruption} x {weights} x {penalty}, each parameter by itself."""
    unit = PReLU() if activation == "prelu" else Activate(activation)
    for batch_norm, random, weighted, penalty in itertools.product([False, True], repeat=4):
        layers = [
            *([Masking(0.2)] if random else []),
            *hidden(4, unit, batch_norm, random),
            *CODES[kind](3),
        ]
        layers += [*hidden(4, unit, batch_norm, random), Dense(5)]
        network = network_of(layers, alphas=(0.5, 0.1, 0.2, 2.0) if penalty else ())
        assert gradient_error(network, weighted) < TOLERANCE, (
            batch_norm,
            random,
            weighted,
            penalty,
        )


STACKS = {
    "nothing else": ([], [Dense(5)]),
    "joins": (
        [Dense(5), Activate(Tanh()), Add(2)],
        [Dense(3), Activate(ReLU()), Concat(2), Dense(5)],
    ),
    "concatenated": (
        [Dense(4), Activate(ReLU()), Dropout(0.3), Concat(3)],
        [Dense(4), Activate(Tanh()), Concat(2), Dense(5)],
    ),
    "maxout": ([Dense(8), Maxout()], [Dense(6), Maxout(), Dense(5)]),
    "deep": (
        [Dense(4), Activate(Tanh()), Dense(4), BatchNorm(), Activate(GELU())],
        [Activate(ReLU()), Dropout(0.2), Dense(5)],
    ),
    "tied": ([Dense(4), Activate(Tanh())], [Activate(Tanh()), Dense(4), TiedDense(5, None)]),
}


@each_code
@pytest.mark.parametrize("stack", STACKS)
def test_gradient_among_others(stack, kind):
    before, after = STACKS[stack]
    layers = [*before, *CODES[kind](3), *after]
    if stack == "tied":
        layers[-1] = TiedDense(5, len(layers) - 1)
    assert gradient_error(network_of(layers, Huber()), weighted=True) < TOLERANCE


@each_code
def test_sparse_rows_give_the_same(kind, rng):
    x, values = rng.normal(size=(6, 5)) * (rng.uniform(size=(6, 5)) > 0.5), []
    for rows in (x, sp.csr_array(x), sp.csr_matrix(x)):
        network = network_of([Dense(4), Activate(Tanh()), *CODES[kind](3), Dense(5)])
        network.prepare(6, np.random.default_rng(0))
        values.append([network.loss_and_grad(rows, x), *network.grads])
    np.testing.assert_allclose(values[1:], [values[0]] * 2, rtol=1e-10, atol=1e-12)


@each_code
def test_a_step_allocates_nothing(kind, dtype):
    layers = [Dense(WIDTH), BatchNorm(), Activate(ReLU()), *CODES[kind](WIDTH), Dense(WIDTH)]
    network = network_of(layers, n_in=WIDTH, dtype=dtype)
    assert peak(network, OPTIMIZERS["adam"](), weighted=True) < BOUND


@each_code
def test_two_sizes_of_batches_in_turn(kind, rng):
    layers = [Dense(4), BatchNorm(), Activate(Tanh()), *CODES[kind](3), Dense(5)]
    together, x = network_of(layers), rng.normal(size=(9, 5))
    together.prepare(9, np.random.default_rng(0))
    for n in (9, 4, 9):
        alone = network_of(layers)
        alone.prepare(n, np.random.default_rng(n))
        stream = np.random.default_rng(n)
        for ws in together.plan(n).layers:
            ws.rng = stream
        assert together.loss_and_grad(x[:n], x[:n]) == pytest.approx(
            alone.loss_and_grad(x[:n], x[:n]), rel=1e-12
        )
        np.testing.assert_allclose(together.grads, alone.grads, rtol=1e-9, atol=1e-12)


@each_code
def test_pickle(kind):
    network = network_of([Dense(4), Activate(Tanh()), *CODES[kind](3), Dense(5)])
    network.prepare(6, np.random.default_rng(0))
    x = np.random.default_rng(0).normal(size=(6, 5))
    network.loss_and_grad(x, x)
    copied = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(copied.scores(DenseRows(x)), network.scores(DenseRows(x)))


# ---- sparsity


def value_of(term, y, weight=None):
    """Return the term of a layer's output (n, k)."""
    ws = layer_workspace(term, *y.shape, y.dtype, np.random.default_rng(0))
    scale = ws.batch.weigh(weight)
    ws.x = ws.y = y
    return term.objective(ws, None, weight, scale)


def test_kl_is_the_divergence_of_coins(rng):
    """Against SciPy's entropy of the two distributions."""
    y, weight = rng.uniform(0.05, 0.95, (30, 4)), rng.uniform(0.5, 2.0, (30, 1))
    means = np.average(y, axis=0, weights=weight[:, 0])
    expected = sum(stats.entropy([0.1, 0.9], [mean, 1.0 - mean]) for mean in means)
    assert value_of(KLSparsity(0.1, 2.5), y, weight) == pytest.approx(2.5 * expected, rel=1e-12)
    assert value_of(KLSparsity(0.1), np.full((5, 3), 0.1)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_kl_is_finite_for_units_that_are_stuck(level, dtype):
    term, y = KLSparsity(), np.full((5, 3), level, dtype)
    with np.errstate(all="raise"):
        assert 0 < value_of(term, y) < 100


def test_l1_is_the_mean_of_the_absolute_values(rng):
    y, weight = rng.normal(size=(30, 4)), rng.uniform(0.5, 2.0, (30, 1))
    expected = 0.3 * np.average(np.linalg.norm(y, 1, axis=1), weights=weight[:, 0])
    assert value_of(L1Sparsity(0.3), y, weight) == pytest.approx(expected, rel=1e-12)


# ---- contraction


def term_of(network, x, seed, weight=None):
    """Return what the terms add to the loss of a batch."""
    plain = Network(
        [layer for layer in network.layers if not isinstance(layer, Term)],
        network.loss,
        network.n_in,
        dtype=network.dtype,
    )
    plain.load(network)
    values = []
    for each in (network, plain):
        each.prepare(len(x), np.random.default_rng(seed))
        values.append(each.loss_and_grad(x, x, weight))
    return values[0] - values[1]


def jacobians(network, x, stop):
    return input_gradient(
        network,
        DenseRows(x),
        lambda y, rows: np.broadcast_to(np.eye(y.shape[1])[:, None], (y.shape[1], *y.shape)),
        stop,
    )


@pytest.mark.parametrize("seed", range(3))
def test_contraction_of_one_input_is_the_squared_derivative(seed, rng):
    """The sphere in one dimension is two points, so nothing is left to chance."""
    encoder = [Dense(6), Activate(Tanh()), Dense(4), Activate(Logistic())]
    network = network_of([*encoder, Contractive(1.7, 1e-4), Dense(1)], n_in=1, seed=seed)
    x, weight = rng.normal(size=(20, 1)), rng.uniform(0.5, 2.0, (20, 1))
    squares = np.square(jacobians(network, x, 4)).sum(axis=(1, 2))
    assert term_of(network, x, seed, weight) == pytest.approx(
        1.7 * np.average(squares, weights=weight[:, 0]), rel=1e-6
    )


@pytest.mark.parametrize("step", [1e-3, 5.0])
def test_contraction_of_a_straight_encoder_is_its_matrix_on_average(step):
    network = network_of([Dense(3), Activate(Identity()), Contractive(0.5, step), Dense(5)])
    x, squares = (
        np.random.default_rng(0).normal(size=(4000, 5)),
        np.square(network.weights()[0]).sum(),
    )
    values = [term_of(network, x, seed) for seed in range(1, 11)]
    assert np.mean(values) == pytest.approx(0.5 * squares, abs=4 * np.std(values) / np.sqrt(9))
    assert np.std(values) < 0.02 * squares


@pytest.mark.parametrize("random", [False, True])
def test_contraction_is_the_squared_norm_of_the_jacobian_on_average(random):
    """Of clean rows, whatever dropout and corruption do meanwhile; the Jacobian comes from
    backpropagation.
    """
    noise = [Masking(0.4)] if random else []
    encoder = [
        *noise,
        Dense(6),
        Activate(GELU()),
        *([Dropout(0.4)] if random else []),
        Dense(4),
        Activate(Tanh()),
    ]
    network = network_of([*encoder, Contractive(1.0, 0.01), Dense(5)])
    x = np.random.default_rng(0).normal(size=(4000, 5))
    expected = np.square(jacobians(network, x, len(encoder))).sum(axis=(1, 2)).mean()
    values = [term_of(network, x, seed) for seed in range(1, 11)]
    assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / 3 + 1e-3 * expected)


def test_contraction_with_batch_normalisation_is_that_by_fixed_statistics():
    """Both sides share mean and variance; with those of the batch put into the running ones,
    prediction has the same Jacobian.
    """
    network = network_of(
        [Dense(6), BatchNorm(momentum=1.0), Activate(Tanh()), Contractive(1.0, 1e-3), Dense(1)],
        n_in=1,
    )
    x = np.random.default_rng(0).normal(size=(500, 1))
    value = term_of(network, x, 0)
    state = network.running_views()
    z = x @ network.weights()[0] + network.views()[0, "bias"]
    state[1, "mean"][...], state[1, "variance"][...] = z.mean(axis=0), z.var(axis=0)
    assert value == pytest.approx(
        np.square(jacobians(network, x, 3)).sum(axis=(1, 2)).mean(), rel=1e-4
    )
    np.testing.assert_allclose(state[1, "mean"][0], z.mean(axis=0))


def test_contraction_leaves_running_statistics_alone(rng):
    x, states = rng.normal(size=(20, 5)), []
    for terms in ([], [Contractive()]):
        network = network_of([Dense(6), BatchNorm(), Activate(Tanh()), *terms, Dense(5)])
        network.prepare(20, np.random.default_rng(0))
        network.loss_and_grad(x, x)
        states.append(network.running.copy())
    np.testing.assert_array_equal(*states)


def test_single_precision_is_enough_for_the_default_step():
    x, values = np.random.default_rng(0).normal(size=(2000, 64)), []
    for dtype in (np.float32, np.float64):
        layers = [
            Dense(50),
            Activate(Tanh()),
            Dense(10),
            Activate(Tanh()),
            Contractive(),
            Dense(64),
        ]
        network = Network(layers, SquaredError(), 64, dtype=dtype)
        network.params[...] = network_of(layers, n_in=64).params
        values.append([term_of(network, x.astype(dtype), seed) for seed in range(1, 11)])
    # the streams draw other numbers in other precisions
    assert np.mean(values[0]) == pytest.approx(np.mean(values[1]), rel=0.02)


# ---- variational


@pytest.mark.parametrize(("mean", "r"), [(0.0, 0.0), (1.5, -2.0), (-0.3, 3.0), (2.0, -30.0)])
def test_divergence_is_the_integral(mean, r):
    """Of q log(q / p) over the line, between SciPy's normal distributions."""
    q, p = stats.norm(mean, np.exp(5.0 * np.tanh(r / 10.0))), stats.norm()
    around = (q.mean() - 12 * q.std(), q.mean() + 12 * q.std())
    expected, _ = integrate.quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), *around, epsabs=1e-12, limit=200
    )
    term = Variational(0.7)
    ws = layer_workspace(term, 4, 2, np.float64, np.random.default_rng(0))
    ws.x[...] = mean, r
    term.forward(ws.x, ws, True)
    assert term.objective(ws, None, None, 0.25) == pytest.approx(
        0.7 * expected, rel=1e-8, abs=1e-10
    )


def test_codes_are_drawn_from_the_normal_distribution(dtype):
    term = Variational()
    ws = layer_workspace(term, 4000, 4, dtype, np.random.default_rng(0))
    ws.x[...] = 0.5, -1.0, 1.0, -2.0
    term.forward(ws.x, ws, True)
    for column, mean, r in ((0, 0.5, 1.0), (1, -1.0, -2.0)):
        std = np.exp(5.0 * np.tanh(r / 10.0))
        assert (
            stats.kstest(ws.y[:, column].astype(np.float64), stats.norm(mean, std).cdf).pvalue
            > 1e-3
        )
    term.forward(ws.x, ws, False)
    np.testing.assert_array_equal(ws.y, ws.x[:, :2])


def test_far_out_it_stays_finite(dtype):
    term = Variational()
    ws = layer_workspace(term, 4, 6, dtype, np.random.default_rng(0))
    ws.x[...] = np.where(ws.x > 0, 1e4, -1e4)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        term.forward(ws.x, ws, True)
        assert np.isfinite(term.objective(ws, None, None, 0.25))
        term.backward(np.ones_like(ws.y), ws)
    assert np.isfinite(ws.y).all()
    assert np.isfinite(ws.dx).all()


def test_gradient_of_the_input_is_that_of_the_mean(rng):
    network = network_of(
        [Dense(4), BatchNorm(), Activate(Tanh()), *CODES["variational"](3), Dense(5)]
    )
    x = rng.normal(size=(6, 5))
    analytic = jacobians(network, x, 5)
    for k in range(5):
        e = 1e-6 * np.eye(5)[k]
        numeric = (
            network.scores(DenseRows(x + e), 0, 5) - network.scores(DenseRows(x - e), 0, 5)
        ) / 2e-6
        np.testing.assert_allclose(analytic[:, :, k], numeric, rtol=1e-6, atol=1e-8)
