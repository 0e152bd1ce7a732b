"""Frames of polars go in wherever those of pandas do, and come out where that is asked for."""

import pytest

pytest.importorskip("polars")

import ast
import pathlib
import sys

import numpy as np
import polars as pl
from numpy.testing import assert_array_equal
from polars.testing import assert_frame_equal

import skmlp
from skmlp import Autoencoder, MLPClassifier, MLPRegressor

from .problems import blobs, curve
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]


def quick(cls, **setting):
    return cls(**{"hidden_layer_sizes": (5, 4), "max_iter": 3, "random_state": 0, **setting})


def numbers(cls):
    """Return a frame of numbers, a series, and both as arrays."""
    X, y = curve() if cls is MLPRegressor else blobs(3)
    return (
        pl.DataFrame(X, schema=[f"feature {j}" for j in range(X.shape[1])]),
        pl.Series("target", y),
        X,
        y,
    )


def table():
    """Return the table of ``mixed`` in polars and in pandas, and its classes."""
    X, y = mixed()
    columns = {
        name: X[name].astype(object).where(X[name].notna(), None).to_list() for name in X.columns
    }
    frame = pl.DataFrame(columns).with_columns(
        pl.col("colour").cast(pl.Enum(["blue", "green", "red"]))
    )
    return frame, X, y


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("setting", [{}, {"early_stopping": True}], ids=["", "early_stopping"])
def test_frames_of_numbers(cls, setting):
    frame, series, X, y = numbers(cls)
    model, plain = quick(cls, **setting).fit(frame, series), quick(cls, **setting).fit(X, y)
    assert list(model.feature_names_in_) == frame.columns
    assert_array_equal(model.predict(frame), plain.predict(X))
    assert model.score(frame, series) == plain.score(X, y)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.select(reversed(frame.columns)))
    if cls is not Autoencoder:
        validated = quick(cls).fit(frame, series, X_val=frame[:20], y_val=series[:20])
        assert "validation_loss" in validated.history_


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_frames_come_out(cls):
    frame, series, X, _ = numbers(cls)
    model = quick(cls).set_output(transform="polars").fit(frame, series)
    Z = model.transform(frame)
    assert isinstance(Z, pl.DataFrame)
    assert Z.columns == list(model.get_feature_names_out())
    assert_frame_equal(model.fit_transform(frame, series), Z)
    assert_array_equal(Z.to_numpy(), quick(cls).fit(X, series.to_numpy()).transform(X))


@pytest.mark.parametrize("cls", ESTIMATORS[:2])
@pytest.mark.parametrize(
    "kind", [pl.String, pl.Categorical, pl.Enum(["blue", "green", "red"])], ids=str
)
def test_tables_are_those_of_pandas(cls, kind):
    frame, X, y = table()
    frame = frame.with_columns(pl.col("colour").cast(pl.String).cast(kind))
    setting = {"categorical_features": "from_dtype", "early_stopping": True, "scoring": "loss"}
    model, same = quick(cls, **setting).fit(frame, pl.Series(y)), quick(cls, **setting).fit(X, y)
    assert_array_equal(model.predict(frame), same.predict(X))
    assert model._codec.categories == same._codec.categories
    assert_array_equal(
        quick(cls, categorical_features=["colour", "town"]).fit(frame, y).predict(frame[:3]).shape,
        (3,),
    )
    assert model.set_output(transform="polars").transform(frame).shape == (200, 4)


def test_partial_fit_reserves_what_an_enum_declares():
    frame, _, y = table()
    model = quick(MLPClassifier, categorical_features="from_dtype")
    model.partial_fit(
        frame.filter(pl.col("colour") != "red"),
        y[frame["colour"].to_numpy() != "red"],
        classes=[0, 1],
    )
    assert list(model.embeddings_["colour"].index) == ["blue", "green", "red", None]


@pytest.mark.parametrize("cls", [MLPClassifier, Autoencoder])
def test_strings_without_the_parameter(cls):
    frame, _, y = table()
    with pytest.raises(
        ValueError,
        match=r"\['colour', 'town'\] do not hold numbers; categorical_features='from_dtype' takes "
        r"them",
    ):
        quick(cls).fit(frame, y)


def test_infinity_is_named():
    frame, _, y = table()
    bad = frame.with_columns(pl.lit(np.inf).alias("age"))
    with pytest.raises(ValueError, match="infinity in the column 'age'"):
        quick(MLPClassifier, categorical_features="from_dtype").fit(bad, y)


@pytest.mark.slow
def test_the_package_imports_it_only_to_give_frames_back():
    for path in pathlib.Path(skmlp.__file__).parent.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:  # not within functions
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [getattr(node, "module", None)]
            )
            assert "polars" not in names, path
    assert "polars" in sys.modules  # the tests do
