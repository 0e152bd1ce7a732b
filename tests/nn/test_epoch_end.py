"""Callbacks: one record an epoch, early stopping, what is printed."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from skmlp.nn.engine.epoch_end import History, Patience, Progress, Validation
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.schedules import SCHEDULES, Adaptive, Constant, Plateau
from tests.nn.helpers import trajectories


def trainer_of(schedule=None):
    """Return what callbacks see of a trainer, with a network of three numbers."""
    state = TrainingState(np.random.default_rng(0), slots={"v": np.zeros(3)})
    network = SimpleNamespace(params=np.zeros(3), running=np.zeros(2))
    return SimpleNamespace(
        network=network,
        state=state,
        schedule=schedule or Constant(),
        learning_rate=0.1,
        validates=False,
    )


def feed(stopping, values, trainer=None):
    """Return the epoch in which a sequence of values stops training, None if it does not, and
    the trainer.
    """
    trainer = trainer or trainer_of()
    for epoch, value in enumerate(values, 1):
        network = trainer.network
        for array in (network.params, network.running, trainer.state.slots["v"]):
            array[...] = epoch
        trainer.state.clock.step = 10 * epoch
        rate = trainer.learning_rate * trainer.schedule.factor(trainer.state.clock)
        if stopping.epoch_end(
            trainer, {stopping.monitor: value, "epoch": epoch, "learning_rate": rate}
        ):
            return epoch, trainer
    return None, trainer


def stopping_of(sign=-1, tol=0.1, patience=2, keep_best=False, monitor="loss"):
    return Patience(monitor, sign, tol, patience, keep_best)


@pytest.mark.parametrize(
    ("values", "epoch"),
    [
        ([5, 4, 3, 2, 1], None),
        (
            [5, 5, 5, 5, 5],
            4,
        ),  # the first epoch is progress, then patience is 2, then the third without
        (
            [5, 4.95, 4.9, 4.85, 4.8],
            4,
        ),  # each epoch is measured from the best so far, so steps of half of tol are no progress
        ([5, 6, 6, 4, 6, 6, 6], 7),
        ([5, math.nan, math.nan, math.nan], None),  # undefined is neither better nor worse
        ([math.nan, 5, 5, math.nan, 5, math.nan, 5], 7),
        ([math.nan, math.nan, 5, 4, 3], None),
    ],
)
def test_stops_after_more_than_patience_epochs_without_progress(values, epoch):
    values = [float(value) for value in values]
    assert feed(stopping_of(tol=0.1 - 1e-12), values)[0] == epoch
    assert feed(stopping_of(sign=1, tol=0.1 - 1e-12), [-value for value in values])[0] == epoch


def rule_of_scikit_learn(losses, tol, patience):
    """Return the epoch in which BaseMultilayerPerceptron._fit_stochastic would stop, from its
    documented rule.
    """
    best, stale = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        stale = stale + 1 if loss > best - tol else 0
        best = min(best, loss)
        if stale > patience:
            return epoch
    return None


@pytest.mark.parametrize("seed", range(20))
def test_stops_when_scikit_learn_does(seed):
    losses = np.exp(-np.linspace(0, 3, 60)) + 0.05 * np.random.default_rng(seed).normal(size=60)
    for tol in (0.0, 1e-3, 0.05):
        assert feed(stopping_of(tol=tol, patience=4), losses)[0] == rule_of_scikit_learn(
            losses, tol, 4
        )


def test_keeps_count_across_fits():
    """The state of progress is the training state's, so that a new callback goes on counting."""
    _, trainer = feed(stopping_of(), [5.0, 5.0, 5.0])
    assert feed(stopping_of(), [5.0], trainer)[0] == 1


def test_notes_the_best_value_and_its_epoch():
    _, trainer = feed(stopping_of(patience=9), [5.0, 3.0, math.nan, 4.0, 2.95, 6.0])
    assert (trainer.state.best, trainer.state.best_epoch) == (-2.95, 5)


