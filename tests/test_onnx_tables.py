"""Tables converted to ONNX: numbers, categories of every type, missing values in both and
categories never seen, against the estimator.
"""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
import pandas as pd
import skl2onnx
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.model_selection import GridSearchCV

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp.onnx._convert import to_onnx
from skmlp.onnx._estimators import register

from .onnx_runs import assert_near, columns_of, outputs, strange
from .problems import curve
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def quick(cls=MLPClassifier, hidden=(8,), **setting):
    usual = {
        "categorical_features": "from_dtype",
        "max_iter": 3,
        "learning_rate_init": 0.02,
        "random_state": 0,
    }
    return cls(hidden_layer_sizes=hidden, **{**usual, **setting})


@each_dtype
@pytest.mark.parametrize("embedding_dim", [None, 2])
def test_seen_unseen_and_missing_values(dtype, embedding_dim):
    X, y = mixed(n_classes=3)
    names = np.array(["no", "maybe", "yes"])
    model = quick(dtype=dtype, embedding_dim=embedding_dim, max_iter=10).fit(X, names[y])
    graph = to_onnx(model, X, dtype=dtype)
    assert [entry.name for entry in graph.graph.input] == list(X.columns)
    for rows in (X, strange(X), X[:1]):
        got = outputs(graph, columns_of(rows, dtype))
        wanted = model.predict_proba(rows)
        sure = np.diff(np.sort(wanted, axis=1)[:, -2:], axis=1)[:, 0] > 1e-4
        assert_array_equal(got["label"][sure], model.predict(rows)[sure])
        assert_near(got["probabilities"], wanted, dtype)
    assert not np.allclose(model.predict_proba(strange(X)), model.predict_proba(X), atol=1e-2)


@each_dtype
def test_regressors_and_hidden_representations(dtype):
    X, y = mixed()
    model = quick(
        MLPRegressor, (5, 5), dtype=dtype, skip_connections="add", auxiliary_loss_weight=0.3
    ).fit(X, y)
    rows = strange(X)
    got = outputs(to_onnx(model, X, dtype=dtype), columns_of(rows, dtype))
    assert_near(got["prediction"], model.predict(rows), dtype)
    got = outputs(to_onnx(model, X, dtype=dtype, method="transform"), columns_of(rows, dtype))
    assert_near(got["hidden"], model.transform(rows), dtype)


CATEGORIES = {
    "strings": ["", "é", "None", "b c"],
    "whole numbers": [3, -7, 2**53 + 1, 2**53],
    "numbers": [0.1, -2.5, 1e-30, 7.0],
    "flags": [True, False],
}


@each_dtype
@pytest.mark.parametrize("kind", CATEGORIES)
@pytest.mark.parametrize("missing", [False, True])
def test_categories_of_every_type(kind, missing, dtype):
    """One column each; what the graph gives is compared per category, so a category must not be
    taken for another.
    """
    known = CATEGORIES[kind][2 * (missing and kind == "strings") :][
        : 2 if missing and kind == "whole numbers" else None
    ]
    other = {"strings": "e", "whole numbers": 4, "numbers": 0.2, "flags": None}[kind]
    values = [*known, *([None] if missing else [])]
    y = np.random.default_rng(0).normal(size=len(values))
    train = pd.DataFrame({"c": pd.Series(values, dtype=object), "x": 0.0})
    model = quick(MLPRegressor, (), categorical_features=["c"], dtype="float64", max_iter=200).fit(
        pd.concat([train] * 20), np.tile(y, 20)
    )
    rows = pd.DataFrame(
        {"c": pd.Series([*values, *([] if other is None else [other])], dtype=object), "x": 0.0}
    )
    wanted = model.predict(rows)
    assert len(set(wanted.round(3))) == len(wanted)
    column = rows["c"].where(rows["c"].notna(), "" if kind == "strings" else np.nan)
    as_type = object if kind == "strings" else dtype if missing or kind == "numbers" else None
    column = np.array(column.tolist(), dtype=as_type).reshape(-1, 1)
    got = outputs(
        to_onnx(model, train, dtype=dtype), {"c": column, "x": rows[["x"]].to_numpy(dtype)}
    )
    assert_near(got["prediction"], wanted, dtype)


@pytest.mark.filterwarnings("ignore:The column 'town' of X has no value that was there in the fit")
def test_a_column_of_nothing_but_holes():
    X, y = mixed()
    X = X.assign(town=np.nan, income=np.nan)
    model = quick(categorical_features=["colour", "town"]).fit(X, y)
    assert model._codec.categories[1] == [None]
    rows = X.assign(town=np.where(np.arange(len(X)) % 2, np.nan, 3.0))
    for dtype in ("float32", "float64"):
        got = outputs(to_onnx(model, X, dtype=dtype), columns_of(rows, dtype))
        assert_near(got["probabilities"].astype("float32"), model.predict_proba(rows))


