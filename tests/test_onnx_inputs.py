"""What a graph takes: types and names of its inputs, options, and what is refused."""

import pytest

pytest.importorskip("skl2onnx")

import subprocess
import sys

import numpy as np
import skl2onnx
from scipy import sparse
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.onnx._convert import to_onnx
from skmlp.onnx._estimators import register

from .onnx_runs import assert_near, assert_same_classifier, outputs, quick
from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# ---- the inputs


def test_skl2onnx_converts_them_once_they_are_registered():
    X, y = blobs(3)
    model = make_pipeline(StandardScaler(), quick(MLPClassifier)).fit(X, y)
    register()
    converted = skl2onnx.to_onnx(model, X[:1].astype(np.float32), options={"zipmap": False})
    assert_same_classifier(model, X, outputs(converted, X.astype(np.float32)))
    autoencoder = quick(Autoencoder).fit(X)
    got = skl2onnx.to_onnx(
        autoencoder, X[:1].astype(np.float32), options={id(autoencoder): {"method": "predict"}}
    )
    assert_near(outputs(got, X.astype(np.float32))["reconstruction"], autoencoder.predict(X))


def test_inputs_of_other_types():
    X, y = blobs(3)
    whole = np.round(X * 10).astype(np.int64)
    model = quick(MLPClassifier).fit(whole / 1.0, y)
    assert_same_classifier(model, whole, outputs(to_onnx(model, whole), whole))
    assert_same_classifier(model, whole > 0, outputs(to_onnx(model, whole > 0), whole > 0))


def test_sparse_rows_say_how_wide_the_dense_input_is():
    X, y = blobs(3)
    model = quick(MLPClassifier).fit(sparse.csr_matrix(X), y)
    assert_same_classifier(
        model, X, outputs(to_onnx(model, sparse.csr_matrix(X)), X.astype(np.float32))
    )


def test_names_and_types_of_ones_own():
    X, y = curve()
    model = quick(MLPRegressor).fit(X, y)
    converted = to_onnx(
        model,
        initial_types=[("rows", FloatTensorType([None, 4]))],
        name="curve",
        final_types=[("height", FloatTensorType([None, 1]))],
    )
    assert converted.graph.name == "curve"
    assert_near(outputs(converted, {"rows": X.astype(np.float32)})["height"], model.predict(X))


def test_float64_all_the_way():
    X, y = curve()
    model = make_pipeline(
        StandardScaler(), quick(MLPRegressor, activation="mish", dtype="float64")
    ).fit(X, y)
    got = outputs(to_onnx(model, X, dtype="float64"), X)["prediction"]
    assert_near(got, model.predict(X), "float64")


def test_the_form_of_probabilities_is_said_once():
    X, y = blobs(3)
    model = make_pipeline(StandardScaler(), quick(MLPClassifier)).fit(X, y)
    for options in (
        {"zipmap": False},
        {id(model[-1]): {"zipmap": True}},
        {MLPClassifier: {"zipmap": "columns"}},
        {"mlpclassifier__zipmap": False},
    ):
        with pytest.raises(
            ValueError,
            match=r"options has 'zipmap', which is an argument "
            r"of its own: to_onnx\(..., zipmap=...\)",
        ):
            to_onnx(model, X, options=options)


def test_an_option_that_there_is_not_is_named():
    X, y = curve()
    model = quick(MLPRegressor).fit(X, y)
    with pytest.raises(
        NameError,
        match=r"Option 'sorted' not in \['method', 'return_std'\] for class 'MLPRegressor'",
    ):
        to_onnx(model, X, options={id(model): {"sorted": True}})


def test_mistakes_are_named():
    X, y = blobs(3)
    model = quick(MLPClassifier).fit(X, y)
    for setting, message in (
        ({"dtype": "float16"}, "dtype must be 'float32' or 'float64', got 'float16'"),
        ({"X": None}, "give some rows as X, or initial_types"),
        ({"X": X[0]}, r"X must have two axes, rows and features, but its shape is \(5,\)"),
        ({"X": X[:, :3]}, "was fitted with 5 features, but the graph gives it 3"),
        ({"X": X.astype(complex)}, "X must have numbers, booleans or strings, not complex128"),
        ({"X": X.astype(str)}, "takes numbers, but its input 'X' is StringTensorType"),
        ({"method": "score_samples"}, r"Unexpected value \['score_samples'\] for option 'method'"),
        ({"method": "decide"}, r"Unexpected value \['decide'\] for option 'method'"),
    ):
        with pytest.raises(ValueError, match=message):
            to_onnx(model, **{"X": X, **setting})
    for convert in (to_onnx, skl2onnx.to_onnx):
        with pytest.raises(ValueError, match="not fitted"):
            convert(quick(MLPClassifier), X)
    with pytest.raises(
        ValueError,
        match="method='transform' is for skmlp's networks, but what predicts here is "
        "LogisticRegression",
    ):
        to_onnx(make_pipeline(LogisticRegression()).fit(X, y), X, method="transform")


@pytest.mark.parametrize("missing", ["skl2onnx", "onnx"])
@pytest.mark.slow
def test_without_the_extra_one_line_says_what_to_install(missing):
    code = (
        f"import sys; sys.modules['{missing}'] = None; import skmlp, skmlp.callbacks; import "
        "skmlp.onnx"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (
        run.stderr.strip()
        .splitlines()[-1]
        .startswith('ImportError: skmlp.onnx needs skl2onnx: pip install "skmlp[onnx]" (')
    )
