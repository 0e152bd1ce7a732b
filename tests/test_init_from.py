"""Starting from a fitted network: which layers come along, what is refused, and that searches
and folds keep the fit.
"""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import BatchNorm

from .problems import cancer, diabetes, wine
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# steps so small that the network stays where it starts
STILL = {"learning_rate_init": 1e-30, "max_iter": 1, "random_state": 0, "dtype": "float64"}


def encoder(X, **setting):
    return Autoencoder(
        **{
            "n_components": 3,
            "hidden_layer_sizes": (10, 6),
            "max_iter": 5,
            "random_state": 1,
            **setting,
        }
    ).fit(X)


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize(
    ("widths", "taken"),
    [((10,), 1), ((10, 6), 2), ((10, 6, 3), 3), ((10, 6, 3, 7), 3), ((10, 6, 8), 2)],
)
def test_leading_layers_are_taken_and_the_others_start_as_ever(frozen, widths, taken):
    X, y = wine()
    source = encoder(X)
    model = MLPClassifier(
        widths, init_from=FrozenEstimator(source) if frozen else source, **STILL
    ).fit(X, y)
    plain = MLPClassifier(widths, **STILL).fit(X, y)
    for k in range(len(widths) + 1):
        origin = source if k < taken else plain
        assert_array_equal(model.coefs_[k], origin.coefs_[k].astype(float), err_msg=str(k))
        assert_allclose(
            model.intercepts_[k], origin.intercepts_[k], rtol=1e-12, atol=1e-20, err_msg=str(k)
        )


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor, Autoencoder])
def test_each_estimator_starts_from_each(kind):
    X, y = cancer()
    for source in (
        encoder(X),
        MLPClassifier((10, 6), max_iter=2).fit(X, y),
        MLPRegressor(hidden_layer_sizes=(10,), max_iter=2).fit(X, y),
    ):
        model = kind(hidden_layer_sizes=(10, 6), init_from=FrozenEstimator(source), **STILL).fit(
            X, y
        )
        assert_array_equal(model.coefs_[0], source.coefs_[0].astype(float))
    before = copy.deepcopy(source._network.params)
    kind(hidden_layer_sizes=(10,), init_from=source, max_iter=3).fit(X, y)
    assert_array_equal(source._network.params, before)  # copied, not shared


def test_statistics_and_slopes_come_along():
    X, y = cancer()
    setting = {"batch_norm": BatchNorm(momentum=0.5), "activation": ["prelu", "maxout"]}
    source = encoder(X, **setting)
    model = MLPClassifier(
        (10, 6), init_from=source, **{**setting, "batch_norm": BatchNorm(momentum=1e-9)}, **STILL
    ).fit(X, y)
    assert_allclose(
        model.transform(X),
        source._network.scores(DenseRows(X.astype(source._network.dtype)), stop=6),
        rtol=1e-5,
        atol=1e-5,
    )
    assert_array_equal(model.slopes_[0], source.slopes_[0].astype(float))


def test_searches_folds_and_pickles_keep_the_fit():
    X, y = cancer()
    source = FrozenEstimator(encoder(X))
    model = MLPClassifier((10, 6), init_from=source, **STILL)
    start = source.estimator.coefs_[0]
    copies = [clone(model), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    for each in copies:
        assert_array_equal(each.fit(X, y).coefs_[0], start.astype(float))
    assert len(cross_val_score(model, X, y, cv=2)) == 2
    grid = {"init_from": [None, source], "alpha": [1e-4, 1.0]}
    search = GridSearchCV(model.set_params(max_iter=3, learning_rate_init=1e-3), grid, cv=2).fit(
        X, y
    )
    assert (
        search.best_params_["init_from"] is source
    )  # a start that knows the data wins after three epochs
    fitted = pickle.loads(pickle.dumps(search.best_estimator_))
    assert_array_equal(fitted.predict(X), search.predict(X))


def test_a_bare_network_loses_its_fit_in_a_clone_and_the_error_says_how_not_to():
    X, y = cancer()
    model = MLPClassifier((10, 6), init_from=encoder(X), **STILL).fit(X, y)
    with pytest.raises(NotFittedError, match=r"give FrozenEstimator\(network\)"):
        clone(model).fit(X, y)


def test_going_on_does_not_start_again():
    X, y = diabetes()
    source = FrozenEstimator(encoder(X))
    setting = {
        "hidden_layer_sizes": (10, 6),
        "init_from": source,
        "random_state": 0,
        "batch_size": 64,
        "tol": 0.0,
        "n_iter_no_change": np.inf,
    }
    whole = MLPRegressor(max_iter=4, **setting).fit(X, y)
    warm = MLPRegressor(max_iter=2, warm_start=True, **setting).fit(X, y).fit(X, y)
    steps = MLPRegressor(**setting)
    for _ in range(4):
        steps.partial_fit(X, y)
    for model in (warm, steps):
        assert_array_equal(model._network.params, whole._network.params)


def test_lbfgs_starts_there_too():
    X, y = diabetes()
    source = FrozenEstimator(
        MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=300, random_state=0).fit(
            X, y
        )
    )
    losses = [
        MLPRegressor(
            hidden_layer_sizes=(8,), solver="lbfgs", max_iter=20, random_state=0, init_from=given
        )
        .fit(X, y)
        .loss_
        for given in (None, source)
    ]
    assert losses[1] < losses[0]


