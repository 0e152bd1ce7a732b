"""What contains estimators, converted to ONNX: pipelines, column transformers, ensembles,
searches, and what is refused of them.
"""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
import pandas as pd
import skl2onnx
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.onnx._convert import to_onnx
from skmlp.onnx._estimators import register

from .onnx_runs import assert_near, assert_same_classifier, outputs, quick
from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def table(n=120):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": rng.normal(40, 9, n),
            "town": rng.choice(["Oslo", "Rome"], n),
            "rooms": rng.integers(1, 6, n),
        }
    )
    return X, ((X["age"] > 40) ^ (X["town"] == "Rome")).to_numpy().astype(int)


def test_a_data_frame_has_an_input_for_each_column():
    X, y = table()
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), ["age", "rooms"]), ("names", OneHotEncoder(), ["town"])]
    )
    model = make_pipeline(columns, quick(MLPClassifier, max_iter=30)).fit(X, y)
    inputs = {
        "age": X[["age"]].to_numpy(np.float32),
        "town": X[["town"]].to_numpy(object),
        "rooms": X[["rooms"]].to_numpy(np.int64),
    }
    assert_same_classifier(model, X, outputs(to_onnx(model, X), inputs))


def test_an_estimator_alone_takes_the_columns_of_a_data_frame():
    X, y = curve()
    X = pd.DataFrame(X, columns=list("abcd"))
    model = quick(MLPRegressor, dtype="float64").fit(X, y)
    got = outputs(to_onnx(model, X), {name: X[[name]].to_numpy(np.float32) for name in X})
    assert_near(got["prediction"], model.predict(X))
    rounded = X.assign(a=X["a"].round().astype(int))
    got = outputs(
        to_onnx(model, rounded, dtype="float64"),
        {name: rounded[[name]].to_numpy() for name in rounded},
    )
    assert_near(got["prediction"], model.predict(rounded), "float64")
    with pytest.raises(
        ValueError,
        match=r"columns of the fit in their order, \['a', 'b', 'c', 'd'\], but it has \['d', 'c', "
        r"'b', 'a'\]",
    ):
        to_onnx(model, X[list("dcba")])


@pytest.mark.parametrize(
    "ensemble",
    [
        BaggingClassifier(quick(MLPClassifier), n_estimators=3, max_features=0.6, random_state=0),
        BaggingClassifier(
            make_pipeline(StandardScaler(), quick(MLPClassifier)), n_estimators=2, random_state=0
        ),
        VotingClassifier(
            [("a", quick(MLPClassifier)), ("b", LogisticRegression())],
            voting="soft",
            flatten_transform=False,
        ),
        StackingClassifier(
            [("a", quick(MLPClassifier)), ("b", LogisticRegression())], LogisticRegression(), cv=2
        ),
        GridSearchCV(
            make_pipeline(StandardScaler(), quick(MLPClassifier)),
            {"mlpclassifier__alpha": [0.0, 1.0]},
            cv=2,
        ),
        make_pipeline(
            StandardScaler(), GridSearchCV(quick(MLPClassifier), {"alpha": [0.0, 1.0]}, cv=2)
        ),
    ],
    ids=["bagging", "bagging of pipelines", "voting", "stacking", "search", "search at the end"],
)
def test_ensembles_and_searches(ensemble):
    X, y = blobs(3)
    model = ensemble.fit(X, y)
    assert_same_classifier(model, X, outputs(to_onnx(model, X), X.astype(np.float32)))


@pytest.mark.parametrize(
    "ensemble",
    [
        BaggingRegressor(quick(MLPRegressor), n_estimators=3, random_state=0),
        VotingRegressor([("a", quick(MLPRegressor)), ("b", LinearRegression())]),
        GridSearchCV(quick(MLPRegressor), {"alpha": [0.0, 1.0]}, cv=2),
    ],
    ids=["bagging", "voting", "search"],
)
def test_ensembles_of_regressors(ensemble):
    X, y = curve()
    model = ensemble.fit(X, y)
    (got,) = outputs(to_onnx(model, X), X.astype(np.float32)).values()
    assert_near(got, model.predict(X))


