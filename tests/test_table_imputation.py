"""Tables with missing values that an autoencoder fills in: how well, and with which dtypes."""

import pytest

pytest.importorskip("polars")

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from .table_autoencoders import quick, table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def as_polars(X):
    return pytest.importorskip("polars").from_pandas(X.reset_index(drop=True))


# ---- imputation


def dependent(seed, n=600):
    """Return a table whose columns depend on each other, and the same with missing values."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    X = pd.DataFrame(
        {"a": kind + 0.4 * rng.normal(size=n), "b": 3.0 * (kind % 2) + rng.normal(size=n)}
    )
    X["c"] = np.array(list("wxyz"), dtype=object)[kind]
    X["d"] = pd.Categorical(np.array(["p", "q"])[((kind > 1) ^ (rng.random(n) < 0.1)).astype(int)])
    missing = rng.random(X.shape) < 0.2
    return X, X.mask(missing), missing


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_imputation_by_what_the_other_columns_say(seed):
    X, some, missing = dependent(seed)
    setting = {
        "hidden_layer_sizes": (64,),
        "corruption": "masking",
        "learning_rate": "one_cycle",
        "max_iter": 100,
        "random_state": seed,
    }
    filled = quick(8, **setting, n_iter_no_change=np.inf).fit(some).impute(some)
    present = some.notna()
    assert_array_equal(
        filled.astype(object).to_numpy()[present], X.astype(object).to_numpy()[present]
    )
    assert list(filled.dtypes) == list(some.dtypes)
    for name in ("c", "d"):  # the most frequent: about 0.25 and 0.5
        right = (filled[name].astype(object) == X[name].astype(object))[
            missing[:, list(X.columns).index(name)]
        ].mean()
        assert right > 0.7, name
    for k, name in enumerate(("a", "b")):
        error = np.sqrt(np.mean(np.square(filled[name] - X[name])[missing[:, k]]))
        assert error < 0.85 * X[name].std(), name


def test_frames_keep_what_they_have():
    X = table()
    X["rank"] = pd.array(np.arange(200) % 5, dtype="Int64")
    X["size"] = X["age"].astype(np.float32)
    X["grade"] = pd.Categorical(
        np.array(["low", "high"])[np.arange(200) % 2], categories=["high", "low"], ordered=True
    )
    X.iloc[3, -3:] = pd.NA
    kept, model = X.copy(), quick().fit(X)
    filled = model.impute(X)
    pd.testing.assert_frame_equal(X, kept)
    assert_array_equal(filled.index, X.index)
    assert filled["grade"].dtype == X["grade"].dtype
    assert [str(filled[name].dtype) for name in ("rank", "size", "owner")] == [
        "float64",
        "float32",
        "bool",
    ]
    assert not filled.isna().any(axis=None)
    assert filled.drop(columns="rank")[X.notna().all(axis=1)].equals(
        X.drop(columns="rank")[X.notna().all(axis=1)]
    )
    P = as_polars(X)
    other = quick().fit(P).impute(P)
    assert {name: kind for name, kind in other.schema.items() if name != "rank"} == {
        n: k for n, k in P.schema.items() if n != "rank"
    }
    assert other.null_count().to_numpy().sum() == 0
    assert other["town"].to_list() == filled["town"].tolist()


def test_categories_of_any_type_come_back():
    polars = pytest.importorskip("polars")
    X = pd.DataFrame(
        {
            "flag": [True, None, False, True] * 25,
            "level": [1, 2, None, 3] * 25,
            "kind": ["u", None] * 50,
            "same": ["a"] * 100,
        }
    )
    X["flag"], X["level"] = X["flag"].astype("boolean"), X["level"].astype("Int64")
    P = polars.DataFrame(
        {"flag": [True, None, False, True] * 25, "level": [1, 2, None, 3] * 25, "same": ["a"] * 100}
    )
    P = P.with_columns(
        polars.Series("kind", ["u", None, "v", "u"] * 25, dtype=polars.Enum(["u", "v", "w"]))
    )
    for given, kinds in ((X, X.dtypes.tolist()), (P, P.dtypes)):
        model = quick(categorical_features=[0, 1, 2, 3]).fit(given)
        for back in (model.predict(given), model.impute(given)):
            assert list(back.dtypes) == kinds
            assert set(back["level"]) <= {1, 2, 3}
            assert set(back["flag"]) <= {True, False}
        assert model.inverse_transform(model.transform(given)).shape == given.shape
    assert model.impute(P).null_count().to_numpy().sum() == 0


@pytest.mark.parametrize(
    "columns", [["colour"], ["town"], ["colour", "town"], ["age"], ["income"]], ids=str
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_tables_of_one_kind_of_columns(columns, solver):
    X = table()[columns]
    model = quick(solver=solver).fit(X)
    assert model.feature_errors(X).shape == model.predict(X).shape == X.shape
    assert not model.impute(X).isna().any(axis=None)
    assert sorted(np.concatenate([numbers for _, numbers in model.loss_by_column_])) == list(
        range(len(columns))
    )
