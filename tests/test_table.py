"""What a table's columns hold and the matrix they become, against scikit-learn's own scalers and
encoders.
"""

import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import OrdinalEncoder, RobustScaler, StandardScaler

from skmlp._data.columns import categorical_columns, not_numbers
from skmlp._data.frames import as_frame
from skmlp._data.table import TableCodec

from .tables import mixed


def fitted(frame, given="from_dtype", weight=None, rows=None, declared=False):
    return TableCodec(given, frame, "pandas").fit(frame, weight, rows, declared)


@pytest.mark.parametrize("rows", [None, np.arange(0, 200, 3)], ids=["all", "some"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_matrix_is_that_of_scikit_learn(rows, weighted, rng):
    X, _ = mixed()
    weight = rng.uniform(0.1, 3.0, len(X)) if weighted else None
    seen = slice(None) if rows is None else rows
    numbers, categories = (
        X[["age", "income", "owner"]].astype(float),
        X[["colour", "town"]].astype(object),
    )
    scaler = StandardScaler().fit(
        numbers.iloc[seen], sample_weight=None if weight is None else weight[seen]
    )
    indicators = MissingIndicator().fit(numbers.iloc[seen]).transform(numbers)
    levels = [sorted(categories[name].iloc[seen].dropna().unique()) for name in categories]
    ordinal = OrdinalEncoder(
        categories=[*map(list, levels)],
        handle_unknown="use_encoded_value",
        unknown_value=99,
        encoded_missing_value=98,
    )
    codes = ordinal.fit(categories.iloc[seen].dropna()).transform(categories)
    codes[pd.isna(categories)] = 98
    for j, level in enumerate(levels):
        codes[codes[:, j] == 98, j] = len(level)
        codes[codes[:, j] == 99, j] = len(level) + categories.iloc[seen, j].isna().any()
    table = fitted(X, weight=weight, rows=rows)
    expected = np.column_stack([np.nan_to_num(scaler.transform(numbers)), indicators, codes])
    assert_allclose(table.encode(X), expected, rtol=1e-12, atol=1e-12)
    assert table.n_categories == tuple(
        len(level) + categories.iloc[seen, j].isna().any() for j, level in enumerate(levels)
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_a_column_that_is_constant_but_for_rounding_has_the_scale_one(weighted, rng):
    """As with StandardScaler, at any size; what varies little but really is scaled."""
    odd = rng.uniform(size=300) < 0.5
    columns = [
        np.where(odd, 0.3, 0.1 + 0.2),
        np.where(odd, 3e200, 3e200 * (1 + 2e-16)),
        np.where(odd, -1e-9, -1e-9 * (1 + 4e-16)),
    ]
    columns += [
        1e6 + 1e-3 * rng.normal(size=300),
        1e-150 * rng.normal(size=300),
        np.where(odd, np.nan, 5.0),
    ]
    frame = pd.DataFrame(dict(zip("abcdef", columns, strict=True)))
    weight = rng.uniform(0.1, 3.0, 300) if weighted else None
    scale = fitted(frame, weight=weight).scale
    assert_array_equal(scale[[0, 1, 2, 5]], 1.0)
    assert_allclose(
        scale[[0, 2, 3]],
        StandardScaler().fit(frame[["a", "c", "d"]], sample_weight=weight).scale_,
        rtol=1e-6,
    )
    assert 0.5e-150 < scale[4] < 2e-150  # whose variance is no number to StandardScaler


@pytest.mark.parametrize("dtype", ["float32", "Float32", "float16"])
def test_the_rounding_of_a_short_float_is_no_spread(dtype, rng):
    grain = np.finfo(dtype.lower()).eps
    frame = pd.DataFrame(
        {
            "constant": 1.0 + grain * rng.integers(0, 2, 200),
            "varies": 1.0 + grain * rng.integers(0, 20, 200),
        }
    )
    scale = fitted(frame.astype(dtype)).scale
    assert scale[0] == 1.0
    assert scale[1] == pytest.approx(frame["varies"].std(ddof=0))
    assert (fitted(frame).scale < 0.01).all()  # in double precision both vary


def test_which_columns_hold_categories():
    X = pd.DataFrame(
        {
            "number": [1.5, 2.0],
            "integer": pd.array([1, None], dtype="Int64"),
            "flag": [True, False],
            "maybe": pd.array([True, None], dtype="boolean"),
            "objects of numbers": np.array([1, None], dtype=object),
            "numbers and booleans": np.array([2.5, True], dtype=object),
            "nothing": np.array([None, None], dtype=object),
            "category": pd.Categorical(["a", "b"]),
            "category of numbers": pd.Categorical([3, 1]),
            "string": pd.array(["a", None], dtype="string"),
            "object": np.array(["a", None], dtype=object),
            "mixed": np.array(["a", 1], dtype=object),
        }
    )
    names = [X.columns[j] for j in categorical_columns("from_dtype", X)]
    assert names == ["category", "category of numbers", "string", "object", "mixed"]
    assert not_numbers(X) == names
    x = fitted(X).encode(X)
    assert np.isfinite(x).all()


def test_ways_to_say_which_columns_hold_categories():
    X, _ = mixed()
    for given in (
        ["town", "colour"],
        [1, 3],
        (3, 1, 1),
        np.array([False, True, False, True, False]),
        [False, True, False, True, False],
    ):
        assert categorical_columns(given, X) == [1, 3]
    assert categorical_columns([], X) == []
    assert categorical_columns(["town", 1], X) == [1, 3]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("dtype", "'from_dtype', a mask, column numbers, names or None, got 'dtype'"),
        ([True, False], "a mask of 2 columns, but X has 5"),
        (["town", "city"], "'city', which is not among the columns of X"),
        ([0, 5], "numbers from 0 to 4; got 5"),
        ([-1], "got -1"),
        ([1.5], "got 1.5"),
        ([True, 3], "got True"),
        ([[0], [1]], r"got \[0\]"),
    ],
)
def test_wrong_ways(given, message):
    with pytest.raises(ValueError, match=message):
        categorical_columns(given, mixed()[0])


def test_categories_in_their_order():
    """That of the dtype if it has one, else sorted; whatever the order of the rows."""
    X = pd.DataFrame(
        {
            "size": pd.Categorical(["L", "S", "M"], categories=["S", "M", "L", "XL"]),
            "name": ["b", "a", "b"],
            "kind": [3, 1, 2],
        }
    )
    table = fitted(X, ["size", "name", "kind"])
    assert table.categories == [["S", "M", "L"], ["a", "b"], [1, 2, 3]]
    assert fitted(X[::-1], ["size", "name", "kind"]).categories == table.categories
    assert fitted(X, ["size", "name", "kind"], declared=True).categories == [
        ["S", "M", "L", "XL", None],
        ["a", "b", None],
        [1, 2, 3, None],
    ]


def test_numbers_and_strings_are_different_categories():
    X = pd.DataFrame({"a": np.array(["1", 1, 2.5, True, "x"], dtype=object)})
    assert fitted(X).categories == [[1, 2.5, "1", "x"]]  # True is 1, as in Python


def test_what_was_not_there_in_training():
    X = pd.DataFrame({"a": [1.0, 3.0], "b": ["x", "y"], "c": [1.0, np.nan]})
    new = pd.DataFrame({"a": [np.nan, 5.0], "b": [None, "z"], "c": [np.nan, 1.0]})
    assert_allclose(fitted(X).encode(new), [[0.0, 0.0, 1.0, 2.0], [3.0, 0.0, 0.0, 2.0]])


def test_columns_without_spread():
    X = pd.DataFrame(
        {
            "constant": [0.1] * 10,
            "empty": [np.nan] * 10,
            "zero": [0.0] * 10,
            "far": 1e17 + np.zeros(10),
        }
    )
    x = fitted(X, []).encode(X)
    assert_allclose(x, [[0.0, 0.0, 0.0, 0.0, 1.0]] * 10, atol=1e-12)
    new = X.assign(constant=1.1, empty=7.0, zero=2.0)
    assert_allclose(fitted(X, []).encode(new)[:, :3], [[1.0, 0.0, 2.0]] * 10)


def test_numbers_far_out_are_standardised_in_double_precision(rng):
    z = rng.normal(size=50)
    X = pd.DataFrame({"time": 1.7e18 + 1e9 * z, "huge": 1e300 * z, "tiny": 1e-300 * z})
    x = fitted(X, []).encode(X)
    assert_allclose(x[:, 1:], np.tile((z - z.mean()) / z.std(), (2, 1)).T, rtol=1e-9)
    assert_allclose(x[:, 0], (z - z.mean()) / z.std(), rtol=1e-4)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1.0, np.inf], "infinity in the column 'bad'"),
        (["x", "y"], "The column 'bad' of X is not among categorical_features"),
        (
            pd.to_datetime(["2020-01-01", "2021-01-01"]),
            "'bad' of X holds datetime64.*days since a date",
        ),
    ],
)
def test_columns_that_are_no_numbers(column, message):
    X = pd.DataFrame({"good": [1.0, 2.0], "bad": column})
    with pytest.raises(ValueError, match=message):
        fitted(X, [0])
    with pytest.raises(ValueError, match=message):
        fitted(pd.DataFrame({"good": [1.0, 2.0], "bad": [1.0, 2.0]}), [0]).encode(X)


