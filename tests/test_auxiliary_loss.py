"""Output heads at hidden layers on the estimators: what is minimised, that nothing but training
knows of them, and all else with them.
"""

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import log_loss, mean_squared_error

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.losses import Quantile

from .networks import classifier
from .problems import blobs, curve, diabetes, digits, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
STILL = {
    "max_iter": 1,
    "learning_rate_init": 1e-12,
    "dtype": "float64",
    "random_state": 0,
    "alpha": 0.0,
    "batch_size": 1000,
}
QUIET = pytest.mark.filterwarnings("ignore:Got `batch_size` less than 1 or larger than sample size")


def heads(model):
    """Return (weights, biases) of each head."""
    views = model._network.views()
    return [
        (view, views[i, "head_bias"]) for (i, name), view in views.items() if name == "head_weight"
    ]


def hidden(model, X):
    """Return the outputs of the hidden layers, those of tanh, written from the definition."""
    outputs = [X]
    for W, b in list(zip(model.coefs_, model.intercepts_, strict=True))[:-1]:
        outputs.append(np.tanh(outputs[-1] @ W + b))
    return outputs[1:]


@QUIET
def test_the_objective_of_a_classifier_is_that_of_all_outputs():
    X, y = blobs(3)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    model = MLPClassifier((6, 4), activation="tanh", auxiliary_loss_weight=[0.3, 0.7], **STILL).fit(
        X, y, sample_weight=weight
    )
    expected = log_loss(y, model.predict_proba(X), sample_weight=weight)
    for strength, layer, (W, b) in zip((0.3, 0.7), hidden(model, X), heads(model), strict=True):
        scores = np.exp(layer @ W + b)
        expected += strength * log_loss(
            y, scores / scores.sum(axis=1, keepdims=True), sample_weight=weight
        )
    assert model.loss_ == pytest.approx(expected, rel=1e-8)


@QUIET
def test_the_objective_of_a_regressor_is_that_of_all_outputs():
    X, y = curve(n_outputs=2)
    model = MLPRegressor(
        hidden_layer_sizes=(6, 4),
        activation="tanh",
        auxiliary_loss_weight=0.4,
        normalize_y=False,
        **STILL,
    ).fit(X, y)
    parts = [
        mean_squared_error(y, layer @ W + b)
        for layer, (W, b) in zip(hidden(model, X), heads(model), strict=True)
    ]
    assert model.loss_ == pytest.approx(
        mean_squared_error(y, model.predict(X)) + 0.4 * sum(parts), rel=1e-8
    )


def test_the_head_of_the_last_layer_ends_where_the_output_does():
    """Both see the same and minimise the same, least squares, whose minimum is unique."""
    X, y = curve()
    options = {
        "activation": "tanh",
        "solver": "lbfgs",
        "alpha": 0.0,
        "max_iter": 3000,
        "tol": 1e-7,
        "random_state": 0,
    }
    model = MLPRegressor(
        hidden_layer_sizes=(3,), auxiliary_loss_weight=0.5, normalize_y=False, **options
    ).fit(X, y)
    (W, b), (layer,) = heads(model)[0], hidden(model, X)
    assert_allclose((layer @ W + b)[:, 0], model.predict(X), atol=0.02)
    residual = y - model.predict(X)
    assert_allclose(layer.T @ residual / len(y), 0.0, atol=1e-4)


def test_nothing_but_training_knows_of_the_heads():
    X, y = blobs(3)
    options = {"hidden_layer_sizes": (8, 6), "alpha": [0.1, 0.2, 0.3], "dropout": 0.1}
    plain, headed = (
        classifier(**options).fit(X, y),
        classifier(auxiliary_loss_weight=0.3, **options).fit(X, y),
    )
    assert [W.shape for W in headed.coefs_] == [W.shape for W in plain.coefs_]
    assert [b.shape for b in headed.intercepts_] == [b.shape for b in plain.intercepts_]
    assert headed.n_layers_ == plain.n_layers_
    assert headed.transform(X).shape == plain.transform(X).shape
    assert not np.allclose(headed.coefs_[0], plain.coefs_[0])
    copied = classifier(**options).fit(X, y)
    copied.coefs_, copied.intercepts_ = headed.coefs_, headed.intercepts_
    assert_array_equal(copied.predict_proba(X), headed.predict_proba(X))
    assert_array_equal(copied.input_gradient(X), headed.input_gradient(X))
    assert_array_equal(copied.transform(X), headed.transform(X))


