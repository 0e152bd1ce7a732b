"""A learned scale of the inputs: what it computes, what it leaves alone, and whatever goes through
the network of an estimator.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import make_friedman1
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import scale as scaled

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._fit import pretraining
from skmlp.nn.engine.inference import Outputs
from skmlp.nn.layers import Scale

from .problems import wine
from .short_fits import ESTIMATORS, problem, quick
from .tables import mixed
from .test_input_gradient import agree, differences

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def scale_of(model):
    """Return the learned scale, an array (n_inputs,)."""
    return scale_in(model._network)


def scale_in(network):
    ((_, scale),) = [(key, view) for key, view in network.views().items() if "scale" in key]
    return scale[0]


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_network_sees_the_columns_times_their_scale(cls, solver):
    X, y = problem(cls)
    model = quick(cls, solver=solver, activation="tanh", dtype="float64", input_scale=True)
    model.set_params(hidden_layer_sizes=(6, 5)).fit(X, y)
    scale = scale_of(model)
    assert np.abs(scale - 1.0).min() > 1e-3
    hidden = np.tanh(X * scale @ model.coefs_[0] + model.intercepts_[0])
    hidden = np.tanh(hidden @ model.coefs_[1] + model.intercepts_[1])
    if cls is Autoencoder:
        hidden = hidden @ model.coefs_[2] + model.intercepts_[2]
    assert_allclose(model.transform(X), hidden, rtol=1e-12, atol=1e-14)
    function = model.decision_function if cls is MLPClassifier else model.predict
    gradient = model.input_gradient(X[:9])
    if cls is MLPClassifier:
        gradient = np.stack([model.input_gradient(X[:9], [c] * 9) for c in model.classes_], 1)
    agree(gradient, differences(model.transform if cls is Autoencoder else function, X[:9]))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_scale_that_stays_at_one_changes_no_bit(cls, backend, monkeypatch):
    """Whatever else the first layers do; it draws no random numbers."""
    if backend == "numba":
        pytest.importorskip("numba")
    monkeypatch.setenv("SKMLP_BACKEND", backend)
    X, y = problem(cls)
    setting = {"input_dropout": 0.2, "batch_norm": True, "max_iter": 4}
    setting |= {"corruption": "gaussian"} if cls is Autoencoder else {}
    models = [quick(cls, input_scale=s, **setting).fit(X, y) for s in (False, Scale(rate=0.0))]
    assert (scale_of(models[1]) == 1.0).all()
    for a, b in zip(*(model.coefs_ for model in models), strict=True):
        assert_array_equal(a, b)


def test_without_hidden_layers_the_scaled_input_is_what_the_weights_see():
    X, y = problem(MLPRegressor)
    model = quick(MLPRegressor, hidden_layer_sizes=(), input_scale=True).fit(X, y)
    assert_allclose(model.transform(X), X * scale_of(model), rtol=1e-6)


def test_order_of_what_stands_in_front_of_the_first_weights():
    X, _ = mixed()
    model = Autoencoder(
        2,
        (8,),
        categorical_features="from_dtype",
        corruption="masking",
        input_dropout=0.1,
        input_scale=Scale(2.0),
        max_iter=3,
    ).fit(X)
    names = [row.layer.split("(")[0] for row in model.summary().rows]
    assert names[:5] == ["Embedding", "Masking", "Scale", "Dropout", "Dense"]
    assert model.transform(X).shape == (len(X), 2)
    n_inputs = len(model.coefs_[0])
    assert len(scale_of(model)) == n_inputs == model.summary().rows[2].parameters


def test_the_inputs_that_matter_get_the_larger_scales():
    """Five of Friedman's ten do."""
    for seed in range(3):
        X, y = make_friedman1(400, random_state=seed)
        setting = {"learning_rate_init": 0.003, "batch_size": 50, "max_iter": 60}
        model = quick(MLPRegressor, hidden_layer_sizes=(32,), input_scale=True, **setting)
        scale = np.abs(scale_of(model.set_params(random_state=seed).fit(scaled(X), y)))
        assert scale[:5].mean() > 1.5 * scale[5:].mean()


def test_sparse_rows_are_scaled_too():
    X, y = problem(MLPClassifier)
    X = np.where(X > 2.0, X, 0.0)
    dense, thin = (
        quick(MLPClassifier, input_scale=True, max_iter=3).fit(rows, y)
        for rows in (X, sparse.csr_matrix(X))
    )
    assert_allclose(scale_of(thin), scale_of(dense), rtol=1e-6)
    assert_allclose(thin.predict_proba(sparse.csr_matrix(X)), dense.predict_proba(X), rtol=1e-5)


@pytest.mark.parametrize("tied_weights", [False, True])
def test_pre_training_learns_it_with_the_first_layer_alone(tied_weights, monkeypatch):
    X, _ = wine()
    after = []  # the pre-training of each layer but the last

    def watched(network, *arguments):
        after.append(scale_in(network).copy())
        return Outputs(network, *arguments)

    monkeypatch.setattr(pretraining, "Outputs", watched)
    setting = {"tied_weights": tied_weights, "random_state": 0, "max_iter": 1}
    Autoencoder(4, (10, 6), pretraining=3, input_scale=True, **setting).fit(X)
    first, second = after
    assert np.abs(first - 1.0).max() > 0.01
    assert_array_equal(second, first)


def test_a_start_from_another_network_takes_it_along():
    X, y = wine()
    source = Autoencoder(3, (10,), input_scale=True, max_iter=5, random_state=1).fit(X)
    still = {"init_from": FrozenEstimator(source), "learning_rate_init": 1e-30, "max_iter": 1}
    model = MLPClassifier((10,), input_scale=True, **still).fit(X, y)
    assert_array_equal(scale_of(model), scale_of(source))
    with pytest.raises(ValueError, match="must agree in width, input_scale"):
        MLPClassifier((10,), **still).fit(X, y)


def test_a_search_reaches_its_rate():
    X, y = problem(MLPClassifier)
    model = quick(MLPClassifier, input_scale=Scale(), max_iter=3)
    search = GridSearchCV(model, {"input_scale__rate": [1.0, 9.0]}, cv=2).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 2
    with pytest.raises(ValueError, match="rate must be a number in"):
        model.set_params(input_scale=Scale(-1.0)).fit(X, y)


def test_onnx_scales_behind_the_embedding_too():
    pytest.importorskip("skl2onnx")
    from skmlp.onnx._convert import to_onnx

    from .onnx_runs import assert_near, outputs
    from .test_onnx_tables import columns_of

    X, y = mixed()
    setting = {"categorical_features": "from_dtype", "input_scale": True}
    model = quick(MLPClassifier, **setting).fit(X, y)
    assert_near(outputs(to_onnx(model, X), columns_of(X))["probabilities"], model.predict_proba(X))