def test_restores_the_best_epoch():
    """Weights, running statistics, optimizer slots and the step counter; the best value, even
    where it was no progress by tol.
    """
    stopping = stopping_of(keep_best=True, patience=9)
    _, trainer = feed(stopping, [5.0, 3.0, 4.0, 2.95, 6.0, math.nan])
    assert stopping.has_kept
    arrays = [trainer.network.params, trainer.network.running, trainer.state.slots["v"]]
    stopping.restore()
    for array in arrays:
        np.testing.assert_array_equal(array, 4.0)
    assert trainer.state.clock.step == 40
    assert trainer.network.params is arrays[0]


@pytest.mark.parametrize(
    ("keep_best", "values"), [(False, [5.0, 3.0]), (True, [math.nan, math.nan])]
)
def test_restores_nothing_where_nothing_was_kept(keep_best, values):
    stopping = stopping_of(keep_best=keep_best, patience=9)
    _, trainer = feed(stopping, values)
    assert not stopping.has_kept
    stopping.restore()
    np.testing.assert_array_equal(trainer.network.params, 2.0)


@pytest.mark.parametrize("key", ["constant", "invscaling", "adaptive"])
def test_plateaus_have_the_consequences_they_have_in_scikit_learn(key):
    """Stop, or divide the rate by five and go on until it is at most 1e-6."""
    theirs = SGDOptimizer([np.zeros(1)], learning_rate_init=0.1, lr_schedule=key)
    trainer, stopping = trainer_of(SCHEDULES[key]()), stopping_of(patience=0)
    feed(stopping, [1.0], trainer)
    for _ in range(20):
        stops, _ = feed(stopping, [1.0], trainer)
        assert bool(stops) == theirs.trigger_stopping("", False)
        assert trainer.learning_rate * trainer.schedule.factor(
            trainer.state.clock
        ) == pytest.approx(theirs.learning_rate, rel=1e-12)
        if stops:
            return
    pytest.fail("neither stopped")


def test_patience_starts_anew_after_the_rate_was_lowered():
    trainer, stopping = trainer_of(Adaptive()), stopping_of(patience=2)
    assert feed(stopping, [1.0] * 4, trainer)[0] is None
    assert trainer.state.clock.decay == pytest.approx(0.2)
    assert trainer.state.stale == 0


def test_plateaus_lower_the_rate_when_pytorch_does():
    arrays, _ = trajectories()
    trainer, stopping = (
        trainer_of(Plateau(gamma=0.5, patience=3, final=0.1)),
        stopping_of(tol=0.0, patience=math.inf),
    )
    factors = []
    for loss in arrays["plateau/losses"]:
        assert feed(stopping, [loss], trainer)[0] is None
        factors.append(trainer.schedule.factor(trainer.state.clock))
    np.testing.assert_allclose(factors, arrays["plateau/factors"], rtol=1e-12)
    assert len(set(factors)) == 5


@pytest.mark.parametrize(
    ("schedule", "factor"),
    [(Plateau(0.5, patience=2, final=0.0), 0.5**9), (Adaptive(), 1.0), (Constant(), 1.0)],
)
def test_a_loss_that_stays_equal_is_progress_by_nothing_except_on_a_plateau(schedule, factor):
    """PyTorch's ReduceLROnPlateau lowers at the epochs 4, 7, ..., 28 of 30; scikit-learn's rule
    counts an equal loss as no worse.
    """
    trainer = trainer_of(schedule)
    assert feed(stopping_of(tol=0.0, patience=2), [1.0] * 30, trainer)[0] is None
    assert trainer.schedule.factor(trainer.state.clock) == factor
    assert rule_of_scikit_learn([1.0] * 30, 0.0, 2) is None


def test_plateau_stops_at_its_least_factor_after_the_patience_of_stopping():
    trainer, stopping = (
        trainer_of(Plateau(gamma=0.1, patience=1, final=0.05)),
        stopping_of(patience=4),
    )
    lowered = {}
    for epoch in range(1, 20):
        stops, _ = feed(stopping, [1.0], trainer)
        lowered.setdefault(trainer.state.clock.decay, epoch)
        if stops:
            break
    # one epoch of progress, two without it; two more to the least factor; five more to the end
    assert lowered == {1.0: 1, 0.1: 3, 0.05: 5}
    assert epoch == 10
    assert stopping.reason == (
        "Training loss did not improve more than tol=0.100000 for 4 consecutive epochs. Learning "
        "rate too small."
    )


