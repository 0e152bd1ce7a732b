"""Training in parts, and after an interrupt: bit for bit the training there would have been."""

import pickle

import numpy as np
import pytest

from skmlp.nn.engine.epoch_end import History
from skmlp.nn.losses import LogLoss
from skmlp.nn.optimizers import OPTIMIZERS
from skmlp.nn.schedules import SCHEDULES
from tests.nn.helpers import make_network
from tests.nn.training import Rows, data_of, state_of, train


@pytest.mark.parametrize("through_pickle", [False, True], ids=["", "pickle"])
@pytest.mark.parametrize("key", OPTIMIZERS)
@pytest.mark.parametrize("parts", [(10, 10), (1, 19), (7, 6, 7)], ids=str)
def test_training_in_parts_is_training_at_once(key, parts, through_pickle, dtype):
    """Bit for bit: parameters, running statistics and slots, with dropout and shuffling drawn
    from one stream.
    """
    whole, network = (
        make_network(LogLoss(), batch_norm=True, dropout=0.3, alphas=(0.1, 0.1), dtype=dtype)
        for _ in range(2)
    )
    data = data_of(whole)
    rule, schedule = OPTIMIZERS[key](), SCHEDULES["invscaling"]()
    reference_state, state = state_of(), state_of()
    train(whole, *data, sum(parts), reference_state, rule, schedule=schedule, lr=0.02)
    for n_epochs in parts:
        train(network, *data, n_epochs, state, rule, schedule=schedule, lr=0.02)
        if through_pickle:
            network, state, rule = pickle.loads(pickle.dumps((network, state, rule)))
    np.testing.assert_array_equal(network.params, whole.params)
    np.testing.assert_array_equal(network.running, whole.running)
    for name, slot in reference_state.slots.items():
        np.testing.assert_array_equal(state.slots[name], slot)
    assert state.rng.bit_generator.state == reference_state.rng.bit_generator.state
    assert state.clock.step == reference_state.clock.step


@pytest.mark.parametrize("warm_up", [0, 3, 12.5])
@pytest.mark.parametrize("key", SCHEDULES)
def test_schedules_are_resumed_where_they_were(key, warm_up):
    schedule = SCHEDULES[key](
        warm_up=warm_up, **({"n_epochs": 20} if SCHEDULES[key].planned else {})
    )
    whole, network = make_network(LogLoss()), make_network(LogLoss())
    train(whole, *data_of(whole), 20, schedule=schedule)
    state = state_of()
    for _ in range(2):
        train(network, *data_of(whole), 10, state, schedule=schedule)
    np.testing.assert_array_equal(network.params, whole.params)


class Interrupted(Rows):
    """A source at which someone presses Ctrl-C."""

    def __init__(self, array, after):
        super().__init__(array)
        self.after = after

    def take(self, rows, out):
        if len(self.asked) == self.after:
            raise KeyboardInterrupt
        return super().take(rows, out)


@pytest.mark.parametrize("after", [0, 3, 7, 8, 13], ids="batch {}".format)
@pytest.mark.parametrize("key", OPTIMIZERS)
def test_an_interrupt_takes_back_the_epoch_it_hits(key, after):
    """Seven batches an epoch: what remains is the end of the last whole epoch, and training goes
    on from it as if nothing had been.
    """
    whole, network = (make_network(LogLoss(), batch_norm=True, dropout=0.3) for _ in range(2))
    (x, target), state, reference_state, rule, records = (
        data_of(whole),
        state_of(),
        state_of(),
        OPTIMIZERS[key](),
        [],
    )
    train(whole, x, target, 4, reference_state, rule, lr=0.02)
    with pytest.raises(KeyboardInterrupt):
        train(
            network,
            Interrupted(x, after),
            target,
            4,
            state,
            rule,
            lr=0.02,
            callbacks=[History(records)],
        )
    assert state.clock.epoch == len(records) == after // 7
    assert state.clock.step == 7 * (after // 7)
    train(network, x, target, 4 - after // 7, state, rule, lr=0.02)
    np.testing.assert_array_equal(network.params, whole.params)
    np.testing.assert_array_equal(network.running, whole.running)
    assert state.rng.bit_generator.state == reference_state.rng.bit_generator.state
