"""Where scikit-learn has the same thing, it is the oracle: same weights give the same
predictions, same start the same training.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import neural_network
from sklearn.base import clone

from skmlp import MLPClassifier, MLPRegressor
from skmlp.nn.schedules import OneCycle

from .problems import blobs, curve, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PAIRS = {
    "binary": (MLPClassifier, neural_network.MLPClassifier, blobs(2)),
    "multiclass": (MLPClassifier, neural_network.MLPClassifier, blobs(4)),
    "multilabel": (MLPClassifier, neural_network.MLPClassifier, labels()),
    "one output": (MLPRegressor, neural_network.MLPRegressor, curve()),
    "two outputs": (MLPRegressor, neural_network.MLPRegressor, curve(n_outputs=2)),
}

SOLVERS = [
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5},
    {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.4},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1},
    {"solver": "adam"},
    {
        "solver": "adam",
        "learning_rate": "invscaling",
        "beta_1": 0.7,
        "beta_2": 0.9,
        "epsilon": 1e-3,
    },
    {"solver": "adam", "batch_size": 64, "alpha": 1.0},
]


@pytest.fixture(params=PAIRS.values(), ids=PAIRS)
def pair(request):
    """Our class, scikit-learn's, and data."""
    return request.param


def copy_weights(source, destination):
    """Write one model's weights into another's."""
    for name in ("coefs_", "intercepts_"):
        for theirs, ours in zip(getattr(source, name), getattr(destination, name), strict=True):
            ours[...] = theirs


def as_it_is(cls):
    """Return the setting with which our class learns the target as scikit-learn's does, whatever
    its size.
    """
    return {"normalize_y": False} if issubclass(cls, MLPRegressor) else {}


def train_both(pair, n_epochs, sample_weight=None, **setting):
    """Return our model and scikit-learn's after training from the same weights."""
    ours, theirs, (X, y) = pair
    setting = {
        "hidden_layer_sizes": (7, 5),
        "random_state": 0,
        "shuffle": False,
        "learning_rate_init": 0.02,
        "tol": 0.0,
        **setting,
    }
    if np.ndim(y) == 2 and issubclass(ours, MLPRegressor):
        setting["alpha"] = 0.0  # for the sake of loss_factor
    theirs = theirs(max_iter=1, warm_start=True, **setting).fit(X, y)
    setting = {**setting, **as_it_is(ours), "tol": loss_factor(pair) * setting["tol"]}
    ours = ours(dtype="float64", weight_init="he_uniform", max_iter=n_epochs, **setting)
    # a schedule whose first step has the rate zero shows where the training starts
    start = clone(ours).set_params(
        solver="sgd", learning_rate=OneCycle(n_epochs=9, start=0.0), max_iter=1, batch_size=len(X)
    )
    copy_weights(start.fit(X, y, sample_weight), theirs)
    theirs.t_, theirs.loss_curve_, theirs.best_loss_, theirs._no_improvement_count = (
        0,
        [],
        np.inf,
        0,
    )
    return ours.fit(X, y, sample_weight), theirs.set_params(max_iter=n_epochs).fit(
        X, y, sample_weight
    )


def loss_factor(pair):
    """Return ours over theirs: scikit-learn averages the squared error over the outputs, but
    descends along the gradient of the sum.
    """
    ours, _, (_, y) = pair
    return y.shape[1] if issubclass(ours, MLPRegressor) and y.ndim == 2 else 1


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_same_weights_same_predictions(pair, activation):
    ours, theirs, (X, y) = pair
    setting = {"hidden_layer_sizes": (7, 5), "activation": activation, "max_iter": 5}
    theirs = theirs(**setting, learning_rate_init=0.05, random_state=0).fit(X, y)
    ours = ours(**setting, **as_it_is(ours), dtype="float64", random_state=1).fit(X, y)
    copy_weights(theirs, ours)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12, atol=1e-12)
    if hasattr(theirs, "predict_proba"):
        assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12, atol=1e-12)
        assert_allclose(
            ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-9, atol=1e-12
        )
    assert ours.out_activation_ == theirs.out_activation_
    assert ours.n_layers_ == theirs.n_layers_
    assert ours.n_outputs_ == theirs.n_outputs_


def assert_same_weights(ours, theirs, rtol):
    for name in ("coefs_", "intercepts_"):
        for mine, its in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert_allclose(mine, its, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("setting", SOLVERS, ids=str)
def test_same_start_same_training(pair, setting):
    ours, theirs = train_both(pair, 10, **setting)
    assert ours.n_iter_ == theirs.n_iter_ == 10
    assert ours.t_ == theirs.t_
    assert_allclose(ours.loss_curve_, loss_factor(pair) * np.array(theirs.loss_curve_), rtol=1e-9)
    assert_same_weights(ours, theirs, 1e-8)
    assert ours.loss_ == ours.loss_curve_[-1]
    assert ours.best_loss_ == min(ours.loss_curve_)


def test_same_batches_of_many_rows():
    """Two hundred rows a step, and a shorter last one."""
    pair = (MLPRegressor, neural_network.MLPRegressor, curve(450))
    ours, theirs = train_both(pair, 5, solver="adam")
    assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_same_weighted_training(pair, solver, rng):
    if loss_factor(pair) > 1 and solver == "lbfgs":
        pair = (*pair[:2], curve())  # a line search needs the gradient of its objective
    # the line search of lbfgs multiplies the rounding of a relu at its kink
    activation = "tanh" if solver == "lbfgs" else "relu"
    ours, theirs = train_both(
        pair, 10, rng.uniform(0.0, 3.0, 150), solver=solver, activation=activation
    )
    assert_allclose(ours.loss_, loss_factor(pair) * theirs.loss_, rtol=1e-9)
    assert_same_weights(ours, theirs, 1e-6)


@pytest.mark.parametrize("setting", [*SOLVERS, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_same_counts_same_training(setting, weighted):
    X, y = curve()
    pair = (MLPRegressor, neural_network.MLPRegressor, (X, np.round(np.exp(y / 2))))
    weight = np.where(y > 0, 2.0, 1.0) if weighted else None
    setting = {**setting, "learning_rate_init": 0.02}
    ours, theirs = train_both(pair, 10, weight, loss="poisson", **setting)
    assert ours.out_activation_ == theirs.out_activation_ == "exp"
    if setting["solver"] == "lbfgs":
        assert_allclose(ours.loss_, theirs.loss_, rtol=1e-6)
    else:
        assert_same_weights(ours, theirs, 1e-8)
    if setting["solver"] != "lbfgs" and not (
        weighted and "batch_size" in setting
    ):  # batches count by weight here, by rows there
        assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    copy_weights(theirs, ours)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12)
    assert_allclose(ours.score(X, pair[2][1]), theirs.score(X, pair[2][1]), rtol=1e-9)


@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_training_stops_in_the_same_epoch(pair, learning_rate):
    ours, theirs = train_both(
        pair, 200, solver="sgd", tol=0.02, n_iter_no_change=2, learning_rate=learning_rate
    )
    assert 3 < ours.n_iter_ == theirs.n_iter_ < 200
    assert_allclose(ours.loss_curve_, loss_factor(pair) * np.array(theirs.loss_curve_), rtol=1e-8)
