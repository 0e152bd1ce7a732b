"""Rows on disk: the same fit as rows in memory, without bringing them there."""

import tracemalloc
import warnings

import numpy as np
import pytest

from skmlp import Autoencoder, MLPClassifier

N_ROWS, N_FEATURES = 40_000, 200


@pytest.fixture(params=["float32", "float64"])
def mapped(request, tmp_path):
    """Return a memory-mapped array of random rows."""
    X = np.memmap(tmp_path / "rows.dat", request.param, "w+", shape=(N_ROWS, N_FEATURES))
    X[...] = np.random.default_rng(0).normal(size=X.shape)
    X.flush()
    return np.memmap(tmp_path / "rows.dat", request.param, "r", shape=X.shape)


def fit(model, *arrays):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*arrays)


def test_the_same_bits_as_from_memory(mapped):
    y = np.asarray(mapped)[:, :3].argmax(axis=1)
    options = {"hidden_layer_sizes": (8,), "max_iter": 2, "dropout": 0.1, "random_state": 0}
    from_disk, from_memory = (
        fit(MLPClassifier(**options), X, y) for X in (mapped, np.array(mapped))
    )
    for X in (mapped, np.array(mapped)):
        np.testing.assert_array_equal(
            from_disk.predict_proba(X), from_memory.predict_proba(np.array(mapped))
        )


MODELS = {
    "classifier": MLPClassifier((8,), max_iter=1),
    "early_stopping": MLPClassifier((8,), max_iter=1, early_stopping=True, validation_fraction=0.6),
    "autoencoder": Autoencoder(2, hidden_layer_sizes=(8,), max_iter=1),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.slow
def test_the_rows_stay_on_disk(model, mapped):
    """Fit and transform need a small part of the memory that the rows would."""
    y = np.arange(N_ROWS) % 3
    tracemalloc.start()
    try:
        fit(model, mapped, y).transform(mapped)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.5 * N_ROWS * N_FEATURES * 4


def test_values_too_large_for_the_precision_end_the_fit(tmp_path):
    X = np.memmap(tmp_path / "large.dat", "float64", "w+", shape=(300, 2))
    X[...] = np.linspace(-1e300, 1e300, 300)[:, None]
    with pytest.raises(ValueError, match="Scale the features"):
        fit(MLPClassifier(dtype="float32"), X, np.arange(300) % 2)
