"""Predictions of converted regressors in units of y: deviations, and quantiles of several targets,
whose locations and scales differ.
"""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
from numpy.testing import assert_allclose

from skmlp import MLPRegressor
from skmlp.nn.losses import Quantile
from skmlp.onnx._convert import to_onnx

from .onnx_runs import outputs
from .problems import curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LOCATIONS, SCALES = np.array([500.0, -3.0]), np.array([30.0, 0.1])


def converted(loss, n_outputs):
    """Return a fitted regressor, rows, and what the graph makes of them."""
    X, y = curve(100, n_outputs)
    y = LOCATIONS[:n_outputs] + SCALES[:n_outputs] * y.reshape(len(X), -1)
    y = y.ravel() if n_outputs == 1 else y
    model = MLPRegressor(loss, hidden_layer_sizes=(8,), max_iter=5, random_state=0).fit(X, y)
    options = {id(model): {"return_std": loss == "gaussian_nll"}}
    return (
        model,
        X,
        list(outputs(to_onnx(model, X, options=options), X.astype(np.float32)).values()),
    )


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_deviations_are_in_units_of_y(n_outputs):
    model, X, (mean, std) = converted("gaussian_nll", n_outputs)
    wanted_mean, wanted_std = model.predict(X, return_std=True)
    assert_allclose(mean.reshape(wanted_mean.shape), wanted_mean, rtol=1e-4)
    assert_allclose(std.reshape(wanted_std.shape), wanted_std, rtol=1e-4)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("levels", [[0.5], [0.1, 0.5, 0.9]], ids=str)
def test_quantiles_of_each_target_are_in_its_units(levels, n_outputs):
    model, X, (quantiles,) = converted(Quantile(levels), n_outputs)
    wanted = model.predict(X)
    assert_allclose(quantiles.reshape(wanted.shape), wanted, rtol=1e-4)
