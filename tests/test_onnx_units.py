"""Every unit of the registries, converted to ONNX and run by ONNX Runtime, against the unit
itself.
"""

import pytest

pytest.importorskip("skl2onnx")

import numpy as np
from numpy.testing import assert_array_equal

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, nn
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.onnx._convert import to_onnx
from skmlp.onnx._units import CONVERTERS

from .nn.helpers import table
from .nn.test_column_losses import MIXED
from .onnx_runs import assert_near, outputs, rows_to_try

N_IN = 6
BLOCKS = {
    "activations": nn.ACTIVATIONS,
    "activation_layers": nn.ACTIVATION_LAYERS,
    "layers": nn.LAYERS,
    "joins": nn.JOINS,
    "terms": nn.TERMS,
}
SETTINGS = [
    nn.LeakyReLU(0.2),
    nn.ShiftedReLU(0.3),
    nn.ELU(0.7),
    nn.PReLU(-0.5),
    nn.Maxout(3),
    nn.BatchNorm(statistics="population"),
    nn.BatchNorm(statistics="batch"),
    nn.BatchNorm(epsilon=0.5),
    nn.Add(1),
    nn.Concat(3),
    nn.Embedding((4, 1, 2), (3, 2, 1)),
    nn.PiecewiseLinear(3, 2, n_numbers=4),
    nn.PiecewiseLinear(1, 1),
    nn.Periodic(3, 2, n_numbers=4),
    nn.TiedDense(N_IN, tied=1),
]
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def regressor_of(layers, dtype="float64", loss=None, seed=0):
    """Return a regressor whose network has these layers, every array random, but for what a layer
    learns from rows at its start; hidden activations and norms would be at their defaults.
    """
    X = rows_to_try(N_IN)[:9]
    model = MLPRegressor(hidden_layer_sizes=(), normalize_y=False).partial_fit(X, X[:, 0])
    rng = np.random.default_rng(seed)
    network = Network(layers, loss or nn.SquaredError(), N_IN, dtype)
    network.params[...] = rng.normal(size=network.params.size)
    network.running[...] = rng.uniform(0.5, 1.5, network.running.size)
    network.start_layers(DenseRows(rng.normal(size=(100, N_IN))), rng)
    model._network = network
    return model


def network_around(unit):
    """Return layers in which a unit stands between two dense ones."""
    layer = nn.Activate(unit) if isinstance(unit, nn.Activation) else unit
    bridged = [nn.Activate(nn.Tanh()) for _ in range(layer.span)]
    return [nn.Dense(N_IN), *bridged, layer, nn.Dense(2)]


def assert_same_prediction(model, X, dtype):
    got = outputs(to_onnx(model, X, dtype=dtype), X.astype(dtype))
    assert list(got) == ["prediction"]
    assert_near(got["prediction"], model.predict(X), dtype)


@pytest.mark.parametrize(
    "registry",
    [*BLOCKS.values(), nn.LOSSES, nn.CORRUPTIONS],
    ids=[*BLOCKS, "losses", "corruptions"],
)
def test_every_unit_of_the_registries_has_a_converter_or_does_nothing_in_prediction(registry):
    assert registry
    missing = [
        cls
        for cls in registry.values()
        if cls not in CONVERTERS and not getattr(cls, "training_only", False)
    ]
    assert missing == [], "write converters for these in skmlp/onnx/_units.py"


@each_dtype
@pytest.mark.parametrize(
    "unit",
    [unit for registry in BLOCKS.values() for unit in table(registry)["argvalues"]] + SETTINGS,
    ids=lambda unit: repr(unit).replace("\n", ""),
)
def test_layers_and_activations(unit, dtype):
    model = regressor_of(network_around(unit))
    X = rows_to_try(N_IN).astype(dtype)
    if isinstance(unit, nn.GELU) and dtype == "float64":  # ONNX Runtime has erf in float32 only
        got = outputs(to_onnx(model, X, dtype=dtype), X)["prediction"]
        assert_near(got.astype(np.float32), model.predict(X))
    else:
        assert_same_prediction(model, X, dtype)
    if not getattr(unit, "whole_batch", False):  # of which a single row is refused
        assert_same_prediction(model, X[:1], "float32")


