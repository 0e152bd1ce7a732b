"""The trainer against scikit-learn's own training, on the same rows from the same weights."""

import warnings

import numpy as np
import pytest
from sklearn import neural_network

from skmlp.nn.activations import ACTIVATIONS
from skmlp.nn.engine.epoch_end import History, Patience
from skmlp.nn.losses import SquaredError
from skmlp.nn.optimizers import SGD, Adam
from skmlp.nn.schedules import SCHEDULES
from tests.nn.helpers import make_network
from tests.nn.training import data_of, train


class Started(neural_network.MLPRegressor):
    """scikit-learn's estimator, starting from given weights."""

    def _init_coef(self, fan_in, fan_out, dtype):
        coef, intercept = self.start_.pop(0)
        return coef.copy(), intercept.copy()


def against_scikit_learn(solver, rule, learning_rate, activation="tanh", n_epochs=30, **options):
    """Train both for a number of epochs without shuffling; return their curves and weights."""
    network = make_network(SquaredError(), activation, sizes=(3, 5, 1), alphas=(0.3, 0.3))
    x, target = data_of(network)
    views = network.views()
    theirs = Started(
        hidden_layer_sizes=(5,),
        activation=activation,
        solver=solver,
        alpha=0.3,
        batch_size=16,
        learning_rate=learning_rate,
        learning_rate_init=0.05,
        max_iter=n_epochs,
        shuffle=False,
        n_iter_no_change=3,
        tol=1e-3,
        **options,
    )
    theirs.start_ = [(views[i, "weight"].copy(), views[i, "bias"][0].copy()) for i in (0, 2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge is what is wanted
        theirs.fit(x, target[:, 0])
    records, stopping = [], Patience("loss", -1, 1e-3, 3, keep_best=False)
    callbacks, schedule = [stopping, History(records)], SCHEDULES[learning_rate]()
    train(
        network,
        x,
        target,
        n_epochs,
        rule=rule,
        batch_size=16,
        lr=0.05,
        schedule=schedule,
        shuffle=False,
        callbacks=callbacks,
    )
    return theirs, network.views(), [record["loss"] for record in records]


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_trains_as_in_scikit_learn(learning_rate, nesterov):
    """Loss curve, number of epochs and weights, through lowered rates and early stopping."""
    theirs, views, losses = against_scikit_learn(
        "sgd", SGD(0.9, nesterov), learning_rate, n_epochs=200, nesterovs_momentum=nesterov
    )
    assert len(losses) == theirs.n_iter_
    np.testing.assert_allclose(losses, theirs.loss_curve_, rtol=1e-9)
    for k, i in enumerate((0, 2)):
        np.testing.assert_allclose(views[i, "weight"], theirs.coefs_[k], rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(
            views[i, "bias"][0], theirs.intercepts_[k], rtol=1e-7, atol=1e-10
        )


@pytest.mark.parametrize(
    "activation", [key for key in ACTIVATIONS if key in ("identity", "logistic", "tanh", "relu")]
)
def test_adam_trains_as_in_scikit_learn(activation):
    theirs, views, losses = against_scikit_learn("adam", Adam(), "constant", activation)
    assert len(losses) == theirs.n_iter_
    np.testing.assert_allclose(losses, theirs.loss_curve_, rtol=1e-9)
    for k, i in enumerate((0, 2)):
        np.testing.assert_allclose(views[i, "weight"], theirs.coefs_[k], rtol=1e-7, atol=1e-9)


def test_the_adaptive_rate_was_lowered_in_that_comparison():
    """Else the comparison above would be one of the constant rate."""
    records, network = [], make_network(SquaredError(), sizes=(3, 5, 1), alphas=(0.3, 0.3))
    callbacks = [Patience("loss", -1, 1e-3, 3, keep_best=False), History(records)]
    train(
        network,
        *data_of(network),
        200,
        batch_size=16,
        lr=0.05,
        schedule=SCHEDULES["adaptive"](),
        shuffle=False,
        callbacks=callbacks,
    )
    assert len({record["learning_rate"] for record in records}) > 2
