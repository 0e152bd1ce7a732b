"""Skip connections on the estimators: what is bridged, how it trains, and that everything else
goes on as before.
"""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.layers import JOINS, Add, Concat

from .networks import classifier
from .problems import blobs, curve, digits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
each_join = pytest.mark.parametrize("kind", JOINS)


def spans(model):
    return [layer.span for layer in model._network.layers if layer.span]


def by_hand(model, X, activation=np.tanh):
    """Return what the blocks of a model with tanh hand on, written from the definition."""
    hidden = X
    for W, b in list(zip(model.coefs_, model.intercepts_, strict=True))[:-1]:
        block = activation(hidden @ W + b)
        if model.skip_connections == "concat":
            hidden = np.hstack([hidden, block])
        else:
            hidden = hidden + block if hidden.shape == block.shape else block
    return hidden


@each_join
@pytest.mark.parametrize("sizes", [(5, 5, 5), (7, 7, 3, 3), (6, 6)])
def test_prediction_is_what_the_definition_says(sizes, kind):
    X, y = curve(n_outputs=2)
    model = MLPRegressor(
        hidden_layer_sizes=sizes,
        activation="tanh",
        skip_connections=kind,
        max_iter=5,
        dtype="float64",
        random_state=0,
        normalize_y=False,
    ).fit(X, y)
    hidden = by_hand(model, X)
    assert_allclose(model.transform(X), hidden, rtol=1e-10)
    assert_allclose(
        model.predict(X), hidden @ model.coefs_[-1] + model.intercepts_[-1], rtol=1e-10, atol=1e-12
    )
    assert model.n_layers_ == len(sizes) + 2
    assert [W.shape[1] for W in model.coefs_] == [*sizes, 2]
    assert len(model.get_feature_names_out()) == hidden.shape[1]


def test_add_bridges_where_the_widths_agree():
    X, y = blobs()  # five features
    assert spans(classifier(hidden_layer_sizes=(5, 8, 8, 3), skip_connections="add").fit(X, y)) == [
        2,
        2,
    ]
    assert spans(
        classifier(
            hidden_layer_sizes=(5, 8, 8, 3), skip_connections="add", batch_norm=True, dropout=0.1
        ).fit(X, y)
    ) == [4, 4]
    assert spans(
        classifier(hidden_layer_sizes=(5, 8, 8, 3), skip_connections="concat").fit(X, y)
    ) == [2, 2, 2, 2]
    assert spans(classifier(hidden_layer_sizes=(5, 8, 8, 3)).fit(X, y)) == []


def test_add_without_equal_widths_is_refused():
    X, y = blobs()
    with pytest.raises(
        ValueError,
        match=r"the widths are \[5, 8, 4\], input first\. Make "
        r"neighbours in hidden_layer_sizes equal",
    ):
        classifier(hidden_layer_sizes=(8, 4), skip_connections="add").fit(X, y)


@each_join
def test_without_hidden_layers_it_is_refused(kind):
    X, y = blobs()
    with pytest.raises(
        ValueError, match=f"skip_connections='{kind}' needs a hidden layer to bridge"
    ):
        classifier(hidden_layer_sizes=(), skip_connections=kind).fit(X, y)


def test_another_word_is_refused():
    X, y = blobs()
    with pytest.raises(ValueError, match="skip_connections"):
        classifier(skip_connections="sum").fit(X, y)


@pytest.mark.slow
def test_sixteen_layers_train_with_skip_connections_and_not_without():
    X, y = digits()
    scores = {}
    for kind in (None, *JOINS):
        model = MLPClassifier((32,) * 16, skip_connections=kind, max_iter=10, random_state=0).fit(
            X[:1000], y[:1000]
        )
        scores[kind] = model.score(X[1000:], y[1000:])
    assert scores[None] < 0.65
    assert scores["add"] > 0.7
    assert scores["concat"] > 0.88