def test_plateau_without_patience_waits_as_long_as_stopping_does():
    trainer = trainer_of(Plateau())
    assert feed(stopping_of(patience=3), [1.0] * 4, trainer)[1].state.clock.decay == 1.0
    feed(stopping_of(patience=3), [1.0], trainer)
    assert trainer.state.clock.decay == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("monitor", "name"),
    [
        ("loss", "Training loss"),
        ("validation_score", "Validation score"),
        ("validation_loss", "Validation loss"),
    ],
)
def test_reason_says_what_did_not_improve(monitor, name):
    stopping = stopping_of(monitor=monitor)
    assert feed(stopping, [5.0] * 5)[0]
    assert (
        stopping.reason
        == f"{name} did not improve more than tol=0.100000 for 2 consecutive epochs."
    )


def test_reason_says_what_happens_to_the_rate():
    trainer, stopping = trainer_of(Adaptive()), stopping_of(patience=0)
    feed(stopping, [5.0, 5.0], trainer)
    assert stopping.reason.endswith("Setting learning rate to 0.020000.")
    trainer.learning_rate = 1e-6
    assert feed(stopping, [5.0], trainer)[0]
    assert stopping.reason.endswith("Learning rate too small.")


def test_validation_and_history_fill_the_record():
    records, record = [], {"epoch": 1, "loss": 0.5}
    assert not Validation(lambda: (0.75, 0.9)).epoch_end(trainer_of(), record)
    assert not History(records).epoch_end(trainer_of(), record)
    assert records == [{"epoch": 1, "loss": 0.5, "validation_loss": 0.75, "validation_score": 0.9}]


def test_an_epoch_that_is_not_validated_has_no_score_and_is_neither_better_nor_worse():
    validation, stopping = Validation(lambda: (0.75, 0.9), every=3), stopping_of(patience=1)
    trainer, stopped = trainer_of(), []
    for epoch in range(1, 12):
        record = {"epoch": epoch, "learning_rate": 0.1}
        validation.epoch_end(trainer, record)
        assert ("validation_score" in record) == (epoch in (1, 4, 7, 10))
        stopping.monitor, stopping.sign = "validation_score", 1
        stopped.append(stopping.epoch_end(trainer, record))
    assert stopped.index(True) == 6  # the second of those that are no better than the first
    assert trainer.state.best_epoch == 1


def test_progress_prints_a_table_and_each_reason_once(capsys):
    stopping = stopping_of()
    progress = Progress(["epoch", "loss", "validation_score"], stopping=stopping)
    assert not progress.epoch_end(trainer_of(), {"epoch": 3, "loss": 0.25, "validation_score": 0.5})
    assert (
        capsys.readouterr().out
        == "epoch          loss  validation score\n    3      0.250000            0.5000\n"
    )
    stopping.reason = "Enough."
    progress.epoch_end(trainer_of(), {"epoch": 4, "loss": -1.25e-9, "validation_score": math.nan})
    assert capsys.readouterr().out == "    4  -1.25000e-09               nan\nEnough.\n"
    progress.epoch_end(trainer_of(), {"epoch": 100, "loss": 123456789.0, "validation_score": -1.0})
    assert capsys.readouterr().out == "  100   1.23457e+08           -1.0000\n"
    progress.end(100, "It was late.", "Nothing is kept.")
    assert capsys.readouterr().out == "Ended with epoch 100: it was late.\nNothing is kept.\n"


def test_progress_leaves_the_reason_for_stopping_to_the_end(capsys):
    stopping = stopping_of(patience=0)
    assert feed(stopping, [5.0, 5.0])[0]
    Progress(["epoch"], header=False, stopping=stopping).epoch_end(trainer_of(), {"epoch": 2})
    assert capsys.readouterr().out == "    2\n"
    assert stopping.reason
