"""The trainer: records, events, what goes wrong, clipping."""

import math
from contextlib import nullcontext

import numpy as np
import pytest

from skmlp.nn.engine.epoch_end import Callback, History
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, LabelRows
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.engine.trainer import DivergedError, Trainer
from skmlp.nn.layers import Dense, Dropout
from skmlp.nn.losses import AbsoluteError, LogLoss, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS, SGD, AdamW
from skmlp.nn.optimizers.clipping import global_norm
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import Constant, Schedule
from tests.nn.helpers import LEARNING_RATES, make_network
from tests.nn.training import N, data_of, state_of, train


class Do(Callback):
    """Calls a function with the record."""

    def __init__(self, function):
        self.function = function

    def epoch_end(self, trainer, record):
        return self.function(record)


# ---- records and events


def test_record_of_an_epoch():
    """The loss is the weighted mean over the epoch's batches, each at the parameters it was
    computed with.
    """
    network, records = make_network(SquaredError()), []
    x, target = data_of(network)
    weight = np.random.default_rng(0).uniform(1, 2, N)
    train(network, x, target, 3, weight=weight, lr=0.0, batch_size=8, callbacks=[History(records)])
    expected = np.average(network.losses(DenseRows(x), DenseRows(target)), weights=weight)
    for epoch, record in enumerate(records, 1):
        assert record["epoch"] == epoch
        assert record["loss"] == pytest.approx(expected, rel=1e-12)
        assert record["learning_rate"] == 0.0
        assert record["gradient_norm"] > 0.0
        assert record["seconds"] > 0.0
        assert set(record) == {"epoch", "loss", "learning_rate", "gradient_norm", "seconds"}
        assert (
            type(record["loss"])
            is type(record["learning_rate"])
            is type(record["gradient_norm"])
            is float
        )


def test_gradient_norm_is_that_of_the_last_batch_before_clipping():
    for options in (
        {},
        {"norm_limit": 1e-3},
        {"value_limit": 1e-4},
        {"norm_limit": 1e-3, "value_limit": 1e-4},
    ):
        network, records = make_network(SquaredError()), []
        x, target = data_of(network)
        train(
            network,
            x,
            target,
            lr=0.0,
            batch_size=20,
            shuffle=False,
            callbacks=[History(records)],
            **options,
        )
        network.prepare(10)
        network.loss_and_grad(x[40:], target[40:])
        assert records[0]["gradient_norm"] == pytest.approx(global_norm(network.grads), rel=1e-12)


def test_stops_when_a_callback_returns_true():
    epochs = []
    stops = Do(lambda record: epochs.append(record["epoch"]) or record["epoch"] == 3)
    network = make_network(SquaredError())
    assert train(network, *data_of(network), 10, callbacks=[stops])[1] is True
    assert epochs == [1, 2, 3]


def test_goes_to_the_end_when_no_callback_does():
    network = make_network(SquaredError())
    trainer, stopped = train(network, *data_of(network), 4, callbacks=[Do(lambda record: None)])
    assert stopped is False
    assert trainer.state.clock.epoch == 4.0


def test_callbacks_come_in_order_even_after_one_has_stopped():
    """The history must have the epoch in which another callback stopped."""
    called = []
    callbacks = [
        Do(lambda record: called.append("a") or True),
        Do(lambda record: called.append("b")),
    ]
    network = make_network(SquaredError())
    train(network, *data_of(network), 5, callbacks=callbacks)
    assert called == ["a", "b"]


def test_callbacks_are_told_of_an_epoch_before_it_and_after_it():
    told, network = [], make_network(LogLoss())

    class Both(Callback):
        def epoch_begin(self, trainer):
            told.append(("begin", round(trainer.state.clock.epoch), trainer.network.params.copy()))

        def epoch_end(self, trainer, record):
            told.append(("end", record["epoch"], trainer.network.params.copy()))
            return record["epoch"] == 3

    train(network, *data_of(network), 5, callbacks=[Do(lambda record: None), Both()])
    assert [event[:2] for event in told] == [
        ("begin", 0),
        ("end", 1),
        ("begin", 1),
        ("end", 2),
        ("begin", 2),
        ("end", 3),
    ]
    for end, begin in zip(told[1::2], told[2::2], strict=False):
        np.testing.assert_array_equal(end[2], begin[2])


