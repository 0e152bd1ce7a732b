"""Every loss: its formula, its gradient, its ways with memory and precision."""

from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import _sgd_fast
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    mean_tweedie_deviance,
)

from skmlp.nn.losses import (
    LOSSES,
    AbsoluteError,
    BinaryFocal,
    BinaryLogLoss,
    Focal,
    Gamma,
    GaussianNLL,
    Huber,
    LogLoss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)
from tests import reference
from tests.nn.helpers import (
    relative_error,
    rows,
    table,
    targets_of,
    value_and_grad,
    watch,
    workspace,
)

N, N_OUT = 7, 6  # so many scores: for six targets, three or two
each = pytest.mark.parametrize("loss", **table(LOSSES))
each_key = pytest.mark.parametrize("key", LOSSES)


@pytest.mark.parametrize("table", [reference.LOSSES, reference.LINKS])
def test_every_loss_has_a_reference(table):
    assert set(table) == set(LOSSES)


@each_key
@pytest.mark.parametrize("size", [0.1, 3.0, 300.0])
def test_rows_agree_with_the_formula(key, size, dtype, rng):
    loss = LOSSES[key]()
    raw, target = (
        (size * rng.normal(size=(50, N_OUT))).astype(dtype),
        targets_of(loss, (50, N_OUT), rng, dtype),
    )
    if key in reference.EXPONENTIALS:
        raw = np.clip(raw, -40.0, 40.0)
    expected = reference.LOSSES[key](raw.astype(np.float64), target.astype(np.float64))
    eps = np.finfo(dtype).eps
    # exp multiplies the rounding of its argument by the argument
    rtol = (40 if key in reference.EXPONENTIALS else 8) * eps
    np.testing.assert_allclose(
        rows(loss, raw, target), expected, rtol=rtol, atol=16 * eps * max(size, 1.0)
    )


@each
@pytest.mark.parametrize("soft", [False, True])
def test_gradient_is_the_numeric_one(loss, soft, rng):
    raw, target = 2.0 * rng.normal(size=(N, N_OUT)), targets_of(loss, (N, N_OUT), rng)
    if soft and "regression" not in loss.targets:
        target = rng.dirichlet(np.ones(N_OUT), N)  # a distribution, and each entry lies in [0, 1]
    weight, scale, h = rng.uniform(0.5, 2.0, (N, 1)), 0.37, 1e-6
    numeric = np.empty_like(raw)
    for where in np.ndindex(*raw.shape):
        step = np.zeros_like(raw)
        step[where] = h
        above, below = (
            value_and_grad(loss, raw + sign * step, target, weight, scale)[0] for sign in (1, -1)
        )
        numeric[where] = (above - below) / (2 * h)
    assert relative_error(numeric, value_and_grad(loss, raw, target, weight, scale)[1]) < 1e-6


@each
def test_weights_and_scale_multiply_rows(loss, rng):
    raw, target = rng.normal(size=(N, N_OUT)), targets_of(loss, (N, N_OUT), rng)
    weight = rng.uniform(0.5, 2.0, (N, 1))
    value, grad = value_and_grad(loss, raw, target, weight, 0.25)
    assert value == pytest.approx(0.25 * np.sum(weight[:, 0] * rows(loss, raw, target)), rel=1e-13)
    np.testing.assert_allclose(
        grad, 0.25 * weight * value_and_grad(loss, raw, target)[1], rtol=1e-13
    )


@each
def test_weights_of_one_are_no_weights(loss, rng):
    raw, target = rng.normal(size=(N, N_OUT)), targets_of(loss, (N, N_OUT), rng)
    without, ones = (
        value_and_grad(loss, raw, target),
        value_and_grad(loss, raw, target, np.ones((N, 1))),
    )
    assert without[0] == ones[0]
    np.testing.assert_array_equal(without[1], ones[1])


@each
def test_is_not_negative_and_adds_up_over_outputs(loss, rng):
    raw, target = rng.normal(size=(40, N_OUT)), targets_of(loss, (40, N_OUT), rng)
    values = rows(loss, raw, target)
    assert (values >= 0).all() or isinstance(loss, GaussianNLL)  # a density may be larger than 1
    if loss.targets != ("multiclass",):
        n_targets = N_OUT // loss.n_scores
        parts = [
            rows(loss, raw[:, k::n_targets].copy(), target[:, [k]].copy()) for k in range(n_targets)
        ]
        np.testing.assert_allclose(values, np.sum(parts, axis=0), rtol=1e-13)


