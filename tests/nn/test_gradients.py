"""The gradient of the whole network, against central differences: every activation, loss and layer,
together and in any order.

Everything is float64, h = 1e-6, relative error < 1e-6. Dropout draws the same masks for each
evaluation because its random stream is put back first.
"""

import itertools
import math

import numpy as np
import pytest

from skmlp.nn.activations import ACTIVATIONS, Activation, HardThreshold, Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.layers import (
    ACTIVATION_LAYERS,
    Activate,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Maxout,
    PReLU,
    Scale,
)
from skmlp.nn.losses import LOSSES, LogLoss, SquaredError
from skmlp.nn.terms import Head
from tests.nn.helpers import (
    construct,
    directional_derivatives,
    make_network,
    randomised,
    relative_error,
    targets_of,
)

TOLERANCE = 1e-6
N = 8


def problem(network, weighted, seed=1):
    """Return what ``loss_and_grad`` takes: random rows, targets in the domain of the loss,
    weights or None.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, network.n_in))
    target = targets_of(network.loss, (N, network.n_out), rng)
    return x, target, rng.uniform(0.5, 2.0, (N, 1)) if weighted else None


def gradient_error(network, weighted=False, directions=None, seed=1, input_gradient=False):
    """Return the relative error of the gradient along random directions; None: the worst
    array's, along every coordinate.
    """
    x, target, weight = problem(network, weighted, seed)
    rng = np.random.default_rng(5)
    network.prepare(N, rng, input_gradient)
    random_state = rng.bit_generator.state

    def objective():
        rng.bit_generator.state = random_state
        return network.loss_and_grad(x, target, weight)

    objective()
    if input_gradient:
        flat, analytic = x.reshape(-1), network.plan(N).layers[0].dx.copy().reshape(-1)
    else:
        flat, analytic = network.params, network.grads.copy()
    assert np.max(np.abs(analytic)) > 1e-3, "a gradient of zero tests nothing"
    if directions is None:
        numeric = directional_derivatives(objective, flat, np.eye(flat.size))
        parts = [slice(None)] if input_gradient else network.layout.slices.values()
        # an array whose gradient is zero, like a bias in front of batch normalisation, is measured
        # against the others
        least = 0.01 * np.max(np.abs(analytic))
        return max(relative_error(numeric[part], analytic[part], least) for part in parts)
    directions = np.random.default_rng(6).normal(size=(directions, flat.size)) / math.sqrt(
        flat.size
    )
    return relative_error(
        directional_derivatives(objective, flat, directions), directions @ analytic
    )


EXACT = [*(key for key, cls in ACTIVATIONS.items() if not cls.surrogate), *ACTIVATION_LAYERS]
SETTINGS = list(itertools.product([False, True], repeat=4))


@pytest.mark.parametrize("key", LOSSES)
@pytest.mark.parametrize("activation", EXACT)
@pytest.mark.slow
def test_every_combination(activation, key):
    """Activation x loss x {batch norm} x {dropout} x {weights} x {penalty}, each parameter by
    itself.

    Each pair of activation and loss meets half of the 16 settings, in which any three of the four
    options come in all combinations. Its neighbours in either table meet the other half, so every
    activation and every loss meets all 16.
    """
    half = (EXACT.index(activation) + list(LOSSES).index(key)) % 2
    for batch_norm, dropout, weighted, penalty in (
        setting for setting in SETTINGS if sum(setting) % 2 == half
    ):
        network = make_network(
            LOSSES[key](),
            activation,
            sizes=(3, 4, 3, 2),
            batch_norm=batch_norm,
            dropout=0.3 if dropout else 0.0,
            input_dropout=0.2 if dropout else 0.0,
            alphas=(0.5, 0.0, 2.0) if penalty else (),
        )
        assert gradient_error(network, weighted) < TOLERANCE, (
            batch_norm,
            dropout,
            weighted,
            penalty,
        )


class Sine(Activation):
    """An activation from outside of the registry, whose derivative is read from its input."""

    keeps = "x"

    def forward(self, x, out, tmp):
        np.sin(x, out=out)

    def backward(self, kept, dy, out, tmp):
        np.cos(kept, out=tmp)
        np.multiply(dy, tmp, out=out)


PARTS = {
    "tanh": lambda: Activate(Tanh()),
    "sine": lambda: Activate(Sine()),
    "dropout": lambda: Dropout(0.3),
    "alpha_dropout": lambda: AlphaDropout(0.3),
    "batch_norm": BatchNorm,
    "dense": lambda: Dense(6),
    "prelu": lambda: PReLU(-0.5),
    "scale": Scale,
    "maxout": Maxout,
    "head": lambda: Head(2, 0.7),
}


def fits(stack, width):
    """Return whether every maxout layer of a stack gets an even number of inputs."""
    for part in stack:
        if part == "maxout" and width % 2:
            return False
        width = {"dense": 6, "maxout": width // 2}.get(part, width)
    return True


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_layers_in_any_order(length):
    """Whatever comes after whatever, in place or not: no layer may overwrite what another one still
    reads.

    In-place dropout over tanh is the known trap: it breaks the gradient without a sign.
    """
    for stack in itertools.product(PARTS, repeat=length):
        if not fits(stack, 4):
            continue
        layers = [Dense(4), *(PARTS[part]() for part in stack), Dense(2)]
        network = randomised(Network(layers, SquaredError(), 3, dtype=np.float64))
        assert gradient_error(network, directions=4) < TOLERANCE, stack


@pytest.mark.parametrize("length", [1, 2])
def test_layers_before_the_first_weights(length):
    for stack in itertools.product(PARTS, repeat=length):
        if not fits(stack, 4):
            continue
        network = randomised(
            Network(
                [*(PARTS[part]() for part in stack), Dense(2)], SquaredError(), 4, dtype=np.float64
            )
        )
        assert gradient_error(network, directions=4) < TOLERANCE, stack


@pytest.mark.parametrize(
    "last", ["sine", "dropout", "alpha_dropout", "batch_norm", "prelu", "scale"]
)
def test_layers_after_the_last_weights(last):
    network = randomised(
        Network(
            [Dense(4), Activate(Tanh()), Dense(2), PARTS[last]()],
            SquaredError(),
            3,
            dtype=np.float64,
        )
    )
    assert gradient_error(network) < TOLERANCE


def test_a_last_layer_that_keeps_its_output_is_refused():
    """The loss writes its gradient over the output."""
    with pytest.raises(
        ValueError,
        match=r"The last layer, Activate\(activation=Tanh\(\)\), reads its output in backward",
    ):
        Network([Dense(2), Activate(Tanh())], SquaredError(), 3)


STACKS = [
    (),
    ("dropout",),
    ("alpha_dropout",),
    ("batch_norm",),
    ("sine", "batch_norm"),
    ("dense", "tanh"),
    ("prelu",),
    ("dense", "maxout"),
]


@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_gradient_of_the_input(stack):
    network = randomised(
        Network(
            [*(PARTS[part]() for part in stack), Dense(4), Activate(Tanh()), Dense(2)],
            LogLoss(),
            3,
            dtype=np.float64,
        )
    )
    assert gradient_error(network, weighted=True, input_gradient=True) < TOLERANCE


def test_a_network_without_hidden_layers():
    network = make_network(LogLoss(), sizes=(3, 2), alphas=(0.7,))
    assert gradient_error(network, weighted=True) < TOLERANCE


def test_a_penalty_longer_than_a_block():
    """Penalties are added block by block; the last block is shorter."""
    network = make_network(SquaredError(), sizes=(150, 120, 2), alphas=(0.5, 0.25))
    assert gradient_error(network, directions=6) < TOLERANCE


def test_hard_threshold_has_the_gradient_of_its_surrogate():
    """Backpropagation written out, with [|z| <= 1] where the derivative of the step would stand."""
    network = make_network(SquaredError(), HardThreshold(), sizes=(3, 6, 2))
    x, target, _ = problem(network, weighted=False)
    network.prepare(N)
    network.loss_and_grad(x, target)
    (w1, b1), (w2, b2) = (
        [network.views()[layer, name] for name in ("weight", "bias")] for layer in (0, 2)
    )
    z = x @ w1 + b1
    dy = (np.heaviside(z, 1.0) @ w2 + b2 - target) / N
    dz = (dy @ w2.T) * (np.abs(z) <= 1)
    assert 0 < np.mean(np.abs(z) <= 1) < 1
    grads = network.layout.views(network.grads)
    for key, expected in {
        (0, "weight"): x.T @ dz,
        (0, "bias"): dz.sum(axis=0),
        (2, "weight"): np.heaviside(z, 1.0).T @ dy,
    }.items():
        np.testing.assert_allclose(np.squeeze(grads[key]), expected, rtol=1e-12, atol=1e-14)


# ---- the checker checked


class WrongTanh(Activation):
    """A derivative that is a little wrong: 1 - y instead of 1 - y^2."""

    def forward(self, x, out, tmp):
        np.tanh(x, out=out)

    def backward(self, kept, dy, out, tmp):
        np.subtract(1.0, kept, out=tmp)
        np.multiply(dy, tmp, out=out)


class CarelessActivate(Activate):
    """An activation layer that does not say that it reads its output."""

    keeps = ()


@pytest.mark.parametrize("directions", [None, 6])
def test_a_wrong_derivative_is_found(directions):
    assert gradient_error(make_network(LogLoss(), WrongTanh()), directions=directions) > 1e-3


@pytest.mark.parametrize("directions", [None, 6])
def test_in_place_dropout_over_tanh_is_found(directions):
    layers = [Dense(4), CarelessActivate(Tanh()), Dropout(0.3), Dense(2)]
    assert (
        gradient_error(
            randomised(Network(layers, SquaredError(), 3, dtype=np.float64)), directions=directions
        )
        > 1e-3
    )


@pytest.mark.parametrize("factor", [1.0 + 1e-5, 1.0 - 1e-5])
def test_an_error_of_a_hundred_thousandth_is_found(factor):
    class Slanted(SquaredError):
        def rows_and_grad(self, raw, target, ws):
            super().rows_and_grad(raw, target, ws)
            np.multiply(raw, factor, out=raw)

    assert gradient_error(make_network(Slanted())) > TOLERANCE


def test_the_tables_are_not_empty():
    assert len(ACTIVATIONS) > 1
    assert len(LOSSES) > 1
    assert len(SETTINGS) == 16
    assert all(construct(cls) for cls in (*ACTIVATIONS.values(), *LOSSES.values()))