def test_a_number_beyond_all_floats_is_named():
    X = pd.DataFrame({"far": np.array([10**400, 1], dtype=object)})
    with pytest.raises(ValueError, match="number too large for float64 in the column 'far'"):
        fitted(X)


def test_values_that_are_no_categories():
    X = pd.DataFrame({"bad": np.array([{"a": 1}, "x"], dtype=object)})
    with pytest.raises(
        TypeError,
        match=r"column 'bad' of X holds values of type dict, but to be a category, an argument "
        r"must be a string",
    ):
        fitted(X)


def test_frames_of_polars_are_those_of_pandas():
    pl = pytest.importorskip("polars")
    values = {
        "number": [1.0, None],
        "integer": [1, None],
        "flag": [True, None],
        "string": ["a", None],
        "day": [datetime.date(2020, 1, 1)] * 2,
    }
    X = pl.DataFrame(values).with_columns(pl.Series("enum", ["b", None], dtype=pl.Enum(["a", "b"])))
    X = X.with_columns(pl.Series("category", ["b", "a"], dtype=pl.Categorical))
    frame = as_frame(X)
    assert list(frame.columns) == X.columns
    assert [frame.columns[j] for j in categorical_columns("from_dtype", frame)] == [
        "string",
        "enum",
        "category",
    ]
    assert list(frame["enum"].cat.categories) == ["a", "b"]
    assert_array_equal(frame.isna().to_numpy().sum(axis=0), [1, 1, 1, 1, 0, 1, 0])


