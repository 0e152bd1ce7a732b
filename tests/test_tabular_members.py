"""The members of the estimators for tables: one codec, what each holds out, and their order."""

import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import skmlp._tabular.base as base
from skmlp import TabularMLPClassifier, TabularMLPRegressor
from skmlp._tabular.folds import splits
from skmlp._tabular.members import trained

from .tables import mixed

QUICK = {"n_estimators": 3, "hidden_layer_sizes": (16,), "max_iter": 1, "random_state": 0}
BOTH = pytest.mark.parametrize("cls", [TabularMLPClassifier, TabularMLPRegressor])


@pytest.fixture
def parts(monkeypatch):
    """Return a list of what the members of the next fits train on and hold out."""
    found = []

    def recorded(*given):
        found[:] = splits(*given)
        return found

    monkeypatch.setattr(base, "splits", recorded)
    return found


@BOTH
def test_members_have_the_codec_of_the_ensemble(cls):
    X, y = mixed()
    model = cls(**QUICK).fit(X, y)
    assert all(member._codec is model._codec for member in model.estimators_)


def test_the_codec_has_learned_from_all_rows():
    """A category of two rows is known, though members hold out one of them."""
    X, y = mixed()
    X["town"] = np.where(np.isin(np.arange(len(X)), [3, 150]), "Graz", "Aber")
    _, towns = TabularMLPClassifier(**QUICK).fit(X, y)._codec.categories
    assert towns == ["Aber", "Graz"]


def test_what_a_member_holds_out_does_not_change_its_weights(parts):
    X, y = mixed(n_classes=5)
    y = y.astype(float)
    model = TabularMLPRegressor(**QUICK).fit(X, y)
    weights = [member._network.params.copy() for member in model.estimators_]
    changed = y.copy()
    changed[parts[1][1]] += 10.0
    model.fit(X, changed)
    for k, (before, member) in enumerate(zip(weights, model.estimators_, strict=True)):
        assert np.array_equal(before, member._network.params) == (k == 1)


@BOTH
def test_a_member_is_validated_on_what_it_holds_out(cls, parts):
    X, y = mixed()
    model = cls(**QUICK).fit(X, y)
    for member, (_, rows) in zip(model.estimators_, parts, strict=True):
        score = member.score(X.iloc[rows], y[rows])
        assert member.history_["validation_score"].iloc[-1] == pytest.approx(score, abs=1e-6)


def test_quantiles_are_of_errors_on_rows_held_out(parts):
    X, y = mixed(n_classes=5)
    model = TabularMLPRegressor(**QUICK).fit(X, y)
    said = [
        np.clip(member.predict(X.iloc[rows]), 0, 4)
        for member, (_, rows) in zip(model.estimators_, parts, strict=True)
    ]
    errors = np.concatenate([y[rows] for _, rows in parts]) - np.concatenate(said)
    assert_allclose(model._held_out_predictions, np.sort(np.concatenate(said)), atol=1e-6)
    assert_allclose(np.sort(model._held_out_errors), np.sort(errors), atol=1e-6)


def test_members_come_in_order_whichever_is_done_first():
    def train(k, deadline):
        time.sleep(0.3 * (k == 0))
        return k

    done = []
    members, interrupted = trained(train, 4, 2, None, lambda k, *_: done.append(k))
    assert members == [0, 1, 2, 3]
    assert sorted(done) == members != done
    assert not interrupted


@BOTH
def test_the_number_of_threads_changes_neither_order_nor_seeds(cls):
    X, y = mixed()
    one, two = (cls(**QUICK, n_jobs=n_jobs).fit(X, y).estimators_ for n_jobs in (1, 2))
    for each, other in zip(one, two, strict=True):
        assert each.random_state == other.random_state
        assert_array_equal(each._network.params, other._network.params)