@each
def test_works_in_the_given_precision_without_new_arrays(loss, dtype, rng):
    ws = watch(
        workspace(
            loss.buffers(N_OUT),
            N,
            dtype,
            raw=rng.normal(size=(N, N_OUT)).astype(dtype),
            weight=np.ones((N, 1), dtype),
        )
    )
    assert (
        loss.value_and_grad(
            ws.raw, targets_of(loss, (N, N_OUT), rng, dtype), ws.weight, 0.5, ws
        ).dtype
        == dtype
    )
    assert np.isfinite(ws.raw.view(np.ndarray)).all()


@each
def test_leaves_targets_and_weights_alone(loss, rng):
    target, weight = targets_of(loss, (N, N_OUT), rng), rng.uniform(1, 2, (N, 1))
    before = target.copy(), weight.copy()
    value_and_grad(loss, rng.normal(size=(N, N_OUT)), target, weight)
    np.testing.assert_array_equal(target, before[0])
    np.testing.assert_array_equal(weight, before[1])


@each
def test_leading_axes_are_separate_runs(loss, dtype, rng):
    """By which ``MaskedEntries`` gets the loss of each entry."""
    raw, target = (
        rng.normal(size=(4, N, N_OUT)).astype(dtype),
        targets_of(loss, (4, N, N_OUT), rng, dtype),
    )
    values, grads = value_and_grad(loss, raw, target, scale=0.5)
    for k in range(4):
        value, grad = value_and_grad(loss, raw[k], target[k], scale=0.5)
        assert values[k] == pytest.approx(value, rel=4 * float(np.finfo(dtype).eps))
        np.testing.assert_array_equal(grads[k], grad)


