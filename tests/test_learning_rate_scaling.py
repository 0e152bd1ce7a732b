"""Learning rates by layer: the NTK form is the oracle; which arrays have which rate, and what goes
on from an earlier fit.
"""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn import AdamW, LayerRates, Scale

from . import reference
from .problems import blobs, curve, wine
from .short_fits import quick

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def in_ntk_form(start, factors, X, y, decay, lr, n_steps):
    """Return the arrays ``factor * raw`` after steps of Adam for the raw arrays, which start such
    that the products are ``start``: weights and intercepts of each layer in turn.

    The network of tanh units is computed with the products and the gradient is taken with respect
    to the raw arrays, by complex steps, exact to rounding. The raw weights decay.
    """
    shapes = [array.shape for array in start]
    ends = np.cumsum([0, *(array.size for array in start)])
    scale = np.concatenate([np.full(a.size, f) for a, f in zip(start, factors, strict=True)])
    decays = np.concatenate([np.full(a.size, decay * (a.ndim == 2)) for a in start])
    raw = np.concatenate([array.ravel() for array in start]) / scale

    def arrays(flat):
        parts = [(scale * flat)[i:j] for i, j in pairwise(ends)]
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def loss(flat):
        *hidden, weight, bias = arrays(flat)
        values = X
        for w, b in zip(hidden[::2], hidden[1::2], strict=True):
            values = np.tanh(values @ w + b)
        return np.mean(((values @ weight + bias)[:, 0] - y) ** 2) / 2

    m = v = np.zeros_like(raw)
    for t in range(1, n_steps + 1):
        gradient = np.array([loss(raw + 1e-30j * e).imag / 1e-30 for e in np.eye(raw.size)])
        raw = raw - lr * decays * raw
        raw, m, v = reference.adam(raw, gradient, m, v, t, lr, 0.9, 0.999, 1e-14)
    return arrays(raw)


RATES = {  # factors of the weights and intercepts of layers with 4, 7 and 5 inputs
    "fan_in": [4**-0.5, 1, 7**-0.5, 1, 5**-0.5, 1],
    LayerRates(bias=0.1): [4**-0.5, 0.1, 7**-0.5, 0.1, 5**-0.5, 0.1],
    LayerRates(False, 0.5, [0.3, 1.0, 2.0]): [0.3, 0.15, 1.0, 0.5, 2.0, 1.0],
}


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("rates", RATES, ids=str)
def test_a_factor_is_training_in_ntk_form(rates, backend, monkeypatch):
    if backend == "numba":
        pytest.importorskip("numba")
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = curve()
    X, y = X[:40, :4], y[:40]
    assert X.shape == (40, 4)
    setting = {
        "hidden_layer_sizes": (7, 5),
        "activation": "tanh",
        "weight_init": "lecun_normal",
        "solver": AdamW(epsilon=1e-14),
        "alpha": 0.2,
        "batch_size": len(X),
        "normalize_y": False,
        "dtype": "float64",
        "random_state": 0,
    }
    start = MLPRegressor(learning_rate_init=1e-30, max_iter=1, **setting).fit(X, y)
    arrays = [a for pair in zip(start.coefs_, start.intercepts_, strict=True) for a in pair]
    setting |= {"learning_rate_init": 0.02, "max_iter": 15, "learning_rate_scaling": rates}
    model = MLPRegressor(**setting).fit(X, y)
    expected = in_ntk_form(arrays, RATES[rates], X, y, 0.2, 0.02, 15)
    assert np.abs(expected[0] - arrays[0]).max() > 0.01
    for k in range(3):
        assert_allclose(model.coefs_[k], expected[2 * k], rtol=1e-7, atol=1e-9)
        assert_allclose(model.intercepts_[k], expected[2 * k + 1], rtol=1e-7, atol=1e-9)


