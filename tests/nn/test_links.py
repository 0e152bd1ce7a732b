"""Links of losses: their formula and their logarithm, their derivative, and what the predictions
mean.
"""

import numpy as np
import pytest

from skmlp.nn.losses import (
    LOSSES,
    ColumnLosses,
    GaussianNLL,
    LogLoss,
    Poisson,
    Quantile,
    SquaredError,
)
from skmlp.nn.losses.base import Output
from skmlp.nn.losses.masked import masked
from skmlp.nn.losses.measure import Measure
from tests import reference
from tests.nn.helpers import relative_error, table

N_OUT = 6
each = pytest.mark.parametrize("loss", **table(LOSSES))
each_key = pytest.mark.parametrize("key", LOSSES)
LOG_LINKS = [key for key, cls in LOSSES.items() if hasattr(cls, "log_link")]


def test_every_log_link_has_a_reference():
    assert set(reference.LOG_LINKS) == set(LOG_LINKS)


@each_key
def test_link_agrees_with_the_formula(key, dtype, rng):
    raw = (5.0 * rng.normal(size=(20, N_OUT))).astype(dtype)
    out, loss = np.empty_like(raw), LOSSES[key]()
    loss.link(raw, out)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(
        out, reference.LINKS[key](raw.astype(np.float64)), rtol=32 * eps, atol=32 * eps
    )
    assert out.dtype == dtype
    loss.link(raw, raw)
    np.testing.assert_array_equal(raw, out)


@pytest.mark.parametrize("key", LOG_LINKS)
def test_link_is_never_zero_nor_one_and_has_this_logarithm(key, dtype):
    raw = np.array([[-1e4, 1e4, 0.0], [1e4, -1e4, -1e4], [-90.0, 90.0, 3.0]], dtype)
    probability, logarithm = np.empty_like(raw), np.empty_like(raw)
    LOSSES[key]().link(raw, probability)
    LOSSES[key]().log_link(raw, logarithm)
    assert (probability > 0.0).all()
    assert (probability < 1.0).all() or "multiclass" in LOSSES[key].targets
    np.testing.assert_allclose(
        logarithm, np.log(probability), rtol=32 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps
    )


@pytest.mark.parametrize("key", LOG_LINKS)
def test_log_link_agrees_with_the_formula(key, dtype, rng):
    raw = np.vstack(
        [5.0 * rng.normal(size=(20, N_OUT)), 100.0 * rng.normal(size=(20, N_OUT))]
    ).astype(dtype)
    out, loss = np.empty_like(raw), LOSSES[key]()
    loss.log_link(raw, out)
    expected = np.maximum(
        reference.LOG_LINKS[key](raw.astype(np.float64)), np.log(np.finfo(dtype).tiny)
    )
    np.testing.assert_allclose(
        out, expected, rtol=32 * np.finfo(dtype).eps, atol=32 * np.finfo(dtype).eps
    )
    assert out.dtype == dtype
    loss.log_link(raw, raw)
    np.testing.assert_array_equal(raw, out)


@pytest.mark.parametrize(
    "key", [key for key, cls in LOSSES.items() if cls.out_activation in ("softmax", "logistic")]
)
def test_a_link_to_probabilities_has_a_logarithm(key):
    assert key in LOG_LINKS


def test_quantiles_never_cross(dtype, rng):
    raw = (1e4 * rng.normal(size=(100, 6))).astype(dtype)
    Quantile().link(raw, raw)
    low, middle, high = np.split(raw, 3, axis=1)
    assert (low <= middle).all()
    assert (middle <= high).all()


# ---- derivatives


class Arctan(SquaredError):
    """The squared error of a prediction in (-1, 1), with a link that no other loss has."""

    domain = "(-1, 1)"

    def link(self, raw, out):
        np.arctan(raw, out=out)
        np.multiply(out, 2.0 / np.pi, out=out)

    def link_gradient(self, raw, gradient):
        return gradient * (2.0 / np.pi / (1.0 + raw * raw))


BY_COLUMN = ColumnLosses(
    [(LogLoss(), np.array([0, 2, 5])), (Poisson(), slice(3, 5)), (Arctan(), np.array([1]))]
)


def predicted(loss, raw):
    out = np.empty_like(raw)
    loss.link(raw, out)
    return out


