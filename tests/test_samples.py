"""Predictions with dropout left on: closed forms, every kind of output, bounded memory, threads."""

import itertools
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.exceptions import NotFittedError

from skmlp import MLPClassifier, MLPRegressor
from skmlp.nn import AlphaDropout, BatchNorm, Quantile
from skmlp.nn.engine import inference

from .networks import classifier, regressor
from .problems import blobs, curve, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NEVER = 1e-9  # a rate that is rounded to zero: the layer is there and drops nothing


def agrees(samples, mean, variance):
    """Check mean and variance along the first axis against the true ones, within five standard
    errors.
    """
    n = len(samples)
    assert_array_equal(
        np.abs(samples.mean(axis=0) - mean) < 5.0 * np.sqrt(variance / n) + 1e-6, True
    )
    fourth = ((samples - mean) ** 4).mean(axis=0)
    assert_array_equal(
        np.abs(((samples - mean) ** 2).mean(axis=0) - variance) < 5.0 * np.sqrt(fourth / n) + 1e-6,
        True,
    )


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_a_linear_model_with_dropout_of_the_input(rate):
    """Of sum_j w_j x_j m_j, with m_j 1 / (1 - rate) or 0, mean and variance are known."""
    X, y = curve()
    model = regressor(hidden_layer_sizes=(), input_dropout=rate).fit(X, y)
    variance = (
        ((X * model.coefs_[0][:, 0] * model.target_scale_) ** 2).sum(axis=1) * rate / (1.0 - rate)
    )
    agrees(model.sample_predictions(X, 4000, random_state=0), model.predict(X), variance)


@pytest.mark.parametrize("batch_norm", [False, True, BatchNorm(statistics="population")], ids=str)
@pytest.mark.slow
def test_dropout_of_the_last_hidden_layer(batch_norm):
    """Behind it all is linear, in front of it all is as in prediction."""
    X, y = curve(n_outputs=2)
    model = regressor(
        hidden_layer_sizes=(8, 6), dropout=[0.0, 0.25], batch_norm=batch_norm, activation="tanh"
    ).fit(X, y)
    variance = model.transform(X) ** 2 @ (model.coefs_[-1] * model.target_scale_) ** 2 * 0.25 / 0.75
    agrees(model.sample_predictions(X, 4000, random_state=0), model.predict(X), variance)


def test_every_mask_of_a_classifier_is_as_likely_as_it_should_be():
    X, y = blobs(2, n_features=2)
    model = classifier(hidden_layer_sizes=(), input_dropout=0.25).fit(X, y)
    p = model.sample_predictions(X[:3], 5000, random_state=0)
    assert p.shape == (5000, 3, 2)
    assert_allclose(p.sum(axis=2), 1.0, rtol=1e-6)
    for mask in itertools.product([0.0, 1.0], repeat=2):
        score = (X[:3] * mask / 0.75) @ model.coefs_[0][:, 0] + model.intercepts_[0]
        likely = np.prod([0.75 if kept else 0.25 for kept in mask])
        found = np.isclose(p[:, :, 1], expit(score), rtol=1e-4, atol=1e-7).mean(axis=0)
        assert_allclose(found, likely, atol=5.0 * np.sqrt(likely * (1.0 - likely) / 5000))


def test_alpha_dropout_is_left_on_too():
    X, y = curve()
    model = regressor(activation="selu", dropout=AlphaDropout(0.2)).fit(X, y)
    samples = model.sample_predictions(X, 500, random_state=0)
    assert samples.std(axis=0).min() > 0.0
    assert np.isfinite(samples).all()


# ---- all that a network can be


@pytest.mark.parametrize(
    "setting",
    [
        {"dropout": NEVER},
        {"input_dropout": NEVER, "batch_norm": True},
        {"dropout": [NEVER, 0.0], "skip_connections": "add", "hidden_layer_sizes": (9, 9)},
        {
            "dropout": NEVER,
            "skip_connections": "concat",
            "auxiliary_loss_weight": 0.3,
            "hidden_layer_sizes": (9, 9),
        },
        {"dropout": NEVER, "activation": "prelu", "batch_norm": BatchNorm(statistics="population")},
    ],
    ids=str,
)
def test_without_a_mask_a_sample_is_the_prediction(setting, monkeypatch):
    """In chunks of rows, dense and sparse."""
    monkeypatch.setattr(inference, "_CHUNK_VALUES", 400)
    X, y = blobs(3)
    model = classifier(**setting).fit(X, y)
    for rows in (X, sp.csr_matrix(X)):
        for p in model.sample_predictions(rows, 2):
            assert_allclose(p, model.predict_proba(X), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "loss", ["squared_error", "poisson", Quantile((0.1, 0.5, 0.9)), "gaussian_nll"], ids=str
)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_sample_has_the_form_of_a_prediction(n_outputs, loss):
    X, y = curve(n_outputs=n_outputs)
    model = regressor(loss=loss, dropout=NEVER).fit(X, np.exp(0.5 * y))
    samples, expected = model.sample_predictions(X, 3), model.predict(X)
    assert samples.shape == (3, *expected.shape)
    for sample in samples:
        assert_allclose(sample, expected, rtol=1e-4, atol=1e-6)


