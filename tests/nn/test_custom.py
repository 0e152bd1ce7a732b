"""Activations and losses from plain functions: gradients by central differences, equal to
built-in units of the same formula.
"""

import copy
import pickle

import numpy as np
import pytest
from scipy import special
from sklearn.base import clone

from skmlp.nn.activations import ACTIVATIONS
from skmlp.nn.autodiff import FunctionActivation, FunctionLoss
from skmlp.nn.losses import LOSSES, SquaredError
from tests.nn.helpers import gradient_of_rows, layer_workspace, make_network
from tests.nn.test_gradients import SETTINGS, TOLERANCE, gradient_error

FUNCTIONS = {
    "tanh": np.tanh,
    "logistic": special.expit,
    "softplus": lambda z: np.logaddexp(z, 0.0),
    "silu": lambda z: z * special.expit(z),
    "gelu": lambda z: 0.5 * z * (1.0 + special.erf(z / 2**0.5)),
    "mish": lambda z: z * np.tanh(np.log1p(np.exp(z))),
    "elu": lambda z: np.where(z > 0.0, z, np.expm1(np.minimum(z, 0.0))),
    "leaky_relu": lambda z: np.maximum(z, 0.01 * z),
}
LOSS_FUNCTIONS = {
    "squared_error": lambda prediction, target: 0.5 * (prediction - target) ** 2,
    "absolute_error": lambda prediction, target: abs(prediction - target),
    "log_cosh": lambda prediction, target: np.log(np.cosh(prediction - target)),
}


def lorentz(prediction, target):
    return np.log1p(np.square(prediction - target))


@pytest.mark.parametrize("key", FUNCTIONS)
def test_gradient_of_a_network(key):
    """Activation x loss x {batch norm} x {dropout} x {weights} x {penalty}."""
    for batch_norm, dropout, weighted, penalty in SETTINGS:
        network = make_network(
            FunctionLoss(lorentz),
            FunctionActivation(FUNCTIONS[key]),
            sizes=(3, 4, 3, 2),
            batch_norm=batch_norm,
            dropout=0.3 if dropout else 0.0,
            alphas=(0.5, 0.0, 2.0) if penalty else (),
        )
        assert gradient_error(network, weighted, directions=6) < TOLERANCE


def test_gradient_of_the_input():
    assert (
        gradient_error(
            make_network(SquaredError(), FunctionActivation(FUNCTIONS["mish"])), input_gradient=True
        )
        < TOLERANCE
    )


def test_a_wrong_derivative_would_be_found(monkeypatch):
    from skmlp.nn.autodiff import dual as autodiff

    monkeypatch.setitem(autodiff.ONE, np.tanh, lambda y, x: 1.0 - y)
    assert gradient_error(make_network(SquaredError(), FunctionActivation(np.tanh))) > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("key", FUNCTIONS)
