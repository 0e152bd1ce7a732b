"""Output heads at hidden layers: PyTorch's training, gradients with all else, memory."""

import itertools
import pathlib

import numpy as np
import pytest

from skmlp.nn.activations import ReLU, Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.layers import JOINS, Activate, Dense
from skmlp.nn.losses import LOSSES, BinaryLogLoss, GaussianNLL, LogLoss
from skmlp.nn.losses.masked import MaskedEntries
from skmlp.nn.optimizers import OPTIMIZERS
from skmlp.nn.terms import Head, Term
from tests.nn.helpers import construct, make_network, randomised
from tests.nn.test_allocation import BOUND, WIDTH, peak
from tests.nn.test_gradients import TOLERANCE, gradient_error
from tests.nn.test_joins import with_joins


def with_heads(network, strengths=(0.3, 0.7), dtype=np.float64):
    """Return a network of the same layers with a head at the end of each block, as the
    estimators build it.
    """
    layers, strengths = [], iter(strengths)
    for layer in network.layers:
        if isinstance(layer, Dense) and any(isinstance(below, Dense) for below in layers):
            layers.append(Head(network.n_out, next(strengths)))
        layers.append(layer)
    return randomised(
        Network(layers, network.loss, network.n_in, dtype=dtype, alphas=network.alphas)
    )


@pytest.mark.parametrize("case", ["classes", "labels"])
def test_training_is_that_of_pytorch(case):
    """Ten steps with weighted rows; some labels are missing."""
    with np.load(pathlib.Path(__file__).with_name("heads.npz")) as archive:
        arrays = dict(archive)
    loss = LogLoss() if case == "classes" else BinaryLogLoss()
    layers = [
        Dense(6),
        Activate(Tanh()),
        Head(3, 0.3),
        Dense(5),
        Activate(Tanh()),
        Head(3, 0.7),
        Dense(3),
    ]
    network = Network(layers, loss, 4, dtype=np.float64)
    if case == "labels":
        network.objective = MaskedEntries(loss)
    owners = {0: "hidden_0", 2: "head_0", 3: "hidden_1", 5: "head_1", 6: "output"}
    names = {key: f"{owners[key[0]]}_{key[1].removeprefix('head_')}" for key in network.views()}
    for key, view in network.views().items():
        view[...] = arrays[f"{case}_{names[key]}"]
    network.prepare(12)
    values = []
    for _ in range(10):
        values.append(
            network.loss_and_grad(arrays["x"], arrays[f"{case}_target"], arrays["weight"])
        )
        network.params -= 0.5 * network.grads
    np.testing.assert_allclose(values, arrays[f"{case}_values"], rtol=1e-10)
    for key, view in network.views().items():
        np.testing.assert_allclose(view, arrays[f"{case}_end_{names[key]}"], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(
    ("key", "kind"),
    [*((key, None) for key in LOSSES), *itertools.product(["log_loss", "gaussian_nll"], JOINS)],
)
@pytest.mark.slow
def test_gradient_with_every_loss_and_join(key, kind):
    for batch_norm, dropout, weighted in itertools.product([False, True], repeat=3):
        options = {
            "batch_norm": batch_norm,
            "dropout": 0.3 * dropout,
            "input_dropout": 0.2 * dropout,
            "alphas": (0.5, 0.1, 2.0),
        }
        network = make_network(construct(LOSSES[key]), "tanh", (3, 3, 3, 2), **options)
        network = with_heads(network if kind is None else with_joins(network, kind, n_in=3))
        assert sum(isinstance(layer, Term) for layer in network.layers) == 2
        assert gradient_error(network, weighted) < TOLERANCE, (
            batch_norm,
            dropout,
            weighted,
        )


def test_a_step_allocates_nothing(dtype):
    for loss in (LogLoss(), GaussianNLL()):
        plain = make_network(
            loss,
            "relu",
            (WIDTH,) * 4,
            batch_norm=True,
            dropout=0.3,
            alphas=(0.1, 0.2, 0.3),
            dtype=dtype,
        )
        assert peak(with_heads(plain, dtype=dtype), OPTIMIZERS["adam"](), weighted=True) < BOUND


def test_a_strength_of_zero_is_the_network_without(dtype):
    found = []
    for head in ([], [Head(2, 0.0)]):
        network = Network([Dense(4), Activate(ReLU()), *head, Dense(2)], LogLoss(), 3, dtype=dtype)
        network.initialise(np.random.default_rng(0))
        network.prepare(6)
        x, target = (
            np.linspace(-1, 1, 18).reshape(6, 3).astype(dtype),
            np.eye(2, dtype=dtype)[[0, 1, 1, 0, 1, 0]],
        )
        value = network.loss_and_grad(x, target)
        grads = network.layout.views(network.grads)
        found.append([value, *(grads[key] for key in grads if not key[1].startswith("head"))])
    for plain, headed in zip(*found, strict=True):
        np.testing.assert_array_equal(plain, headed)


def test_heads_start_with_the_best_constant():
    network = Network([Dense(4), Activate(ReLU()), Head(2), Dense(2)], LogLoss(), 3)
    network.initialise(np.random.default_rng(0))
    network.start_output([0.25, -0.25])
    for key in ((2, "head_bias"), (3, "bias")):
        np.testing.assert_array_equal(network.views()[key], [[0.25, -0.25]])
    assert not network.views()[0, "bias"].any()


def test_no_penalty_reaches_a_head():
    assert len(with_heads(make_network(LogLoss(), sizes=(3, 4, 4, 2))).penalised) == 3
