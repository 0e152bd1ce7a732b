"""Losses with an exponential, for targets of any size and scores that are far off: their
formulas in a wider precision are the oracle.
"""

import numpy as np
import pytest
from scipy.special import xlogy

from skmlp.nn.losses import Gamma, GaussianNLL, Poisson, Tweedie
from tests.nn.helpers import workspace

POSITIVE = [Poisson(), Tweedie(1.1), Tweedie(1.5), Tweedie(1.9), Gamma()]
each_positive = pytest.mark.parametrize("loss", POSITIVE, ids=repr)


def rows_and_grad(loss, raw, target):
    """Return the losses (n,) and the gradient (n, n_out)."""
    raw = raw.copy()
    ws = workspace(loss.buffers(raw.shape[1]), len(raw), raw.dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss.rows_and_grad(raw, target, ws)
    return ws.rows[:, 0], raw


def deviance(power, z, t):
    """Return half the Tweedie deviance of the mean exp(z), and its derivative by z."""
    if power == 1.0:
        return np.exp(z) - t * z + xlogy(t, t) - t, np.exp(z) - t
    if power == 2.0:
        return t * np.exp(-z) + z - np.log(t) - 1.0, 1.0 - t * np.exp(-z)
    a, b = 2.0 - power, 1.0 - power
    return np.exp(a * z) / a - t * np.exp(b * z) / b + t**a / (a * b), np.exp(a * z) - t * np.exp(
        b * z
    )


def power_of(loss):
    return loss.power if isinstance(loss, Tweedie) else 1.0 if isinstance(loss, Poisson) else 2.0


@each_positive
@pytest.mark.parametrize("size", [1e-37, 1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_deviances_in_float32_for_targets_of_any_size(loss, size):
    """The formula, in units of the target: next to the minimum and some way from it."""
    power = power_of(loss)
    off = np.array([-3.0, -0.5, -0.01, 0.0, 0.01, 0.5, 3.0])
    target = np.full((7, 1), size, np.float32)
    raw = (np.log(size) + off[:, None]).astype(np.float32)
    value, grad = rows_and_grad(loss, raw, target)
    unit = float(target[0, 0]) ** (2.0 - power)
    # seen from the minimum: z - log(t) = off up to the rounding of float32
    expected = deviance(power, raw.astype(float) - np.log(target.astype(float)), 1.0)
    rounding = (
        1e-4 if power in (1.0, 1.5, 2.0) else 1e-3
    )  # of terms with 1 / (2 - p) and 1 / (p - 1) that cancel
    np.testing.assert_allclose(value / unit, expected[0][:, 0], rtol=1e-4, atol=rounding)
    np.testing.assert_allclose(grad / unit, expected[1], rtol=1e-4, atol=rounding)


@each_positive
def test_the_deviance_of_the_target_itself_is_the_least(loss, dtype):
    """And its gradient vanishes there, from next to the least to next to the largest number."""
    target = np.geomspace(1e-37, 1e30, 60)[:, None].astype(dtype)
    value, grad = rows_and_grad(loss, np.log(target), target)
    unit = target[:, 0].astype(float) ** (2.0 - power_of(loss))
    eps = 100.0 * np.finfo(dtype).eps
    assert (np.abs(value / unit) < 10.0 * eps).all()
    assert (np.abs(grad[:, 0] / unit) < eps).all()
    for sign in (-1.0, 1.0):
        assert (
            rows_and_grad(loss, np.log(target) + dtype.type(sign * 0.1), target)[0] > value
        ).all()


def test_a_gamma_deviance_is_never_negative(dtype, rng):
    target = np.exp(rng.uniform(-86.0, 86.0, (500, 1))).astype(dtype)
    raw = np.log(target) + (1e-3 * rng.normal(size=target.shape)).astype(dtype)
    assert (rows_and_grad(Gamma(), raw, target)[0] >= 0.0).all()


@pytest.mark.parametrize("std", [1e-28, 1e-20, 1e-10, 1.0, 1e15])
def test_the_normal_likelihood_in_float32_of_any_deviation(std):
    """The best score of the variance for a single residual r is log(r^2)."""
    residual = np.array([[std], [-std], [2.0 * std]], np.float32)
    raw = np.hstack([residual, np.full((3, 1), 2.0 * np.log(std))]).astype(np.float32)
    value, grad = rows_and_grad(GaussianNLL(), raw, np.zeros((3, 1), np.float32))
    r, s = raw.astype(float).T
    ratio = r**2 * np.exp(-s)
    np.testing.assert_allclose(value, 0.5 * (s + ratio + np.log(2.0 * np.pi)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(grad[:, 1], 0.5 * (1.0 - ratio), rtol=1e-5, atol=2e-5)
    np.testing.assert_allclose(grad[:, 0], r * np.exp(-s), rtol=1e-5)


FAR = np.array([-1e6, -2000.0, -800.0, -400.0, -100.0, 100.0, 400.0, 800.0, 2000.0, 1e6])


@each_positive
@pytest.mark.parametrize("size", [0.0, 1e-200, 1e-20, 1.0, 1e20, 1e200])
def test_the_gradient_far_out_is_that_of_the_value(loss, size):
    """Wherever the tangent begins; both are finite."""
    if size == 0.0 and isinstance(loss, Gamma):
        size = 1e-300
    raw, target = FAR[:, None], np.full((len(FAR), 1), size)
    grad = rows_and_grad(loss, raw, target)[1]
    h = 1e-6 * np.abs(raw)
    above, below = (rows_and_grad(loss, raw + sign * h, target)[0] for sign in (1.0, -1.0))
    np.testing.assert_allclose(
        grad[:, 0],
        (above - below) / (2.0 * h[:, 0]),
        rtol=1e-6,
        atol=1e-6 * size ** (2.0 - power_of(loss)),
    )


@pytest.mark.parametrize("residual", [1e-200, -1e-30, 1e-3, -0.9, 1.1, 1e3, -1e30])
def test_the_gradient_of_the_normal_likelihood_far_out_is_that_of_its_value(residual):
    raw, target = np.column_stack([np.full(len(FAR), residual), FAR]), np.zeros((len(FAR), 1))
    grad = rows_and_grad(GaussianNLL(), raw, target)[1]
    assert np.isfinite(grad).all()
    for k in range(2):
        h = np.zeros_like(raw)
        h[:, k] = 1e-5 * np.abs(raw[:, k])
        above, below = (
            rows_and_grad(GaussianNLL(), raw + sign * h, target)[0] for sign in (1.0, -1.0)
        )
        numeric = (above - below) / (2.0 * h[:, k])
        resolved = 1e-5 * np.abs(numeric) + 1e-5 + np.finfo(float).eps * np.abs(above) / h[:, k]
        assert (np.abs(grad[:, k] - numeric) < resolved).all()


@pytest.mark.parametrize("loss", [*POSITIVE, GaussianNLL()], ids=repr)
def test_all_is_finite_in_float32(loss):
    """Scores and targets of any size that go together or not."""
    sizes = np.array([0.0, 1e-30, 1e-10, 1.0, 1e3, 1e10], np.float32)
    raw = np.concatenate([sizes, -sizes, np.float32([800.0, -800.0])])
    target = np.array([1e-30, 1.0, 1e3, 1e10], np.float32)
    if loss.n_scores == 2:
        raw = np.array(np.meshgrid(raw[np.abs(raw) < 1e4], raw[np.abs(raw) < 1e4])).reshape(2, -1).T
    else:
        raw = raw[np.abs(raw) < 1e4, None]
    for t in target[: 3 if loss.n_scores == 2 else 4]:
        value, grad = rows_and_grad(loss, np.ascontiguousarray(raw), np.full((len(raw), 1), t))
        assert np.isfinite(value).all()
        assert np.isfinite(grad).all()
