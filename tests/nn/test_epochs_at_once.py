"""Several epochs in one compiled call leave what one call for each leaves, to the bit."""

import math

import numpy as np
import pytest

from skmlp.nn.engine import trainer as training
from skmlp.nn.engine.epoch_end import Callback, History, Patience
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import Dense, Dropout
from skmlp.nn.losses import LogLoss
from skmlp.nn.optimizers import Adam
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import SCHEDULES, Plateau
from tests.nn.helpers import helped_by, randomised, table
from tests.nn.training import Jump, data_of, state_of, train
from tests.nn.two_ways import in_pieces

compiled = pytest.importorskip("skmlp.nn.compiled.program")


class Each(Callback):
    """Wants to be called after each epoch."""

    def epoch_end(self, trainer, record):
        return False


@pytest.fixture
def calls(monkeypatch):
    """The number of epochs of each call of a program, which may be as many as the callbacks
    allow.
    """
    made, run = [], compiled.Program.run

    def counted(self, n_epochs, *arguments):
        made.append(n_epochs)
        return run(self, n_epochs, *arguments)

    monkeypatch.setattr(compiled.Program, "run", counted)
    monkeypatch.setattr(training, "SECONDS_AT_ONCE", 1e9)
    return made


def left_by(n_epochs, callbacks=(), layers=(), way=compiled.program, **options):
    """Return all that a training leaves: vectors, random stream, clock, progress, records but for
    their seconds; and the error that ended it.
    """
    network = randomised(Network([Dense(9), *layers, Dense(3)], LogLoss(), 7, np.float64))
    state, records, error = state_of(), [], None
    callbacks = [*callbacks, History(records)]
    options = {"rule": Adam(), "lr": 0.01, "batch_size": 12, "state": state, **options}
    try:
        train(
            network,
            *data_of(network),
            n_epochs,
            callbacks=callbacks,
            make_program=way,
            **options,
        )
    except (training.DivergedError, KeyboardInterrupt) as caught:
        error = str(caught)
    seen = [{name: r[name] for name in r if name != "seconds"} for r in records]
    fields = state.best, state.best_epoch, state.stale, vars(state.clock)
    vectors = [network.params, *state.slots.values()]
    return vectors, state.rng.bit_generator.state, fields, seen, error


def assert_alike(n_epochs, make_callbacks=list, **options):
    """Assert that what epochs at once leave is what single ones do, and return it."""
    alone = left_by(n_epochs, [Each(), *make_callbacks()], **options)
    together = left_by(n_epochs, make_callbacks(), **options)
    np.testing.assert_equal(together, alone)
    return together


@pytest.mark.parametrize("n_helpers", [None, 0, 1])
@pytest.mark.parametrize("layers", [(), (Dropout(0.3), Dense(5), Dropout(0.2))])
@pytest.mark.parametrize("shuffle", [False, True])
def test_same_bits(shuffle, layers, n_helpers, calls, monkeypatch):
    """With batches in one piece, and in two with and without a helper."""
    if n_helpers is not None:
        in_pieces(monkeypatch)
    with helped_by(n_helpers or 0):
        assert_alike(20, layers=layers, shuffle=shuffle)
    assert calls == [1] * 20 + [1, 19]


@pytest.mark.parametrize("schedule", [None, Plateau(gamma=0.5, patience=2)])
def test_patience_ends_with_the_same_epoch(schedule, calls):
    """It is called in time to stop, or to lower the rate, and not more often than it needs."""
    ended = set()
    for lr in (0.1, 0.5, 2.0):
        calls.clear()
        records = assert_alike(
            300, lambda: [Patience("loss", -1, 1e-4, 6, False)], schedule=schedule, lr=lr
        )[3]
        assert len(calls) < len(records) * 1.7
        ended.add(len(records))
    assert len(ended) == 3
    assert max(ended) < 300


@pytest.mark.parametrize("schedule", **table(SCHEDULES))
def test_learning_rates_follow_every_schedule(schedule, calls):
    """With NumPy's epochs too, up to rounding."""
    records, numpys = (
        left_by(9, schedule=schedule, way=way)[3] for way in (compiled.program, None)
    )
    assert calls == [1, 8]
    rates, expected = ([r["learning_rate"] for r in of] for of in (records, numpys))
    assert rates == expected
    np.testing.assert_allclose(
        [r["loss"] for r in records], [r["loss"] for r in numpys], rtol=1e-12
    )


def test_who_keeps_the_best_epoch_sees_each(calls):
    assert_alike(5, lambda: [Patience("loss", -1, 1e-4, 6, True)])
    assert calls == [1] * 10


@pytest.mark.parametrize("n_good", [1, 4, 9])
def test_divergence_names_the_epoch(n_good, calls):
    """And those before it are recorded."""
    alone, together = (
        left_by(20, callbacks, schedule=Jump(n_good))[3:] for callbacks in ([Each()], [])
    )
    assert together == alone
    assert len(together[0]) == n_good
    assert f"epoch {n_good + 1}" in together[1]
    assert calls[-1] > 1


@pytest.mark.parametrize("overflown", [False, True])
def test_averages_of_squares_that_overflow_end_the_first_epoch(overflown):
    network = randomised(Network([Dense(3)], LogLoss(), 7, np.float32))
    network.prepare(10, np.random.default_rng(0))
    x, target = data_of(network, 20)
    slots = {"v": np.full_like(network.params, np.inf if overflown else 0.0)}
    updater = Updater(Adam(), network.params, network.grads, slots)
    made = compiled.program(network, updater, DenseRows(x), DenseRows(target), None, 10)
    bounds = [(0, 10), (10, 20)]
    totals, fault = made.run(3, np.arange(20), False, bounds, [0.1] * 6, (None, None))
    assert (len(totals), fault) == ((0, training.SQUARES) if overflown else (3, None))


def test_ctrl_c_takes_back_the_epochs_of_a_call(calls, monkeypatch):
    run = compiled.Program.run

    def interrupted(self, n_epochs, *arguments):
        left = run(self, n_epochs, *arguments)
        if n_epochs > 1:
            raise KeyboardInterrupt
        return left

    wanted = left_by(1)
    with monkeypatch.context() as patched:
        patched.setattr(compiled.Program, "run", interrupted)
        ended = left_by(7)
    assert calls == [1, 1, 6]
    for ours, theirs in zip((*ended[:2], ended[3]), (*wanted[:2], wanted[3]), strict=True):
        np.testing.assert_equal(ours, theirs)


def test_long_epochs_are_called_one_by_one(calls, monkeypatch):
    monkeypatch.setattr(training, "SECONDS_AT_ONCE", 1e-9)
    left_by(4)
    assert calls == [1] * 4
    assert math.isinf(History([]).n_at_once(None))
