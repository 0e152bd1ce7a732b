"""Initial scores of losses: the best constant, the unit of the weights, integer weights as
repetitions, quantiles where values are equally good, many classes.
"""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize_scalar

from skmlp._data.targets import initial_scores
from skmlp.nn.losses import (
    LOSSES,
    AbsoluteError,
    BinaryFocal,
    BinaryLogLoss,
    ColumnLosses,
    Focal,
    Gamma,
    GaussianNLL,
    Hinge,
    Huber,
    LogCosh,
    LogLoss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)
from skmlp.nn.losses.base import quantile
from skmlp.nn.losses.masked import masked
from tests.nn.helpers import table, targets_of, value_and_grad
from tests.nn.test_losses import OTHERS

each = pytest.mark.parametrize("loss", **table(LOSSES))


def constant_targets(loss, rng):
    """Return two columns of targets, with weights."""
    target = targets_of(loss, (31, 2 * loss.n_scores), rng)
    if "regression" in loss.targets and loss.domain == "(-inf, inf)":
        target = target + rng.normal(1.0, 1.0, (31, 2))
    return target, rng.uniform(0.5, 2.0, 31)


@pytest.mark.parametrize("loss", [*table(LOSSES)["argvalues"], *OTHERS], ids=repr)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_initial_score_is_the_best_constant(loss, weighted, rng):
    """No other constant is better: of one output, of the logarithm of one class.

    Bounded gradients score at the median.
    """
    target, weight = constant_targets(loss, rng)
    weight = weight if weighted else np.ones(31)
    score = loss.initial_score(target, weight if weighted else None)
    assert score.shape == (2 * loss.n_scores,)
    watched = AbsoluteError() if isinstance(loss, Huber | LogCosh) else loss

    def objective(z, k):
        raw = np.tile(score, (31, 1))
        raw[:, k] = z
        return value_and_grad(watched, raw, target, weight[:, None])[0]

    for k in range(len(score)):
        best = minimize_scalar(
            objective,
            args=(k,),
            bounds=(score[k] - 5, score[k] + 5),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert objective(score[k], k) <= best.fun + 1e-12 * abs(best.fun)


@each
def test_the_initial_score_with_weights_of_one_is_that_without(loss, rng):
    target = constant_targets(loss, rng)[0][:30]
    np.testing.assert_allclose(
        loss.initial_score(target, np.ones(30)), loss.initial_score(target, None), rtol=1e-14
    )


@each
def test_the_initial_score_counts_a_weight_of_two_as_two_rows(loss, rng):
    target, _ = constant_targets(loss, rng)
    weight = rng.integers(1, 3, 31)
    np.testing.assert_allclose(
        loss.initial_score(target, weight.astype(float)),
        loss.initial_score(np.repeat(target, weight, axis=0), None),
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize(
    "loss", [LogLoss(), BinaryLogLoss(), Focal(), BinaryFocal(), Poisson(), Tweedie()]
)
def test_the_initial_score_stays_finite_for_a_class_without_rows(loss):
    target = np.zeros((20, 3))
    target[:, 0] = 1.0
    assert np.isfinite(loss.initial_score(target, None)).all()


@pytest.mark.parametrize("loss", [Quantile(), GaussianNLL(), Gamma()])
def test_the_initial_score_stays_finite_for_a_target_that_does_not_vary_or_by_rounding(loss):
    assert np.isfinite(loss.initial_score(np.full((20, 2), 7.0), None)).all()
    np.testing.assert_allclose(
        loss.initial_score(np.array([[0.3], [0.1 + 0.2]] * 10), None),
        loss.initial_score(np.full((20, 1), 0.3), None),
    )


# ---- weights, classes


def rare(rng):
    """Return a target of three columns, one of them rare and one never anything but zero, and
    whole weights of which the least is 1.
    """
    target = np.zeros((200, 3))
    target[:, 0] = 1.0
    target[:4] = (0.0, 1.0, 0.0)
    return target, rng.permutation(np.tile([1.0, 2.0, 3.0, 5.0], 50))


@each
def test_the_unit_of_the_weights_does_not_matter(loss, rng):
    target, weight = rare(rng)
    target = target + 1.0 * (loss.domain == "(0, inf)")
    for c in (1e-40, 1e-3, 0.3, 1e4):
        np.testing.assert_allclose(
            loss.initial_score(target, c * weight),
            loss.initial_score(target, weight),
            rtol=1e-7,
            atol=1e-12,
        )


@pytest.mark.parametrize("c", [1.0, 1e-6])
def test_a_class_without_rows_has_half_a_row(c, rng):
    """Half of the one that counts least, so that whole weights are repetitions here too."""
    target, weight = rare(rng)
    weight[:4] = 1.0
    shares = np.array([weight.sum() - 4.0, 4.0, 0.5]) / weight.sum()
    np.testing.assert_allclose(
        np.exp(LogLoss().initial_score(target, c * weight)), shares, rtol=1e-12
    )
    np.testing.assert_allclose(
        np.exp(-BinaryLogLoss().initial_score(target, c * weight)), 1.0 / shares - 1.0, rtol=1e-12
    )
    np.testing.assert_allclose(
        np.exp(Poisson().initial_score(target, c * weight)), shares, rtol=1e-12
    )


@pytest.mark.parametrize("c", [0.1, 1 / 3, 0.7, 7e5, 1e-30])
@pytest.mark.parametrize("level", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_quantile_is_midway_where_two_values_are_equally_good(level, c, rng):
    """Rounding of the weights does not decide for one of them."""
    x = np.sort(rng.normal(size=(10, 2)), axis=0)
    k = round(10 * level)
    expected = 0.5 * (x[k - 1] + x[k])
    order = rng.permutation(10)
    np.testing.assert_allclose(quantile(x[order], np.full(10, c), level), expected, rtol=1e-15)
    uneven = np.append(
        rng.permutation([1.0, 2.0, 3.0])[:, None] * np.ones((3, 1)), [[0.0]], axis=0
    ).ravel()
    values = np.array([[1.0], [2.0], [4.0], [9.0]])
    repeated = np.repeat(values, uneven.astype(int), axis=0)
    np.testing.assert_array_equal(
        quantile(values, c * uneven, level), quantile(repeated, None, level)
    )


@pytest.mark.parametrize("loss", [LogLoss(), Hinge()])
def test_many_classes_start_in_little_memory(loss):
    """A matrix of all classes against all classes would take 3 GB."""
    n = 20_000
    labels = np.append(np.arange(n), np.arange(n // 2))
    tracemalloc.start()
    try:
        start = initial_scores(loss, labels, None, n)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * n
    shares = np.where(np.arange(n) < n // 2, 2.0, 1.0) / len(labels)
    np.testing.assert_allclose(
        start, np.log(shares) if type(loss) is LogLoss else -np.ones(n), rtol=1e-12
    )


MIXED = ColumnLosses([(Poisson(), slice(0, 2)), (SquaredError(), slice(2, 3))])


@pytest.mark.parametrize(
    "loss",
    [SquaredError(), AbsoluteError(), Poisson(), BinaryLogLoss(), MIXED],
    ids=lambda loss: type(loss).__name__,
)
@pytest.mark.parametrize("known", [False, True])
def test_a_sparse_target_starts_at_its_mean(loss, known, rng):
    target, weight = rare(rng)
    weight = 1e-6 * weight
    expected = loss.initial_score(target, weight)
    if type(loss) is AbsoluteError:  # without the rows no median
        expected = np.average(target, axis=0, weights=weight)
    objective = masked(loss) if known else loss
    np.testing.assert_allclose(
        initial_scores(objective, sparse.csr_array(target), weight, 0),
        expected,
        rtol=1e-12,
        atol=1e-15,
    )