def test_equals_the_activation_of_the_same_formula(key, dtype):
    layer, activation = FunctionActivation(FUNCTIONS[key]), ACTIVATIONS[key]()
    ws = layer_workspace(layer, 20, 4, dtype, np.random.default_rng(0))
    dy = np.random.default_rng(1).normal(size=ws.x.shape).astype(dtype)
    x, y, dx, tmp = ws.x.copy(), np.empty_like(ws.x), np.empty_like(ws.x), np.empty_like(ws.x)
    activation.forward(x.copy(), y, tmp)
    activation.backward(x if activation.keeps == "x" else y, dy, dx, tmp)
    tolerance = {
        "rtol": 2e-5 if dtype == np.float32 else 1e-12,
        "atol": 1e-6 if dtype == np.float32 else 1e-14,
    }
    layer.forward(ws.x, ws, True)
    np.testing.assert_allclose(ws.y, y, **tolerance)
    layer.backward(dy, ws)
    np.testing.assert_allclose(ws.dx, dx, **tolerance)
    in_training = ws.y.copy()
    del ws.slope
    layer.forward(ws.x, ws, False)
    np.testing.assert_array_equal(ws.y, in_training)
    np.testing.assert_array_equal(ws.x, x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("key", LOSS_FUNCTIONS)
def test_equals_the_loss_of_the_same_formula(key, dtype):
    rng = np.random.default_rng(0)
    raw, target = rng.normal(size=(2, 30, 3)).astype(dtype)
    ours, theirs = (
        gradient_of_rows(FunctionLoss(LOSS_FUNCTIONS[key]), raw, target),
        gradient_of_rows(LOSSES[key](), raw, target),
    )
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(
            a,
            b,
            rtol=1e-4 if dtype == np.float32 else 1e-12,
            atol=1e-6 if dtype == np.float32 else 1e-14,
        )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("key", LOSS_FUNCTIONS)
def test_starts_at_the_best_constant(key, weighted):
    rng = np.random.default_rng(0)
    target, weight = rng.gamma(2.0, size=(201, 3)), rng.uniform(0.5, 2.0, 201) if weighted else None
    start = FunctionLoss(LOSS_FUNCTIONS[key]).initial_score(target, weight)
    assert start.shape == (3,)
    for column, value in zip(target.T, start, strict=True):
        means = [
            np.average(LOSS_FUNCTIONS[key](c, column), weights=weight)
            for c in (value, *np.linspace(0.0, column.max(), 300))
        ]
        assert means[0] <= min(means) + 1e-12


def test_a_start_without_a_slope_is_the_median():
    """The square root of 0 has none."""
    target = np.array([[1.0], [4.0], [9.0]])
    start = FunctionLoss(
        lambda prediction, target: np.sqrt(np.maximum(prediction - target, 0.0))
    ).initial_score(target, None)
    np.testing.assert_array_equal(start, [4.0])


def test_a_loss_that_is_not_finite_for_the_targets_is_refused():
    with pytest.raises(ValueError, match=r"gives a loss that is not finite for the target -1\.0"):
        FunctionLoss(lambda prediction, target: (prediction - np.log(target)) ** 2).initial_score(
            np.array([[2.0], [-1.0]]), None
        )


def write(z):
    z[...] = 0.0
    return z


REFUSED = [
    (
        lambda z: z.sum(),
        ValueError,
        r"elementwise: for arrays of shape \(4, 2\) it gives shape \(\)",
    ),
    (lambda z: 1.0, ValueError, r"gives shape \(\)"),
    (lambda z: z - z.mean(), ValueError, "an entry of its result depends on other entries"),
    (np.log, ValueError, r"is not finite at -1\.7"),
    (lambda z: np.sqrt(np.maximum(z, 0.0)) + 0.0 / (z < 5), ValueError, "is not finite at"),
    (lambda z: z > 0, ValueError, "derivative 0"),
    (np.sign, ValueError, "derivative 0"),
    (lambda z: z * 1j, TypeError, "real numbers"),
    (
        lambda z: z * 0 + (5.0 if hasattr(z, "tangent") else 6.0),
        ValueError,
        "gives other values for Dual numbers",
    ),
    (np.ndarray, ValueError, "is no function of arrays"),
    (np.spacing, TypeError, "The ufunc 'spacing' has no derivative"),
    (write, ValueError, "read-only"),
]


@pytest.mark.parametrize(("function", "error", "message"), REFUSED)
def test_what_is_refused(function, error, message):
    with np.errstate(all="ignore"), pytest.raises(error, match=message):
        FunctionActivation(function).check()


@pytest.mark.parametrize(("function", "message"), [
    (lambda prediction, target: np.mean((prediction - target) ** 2), "elementwise"),
    (lambda prediction, target: target**2, "derivative 0"),
    (lambda prediction: prediction, "positional argument"),
])  # fmt: skip
def test_what_is_refused_as_a_loss(function, message):
    with pytest.raises((ValueError, TypeError), match=message):
        FunctionLoss(function).check()


def test_an_error_in_the_function_says_what_it_was_called_with():
    with pytest.raises(ZeroDivisionError) as error:
        FunctionActivation(lambda z: z / (1 // 0)).check()
    assert (
        "was tried on read-only arrays of shape (4, 2), and on Dual numbers"
        in error.value.__notes__[0]
    )


def test_copies():
    for unit in (FunctionActivation(np.tanh), FunctionLoss(lorentz)):
        for other in (pickle.loads(pickle.dumps(unit)), clone(unit), copy.deepcopy(unit)):
            assert other.function is unit.function
            assert repr(other) == repr(unit)