def rates_of(model):
    """Return the factors of the learning rate by (layer's class, array)."""
    network = model._network
    return [
        (type(network.layers[i]).__name__, name, network.layout.params[i, name].rate)
        for i, name in sorted(network.layout.params)
    ]


def test_which_arrays_have_which_rate():
    """A tied layer has the factor of the layer whose weights it reads; all else keeps 1."""
    X, _ = wine()
    model = Autoencoder(
        3,
        (9,),
        activation="prelu",
        tied_weights=True,
        input_scale=Scale(6.0),
        learning_rate_scaling=LayerRates(bias=0.1, layers=[2.0, 4.0]),
        max_iter=1,
    ).fit(X)
    assert rates_of(model) == [
        ("Scale", "scale", 6.0),
        ("Dense", "bias", 0.2),
        ("Dense", "weight", pytest.approx(2.0 / 13**0.5)),
        ("PReLU", "slope", 1.0),
        ("Dense", "bias", 0.4),
        ("Dense", "weight", pytest.approx(4.0 / 3.0)),
        ("TiedDense", "bias", 0.4),
        ("PReLU", "slope", 1.0),
        ("TiedDense", "bias", 0.2),
    ]


@pytest.mark.parametrize("tied_weights", [False, True])
def test_a_layer_with_the_factor_zero_stays_where_it_starts(tied_weights):
    """In pre-training too, whose networks have the layers' factors."""
    X, _ = wine()
    layers = [0.0, 1.0] if tied_weights else [0.0, 1.0, 1.0, 0.0]
    setting = {"tied_weights": tied_weights, "hidden_layer_sizes": (9,), "pretraining": 2}
    rates = LayerRates(fan_in=False, layers=layers)
    model = quick(Autoencoder, learning_rate_scaling=rates, **setting).fit(X)
    still = quick(Autoencoder, **{**setting, "learning_rate_init": 1e-30, "max_iter": 1}).fit(X)
    for k, stays in enumerate([True, False, False, True]):
        for mine, its in ((model.coefs_, still.coefs_), (model.intercepts_, still.intercepts_)):
            assert np.allclose(mine[k], its[k], rtol=0.0, atol=1e-20) == stays


def test_layers_of_another_network_may_stay_as_they_are():
    X, y = blobs(3)
    source = quick(Autoencoder, n_components=2).fit(X)
    model = quick(MLPClassifier, init_from=FrozenEstimator(source))
    model.set_params(learning_rate_scaling=LayerRates(layers=[0.0, 1.0])).fit(X, y)
    assert_array_equal(model.coefs_[0], source.coefs_[0])
    assert model.score(X, y) > 0.6


def test_one_rate_for_all_is_none():
    X, y = blobs(3)
    plain = quick(MLPClassifier).fit(X, y)
    ones = quick(MLPClassifier, learning_rate_scaling=LayerRates(fan_in=False)).fit(X, y)
    assert_array_equal(plain.predict_proba(X), ones.predict_proba(X))
    assert len(ones._network.layout.rates()) == 1


def test_a_search_reaches_the_factors():
    X, y = blobs(3)
    model = quick(MLPClassifier, learning_rate_scaling=LayerRates(), max_iter=3)
    grid = {"learning_rate_scaling__bias": [0.1, 1.0]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 2
    message = r"learning_rate_scaling='fan_in' is none; give one, such as .*LayerRates\(\)"
    with pytest.raises(ValueError, match=message):
        MLPClassifier(learning_rate_scaling="fan_in").set_params(learning_rate_scaling__bias=0.1)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([1.0, 2.0, 3.0], "layers of learning_rate_scaling has 3 entries.*2 weight matrices"),
        ([1.0, -2.0], "layers of learning_rate_scaling must be finite and not negative"),
        ("all", "layers of learning_rate_scaling must be finite and not negative"),
    ],
)
def test_factors_that_do_not_fit_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        quick(MLPClassifier, learning_rate_scaling=LayerRates(layers=layers)).fit(*blobs(3))