def test_networks_start_as_without():
    X, y = blobs(3)
    start = {"hidden_layer_sizes": (8, 6), "learning_rate_init": 1e-12, "max_iter": 1}
    for ours, theirs in zip(
        classifier(auxiliary_loss_weight=0.3, **start).fit(X, y).coefs_,
        classifier(**start).fit(X, y).coefs_,
        strict=True,
    ):
        assert_allclose(ours, theirs, atol=1e-9)


def test_a_weight_of_zero_is_no_head():
    X, y = blobs(3)
    plain = classifier(hidden_layer_sizes=(8, 6)).fit(X, y)
    for none in (0.0, [0, 0], np.zeros(2)):
        model = classifier(hidden_layer_sizes=(8, 6), auxiliary_loss_weight=none).fit(X, y)
        assert_array_equal(model.coefs_[0], plain.coefs_[0])
        assert not heads(model)
    assert (
        len(heads(classifier(hidden_layer_sizes=(8, 6), auxiliary_loss_weight=(0.5, 0)).fit(X, y)))
        == 1
    )


@pytest.mark.slow
def test_sixteen_layers_learn_faster_with_heads():
    X, y = digits()
    scores = {0.0: [], 0.3: []}
    for strength, seed in itertools.product(scores, range(2)):
        model = MLPClassifier(
            (32,) * 16,
            auxiliary_loss_weight=strength,
            max_iter=20,
            batch_size=50,
            random_state=seed,
        )
        scores[strength].append(model.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]))
    # measured over three seeds: 0.05 to 0.10 more
    assert np.mean(scores[0.3]) > np.mean(scores[0.0]) + 0.03


