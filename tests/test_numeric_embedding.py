"""``numeric_embedding`` in the estimators: on which columns it acts, from which rows it starts,
when it starts again, and what goes with it.
"""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.layers import NUMERIC_EMBEDDINGS, Masking, NumericEmbedding, PiecewiseLinear
from skmlp.plot import WeightsDisplay

from .problems import blobs, curve
from .tables import mixed, with_missing

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
each_key = pytest.mark.parametrize("key", NUMERIC_EMBEDDINGS)
each_estimator = pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])

X, Y = blobs(3)


def quick(cls=MLPRegressor, embedding="piecewise_linear", **setting):
    usual = {"hidden_layer_sizes": (6,), "max_iter": 3, "random_state": 0}
    return cls(numeric_embedding=embedding, **{**usual, **setting})


def embedding_of(model):
    """Return number and layer of the embedding of a fitted estimator."""
    layers = enumerate(model._network.layers)
    ((number, layer),) = [pair for pair in layers if isinstance(pair[1], NumericEmbedding)]
    return number, layer


def edges_of(model):
    """Return the edges of the bins of a fitted estimator's columns, copied."""
    return model._network.running_views()[embedding_of(model)[0], "edges"].copy()


def least(rows):
    """Return the least value of each column as the network sees it."""
    return np.asarray(rows).min(axis=0)


@each_estimator
@each_key
def test_parameters(cls, key):
    model = quick(cls, key).fit(X, Y)
    number, layer = embedding_of(model)
    width = 5 * (1 + layer.dim)
    assert number == 0
    assert type(layer) is NUMERIC_EMBEDDINGS[key]
    assert model.coefs_[0].shape == (width, 6)
    assert f"(n, {width})" in str(model.summary())
    assert model.transform(X).shape == (150, 2 if cls is Autoencoder else 6)
    instance = clone(quick(cls, NUMERIC_EMBEDDINGS[key]())).set_params(numeric_embedding__dim=2)
    assert instance.fit(X, Y).coefs_[0].shape == (15, 6)


def test_it_learns_what_is_jagged():
    """A function of one feature that a narrow layer cannot follow."""
    rows = np.random.default_rng(0).uniform(-2.0, 2.0, (900, 2))
    y = np.sin(9.0 * rows[:, 0]) + np.cos(7.0 * rows[:, 1])
    setting = {"solver": "lbfgs", "max_iter": 100, "hidden_layer_sizes": (10,)}
    plain, embedded = (
        quick(embedding=key, **setting).fit(rows[:600], y[:600]).score(rows[600:], y[600:])
        for key in (None, PiecewiseLinear(n_bins=32))
    )
    assert plain < 0.7
    assert embedded > 0.85


def test_without_hidden_layers_the_transform_is_what_the_output_sees():
    model = quick(hidden_layer_sizes=(), dtype="float64", embedding=PiecewiseLinear(4, 2))
    model.fit(*curve())
    rows, y = curve()
    seen = model.transform(rows)
    assert seen.shape == (150, 12)
    assert_array_equal(seen[:, :4], rows)
    measured = seen @ model.coefs_[0] + model.intercepts_[0]
    assert_allclose(model.predict(rows), measured[:, 0] * y.std() + y.mean(), rtol=1e-9)


# ---- of a table


@each_key
def test_the_numbers_of_a_table(key):
    table, y = mixed()
    model = quick(MLPClassifier, key, categorical_features="from_dtype").fit(table, y)
    number, layer = embedding_of(model)
    codec = model._codec
    assert number == 1
    assert layer.n_numbers == len(codec.numeric) == 3
    # age, income, owner, one indicator, two categorical columns of three and seven
    assert model.coefs_[0].shape == (3 + 1 + 3 + 7 + 3 * layer.dim, 6)
    plain = quick(MLPClassifier, None, categorical_features="from_dtype").fit(table, y)
    assert list(model.embeddings_) == list(plain.embeddings_)
    gradient = model.input_gradient(table)
    assert np.isnan(gradient).any(axis=0).tolist() == [False, True, False, True, False]


def test_a_table_without_numbers_has_no_embedding():
    table, y = mixed()
    model = quick(MLPClassifier, categorical_features="from_dtype")
    model.fit(table[["colour", "town"]], y)
    assert not any(isinstance(layer, NumericEmbedding) for layer in model._network.layers)


