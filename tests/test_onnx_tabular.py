"""The estimators for tables converted to ONNX: the mean of their members, in tables and in what
contains them, against the estimator.
"""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
from numpy.testing import assert_array_equal
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmlp import TabularMLPClassifier, TabularMLPRegressor
from skmlp.onnx._convert import to_onnx

from .onnx_runs import assert_near, clear, columns_of, outputs, strange
from .tables import mixed

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
NAMES = np.array(["no", "maybe", "yes"])


def quick(cls, dtype="float32", **setting):
    usual = {"n_estimators": 3, "hidden_layer_sizes": (8,), "max_iter": 10, "random_state": 0}
    return cls(**usual, member_params={"dtype": dtype, **setting})


@each_dtype
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifiers(n_classes, dtype):
    X, y = mixed(n_classes=n_classes)
    model = quick(TabularMLPClassifier, dtype).fit(X, NAMES[y])
    assert np.ptp(model.sharpness_) > 0.0
    graph = to_onnx(model, X, dtype=dtype)
    assert [entry.name for entry in graph.graph.input] == list(X.columns)
    for rows in (X, strange(X), X[:1]):
        got = outputs(graph, columns_of(rows, dtype))
        assert set(got) == {"label", "probabilities"}
        sure = clear(model, rows)
        assert_array_equal(got["label"][sure], model.predict(rows)[sure])
        assert_near(got["probabilities"], model.predict_proba(rows), dtype)


@each_dtype
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_regressors(n_outputs, dtype):
    X, y = mixed(n_classes=5)
    y = 3.0 * y - 100.0
    target = y if n_outputs == 1 else np.column_stack([y, -y])
    model = quick(TabularMLPRegressor, dtype).fit(X, target)
    rows = strange(X)
    alone = np.array([member.predict(rows) for member in model.estimators_])
    assert (alone > model._range[1]).any()
    (got,) = outputs(to_onnx(model, X, dtype=dtype), columns_of(rows, dtype)).values()
    assert got.shape == (len(X), n_outputs)
    assert_near(got, model.predict(rows), dtype)


def test_the_table_is_encoded_once():
    X, y = mixed()
    graph = to_onnx(quick(TabularMLPClassifier).fit(X, y), X).graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("LabelEncoder") == 2  # columns of strings
    assert kinds.count("IsNaN") == 1
    assert kinds.count("Softmax") + kinds.count("Sigmoid") == 1


def test_settings_of_members_go_with_it():
    X, y = mixed()
    setting = {"batch_norm": True, "numeric_embedding": "piecewise_linear", "input_scale": True}
    model = quick(TabularMLPRegressor, **setting).fit(X, y)
    got = outputs(to_onnx(model, X), columns_of(strange(X)))
    assert_near(got["prediction"], model.predict(strange(X)))


def test_what_contains_them():
    X, y = mixed()
    inputs = columns_of(X)
    search = GridSearchCV(quick(TabularMLPClassifier), {"dropout": [0.0, 0.1]}, cv=2).fit(X, y)
    assert_near(outputs(to_onnx(search, X), inputs)["probabilities"], search.predict_proba(X))
    voting = VotingClassifier(
        [("a", quick(TabularMLPClassifier)), ("b", quick(TabularMLPClassifier, activation="relu"))],
        voting="soft",
        flatten_transform=False,
    ).fit(X, y)
    assert_near(outputs(to_onnx(voting, X), inputs)["probabilities"], voting.predict_proba(X))


def test_pipelines_and_bags():
    X, y = mixed()
    numbers = X[["age", "income"]]
    steps = make_column_transformer((SimpleImputer(), ["age", "income"]))
    pipeline = make_pipeline(steps, quick(TabularMLPRegressor)).fit(numbers, y)
    got = outputs(to_onnx(pipeline, numbers), columns_of(numbers))
    assert_near(got["prediction"], pipeline.predict(numbers))
    rows = numbers.to_numpy(np.float32)
    bag = BaggingRegressor(quick(TabularMLPRegressor), n_estimators=2, random_state=0).fit(rows, y)
    (got,) = outputs(to_onnx(bag, rows), rows).values()
    assert_near(got, bag.predict(rows))


@pytest.mark.parametrize("zipmap", [True, "columns"])
def test_forms_of_probabilities(zipmap):
    X, y = mixed(n_classes=3)
    model = quick(TabularMLPClassifier).fit(X, NAMES[y])
    got = outputs(to_onnx(model, X, zipmap=zipmap), columns_of(X))
    if zipmap is True:
        columns = [[row[name] for row in got["output_probability"]] for name in model.classes_]
    else:
        _, *columns = [values.ravel() for values in got.values()]
    assert_near(np.array(columns, np.float32).T, model.predict_proba(X))


def test_other_methods_are_refused():
    X, y = mixed()
    model = quick(TabularMLPRegressor).fit(X, y)
    with pytest.raises(ValueError, match="is for skmlp's networks, but what predicts here is Tab"):
        to_onnx(model, X, method="transform")
