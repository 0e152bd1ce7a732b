"""Denoising autoencoders: what the corruptions do, where, and that mending is learned."""

import warnings

import numpy as np
import pytest
from scipy import stats

from skmlp import Autoencoder
from skmlp.nn.layers import (
    CORRUPTIONS,
    Activate,
    FunctionCorruption,
    GaussianCorruption,
    Masking,
    SaltAndPepper,
)
from tests.nn.helpers import layer_workspace
from tests.problems import digits, named

N, WIDTH = 400, 50


def corrupted(layer, dtype=np.float64):
    """Return rows before and after a corruption, and the gradient that a gradient of ones
    becomes.
    """
    ws = layer_workspace(layer, N, WIDTH, dtype, np.random.default_rng(0))
    ws.x[...] = np.random.default_rng(1).uniform(2.0, 3.0, ws.x.shape)
    layer.forward(ws.x, ws, True)
    layer.backward(np.ones_like(ws.y), ws)
    return ws.x, ws.y, ws.dx


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.9])
def test_masking_puts_zeros_and_nothing_else(rate, dtype):
    x, y, dx = corrupted(Masking(rate), dtype)
    lost = y == 0
    assert stats.binomtest(int(lost.sum()), lost.size, rate).pvalue > 1e-3
    np.testing.assert_array_equal(y[~lost], x[~lost])
    np.testing.assert_array_equal(dx, ~lost)


def test_gaussian_noise_is_normal(dtype):
    x, y, dx = corrupted(GaussianCorruption(0.5), dtype)
    assert stats.kstest((y - x).ravel().astype(np.float64), stats.norm(scale=0.5).cdf).pvalue > 1e-3
    np.testing.assert_array_equal(dx, 1.0)


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.9])
def test_salt_and_pepper_replaces_by_either(rate, dtype):
    x, y, dx = corrupted(SaltAndPepper(rate, low=-1.0, high=7.0), dtype)
    low, high = y == -1, y == 7
    assert stats.binomtest(int(low.sum()), y.size, rate / 2).pvalue > 1e-3
    assert stats.binomtest(int(high.sum()), y.size, rate / 2).pvalue > 1e-3
    kept = ~(low | high)
    np.testing.assert_allclose(y[kept], x[kept], rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(dx, kept)


@pytest.mark.parametrize("in_place", [True, False])
def test_a_function_may_overwrite_what_it_gets(in_place):
    def shifted(x, rng):
        if in_place:
            x += 1.0
            return x
        return x + 1.0

    x, y, _ = corrupted(FunctionCorruption(shifted))
    np.testing.assert_array_equal(y, x + 1.0)
    assert (x < 3.0).all()


def fitted(model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X)


def small(**options):
    return Autoencoder(8, hidden_layer_sizes=(32,), max_iter=3, random_state=0, **options)


@pytest.mark.parametrize(
    "corruption",
    [*CORRUPTIONS, Masking(0.5), lambda x, rng: x + rng.normal(size=x.shape)],
    ids=named,
)
@pytest.mark.parametrize("place", ["input", "hidden"])
def test_the_autoencoder_corrupts_in_training_only(corruption, place):
    X = digits()[0][:300]
    model = fitted(small(corruption=corruption, corruption_at=place), X)
    assert not np.array_equal(model.loss_curve_, fitted(small(), X).loss_curve_)
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    np.testing.assert_allclose(
        model.inverse_transform(model.transform(X)), model.predict(X), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(("place", "places"), [("input", [0]), ("hidden", [2, 5])])
def test_where_it_stands(place, places):
    """Before everything, or after each hidden layer of the encoder, neither the code nor the
    decoder.
    """
    X = digits()[0][:50]
    model = fitted(
        Autoencoder(
            2, hidden_layer_sizes=(6, 4), max_iter=1, corruption="masking", corruption_at=place
        ),
        X,
    )
    layers = model._network.layers
    assert [i for i, layer in enumerate(layers) if isinstance(layer, Masking)] == places
    if place == "hidden":
        assert all(isinstance(layers[i - 1], Activate) for i in places)


def test_going_on_is_the_same_as_training_at_once():
    X = digits()[0][:200]
    twice = fitted(fitted(small(corruption="salt_and_pepper", warm_start=True), X), X)
    once = fitted(small(corruption="salt_and_pepper").set_params(max_iter=6), X)
    np.testing.assert_array_equal(once.transform(X), twice.transform(X))


@pytest.mark.slow
def test_mending_is_learned():
    """On digits with a third of the pixels lost the denoiser's reconstruction is nearer to the
    clean digits, for each of three seeds.
    """
    X = digits()[0]
    lost = np.random.default_rng(0).uniform(size=X.shape) < 0.33
    spoilt = np.where(lost, 0.0, X)
    for seed in range(3):
        errors = []
        for corruption in (None, Masking(0.33)):
            model = Autoencoder(
                64, hidden_layer_sizes=(256,), max_iter=40, corruption=corruption, random_state=seed
            )
            model = fitted(model, X[:1200])
            errors.append(np.mean((model.predict(spoilt[1200:]) - X[1200:]) ** 2))
        assert errors[1] < 0.95 * errors[0]  # measured: 0.88 to 0.90


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corruption": "rust"}, "corruption"),
        ({"corruption": Masking}, "Masking'> is a class; give an instance"),
        ({"corruption": Masking(1.0)}, r"rate must be a number in \[0, 1\)"),
        ({"corruption": "masking", "solver": "lbfgs"}, "does not go with solver='lbfgs'"),
        (
            {"corruption": "masking", "corruption_at": "hidden", "hidden_layer_sizes": ()},
            "needs a hidden layer",
        ),
        ({"corruption": lambda x, rng: x[:, :1]}, "must return an array of the shape"),
    ],
    ids=named,
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        Autoencoder(**options).fit(digits()[0][:60])