@each
def test_finite_far_out(loss, dtype, rng):
    corners = [[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4]]
    raw = np.hstack([corners, corners[::-1]]).astype(dtype)
    target = targets_of(loss, raw.shape, rng, dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, grad = value_and_grad(loss, raw, target)
        out = raw.copy()
        loss.link(raw, out)
        assert np.isfinite(out).all()
        if hasattr(loss, "log_link"):
            loss.log_link(raw, out)
            assert np.isfinite(out).all()
    assert np.isfinite(value)
    assert np.isfinite(grad).all()


def test_log_loss_is_that_of_scikit_learn(rng):
    raw, labels, weight = (
        rng.normal(size=(30, 4)),
        rng.permutation(np.arange(30) % 4),
        rng.uniform(1, 2, 30),
    )
    out = np.empty_like(raw)
    LogLoss().link(raw, out)
    value, _ = value_and_grad(
        LogLoss(), raw, np.eye(4)[labels], weight[:, None], 1.0 / weight.sum()
    )
    assert value == pytest.approx(log_loss(labels, out, sample_weight=weight), rel=1e-13)


def test_binary_log_loss_is_that_of_scikit_learn(rng):
    raw, target = rng.normal(size=(30, 1)), rng.integers(0, 2, (30, 1)).astype(float)
    out = np.empty_like(raw)
    BinaryLogLoss().link(raw, out)
    value, _ = value_and_grad(BinaryLogLoss(), raw, target, scale=1 / 30)
    assert value == pytest.approx(log_loss(target[:, 0], out[:, 0]), rel=1e-13)


def test_two_classes_are_one_yes_or_no(rng):
    """Cross-entropy of (0, z) against two classes is that of z against one yes/no."""
    z, yes = 3.0 * rng.normal(size=(20, 1)), rng.integers(0, 2, (20, 1)).astype(float)
    np.testing.assert_allclose(
        rows(LogLoss(), np.hstack([0 * z, z]), np.hstack([1 - yes, yes])),
        rows(BinaryLogLoss(), z, yes),
        rtol=1e-12,
    )


def test_log_loss_of_the_target_itself_is_its_entropy(rng):
    p = rng.dirichlet(np.ones(4), 20)
    np.testing.assert_allclose(rows(LogLoss(), np.log(p), p), reference.entropy(p), rtol=1e-12)


def test_log_loss_does_not_change_with_a_shift(rng):
    raw, target = rng.normal(size=(20, 4)), np.eye(4)[rng.integers(0, 4, 20)]
    np.testing.assert_allclose(
        rows(LogLoss(), raw + 700.0, target), rows(LogLoss(), raw, target), rtol=1e-10
    )


def test_confident_and_right_costs_next_to_nothing(dtype):
    """The logarithm of a small loss is not lost to rounding: log1p(exp(-12)), not log(1 +
    exp(-12)).
    """
    assert rows(BinaryLogLoss(), np.array([[12.0]], dtype), np.ones((1, 1), dtype))[
        0
    ] == pytest.approx(np.log1p(np.exp(-12.0)), rel=1e-6)


def test_errors_are_those_of_scikit_learn(rng):
    z, t = rng.normal(size=(2, 30, 2))
    weight = rng.uniform(1, 2, 30)
    half, _ = value_and_grad(SquaredError(), z, t, weight[:, None], 1.0 / weight.sum())
    assert half == pytest.approx(
        0.5 * 2 * mean_squared_error(t, z, sample_weight=weight), rel=1e-13
    )
    absolute, _ = value_and_grad(AbsoluteError(), z, t, weight[:, None], 1.0 / weight.sum())
    assert absolute == pytest.approx(2 * mean_absolute_error(t, z, sample_weight=weight), rel=1e-13)


@pytest.mark.parametrize("delta", [0.1, 1.0, 5.0])
def test_huber_is_that_of_scipy(delta, rng):
    from scipy.special import huber

    z, t = 3.0 * rng.normal(size=(2, 40, 1))
    np.testing.assert_allclose(rows(Huber(delta), z, t), huber(delta, (z - t)[:, 0]), rtol=1e-12)


def test_absolute_error_at_zero_has_gradient_zero():
    assert value_and_grad(AbsoluteError(), np.ones((1, 1)), np.ones((1, 1)))[1] == 0.0


# ---- hyperparameters


@pytest.mark.parametrize("smoothing", [0.1, 0.6])
def test_label_smoothing_is_another_target(smoothing, rng):
    """Szegedy et al. (2016), section 7: the distribution (1 - e) t + e / K."""
    raw, target = rng.normal(size=(20, 4)), np.eye(4)[rng.integers(0, 4, 20)]
    smooth = (1 - smoothing) * target + smoothing / 4
    np.testing.assert_allclose(
        rows(LogLoss(smoothing), raw, target), rows(LogLoss(), raw, smooth), rtol=1e-12
    )
    ours, theirs = (
        value_and_grad(LogLoss(smoothing), raw, target)[1],
        value_and_grad(LogLoss(), raw, smooth)[1],
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(
        LogLoss(smoothing).initial_score(target, None),
        LogLoss().initial_score(smooth, None),
        rtol=1e-12,
    )
    raw, yes = raw[:, :1], target[:, :1]
    smooth = (1 - smoothing) * yes + smoothing / 2
    np.testing.assert_allclose(
        rows(BinaryLogLoss(smoothing), raw, yes),
        rows(BinaryLogLoss(), raw, smooth),
        rtol=1e-12,
    )
    ours, theirs = (
        value_and_grad(BinaryLogLoss(smoothing), raw, yes)[1],
        value_and_grad(BinaryLogLoss(), raw, smooth)[1],
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(
        BinaryLogLoss(smoothing).initial_score(yes, None),
        BinaryLogLoss().initial_score(smooth, None),
        rtol=1e-12,
    )


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 5.0])
def test_focal_loss_is_the_cross_entropy_times_a_power_of_the_doubt(gamma, rng):
    """Lin et al. (2017), equation 4, in the two shapes that outputs have."""
    raw, target = 3.0 * rng.normal(size=(40, 4)), np.eye(4)[rng.integers(0, 4, 40)]
    p = np.sum(reference.LINKS["log_loss"](raw) * target, axis=1)
    np.testing.assert_allclose(
        rows(Focal(gamma), raw, target), -((1 - p) ** gamma) * np.log(p), rtol=1e-9
    )
    z, yes = raw[:, :1], target[:, :1]
    two = rows(Focal(gamma), np.hstack([0 * z, z]), np.hstack([1 - yes, yes]))
    np.testing.assert_allclose(rows(BinaryFocal(gamma), z, yes), two, rtol=1e-9)


OTHERS = [
    *(Focal(gamma) for gamma in (0.0, 0.5, 1.0, 5.0)),
    *(BinaryFocal(gamma) for gamma in (0.0, 0.5, 1.0, 5.0)),
    *(LogLoss(0.2), BinaryLogLoss(0.2), Huber(0.3), Tweedie(1.1), Tweedie(1.9)),
    *(Quantile(0.3), Quantile((0.2, 0.6)), Quantile((0.1, 0.2, 0.3, 0.4, 0.5, 0.6))),
]


@pytest.mark.parametrize("loss", OTHERS, ids=repr)
def test_gradients_for_other_hyper_parameters(loss, rng):
    test_gradient_is_the_numeric_one(loss, False, rng)
    test_finite_far_out(loss, np.dtype(np.float32), rng)


@pytest.mark.parametrize("power", [1.1, 1.5, 1.9])
def test_deviances_are_half_of_scikit_learns(power, rng):
    raw, target = rng.normal(size=(40, 1)), rng.gamma(1.0, 1.0, (40, 1))
    mean = np.exp(raw[:, 0])
    for loss, deviance in (
        (Poisson(), mean_poisson_deviance),
        (Gamma(), mean_gamma_deviance),
        (Tweedie(power), partial(mean_tweedie_deviance, power=power)),
    ):
        assert rows(loss, raw, target).mean() == pytest.approx(
            0.5 * deviance(target[:, 0], mean), rel=1e-12
        )


@pytest.mark.parametrize("levels", [0.3, (0.3,), (0.05, 0.3, 0.5, 0.95)])
def test_pinball_loss_is_scikit_learns(levels, rng):
    loss, target = Quantile(levels), rng.normal(size=(40, 1))
    raw, quantiles = rng.normal(size=(2, 40, loss.n_scores))
    loss.link(raw, quantiles)
    taus = np.ravel(levels)
    expected = sum(
        mean_pinball_loss(target[:, 0], q, alpha=tau)
        for q, tau in zip(quantiles.T, taus, strict=True)
    )
    assert rows(loss, raw, target).mean() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "levels", [0.0, 1.0, (), (0.5, 0.5), (0.9, 0.1), (0.1, np.nan), "0.5", None, ("0.1",)], ids=str
)
def test_levels_of_quantiles(levels):
    with pytest.raises(
        ValueError, match=r"levels must be a number in \(0, 1\) or several in rising order.*got"
    ):
        Quantile(levels).check()


