"""The compiled epoch: each operation equals the NumPy code of its unit, in both precisions, over
random architectures; what has no operation trains the way of NumPy.

The NumPy code is the reference, which is checked against numeric derivatives, PyTorch and closed
forms elsewhere; the trajectories of PyTorch are replayed over both in ``test_optimizers.py``.
"""

import pytest

pytest.importorskip("numba")


import numpy as np

from skmlp.nn.activations import ACTIVATIONS
from skmlp.nn.compiled import entries
from skmlp.nn.compiled import program as compiled
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, Part
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.engine.trainer import DivergedError, Trainer
from skmlp.nn.layers import (
    Activate,
    Add,
    AlphaDropout,
    BatchNorm,
    Concat,
    Dense,
    Dropout,
    Embedding,
    PReLU,
    Scale,
    TiedDense,
)
from skmlp.nn.losses import LogLoss, Poisson, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS, SGD, Adam, AdamW
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import Constant, OneCycle
from tests.nn.helpers import construct, randomised
from tests.nn.two_ways import assert_same, in_pieces, stack, trained


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_activations(key, dtype):
    for batch_norm in ([], [BatchNorm()]):
        layers = [Dense(9), *batch_norm, Activate(ACTIVATIONS[key]()), Dense(3)]
        assert_same(layers, SquaredError(), dtype)
    assert_same([Activate(ACTIVATIONS[key]()), Dense(3)], SquaredError(), dtype)