def test_more_numbers_than_there_are_is_refused():
    table, y = mixed()
    model = quick(MLPClassifier, PiecewiseLinear(n_numbers=4))
    message = r"PiecewiseLinear\(n_numbers=4\) embeds 4 columns, but X has 3 columns of numbers"
    with pytest.raises(ValueError, match=message):
        model.set_params(categorical_features="from_dtype").fit(table, y)
    with pytest.raises(ValueError, match="embeds 4 columns, but X has 3"):
        model.set_params(categorical_features=None).fit(X[:, :3], Y)
    assert embedding_of(model.fit(X, Y))[1].n_numbers == 4


# ---- the start


def test_the_rows_held_out_have_no_say():
    rows = X.copy()
    rows[[10, 20]] = -100.0
    weight = np.ones(len(rows))
    weight[20] = 0.0
    split = [(np.r_[0:10, 12:150], np.array([10, 11]))]
    model = quick(MLPClassifier, early_stopping=True, validation_cv=split, dtype="float64")
    edges = edges_of(model.fit(rows, Y, sample_weight=weight))
    assert_array_equal(edges[:, 0], np.delete(rows, [10, 11, 20], axis=0).min(axis=0))


def test_later_fits_keep_the_edges():
    rows, y = curve()
    model = quick().partial_fit(rows[:50], y[:50])
    first = edges_of(model)
    assert_allclose(first[:, 0], least(rows[:50]), rtol=1e-6)
    assert_array_equal(edges_of(model.partial_fit(rows[50:], y[50:])), first)
    assert_array_equal(edges_of(model.set_params(warm_start=True).fit(rows, y)), first)
    again = edges_of(model.set_params(warm_start=False).fit(rows, y))
    assert_allclose(again[:, 0], least(rows), rtol=1e-6)


def test_going_on_is_the_same_as_one_fit():
    whole = quick(max_iter=6).fit(X, Y)
    parts = quick(max_iter=3, warm_start=True).fit(X, Y)
    parts = pickle.loads(pickle.dumps(parts)).fit(X, Y)
    assert_array_equal(parts.predict(X), whole.predict(X))


def test_a_start_from_another_network_takes_its_edges():
    source = quick(Autoencoder).fit(10.0 * X)
    model = quick(init_from=FrozenEstimator(source)).fit(X, Y)
    assert_array_equal(edges_of(model), edges_of(source))


@pytest.mark.parametrize("setting", [{}, {"pretraining": 2}, {"code_penalty": "contractive"}])
@each_key
def test_autoencoders(key, setting):
    """Corruption lies in front of the embedding, which prediction does without."""
    rows = with_missing(X)
    model = quick(Autoencoder, key, corruption="masking", input_dropout=0.1, **setting)
    model.fit(rows)
    assert isinstance(model._network.layers[0], Masking)
    assert embedding_of(model)[0] == 1
    assert model.predict(rows).shape == rows.shape
    assert model.impute(rows).shape == rows.shape


def test_a_contractive_penalty_sees_the_bins():
    """It asks a second network, which must have the edges too."""
    model = quick(Autoencoder, code_penalty="contractive", max_iter=1).fit(X)
    model._network.prepare(20, np.random.default_rng(0))
    (twin,) = model._network.plan(20).twins
    ours, its = model._network.running_views(), twin.network.running_views()
    for name in ("edges", "slopes"):
        assert_array_equal(its[0, name], ours[0, name])


def test_tied_weights_are_refused():
    message = "tied_weights=True does not go with numeric_embedding='piecewise_linear'"
    with pytest.raises(ValueError, match=message):
        quick(Autoencoder, tied_weights=True).fit(X)


# ---- what goes with it


def test_sparse_rows_become_dense():
    dense = np.where(np.abs(X) > 0.7, X, 0.0)
    both = dense, sparse.csr_matrix(dense)
    models = [quick(MLPClassifier, dtype="float64").fit(rows, Y) for rows in both]
    assert_allclose(*(model.decision_function(dense) for model in models), rtol=1e-9)
    assert_allclose(*map(models[0].decision_function, both), rtol=1e-9)


