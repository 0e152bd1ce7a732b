"""The codecs of X: both fill in missing values alike, against the means of scikit-learn and pandas,
and what they encode they decode.
"""

import pytest

pytest.importorskip("polars")

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.impute import SimpleImputer

from skmlp._data.codec import MatrixCodec
from skmlp._data.frames import as_frame
from skmlp._data.table import TableCodec
from skmlp.nn.losses.measure import Measure

from .tables import mixed, with_missing


def network_of_means(codec, measure=None):
    """Return a stand-in for a network whose reconstruction is the mean of each column of numbers,
    and the first category of each other column.
    """
    raw = np.zeros(codec.n_outputs)
    if not codec.is_table:
        raw = codec.means if measure is None else measure.normalised(codec.means)

    def raw_chunks(source):
        for begin in range(0, source.n_rows, 7):
            rows = slice(begin, min(begin + 7, source.n_rows))
            yield rows, np.tile(raw, (rows.stop - begin, 1))

    loss = SimpleNamespace(link=lambda raw, out: None)
    return SimpleNamespace(dtype=np.dtype(np.float64), loss=loss, raw_chunks=raw_chunks)


def matrix_codec(X, measure=None):
    codec = MatrixCodec(keeps_missing=True)
    codec.learn(X, None, None, measure, [f"column {k}" for k in range(X.shape[1])])
    return codec


def table_codec(X, form="pandas"):
    frame = as_frame(X)
    return TableCodec("from_dtype", frame, form, keeps_missing=True).fit(frame, None, None, False)


def numbers(form):
    """Return a frame of numbers of several dtypes, with missing values but in its last column."""
    X = pd.DataFrame(with_missing(np.random.default_rng(3).normal(size=(40, 4))), columns=[*"abcd"])
    X["b"] = X["b"].astype(np.float32)
    X["c"], X["d"] = np.round(4.0 * X["c"]).astype("Int64"), np.arange(40)
    return (
        X.set_index(np.arange(40)[::-1])
        if form == "pandas"
        else pytest.importorskip("polars").from_pandas(X)
    )


@pytest.mark.parametrize(
    "measure", [None, Measure(np.array([0.5, -1.0, 2.0]), 3.0)], ids=["as it is", "measured"]
)
def test_rows_have_means_for_missing_values_and_targets_do_not(measure):
    X = with_missing(np.random.default_rng(0).normal(size=(30, 3)))
    codec = matrix_codec(X, measure)
    offset, scale = (0.0, 1.0) if measure is None else (measure.offset, measure.scale)
    source, out = codec.rows(X, np.float64), np.empty(X.shape)
    filled = (SimpleImputer().fit_transform(X) - offset) / scale
    assert_allclose(source.take(slice(None), out), filled, rtol=1e-12)
    targets = codec.targets(source).take(slice(None), out)
    assert_allclose(targets, (X - offset) / scale, rtol=1e-12)
    assert_allclose(codec.decode(targets, np.float64), X, rtol=1e-12)


@pytest.mark.parametrize("form", ["pandas", "polars"])
@pytest.mark.parametrize("make", [matrix_codec, table_codec])
def test_both_fill_frames_in_alike(make, form):
    """With a network that knows nothing but the means they do what pandas does."""
    X = numbers(form)
    frame = as_frame(X).astype(float)
    codec = make(frame.to_numpy() if make is matrix_codec else X)
    matrix = frame.to_numpy() if make is matrix_codec else codec.encode(as_frame(X))
    before = X.copy() if form == "pandas" else X.clone()
    filled = codec.impute(X, matrix, network_of_means(codec))
    assert X.equals(before)
    assert type(filled) is type(X)
    assert_allclose(as_frame(filled).astype(float), frame.fillna(frame.mean()), rtol=1e-6)
    dtypes = [str(dtype).lower() for dtype in filled.dtypes]
    assert dtypes == ["float64", "float32", "float64", "int64"]
    if form == "pandas":
        assert_array_equal(filled.index, X.index)


def test_a_table_is_decoded_to_what_was_encoded():
    X = mixed()[0].dropna()
    codec = table_codec(X)
    back = codec.decode(codec.as_target(codec.encode(X)), np.float64, X)
    pd.testing.assert_frame_equal(back.astype(X.dtypes), X)


def test_categories_are_filled_in_where_they_are_missing_only():
    X = mixed()[0]
    codec = table_codec(X)
    filled = codec.impute(X, codec.encode(X), network_of_means(codec))
    assert_array_equal(filled["town"], X["town"].fillna("Aber"))
    assert_allclose(filled["income"], X["income"].fillna(X["income"].mean()), rtol=1e-12)
    assert filled[["age", "colour", "owner"]].equals(X[["age", "colour", "owner"]])
