"""Whole estimators converted to ONNX: outputs and their names, and labels of every type."""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, nn
from skmlp.onnx._convert import to_onnx

from .onnx_runs import assert_near, assert_same_classifier, clear, outputs, quick, rows_to_try
from .problems import blobs, curve, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NAMES = {
    "int": np.array([3, -7, 2**40]),
    "str": np.array(["no", "maybe", "ja, sí"]),
    "object": np.array(["no", "maybe", "yes"], dtype=object),
    "float": np.array([0.0, 1.0, 5.0]),
}


# ---- classifiers


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_classes_keep_their_names(names, n_classes):
    X, y = blobs(n_classes)
    model = make_pipeline(StandardScaler(), quick(MLPClassifier)).fit(X, names[y])
    got = outputs(to_onnx(model, X), X.astype(np.float32))
    assert list(got) == ["label", "probabilities"]
    assert got["label"].dtype == (np.int64 if names.dtype.kind in "if" else object)
    assert_same_classifier(model, X, got)


def test_truth_values_become_zero_and_one():
    X, y = blobs(2)
    model = quick(MLPClassifier).fit(X, y > 0)
    assert_same_classifier(model, X, outputs(to_onnx(model, X), X.astype(np.float32)))


def test_classes_that_onnx_does_not_have_are_refused():
    X, y = blobs(2)
    model = quick(MLPClassifier).fit(X, y)
    model.classes_ = np.array([0.5, 1.5])
    with pytest.raises(
        ValueError,
        match=r"classes must be strings or whole numbers to "
        r"be converted, but they are \[0.5, 1.5\]",
    ):
        to_onnx(model, X)


@pytest.mark.parametrize("sparse_labels", [False, True])
def test_multilabel(sparse_labels):
    X, y = labels()
    model = quick(MLPClassifier, loss="focal").fit(X, sparse.csr_matrix(y) if sparse_labels else y)
    got = outputs(to_onnx(model, X), X.astype(np.float32))
    wanted = model.predict(X)
    wanted = wanted.toarray() if sparse_labels else wanted
    sure = np.abs(model.decision_function(X)).min(axis=1) > 1e-4
    assert_array_equal(got["label"][sure], wanted[sure])
    assert_near(got["probabilities"], model.predict_proba(X))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_where_the_loss_has_no_probabilities(n_classes):
    X, y = blobs(n_classes)
    model = make_pipeline(StandardScaler(), quick(MLPClassifier, loss="hinge")).fit(X, y)
    got = outputs(to_onnx(model, X), X.astype(np.float32))
    assert list(got) == ["label", "scores"]
    assert_near(got["scores"], model.decision_function(X))
    with pytest.raises(
        ValueError,
        match="zipmap=True is a form of probabilities, but MLPClassifier gives none here",
    ):
        to_onnx(model, X, zipmap=True)


@pytest.mark.parametrize(
    "names", [np.array([3, 5, 9]), np.array(["a", "b", "c"])], ids=["int", "str"]
)
def test_forms_of_probabilities(names):
    X, y = blobs(3)
    model = make_pipeline(StandardScaler(), quick(MLPClassifier)).fit(X, names[y])
    p = model.predict_proba(X)
    got = outputs(to_onnx(model, X, zipmap=True), X.astype(np.float32))
    assert list(got) == ["output_label", "output_probability"]
    assert list(got["output_probability"][0]) == names.tolist()
    assert_near(
        np.array([[row[name] for name in names] for row in got["output_probability"]], np.float32),
        p,
    )
    for dtype in ("float32", "float64"):
        _, *columns = outputs(
            to_onnx(model, X, zipmap="columns", dtype=dtype), X.astype(dtype)
        ).values()
        assert_near(np.column_stack(columns).astype("float32"), p)
    with pytest.raises(ValueError, match="zipmap=True has no form in float64 here"):
        to_onnx(model, X, zipmap=True, dtype="float64")


def test_options_of_skl2onnx_for_classes():
    X, y = blobs(3)
    names = np.array(["a", "b", "c"])
    model = quick(MLPClassifier).fit(X, names[y])
    got = outputs(
        to_onnx(model, X, options={id(model): {"output_class_labels": True}}), X.astype(np.float32)
    )
    assert got["class_labels"].tolist() == names.tolist()
    assert_same_classifier(model, X, got)
    got = outputs(to_onnx(model, X, options={id(model): {"nocl": True}}), X.astype(np.float32))
    sure = clear(model, X)
    assert_array_equal(names[got["label"]][sure], model.predict(X)[sure])
    with pytest.raises(
        ValueError, match="output_class_labels=True names the columns of probabilities"
    ):
        to_onnx(model, X, method="transform", options={id(model): {"output_class_labels": True}})