@each_key
def test_gradients_of_the_inputs_are_the_numeric_ones(key):
    rows, y = curve()
    model = quick(embedding=key, max_iter=30, dtype="float64").fit(rows, y)
    rows = rows + 1e-3  # training rows lie on edges, where a derivative jumps
    step = 1e-6 * np.eye(4)
    numeric = [(model.predict(rows + h) - model.predict(rows - h)) / 2e-6 for h in step]
    assert_allclose(model.input_gradient(rows), np.transpose(numeric), rtol=1e-5, atol=1e-5)
    assert model.feature_importances_.sum() == pytest.approx(1.0)


@each_key
def test_an_embedding_has_no_weight_decay(key):
    """A penalty beside which the loss is nothing leaves the embedding where it was."""
    model = quick(embedding=key, alpha=1e10, solver="sgd", learning_rate_init=1e-9, momentum=0.0)
    model.fit(X, Y)
    start = clone(model).set_params(max_iter=1, learning_rate_init=1e-30).fit(X, Y)
    before, after = (m._network.views()[0, "vectors"] for m in (start, model))
    assert_allclose(after, before, atol=1e-6)
    assert np.abs(model.coefs_[0]).max() < 0.9 * np.abs(start.coefs_[0]).max()


@each_key
@pytest.mark.parametrize("join", ["add", "concat"])
def test_skip_connections_bridge_from_the_embedding_on(join, key):
    width = 5 * (1 + NUMERIC_EMBEDDINGS[key]().dim)
    model = quick(embedding=key, skip_connections=join, hidden_layer_sizes=(width,)).fit(X, Y)
    assert model.coefs_[0].shape == (width, width)
    assert model.coefs_[1].shape == (width if join == "add" else 2 * width, 1)


@each_estimator
@each_key
def test_saved_models(cls, key):
    model = quick(cls, NUMERIC_EMBEDDINGS[key]()).fit(X, Y)
    assert_array_equal(pickle.loads(pickle.dumps(model)).transform(X), model.transform(X))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("edges", np.nan, "statistics are not finite"),
        ("slopes", -1.0, "slopes of layer 0 is"),
    ],
)
def test_altered_bins_are_refused(name, value, message):
    model = quick().fit(X, Y)
    model._network.running_views()[0, name][1, 2] = value
    with pytest.raises(ValueError, match=message):
        pickle.loads(pickle.dumps(model))


def test_a_search_over_bins():
    search = GridSearchCV(
        quick(embedding=PiecewiseLinear()), {"numeric_embedding__n_bins": [2, 4]}, cv=2
    ).fit(X, Y)
    assert len(set(search.cv_results_["mean_test_score"])) == 2
    with pytest.raises(ValueError, match=r"such as numeric_embedding=PiecewiseLinear\(\)"):
        quick().set_params(numeric_embedding__n_bins=2)


def test_other_hyper_parameters_after_a_fit_change_nothing():
    model = quick(embedding=PiecewiseLinear()).fit(X, Y)
    before = model.predict(X)
    model.set_params(numeric_embedding__n_bins=2, numeric_embedding__dim=1)
    assert_array_equal(model.predict(X), before)


def test_pictures_of_the_weights_have_no_names_of_features():
    table, y = mixed()
    model = quick(embedding=PiecewiseLinear(2, 1)).fit(table[["age"]], y)
    display = WeightsDisplay.from_estimator(model)
    assert display.weights.shape == (2, 6)
    assert display.input_names is None


@each_key
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_graphs_of_onnx(key, dtype):
    pytest.importorskip("skl2onnx")
    from skmlp.onnx import to_onnx

    from .onnx_runs import assert_near, outputs
    from .test_onnx_tables import columns_of

    rows, y = curve()
    model = quick(embedding=key, dtype=dtype).fit(rows, y)
    got = outputs(to_onnx(model, rows, dtype=dtype), rows.astype(dtype))
    assert_near(got["prediction"].ravel(), model.predict(rows), dtype)
    table, y = mixed()
    model = quick(embedding=key, dtype=dtype, categorical_features="from_dtype").fit(table, y)
    got = outputs(to_onnx(model, table, dtype=dtype), columns_of(table, dtype))
    assert_near(got["prediction"].ravel(), model.predict(table), dtype)