@pytest.mark.parametrize(
    "features",
    [
        quick(MLPClassifier),
        quick(Autoencoder, n_components=3),
        make_pipeline(StandardScaler(), quick(MLPClassifier)),
        FeatureUnion([("a", quick(MLPClassifier)), ("b", StandardScaler())]),
        ColumnTransformer(
            [
                ("a", quick(MLPClassifier), [0, 1, 2]),
                ("b", quick(Autoencoder, n_components=2), [1, 2, 3, 4]),
            ]
        ),
    ],
    ids=["classifier", "autoencoder", "pipeline", "union", "columns"],
)
def test_within_a_pipeline_it_is_a_transformer(features):
    X, y = blobs(3)
    model = make_pipeline(features, LogisticRegression()).fit(X, y)
    assert_same_classifier(model, X, outputs(to_onnx(model, X), X.astype(np.float32)))


def test_ensembles_whose_conversion_would_be_wrong_are_refused():
    X, y = blobs(3)
    with pytest.raises(
        ValueError, match=r"asks MLPClassifier for probabilities, but its loss, Hinge\(\), has none"
    ):
        to_onnx(BaggingClassifier(quick(MLPClassifier, loss="hinge"), n_estimators=2).fit(X, y), X)
    X, y = curve(n_outputs=2)
    with pytest.raises(
        ValueError,
        match=r"takes the prediction of MLPRegressor for one number, but its shape is \[2\]",
    ):
        to_onnx(BaggingRegressor(quick(MLPRegressor), n_estimators=2).fit(X, y), X)


def test_members_of_bagging_that_saw_some_of_the_classes():
    """Those that take weights know of all classes; pipelines are given the rows that were drawn."""
    X, y = blobs(3)
    y = np.where(np.arange(len(y)) < 2, 7, y)  # two rows of a fourth class
    setting = {"n_estimators": 5, "max_samples": 0.2, "random_state": 0}
    model = BaggingClassifier(quick(MLPClassifier), **setting).fit(X, y)
    assert_near(
        outputs(to_onnx(model, X), X.astype(np.float32))["probabilities"], model.predict_proba(X)
    )
    model = BaggingClassifier(make_pipeline(StandardScaler(), quick(MLPClassifier)), **setting).fit(
        X, y
    )
    register()
    for convert in (to_onnx, skl2onnx.to_onnx):
        with pytest.raises(
            ValueError, match="member of the BaggingClassifier saw 3 of its 4 classes"
        ):
            convert(model, X.astype(np.float32))


@pytest.mark.parametrize(
    "features",
    [
        make_pipeline(quick(MLPClassifier), LogisticRegression()),
        make_pipeline(StandardScaler(), quick(MLPRegressor), LinearRegression()),
        FeatureUnion([("a", quick(MLPRegressor)), ("b", StandardScaler())]),
        FeatureUnion(
            [("a", quick(MLPRegressor)), ("b", StandardScaler())], transformer_weights={"a": 2.0}
        ),
        ColumnTransformer([("a", quick(MLPRegressor), [0, 1]), ("b", StandardScaler(), [2, 3])]),
        make_pipeline(
            ColumnTransformer([("a", quick(MLPClassifier), [0, 1])]), LogisticRegression()
        ),
    ],
    ids=["pipeline", "regressor", "union", "weights", "columns", "one of the columns"],
)
def test_skl2onnx_alone_must_be_told_what_is_a_transformer(features):
    X, y = blobs(3)
    model = features.fit(X, y)
    register()
    rows = X.astype(np.float32)
    with pytest.raises(ValueError, match=r"would become features of .*'method': 'transform'"):
        skl2onnx.to_onnx(model, rows)
    wanted = outputs(to_onnx(model, rows), rows)
    assert len(wanted) in (1, 2)