def test_labels_have_a_probability_each():
    X, y = labels()
    model = classifier(dropout=NEVER).fit(X, y)
    samples = model.sample_predictions(X, 3)
    assert samples.shape == (3, *y.shape)
    assert_allclose(samples[1], model.predict_proba(X), rtol=1e-4, atol=1e-6)


def test_what_is_not_known_and_what_is_noise():
    X, y = curve()
    model = regressor(loss="gaussian_nll", dropout=0.2).fit(X, y)
    means, stds = model.sample_predictions(X, 300, random_state=0, return_std=True)
    assert means.shape == stds.shape == (300, len(X))
    assert_array_equal(means, model.sample_predictions(X, 300, random_state=0))
    assert stds.min() > 0.0
    assert_allclose(stds.mean(), model.predict(X, return_std=True)[1].mean(), rtol=0.5)
    far = model.sample_predictions(5.0 * X, 300, random_state=0)
    assert far.std(axis=0).mean() > 2.0 * means.std(axis=0).mean()


# ---- seeds, threads, memory


def test_seeds():
    X, y = blobs(3)
    model = classifier(dropout=0.3).fit(X, y)
    first = model.sample_predictions(X, 5, random_state=0)
    assert_array_equal(first, model.sample_predictions(X, 5, random_state=0))
    assert_array_equal(
        first, pickle.loads(pickle.dumps(model)).sample_predictions(X, 5, random_state=0)
    )
    assert not np.allclose(first, model.sample_predictions(X, 5, random_state=1))
    assert not np.allclose(first[0], first[1])
    assert first.shape == (5, len(X), 3)
    assert model.sample_predictions(X[:2]).shape == (100, 2, 3)


def test_threads_and_training_do_not_see_each_other():
    X, y = blobs(3)
    model = classifier(dropout=0.3, max_iter=5, warm_start=True).fit(X, y)
    alone = pickle.loads(pickle.dumps(model))
    expected = [model.sample_predictions(X, 10, random_state=seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda seed: model.sample_predictions(X, 10, random_state=seed), range(8))
        )
    for ours, theirs in zip(found, expected, strict=True):
        assert_array_equal(ours, theirs)
    assert_array_equal(model.fit(X, y).coefs_[0], alone.fit(X, y).coefs_[0])


@pytest.mark.slow
def test_more_rows_need_no_more_memory_than_their_result():
    X, y = curve()
    model = regressor(hidden_layer_sizes=(100, 100), dropout=0.1, max_iter=2).fit(X, y)
    peaks, results = [], []
    for n in (20_000, 60_000):
        rows = np.zeros((n, 4))
        tracemalloc.start()
        results.append(model.sample_predictions(rows, 4).nbytes)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3 * (results[1] - results[0])


# ---- refusals


def test_a_network_without_dropout_is_refused():
    X, y = blobs(3)
    for setting in ({}, {"dropout": 0.0}, {"batch_norm": True}):
        with pytest.raises(ValueError, match="this network was fitted without; fit with dropout"):
            classifier(**setting).fit(X, y).sample_predictions(X)


def test_statistics_of_the_rows_that_come_together_are_refused():
    X, y = blobs(3)
    model = classifier(dropout=0.1, batch_norm=BatchNorm(statistics="batch")).fit(X, y)
    with pytest.raises(ValueError, match="depends on the rows with it, so it has no samples"):
        model.sample_predictions(X)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "many", True])
def test_a_number_of_samples_is_a_positive_integer(n_samples):
    X, y = blobs(3)
    with pytest.raises(ValueError, match="n_samples must be an integer, 1 or more, got"):
        classifier(dropout=0.1).fit(X, y).sample_predictions(X, n_samples)


def test_only_what_there_is():
    X, y = blobs(3)
    assert not hasattr(MLPClassifier(loss="hinge"), "sample_predictions")
    with pytest.raises(
        ValueError, match="return_std=True needs a loss that learns the standard deviation"
    ):
        regressor(dropout=0.1).fit(X, y.astype(float)).sample_predictions(X, return_std=True)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        MLPRegressor(dropout=0.1).sample_predictions(X)
