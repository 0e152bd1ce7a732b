"""Every activation: its formula, its derivative, its ways with memory and precision."""

import numpy as np
import pytest

from skmlp.nn.activations import ACTIVATIONS, ELU, HardThreshold, LeakyReLU, ShiftedReLU
from tests import reference
from tests.nn.helpers import Watched, table

X = np.linspace(-4.0, 4.0, 42) + 0.0137  # no zero among them: the kink of the relu family
each = pytest.mark.parametrize("activation", **table(ACTIVATIONS))
SMOOTH_OR_BENT = [cls() for cls in ACTIVATIONS.values() if not cls.surrogate]
FALLING = {"gelu": -0.170, "silu": -0.278, "mish": -0.309}  # the least value, as the papers give it


def forward(activation, x):
    out = np.empty_like(x)
    activation.forward(x.copy(), out, np.empty_like(x))
    return out


def backward(activation, x, dy):
    kept = forward(activation, x) if activation.keeps == "y" else x
    out = np.empty_like(x)
    activation.backward(kept.copy(), dy.copy(), out, np.empty_like(x))
    return out


def test_every_activation_has_a_reference():
    assert set(ACTIVATIONS) == set(reference.ACTIVATIONS)


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_values_agree_with_the_formula(key, dtype):
    x = np.concatenate([X, [-100.0, -30.0, -1e-3, 0.0, 1e-3, 30.0, 80.0]]).astype(dtype)
    expected = reference.ACTIVATIONS[key](x.astype(np.float64))
    rounding = 8 * np.finfo(dtype).eps * np.abs(expected)
    if (
        key == "gelu" and dtype == np.float64
    ):  # the formula itself: rounding x / sqrt(2) changes the left tail x^2 times as much
        rounding *= 1 + np.where(x < 0, x**2, 0)
    assert (
        np.abs(forward(ACTIVATIONS[key](), x) - expected) <= rounding + 2 * np.finfo(dtype).tiny
    ).all()


@pytest.mark.parametrize("slope", [0.0, 0.2, 0.9])
def test_leaky_relu_with_a_slope(slope):
    np.testing.assert_allclose(forward(LeakyReLU(slope), X), np.where(X > 0, X, slope * X))


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.5])
def test_elu_with_a_limit(alpha):
    np.testing.assert_allclose(
        forward(ELU(alpha), X), np.where(X > 0, X, alpha * np.expm1(X)), rtol=1e-14
    )


@pytest.mark.parametrize("shift", [0.0, 0.3, 2.0])
def test_shifted_relu_with_a_shift(shift):
    np.testing.assert_array_equal(forward(ShiftedReLU(shift), X), np.where(-shift < X, X, -shift))


VARIANTS = [LeakyReLU(0.0), LeakyReLU(0.9), ShiftedReLU(0.0), ShiftedReLU(2.5), ELU(0.3), ELU(2.5)]


@pytest.mark.parametrize("activation", [*SMOOTH_OR_BENT, *VARIANTS], ids=repr)
def test_derivative_is_the_numeric_one(activation):
    h = 1e-6
    numeric = (forward(activation, X + h) - forward(activation, X - h)) / (2 * h)
    analytic = backward(activation, X, np.ones_like(X))
    np.testing.assert_allclose(analytic, numeric, rtol=1e-6, atol=0)


def test_only_the_hard_threshold_has_a_surrogate_gradient():
    assert [key for key, cls in ACTIVATIONS.items() if cls.surrogate] == ["hard_threshold"]


def test_hard_threshold_passes_the_gradient_straight_through_near_zero():
    """Hubara et al. (2016), equation 4: the derivative of the hard tanh, max(-1, min(1, x))."""
    x = np.array([-1e4, -1.01, -1.0, -0.3, 0.0, 0.3, 1.0, 1.01, 1e4])
    np.testing.assert_array_equal(
        backward(HardThreshold(), x, np.full(9, 0.7)), 0.7 * np.array([0, 0, 1, 1, 1, 1, 1, 0, 0])
    )
    h = 1e-6
    numeric = (np.clip(X + h, -1, 1) - np.clip(X - h, -1, 1)) / (2 * h)
    np.testing.assert_allclose(backward(HardThreshold(), X, np.ones_like(X)), numeric, rtol=1e-6)