@pytest.mark.filterwarnings("ignore:.*has no effect without hidden layers")
@settings(max_examples=15, deadline=None)
@given(
    n_classes=st.integers(2, 4),
    hidden=st.lists(st.integers(1, 12), max_size=3),
    activation=st.sampled_from(
        sorted({**nn.ACTIVATIONS, **nn.ACTIVATION_LAYERS}.keys() - {"hard_threshold"})
    ),
    batch_norm=st.booleans(),
    dropout=st.sampled_from([0.0, 0.3]),
    skip=st.sampled_from([None, "concat"]),
    auxiliary=st.sampled_from([0.0, 0.5]),
    seed=st.integers(0, 2**31),
)
@pytest.mark.slow
def test_any_architecture(
    n_classes, hidden, activation, batch_norm, dropout, skip, auxiliary, seed
):
    X, y = blobs(n_classes)
    setting = {
        "batch_norm": batch_norm,
        "dropout": dropout,
        "input_dropout": dropout,
        "skip_connections": skip if hidden else None,
    }
    setting["auxiliary_loss_weight"] = auxiliary if hidden else 0.0
    model = quick(
        MLPClassifier,
        tuple(hidden),
        activation=activation,
        max_iter=2,
        random_state=seed,
        **setting,
    ).fit(X, y)
    rows = np.vstack([X, rows_to_try(X.shape[1], seed)]).astype(np.float32)
    got = outputs(to_onnx(model, rows), rows)
    size = 1.0 + 0.1 * np.abs(rows).max(
        axis=1, keepdims=True
    )  # scores of large numbers are rounded more coarsely
    assert_allclose(
        got["probabilities"] / size, model.predict_proba(rows) / size, rtol=0, atol=1e-5
    )
    one = outputs(to_onnx(model, rows), rows[:1])
    assert_near(one["probabilities"], model.predict_proba(rows[:1]))


# ---- regressors and autoencoders


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("activation", [["hard_threshold", "relu"], ["prelu", "maxout"]], ids=str)
@pytest.mark.parametrize("skip", ["add", "concat"])
def test_regressors(n_outputs, activation, skip):
    X, y = curve(n_outputs=n_outputs)
    model = quick(
        MLPRegressor,
        (4, 4),
        activation=activation,
        skip_connections=skip,
        dropout=0.1,
        batch_norm=True,
    ).fit(X, y)
    got = outputs(to_onnx(model, X), X.astype(np.float32))
    assert got["prediction"].shape == (len(X), n_outputs)
    assert_near(got["prediction"], model.predict(X.astype(np.float32)))


@pytest.mark.parametrize("corruption", [None, *nn.CORRUPTIONS])
def test_autoencoders_give_the_code_or_the_reconstruction(corruption):
    X, _ = curve()
    model = make_pipeline(
        StandardScaler(), quick(Autoencoder, (6,), n_components=2, corruption=corruption)
    ).fit(X)
    for method, name, wanted in (
        (None, "code", model.transform(X)),
        ("transform", "code", model.transform(X)),
        ("predict", "reconstruction", model.predict(X)),
    ):
        got = outputs(to_onnx(model, X, method=method), X.astype(np.float32))
        assert list(got) == [name]
        assert_near(got[name], wanted)


@pytest.mark.parametrize(
    "setting",
    [
        {"tied_weights": True, "hidden_layer_sizes": (6, 4)},
        {
            "tied_weights": True,
            "skip_connections": "add",
            "hidden_layer_sizes": (6, 6),
            "batch_norm": True,
        },
        *(
            {"code_penalty": key, "code_activation": "logistic" if key == "kl" else "identity"}
            for key in nn.CODE_PENALTIES
        ),
        {"code_penalty": nn.KLSparsity(0.1), "code_activation": "logistic", "tied_weights": True},
        {"pretraining": 2, "corruption": "masking"},
        {"loss": "auto"},
    ],
    ids=str,
)
def test_kinds_of_autoencoders(setting):
    X, _ = curve()
    X = np.column_stack([X, X[:, 0] > 0, np.eye(3)[np.arange(len(X)) % 3]])
    model = quick(Autoencoder, **{"hidden_layer_sizes": (6,), "n_components": 2, **setting}).fit(X)
    rows = np.vstack([X, rows_to_try(8)[:20]]).astype(np.float32)
    for method, wanted in (("transform", model.transform(rows)), ("predict", model.predict(rows))):
        (got,) = outputs(to_onnx(model, X, method=method), rows).values()
        assert_near(got, wanted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scaled", [False, True])
def test_missing_values_have_the_means_in_their_place(dtype, scaled):
    X, _ = curve()
    X = (X + [0.0, 5.0, -3.0, 0.0]).astype(dtype)
    missing = np.random.default_rng(0).random(X.shape) < 0.3
    X = np.where(missing, np.nan, X).astype(dtype)
    model = quick(Autoencoder, (6,), n_components=2, dtype=dtype)
    model = (make_pipeline(StandardScaler(), model) if scaled else model).fit(X)
    rows = np.vstack([X, np.full((1, 4), np.nan, dtype)])
    for method, wanted in (("transform", model.transform(rows)), ("predict", model.predict(rows))):
        (got,) = outputs(to_onnx(model, X, method=method, dtype=dtype), rows).values()
        assert np.isfinite(got).all()
        assert_near(got, wanted, dtype)
    whole = np.round(np.nan_to_num(X)).astype(np.int64)
    (got,) = outputs(to_onnx(model, whole), whole).values()
    assert_near(got, model.transform(whole))


def test_heads_and_missing_labels_leave_no_trace():
    X, y = labels()
    y = y.astype(float)
    y[::3, 1] = np.nan
    model = quick(MLPClassifier, (8, 6), auxiliary_loss_weight=[0.3, 1.0]).fit(X, y)
    graph = to_onnx(model, X)
    assert_near(outputs(graph, X.astype(np.float32))["probabilities"], model.predict_proba(X))
    assert [node.op_type for node in graph.graph.node].count("Gemm") == 3


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_the_hidden_representation(cls):
    X, y = blobs(3)
    model = quick(cls, (7, 3)).fit(X, y)
    got = outputs(to_onnx(model, X, method="transform"), X.astype(np.float32))
    assert list(got) == ["hidden"]
    assert_near(got["hidden"], model.transform(X))
