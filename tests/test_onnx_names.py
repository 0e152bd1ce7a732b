"""Inputs of a graph have the names of the frame's columns, whatever these are."""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmlp import Autoencoder, AutoencoderImputer, MLPClassifier, OutlierAutoencoder
from skmlp.onnx._convert import to_onnx

from .onnx_runs import assert_near, outputs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NAMES = ["mean radius", "größe (cm)", "a b", "a_b", "left out!"]


def frame(names=NAMES):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.normal(size=(60, len(names))) + 10.0 * np.arange(len(names)), columns=names
    )
    return X, (X.iloc[:, 0] + X.iloc[:, -1] > 10.0 * (len(names) - 1)).astype(int)


def with_towns():
    X, y = frame()
    return X.assign(**{"town, part": np.array(["north", "south"])[np.arange(60) % 2]}), y


def quick(**setting):
    return MLPClassifier((8,), **{"max_iter": 3, "random_state": 0, **setting})


def columns_of(X):
    """Return the inputs by the names of the columns themselves."""
    return {
        name: X[[name]].to_numpy(np.float32 if X[name].dtype == float else object) for name in X
    }


PARTS = make_column_transformer(
    (StandardScaler(), ["a b", "größe (cm)"]),
    (OneHotEncoder(sparse_output=False), ["town, part"]),
    ("passthrough", ["a_b"]),
)
MODELS = {
    "network": (quick(), frame),
    "pipeline": (make_pipeline(StandardScaler(), quick()), frame),
    "column transformer": (make_pipeline(PARTS, quick()), with_towns),
    "table": (quick(categorical_features="from_dtype"), with_towns),
    "vote": (
        VotingClassifier(
            [("a", quick()), ("b", quick(alpha=1.0))], voting="soft", flatten_transform=False
        ),
        frame,
    ),
    "neighbours": (make_pipeline(quick(), KNeighborsClassifier()), frame),
}


@pytest.mark.parametrize("name", MODELS)
def test_columns_are_inputs_under_their_own_names(name):
    model, data = MODELS[name]
    X, y = data()
    graph = to_onnx(model.fit(X, y), X)
    assert [entry.name for entry in graph.graph.input] == list(X.columns)
    got = outputs(graph, columns_of(X))
    assert_near(got["probabilities"], model.predict_proba(X))


def test_detectors():
    X, _ = frame()
    detector = OutlierAutoencoder(random_state=0).fit(X)
    assert_near(
        outputs(to_onnx(detector, X), columns_of(X))["scores"], detector.decision_function(X)
    )


@pytest.mark.parametrize(
    "names",
    [["a_b", "a b", "a-b", "a_b1"], ["cast", "concat", "constant 1", "X"], ["1", "x.y", "ß"]],
    ids=str,
)
def test_names_that_are_hard_to_tell_apart(names):
    X, y = frame(names)
    model = quick().fit(X, y)
    graph = to_onnx(model, X)
    assert [entry.name for entry in graph.graph.input] == names
    assert_near(outputs(graph, columns_of(X))["probabilities"], model.predict_proba(X))


def test_an_output_keeps_its_name():
    X, y = frame(["label", "a b", "label1"])
    graph = to_onnx(quick().fit(X, y), X)
    names = [entry.name for entry in graph.graph.input]
    assert names[1] == "a b"
    assert len({*names, "label"}) == 4
    assert [entry.name for entry in graph.graph.output] == ["label", "probabilities"]


def test_what_has_no_place_in_a_graph():
    X, y = frame(["a", ""])
    with pytest.raises(ValueError, match="a column whose name is ''"):
        to_onnx(quick().fit(X, y), X)
    X, y = frame()
    for far in (2**63 + 5, 2**64 - 1):
        model = quick().fit(X, np.where(y, far, 3).astype(np.uint64))
        with pytest.raises(
            ValueError, match=f"class {far} is no int64.*turn the labels into strings"
        ):
            to_onnx(model, X)
    model = quick().fit(X, np.where(y, 2**63 - 1, 3).astype(np.uint64))
    assert set(outputs(to_onnx(model, X), columns_of(X))["label"]) <= {2**63 - 1, 3}
    for imputer in (AutoencoderImputer(), make_pipeline(AutoencoderImputer(), quick())):
        with pytest.raises(ValueError, match="AutoencoderImputer cannot be converted"):
            to_onnx(imputer.fit(X, y), X)


def test_an_error_beyond_all_numbers_is_that_of_an_outlier():
    X = np.random.default_rng(0).normal(size=(60, 3))
    detector = OutlierAutoencoder(
        Autoencoder(2, (8,), max_iter=2, dtype="float64"), random_state=0
    ).fit(X)
    far = 1.7e308 * np.array(
        [[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, 1.0]]
    )
    got = outputs(to_onnx(detector, X, dtype="float64"), far)
    assert (got["label"] == -1).all()
    assert (got["scores"] == -np.inf).all()
