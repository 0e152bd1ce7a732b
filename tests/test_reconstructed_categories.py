"""Tables that an autoencoder reconstructs have the categories of the fit, whatever dtype the rows
came with.
"""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest

from skmlp import Autoencoder

from .snapshots import assert_unchanged, state

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The column 'c' of X has no value"),
]
N = 400
X_NUMBER = np.random.default_rng(0).normal(size=N)
NEW = [2.0, 1.5, -1.5, -2.0]
SETTING = {
    "hidden_layer_sizes": (32,),
    "max_iter": 40,
    "batch_size": 40,
    "learning_rate_init": 0.02,
    "random_state": 0,
}
MISSING = {
    "float": pd.array([np.nan] * 4, dtype=float),
    "float32": pd.array([np.nan] * 4, dtype="float32"),
    "object": pd.array([None] * 4, dtype=object),
    "Int8": pd.array([pd.NA] * 4, dtype="Int8"),
    "Int64": pd.array([pd.NA] * 4, dtype="Int64"),
    "Float64": pd.array([pd.NA] * 4, dtype="Float64"),
    "boolean": pd.array([pd.NA] * 4, dtype="boolean"),
    "string": pd.array([pd.NA] * 4, dtype="string"),
    "datetime": pd.array([pd.NaT] * 4, dtype="datetime64[ns]"),
    "timedelta": pd.array([pd.NaT] * 4, dtype="timedelta64[ns]"),
    "period": pd.array([pd.NaT] * 4, dtype="period[D]"),
    "no categories": pd.Categorical([None] * 4),
    "categories of numbers": pd.Categorical([None] * 4, categories=[7, 8]),
    "categories of strings": pd.Categorical([None] * 4, categories=["lo", "mid"]),
}
each_pair = pytest.mark.parametrize(
    ("high", "low"),
    [("hi", "lo"), (300, 1), (2, 0), (2.5, 1.0), (0.1, 0.3), (True, False), (2**60 + 1, 2**60)],
    ids=str,
)


@cache
def fitted(high, low, dtype=None, form=pd.DataFrame):
    """Return an autoencoder that has learned that the category is ``high`` where the number is
    positive.
    """
    values = pd.Series(np.where(X_NUMBER > 0, high, low), dtype=dtype)
    X = form({"c": values if form is pd.DataFrame else values.tolist(), "x": X_NUMBER})
    return Autoencoder(4, categorical_features=["c"], **SETTING).fit(X)


def batch(values):
    return pd.DataFrame({"c": values, "x": NEW})


@each_pair
@pytest.mark.parametrize("missing", MISSING)
def test_a_column_of_missing_values_of_any_dtype(missing, high, low):
    model, rows = fitted(high, low), batch(MISSING[missing])
    for back in (model.predict(rows), model.impute(rows)):
        assert back["c"].tolist() == [high, high, low, low]
        assert back["x"].dtype == float


@each_pair
@pytest.mark.parametrize(
    "dtype", ["int8", "int64", "uint8", "float32", "float64", "bool", "object", "str", "category"]
)
def test_a_column_of_unseen_values(dtype, high, low):
    """Here also of seen ones, where a dtype makes them of 7; what comes back is what does from
    rows in the dtype of the fit.
    """
    model, given = fitted(high, low), pd.Series([7] * 4).astype(dtype)
    back = model.predict(batch(given))
    assert back["c"].tolist() == model.predict(batch(given.astype(object)))["c"].tolist()
    assert set(back["c"]) <= {high, low}
    if dtype != "category":
        pd.testing.assert_series_equal(model.impute(batch(given))["c"], given, check_names=False)