LAYERS = {
    "dropout": [Dropout(0.3)],
    "dropout_that_fades": [Dropout(0.3, fade=0.7), AlphaDropout(0.2, fade=0.7)],
    "alpha_dropout": [AlphaDropout(0.2)],
    "batch_norm": [BatchNorm()],
    "prelu": [PReLU()],
    "scale": [Scale()],
    "all": [BatchNorm(), PReLU(), Dropout(0.3), Dense(4)],
    "add": [Dense(9), Activate(ACTIVATIONS["tanh"]()), Add(2)],
    "concat": [Dense(5), Activate(ACTIVATIONS["gelu"]()), Concat(2)],
    "nested": [Dense(9), Activate(ACTIVATIONS["relu"]()), Add(2), Dense(4), Concat(2), Concat(5)],
    "tied": [Dense(4), Activate(ACTIVATIONS["relu"]()), TiedDense(9, 2)],
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("key", LAYERS)
def test_layers(key, weighted, dtype):
    layers = stack(*LAYERS[key], activation=ACTIVATIONS["relu"]())
    assert_same(layers, SquaredError(), dtype, weighted=weighted)
    for in_front in ("dropout", "scale"):
        assert_same([*LAYERS[in_front], *layers], SquaredError(), dtype, weighted=weighted)


@pytest.mark.parametrize("in_front", [[], [Dropout(0.2)]])
def test_embeddings(in_front, dtype):
    """Of categories beside numbers, the last one of each column being any other."""
    layers = [*in_front, Embedding((3, 2), (2, 4)), *stack()]
    assert_same(layers, SquaredError(), dtype, categories=(3, 2))


@pytest.mark.parametrize("loss", [construct(cls) for cls in entries.LOSSES], ids=str)
def test_losses(loss, dtype):
    for n_out in (1, 3):
        layers = stack(n_out=n_out * loss.n_scores)
        for weighted in (False, True):
            assert_same(layers, loss, dtype, weighted=weighted)
    if hasattr(loss, "label_smoothing"):
        assert_same(stack(), type(loss)(0.2), dtype)


def test_labels(dtype):
    assert_same(stack(), LogLoss(), dtype, labels=True)


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_optimizers(key, dtype):
    rule = OPTIMIZERS[key]()
    strengths = {"decay" if rule.decoupled else "penalty": 0.3}
    layers = stack(activation=ACTIVATIONS["relu"]())
    assert_same(layers, SquaredError(), dtype, rule=rule, schedule=OneCycle(), **strengths)


@pytest.mark.parametrize("n_pieces", [1, 2])
@pytest.mark.parametrize("key", [key for key in OPTIMIZERS if key != "lion"])
def test_l1_penalties(key, n_pieces, dtype, monkeypatch):
    """Soft thresholds make the same zeros, with weights of rows and factors on the rate too."""
    if n_pieces == 2:
        in_pieces(monkeypatch)
    rule, zeros = OPTIMIZERS[key](), 0
    rates = [(slice(0, 50), 0.3), (slice(50, 95), 20.0), (slice(95, 102), 5.0)]
    for l1 in (0.3, 300.0):
        options = {"rule": rule, "l1": l1, "penalty": 0.3, "schedule": OneCycle(), "rates": rates}
        layers = stack(activation=ACTIVATIONS["relu"]())
        assert_same(layers, SquaredError(), dtype, weighted=True, n_epochs=4, **options)
        params = trained(layers, SquaredError(), dtype, True, n_epochs=4, **options)[0][1]
        zeros = np.count_nonzero(params == 0.0)
    assert zeros > 9 or key == "adadelta"


def test_a_clipped_gradient_with_an_l1_penalty_goes_the_way_of_numpy():
    """What clipping takes is that of the whole gradient, which no operation makes."""
    assert not trained(stack(), SquaredError(), np.float64, True, l1=0.3, norm_limit=0.1)[2]


STEPS = {
    "norm": {"norm_limit": 0.05},
    "value": {"value_limit": 0.01},
    "both": {"norm_limit": 0.05, "value_limit": 0.01, "penalty": 1.0},
    "max_norm": {"max_norm": 0.7},
    "in_order": {"shuffle": False},
    "momentum": {"rule": SGD(nesterovs_momentum=False)},
    "probe": {"probe": lambda network, plan: None},
    "rates": {
        "rule": AdamW(),
        "rates": [(slice(0, 50), 0.3), (slice(50, 95), 2.0), (slice(95, 102), 0.3)],
        "penalty": 0.3,
        "decay": 9.0,
    },
}


@pytest.mark.parametrize("key", STEPS)
def test_what_else_a_step_does(key, dtype):
    layers = stack(activation=ACTIVATIONS["relu"]())
    assert_same(layers, SquaredError(), dtype, **STEPS[key])


def test_random_architectures():
    """Of any layers in any order: what the plan puts into one place stays right."""
    rng = np.random.default_rng(0)
    kinds = {
        "dense": lambda width: [Dense(int(rng.integers(1, 7)))],
        "activate": lambda width: [Activate(ACTIVATIONS[rng.choice(list(ACTIVATIONS))]())],
        "batch_norm": lambda width: [BatchNorm()],
        "dropout": lambda width: [Dropout(0.2)],
        "prelu": lambda width: [PReLU()],
        "scale": lambda width: [Scale()],
        "add": lambda width: [Dense(width), Activate(ACTIVATIONS["elu"]()), Add(2)],
        "concat": lambda width: [Activate(ACTIVATIONS["relu"]()), Concat(1)],
    }
    for _ in range(40):
        layers, width = [], 7
        for _ in range(rng.integers(0, 7)):
            for layer in kinds[rng.choice(list(kinds))](width):
                layers.append(layer)
            widths = Network([*layers, Dense(1)], SquaredError(), 7).widths
            width = widths[-2]
        assert_same([*layers, Dense(3)], SquaredError(), np.float64, weighted=True)


def test_what_has_no_operation_trains_as_ever(dtype):
    class Halved(Adam):
        def update(self, p, *arrays):
            np.multiply(p, 0.5, out=p)

    class Flat(LogLoss):
        def rows_and_grad(self, raw, target, ws):
            raw.fill(0.0)
            ws.rows.fill(1.0)

    class Own(type(ACTIVATIONS["tanh"]())):
        pass

    for options in (
        {"rule": Halved()},
        {"loss": Flat()},
        {"loss": Poisson()},
        {"layers": stack(activation=Own())},
    ):
        options = {"layers": stack(), "loss": SquaredError(), "dtype": dtype, **options}
        (ours, _, is_compiled), (theirs, *_) = (
            trained(backend=b, **options) for b in (True, False)
        )
        assert not is_compiled
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_sources_without_an_entry_have_no_program(dtype):
    network = randomised(Network(stack(), SquaredError(), 7, dtype))
    network.prepare(5, np.random.default_rng(0))
    updater = Updater(SGD(), network.params, network.grads)
    x, target = DenseRows(np.zeros((9, 7), dtype)), DenseRows(np.zeros((9, 3), dtype))
    other = np.float64 if dtype == np.float32 else np.float32
    assert compiled.program(network, updater, x, target, None, 5) is not None
    apart, columns = np.zeros((9, 14), dtype)[:, ::2], np.zeros((7, 9), dtype).T
    others = [DenseRows(array) for array in (np.zeros((9, 7), other), apart, columns)]
    for source in (Part(x, np.arange(9)), *others):
        assert compiled.program(network, updater, source, target, None, 5) is None


@pytest.mark.parametrize("columns", ["varying", "constant", "nearly constant"])
@pytest.mark.parametrize("n_pieces", [1, 2])
def test_batch_norm_of_many_rows_is_exact(n_pieces, columns, rng, monkeypatch):
    """The running variance after a batch of all rows, in single precision: sums of many squares,
    and columns of large values that hardly vary.
    """
    if n_pieces == 2:
        in_pieces(monkeypatch)
    x = rng.standard_normal((50_000, 2), dtype=np.float32)
    if columns != "varying":
        x = np.tile(np.array([1e7, 1.7e9], np.float32), (3000, 1))
    if columns == "nearly constant":
        x[::7] = np.nextafter(x[::7], np.float32(np.inf))
    network = Network([BatchNorm(momentum=1.0), Dense(1)], SquaredError(), 2, np.float32)
    network = randomised(network)
    network.prepare(len(x), rng)
    updater = Updater(SGD(), network.params, network.grads)
    target = DenseRows(np.zeros((len(x), 1), np.float32))
    made = compiled.program(network, updater, DenseRows(x), target, None, len(x))
    made.run(1, np.arange(len(x)), False, [(0, len(x))], [1e-30], (None, None))
    exact = x.var(axis=0, dtype=float, ddof=1)
    np.testing.assert_allclose(network.running_views()[0, "variance"][0], exact, rtol=5e-6)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
@pytest.mark.parametrize("key", ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_what_is_not_finite_is_not_hidden(batch_norm, key, poison, dtype, monkeypatch):
    """Else training that has diverged would go on unnoticed."""
    if poison == np.inf:
        in_pieces(monkeypatch)
    if key in ("logistic", "tanh", "hard_threshold") and poison == np.inf and not batch_norm:
        pytest.skip("it bounds what it gets")
    norm = [BatchNorm()] if batch_norm else []
    layers = [Dense(9), *norm, Activate(ACTIVATIONS[key]()), Dense(3)]
    network = randomised(Network(layers, LogLoss(), 7, dtype))
    network.views()[0, "weight"][0, :] = poison
    state = TrainingState(np.random.default_rng(0))
    network.prepare(10, state.rng)
    updater = Updater(SGD(), network.params, network.grads)
    trainer = Trainer(network, updater, Constant(), 0.01, state, 10, make_program=compiled.program)
    x, target = np.random.default_rng(1).uniform(0.1, 1.0, (10, 7)), np.eye(3)[[0] * 10]
    with pytest.raises(DivergedError):
        trainer.fit(DenseRows(x.astype(dtype)), DenseRows(target.astype(dtype)))


def test_what_is_kept_on_disk_is_of_these_files():
    """A change of any of them must not find what was compiled before it."""
    from skmlp.nn.compiled import arrays, epoch

    assert arrays.DIGEST in epoch.run.stats.cache_path


def test_one_function_serves_every_network():
    """Nothing is compiled for an architecture, but once for each precision."""
    from skmlp.nn.compiled import epoch

    before = len(epoch.run.signatures)
    for width in (3, 5, 8):
        assert_same(stack(Dense(width), BatchNorm()), SquaredError(), np.float64)
    assert len(epoch.run.signatures) <= before + 1
