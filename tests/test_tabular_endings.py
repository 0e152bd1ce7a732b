"""How fits of the estimators for tables end: a limit of time, Ctrl-C, a member that fails."""

import time
from concurrent.futures import wait
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmlp import TabularMLPClassifier, config_context
from skmlp._tabular import members
from skmlp._tabular.members import Budget

from .tables import mixed


def quick(**setting):
    usual = {"n_estimators": 3, "hidden_layer_sizes": (16,), "max_iter": 15, "random_state": 0}
    return TabularMLPClassifier(**{**usual, **setting})


def test_a_time_limit_ends_a_fit():
    X, y = mixed(2000)
    model = quick(n_estimators=50, max_iter=10**6, time_limit=0.5)
    with config_context(backend="numpy"):  # which has nothing to compile
        began = time.monotonic()
        model.fit(X, y)
    assert time.monotonic() - began < 20.0  # the rest is for a busy machine
    assert 1 <= len(model.estimators_) <= 50
    assert np.isfinite(model.predict_proba(X)).all()


def test_time_is_shared_among_the_members_to_come(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    budget = Budget(10.0, n_members=4, n_threads=2)
    ends = [budget.share(), budget.share()]
    assert ends == [105.0, 110.0 - 10.0 / 2 * 1]
    now[0] = 104.0
    assert budget.share() == 110.0
    assert not budget.is_over
    now[0] = 110.0
    assert budget.is_over


def test_ctrl_c_keeps_the_members_that_have_begun(monkeypatch):
    X, y = mixed(1000)
    calls = []

    def interrupted_wait(futures, **options):
        calls.append(len(calls))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return wait(futures, **options)

    monkeypatch.setattr(members, "wait", interrupted_wait)
    model = quick(n_estimators=20, max_iter=10**6, n_jobs=2)
    with pytest.warns(UserWarning, match="interrupted; 2 of 20 members"):
        model.fit(X, y)
    assert len(model.estimators_) == 2
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_member_that_fails_ends_the_fit():
    """The others stop after their epoch, and those that have not begun do not begin."""
    began = []

    def train(k, deadline):
        began.append(k)
        if k == 1:
            raise ValueError("member 1")
        while not deadline.epoch_end(Epochs(10**6), {}):
            time.sleep(0.01)

    with pytest.raises(ValueError, match="member 1"):
        members.trained(train, 20, 2, None, lambda *_: None)
    assert sorted(began) == [0, 1]


class Epochs:
    """A trainer that has made one epoch of several."""

    def __init__(self, n_epochs):
        self.state = SimpleNamespace(clock=SimpleNamespace(epoch=1.0, n_epochs=n_epochs))


def test_a_fit_that_fails_leaves_the_estimator_as_it_was():
    X, y = mixed(100)
    model = quick().fit(X, y)
    before = model.predict_proba(X)
    model.set_params(dropout=2.0)
    with pytest.raises(ValueError, match="dropout"):
        model.fit(X, 1 - y)
    assert_array_equal(model.predict_proba(X), before)


def test_verbose_prints_a_line_for_each_member(capsys):
    X, y = mixed(100)
    quick(verbose=True).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all("15 epochs" in line for line in lines)


def test_a_slow_first_epoch_does_not_bound_the_others():
    """As where code is compiled in it: epochs are planned anew after each."""
    now = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now[0])
        deadline = members.Deadline(Budget(100.0, 1, 1), 100.0)
        trainer = Epochs(50)
        now[0] = 40.0
        assert not deadline.epoch_end(trainer, {})
        assert trainer.state.clock.n_epochs == 2
        trainer.state.clock.epoch, now[0] = 2.0, 41.0
        deadline.epoch_end(trainer, {})
        assert trainer.state.clock.n_epochs == 4
