"""Frames: names are kept, checked and handed on; nothing warns of them on the way."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]


def quick(cls, **setting):
    return cls(**{"hidden_layer_sizes": (5, 4), "max_iter": 3, "random_state": 0, **setting})


def frames(cls):
    """Return a frame and a series, with an index that is not a range."""
    X, y = curve() if cls is MLPRegressor else blobs(3)
    X = pd.DataFrame(
        X, columns=[f"feature {i}" for i in range(X.shape[1])], index=np.arange(len(X))[::-1] * 2
    )
    return X, pd.Series(y, index=X.index, name="target")


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_frames_are_arrays_with_names(cls):
    X, y = frames(cls)
    model, plain = quick(cls).fit(X, y), quick(cls).fit(X.to_numpy(), y.to_numpy())
    assert_array_equal(model.predict(X), plain.predict(X.to_numpy()))
    assert list(model.feature_names_in_) == list(X.columns)
    assert not hasattr(plain, "feature_names_in_")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X[X.columns[::-1]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X.to_numpy())
    if cls is not Autoencoder:
        assert_array_equal(
            model.fit(X, y.to_frame()["target"]).predict(X), plain.predict(X.to_numpy())
        )


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("scoring", [None, "loss", "own"])
def test_no_warning_of_names_in_validation(cls, scoring):
    """Warnings are errors in this test-suite: a scorer must get frames where ``fit`` got frames."""
    X, y = frames(cls)
    seen = []

    def own(estimator, X, y=None):
        seen.append(X)
        return estimator.score(X, y)

    model = quick(cls, early_stopping=True, scoring=own if scoring == "own" else scoring)
    model.fit(X, y)
    model.fit(X, y, X_val=X[:20], **({} if cls is Autoencoder else {"y_val": y[:20]}))
    assert all(
        isinstance(rows, pd.DataFrame) and list(rows.columns) == list(X.columns) for rows in seen
    )
    assert bool(seen) == (scoring == "own")
    if scoring == "own":
        assert set(seen[0].index) <= set(X.index)
        assert list(seen[-1].index) == list(X.index[:20])


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_outputs_have_names(cls):
    X, y = frames(cls)
    model = quick(cls).fit(X, y)
    width = 2 if cls is Autoencoder else 4
    names = [f"{cls.__name__.lower()}{i}" for i in range(width)]
    assert list(model.get_feature_names_out()) == names
    Z = clone(model).set_output(transform="pandas").fit(X, y).transform(X)
    assert list(Z.columns) == names
    assert_array_equal(Z.index, X.index)
    assert_array_equal(Z, model.transform(X))
    assert_array_equal(model.fit_transform(X, y), Z)


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("given", ["pandas", "polars", "array"])
def test_outputs_are_polars_frames_where_asked_for(cls, given):
    polars = pytest.importorskip("polars")
    X, y = frames(cls)
    rows = {
        "pandas": X,
        "polars": polars.DataFrame({name: X[name].to_numpy() for name in X}),
        "array": X.to_numpy(),
    }[given]
    y = y.to_numpy()
    model = quick(cls).set_output(transform="polars")
    Z = model.fit(rows, y).transform(rows)
    assert isinstance(Z, polars.DataFrame)
    assert Z.columns == list(model.get_feature_names_out())
    assert_array_equal(Z.to_numpy(), quick(cls).fit(rows, y).transform(rows))
    assert model.fit_transform(rows, y).equals(Z)
    assert hasattr(model, "feature_names_in_") == (given != "array")
    assert list(
        make_pipeline(StandardScaler(), quick(cls))
        .set_output(transform="polars")
        .fit(rows, y)[:1]
        .transform(rows)
        .columns
    )


def test_without_hidden_layers_transform_gives_the_input():
    X, y = frames(MLPRegressor)
    model = quick(MLPRegressor, hidden_layer_sizes=(), dtype="float64").fit(X, y)
    assert_array_equal(model.transform(X), X)
    assert len(model.get_feature_names_out()) == X.shape[1]


def test_history_is_a_frame():
    X, y = frames(MLPClassifier)
    history = quick(MLPClassifier).fit(X, y).history_
    assert isinstance(history, pd.DataFrame)
    assert history.index.name == "epoch"
    assert set(history.dtypes.astype(str)) == {"float64"}
    assert (history["seconds"] >= 0).all()
    history["loss"] = 0.0  # a copy: writing into it changes nothing


def test_mixed_columns():
    X, y = frames(MLPClassifier)
    X["colour"] = pd.Categorical(np.where(y == 1, "red", "blue"))
    columns = make_column_transformer((OneHotEncoder(), ["colour"]), remainder=StandardScaler())
    model = make_pipeline(columns, quick(MLPClassifier, max_iter=50, learning_rate_init=0.02)).fit(
        X, y
    )
    assert model.score(X, y) > 0.85  # measured over three seeds: 0.92


def test_nullable_and_small_types():
    X, y = frames(MLPRegressor)
    for types in ("Float64", "float32", "int16"):
        rows = (10 * X).round().astype(types) if types != "float32" else X.astype(types)
        expected = (
            quick(MLPRegressor)
            .fit(rows.to_numpy(dtype=float), y)
            .predict(rows.to_numpy(dtype=float))
        )
        np.testing.assert_allclose(
            quick(MLPRegressor).fit(rows, y).predict(rows), expected, rtol=1e-6
        )