@each
def test_gradient_is_multiplied_with_the_derivative(activation, rng):
    dy = rng.normal(size=X.shape)
    np.testing.assert_allclose(
        backward(activation, X, dy), dy * backward(activation, X, np.ones_like(X)), rtol=1e-14
    )


@pytest.mark.parametrize("key", ["relu", "leaky_relu"])
def test_derivative_at_the_kink_is_the_left_one(key):
    activation = ACTIVATIONS[key]()
    assert backward(activation, np.zeros(1), np.ones(1)) == getattr(activation, "slope", 0.0)


@each
def test_in_place_equals_out_of_place(activation, dtype, rng):
    x, dy = X.astype(dtype), rng.normal(size=X.shape).astype(dtype)
    tmp, y, dx = np.empty_like(x), x.copy(), dy.copy()
    activation.forward(y, y, tmp)
    np.testing.assert_array_equal(y, forward(activation, x))
    activation.backward(y if activation.keeps == "y" else x, dx, dx, tmp)
    np.testing.assert_array_equal(dx, backward(activation, x, dy))


@each
def test_reads_without_writing(activation, dtype):
    x, dy = X.astype(dtype), np.ones(X.shape, dtype)
    y, tmp = np.empty_like(x), np.empty_like(x)
    activation.forward(x, y, tmp)
    np.testing.assert_array_equal(x, X.astype(dtype))
    kept = y if activation.keeps == "y" else x
    before = kept.copy()
    activation.backward(kept, dy, np.empty_like(x), tmp)
    np.testing.assert_array_equal(kept, before)
    np.testing.assert_array_equal(dy, 1.0)


@each
def test_computes_in_the_given_precision_without_new_arrays(activation, dtype):
    x, y, dx, tmp = (np.ones((5, 4), dtype).view(Watched) for _ in range(4))
    activation.forward(x, y, tmp)
    activation.backward(y if activation.keeps == "y" else x, x, dx, tmp)
    activation.forward(y, y, tmp)
    activation.backward(y if activation.keeps == "y" else x, dx, dx, tmp)


@each
def test_finite_far_out(activation, dtype):
    x = np.array([-1e4, -745.0, -88.0, 0.0, 88.0, 710.0, 1e4], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, dx = forward(activation, x), backward(activation, x, np.ones_like(x))
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("key", [key for key in ACTIVATIONS if key not in FALLING])
def test_never_falls(key):
    assert (backward(ACTIVATIONS[key](), np.linspace(-50, 50, 1001), np.ones(1001)) >= 0).all()


@pytest.mark.parametrize("key", FALLING)
def test_falls_to_its_least_value_and_then_rises(key):
    x = np.linspace(-50, 50, 100_001)
    slope, lowest = (
        backward(ACTIVATIONS[key](), x, np.ones_like(x)),
        np.argmin(forward(ACTIVATIONS[key](), x)),
    )
    assert forward(ACTIVATIONS[key](), x)[lowest] == pytest.approx(FALLING[key], abs=1e-3)
    assert (slope[: lowest - 1] <= 0).all()
    assert (slope[lowest + 1 :] >= 0).all()


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_arrays_longer_than_a_part(key, rng):
    """Some work in parts that fit the cache; the last one is shorter."""
    activation, x = ACTIVATIONS[key](), rng.normal(size=(15, 701))
    np.testing.assert_array_equal(
        backward(activation, x, x), [backward(activation, row, row) for row in x]
    )


@each
def test_declares_what_its_derivative_reads(activation):
    assert activation.keeps in ("x", "y")


def test_selu_keeps_mean_zero_and_variance_one():
    """The defining property of the two constants, by Gauss-Hermite quadrature of either side of
    the kink.
    """
    from scipy.integrate import quad
    from scipy.stats import norm

    def moment(power):
        value = [
            quad(
                lambda z: forward(ACTIVATIONS["selu"](), np.array([z]))[0] ** power * norm.pdf(z),
                *side,
            )[0]
            for side in SIDES
        ]
        return sum(value)

    SIDES = ((-12.0, 0.0), (0.0, 12.0))
    assert moment(1) == pytest.approx(0.0, abs=1e-7)
    assert moment(2) == pytest.approx(1.0, abs=1e-7)