@pytest.mark.parametrize("unit", table(nn.ACTIVATIONS)["argvalues"], ids=nn.ACTIVATIONS)
def test_activations_value_by_value(unit):
    values = [[1e4, -1e4, 88.0, -88.0, 20.0, -20.0, 1.0, 1e-8, -1e-8, 0.0]]
    X = np.repeat(values, N_IN, axis=0).T.astype(np.float32)
    model = regressor_of([nn.Activate(unit), nn.Dense(N_IN)])
    model._network.params[...] = 0.0
    model.coefs_[0][...] = np.eye(N_IN)
    got = outputs(to_onnx(model, X), X)["prediction"]
    wanted = np.empty_like(X)
    unit.forward(X, wanted, np.empty_like(X))
    assert_near(got, wanted)


def test_a_matrix_that_two_layers_share_is_stored_once():
    layers = [
        nn.Dense(4),
        nn.Activate(nn.Tanh()),
        nn.Dense(3),
        nn.TiedDense(4, tied=1),
        nn.TiedDense(N_IN, tied=4),
    ]
    model = regressor_of(layers)
    for dtype in ("float32", "float64"):
        assert_same_prediction(model, rows_to_try(N_IN), dtype)
    shapes = [list(array.dims) for array in to_onnx(model, np.ones((1, N_IN))).graph.initializer]
    assert sorted(shape for shape in shapes if min(shape) > 1) == [[4, 3], [N_IN, 4]]


def test_of_a_variational_code_the_means():
    model = regressor_of([nn.Dense(6), nn.Variational(0.5)])
    X = rows_to_try(N_IN)[:20].astype(np.float32)
    assert_near(
        outputs(to_onnx(model, X), X)["prediction"],
        X @ model.coefs_[0][:, :3] + model.intercepts_[0][:3],
    )


@each_dtype
def test_category_numbers_out_of_range_have_the_last_vector(dtype):
    model = regressor_of([nn.Embedding((3, 2), (2, 4)), nn.Dense(1)])
    codes = np.array([[0, 0], [2, 1], [3, 2], [4, 9], [-1, -5], [1e6, 0]])
    X = np.column_stack([np.ones((6, 4)), codes]).astype(dtype)
    assert_same_prediction(model, X, dtype)


def test_an_embedding_may_be_all_there_is():
    model = regressor_of([nn.Embedding((2,) * N_IN), nn.Dense(1)])
    assert_same_prediction(
        model, np.random.default_rng(0).integers(0, 3, (20, N_IN)).astype(np.float32), "float32"
    )


@each_dtype
@pytest.mark.parametrize("pieces", MIXED.values(), ids=MIXED)
def test_links_by_column(pieces, dtype):
    model = Autoencoder(hidden_layer_sizes=(), loss="squared_error", max_iter=1).partial_fit(
        rows_to_try(N_IN)[:9]
    )
    network = Network([nn.Dense(N_IN)], nn.ColumnLosses(pieces), N_IN, "float64")
    network.params[...] = np.random.default_rng(0).normal(size=network.params.size) * 1e-3
    model._network, model._transform_stop = network, 0
    X = rows_to_try(N_IN).astype(dtype)
    got = outputs(to_onnx(model, X, dtype=dtype, method="predict"), X)["reconstruction"]
    assert_near(got, model.predict(X), dtype)