@pytest.mark.parametrize(
    ("widths", "make", "message"),
    [
        ((9,), encoder, r"layer 0 has arrays .*\(13, 9\).* init_from has .*\(13, 10\)"),
        ((10, 7), encoder, r"layer 1 has arrays .*\(10, 7\).* init_from has .*\(10, 6\)"),
        ((10,), lambda X: encoder(X[:, :5]), r"\(13, 10\).* init_from has .*\(5, 10\)"),
        ((10,), lambda X: encoder(X, batch_norm=True), "gamma"),
        ((), encoder, "this network has none"),
        (
            (10,),
            lambda X: MLPClassifier((), max_iter=1).fit(X, wine()[1]),
            "that of init_from has none",
        ),
        (
            (10,),
            lambda X: make_pipeline(StandardScaler(), encoder(X)),
            r"of a pipeline give the last step, Pipeline\[-1\]",
        ),
        ((10,), lambda X: StandardScaler().fit(X), "init_from must be a fitted Autoencoder"),
        ((10,), lambda X: "encoder", "init_from must be a fitted Autoencoder"),
    ],
)
def test_refused(widths, make, message):
    X, y = wine()
    model = MLPClassifier(widths, init_from=make(X), max_iter=1)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "classes_")


def test_what_is_known_of_a_table_comes_along():
    """A classifier of few rows, which lack some towns and have other means."""
    X, y = mixed()
    setting = {"categorical_features": "from_dtype", "hidden_layer_sizes": (10,)}
    source = Autoencoder(3, **setting, max_iter=5, random_state=1, dtype="float64").fit(X)
    some = X["town"].isin(["Aber", "Bonn"]).to_numpy()
    model = MLPClassifier(init_from=FrozenEstimator(source), **setting, **STILL).fit(
        X[some], y[some]
    )
    assert_array_equal(model._codec.categories[1], source._codec.categories[1])
    assert_allclose(
        model.transform(X),
        source._network.scores(source._input(source._check_X(X)), stop=3),
        rtol=1e-9,
    )
    for name, vectors in source.embeddings_.items():
        assert_array_equal(model.embeddings_[name], vectors)
    model.set_params(learning_rate_init=0.01, max_iter=3).fit(X[some], y[some])
    assert not np.array_equal(model.embeddings_["town"], source.embeddings_["town"])
    assert not np.shares_memory(model._codec.mean, source._codec.mean)


def test_other_columns_are_refused():
    X, y = mixed()
    source = Autoencoder(
        categorical_features="from_dtype", hidden_layer_sizes=(10,), max_iter=2
    ).fit(X)
    plain = Autoencoder(hidden_layer_sizes=(10,), max_iter=2).fit(X[["age", "owner"]])
    model = MLPClassifier((10,), init_from=source, categorical_features="from_dtype", max_iter=2)
    with pytest.raises(
        ValueError,
        match=r"X is a table with the numbers \['age'\] and the categories \['colour'\], but "
        r"init_from was fitted",
    ):
        model.fit(X[["age", "colour"]], y)
    with pytest.raises(
        ValueError, match=r"but init_from was fitted on a matrix \(categorical_features=None\)"
    ):
        model.set_params(init_from=plain).fit(X[["age", "owner"]], y)
    with pytest.raises(ValueError, match="X is a matrix"):
        model.set_params(init_from=source, categorical_features=None).fit(X[["age", "owner"]], y)
    with pytest.raises(ValueError, match="Hidden layer 0 has arrays of the shapes"):
        model.set_params(categorical_features="from_dtype", embedding_dim=1).fit(X, y)
    with pytest.raises(ValueError, match="init_from must be a fitted"):
        model.set_params(init_from=3).fit(X, y)
    assert not model.__sklearn_is_fitted__()
