"""The autoencoder: codes and reconstructions, and principal components where there is no
nonlinearity.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import subspace_angles
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from skmlp import Autoencoder

from .problems import curve, digits, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def quick(n_components=2, **setting):
    """Return an autoencoder that has learned something after a moment."""
    return Autoencoder(
        n_components,
        **{
            "hidden_layer_sizes": (16,),
            "learning_rate_init": 0.01,
            "max_iter": 60,
            "random_state": 0,
            **setting,
        },
    )


def linear(n_components, **setting):
    """Return an autoencoder without nonlinearity."""
    setting = {
        "hidden_layer_sizes": (),
        "alpha": 0.0,
        "solver": "lbfgs",
        "tol": 1e-8,
        "max_iter": 5000,
        "random_state": 0,
        **setting,
    }
    return Autoencoder(n_components, **setting)


@pytest.mark.parametrize("n_components", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_linear_code_is_the_subspace_of_pca(n_components, seed):
    X, _ = wine()
    model, pca = linear(n_components, random_state=seed).fit(X), PCA(n_components).fit(X)
    decoder, encoder = model.coefs_[1].T, model.coefs_[0]
    assert subspace_angles(decoder, pca.components_.T).max() < 1e-3
    assert subspace_angles(encoder, pca.components_.T).max() < 1e-3
    assert_allclose(model.predict(X), pca.inverse_transform(pca.transform(X)), atol=1e-3)
    assert_allclose(
        -model.score(X),
        0.5 * np.square(X - pca.inverse_transform(pca.transform(X))).sum(axis=1).mean(),
        rtol=1e-6,
    )


def test_as_many_components_as_features_lose_nothing():
    X, _ = curve()
    assert_allclose(linear(4).fit(X).predict(X), X, atol=1e-4)


def test_shapes_and_symmetry():
    X, _ = wine()
    model = quick(3, hidden_layer_sizes=(10, 6)).fit(X)
    assert [w.shape for w in model.coefs_] == [(13, 10), (10, 6), (6, 3), (3, 6), (6, 10), (10, 13)]
    assert model.transform(X).shape == (178, 3)
    assert model.predict(X).shape == X.shape
    assert model.n_layers_ == 7
    assert model.n_outputs_ == 13


def test_inverse_transform_of_transform_is_the_prediction():
    X, _ = wine()
    model = quick(code_activation="tanh").fit(X)
    code = model.transform(X)
    assert np.abs(code).max() <= 1.0
    assert_allclose(model.inverse_transform(code), model.predict(X), rtol=1e-9, atol=1e-12)
    assert_array_equal(model.fit_transform(X), clone(model).fit(X).transform(X))


def test_activations_are_mirrored():
    X, _ = wine()
    model = quick(
        hidden_layer_sizes=(10, 6), activation=["tanh", "relu"], code_activation="logistic"
    ).fit(X)
    (w0, w1, w2, w3, w4, w5), (b0, b1, b2, b3, b4, b5) = model.coefs_, model.intercepts_
    code = 1 / (1 + np.exp(-(np.maximum(np.tanh(X @ w0 + b0) @ w1 + b1, 0) @ w2 + b2)))
    decoded = np.tanh(np.maximum(code @ w3 + b3, 0) @ w4 + b4) @ w5 + b5
    assert_allclose(model.transform(X), code, rtol=1e-9)
    assert_allclose(model.predict(X), decoded, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_score_is_minus_the_mean_error(loss, rng):
    X, _ = wine()
    model = quick(loss=loss).fit(X)
    residuals = np.abs(X - model.predict(X))
    expected = -(np.square(residuals) / 2 if loss == "squared_error" else residuals).sum(axis=1)
    assert_allclose(model.score_samples(X), expected, rtol=1e-9)
    assert_allclose(model.score(X), expected.mean(), rtol=1e-9)
    weight = rng.uniform(size=len(X))
    assert_allclose(
        model.score(X, sample_weight=weight), np.average(expected, weights=weight), rtol=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_does_not_look_like_the_training_rows_scores_low(seed, rng):
    """Rows on a curved line in ten dimensions, and rows whose features are shuffled among each
    other.
    """
    t = rng.uniform(-2, 2, size=(600, 1))
    X = np.tanh(t @ rng.normal(size=(1, 10)) + rng.normal(size=10)) + 0.05 * rng.normal(
        size=(600, 10)
    )
    odd = rng.permuted(X[:300], axis=0)
    model = quick(1, hidden_layer_sizes=(20,), max_iter=150, random_state=seed).fit(X[300:])
    normal = np.repeat([True, False], 300)
    # measured over six seeds: 0.9987
    assert roc_auc_score(normal, model.score_samples(np.vstack([X[:300], odd]))) > 0.95


def test_sparse_input_is_the_same_as_dense():
    X, _ = digits()
    X = np.where(np.abs(X[:300]) > 1.0, X[:300], 0.0)
    dense = quick(batch_size=64, dtype="float64", max_iter=10).fit(X)
    for form in (sparse.csr_matrix, sparse.csc_array):
        model = clone(dense).fit(form(X))
        assert_allclose(model.transform(form(X)), dense.transform(X), rtol=1e-6, atol=1e-8)
        assert_allclose(model.score_samples(form(X)), dense.score_samples(X), rtol=1e-6)
        with pytest.raises(ValueError, match=r"predict\(X.toarray\(\)\)"):
            model.predict(form(X))


def test_codes_have_names():
    X = pd.DataFrame(wine()[0])
    X.columns = [f"f{i}" for i in X]
    model = quick(3).fit(X).set_output(transform="pandas")
    assert list(model.get_feature_names_out()) == ["autoencoder0", "autoencoder1", "autoencoder2"]
    assert_array_equal(model.transform(X).columns, model.get_feature_names_out())
    assert_array_equal(model.transform(X).index, X.index)


def test_inverse_transform_refuses_codes_of_another_width():
    model = quick(3).fit(wine()[0])
    with pytest.raises(ValueError, match="Z has 2 columns, but the code has 3"):
        model.inverse_transform(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="Input Z contains NaN"):
        model.inverse_transform(np.full((5, 3), np.nan))


def test_a_target_is_ignored():
    X, y = wine()
    assert_array_equal(quick().fit(X, y).transform(X), quick().fit(X).transform(X))
    assert_array_equal(quick().partial_fit(X, y).transform(X), quick().partial_fit(X).transform(X))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_two_units_say_more_than_two_principal_components(seed):
    X, _ = digits()
    setting = {
        "hidden_layer_sizes": (64,),
        "learning_rate": "one_cycle",
        "max_iter": 60,
        "early_stopping": False,
    }
    model = quick(2, **setting, random_state=seed).fit(X)
    pca = PCA(2).fit(X)
    # measured over six seeds: 0.71 of the error of principal components
    assert (
        np.square(X - model.predict(X)).sum()
        < 0.85 * np.square(X - pca.inverse_transform(pca.transform(X))).sum()
    )


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "log_cosh", "poisson"]
)
def test_feature_errors_are_what_the_error_of_a_row_is_made_of(loss, dtype):
    X = np.abs(digits()[0][:700])
    model = quick(loss=loss, dtype=str(dtype)).fit(X)
    errors = model.feature_errors(X)
    assert_allclose(
        errors.sum(axis=1), -model.score_samples(X), rtol=1e-3 if dtype == np.float32 else 1e-10
    )
    if loss == "squared_error":
        assert_allclose(errors, 0.5 * (model.predict(X) - X) ** 2, rtol=1e-3, atol=1e-4)


def test_feature_errors_find_the_value_that_was_changed():
    X = digits()[0]
    model = quick(max_iter=30).fit(X[:1000])
    changed = X[1000:1100].copy()
    columns = np.random.default_rng(0).integers(0, 64, 100)
    changed[np.arange(100), columns] += 8.0
    assert (model.feature_errors(changed).argmax(axis=1) == columns).mean() > 0.9


def test_feature_errors_of_sparse_rows_are_refused():
    with pytest.raises(
        ValueError, match="feature_errors would turn sparse input into dense errors"
    ):
        quick().fit(digits()[0][:50]).feature_errors(sparse.csr_array(digits()[0][:5]))
