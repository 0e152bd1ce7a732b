"""The gradient with respect to the inputs: central differences of what the estimator itself
says, and nothing else changed by it.
"""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._params.constraints import HIDDEN_ACTIVATIONS
from skmlp.nn import BatchNorm, Quantile
from skmlp.nn.engine import inference

from .problems import blobs, curve, labels, named

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SMOOTH = [key for key, cls in HIDDEN_ACTIVATIONS.items() if not getattr(cls, "surrogate", False)]
SETTING = {
    "hidden_layer_sizes": (7, 6),
    "max_iter": 4,
    "learning_rate_init": 0.02,
    "dtype": "float64",
    "batch_size": 32,
    "random_state": 0,
}


def differences(function, X, h=1e-6):
    """Return the central differences of function(X), of shape (n, ...), as an array (n, ...,
    n_features).
    """
    steps = h * np.eye(X.shape[1])
    return np.stack(
        [(function(X + step) - function(X - step)) / (2.0 * h) for step in steps], axis=-1
    )


def agree(gradient, numeric):
    assert gradient.shape == numeric.shape
    assert np.abs(numeric).max() > 1e-3
    np.testing.assert_allclose(
        gradient, numeric, rtol=1e-6, atol=1e-7 * max(1.0, np.abs(numeric).max())
    )


@pytest.mark.parametrize("batch_norm", [False, True, BatchNorm(statistics="population")], ids=named)
@pytest.mark.parametrize(
    "activation", [*SMOOTH, lambda z: z * np.tanh(np.log1p(np.exp(z)))], ids=named
)
def test_score_of_a_class(activation, batch_norm):
    X, y = blobs(3)
    model = MLPClassifier(
        activation=activation, batch_norm=batch_norm, dropout=0.3, input_dropout=0.2, **SETTING
    ).fit(X, y)
    for k in range(3):
        agree(
            model.input_gradient(X, k),
            differences(lambda x, k=k: model.decision_function(x)[:, k], X),
        )
    predicted = model.predict(X)
    assert len(set(predicted)) > 1
    np.testing.assert_array_equal(model.input_gradient(X), model.input_gradient(X, predicted))
    each = np.stack([model.input_gradient(X, k) for k in range(3)], axis=1)
    np.testing.assert_allclose(
        model.input_gradient(X), each[np.arange(len(X)), predicted], rtol=1e-12, atol=1e-15
    )


def test_score_of_one_of_two_classes():
    X, y = blobs(2)
    names = np.array(["no", "yes"])
    model = MLPClassifier(**SETTING).fit(X, names[y])
    numeric = differences(model.decision_function, X)
    agree(model.input_gradient(X, "yes"), numeric)
    agree(model.input_gradient(X, "no"), -numeric)
    agree(model.input_gradient(X), np.where(model.predict(X)[:, None] == "yes", numeric, -numeric))


def test_score_of_each_label():
    X, y = labels()
    model = MLPClassifier(**SETTING).fit(X, y)
    agree(model.input_gradient(X), differences(model.decision_function, X))
    with pytest.raises(ValueError, match="leave out y"):
        model.input_gradient(X, y)


LOSSES = [
    "squared_error",
    "poisson",
    "gamma",
    "tweedie",
    "quantile",
    Quantile(0.3),
    "gaussian_nll",
    "huber",
]


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("loss", LOSSES, ids=named)
def test_prediction(loss, n_outputs):
    X, y = curve(n_outputs=n_outputs)
    model = MLPRegressor(loss, activation="tanh", batch_norm=True, **SETTING).fit(X, np.exp(y))
    agree(model.input_gradient(X), differences(model.predict, X))


def test_without_hidden_layers_it_is_the_coefficients():
    X, y = curve()
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs").fit(X, y)
    np.testing.assert_allclose(
        model.input_gradient(X),
        np.broadcast_to(model.target_scale_ * model.coefs_[0][:, 0], X.shape),
        rtol=1e-12,
    )


@pytest.mark.parametrize("code_activation", ["identity", "logistic", "tanh", "prelu", "maxout"])
def test_code(code_activation):
    X, _ = blobs(3)
    model = Autoencoder(
        2,
        activation="silu",
        code_activation=code_activation,
        batch_norm=True,
        dropout=0.2,
        **SETTING,
    ).fit(X)
    agree(model.input_gradient(X), differences(model.transform, X))


def test_sparse_rows_and_chunks(monkeypatch):
    X, y = blobs(3)
    model = MLPClassifier(batch_norm=True, **SETTING).fit(X, y)
    whole = model.input_gradient(X, y)
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 64)
    np.testing.assert_allclose(
        model.input_gradient(sparse.csr_matrix(X), y), whole, rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(model.input_gradient(X, y), whole, rtol=1e-12, atol=1e-15)
    parts = np.concatenate([model.input_gradient(X[:1], y[:1]), model.input_gradient(X[1:], y[1:])])
    np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-15)


def test_it_changes_nothing_and_threads_do_not_meet():
    X, y = blobs(3)
    model = MLPClassifier(batch_norm=True, dropout=0.3, **{**SETTING, "dtype": "float32"}).fit(X, y)
    before, expected = pickle.dumps(model), model.input_gradient(X)
    assert expected.dtype == np.float64
    assert model.input_gradient(X.astype(np.float32)).dtype == np.float32
    with ThreadPoolExecutor(4) as pool:
        for gradient in pool.map(lambda _: model.input_gradient(X), range(20)):
            np.testing.assert_array_equal(gradient, expected)
    assert pickle.dumps(model) == before
    assert not X.flags.writeable


def test_what_is_refused():
    X, y = blobs(3)
    model = MLPClassifier(**SETTING).fit(X, y)
    with pytest.raises(ValueError, match=r"labels \[7\], which are not among classes_"):
        model.input_gradient(X, 7)
    with pytest.raises(ValueError, match="y has 2 labels, but X has 150 rows"):
        model.input_gradient(X, [0, 1])
    whole = clone(model).set_params(batch_norm=BatchNorm(statistics="batch")).fit(X, y)
    with pytest.raises(ValueError, match="depends on the rows with it, so it has no gradient"):
        whole.input_gradient(X)


@pytest.mark.parametrize("skip_connections", ["add", "concat"])
def test_through_skip_connections(skip_connections):
    """Over layers that only training has, too: what a join bridges is counted without them."""
    X, y = blobs(3)
    options = {**SETTING, "hidden_layer_sizes": (X.shape[1], 6, 6)}
    model = MLPClassifier(
        activation="tanh",
        skip_connections=skip_connections,
        batch_norm=True,
        dropout=0.2,
        **options,
    ).fit(X, y)
    for k in range(3):
        agree(
            model.input_gradient(X, k),
            differences(lambda x, k=k: model.decision_function(x)[:, k], X),
        )
