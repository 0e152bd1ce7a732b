"""What the tests of training share: data, states, a training as the estimators run it."""

import math

import numpy as np

from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.engine.trainer import Trainer
from skmlp.nn.optimizers import SGD
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import Constant, Schedule
from tests.nn.helpers import targets_of

N = 50


class Rows:
    """A source that remembers which rows were asked for."""

    sparse = False

    def __init__(self, array):
        self.array = array
        self.n_rows, self.width = array.shape
        self.asked = []

    def take(self, rows, out):
        self.asked.append(np.arange(self.n_rows)[rows])
        out[...] = self.array[rows]
        return out


def data_of(network, n=N, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, network.n_in)).astype(network.dtype), targets_of(
        network.loss, (n, network.n_out), rng, network.dtype
    )


def state_of(seed=0, **fields):
    return TrainingState(np.random.default_rng(seed), **fields)


def train(
    network,
    x,
    target,
    n_epochs=1,
    state=None,
    rule=None,
    batch_size=8,
    schedule=None,
    lr=0.1,
    weight=None,
    rows=None,
    **options,
):
    """Train as the estimators do and return the trainer, and whether it was stopped."""
    state, rule = state or state_of(), rule or SGD()
    network.prepare(batch_size + 1, state.rng)
    updater = Updater(
        rule, network.params, network.grads, state.slots, state.clock.step, network.penalties
    )
    state.slots = updater.slots
    trainer = Trainer(network, updater, schedule or Constant(), lr, state, batch_size, **options)
    x, target = (DenseRows(a) if isinstance(a, np.ndarray) else a for a in (x, target))
    return trainer, trainer.fit(x, target, weight, rows, n_epochs)


class Jump(Schedule):
    """A rate that no training survives, from an epoch on."""

    def __init__(self, epoch):
        self.epoch, self.warm_up = epoch, 0

    def curve(self, clock):
        return math.inf if clock.epoch >= self.epoch else 1.0
