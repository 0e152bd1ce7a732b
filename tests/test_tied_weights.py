"""Autoencoders with tied weights: principal components, what each parameter means for a matrix
that is there once, state.
"""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import subspace_angles
from sklearn.base import clone
from sklearn.decomposition import PCA

from skmlp import Autoencoder

from .problems import digits, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def quick(n_components=2, **setting):
    setting = {
        "hidden_layer_sizes": (16,),
        "learning_rate_init": 0.01,
        "max_iter": 30,
        "random_state": 0,
        **setting,
    }
    return Autoencoder(n_components, tied_weights=True, **setting)


@pytest.mark.parametrize("n_components", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_linear_code_is_the_subspace_of_pca_with_orthonormal_directions(n_components, seed):
    """|x - W W^T x|^2 is least where W W^T is the projection onto the first principal components.

    So W^T W = I.
    """
    X, _ = wine()
    setting = {
        "hidden_layer_sizes": (),
        "alpha": 0.0,
        "solver": "lbfgs",
        "tol": 1e-8,
        "max_iter": 5000,
    }
    model, pca = quick(n_components, **setting, random_state=seed).fit(X), PCA(n_components).fit(X)
    assert subspace_angles(model.coefs_[0], pca.components_.T).max() < 1e-3
    assert_allclose(model.coefs_[0].T @ model.coefs_[0], np.eye(n_components), atol=1e-5)
    assert_allclose(model.predict(X), pca.inverse_transform(pca.transform(X)), atol=1e-3)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_decoder_is_the_encoder_in_reverse(solver):
    X, _ = wine()
    model = quick(3, hidden_layer_sizes=(10, 6), solver=solver).fit(X)
    assert [w.shape for w in model.coefs_] == [(13, 10), (10, 6), (6, 3), (3, 6), (6, 10), (10, 13)]
    assert [b.shape for b in model.intercepts_] == [(10,), (6,), (3,), (6,), (10,), (13,)]
    for encoder, decoder in zip(model.coefs_[:3], model.coefs_[:2:-1], strict=True):
        assert_array_equal(decoder, encoder.T)
    assert model.n_layers_ == 7
    (w0, w1, w2, *_), (b0, b1, b2, b3, b4, b5) = model.coefs_, model.intercepts_
    code = np.maximum(np.maximum(X @ w0 + b0, 0) @ w1 + b1, 0) @ w2 + b2
    decoded = np.maximum(np.maximum(code @ w2.T + b3, 0) @ w1.T + b4, 0) @ w0.T + b5
    assert_allclose(model.transform(X), code, rtol=1e-9, atol=1e-12)
    assert_allclose(model.inverse_transform(code), decoded, rtol=1e-9, atol=1e-12)
    assert_allclose(model.predict(X), decoded, rtol=1e-9, atol=1e-12)


def test_assigning_a_matrix_changes_both_halves(rng):
    X, _ = wine()
    model = quick(hidden_layer_sizes=()).fit(X)
    weight = rng.normal(size=(13, 2))
    model.coefs_[0] = weight
    assert_array_equal(model.coefs_[1], weight.T)
    model.coefs_[1][...] = 2.0 * weight.T
    assert_array_equal(model.coefs_[0], 2.0 * weight)
    model.coefs_ = [weight, weight.T]
    assert_allclose(model.transform(X), X @ weight + model.intercepts_[0])
    with pytest.raises(ValueError, match="cannot take over shapes"):
        model.coefs_ = [weight]


@pytest.mark.parametrize(
    "setting", [{}, {"solver": "lbfgs", "max_iter": 50}], ids=["adam", "lbfgs"]
)
def test_alpha_counts_a_matrix_once(setting):
    """What the loss reports beyond the reconstruction is alpha / 2n |W|^2 of the encoder's
    matrices; a list has one entry for each.
    """
    X, _ = wine()
    model = quick(
        alpha=[3.0, 5.0], **{"batch_size": 178, "learning_rate_init": 1e-6, **setting}
    ).fit(X)
    first, second = (np.square(weight).sum() for weight in model.coefs_[:2])
    assert model.loss_ + model.score(X) == pytest.approx(
        (3.0 * first + 5.0 * second) / 2 / 178, rel=1e-3
    )
    with pytest.raises(ValueError, match="alpha has 4 entries"):
        quick(alpha=[1.0] * 4).fit(X)


def test_max_norm_caps_the_columns_of_the_encoder():
    X, _ = wine()
    model = quick(max_norm=0.4).fit(X)
    norms = [np.linalg.norm(weight, axis=0) for weight in model.coefs_]
    assert max(norm.max() for norm in norms[:2]) <= 0.4 * (1 + 1e-6)
    assert max(norm.max() for norm in norms[2:]) > 0.4


def test_l1_makes_zeros():
    X, _ = wine()
    model = quick(alpha=20.0, l1_ratio=1.0, learning_rate="linear", max_iter=100).fit(X)
    assert (model.coefs_[0] == 0).mean() > 0.2
    assert_array_equal(model.coefs_[0] == 0, model.coefs_[-1].T == 0)


def test_sparse_input_is_the_same_as_dense():
    X = np.where(np.abs(digits()[0][:300]) > 1.0, digits()[0][:300], 0.0)
    dense = quick(batch_size=64, dtype="float64", max_iter=10).fit(X)
    for form in (sparse.csr_matrix, sparse.csc_array):
        model = clone(dense).fit(form(X))
        assert_allclose(model.transform(form(X)), dense.transform(X), rtol=1e-6, atol=1e-8)
        assert_allclose(model.score_samples(form(X)), dense.score_samples(X), rtol=1e-6)


EXTRAS = [
    {},
    {"batch_norm": True, "dropout": 0.2, "corruption": "masking", "corruption_at": "hidden"},
    {
        "hidden_layer_sizes": (13, 13),
        "skip_connections": "add",
        "activation": ["tanh", "prelu"],
        "code_activation": "tanh",
    },
    {"solver": "adamw", "clip_norm": 1.0, "dtype": "float32", "diagnostics": True},
]


@pytest.mark.parametrize("setting", EXTRAS, ids=str)
def test_going_on_is_the_same_as_training_at_once(setting):
    X, _ = wine()
    once = quick(**setting, batch_size=50, max_iter=6).fit(X)
    twice = quick(**setting, batch_size=50, max_iter=3, warm_start=True).fit(X)
    twice = pickle.loads(pickle.dumps(twice)).fit(X)
    step = quick(**setting, batch_size=50)
    for _ in range(6):
        step.partial_fit(X)
    for model in (twice, step):
        assert_array_equal(model.predict(X), once.predict(X))
    assert_allclose(
        once.inverse_transform(once.transform(X)), once.predict(X), rtol=1e-4, atol=1e-5
    )


def test_the_seed_of_an_untied_fit_cannot_be_gone_on_from():
    X, _ = wine()
    model = quick(warm_start=True, max_iter=2).fit(X)
    with pytest.raises(ValueError, match="the architecture changed"):
        model.set_params(tied_weights=False).fit(X)


def test_early_stopping_and_weights():
    X, _ = wine()
    model = quick(early_stopping=True, max_iter=20).fit(X)
    assert len(model.validation_scores_) == model.n_iter_
    weight = np.tile([1.0, 2.0], 89)
    repeated = np.repeat(X, weight.astype(int), axis=0)
    setting = {"solver": "lbfgs", "max_iter": 30, "batch_norm": True}
    weighted, plain = quick(**setting).fit(X, sample_weight=weight), quick(**setting).fit(repeated)
    assert_allclose(weighted.predict(X), plain.predict(X), rtol=1e-3, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_half_the_weights_reconstruct_nearly_as_well(seed):
    X, _ = digits()
    errors = []
    for tied in (True, False):
        model = quick(
            8, hidden_layer_sizes=(64,), learning_rate="one_cycle", max_iter=60, random_state=seed
        )
        errors.append(-model.set_params(tied_weights=tied).fit(X[:1200]).score(X[1200:]))
    assert errors[0] < 1.3 * errors[1]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"skip_connections": "concat"},
            "tied_weights=True does not go with skip_connections='concat'",
        ),
        (
            {"activation": "maxout"},
            r"tied_weights=True does not go with Maxout\(\), whose matrix has several columns",
        ),
        ({"code_activation": "maxout"}, r"tied_weights=True does not go with Maxout\(\)"),
        ({"code_penalty": "variational"}, r"tied_weights=True does not go with Variational\(\)"),
        ({"tied_weights": "yes"}, "The 'tied_weights' parameter of Autoencoder must be"),
    ],
    ids=str,
)
def test_errors(setting, message):
    with pytest.raises(ValueError, match=message), warnings.catch_warnings():
        quick().set_params(**setting).fit(wine()[0])
