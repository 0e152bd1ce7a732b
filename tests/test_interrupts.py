"""Ctrl-C ends training with the last complete epoch, whatever solver made the ones before."""

import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmlp import Autoencoder, MLPClassifier, MLPRegressor

from .problems import blobs, curve
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)


class Interrupt:
    """A scorer that is interrupted in its ``n``-th call."""

    def __init__(self, n):
        self.n = n

    def __call__(self, estimator, X, y):
        self.n -= 1
        if self.n < 0:
            raise KeyboardInterrupt
        return -float(self.n)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_ctrl_c_keeps_what_was_trained(solver, batch_norm):
    setting = {
        "hidden_layer_sizes": (3,),
        "random_state": 0,
        "n_iter_no_change": np.inf,
        "solver": solver,
        "batch_norm": batch_norm,
    }
    model = MLPClassifier(**setting, max_iter=100, scoring=Interrupt(5))
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, Y, X_val=X, y_val=Y)
    stopped = MLPClassifier(**setting, max_iter=5).fit(X, Y)
    assert model.n_iter_ == len(model.history_) == 5
    assert model.t_ == stopped.t_
    assert model.loss_curve_ == stopped.loss_curve_
    assert_array_equal(model.predict_proba(X), stopped.predict_proba(X))
    fresh = MLPClassifier(**setting, scoring=Interrupt(0))
    before = state(fresh, X)
    with pytest.raises(KeyboardInterrupt):
        fresh.fit(X, Y, X_val=X, y_val=Y)
    assert_unchanged(before, state(fresh, X))


class InterruptAugmenter:
    """An augmenter that is interrupted in its ``n``-th batch."""

    def __init__(self, n):
        self.n = n

    def __call__(self, X, y, rng):
        self.n -= 1
        if self.n < 0:
            raise KeyboardInterrupt
        return X, y


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])
def test_ctrl_c_after_other_solvers_keeps_their_records(cls):
    """Whatever the order, the history counts all epochs and iterations, and ``n_iter_`` those of
    the call.
    """
    setting = {
        "solver": "lbfgs",
        "max_iter": 6,
        "n_iter_no_change": np.inf,
        "batch_size": 50,
        "random_state": 0,
    }
    model = cls(hidden_layer_sizes=(3,), warm_start=True, **setting)
    n_epochs = 0
    for change, n_iter in (
        ({}, 6),
        ({"solver": "adam", "max_iter": 4}, 4),
        ({"solver": "sgd", "max_iter": 9, "augmentation": InterruptAugmenter(3 * 2 + 1)}, 2),
        ({"solver": "lbfgs", "max_iter": 3, "augmentation": None}, 3),
        ({"solver": "adam", "max_iter": 9, "augmentation": InterruptAugmenter(3 * 5)}, 5),
        ({"augmentation": None, "max_iter": 2}, 2),
    ):
        curve = [] if not n_epochs else model.loss_curve_
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Training interrupted by user")
            model.set_params(**change).fit(X, Y)
        n_epochs += n_iter
        assert model.n_iter_ == n_iter
        assert model.history_.index.tolist() == list(range(1, n_epochs + 1))
        assert model.loss_curve_[: len(curve)] == curve
        if model.solver != "lbfgs":
            model.set_params(augmentation=None).partial_fit(X, Y)
            n_epochs += 1
    assert model.history_.index.tolist() == list(range(1, n_epochs + 1))


def test_ctrl_c_in_the_first_epoch_after_another_solver_leaves_the_model_as_it_was():
    model = MLPClassifier(
        (3,), solver="lbfgs", max_iter=6, warm_start=True, batch_size=50, random_state=0
    ).fit(X, Y)
    before = state(model, X)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(solver="adam", augmentation=InterruptAugmenter(2)).fit(X, Y)
    assert_unchanged(before, state(model.set_params(solver="lbfgs", augmentation=None), X))


def test_early_stopping_after_another_solver_restores_an_epoch_of_its_own(capsys):
    """And says which: its score in the history is that of the weights."""
    X, y = curve()
    held_out = {"X_val": X[:50], "y_val": y[:50]}
    setting = {
        "max_iter": 30,
        "learning_rate_init": 0.05,
        "early_stopping": True,
        "warm_start": True,
        "random_state": 0,
    }
    model = MLPRegressor(hidden_layer_sizes=(5,), verbose=True, **setting).fit(
        X[50:], y[50:], **held_out
    )
    model.set_params(solver="lbfgs", alpha=500.0, max_iter=20, early_stopping=False).fit(
        X[50:], y[50:], **held_out
    )
    assert (
        model.score(X[:50], y[:50]) < model.best_validation_score_ - 0.1
    )  # much worse, and to be left with small steps
    model.set_params(solver="adam", learning_rate_init=1e-4, max_iter=5, early_stopping=True).fit(
        X[50:], y[50:], **held_out
    )
    (told,) = re.findall(
        r"weights of epoch (\d+), which had the best", capsys.readouterr().out.splitlines()[-1]
    )
    scores = model.history_["validation_score"]
    assert int(told) == scores[-model.n_iter_ :].idxmax()
    assert_allclose(model.score(X[:50], y[:50]), scores[int(told)], rtol=1e-5)