@each_join
@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"batch_norm": True, "dropout": 0.2, "input_dropout": 0.1},
        {"solver": "lbfgs"},
        {"activation": "maxout"},
        {
            "activation": ["prelu", "gelu", "tanh"],
            "dropout": [0.0, 0.3, 0.1],
            "alpha": [0.1, 0.0, 0.1, 0.2],
        },
        {"early_stopping": True},
    ],
    ids=str,
)
def test_with_all_else(setting, kind):
    """It learns, sparse rows are dense ones, a clone fits the same, a pickle predicts the same."""
    X, y = blobs()
    model = (
        classifier(hidden_layer_sizes=(8, 8, 8), skip_connections=kind, max_iter=40, batch_size=32)
        .set_params(**setting)
        .fit(X, y)
    )
    assert model.score(X, y) > 0.7
    probabilities = model.predict_proba(X)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), probabilities)
    assert_array_equal(clone(model).fit(X, y).predict_proba(X), probabilities)
    rows = sp.csr_matrix(X)
    assert_allclose(model.predict_proba(rows), probabilities, rtol=1e-4, atol=1e-6)
    assert_allclose(clone(model).fit(rows, y).predict_proba(X), probabilities, rtol=1e-2, atol=1e-3)


@each_join
def test_both_backends_agree(kind, monkeypatch):
    X, y = blobs()
    found = []
    for backend in ("numpy", "numba"):
        monkeypatch.setenv("SKMLP_BACKEND", backend)
        model = classifier(
            hidden_layer_sizes=(8, 8, 8),
            skip_connections=kind,
            batch_norm=True,
            dropout=0.2,
            dtype="float64",
            max_iter=5,
        )
        found.append(model.fit(X, y).predict_proba(X))
    assert_allclose(*found, rtol=1e-8)


@each_join
def test_going_on(kind):
    """10 epochs and 10 more by warm start are 20."""
    X, y = blobs()
    options = {
        "hidden_layer_sizes": (8, 8),
        "skip_connections": kind,
        "n_iter_no_change": 100,
        "batch_size": 32,
        "dropout": 0.1,
    }
    whole = classifier(max_iter=20, **options).fit(X, y)
    parts = classifier(max_iter=10, warm_start=True, **options).fit(X, y).fit(X, y)
    assert_array_equal(whole.predict_proba(X), parts.predict_proba(X))
    if kind == "concat":
        with pytest.raises(ValueError, match="the architecture changed"):
            parts.set_params(skip_connections=None).fit(X, y)


def test_zeros_make_a_residual_layer_the_identity():
    X, y = curve()
    model = MLPRegressor(
        hidden_layer_sizes=(6, 6),
        activation="tanh",
        skip_connections="add",
        max_iter=2,
        random_state=0,
    ).fit(X, y)
    model.coefs_[1][...] = 0.0
    model.intercepts_[1][...] = 0.0
    expected = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    assert_allclose(model.transform(X), expected, rtol=1e-4, atol=1e-6)


def test_layers_of_a_residual_network_start_divided_by_their_number():
    X, y = curve()
    start = {"max_iter": 1, "learning_rate_init": 1e-12, "random_state": 0, "dtype": "float64"}
    plain, bridged = (
        MLPRegressor(hidden_layer_sizes=(6,) * 4, skip_connections=kind, **start).fit(X, y)
        for kind in (None, "add")
    )
    for k, factor in enumerate([1, 1 / 3, 1 / 3, 1 / 3]):
        assert_allclose(bridged.coefs_[k], factor * plain.coefs_[k], rtol=1e-6, atol=1e-9)
    given = MLPRegressor(
        hidden_layer_sizes=(6,) * 4, skip_connections="add", weight_init="glorot_uniform", **start
    ).fit(X, y)
    assert_allclose(given.coefs_[1], plain.coefs_[1], rtol=1e-6, atol=1e-9)


# ---- autoencoder


@each_join
def test_the_code_of_an_autoencoder_is_not_bridged(kind):
    X, _ = digits()
    model = Autoencoder(3, (10, 10), skip_connections=kind, max_iter=3, random_state=0).fit(X)
    code = model.transform(X)
    assert code.shape == (len(X), 3)
    assert_allclose(model.inverse_transform(code), model.predict(X), rtol=1e-5, atol=1e-6)
    joins = [layer for layer in model._network.layers if isinstance(layer, Add | Concat)]
    assert (
        len(joins) == {"add": 2, "concat": 4}[kind]
    )  # the second layer of encoder and decoder; all but the code


def test_an_autoencoder_needs_a_hidden_layer_to_bridge():
    with pytest.raises(ValueError, match="needs a hidden layer to bridge"):
        Autoencoder(3, (), skip_connections="concat").fit(digits()[0])
