"""Of which epoch the members of an ensemble for tables keep the weights."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.metrics import accuracy_score, r2_score

from skmlp import TabularMLPClassifier, TabularMLPRegressor
from skmlp._tabular import base
from skmlp._tabular.epochs import KEPT, MOST_AROUND, Candidates, choose_epochs
from skmlp.nn.engine.state import TrainingState

from .tables import mixed


def training(n_planned):
    """A training whose only parameter is the number of its epoch."""
    network = SimpleNamespace(params=np.zeros(1), running=np.zeros(0))
    state = TrainingState(np.random.default_rng(0))
    state.clock.n_epochs = n_planned
    return SimpleNamespace(network=network, state=state)


def chosen(*curves, n_planned=64):
    """The epochs that members with these scores end with."""
    trainers, candidates = [], []
    for scores in curves:
        trainer, member = training(n_planned), Candidates()
        for epoch, score in enumerate(scores, 1):
            trainer.network.params[0] = trainer.state.clock.step = epoch
            member.epoch_end(trainer, {"epoch": epoch, "validation_score": score})
        member.end()
        trainers.append(trainer)
        candidates.append(member)
    choose_epochs(candidates)
    for trainer in trainers:
        assert trainer.state.best_epoch == trainer.state.clock.step == trainer.network.params[0]
    return [trainer.state.best_epoch for trainer in trainers]


def with_peaks(heights, n_epochs=64):
    """Scores that are 0 but for these heights at epochs."""
    scores = np.zeros(n_epochs)
    for epoch, height in heights.items():
        scores[epoch - 1] = height
    return scores


def stretch(middle, height=1.0):
    """Heights of a stretch of five good epochs, the middle one the best."""
    shape = np.array([0.1, 0.4, 0.7, 0.4, 0.1])
    return dict(zip(range(middle - 2, middle + 3), height * shape, strict=True))


def test_a_lucky_epoch_is_worth_less_than_a_good_stretch():
    assert chosen(with_peaks({10: 0.9, **stretch(40)})) == [40]


def test_the_other_members_decide_between_stretches():
    alike = with_peaks({**stretch(10), **stretch(40)})
    for middle in (10, 40):
        assert chosen(alike, with_peaks(stretch(middle, 0.5)))[0] == middle
    # the more of them the same way, the less do their own chances matter
    others = [with_peaks({**stretch(10, 0.2), lucky: 0.9}) for lucky in (20, 50, 60)]
    assert chosen(alike, *others)[0] == 10


def test_the_last_of_equal_epochs_is_chosen():
    assert chosen(np.full(64, 0.5)) == [64]


def test_the_first_and_the_last_epochs_can_be_chosen():
    falling = np.linspace(1.0, 0.0, 64)
    assert chosen(falling) == [1]
    assert chosen(falling[::-1]) == [64]


def test_epochs_without_a_score_are_not_chosen():
    scores = with_peaks({20: 0.5, 21: 0.5, 22: 0.5})
    scores[22:] = np.nan
    (epoch,) = chosen(scores)
    assert epoch <= 20  # of those around which all epochs have one
    first, other = chosen(np.where(np.isnan(scores), 0.1, scores), scores)
    assert first in (20, 21)
    assert other <= 20


def test_a_member_that_ended_early_counts_as_far_as_it_came():
    early = with_peaks(stretch(10), n_epochs=16)
    assert chosen(with_peaks({**stretch(10), **stretch(40)}), early)[0] == 10
    assert chosen(with_peaks({**stretch(10, 0.5), **stretch(40, 2.0)}), early)[0] == 40


def test_few_epochs_are_kept_however_many_are_planned():
    trainer, member = training(10**6), Candidates()
    for k in range(5 * MOST_AROUND):
        member.epoch_end(trainer, {"epoch": k + 1, "validation_score": 0.01 * k})
    assert len(member._recent) + len(member._kept) <= MOST_AROUND + KEPT + 1
    member.end()
    assert len(member._kept) == KEPT
    assert [*member._recent, *member._unused] == []


@pytest.mark.parametrize("cls", [TabularMLPClassifier, TabularMLPRegressor])
def test_a_member_has_the_weights_of_the_epoch_that_it_names(cls, monkeypatch):
    parts, usual = [], base.Member

    def member(split, *rest):
        parts.append(split[1])
        return usual(split, *rest)

    monkeypatch.setattr(base, "Member", member)
    X, y = mixed(300)
    target = y if cls is TabularMLPClassifier else y + 0.1 * np.arange(len(y)) / len(y)
    model = cls(4, hidden_layer_sizes=(16,), max_iter=40, n_jobs=1, random_state=0).fit(X, target)
    matrix = model._check_X(X)
    epochs = set()
    for rows, fitted in zip(parts, model.estimators_, strict=True):
        epoch = fitted._state.best_epoch
        said = model._said(fitted, matrix[rows])
        if cls is TabularMLPClassifier:
            score = accuracy_score(target[rows], said[:, 0] > 0.0)
        else:
            score = r2_score(target[rows], fitted._predictions(fitted._raw(matrix[rows])))
        assert score == pytest.approx(fitted.history_.validation_score[epoch], abs=1e-5)
        epochs.add(epoch)
    assert len(epochs) > 1


@pytest.mark.parametrize(
    ("max_iter", "params", "every"),
    [
        (40, {}, 1),
        (80, {}, 2),
        (80, {"n_iter_no_change": 30}, 1),
        (80, {"learning_rate": "plateau"}, 1),
    ],
)
def test_many_epochs_are_validated_every_second_time(max_iter, params, every):
    X, y = mixed(100)
    model = TabularMLPClassifier(
        2, hidden_layer_sizes=(8,), max_iter=max_iter, member_params=params, random_state=0
    ).fit(X, y)
    for member in model.estimators_:
        scores = member.history_.validation_score
        assert_array_equal(scores.index[scores.notna()], np.arange(1, len(scores) + 1, every))
        assert member._state.best_epoch in scores.index[scores.notna()]
        assert len(member.validation_scores_) == scores.notna().sum()
