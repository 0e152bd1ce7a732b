"""Batches of a compiled epoch that are cut into two pieces, which two threads may compute."""

import pytest

pytest.importorskip("numba")

from contextlib import nullcontext

import numpy as np

from skmlp.nn.activations import ACTIVATIONS
from skmlp.nn.compiled import program as compiled
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.engine.trainer import Trainer
from skmlp.nn.layers import (
    Add,
    AlphaDropout,
    BatchNorm,
    Concat,
    Dense,
    Dropout,
    PReLU,
    TiedDense,
)
from skmlp.nn.losses import LogLoss, SquaredError
from skmlp.nn.optimizers import Adam
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import Constant
from tests.nn.helpers import helped_by, randomised
from tests.nn.two_ways import assert_same, in_pieces, stack, trained


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
    """It changes no bit; Ctrl-C meanwhile takes back the epochs of the call."""
    in_pieces(monkeypatch)
    run, calls, naps = compiled.epoch.run, [], []

    def waits(*arguments):
        if not arguments[-1]:  # the thread that trains
            calls.append(arguments)
        if not arguments[-1] and len(calls) == 2:
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
    for n_epochs in (5, 1 if interrupted else 5):
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


@pytest.mark.parametrize("at_once", [False, True])
def test_a_training_beside_others_is_cut_from_larger_batches_on(at_once, monkeypatch):
    """The other cores are busy, and a piece costs something."""
    network = randomised(Network(stack(), SquaredError(), 7, np.float64))
    network.prepare(10, np.random.default_rng(0))
    monkeypatch.setattr(compiled, "SHARED", 10 * network.params.size // 4)
    updater = Updater(Adam(), network.params, network.grads)
    x, target = DenseRows(np.zeros((10, 7))), DenseRows(np.zeros((10, 3)))
    made = compiled.program(network, updater, x, target, None, 10, at_once)
    assert len(made._pieces) == (1 if at_once else 2)
