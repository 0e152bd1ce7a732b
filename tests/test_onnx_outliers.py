"""Reconstruction errors and the outlier detector converted to ONNX."""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
import pandas as pd
import skl2onnx
from numpy.testing import assert_array_equal
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, OutlierAutoencoder, nn
from skmlp.onnx._convert import to_onnx
from skmlp.onnx._estimators import register
from skmlp.onnx._outliers import ERRORS

from .onnx_runs import assert_near, outputs, rows_to_try
from .problems import curve, wine
from .tables import with_missing

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
DISTANCES = [cls() for cls in nn.LOSSES.values() if cls.distance]


def quick(**setting):
    return Autoencoder(
        **{
            "hidden_layer_sizes": (6,),
            "learning_rate_init": 0.02,
            "max_iter": 5,
            "random_state": 0,
            **setting,
        }
    )


def assert_same_detector(model, X, got, dtype="float32"):
    assert list(got) == ["label", "scores"]
    decision = model.decision_function(X)
    assert got["scores"].shape == (len(X), 1)
    assert_near(got["scores"], decision, dtype)
    sure = np.abs(decision) > 1e-3 * (1.0 + np.abs(model.offset_))
    assert sure.mean() > 0.8
    assert_array_equal(got["label"][sure], model.predict(X)[sure])
    assert got["label"].dtype == np.int64


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", [*DISTANCES, nn.Huber(0.2)], ids=repr)
def test_errors_of_rows(loss, dtype):
    X = with_missing(curve()[0], seed=1)
    model = make_pipeline(StandardScaler(), quick(loss=loss, dtype=dtype)).fit(X)
    rows = np.vstack([X, rows_to_try(4), np.full((1, 4), np.nan)]).astype(dtype)
    got = outputs(to_onnx(model, X, method="score_samples", dtype=dtype), rows)
    assert list(got) == ["score"]
    assert got["score"].shape == (len(rows), 1)
    assert_near(got["score"], model.score_samples(rows), dtype)
    assert got["score"][-1] == 0.0


@pytest.mark.parametrize("opset", [13, 17, 21])
def test_operator_sets(opset):
    X = with_missing(curve()[0], seed=1).astype(np.float32)
    model = OutlierAutoencoder(quick(loss="log_cosh", dtype="float64")).fit(X)
    assert_same_detector(model, X, outputs(to_onnx(model, X, target_opset=opset), X))


def test_every_loss_of_a_distance_has_its_errors_and_no_other():
    assert DISTANCES
    assert set(ERRORS) == {type(loss) for loss in DISTANCES}
    X = np.abs(curve()[0])
    for loss in ("poisson", [("squared_error", [0, 1]), ("huber", [2, 3])]):
        model = quick(loss=loss).fit(X)
        with pytest.raises(
            ValueError,
            match=r"score_samples cannot be converted for (.|\n)*; skmlp.onnx has the errors of "
            r"SquaredError",
        ):
            to_onnx(model, X, method="score_samples")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "estimator",
    [quick(dtype="float64"), make_pipeline(StandardScaler(), quick(dtype="float64", loss="huber"))],
    ids=["autoencoder", "pipeline"],
)
@pytest.mark.parametrize("contamination", ["auto", 0.1])
def test_detectors(estimator, contamination, dtype):
    X, _ = wine()
    X = X.astype(dtype)
    model = OutlierAutoencoder(estimator, contamination=contamination).fit(X)
    assert_same_detector(model, X, outputs(to_onnx(model, X, dtype=dtype), X), dtype)
    some = np.vstack([X[:20], 10.0 * X[:20], with_missing(X[:20], seed=1)]).astype(dtype)
    assert_same_detector(model, some, outputs(to_onnx(model, X, dtype=dtype), some), dtype)


def test_what_stands_in_front_of_a_detector():
    X, _ = curve()
    register()
    model = make_pipeline(
        StandardScaler(),
        OutlierAutoencoder(make_pipeline(quick(n_components=3), quick()), random_state=0),
    ).fit(X)
    rows = X.astype(np.float32)
    got = outputs(to_onnx(model, X), rows)
    assert_near(got["scores"], model.decision_function(X))
    alone = OutlierAutoencoder(quick()).fit(X)
    assert_same_detector(alone, X, outputs(skl2onnx.to_onnx(alone, rows), rows))


def test_the_detector_as_it_comes_takes_a_frame():
    X = pd.DataFrame(wine()[0][:100], columns=[f"c{j}" for j in range(13)])
    model = OutlierAutoencoder(random_state=0).fit(X)
    inputs = {name: X[[name]].to_numpy(np.float32) for name in X}
    assert_same_detector(model, X, outputs(to_onnx(model, X), inputs))


def test_what_cannot_be_a_detector_is_refused():
    X, _ = curve()
    with pytest.raises(
        ValueError,
        match=r"with an Autoencoder, or a pipeline that ends in one, not with GaussianMixture",
    ):
        to_onnx(OutlierAutoencoder(GaussianMixture(2)).fit(X), X)
    model = OutlierAutoencoder(quick(loss="poisson")).fit(np.abs(X))
    with pytest.raises(ValueError, match=r"score_samples cannot be converted for Poisson"):
        to_onnx(model, X)
    with pytest.raises(
        ValueError,
        match="method='predict' is for skmlp's networks, but "
        "what predicts here is OutlierAutoencoder",
    ):
        to_onnx(OutlierAutoencoder(quick()).fit(X), X, method="predict")