@each_dtype
@pytest.mark.parametrize(
    "loss",
    [*(cls() for cls in nn.LOSSES.values() if "regression" in cls.targets), nn.Quantile(0.3)],
    ids=repr,
)
@pytest.mark.parametrize("n_targets", [1, 3])
def test_links_of_losses_of_numbers(loss, n_targets, dtype):
    model = regressor_of([nn.Dense(n_targets * loss.n_scores)], "float32", loss)
    model._network.params *= 1e-3  # the exponential of 1e4 is an infinity in either precision
    X = rows_to_try(N_IN).astype(dtype)
    got = outputs(to_onnx(model, X, dtype=dtype), X)["prediction"]
    wanted = model.predict(X)
    assert got.shape == ((len(X), 1) if wanted.ndim == 1 else wanted.shape)
    assert_near(got.astype("float32"), wanted)
    if loss.taus is not None and loss.n_scores > 1:
        assert (np.diff(got, axis=-1) >= 0.0).all()


def test_a_number_that_must_be_positive_is_so_and_finite():
    X = np.array([[1e4], [-1e4]], np.float32).repeat(N_IN, axis=1)
    model = regressor_of([nn.Dense(1)], "float32", nn.Poisson())
    got = outputs(to_onnx(model, X), X)["prediction"]
    assert np.isfinite(got).all()
    assert (got > 0.0).all()


def test_mean_and_standard_deviation():
    model = regressor_of([nn.Dense(4)], "float32", nn.GaussianNLL())
    X = rows_to_try(N_IN)[:20].astype(np.float32)
    got = outputs(to_onnx(model, X, options={id(model): {"return_std": True}}), X)
    mean, std = model.predict(X, return_std=True)
    assert list(got) == ["prediction", "std"]
    assert_near(got["prediction"], mean)
    assert_near(got["std"], std)


def test_the_standard_deviation_of_a_loss_without_one_is_refused():
    model = regressor_of([nn.Dense(1)])
    with pytest.raises(ValueError, match="return_std=True needs a loss that learns"):
        to_onnx(model, np.ones((1, N_IN)), options={id(model): {"return_std": True}})


@pytest.mark.parametrize(
    "loss", [key for key, cls in nn.LOSSES.items() if "multiclass" in cls.targets]
)
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_links_of_losses_of_classes(loss, kind):
    X = rows_to_try(N_IN)
    number = np.arange(len(X)) % (2 if kind == "binary" else 3)
    y = np.eye(3, dtype=int)[number] if kind == "multilabel" else number
    model = MLPClassifier((5,), loss=loss, solver="lbfgs", max_iter=20, random_state=0)
    with pytest.warns(UserWarning, match="lbfgs failed to converge"):
        model.fit(X / (1.0 + np.abs(X)), y)
    X = X.astype(np.float32)
    got = outputs(to_onnx(model, X), X)
    clear = np.abs(model.decision_function(X).reshape(len(X), -1)).min(axis=1) > 1e-3
    assert_array_equal(got["label"][clear], model.predict(X)[clear])
    if hasattr(model, "predict_proba"):
        p = got["probabilities"]
        assert_near(p, model.predict_proba(X))
        assert np.isfinite(np.log(p)).all()
    else:
        assert_near(got["scores"], model.decision_function(X))


# ---- what cannot be converted


class Wave(nn.Activation):
    """f(x) = sin(x)."""

    keeps = "x"

    def forward(self, x, out, tmp):
        np.sin(x, out=out)

    def backward(self, kept, dy, out, tmp):
        np.multiply(dy, np.cos(kept), out=out)


class Bolder(nn.Tanh):
    """Derives from a unit that has a converter, but computes something else."""

    def forward(self, x, out, tmp):
        np.multiply(x, 3.0, out=out)


def test_a_unit_within_a_loss_by_column_is_refused_by_name():
    class Own(nn.SquaredError):
        """Derives from a loss that has a converter."""

    model = Autoencoder(
        hidden_layer_sizes=(3,), loss=[(Own(), [0, 1]), ("huber", slice(2, N_IN))], max_iter=1
    )
    model.partial_fit(rows_to_try(N_IN)[:9])
    with pytest.raises(ValueError, match=r"Own\(\) cannot be converted"):
        to_onnx(model, np.ones((1, N_IN)), method="predict")


