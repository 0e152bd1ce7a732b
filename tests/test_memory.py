"""How much memory fits and predictions take: no more than their results and a batch or a chunk
of rows.
"""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skmlp import Autoencoder, MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def numpy_only(monkeypatch):
    """Compiling is not what is measured."""
    monkeypatch.setenv("SKMLP_BACKEND", "numpy")


def peak(function, *args, **options):
    """Return (what a function returns, the most bytes in use meanwhile, beyond those before)."""
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **options), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# ---- sparse rows of many features

N, WIDE = 2000, 2**16
DENSE = 4 * N * WIDE  # bytes of all rows, half a gigabyte


@pytest.fixture(scope="module")
def words():
    """Return sparse rows as of texts, and two classes."""
    rng = np.random.default_rng(0)
    entries = rng.integers(0, WIDE, 20 * N)
    return sparse.csr_array(
        (np.ones(20 * N, np.float32), (np.repeat(np.arange(N), 20), entries)), shape=(N, WIDE)
    ), np.arange(N) % 2


SETTINGS = [
    {"solver": "lbfgs", "hidden_layer_sizes": ()},
    {"batch_size": N},
    {
        "batch_size": N,
        "hidden_layer_sizes": (3, 3),
        "skip_connections": "add",
        "batch_norm": True,
        "dropout": 0.1,
    },
    {"batch_size": N, "auxiliary_loss_weight": 0.5, "diagnostics": True},
    {"early_stopping": True},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_sparse_rows_stay_sparse(setting, words):
    X, y = words
    model = MLPClassifier(**{"hidden_layer_sizes": (3,), "max_iter": 1, **setting})
    assert peak(model.fit, X, y)[1] < 0.1 * DENSE
    for method in (model.predict, model.predict_proba, model.transform)[
        : 3 if model.hidden_layer_sizes else 2
    ]:
        assert peak(method, X)[1] < 0.02 * DENSE
    assert peak(model.score, X, y)[1] < 0.02 * DENSE


def test_partial_fit_of_sparse_rows(words):
    X, y = words
    model = MLPRegressor(hidden_layer_sizes=(3,), batch_size=N)
    assert peak(model.partial_fit, X, y)[1] < 0.1 * DENSE


def test_a_sparse_autoencoder_validates_in_parts(words):
    """Its outputs are dense, but those of no more rows than a part has are there at once."""
    X = words[0][:, :8192]
    model = Autoencoder(
        2, (), max_iter=1, early_stopping=True, validation_fraction=0.5, batch_size=50
    )
    assert peak(model.fit, X)[1] < 0.75 * 4 * 1000 * 8192


# ---- many classes


def test_labels_are_found_in_parts():
    n, n_classes = 10_000, 1500
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, 5)).astype(np.float32), np.arange(n) % n_classes
    model = MLPClassifier((), dtype="float32", random_state=0).partial_fit(
        X[:50], y[:50] % 9, classes=np.arange(n_classes)
    )
    scores, all_scores = peak(model.decision_function, X)
    labels, most = peak(model.predict, X)
    assert_array_equal(labels, scores.argmax(axis=1))
    accuracy, most_of_score = peak(model.score, X, y)
    assert accuracy == np.mean(labels == y)
    assert all_scores > scores.nbytes == 4 * n * n_classes
    assert max(most, most_of_score) < 0.25 * scores.nbytes


def test_sparse_labels_are_found_in_parts():
    n, n_labels = 10_000, 600
    X = np.random.default_rng(0).normal(size=(n, 5)).astype(np.float32)
    y = sparse.csr_matrix(
        (np.ones(n, int), (np.arange(n), np.arange(n) % n_labels)), shape=(n, n_labels)
    )
    model = MLPClassifier((), batch_size=50, random_state=0).partial_fit(
        X[:50], y[:50], classes=np.arange(n_labels)
    )
    scores = model.decision_function(X)
    found, most = peak(model.predict, X)
    assert sparse.issparse(found)
    assert found.dtype == int
    assert_array_equal(found.toarray(), scores > 0)
    assert most < 0.75 * 8 * scores.size


# ---- missing values


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
@pytest.mark.slow
def test_imputation_takes_little_more_than_its_result(form, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150_000, 30)).astype(dtype)
    X[:, :5][rng.random((150_000, 5)) < 0.1] = np.nan
    model = Autoencoder(2, (), max_iter=1, random_state=0, dtype="float32").fit(X[:300])
    expected = np.where(np.isnan(X), model.predict(X), X)
    filled, most = peak(model.impute, form(X))
    assert_array_equal(filled, expected)
    assert most < (1.9 if form is np.asarray else 3.2) * X.nbytes