def link_gradient_error(loss, rng):
    """Return the error of the derivative of every prediction by every score, against central
    differences.
    """
    raw, h = 1.5 * rng.normal(size=(5, N_OUT)), 1e-6
    each = np.broadcast_to(np.eye(N_OUT)[:, None, :], (N_OUT, *raw.shape))
    analytic = loss.link_gradient(raw, each)
    steps = h * np.eye(N_OUT)
    numeric = np.stack(
        [(predicted(loss, raw + s) - predicted(loss, raw - s)) / (2 * h) for s in steps], axis=-1
    )
    return relative_error(numeric, np.moveaxis(analytic, 0, 1))


OTHERS = [Arctan(), BY_COLUMN, masked(BY_COLUMN), Quantile(0.3), Quantile((0.2, 0.6))]


@pytest.mark.parametrize("loss", [*table(LOSSES)["argvalues"], *OTHERS], ids=repr)
def test_gradient_of_the_link_is_the_numeric_one(loss, rng):
    assert link_gradient_error(loss, rng) < 1e-8


@each
def test_gradient_of_the_link_changes_nothing(loss, rng):
    raw, gradient = rng.normal(size=(2, 5, N_OUT))
    before = raw.copy(), gradient.copy()
    loss.link_gradient(raw, gradient)
    np.testing.assert_array_equal((raw, gradient), before)


def test_an_error_of_a_link_is_found(rng):
    class Wrong(Arctan):
        def link_gradient(self, raw, gradient):
            return super().link_gradient(raw, gradient) * (1.0 + 1e-6)

    assert link_gradient_error(Wrong(), rng) > 1e-7


@pytest.mark.parametrize("base", [SquaredError, Poisson])
def test_a_link_without_its_derivative_is_refused(base):
    """That of a base does not stand for it."""

    class Half(base):
        def link(self, raw, out):
            np.multiply(raw, 0.5, out=out)

    class Quarter(Half):
        pass

    for loss in (Half(), Quarter()):
        with pytest.raises(NotImplementedError, match=r"\(\) has a link of its own, but no"):
            loss.link_gradient(np.ones((1, 1)), np.ones((1, 1)))


# ---- outputs


@each
def test_outputs_are_columns_of_the_prediction(loss):
    """Each is there once, the numbers of a target one after the other."""
    n_targets = N_OUT // loss.n_scores
    outputs = loss.outputs(n_targets)
    columns = [output.columns.reshape(n_targets, -1) for output in outputs.values()]
    expected = np.arange(N_OUT).reshape(loss.n_scores, n_targets).T
    np.testing.assert_array_equal(np.hstack(columns), expected)


def test_outputs_in_units_of_the_target():
    """Mean and standard deviation of z are those of 100 + 5 z, a variance grows with the square."""
    measure = Measure(np.array([100.0, -3.0]), np.array([5.0, 2.0]))
    prediction = np.array([[1.0, -1.0, 0.5, 0.25]])
    outputs = GaussianNLL().outputs(2)
    np.testing.assert_array_equal(outputs["prediction"].of(prediction, measure), [[105.0, -5.0]])
    np.testing.assert_array_equal(outputs["std"].of(prediction, measure), [[2.5, 0.5]])
    variance = Output(np.array([2, 3]), degree=2.0, location=False)
    np.testing.assert_array_equal(variance.of(prediction, measure), [[12.5, 1.0]])
    share = Output(np.array([2, 3]), degree=0.0, location=False)
    np.testing.assert_array_equal(share.of(prediction, measure), [[0.5, 0.25]])
    np.testing.assert_array_equal(outputs["std"].of(prediction), [[0.5, 0.25]])


def test_quantiles_of_a_target_lie_along_an_axis(rng):
    loss, raw = Quantile((0.1, 0.5, 0.9)), rng.normal(size=(4, 6))
    quantiles = loss.outputs(2)["quantiles"].of(predicted(loss, raw))
    assert quantiles.shape == (4, 2, 3)
    assert (np.diff(quantiles, axis=-1) > 0.0).all()
    np.testing.assert_array_equal(quantiles[..., 0], raw[:, :2])


# ---- domains


@pytest.mark.parametrize(
    ("domain", "unbounded", "positive"),
    [
        ("(-inf, inf)", True, False),
        ("[0, inf)", False, True),
        ("(0, inf)", False, True),
        ("[0, 1]", False, True),
        ("(-1, 1)", False, False),
    ],
)
def test_what_a_domain_says(domain, unbounded, positive):
    class Bounded(SquaredError):
        pass

    Bounded.domain = domain
    assert (Bounded().unbounded, Bounded().positive_only) == (unbounded, positive)