def test_an_unknown_unit_is_refused_by_name_until_it_has_a_converter(monkeypatch):
    model, X = regressor_of(network_around(Wave())), rows_to_try(N_IN)[:20]
    with pytest.raises(
        ValueError,
        match=r"Wave\(\) cannot be converted: .*\.Wave\. Write a function .*CONVERTERS\[Wave\] = "
        r"function",
    ):
        to_onnx(model, X)
    monkeypatch.setitem(CONVERTERS, Wave, lambda graph, unit, x: graph.node("Sin", x))
    assert_same_prediction(model, X, "float32")


def test_a_class_that_derives_from_a_known_one_is_not_taken_for_it():
    with pytest.raises(ValueError, match=r"Bolder\(\) cannot be converted"):
        to_onnx(regressor_of(network_around(Bolder())), np.ones((1, N_IN)))


def test_a_function_is_refused():
    with pytest.raises(
        ValueError,
        match=r"FunctionActivation\(function=<ufunc 'sin'>\) cannot be converted: what a Python "
        r"function does",
    ):
        to_onnx(regressor_of(network_around(nn.FunctionActivation(np.sin))), np.ones((1, N_IN)))


def test_a_loss_made_of_a_function_predicts_the_score():
    loss = nn.FunctionLoss(lambda p, t: (p - t) ** 2)
    assert_same_prediction(regressor_of([nn.Dense(2)], loss=loss), rows_to_try(N_IN), "float32")


def test_the_precision_of_training_does_not_matter():
    X = rows_to_try(N_IN)[:20]
    for trained in ("float32", "float64"):
        model = regressor_of(network_around(nn.Tanh()), trained)
        for dtype in ("float32", "float64"):
            got = outputs(to_onnx(model, X, dtype=dtype), X.astype(dtype))["prediction"]
            assert got.dtype == dtype
            assert_near(got.astype("float32"), model.predict(X))


@each_dtype
def test_bins_without_values_are_left_out_in_either_precision(dtype):
    X = np.random.default_rng(0).integers(0, 3, (60, N_IN)).astype(float)
    model = regressor_of([nn.Dense(2)])
    network = Network([nn.PiecewiseLinear(8, 2), nn.Dense(2)], nn.SquaredError(), N_IN, "float64")
    network.params[...] = np.random.default_rng(1).normal(size=network.params.size)
    network.start_layers(DenseRows(X), np.random.default_rng(0))
    model._network = network
    assert_same_prediction(model, X, dtype)
    assert_same_prediction(model, -1e3 * X, dtype)


def test_a_number_that_overflows_in_the_precision_of_the_graph_is_refused():
    model = regressor_of([nn.Dense(2)])
    model._network.params[0] = 1e39
    with pytest.raises(ValueError, match=r"1e\+39, which is too large for float32; take"):
        to_onnx(model, np.ones((1, N_IN)))
    to_onnx(model, np.ones((1, N_IN)), dtype="float64")


@pytest.mark.parametrize("opset", [13, 17, 18, 21])
def test_operator_sets(opset):
    layers = [
        nn.Dense(N_IN),
        nn.BatchNorm(statistics="batch"),
        nn.Activate(nn.ELU()),
        nn.Maxout(),
        nn.Dense(3),
    ]
    model, X = regressor_of(layers, loss=nn.Quantile()), rows_to_try(N_IN)[:20]
    converted = to_onnx(model, X, target_opset=opset)
    assert max(entry.version for entry in converted.opset_import if entry.domain == "") == opset
    assert_near(outputs(converted, X.astype("float32"))["prediction"], model.predict(X))


def test_an_old_operator_set_is_refused():
    with pytest.raises(ValueError, match="target_opset=12 is too old"):
        to_onnx(regressor_of([nn.Dense(1)]), np.ones((1, N_IN)), target_opset=12)


def test_no_rows_give_no_rows():
    model = regressor_of(network_around(nn.Maxout()))
    empty = np.empty((0, N_IN), np.float32)
    assert outputs(to_onnx(model, np.ones((1, N_IN))), empty)["prediction"].shape == (0, 2)
    assert model._network.scores(DenseRows(empty)).shape == (0, 2)