def test_the_clock():
    """Steps, epochs and rows, and the schedule asked before each step with fractions of an
    epoch.
    """
    asked = []

    class Asked(Schedule):
        warm_up = 0

        def curve(self, clock):
            asked.append((clock.step, clock.epoch, clock.samples, clock.n_epochs, clock.n_batches))
            return 1.0

    network = make_network(SquaredError())
    trainer, _ = train(network, *data_of(network, 20), 2, batch_size=8, schedule=Asked())
    assert asked == [(k, pytest.approx(k / 3), 20 * (k // 3), 2, 3) for k in range(6)]
    clock = trainer.state.clock
    assert (clock.step, clock.epoch, clock.samples) == (6, 2.0, 40)


# ---- what goes wrong


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_divergence_names_the_epoch(epoch):
    network = make_network(SquaredError())
    x, target = data_of(network)
    spoil = Do(lambda record: network.params.fill(np.nan) if record["epoch"] == epoch - 1 else None)
    if epoch == 1:
        network.params[...] = np.nan
    with pytest.raises(DivergedError, match=f"The loss is not finite in epoch {epoch}") as error:
        train(network, x, target, 5, callbacks=[spoil])
    assert error.value.epoch == epoch


def test_a_rate_that_is_too_high_diverges_without_warnings():
    network = make_network(SquaredError(), "relu", dtype=np.float32)
    with pytest.raises(DivergedError):
        train(network, *data_of(network), 50, lr=1e6)


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_gradients_whose_squares_overflow_do_not_go_unnoticed(key):
    """In float32 an infinite average of squares would make steps of zero for good, at a loss
    that is finite.
    """
    squares = key not in ("sgd", "lion")
    for dtype, overflows in ((np.float32, squares), (np.float64, False)):
        network = make_network(AbsoluteError(), sizes=(3, 1), dtype=dtype)
        x, target = data_of(network)
        x[:, 1] *= 1e20  # as the gradient of its weight, whose square is no float32
        with (
            pytest.raises(DivergedError, match="squared gradients are not finite in epoch 1")
            if overflows
            else nullcontext()
        ):
            train(network, x, target, 2, rule=OPTIMIZERS[key](), lr=1e-3)
        assert np.isfinite(network.params).all()


# ---- clipping


@pytest.mark.parametrize("limit", [1e-3, 0.1])
def test_clipping_by_norm_bounds_each_step(limit):
    network = make_network(SquaredError())
    before = network.params.copy()
    train(
        network, *data_of(network), rule=SGD(0.0, False), lr=1.0, norm_limit=limit, batch_size=100
    )
    assert np.linalg.norm(network.params - before) == pytest.approx(limit, rel=1e-12)


def test_clipping_by_value_bounds_each_parameter():
    network = make_network(SquaredError())
    before = network.params.copy()
    train(
        network, *data_of(network), rule=SGD(0.0, False), lr=1.0, value_limit=0.01, batch_size=100
    )
    step = np.abs(network.params - before)
    assert step.max() == pytest.approx(0.01, rel=1e-12)


def test_clipping_by_value_comes_first():
    network = make_network(SquaredError())
    x, target = data_of(network)
    network.prepare(N)
    network.loss_and_grad(x, target)
    clipped = np.clip(network.grads, -0.05, 0.05)
    expected = network.params - clipped * 0.02 / np.linalg.norm(clipped)
    train(
        network,
        x,
        target,
        rule=SGD(0.0, False),
        lr=1.0,
        value_limit=0.05,
        norm_limit=0.02,
        batch_size=100,
    )
    np.testing.assert_allclose(network.params, expected, rtol=1e-12)


def test_a_limit_that_is_not_reached_changes_no_bit():
    trained = []
    for options in ({}, {"norm_limit": 1e9}, {"value_limit": 1e9}):
        network = make_network(SquaredError())
        train(network, *data_of(network), 3, **options)
        trained.append(network.params)
    np.testing.assert_array_equal(trained[0], trained[1])
    np.testing.assert_array_equal(trained[0], trained[2])


# ---- and all together


@pytest.mark.parametrize("shuffle", [False, True])
def test_some_rows_are_trained_as_if_they_were_all(shuffle):
    networks = [make_network(LogLoss(), dropout=0.3) for _ in range(2)]
    x, target = data_of(networks[0])
    rows = np.arange(5, 45, 2)
    train(networks[0], x, target, 5, rows=rows, shuffle=shuffle)
    train(networks[1], x[rows], target[rows], 5, shuffle=shuffle)
    np.testing.assert_array_equal(networks[0].params, networks[1].params)


@pytest.mark.parametrize("key", OPTIMIZERS)
@pytest.mark.parametrize(
    "options", [{}, {"batch_norm": True}, {"dropout": 0.1}], ids=["", "batch_norm", "dropout"]
)
@pytest.mark.slow
def test_learns(key, options, dtype):
    """Two moons of numbers: y = sign(x0 x1) is no linear function."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)).astype(dtype)
    labels = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    network = make_network(LogLoss(), "tanh", sizes=(2, 16, 2), dtype=dtype, **options)
    train(
        network,
        x,
        LabelRows(labels, 2),
        60,
        rule=OPTIMIZERS[key](),
        batch_size=32,
        lr=LEARNING_RATES.get(key, 0.05),
    )
    assert np.mean(network.scores(DenseRows(x)).argmax(axis=1) == labels) > 0.9


def test_decoupled_decay_is_adamw_in_the_trainer_too():
    """Decay belongs to the updater: without a gradient the weights shrink by (1 - lr decay) a
    step.
    """
    network = make_network(SquaredError(), sizes=(3, 2))
    x, target = np.zeros((N, 3)), np.tile(network.views()[0, "bias"], (N, 1))
    start, state = network.views()[0, "weight"].copy(), state_of()
    network.prepare(10, state.rng)
    updater = Updater(AdamW(), network.params, network.grads, decays=[(network.penalised[0], 0.5)])
    Trainer(network, updater, Constant(), 0.1, state, 10).fit(
        DenseRows(x), DenseRows(target), n_epochs=2
    )
    np.testing.assert_allclose(network.views()[0, "weight"], start * 0.95**10, rtol=1e-12)
    assert math.isclose(updater.t, 10)


def test_a_rate_fades_over_the_epochs_of_a_fit():
    """A network of dropout alone on ones: what it loses of its output, epoch by epoch."""
    rates = []

    class Kept(Callback):
        def epoch_end(self, trainer, record):
            rates.append(np.mean(trainer.network.plan(1000).layers[0].mask == 0.0))

    network = Network([Dropout(0.5, fade=0.5), Dense(1)], SquaredError(), 300)
    state = TrainingState(np.random.default_rng(0))
    network.prepare(1000, state.rng)
    updater = Updater(SGD(), network.params, network.grads)
    trainer = Trainer(network, updater, Constant(), 0.0, state, 1000, callbacks=[Kept()])
    rows = DenseRows(np.ones((1000, 300), np.float32))
    trainer.fit(rows, DenseRows(np.zeros((1000, 1), np.float32)), n_epochs=8)
    half_cosine = 0.25 * (1.0 + np.cos(np.pi * np.arange(4) / 4))
    np.testing.assert_allclose(rates, [0.5] * 4 + half_cosine.tolist(), atol=0.005)
