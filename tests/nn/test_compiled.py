"""The compiled epoch: each operation equals the NumPy code of its unit, in both precisions, over
random architectures; what has no operation trains the way of NumPy.

The NumPy code is the reference, which is checked against numeric derivatives, PyTorch and closed
forms elsewhere; the trajectories of PyTorch are replayed over both in ``test_optimizers.py``.
"""

import pytest

pytest.importorskip("numba")

from contextlib import nullcontext

import numpy as np

from skmlp.nn.activations import ACTIVATIONS
from skmlp.nn.compiled import entries
from skmlp.nn.compiled import program as compiled
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, LabelRows, Part
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
from tests.nn.helpers import construct, helped_by, randomised, targets_of

N = 53
ROUNDING = {np.dtype(np.float32): 2e-4, np.dtype(np.float64): 1e-10}  # after two epochs of steps


class Last:
    """Keeps the record of the last epoch."""

    def epoch_begin(self, trainer):
        pass

    def epoch_end(self, trainer, record):
        self.record = {name: value for name, value in record.items() if name != "seconds"}
        return False


def trained(layers, loss, dtype, backend, rule=None, n_epochs=2, n_in=7, **options):
    """Return what training leaves: record, parameters, statistics, slots, random stream; and
    whether it was compiled.
    """
    weighted, categories = options.pop("weighted", False), options.pop("categories", ())
    penalty, labels = options.pop("penalty", 0.0), options.pop("labels", False)
    decay, max_norm = options.pop("decay", 0.0), options.pop("max_norm", None)
    rates = options.pop("rates", ())
    rng = np.random.default_rng(1)
    alphas = [penalty] * len(Network(layers, loss, n_in).penalised)
    network = randomised(Network(layers, loss, n_in, dtype, alphas))
    x = rng.normal(size=(N, n_in)).astype(dtype)
    for k, n in enumerate(categories):
        x[:, k - len(categories)] = rng.integers(0, n + 1, N)
    target = targets_of(loss, (N, network.n_out), rng, dtype)
    target = LabelRows(target.argmax(axis=1), target.shape[1]) if labels else DenseRows(target)
    weight = rng.uniform(0.5, 2.0, N) if weighted else None
    state = TrainingState(np.random.default_rng(2))
    network.prepare(13, state.rng)
    updater = Updater(
        rule or SGD(),
        network.params,
        network.grads,
        state.slots,
        penalties=network.penalties,
        decays=[(part, decay) for part in network.penalised],
        weights=[view for (_, name), view in network.views().items() if name == "weight"],
        max_norm=max_norm,
        scalars=state.scalars,
        rates=rates or network.layout.rates(),
    )
    made, last = [], Last()

    def make(*arguments):
        made.append(compiled.program(*arguments))
        return made[-1]

    make = make if backend else None
    schedule = options.pop("schedule", Constant())
    trainer = Trainer(
        network,
        updater,
        schedule,
        0.001,
        state,
        12,
        callbacks=[last],
        make_program=make,
        **options,
    )
    trainer.fit(DenseRows(x), target, weight, n_epochs=n_epochs)
    vectors = [network.params, network.running, *updater.slots.values()]
    ends = [np.array(list(last.record.values()), float), *vectors]
    return ends, state.rng.bit_generator.state, bool(made) and made[0] is not None


def assert_same(layers, loss, dtype, **options):
    """Assert that both ways train alike, and that one of them was compiled."""
    (ours, stream, is_compiled), (theirs, wanted, _) = (
        trained(layers, loss, dtype, backend, **options) for backend in (True, False)
    )
    assert is_compiled
    assert stream == wanted
    rounding = ROUNDING[np.dtype(dtype)]
    for a, b in zip(ours, theirs, strict=True):
        scale = np.abs(b).max(initial=1e-30)
        np.testing.assert_allclose(a, b, rtol=rounding, atol=rounding * scale)


def stack(*layers, activation=None, n_out=3):
    """Return a network of a hidden layer, what is given, and an output."""
    first = [Dense(9)] if activation is None else [Dense(9), Activate(activation)]
    return [*first, *layers, Dense(n_out)]


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
    network.prepare(5)
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
    network.prepare(len(x))
    updater = Updater(SGD(), network.params, network.grads)
    target = DenseRows(np.zeros((len(x), 1), np.float32))
    made = compiled.program(network, updater, DenseRows(x), target, None, len(x))
    made.run(np.arange(len(x)), [(0, len(x))], [1e-30], (None, None))
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