@pytest.mark.parametrize("categorical", [[], [1, 3], [0, 1, 2, 3]], ids=str)
def test_an_array_is_one_input(categorical):
    X, y = curve()
    X = np.where(np.isin(np.arange(4), [1, 3]), np.round(X), X).astype(np.float32)
    X[::11, 1] = X[::7, 2] = np.nan
    model = quick(MLPRegressor, categorical_features=categorical).fit(X, y)
    rows = np.vstack([X, X[:5] + 100.0])
    graph = to_onnx(model, X)
    assert [entry.name for entry in graph.graph.input] == ["X"]
    assert_near(outputs(graph, rows)["prediction"], model.predict(rows))
    bagging = BaggingRegressor(model, n_estimators=2, random_state=0).fit(X, y)
    (got,) = outputs(to_onnx(bagging, X), rows).values()
    assert_near(got, bagging.predict(rows))


@settings(max_examples=15, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["number", "word", "whole", "flag"]), min_size=1, max_size=5),
    with_missing=st.booleans(),
    early_stopping=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_any_table(kinds, with_missing, early_stopping, seed):
    rng = np.random.default_rng(seed)
    n = 60
    make = {
        "number": lambda: rng.normal(size=n).astype(np.float32).astype(float),
        "word": lambda: rng.choice(np.array(["a", "b", "ccc", "ß"], dtype=object), n),
        "whole": lambda: rng.integers(0, 4, n).astype(float if with_missing else int),
        "flag": lambda: rng.random(n) < 0.5,
    }
    X = pd.DataFrame({f"{kind}{j}": make[kind]() for j, kind in enumerate(kinds)})
    for name in X.columns:
        if with_missing and not name.startswith("flag"):
            X.loc[rng.random(n) < 0.2, name] = None
    categorical = [name for name in X.columns if name.startswith(("word", "whole"))]
    model = quick(categorical_features=categorical, early_stopping=early_stopping).fit(
        X, rng.integers(0, 2, n)
    )
    rows = X.sample(frac=1.0, random_state=0)
    got = outputs(to_onnx(model, X), columns_of(rows))
    assert_near(got["probabilities"], model.predict_proba(rows))


def test_a_batch_that_declares_its_categories():
    """The first partial_fit reserves a vector for what is missing, and for what only the dtype
    knows.
    """
    X, y = mixed()
    X["colour"] = X["colour"].cat.add_categories(["violet"])
    model = quick().partial_fit(X, y, classes=[0, 1])
    rows = strange(X)
    got = outputs(to_onnx(model, X), columns_of(rows))
    assert_near(got["probabilities"], model.predict_proba(rows))


def test_frames_of_polars():
    pl = pytest.importorskip("polars")
    X, y = mixed()
    frame = pl.DataFrame(
        {
            "age": X["age"].to_numpy(),
            "town": [town if isinstance(town, str) else None for town in X["town"]],
            "owner": X["owner"].tolist(),
        }
    )
    model = quick().fit(frame, y)
    got = outputs(to_onnx(model, frame), columns_of(X[["age", "town", "owner"]]))
    assert_near(got["probabilities"], model.predict_proba(frame))


