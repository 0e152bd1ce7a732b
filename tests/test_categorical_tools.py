"""Estimators on tables as they stand in scikit-learn's tools, and what is refused."""

import pytest

pytest.importorskip("skops")

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from skmlp import MLPClassifier, learning_rate_range
from skmlp.augment._rows import GaussianNoise

from . import skops_files
from .table_fits import ESTIMATORS, quick
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def raw(model, X):
    return model.decision_function(X) if isinstance(model, MLPClassifier) else model.predict(X)


# ---- scikit-learn's tools


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_persistence(cls):
    X, y = mixed()
    model = quick(cls).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(raw(again, X), raw(model, X))
    assert_array_equal(raw(skops_files.load(skops_files.save(model)), X), raw(model, X))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_tags_say_what_goes_in(cls):
    table, plain = (
        get_tags(cls(categorical_features=given)).input_tags for given in ("from_dtype", None)
    )
    assert (table.allow_nan, table.categorical, table.sparse) == (True, True, False)
    assert (plain.allow_nan, plain.categorical, plain.sparse) == (False, False, True)


def test_searches_and_pipelines():
    X, y = mixed()
    search = GridSearchCV(
        make_pipeline(quick()), {"mlpclassifier__embedding_dim": [1, None]}, cv=2
    ).fit(X, y)
    assert search.best_score_ > 0.5
    assert cross_val_score(quick(), X, y, cv=3).shape == (3,)
    assert clone(quick().fit(X, y)).categorical_features == "from_dtype"


def test_bagging_hands_on_arrays_of_objects():
    X, y = mixed()
    model = BaggingClassifier(quick(max_iter=20), n_estimators=3, random_state=0).fit(X, y)
    assert all(member._codec.categorical == [1, 3] for member in model.estimators_)
    assert model.score(X, y) > 0.85


def test_lists_of_rows():
    X, y = mixed()
    rows = X.astype(object).where(X.notna(), None).to_numpy().tolist()
    model = quick().fit(rows, y)
    assert model._codec.categorical == [1, 3]
    assert_array_equal(model.predict(rows), quick().fit(X, y).predict(X))


def test_inspection():
    X, y = mixed()
    model = quick(max_iter=40).fit(X, y)
    importance = permutation_importance(model, X, y, n_repeats=3, random_state=0)
    assert importance.importances_mean.shape == (5,)
    assert importance.importances_mean[[1, 3]].min() > 0.0
    dependence = partial_dependence(
        model, X, ["colour"], categorical_features=["colour"], kind="average"
    )
    assert list(dependence["grid_values"][0]) == ["blue", "green", "red"]
    assert dependence["average"][0].argmax() == 0  # the classes rise with blue
    numeric = partial_dependence(model, X, ["age"], grid_resolution=5)["average"][0]
    assert numeric[0] < numeric[-1]


def test_transform_keeps_the_index():
    X, y = mixed()
    Z = quick().set_output(transform="pandas").fit(X, y).transform(X)
    assert_array_equal(Z.index, X.index)
    assert Z.shape == (200, 8)
    model = quick(hidden_layer_sizes=(), embedding_dim=2).fit(X, y)
    assert model.transform(X).shape == (200, 8) == (200, len(model.get_feature_names_out()))
    assert_allclose(
        model.transform(X) @ model.coefs_[0][:, 0] + model.intercepts_[0],
        model.decision_function(X),
        atol=1e-5,
    )


def test_names():
    X, y = mixed()
    model = quick().fit(X, y)
    assert list(model.feature_names_in_) == list(X.columns)
    assert model.n_features_in_ == 5
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X[X.columns[::-1]])
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X.drop(columns="town"))
    array = quick(categorical_features=[1, 3]).fit(X.to_numpy(), y)
    with pytest.raises(ValueError, match="X has 4 features, but MLPClassifier is expecting 5"):
        array.predict(X.to_numpy()[:, :4])
    assert_array_equal(
        array.predict(X.to_numpy()), quick(categorical_features=[1, 3]).fit(X, y).predict(X)
    )


def test_gradient_of_the_numbers():
    """Per unit of the table's columns; a category has none."""
    X, y = mixed()
    model = quick(activation="tanh", dtype="float64").fit(X, y)
    gradient = model.input_gradient(X, 1)
    assert gradient.shape == X.shape
    assert np.isnan(gradient[:, [1, 3]]).all()
    X = X.astype({"owner": float})
    for j, h in ((0, 1e-5), (2, 1.0), (4, 1e-6)):
        step = np.zeros(5)
        step[j] = h
        up, down = X.copy(), X.copy()
        up.isetitem(j, X.iloc[:, j] + h)
        down.isetitem(j, X.iloc[:, j] - h)
        known = X.iloc[:, j].notna().to_numpy()
        numeric = (model.decision_function(up) - model.decision_function(down)) / (2.0 * h)
        assert_allclose(gradient[known, j], numeric[known], rtol=1e-4, atol=1e-9)


def test_learning_rate_range_of_a_table():
    X, y = mixed()
    rates, losses, suggestion = learning_rate_range(quick(batch_size=20), X, y, n_steps=20)
    assert len(rates) == len(losses) > 5
    assert rates[0] <= suggestion <= rates[-1]


# ---- errors


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_strings_without_the_parameter(cls):
    X, y = mixed()
    with pytest.raises(
        ValueError,
        match=r"(?s)float.*\['colour', 'town'\] do not hold numbers; "
        r"categorical_features='from_dtype' takes them",
    ):
        cls().fit(X, y)


def test_sparse_tables():
    with pytest.raises(TypeError, match=r"(?i)sparse data was passed"):
        quick(categorical_features=[0]).fit(sparse.csr_array(np.eye(4)), [0, 1, 0, 1])


def test_augmentation_of_categories():
    X, y = mixed()
    with pytest.raises(
        ValueError, match=r"augmentation=GaussianNoise\(\) does not go with categories"
    ):
        quick(augmentation=GaussianNoise()).fit(X, y)
    quick(augmentation=GaussianNoise()).fit(X[["age", "income"]], y)


def test_embeddings_without_a_table(rng):
    model = MLPClassifier(max_iter=1).fit(rng.normal(size=(20, 2)), np.arange(20) % 2)
    with pytest.raises(AttributeError, match="see categorical_features"):
        _ = model.embeddings_


def test_empty_frames():
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        quick().fit(mixed()[0][:0], [])
    with pytest.raises(ValueError, match=r"0 feature\(s\)"):
        quick().fit(pd.DataFrame(index=range(3)), [0, 1, 0])
