"""Dropout given as a layer: what the estimators make of it."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skmlp import Autoencoder, MLPClassifier
from skmlp.nn import AlphaDropout, Dropout

from .problems import blobs, digits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)


def rates(model):
    """Return the kind and the rate of each dropout layer of a fitted model."""
    return [
        (type(layer).__name__, layer.rate)
        for layer in model._network.layers
        if isinstance(layer, Dropout | AlphaDropout)
    ]


@pytest.mark.parametrize(
    ("dropout", "expected"),
    [
        (AlphaDropout(0.2), [("AlphaDropout", 0.2)] * 2),
        (Dropout(0.2), [("Dropout", 0.2)] * 2),
        ([0.3, AlphaDropout(0.1)], [("Dropout", 0.3), ("AlphaDropout", 0.1)]),
        ([AlphaDropout(0.0), 0.0], []),
    ],
    ids=str,
)
def test_a_rate_a_layer_or_a_list(dropout, expected):
    assert (
        rates(MLPClassifier((5, 4), dropout=dropout, max_iter=2, random_state=0).fit(X, Y))
        == expected
    )


def test_an_instance_of_a_rate_is_the_rate():
    models = [
        MLPClassifier((5,), dropout=value, max_iter=4, random_state=0).fit(X, Y)
        for value in (0.3, Dropout(0.3))
    ]
    assert_array_equal(models[0]._network.params, models[1]._network.params)


def test_the_rate_is_searched():
    model = MLPClassifier(
        (8,), activation="selu", dropout=AlphaDropout(), max_iter=3, random_state=0
    )
    search = GridSearchCV(model, {"dropout__rate": [0.05, 0.3]}, cv=2).fit(X, Y)
    assert rates(search.best_estimator_)[0][1] == search.best_params_["dropout__rate"]
    assert clone(model).dropout is not model.dropout


def test_an_autoencoder_drops_all_but_the_code():
    model = Autoencoder(
        2, (5,), activation="selu", dropout=AlphaDropout(0.1), max_iter=2, random_state=0
    ).fit(X)
    assert rates(model) == [("AlphaDropout", 0.1)] * 2


def test_a_self_normalising_network_learns_the_digits():
    """16 layers of selu without batch normalisation; its activations keep their spread at the
    start.
    """
    X, y = digits()
    model = MLPClassifier(
        (64,) * 16,
        activation="selu",
        weight_init="lecun_normal",
        dropout=AlphaDropout(0.02),
        random_state=0,
    )
    model.set_params(max_iter=15, diagnostics=True).fit(X[:1200], y[:1200])
    # measured over four seeds: spread 0.90 to 1.12, mean up to 0.07, score 0.90 to 0.92
    spread = model.history_.iloc[0].filter(like="activation_std_")
    assert len(spread) == 16
    assert spread.between(0.7, 1.3).all()
    assert np.abs(model.history_.iloc[0].filter(like="activation_mean_")).max() < 0.2
    assert model.score(X[1200:], y[1200:]) > 0.85
