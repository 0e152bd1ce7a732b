"""Losses that a user writes: a link of their own, and outputs that no loss of the package has."""

import numpy as np
import pytest
from sklearn.metrics import d2_pinball_score
from sklearn.utils import get_tags

from skmlp import MLPRegressor
from skmlp.nn import AbsoluteError, Loss, Output, Rows, SquaredError
from skmlp.nn.losses.measure import location_and_scale

from .nn.test_links import Arctan
from .problems import curve
from .test_input_gradient import agree, differences

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SETTING = {
    "hidden_layer_sizes": (8,),
    "activation": "tanh",
    "dropout": 0.1,
    "learning_rate_init": 0.02,
    "max_iter": 100,
    "dtype": "float64",
    "random_state": 0,
}


class Laplace(Loss):
    """Minus the logarithm of a Laplace density: its median, and its scale by the logarithm."""

    n_scores = 2
    measures = staticmethod(location_and_scale)
    density = True
    factor = 1.0  # of the scale, in what is predicted
    name = "scale"

    def buffers(self, n_out):
        return {"rows": Rows(1)}

    def outputs(self, n_targets):
        median, scale = np.arange(2 * n_targets).reshape(2, n_targets)
        return {"prediction": Output(median), self.name: Output(scale, location=False)}

    def link(self, raw, out):
        half = raw.shape[-1] // 2
        super().link(raw, out)
        out[..., half:] = self.factor * np.exp(raw[..., half:])

    def link_gradient(self, raw, gradient):
        out, half = np.array(gradient), raw.shape[-1] // 2
        out[..., half:] *= self.factor * np.exp(raw[..., half:])
        return out

    def rows_and_grad(self, raw, target, ws):
        z, s = np.split(raw, 2, axis=-1)
        ratio = np.abs(z - target) * np.exp(-s)
        ws.rows[...] = np.sum(ratio + s + np.log(2.0), axis=-1, keepdims=True)
        raw[...] = np.concatenate([np.sign(z - target) * np.exp(-s), 1.0 - ratio], axis=-1)

    def initial_score(self, target, weight):
        median = AbsoluteError().initial_score(target, weight)
        return np.concatenate([median, np.log(np.mean(np.abs(target - median), axis=0))])


class LaplaceStd(Laplace):
    factor = 2.0**0.5
    name = "std"


class Expectiles(SquaredError):
    """Two scores for each target, which ``predict`` gives both: squared errors that count more on
    one side.
    """

    n_scores = 2

    def outputs(self, n_targets):
        return {"expectiles": Output(np.arange(2 * n_targets).reshape(2, n_targets).T)}

    def rows_and_grad(self, raw, target, ws):
        low, high = np.split(raw, 2, axis=-1)
        for z, tau in ((low, 0.1), (high, 0.9)):
            z -= target
            z *= np.where(z < 0.0, tau, 1.0 - tau)
        ws.rows[...] = np.sum(np.abs(raw), axis=-1, keepdims=True)

    def initial_score(self, target, weight):
        return np.tile(super().initial_score(target, weight), 2)


def fitted(loss, n_outputs=1, stretch=1.0, **options):
    X, y = curve(n_outputs=n_outputs)
    return MLPRegressor(loss, **{**SETTING, **options}).fit(X, stretch * y), X, stretch * y


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_second_output_of_another_kind(n_outputs):
    model, X, y = fitted(Laplace(), n_outputs)
    outputs = model.predict_outputs(X)
    assert list(outputs) == ["prediction", "scale"]
    assert {array.shape for array in outputs.values()} == {y.shape}
    np.testing.assert_array_equal(outputs["prediction"], model.predict(X))
    assert (outputs["scale"] > 0.0).all()
    assert np.mean(np.abs(y - outputs["prediction"])) == pytest.approx(
        outputs["scale"].mean(), rel=0.3
    )
    with pytest.raises(ValueError, match=r"return_std=True needs a loss that learns the standard"):
        model.predict(X, return_std=True)


def test_outputs_are_in_units_of_the_target():
    """The model of 1000 y is that of y, a thousand times as large."""
    (small, X, _), (large, *_) = fitted(Laplace()), fitted(Laplace(), stretch=1000.0)
    for name, array in small.predict_outputs(X).items():
        np.testing.assert_allclose(large.predict_outputs(X)[name], 1000.0 * array, rtol=1e-6)


def test_a_standard_deviation_by_another_loss():
    (model, X, y), (other, *_) = fitted(LaplaceStd(), 2), fitted(Laplace(), 2)
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == std.shape == y.shape
    np.testing.assert_allclose(std, 2**0.5 * other.predict_outputs(X)["scale"], rtol=1e-12)
    samples, spread = model.sample_predictions(X, 3, random_state=0, return_std=True)
    assert samples.shape == spread.shape == (3, *y.shape)


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_several_numbers_for_each_target(n_outputs):
    model, X, y = fitted(Expectiles(), n_outputs)
    predicted = model.predict(X)
    assert predicted.shape == (*y.shape, 2)
    assert np.mean(predicted[..., 0] < predicted[..., 1]) > 0.9
    assert model.input_gradient(X).shape == (*predicted.shape, X.shape[1])
    agree(model.input_gradient(X), differences(model.predict, X))


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("loss", [Laplace(), Arctan()], ids=repr)
def test_input_gradient_is_that_of_the_prediction(loss, n_outputs):
    X, y = curve(n_outputs=n_outputs)
    model = MLPRegressor(loss, **SETTING, normalize_y=isinstance(loss, Laplace)).fit(X, np.tanh(y))
    agree(model.input_gradient(X), differences(model.predict, X))


def test_a_domain_with_negative_numbers_is_not_positive():
    assert not get_tags(MLPRegressor(Arctan())).target_tags.positive_only
    assert get_tags(MLPRegressor("gamma")).target_tags.positive_only
    assert not get_tags(MLPRegressor("squared_error")).target_tags.positive_only
    with pytest.raises(ValueError, match=r"needs values in \(-1, 1\)"):
        fitted(Arctan())


class Median(AbsoluteError):
    """The median as a quantile: a loss of one's own says which quantiles it predicts."""

    taus = (0.5,)


def test_quantiles_of_another_loss_are_scored_as_such():
    model, X, y = fitted(Median())
    assert model.score(X, y) == pytest.approx(
        d2_pinball_score(y, model.predict(X), alpha=0.5), rel=1e-12
    )


def test_onnx_asks_the_loss(monkeypatch):
    onnx = pytest.importorskip("skmlp.onnx")
    from .onnx_runs import assert_near, outputs

    def link(graph, loss, raw):
        half = raw_width // 2
        median = graph.node("Gather", raw, np.arange(half), axis=1)
        scale = graph.node("Exp", graph.node("Gather", raw, half + np.arange(half), axis=1))
        return graph.node("Concat", median, graph.node("Mul", scale, loss.factor), axis=1)

    raw_width = 4
    for cls, converter in ((Laplace, link), (LaplaceStd, link), (Expectiles, lambda g, u, x: x)):
        monkeypatch.setitem(onnx.CONVERTERS, cls, converter)
        model, X, _ = fitted(cls(), 2)
        got = outputs(onnx.to_onnx(model, X.astype(np.float32)), X.astype(np.float32))
        assert_near(got["prediction"], model.predict(X))
    model, X, _ = fitted(LaplaceStd(), 2)
    got = outputs(
        onnx.to_onnx(model, X.astype(np.float32), options={"return_std": True}),
        X.astype(np.float32),
    )
    assert_near(got["std"], model.predict(X, return_std=True)[1])
