"""The state of training and its snapshots."""

import copy
import pickle

import numpy as np
import pytest

from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.engine.state import Checkpoint, TrainingState
from skmlp.nn.engine.trainer import Trainer
from skmlp.nn.losses import LogLoss
from skmlp.nn.optimizers import OPTIMIZERS
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import Constant
from tests.nn.helpers import make_network, targets_of


def trainer_of(key="adam"):
    network, state = (
        make_network(LogLoss(), batch_norm=True, dropout=0.3),
        TrainingState(np.random.default_rng(0)),
    )
    network.prepare(9, state.rng)
    updater = Updater(OPTIMIZERS[key](), network.params, network.grads, scalars=state.scalars)
    state.slots = updater.slots
    return Trainer(network, updater, Constant(), 0.05, state, 8)


def train(trainer, n_epochs=2):
    rng = np.random.default_rng(1)
    x, target = rng.normal(size=(30, 3)), targets_of(trainer.network.loss, (30, 3), rng)
    trainer.updater.t = trainer.state.clock.step
    trainer.fit(DenseRows(x), DenseRows(target), n_epochs=n_epochs)
    state = trainer.state
    return [
        a.copy() for a in (trainer.network.params, trainer.network.running, *state.slots.values())
    ], copy.deepcopy(vars(state))


def same(a, b):
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_after_a_restore_training_goes_as_it_went(key):
    """Bit for bit, with the same rows dropped and shuffled: nothing is left out of a snapshot."""
    trainer = trainer_of(key)
    train(trainer)
    trainer.state.best, trainer.state.best_epoch, trainer.state.stale = 0.5, 2, 1
    snapshot = Checkpoint(trainer.network, trainer.state)
    arrays, fields = train(trainer)
    trainer.state.best, trainer.state.stale = 0.75, 0
    snapshot.restore()
    assert (trainer.state.best, trainer.state.best_epoch, trainer.state.stale) == (0.5, 2, 1)
    again, fields_again = train(trainer)
    same(arrays, again)
    assert fields["clock"] == fields_again["clock"]
    assert fields["scalars"] == fields_again["scalars"]
    assert fields["rng"].bit_generator.state == fields_again["rng"].bit_generator.state


def test_restoring_numbers_leaves_the_stream_and_the_epoch_alone():
    trainer = trainer_of()
    arrays, before = train(trainer)
    snapshot = Checkpoint(trainer.network, trainer.state)
    _, after = train(trainer)
    snapshot.restore_numbers()
    same(arrays, [trainer.network.params, trainer.network.running, *trainer.state.slots.values()])
    assert trainer.state.clock.step == before["clock"].step
    assert trainer.state.scalars == before["scalars"]
    assert trainer.state.clock.epoch == after["clock"].epoch
    assert trainer.state.rng.bit_generator.state == after["rng"].bit_generator.state


def test_a_snapshot_is_taken_again_in_the_same_memory():
    trainer = trainer_of()
    snapshot = Checkpoint(trainer.network, trainer.state)
    arrays, _ = train(trainer)
    snapshot.take()
    train(trainer)
    snapshot.restore()
    same(arrays, [trainer.network.params, trainer.network.running, *trainer.state.slots.values()])


def test_a_snapshot_can_be_restored_twice():
    trainer = trainer_of()
    snapshot = Checkpoint(trainer.network, trainer.state)
    runs = []
    for _ in range(3):
        runs.append(train(trainer)[0])
        snapshot.restore()
    same(runs[0], runs[1])
    same(runs[0], runs[2])


def test_restoring_keeps_the_arrays():
    """The network's views and the updater's blocks point into them."""
    trainer = trainer_of()
    held = trainer.network.params, trainer.network.running, *trainer.state.slots.values()
    snapshot = Checkpoint(trainer.network, trainer.state)
    train(trainer)
    snapshot.restore()
    for before, after in zip(
        held,
        (trainer.network.params, trainer.network.running, *trainer.state.slots.values()),
        strict=True,
    ):
        assert before is after


def test_a_pickled_state_goes_on_drawing_the_same_numbers():
    state = TrainingState(np.random.default_rng(0))
    state.rng.normal(size=5)
    copied = pickle.loads(pickle.dumps(state))
    np.testing.assert_array_equal(copied.rng.normal(size=5), state.rng.normal(size=5))
    assert copied.clock == state.clock
    assert (copied.best, copied.best_epoch, copied.stale) == (-np.inf, 0, 0)


def test_two_states_share_nothing():
    one, other = TrainingState(np.random.default_rng(0)), TrainingState(np.random.default_rng(0))
    one.clock.step = 5
    one.slots["v"] = np.zeros(1)
    assert other.clock.step == 0
    assert other.slots == {}


def test_slots_are_those_of_one_rule_in_the_precision_of_the_network():
    slots = {"m": np.ones(3), "v": np.ones(3)}
    state = TrainingState(np.random.default_rng(0), rule="Adam", slots=slots)
    state.scalars["response"], state.clock.step = 0.5, 7
    state.use_rule(OPTIMIZERS["adam"](), np.float32)
    assert {slot.dtype for slot in state.slots.values()} == {np.dtype(np.float32)}
    assert all((slot == 1.0).all() for slot in state.slots.values())
    assert (state.scalars["response"], state.clock.step) == (0.5, 7)
    state.use_rule(OPTIMIZERS["nadam"](), np.float32)
    assert (state.slots, state.scalars, state.clock.step) == ({}, {}, 0)
