"""Training that does not end well: batches too large, divergence, too few epochs, Ctrl-C."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from skmlp import MLPClassifier, MLPRegressor

from .problems import blobs, curve
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)


def test_a_batch_larger_than_the_data_is_clipped_with_a_warning():
    with pytest.warns(UserWarning, match="larger than sample size. It is going to be clipped.*batch_size=500.*150 rows"):
        model = MLPClassifier((3,), max_iter=2, batch_size=500, random_state=0).fit(X, Y)
    assert_array_equal(model.predict_proba(X), MLPClassifier((3,), max_iter=2, batch_size=150, random_state=0).fit(X, Y).predict_proba(X))


@pytest.mark.parametrize("fitted", [None, "cold", "warm"])
def test_divergence_names_the_epoch_and_the_remedy(fitted):
    """After many epochs of training, of which nothing may be left."""
    good = {"solver": "sgd", "learning_rate_init": 0.01, "max_iter": 2, "momentum": 0.5, "n_iter_no_change": np.inf}
    model = MLPRegressor(hidden_layer_sizes=(), warm_start=fitted == "warm", random_state=0, **good)
    if fitted:
        model.fit(X, Y)
    before = state(model, X)
    model.set_params(learning_rate_init=100.0, max_iter=2000)
    with pytest.raises(ValueError, match=r"not finite in epoch \d\d+.*StandardScaler.*learning_rate_init, now 100.0.*clip_norm"):
        model.fit(X, Y)
    assert_unchanged(before, state(model.set_params(**good), X))


def test_divergence_with_early_stopping_ends_with_the_best_weights():
    X, y = curve()
    setting = {"hidden_layer_sizes": (), "solver": "sgd", "learning_rate_init": 2.5, "momentum": 0.0, "n_iter_no_change": np.inf}
    model = MLPRegressor(**setting, max_iter=2000, early_stopping=True, alpha=0.0, batch_size=20, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch \d+; the weights of epoch \d+ are restored"):
        model.fit(X, y, X_val=X, y_val=y)
    assert np.isfinite(model.predict(X)).all()
    np.testing.assert_allclose(model.score(X, y), model.best_validation_score_, rtol=1e-6)


def test_too_few_epochs_warn_unless_they_were_planned():
    for setting in ({}, {"learning_rate": "adaptive", "solver": "sgd"}):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
            MLPClassifier((3,), max_iter=2, **setting).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier((3,), max_iter=2, learning_rate="one_cycle").fit(X, Y)
        MLPClassifier((3,), max_iter=2).partial_fit(X, Y, classes=[0, 1, 2])


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
    setting = {"hidden_layer_sizes": (3,), "random_state": 0, "n_iter_no_change": np.inf, "solver": solver, "batch_norm": batch_norm}
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


@pytest.mark.parametrize(
    "setting",
    [{"batch_size": 500}, {"max_iter": 1}, {"scoring": Interrupt(2)}, {"scoring": Interrupt(2), "solver": "lbfgs"}],
    ids=["batch size", "epochs", "Ctrl-C", "Ctrl-C of lbfgs"],
)
def test_warnings_point_to_the_call_of_fit(setting):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        MLPClassifier(**{"hidden_layer_sizes": (3,), "max_iter": 5, **setting}).fit(X, Y, X_val=X, y_val=Y)
    assert caught
    assert {warning.filename for warning in caught} == {__file__}
