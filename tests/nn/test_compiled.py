"""Numba's kernels: each equals the method it stands in for, passes the same checks, and leaves
alone what it does not know.

The trajectories of PyTorch are replayed over the kernels in ``test_trajectories.py``, the
allocation in ``test_allocation.py``.
"""

import itertools

import numpy as np
import pytest

from skmlp.nn.activations import ACTIVATIONS, ReLU
from skmlp.nn.compiled import dispatch as compiled
from skmlp.nn.engine.network import Network
from skmlp.nn.layers import LAYERS, Activate, AlphaDropout, BatchNorm, Dense, Dropout
from skmlp.nn.losses import LOSSES, LogLoss, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS, Adam
from skmlp.nn.optimizers.updater import Updater
from tests.nn.helpers import construct, make_network, randomised, targets_of
from tests.nn.test_gradients import TOLERANCE, gradient_error

N = 32
ROUNDING = {np.dtype(np.float32): 5e-6, np.dtype(np.float64): 1e-13}  # of a sum over N rows
SETTINGS = list(itertools.product([False, True], repeat=3))


def step(network, backend, weighted):
    """Return the loss, the gradient and the running statistics after one evaluation."""
    rng = np.random.default_rng(1)
    x, target = (
        rng.normal(size=(N, network.n_in)),
        targets_of(network.loss, (N, network.n_out), rng),
    )
    weight = rng.uniform(0.5, 2.0, (N, 1)) if weighted else None
    arrays = [None if a is None else a.astype(network.dtype) for a in (x, target, weight)]
    network.prepare(N, np.random.default_rng(2), compiled=backend)
    return np.array(network.loss_and_grad(*arrays)), network.grads.copy(), network.running.copy()


def same(ours, theirs, dtype):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            a, b, rtol=ROUNDING[dtype], atol=ROUNDING[dtype] * np.abs(b).max(initial=1e-30)
        )


@pytest.mark.parametrize("loss", [construct(cls) for cls in LOSSES.values()], ids=list(LOSSES))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_step_is_the_same_as_with_numpy(activation, loss, dtype):
    for batch_norm, dropout, weighted in SETTINGS:
        options = {
            "batch_norm": batch_norm,
            "dropout": 0.3 * dropout,
            "input_dropout": 0.2 * dropout,
            "alphas": (0.1, 0.2, 0.3),
        }
        networks = [
            make_network(loss, activation, sizes=(7, 16, 12, 3), dtype=dtype, **options)
            for _ in range(2)
        ]
        same(step(networks[0], compiled, weighted), step(networks[1], None, weighted), dtype)


@pytest.mark.parametrize("key", LOSSES)
@pytest.mark.parametrize(
    "activation", [key for key, cls in ACTIVATIONS.items() if cls in compiled.RECTIFIERS]
)
def test_gradient(activation, key):
    for batch_norm, dropout, weighted in SETTINGS:
        network = make_network(
            LOSSES[key](),
            activation,
            sizes=(3, 4, 3, 2),
            batch_norm=batch_norm,
            dropout=0.3 * dropout,
        )
        assert gradient_error(network, weighted, compiled=compiled) < TOLERANCE, (
            batch_norm,
            dropout,
            weighted,
        )


PARTS = {
    "relu": lambda: Activate(ReLU()),
    "dropout": lambda: Dropout(0.3),
    "alpha_dropout": lambda: AlphaDropout(0.3),
    "batch_norm": BatchNorm,
    "dense": lambda: Dense(5),
}


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_gradient_of_layers_in_any_order(length):
    """A kernel that works in place stands only where the plan put the layer in place."""
    for stack in itertools.product(PARTS, repeat=length):
        network = randomised(
            Network(
                [*(PARTS[part]() for part in stack), Dense(2)], SquaredError(), 3, dtype=np.float64
            )
        )
        assert gradient_error(network, directions=4, compiled=compiled) < TOLERANCE, stack


def test_gradient_of_the_input():
    network = make_network(LogLoss(), "relu", batch_norm=True, input_dropout=0.2)
    assert (
        gradient_error(network, weighted=True, input_gradient=True, compiled=compiled) < TOLERANCE
    )