@pytest.mark.parametrize("key", ["hinge", "squared_hinge", "perceptron"])
def test_margins_are_those_of_scikit_learn(key, rng):
    """Those of one row, which its stochastic gradient descent uses; a score of 0 included."""
    theirs = {
        "hinge": _sgd_fast.Hinge(1.0),
        "squared_hinge": _sgd_fast.SquaredHinge(1.0),
        "perceptron": _sgd_fast.Hinge(0.0),
    }[key]
    for z in (*rng.normal(size=10), 0.0):
        for yes in (0.0, 1.0):
            value, grad = value_and_grad(LOSSES[key](), np.array([[z]]), np.array([[yes]]))
            assert value == pytest.approx(theirs.py_loss(z, 2 * yes - 1), rel=1e-14)
            assert grad[0, 0] == pytest.approx(theirs.py_dloss(z, 2 * yes - 1), rel=1e-14)


def test_values_outside_the_domain_are_refused():
    for loss, bad, good in (
        (Poisson(), [[-1.0, 2.0]], [[0.0, 2.0]]),
        (Gamma(), [[0.0, 2.0]], [[0.1, 2.0]]),
        (Tweedie(), [[-0.1]], [[0.0]]),
    ):
        loss.check_target(np.array(good), "y")
        with pytest.raises(
            ValueError,
            match=rf"y has the value {bad[0][0]}, but "
            rf"loss={type(loss).__name__}\(\) needs values in",
        ):
            loss.check_target(np.array(bad), "y")