def test_arrays_of_objects_have_columns_of_both_kinds():
    X, _ = mixed()
    table = fitted(as_frame(X.to_numpy(dtype=object)))
    assert table.categorical == [1, 3]
    assert_allclose(table.encode(as_frame(X.to_numpy(dtype=object))), fitted(X).encode(X))


def test_it_pickles():
    X, _ = mixed()
    table = fitted(X)
    assert_array_equal(pickle.loads(pickle.dumps(table)).encode(X), table.encode(X))


@pytest.mark.parametrize("weighted", [False, True])
def test_robust_scaling_is_that_of_robust_scaler_bounded(weighted, rng):
    """z / sqrt(1 + (z / 3)^2) is 3 sin(arctan(z / 3)). Weights are whole, so that repeating rows is
    the reference.
    """
    x = np.column_stack([rng.normal(5.0, 2.0, 101), rng.lognormal(0.0, 3.0, 101)])
    weight = rng.integers(1, 4, 101) if weighted else np.ones(101, int)
    frame = pd.DataFrame(x, columns=["a", "b"])
    codec = TableCodec("from_dtype", frame, "pandas", scaling="robust")
    codec.fit(frame, weight.astype(float), None, False)
    repeated = np.repeat(x, weight, axis=0)
    z = RobustScaler().fit(repeated).transform(x)
    near = 0.02 if weighted else 1e-12  # a quantile between two rows is one of them, or midway
    assert_allclose(codec.encode(frame), 3.0 * np.sin(np.arctan(z / 3.0)), rtol=near, atol=near)
    rows = codec.decode(codec.encode(frame), np.float64)
    assert_allclose(rows.to_numpy(), x, rtol=1e-6)


def test_robust_scaling_of_columns_without_a_quartile_range():
    """Half the range stands in for it; a constant stays, and what is far out comes to the bound."""
    frame = pd.DataFrame({"rare": [0.0] * 9 + [4.0], "same": 7.0, "far": [*range(9), 1e300]})
    codec = TableCodec("from_dtype", frame, "pandas", scaling="robust")
    codec.fit(frame, None, None, False)
    matrix = codec.encode(frame)
    assert_allclose(matrix[[0, 9], 0], [0.0, 2.0 / np.sqrt(1.0 + 4.0 / 9.0)])
    assert_array_equal(matrix[:, 1], 0.0)
    assert matrix[9, 2] == pytest.approx(3.0)


def test_the_slopes_of_robust_scaling_are_its_derivative(rng):
    frame = pd.DataFrame({"a": rng.standard_cauchy(50)})
    codec = TableCodec("from_dtype", frame, "pandas", scaling="robust")
    codec.fit(frame, None, None, False)
    h = 1e-5
    difference = (codec.encode(frame + h) - codec.encode(frame - h)) / (2.0 * h)
    assert_allclose(codec.slopes(codec.encode(frame)), difference, rtol=1e-5, atol=1e-9)


def test_rare_categories_share_the_number_of_unseen_ones():
    frame = pd.DataFrame(
        {"town": ["a"] * 5 + ["b"] * 3 + ["c"] + [None], "id": [f"row {k}" for k in range(10)]}
    )
    codec = TableCodec("from_dtype", frame, "pandas", min_frequency=3)
    codec.fit(frame, None, None, False)
    assert codec.categories[0] == ["a", "b"]
    assert_array_equal(codec.encode(frame)[:, 0], [0] * 5 + [1] * 3 + [2, 2])
    assert codec.categories[1] == ["row 0"]  # a column without any category would be no column
