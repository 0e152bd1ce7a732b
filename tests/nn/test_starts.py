"""Where losses start: the unit of the weights, integer weights as repetitions, quantiles where
values are equally good, many classes.
"""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from skmlp._data.targets import initial_scores
from skmlp.nn.losses import (
    LOSSES,
    AbsoluteError,
    BinaryLogLoss,
    ColumnLosses,
    Hinge,
    LogLoss,
    Poisson,
    SquaredError,
)
from skmlp.nn.losses.base import quantile
from skmlp.nn.losses.masked import masked
from tests.nn.helpers import table

each = pytest.mark.parametrize("loss", **table(LOSSES))


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