@pytest.mark.parametrize("penalty", [0.0, 0.3])
@pytest.mark.parametrize("decay", [0.0, 0.2])
@pytest.mark.parametrize("key", OPTIMIZERS)
def test_an_optimizer_is_the_same_as_with_numpy(key, penalty, decay, dtype, rng):
    rule, p = OPTIMIZERS[key](), rng.normal(size=1000).astype(dtype)
    gradients = rng.normal(size=(5, 1000)).astype(dtype)
    ends = []
    for kernel in (None, compiled.update(rule)):
        q, g = p.copy(), np.empty_like(p)
        parts = [(slice(0, 300), 1.0), (slice(300, 700), 2.0)]
        penalties, decays = (
            [(part, strength * factor) for part, factor in parts] for strength in (penalty, decay)
        )
        updater = Updater(rule, q, g, penalties=penalties, decays=decays, kernel=kernel)
        values = []
        for gradient in gradients:
            g[...] = gradient
            values.append(updater.step(0.01, 0.5))
        ends.append([q, np.array(values), *updater.slots.values()])
    assert (compiled.update(rule) is None) == (key not in KERNELS)
    same(*ends, dtype)


KERNELS = [key for key, cls in OPTIMIZERS.items() if cls in compiled.UPDATES]


def test_the_commonest_units_have_kernels():
    assert {"sgd", "adam", "adamw"} <= set(KERNELS)
    assert LOSSES["log_loss"] in compiled.LOSSES
    assert {LAYERS["dropout"], LAYERS["batch_norm"]} == {Dropout, BatchNorm}


def test_a_derived_unit_keeps_its_own_method():
    class Halved(Adam):
        def update(self, p, *arrays):
            np.multiply(p, 0.5, out=p)

    class Flat(LogLoss):
        def rows_and_grad(self, raw, target, ws):
            raw.fill(0.0)
            ws.rows.fill(1.0)

    assert compiled.update(Halved()) is None
    network = make_network(Flat(), "relu")
    assert step(network, compiled, False)[0] == pytest.approx(1.0)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_what_is_not_finite_is_not_hidden(batch_norm, activation, poison, dtype):
    """Else training that has diverged would go on unnoticed."""
    network = make_network(LogLoss(), activation, batch_norm=batch_norm, dtype=dtype)
    network.views()[0, "weight"][0, 0] = poison
    with np.errstate(invalid="ignore"):
        value, grads, _ = step(network, compiled, False)
    assert not (np.isfinite(value) and np.isfinite(grads).all())


def test_batch_norm_in_float32_is_accurate_for_a_large_mean():
    """Mean 10^4, variance 1, against float64."""
    x, ends = 1e4 + np.random.default_rng(0).normal(size=(256, 3)), []
    for kind in (np.float32, np.float64):
        network = randomised(Network([BatchNorm(), Dense(2)], SquaredError(), 3, dtype=kind))
        network.prepare(256, compiled=compiled)
        network.loss_and_grad(x.astype(np.float32).astype(kind), np.zeros((256, 2), kind))
        ends.append(network.running_views()[0, "variance"].copy())
    np.testing.assert_allclose(*ends, rtol=1e-5)


@pytest.mark.parametrize("n", [200, 2000])
def test_batch_norm_of_columns_that_hardly_vary_is_that_of_numpy(n, rng):
    """Constant ones, and one whose spread is the rounding of its mean."""
    x, ends = np.tile(np.array([1e7, -1e8, 1.7e9, 1e12, 1e7], np.float32), (n, 1)), []
    x[:, 4] += rng.integers(0, 2, n)
    for backend in (compiled, None):
        network = randomised(
            Network([BatchNorm(momentum=1.0), Dense(2)], SquaredError(), 5, dtype=np.float32)
        )
        network.prepare(n, compiled=backend)
        value = network.loss_and_grad(x, np.zeros((n, 2), np.float32))
        ends.append([network.running.copy(), network.grads.copy(), np.array(value)])
    same(*ends, np.dtype(np.float32))
    exact = x.astype(float).var(axis=0, ddof=1)
    np.testing.assert_allclose(network.running_views()[0, "variance"][0], exact, rtol=1e-4)
    assert (exact[:4] == 0.0).all()
    assert exact[4] > 0.2


def test_the_variance_of_many_rows_is_exact(rng):
    x = rng.standard_normal((400_000, 1), dtype=np.float32)
    network = randomised(
        Network([BatchNorm(momentum=1.0), Dense(1)], SquaredError(), 1, dtype=np.float32)
    )
    network.prepare(len(x), compiled=compiled)
    network.loss_and_grad(x, np.zeros_like(x))
    assert network.running_views()[0, "variance"][0, 0] == pytest.approx(
        x.var(dtype=float, ddof=1), rel=5e-6
    )