def test_what_contains_tables():
    X, y = mixed()
    inputs = columns_of(X)
    search = GridSearchCV(quick(), {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    assert_near(outputs(to_onnx(search, X), inputs)["probabilities"], search.predict_proba(X))
    voting = VotingClassifier(
        [("a", quick()), ("b", quick(hidden=(3,)))], voting="soft", flatten_transform=False
    ).fit(X, y)
    assert_near(outputs(to_onnx(voting, X), inputs)["probabilities"], voting.predict_proba(X))


def test_forms_of_probabilities():
    X, y = mixed()
    X = X[["town", "age", "colour"]]  # text first
    model = quick().fit(X, y)
    got = outputs(to_onnx(model, X, zipmap=True), columns_of(X))
    assert_near(
        np.array([[row[k] for k in (0, 1)] for row in got["output_probability"]], "float32"),
        model.predict_proba(X),
    )
    got = outputs(to_onnx(model, X, zipmap="columns"), columns_of(X))
    assert_near(np.column_stack([got["i0"], got["i1"]]), model.predict_proba(X))
    for zipmap in (True, "columns"):
        with pytest.raises(
            ValueError, match="has no form in float64 here; take zipmap=False, or dtype='float32'"
        ):
            to_onnx(model, X, zipmap=zipmap, dtype="float64")


def test_types_of_ones_own():
    X, y = mixed()
    model = quick().fit(X[["age", "town"]], y)
    types = [("age", Int64TensorType([None, 1])), ("town", StringTensorType([None, 1]))]
    rows = X[["age", "town"]].round()
    inputs = {**columns_of(rows), "age": rows[["age"]].to_numpy(np.int64)}
    assert_near(
        outputs(to_onnx(model, initial_types=types), inputs)["probabilities"],
        model.predict_proba(rows),
    )
    register()
    got = outputs(skl2onnx.to_onnx(model, initial_types=types, options={"zipmap": False}), inputs)
    assert_near(got["probabilities"], model.predict_proba(rows))


@pytest.mark.parametrize("opset", [13, 17, 21])
@each_dtype
def test_operator_sets(opset, dtype):
    X, y = mixed()
    X["owner"] = X["owner"].astype(int)
    model = quick(categorical_features=["colour", "town", "owner"], dtype=dtype).fit(X, y)
    converted = to_onnx(model, X, dtype=dtype, target_opset=opset)
    assert max(entry.version for entry in converted.opset_import if entry.domain == "") == opset
    assert_near(
        outputs(converted, columns_of(X, dtype))["probabilities"], model.predict_proba(X), dtype
    )


# ---- what cannot be converted


def fitted(column, **setting):
    X = pd.DataFrame({"c": pd.Series(column, dtype=object), "x": np.arange(len(column)) / 3.0})
    return X, quick(MLPRegressor, **{"categorical_features": ["c"], **setting}).fit(X, X["x"])


def test_what_has_no_form_in_onnx_is_refused_by_name():
    X, model = fitted(["a", 1, "b", 2])
    floats = [("c", FloatTensorType([None, 1])), ("x", FloatTensorType([None, 1]))]
    with pytest.raises(
        ValueError,
        match=r"column 'c' has the categories \[1, 2, 'a', 'b'\]; .* all strings or all numbers",
    ):
        to_onnx(model, initial_types=floats)
    with pytest.raises(
        ValueError, match="column 'c' of X must have numbers, booleans or strings, not object"
    ):
        to_onnx(model, X)
    X, model = fitted(["", None, "b", "b"])
    with pytest.raises(ValueError, match="column 'c' has both '' and missing values"):
        to_onnx(model, X)
    X, model = fitted([b"a", b"b"])
    with pytest.raises(ValueError, match="column 'c' has the categories"):
        to_onnx(model, initial_types=floats)
    X, model = fitted([1.0, 1.0 + 1e-12, 2.0])
    with pytest.raises(
        ValueError,
        match=r"column 'c' has categories that are one number in float32; take .*dtype='float64'",
    ):
        to_onnx(model, X)
    assert_near(
        outputs(to_onnx(model, X, dtype="float64"), columns_of(X.astype(float), "float64"))[
            "prediction"
        ],
        model.predict(X),
        "float64",
    )


def test_inputs_of_another_type_than_the_table_are_refused():
    X, model = fitted(["a", "b", "c"])
    number, word = FloatTensorType([None, 1]), StringTensorType([None, 1])
    with pytest.raises(
        ValueError,
        match="categories of the column 'c' are strings, such "
        "as 'a', but the graph gives it numbers",
    ):
        to_onnx(model, initial_types=[("c", number), ("x", number)])
    with pytest.raises(
        ValueError, match="column 'x' holds numbers, but the graph gives it strings"
    ):
        to_onnx(model, initial_types=[("c", word), ("x", word)])
    with pytest.raises(ValueError, match="has 2 columns, but the inputs of the graph have"):
        to_onnx(model, initial_types=[("c", StringTensorType([None, None]))])
    with pytest.raises(ValueError, match="give a data frame"):
        to_onnx(model, X.to_numpy(object))
    with pytest.raises(ValueError, match="column 'c' of X has missing values only"):
        to_onnx(model, X.assign(c=pd.Series([None] * 3, dtype=object)))
    X, model = fitted([1, 2, 3])
    with pytest.raises(
        ValueError,
        match="categories of the column 'c' are numbers, such as 1, but the graph gives it strings",
    ):
        to_onnx(model, initial_types=[("c", word), ("x", number)])


@each_dtype
def test_of_an_autoencoder_of_a_table_the_code(dtype):
    X, _ = mixed()
    model = quick(Autoencoder, dtype=dtype).fit(X)
    graph = to_onnx(model, X, dtype=dtype)
    for rows in (X, strange(X)):
        assert_near(outputs(graph, columns_of(rows, dtype))["code"], model.transform(rows), dtype)
    detector = OutlierAutoencoder(quick(Autoencoder)).fit(X)
    for estimator, method in ((model, "predict"), (model, "score_samples"), (detector, None)):
        with pytest.raises(ValueError, match=r"only transform .*behind a ColumnTransformer"):
            to_onnx(estimator, X, method=method)


def test_objects_that_are_numbers_and_booleans_are_floats():
    X = pd.DataFrame({"a": np.array([1, 2.5, None, True] * 10, dtype=object), "b": 1.0})
    X.loc[::3, "b"] = 2.0
    model = quick(MLPRegressor).fit(X, np.arange(40.0))
    rows = {name: X[[name]].to_numpy(np.float32) for name in X}
    assert_near(outputs(to_onnx(model, X), rows)["prediction"], model.predict(X))