@pytest.mark.parametrize(
    "setting",
    [
        {"batch_norm": True, "dropout": 0.2, "input_dropout": 0.1},
        {"solver": "lbfgs"},
        {
            "activation": ["prelu", "maxout", "tanh"],
            "dropout": [0.0, 0.3, 0.1],
            "alpha": [0.1, 0.0, 0.1, 0.2],
        },
        {"l1_ratio": 0.5, "max_norm": 2.0},
        {"skip_connections": "add", "clip_norm": 1.0},
        {"skip_connections": "concat", "diagnostics": True},
        {"solver": "adamw", "alpha": 0.1},
        {"loss": "hinge"},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_with_all_else(setting):
    """It learns, sparse rows are dense ones, a clone fits the same, a pickle predicts the same."""
    X, y = blobs()
    model = (
        classifier(
            hidden_layer_sizes=(8, 8, 8), auxiliary_loss_weight=0.3, max_iter=40, batch_size=32
        )
        .set_params(**setting)
        .fit(X, y)
    )
    assert model.score(X, y) > 0.7
    scores = model.decision_function(X)
    assert_array_equal(pickle.loads(pickle.dumps(model)).decision_function(X), scores)
    assert_array_equal(clone(model).fit(X, y).decision_function(X), scores)
    assert_allclose(clone(model).fit(sp.csr_matrix(X), y).predict(X), model.predict(X))


@pytest.mark.parametrize(
    "loss", ["gaussian_nll", "huber", "poisson", Quantile((0.1, 0.5, 0.9))], ids=str
)
def test_with_losses_of_numbers(loss):
    X, y = curve()
    y = np.exp(0.5 * y)
    model = MLPRegressor(
        loss,
        (8, 6),
        auxiliary_loss_weight=0.3,
        learning_rate_init=0.01,
        max_iter=60,
        random_state=0,
    ).fit(X, y)
    assert model.score(X, y) > 0.4
    assert len(heads(model)) == 2
    assert heads(model)[0][0].shape == (8, model._network.n_out)


def test_with_labels_that_are_missing(rng):
    """Missing entries do not matter, to the heads neither."""
    X, y = labels()
    y = np.where(rng.random(y.shape) < 0.3, np.nan, y)
    model = classifier(hidden_layer_sizes=(8, 6), auxiliary_loss_weight=0.3, max_iter=60).fit(X, y)
    assert np.isfinite(model.loss_)
    assert (model.predict(X) == y)[~np.isnan(y)].mean() > 0.8


def test_both_backends_agree(monkeypatch):
    X, y = blobs()
    found = []
    for backend in ("numpy", "numba"):
        monkeypatch.setenv("SKMLP_BACKEND", backend)
        model = classifier(
            hidden_layer_sizes=(8, 8),
            auxiliary_loss_weight=0.3,
            batch_norm=True,
            dropout=0.2,
            dtype="float64",
            max_iter=5,
        )
        found.append(model.fit(X, y).predict_proba(X))
    assert_allclose(*found, rtol=1e-8)


def test_a_weight_of_two_is_a_repeated_row():
    X, y = diabetes()
    weight = np.random.default_rng(0).integers(0, 3, len(y))
    options = {
        "hidden_layer_sizes": (5, 4),
        "auxiliary_loss_weight": 0.5,
        "dtype": "float64",
        "random_state": 0,
        "max_iter": 20,
        "batch_norm": True,
    }
    weighted = MLPRegressor(batch_size=int((weight > 0).sum()), **options).fit(
        X, y, sample_weight=weight
    )
    repeated = MLPRegressor(batch_size=int(weight.sum()), **options).fit(
        np.repeat(X, weight, axis=0), np.repeat(y, weight)
    )
    assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6, atol=1e-8)


def test_the_validation_loss_is_that_of_the_top():
    X, y = blobs(3)
    model = classifier(hidden_layer_sizes=(8, 6), auxiliary_loss_weight=0.3).fit(
        X, y, X_val=X, y_val=y
    )
    assert model.history_["validation_loss"].iloc[-1] == pytest.approx(
        log_loss(y, model.predict_proba(X)), rel=1e-5
    )


# ---- refusals


def test_going_on_with_other_heads_is_refused():
    X, y = blobs(3)
    model = classifier(hidden_layer_sizes=(8, 6), auxiliary_loss_weight=0.3, warm_start=True).fit(
        X, y
    )
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="the architecture changed"):
        model.set_params(auxiliary_loss_weight=[0.3, 0.0]).fit(X, y)
    assert_array_equal(model.predict_proba(X), before)
    model.set_params(auxiliary_loss_weight=0.1).fit(X, y)  # another weight is no other architecture


@pytest.mark.parametrize(
    ("value", "sizes", "message"),
    [
        (-0.1, (8,), "auxiliary_loss_weight"),
        ([0.1, -0.1], (8, 6), "auxiliary_loss_weight must be finite and not negative"),
        ([np.inf], (8,), "auxiliary_loss_weight must be finite and not negative"),
        ([0.1], (8, 6), "auxiliary_loss_weight has 1 entries, .* but there are 2 hidden layers"),
        (0.1, (), "auxiliary_loss_weight=0.1 needs a hidden layer for its output heads"),
        ("all", (8,), "auxiliary_loss_weight"),
        (True, (8,), "auxiliary_loss_weight.*no bool or an array-like. Got True"),
        (
            [None, 0.1],
            (8, 6),
            "auxiliary_loss_weight must be finite and not negative, numbers throughout, got "
            ".None, 0.1.",
        ),
        (
            [[0.1], [0.1]],
            (8, 6),
            "auxiliary_loss_weight must be finite and not negative, numbers throughout",
        ),
        ({"a": 0.1}, (8,), "auxiliary_loss_weight must be one value or a list"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(value, sizes, message):
    with pytest.raises(ValueError, match=message):
        classifier(hidden_layer_sizes=sizes, auxiliary_loss_weight=value).fit(*blobs())


def test_an_autoencoder_has_none():
    assert "auxiliary_loss_weight" not in Autoencoder().get_params()