def test_a_dtype_is_kept_if_it_holds_all_categories():
    model = fitted(2, 0)
    for dtype in ("int8", "int64", "float32", "float64", "Int16", "object"):
        assert model.predict(batch(pd.Series([0, 2, 2, 0], dtype=dtype)))["c"].dtype == dtype
    assert model.predict(batch([False, True, True, False]))["c"].dtype == "int64"  # that of the fit
    assert fitted(1, 0).predict(batch([False, True, True, False]))["c"].tolist() == [
        True,
        True,
        False,
        False,
    ]
    assert fitted(2, 0, "Int8").predict(batch([np.nan, True, False, True]))["c"].dtype == object
    assert fitted(2, 0, "Int8").predict(batch([True, True, False, True]))["c"].dtype == "Int8"
    ordered = pd.CategoricalDtype(["lo", "hi"], ordered=True)
    assert (
        fitted("hi", "lo").predict(batch(pd.Series(["lo"] * 4, dtype=ordered)))["c"].dtype
        == ordered
    )


@pytest.mark.parametrize(
    ("high", "low"), [(300, 1), (2.5, 1.0), (True, False), ("hi", "lo")], ids=str
)
def test_a_dtype_of_categories_is_kept(high, low):
    dtype = pd.CategoricalDtype([high, low], ordered=True)
    rows = batch(pd.Series([high, None, None, low], dtype=dtype))
    model = fitted(high, low, dtype)
    assert model.impute(rows)["c"].tolist() == [high, high, low, low]
    assert model.impute(rows)["c"].dtype == model.predict(rows)["c"].dtype == dtype
    unseen = batch(
        pd.Series([7, None, None, 7], dtype="Int8")
    )  # which takes none of the categories
    assert model.impute(unseen)["c"].tolist() == [7, high, low, 7]


@pytest.mark.parametrize("setting", [{}, {"categorical_features": "from_dtype"}], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "Float32", "Sparse[float32]"])
def test_columns_of_floats_keep_their_precision(dtype, setting):
    X = pd.DataFrame({"x": X_NUMBER, "y": 2.0 * X_NUMBER}).astype({"y": dtype})
    rows = (
        X[:3]
        .assign(y=pd.array([0.5, None, 1.5], dtype="Float32").astype(dtype))
        .set_index([[4, 4, 2]])
    )
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "pandas.DataFrame with sparse columns found"
        )  # by scikit-learn
        back = Autoencoder(4, max_iter=1, random_state=0, **setting).fit(X).impute(rows)["y"]
    assert (back.dtype, back.index.tolist()) == (rows["y"].dtype, [4, 4, 2])
    assert back.tolist()[::2] == [0.5, 1.5]
    assert back.notna().all()


def test_known_values_stay_beside_those_filled_in():
    rows = batch(pd.array([7, pd.NA, pd.NA, 7], dtype="Int64"))
    assert fitted("hi", "lo").impute(rows)["c"].tolist() == [7, "hi", "lo", 7]
    assert fitted(2.5, 1.0).impute(rows)["c"].tolist() == [7, 2.5, 1.0, 7]
    assert fitted(300, 1).impute(rows)["c"].dtype == "Int64"


@pytest.mark.parametrize(
    ("high", "low"), [("hi", "lo"), (300, 1), (2.5, 1.0), (True, False)], ids=str
)
@pytest.mark.parametrize(
    "dtype",
    ["Null", "Float64", "Int8", "Boolean", "String", "Categorical", "Enum", "Date"],
)
def test_frames_of_polars(dtype, high, low):
    pl = pytest.importorskip("polars")
    dtype = pl.Enum(["lo", "mid"]) if dtype == "Enum" else getattr(pl, dtype)
    model = fitted(high, low, form=pl.DataFrame)
    rows = pl.DataFrame({"c": pl.Series([None] * 4, dtype=dtype), "x": NEW})
    for back in (model.predict(rows), model.impute(rows)):
        assert back["c"].to_list() == [high, high, low, low]
    same = rows.with_columns(c=pl.Series([low] * 4))
    assert model.predict(same)["c"].dtype == same["c"].dtype


def test_forms_may_differ_from_that_of_the_fit():
    pl = pytest.importorskip("polars")
    for model in (fitted("hi", "lo"), fitted("hi", "lo", form=pl.DataFrame)):
        wanted = ["hi", "hi", "lo", "lo"]
        assert model.predict(pl.DataFrame({"c": [None] * 4, "x": NEW}))["c"].to_list() == wanted
        assert model.predict(batch([None] * 4))["c"].tolist() == wanted
        floats = np.column_stack([np.full(4, np.nan), NEW])
        rows = [[None, x] for x in NEW]
        for given in (floats, rows):
            for method in (model.predict, model.impute):
                with pytest.warns(UserWarning, match="does not have valid feature names"):
                    back = method(given)
                assert back[:, 0].tolist() == wanted


