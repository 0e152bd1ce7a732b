"""``diagnostics=True``: each layer's gradient, activations, dead and saturated units in
``history_``, from formulas written out here.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn import AlphaDropout
from skmlp.nn.activations import ACTIVATIONS
from skmlp.nn.layers import ACTIVATION_LAYERS

from .problems import blobs, curve, digits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BACKENDS = ["numpy", "numba"]
X, Y = blobs(3)
STILL = {
    "solver": "sgd",
    "learning_rate_init": 1e-12,
    "max_iter": 1,
    "random_state": 0,
    "dtype": "float64",
    "diagnostics": True,
}


def columns(n_hidden):
    return {f"gradient_norm_{i}" for i in range(n_hidden + 1)} | {
        f"{name}_{i}"
        for name in ("activation_mean", "activation_std", "saturated", "dead")
        for i in range(n_hidden)
    }


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_columns(cls, solver):
    models = [
        cls(hidden_layer_sizes=(4,), solver=solver, max_iter=3, random_state=0, diagnostics=on)
        for on in (False, True)
    ]
    plain, shown = (model.fit(X, Y).history_ for model in models)
    assert set(shown) - set(plain) == columns(3 if cls is Autoencoder else 1)
    assert shown.notna().drop(columns=["learning_rate", "seconds"]).all(axis=None)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("activation", [*ACTIVATIONS, *ACTIVATION_LAYERS])
def test_training_is_the_same_to_the_bit(activation, backend, monkeypatch):
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    options = {
        "dropout": [0.3, AlphaDropout(0.1)],
        "batch_norm": True,
        "batch_size": 40,
        "max_iter": 3,
        "random_state": 0,
    }
    options |= {"clip_norm": 0.5, "l1_ratio": 0.5, "max_norm": 1.0, "activation": activation}
    models = [MLPClassifier((6, 4), diagnostics=on, **options).fit(X, Y) for on in (False, True)]
    assert_array_equal(models[0]._network.params, models[1]._network.params)
    assert models[0].loss_curve_ == models[1].loss_curve_


def test_a_norm_is_a_number_where_its_square_is_none_in_float32():
    """Of one weight matrix, beside which the intercept does not count, it is that of the whole
    gradient.
    """
    options = {**STILL, "dtype": "float32", "learning_rate_init": 1e-30, "batch_size": len(X)}
    record = (
        MLPRegressor("absolute_error", hidden_layer_sizes=(), **options)
        .fit(1e20 * X, X[:, 0])
        .history_.iloc[0]
    )
    assert record["gradient_norm_0"] == pytest.approx(record["gradient_norm"], rel=1e-6)
    assert record["gradient_norm_0"] > 1e19


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("clip", [None, 1e-3])
def test_values_of_a_relu_network(dropout, clip, backend, monkeypatch):
    """The whole set is one batch and the weights hardly move, so the fitted network is the one
    measured.
    """
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    model = MLPRegressor(
        hidden_layer_sizes=(30,),
        dropout=dropout,
        clip_norm=clip,
        weight_init="normal",
        batch_size=len(X),
        alpha=2.0,
        **STILL,
    )
    record = model.fit(X, X[:, :2]).history_.iloc[0]
    h = np.maximum(X @ model.coefs_[0] + model.intercepts_[0], 0)
    assert record["activation_mean_0"] == pytest.approx(h.mean(), rel=1e-6)
    assert record["activation_std_0"] == pytest.approx(h.std(), rel=1e-6)
    assert record["saturated_0"] == pytest.approx((h == 0).mean())
    assert record["dead_0"] == pytest.approx((h == 0).all(axis=0).mean())
    if not dropout:
        dy = (h @ model.coefs_[1] + model.intercepts_[1] - X[:, :2]) / len(X)
        d_weight = h.T @ dy + 2.0 / len(X) * model.coefs_[1]
        assert record["gradient_norm_1"] == pytest.approx(np.linalg.norm(d_weight), rel=1e-6)
    squares = record["gradient_norm_0"] ** 2 + record["gradient_norm_1"] ** 2
    assert 0 < squares < record["gradient_norm"] ** 2  # which has the intercepts too


DERIVATIVES = {
    "logistic": lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
    "tanh": lambda x: 1 / np.cosh(x) ** 2,
    "relu": lambda x: x > 0,
    "leaky_relu": lambda x: np.where(x > 0, 1, 0.01),
    "prelu": lambda x: np.where(x > 0, 1, 0.25),
    "identity": np.ones_like,
    "selu": lambda x: 1.0507 * np.where(x > 0, 1, 1.67326 * np.exp(np.minimum(x, 0))),
    "softplus": lambda x: 1 / (1 + np.exp(-x)),
}


@pytest.mark.parametrize("activation", DERIVATIVES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_saturated_is_where_the_derivative_is_nearly_zero(activation, backend, monkeypatch):
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    x = 20 * X
    model = MLPRegressor(
        hidden_layer_sizes=(30,),
        activation=activation,
        weight_init="glorot_uniform",
        batch_size=len(x),
        **STILL,
    )
    record = model.fit(x, Y).history_.iloc[0]
    flat = DERIVATIVES[activation](x @ model.coefs_[0] + model.intercepts_[0]) < 0.005
    assert record["saturated_0"] == pytest.approx(flat.mean())
    assert record["dead_0"] == flat.all(axis=0).mean()
    assert (record["saturated_0"] > 0.05) == (activation not in ("leaky_relu", "prelu", "identity"))


def test_dead_units_are_seen():
    """A unit whose intercept is far below zero; the others live."""
    model = MLPRegressor(hidden_layer_sizes=(10,), batch_size=len(X), warm_start=True, **STILL).fit(
        X, Y
    )
    model.intercepts_[0][:3] = -1e3
    assert model.fit(X, Y).history_["dead_0"].tolist() == [0.0, 0.3]


def test_vanishing_gradients_are_seen():
    """Eight layers of the logistic function against eight of relu with batch normalisation
    (Glorot and Bengio, 2010).
    """
    ratios = []
    for options in (
        {"activation": "logistic", "weight_init": "glorot_normal"},
        {"activation": "relu", "batch_norm": True},
    ):
        model = MLPClassifier(
            (30,) * 8, max_iter=3, random_state=0, diagnostics=True, **options
        ).fit(*digits())
        last = model.history_.iloc[-1]
        ratios.append(last["gradient_norm_0"] / last["gradient_norm_7"])
    assert ratios[0] < 1e-3 < 0.1 < ratios[1]


def test_lbfgs_measures_all_rows():
    X, y = curve()
    setting = {"activation": "tanh", "solver": "lbfgs", "max_iter": 7, "normalize_y": False}
    model = MLPRegressor(hidden_layer_sizes=(6,), random_state=0, diagnostics=True, **setting).fit(
        X, y
    )
    h = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    last = model.history_.iloc[-1]
    assert_allclose(
        [last["activation_mean_0"], last["activation_std_0"]], [h.mean(), h.std()], rtol=1e-9
    )
    dy = (h @ model.coefs_[1][:, 0] + model.intercepts_[1] - y) / len(y)
    assert last["gradient_norm_1"] == pytest.approx(
        np.linalg.norm(h.T @ dy + 1e-4 / len(y) * model.coefs_[1][:, 0]), rel=1e-6
    )


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *ACTIVATION_LAYERS])
@pytest.mark.parametrize("backend", BACKENDS)
def test_activations_are_those_before_dropout(activation, backend, monkeypatch):
    """Also where dropout could work in place; ``transform`` is the oracle."""
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    model = MLPRegressor(
        hidden_layer_sizes=(30,), activation=activation, dropout=0.5, batch_size=len(X), **STILL
    ).fit(X, Y)
    record, h = model.history_.iloc[0], model.transform(X)
    assert_allclose(
        [record["activation_mean_0"], record["activation_std_0"]],
        [h.mean(), h.std()],
        rtol=1e-6,
        atol=1e-9,
    )
