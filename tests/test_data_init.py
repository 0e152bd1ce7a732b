"""``data_init`` in the estimators: which layers start from rows, and from which."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.frozen import FrozenEstimator

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.layers import Dense

from .problems import blobs, digits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)


def start(cls=MLPRegressor, rows=X, **setting):
    """Return an estimator as it is before its first step."""
    usual = {"max_iter": 1, "learning_rate_init": 1e-30, "solver": "sgd", "dtype": "float64"}
    model = cls(random_state=0, **{"data_init": True, **usual, **setting})
    return model.fit(rows, Y) if cls is not Autoencoder else model.fit(rows)


def adapting(model):
    """Return the numbers of the dense layers that start from rows, counted from the input."""
    layers = [layer for layer in model._network.layers if hasattr(layer, "n_out")]
    return [i for i, f in enumerate(layers) if isinstance(f, Dense) and f.data_init]


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("activation", ["relu", "tanh", "maxout", ["prelu", "silu"]])
def test_sums_of_hidden_units(activation, cls):
    """They have the variance 1 over the rows, and are zero at one."""
    model = start(cls, hidden_layer_sizes=(30, 20), activation=activation, dropout=0.2)
    assert adapting(model) == [0, 1]
    for i in [i for i, f in enumerate(model._network.layers) if getattr(f, "data_init", False)]:
        sums = model._network.scores(model._input(X), stop=i + 1)
        assert_allclose(sums.std(axis=0), 1.0, rtol=1e-6)
        assert np.abs(sums).min(axis=0).max() < 1e-9
    plain = start(cls, hidden_layer_sizes=(30, 20), activation=activation, data_init=False)
    assert_array_equal(model.coefs_[-1], plain.coefs_[-1])


def test_which_layers_start_so():
    encoder = {"cls": Autoencoder, "hidden_layer_sizes": (8, 6)}
    assert adapting(start(**encoder)) == [0, 1, 3, 4]
    assert adapting(start(**encoder, tied_weights=True)) == [0, 1]
    assert adapting(start(**encoder, code_penalty="variational")) == [0, 1, 3, 4]
    bridged = {"hidden_layer_sizes": (8, 8, 8)}
    assert adapting(start(**bridged, skip_connections="add")) == [0]
    assert adapting(start(**bridged, skip_connections="concat")) == [0, 1, 2]
    assert adapting(start(**bridged, data_init=False)) == []


def test_rows_held_out_and_rows_of_weight_zero_have_no_say():
    rows = X.copy()
    rows[:20] = 1e6
    model = start(
        MLPClassifier,
        rows,
        early_stopping=True,
        validation_cv=[(np.arange(20, 150), np.arange(20))],
    )
    sums = rows[20:] @ model.coefs_[0] + model.intercepts_[0]
    assert_allclose(sums.std(axis=0), 1.0, rtol=1e-6)


def test_later_fits_do_not_start_again():
    first = start(warm_start=True)
    before = [coef.copy() for coef in first.coefs_]
    first.fit(5.0 * X, Y)
    for mine, old in zip(first.coefs_, before, strict=True):
        assert_allclose(mine, old, rtol=1e-12)


def test_layers_of_another_network_stay():
    source = MLPRegressor(hidden_layer_sizes=(10,), max_iter=3, random_state=1).fit(X, Y)
    model = start(hidden_layer_sizes=(10, 7), init_from=FrozenEstimator(source))
    assert_allclose(model.coefs_[0], source.coefs_[0], rtol=1e-6)
    sums = model._network.scores(model._input(X), stop=3)
    assert_allclose(sums.std(axis=0), 1.0, rtol=1e-6)


def test_sparse_rows():
    rows = np.where(np.abs(X) > 0.7, X, 0.0)
    dense, other = start(rows=rows), start(rows=sparse.csr_matrix(rows))
    assert_allclose(dense.coefs_[0], other.coefs_[0], rtol=1e-9)
    assert_allclose(dense.intercepts_[0], other.intercepts_[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("size", [1e-20, 1e8])
def test_the_unit_of_the_features_does_not_matter(size):
    setting = {"hidden_layer_sizes": (5, 5), "dtype": "float32"}
    expected = start(**setting).transform(X)
    assert_allclose(start(rows=size * X, **setting).transform(size * X), expected, atol=1e-4)


def test_a_network_learns_from_there():
    rows, y = digits()
    setting = {"data_init": True, "max_iter": 20, "random_state": 0}
    model = MLPClassifier((50, 50), **setting).fit(rows[:1000], y[:1000])
    assert model.score(rows[1000:], y[1000:]) > 0.85
    again = MLPClassifier((50, 50), **setting).fit(rows[:1000], y[:1000])
    assert_array_equal(again.predict(rows), model.predict(rows))


def test_equal_weights_draw_as_none_do():
    alone, weighted = (
        MLPRegressor(random_state=0, data_init=True, max_iter=2).fit(X, Y, sample_weight=weight)
        for weight in (None, np.full(len(X), 3.0))
    )
    assert_allclose(weighted.predict(X), alone.predict(X), rtol=1e-4, atol=1e-4)