def test_arrays_hold_large_whole_numbers():
    high, low = 2**60 + 1, 2**60
    X = np.empty((N, 2), dtype=object)
    X[:, 0], X[:, 1] = np.where(X_NUMBER > 0, high, low).tolist(), X_NUMBER
    model = Autoencoder(4, categorical_features=[0], **SETTING).fit(X)
    rows = np.column_stack([np.full(4, np.nan), NEW])
    for back in (
        model.predict(rows),
        model.impute(rows),
        model.inverse_transform(model.transform(rows)),
    ):
        assert back[:, 0].tolist() == [high, high, low, low]
    numbers = Autoencoder(1, categorical_features=[0], max_iter=1).fit(
        np.column_stack([X_NUMBER > 0, X_NUMBER])
    )
    assert numbers.impute([[None, 1.0], [1, None]]).dtype == float


# ---- columns whose values are all missing


EMPTY = {
    "declared": pd.Categorical([None] * N, categories=["p", "q"]),
    "declared numbers": pd.Categorical([None] * N, categories=[1, 2]),
    "category": pd.Categorical([None] * N),
    "object": pd.Series([None] * N, dtype=object),
    "float": np.full(N, np.nan),
    "string": pd.array([pd.NA] * N, dtype="string"),
    "Int64": pd.array([pd.NA] * N, dtype="Int64"),
}


def empty(values):
    return pd.DataFrame({"c": values, "x": X_NUMBER})


@pytest.mark.parametrize("values", EMPTY.values(), ids=EMPTY)
def test_a_categorical_column_without_a_known_value_is_refused(values):
    model = Autoencoder(1, categorical_features=["c"], max_iter=1)
    message = (
        r"values of X are missing in the columns \['c'\], so that nothing can be learned of them; "
        r"leave them out"
    )
    for call in (
        lambda: model.fit(empty(values)),
        lambda: model.fit(empty(values), X_val=empty("u")),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert not hasattr(model, "n_features_in_")


def test_other_forms_without_a_known_value_are_refused():
    rows = np.column_stack([np.full(N, None), X_NUMBER])
    model = Autoencoder(1, categorical_features=[0], max_iter=1)
    for X in (rows, rows.tolist()):
        with pytest.raises(ValueError, match="values of X are missing"):
            model.fit(X)
    pl = pytest.importorskip("polars")
    with pytest.raises(ValueError, match="values of X are missing"):
        model.fit(pl.DataFrame({"c": pl.Series([None] * N, dtype=pl.String), "x": X_NUMBER}))


def test_only_rows_trained_on_count():
    X = empty(np.where(np.arange(N) < 100, "u", None))
    model = Autoencoder(1, categorical_features=["c"], max_iter=1, random_state=0).fit(X)
    before = state(model, X)
    with pytest.raises(ValueError, match=r"\['c'\]"):
        model.fit(X, sample_weight=np.arange(N) >= 100)
    assert_unchanged(before, state(model, X))
    model.set_params(early_stopping=True, validation_cv=[(np.arange(100, N), np.arange(100))])
    with pytest.raises(ValueError, match=r"\['c'\]"):
        model.fit(X)
    with pytest.raises(ValueError, match=r"columns \['c', 'x'\]"):
        Autoencoder(1, categorical_features=["c"]).fit(empty(None).assign(x=np.nan))


def test_declared_categories_are_known_to_a_first_partial_fit():
    model = Autoencoder(1, categorical_features=["c"]).partial_fit(empty(EMPTY["declared"]))
    assert set(model.predict(empty(EMPTY["declared"]))["c"]) <= {"p", "q"}
    with pytest.raises(ValueError, match="leave them out, or begin with rows that have some"):
        Autoencoder(1, categorical_features=["c"]).partial_fit(empty(EMPTY["object"]))