def in_pieces(monkeypatch):
    """Cut batches of any size."""
    monkeypatch.setattr(compiled, "SHARED", 0)


@pytest.mark.parametrize(
    "options",
    [{}, {"norm_limit": 0.05}, {"penalty": 0.3, "max_norm": 0.7}, {"weighted": True}],
    ids=str,
)
@pytest.mark.parametrize("n_helpers", [0, 1])
def test_pieces_of_a_batch(n_helpers, options, dtype, monkeypatch):
    """The last batch has five rows, of which the second piece gets one."""
    in_pieces(monkeypatch)
    for layers in (
        stack(Dropout(0.3), activation=ACTIVATIONS["relu"]()),
        [Dropout(0.2), Dense(4), Dropout(0.2), TiedDense(7, 2), Dense(3)],
        [Dense(7), PReLU(), Add(2), Concat(3), AlphaDropout(0.1), Dense(3)],
        [BatchNorm(), *stack(BatchNorm(0.3), PReLU(), Dropout(0.3), Dense(4), BatchNorm())],
    ):
        with helped_by(n_helpers):
            assert_same(layers, SquaredError(), dtype, **options)


@pytest.mark.parametrize("norm", [[], [BatchNorm()]], ids=str)
def test_the_number_of_threads_changes_no_bit(norm, monkeypatch):
    in_pieces(monkeypatch)
    layers = stack(*norm, Dropout(0.3), activation=ACTIVATIONS["tanh"]())
    ends = []
    for n in (0, 1):
        with helped_by(n):
            ends.append(trained(layers, LogLoss(), np.float32, True, n_epochs=20)[0])
    for a, b in zip(*ends, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("interrupted", [False, True])
def test_waiting_for_a_helper(interrupted, monkeypatch):
    """It changes no bit; Ctrl-C meanwhile takes back the epoch."""
    in_pieces(monkeypatch)
    run, calls, naps = compiled.epoch.run, [], []

    def waits(*arguments):
        if not arguments[-1]:  # the thread that trains
            calls.append(arguments)
        if not arguments[-1] and len(calls) == 3:
            return compiled.epoch.WAITS
        return run(*arguments)

    class Clock:
        @staticmethod
        def sleep(seconds):
            naps.append(seconds)
            if interrupted:
                raise KeyboardInterrupt

    x, target = np.random.default_rng(1).normal(size=(20, 7)), np.eye(3)[np.arange(20) % 3]
    ends = []
    for n_epochs in (5, 2 if interrupted else 5):
        network = randomised(Network(stack(Dropout(0.2)), LogLoss(), 7, np.float64))
        state = TrainingState(np.random.default_rng(0))
        network.prepare(10, state.rng)
        updater = Updater(Adam(), network.params, network.grads, state.slots)
        trainer = Trainer(
            network, updater, Constant(), 0.01, state, 10, make_program=compiled.program
        )
        with monkeypatch.context() as patched:
            if not ends:
                patched.setattr(compiled.epoch, "run", waits)
                patched.setattr(compiled, "time", Clock)
            stops = not ends and interrupted
            with pytest.raises(KeyboardInterrupt) if stops else nullcontext():
                trainer.fit(DenseRows(x), DenseRows(target), n_epochs=n_epochs)
        ends.append((network.params, state.slots["m"], state.rng.bit_generator.state))
    assert len(naps) == 1
    for ours, wanted in zip(*ends, strict=True):
        np.testing.assert_equal(ours, wanted)


def test_a_probe_changes_no_bit_and_sees_the_last_batch(monkeypatch):
    """In one piece and in two."""
    layers = stack(Dropout(0.3), activation=ACTIVATIONS["tanh"]())
    for shared in (10**9, 0):
        monkeypatch.setattr(compiled, "SHARED", shared)
        seen = []

        def probe(network, plan, seen=seen):
            seen.append((network.grads.copy(), plan.layers[1].y.copy(), plan.layers[0].x.copy()))

        with_probe, without = (
            trained(layers, LogLoss(), np.float64, True, probe=p)[0] for p in (probe, None)
        )
        for a, b in zip(with_probe, without, strict=True):
            np.testing.assert_array_equal(a, b)
        n_seen = len(seen)
        trained(layers, LogLoss(), np.float64, False, probe=probe)
        for ours, wanted in zip(seen[:n_seen], seen[n_seen:], strict=True):
            for a, b in zip(ours, wanted, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
