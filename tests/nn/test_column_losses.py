"""Losses made of losses, and losses that leave out what is missing: the generic promises of losses,
and sums over pieces and entries that are there.
"""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_softmax, softmax
from sklearn.base import clone

from skmlp.nn.engine.sources import DenseRows, FilledRows
from skmlp.nn.losses import (
    LOSSES,
    BinaryLogLoss,
    ColumnLosses,
    Huber,
    LogLoss,
    Poisson,
    SquaredError,
)
from skmlp.nn.losses.by_column import numbers
from skmlp.nn.losses.masked import MaskedDistances, MaskedEntries, masked
from skmlp.nn.optimizers import SGD
from tests.nn import test_allocation, test_losses
from tests.nn.helpers import (
    directional_derivatives,
    gradient_of_rows,
    make_network,
    relative_error,
    targets_of,
)

N_OUT = test_losses.N_OUT
MIXED = {
    "slices": [
        (SquaredError(), slice(0, 2)),
        (BinaryLogLoss(), slice(2, 3)),
        (LogLoss(), slice(3, 6)),
    ],
    "apart": [
        (LogLoss(0.1), np.array([5, 0, 3])),
        (BinaryLogLoss(), slice(4, 5)),
        (Huber(0.5), np.array([1])),
        (Poisson(), np.array([2])),
    ],
}
mixed = pytest.mark.parametrize("pieces", MIXED.values(), ids=MIXED)
PROMISES = [
    test_losses.test_weights_and_scale_multiply_rows,
    test_losses.test_weights_of_one_are_no_weights,
    test_losses.test_leaves_targets_and_weights_alone,
]
PROMISES_IN_ANY_PRECISION = [
    test_losses.test_works_in_the_given_precision_without_new_arrays,
    test_losses.test_leading_axes_are_separate_runs,
    test_losses.test_finite_far_out,
]


def target_of(pieces, n, rng, missing=0.0):
    """Return targets for the pieces, with a share of the entries NaN."""
    target = targets_of(ColumnLosses(pieces), (n, N_OUT), rng)
    return np.where(rng.random(target.shape) < missing, np.nan, target)


# ---- what every loss promises


@mixed
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_promises_of_a_loss(pieces, promise, rng):
    promise(ColumnLosses(pieces), rng)


@mixed
@pytest.mark.parametrize("promise", PROMISES_IN_ANY_PRECISION, ids=lambda promise: promise.__name__)
def test_promises_in_any_precision(pieces, promise, dtype, rng):
    promise(ColumnLosses(pieces), dtype, rng)


@mixed
def test_gradient_is_the_numeric_one(pieces, rng):
    test_losses.test_gradient_is_the_numeric_one(ColumnLosses(pieces), False, rng)


@mixed
def test_clones_pickles_and_prints(pieces, rng):
    loss, raw, target = ColumnLosses(pieces), rng.normal(size=(9, N_OUT)), target_of(pieces, 9, rng)
    expected = gradient_of_rows(loss, raw, target)
    for other in (clone(loss), pickle.loads(pickle.dumps(loss))):
        for ours, theirs in zip(gradient_of_rows(other, raw, target), expected, strict=True):
            assert_array_equal(ours, theirs)
    assert repr(loss).startswith("ColumnLosses(pieces=[(")


@mixed
def test_steps_allocate_nothing(pieces, dtype, rng):
    wide = test_allocation.WIDTH
    if pieces is MIXED["slices"]:
        pieces = [
            (SquaredError(), slice(0, 100)),
            (BinaryLogLoss(), slice(100, 150)),
            (LogLoss(), slice(150, wide)),
        ]
    else:
        odd, even = np.arange(1, wide, 2), np.arange(0, wide, 2)
        pieces = [(SquaredError(), odd), (BinaryLogLoss(), even)]
    network = test_allocation.network_of(ColumnLosses(pieces), dtype)
    assert test_allocation.peak(network, SGD(), weighted=True) < test_allocation.BOUND
    target = targets_of(network.loss, (test_allocation.N, wide), rng, dtype)
    target[rng.random(target.shape) < 0.1] = np.nan
    network.objective = masked(network.loss)
    assert (
        test_allocation.peak(network, SGD(), DenseRows(target), weighted=True)
        < test_allocation.BOUND
    )


# ---- sums over the pieces


@mixed
def test_is_the_sum_of_its_pieces(pieces, rng):
    raw, target = rng.normal(size=(20, N_OUT)), target_of(pieces, 20, rng)
    rows, grad = gradient_of_rows(ColumnLosses(pieces), raw, target)
    total, link = np.zeros(20), raw.copy()
    ColumnLosses(pieces).link(link, link)
    start = ColumnLosses(pieces).initial_score(target, None)
    for loss, columns in pieces:
        piece = np.ascontiguousarray(raw[:, columns]), np.ascontiguousarray(target[:, columns])
        part, piece_grad = gradient_of_rows(loss, *piece)
        assert_allclose(grad[:, columns], piece_grad, rtol=1e-13)
        own = piece[0].copy()
        loss.link(own, own)
        assert_allclose(link[:, columns], own, rtol=1e-13)
        assert_allclose(start[columns], loss.initial_score(piece[1], None), rtol=1e-13)
        total += part
    assert_allclose(rows, total, rtol=1e-12)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@mixed
def test_entries_add_up_to_rows(pieces, missing, rng):
    raw, target = rng.normal(size=(40, N_OUT)), target_of(pieces, 40, rng, missing)
    loss = masked(ColumnLosses(pieces)) if missing else ColumnLosses(pieces)
    rows, _ = gradient_of_rows(loss, raw, target)
    entries = loss.entries(raw.copy(), target)
    assert_allclose(entries.sum(axis=1), rows, rtol=1e-12)
    assert not entries[np.isnan(target)].any()


def test_the_loss_of_a_group_belongs_to_the_column_that_is_one(rng):
    raw, target = rng.normal(size=(20, 4)), np.eye(4)[rng.integers(0, 4, 20)]
    assert_allclose(
        LogLoss().entries(raw.copy(), target),
        -target * log_softmax(raw, axis=1),
        rtol=1e-12,
        atol=1e-15,
    )


def test_what_lies_outside_the_domain_is_named(rng):
    loss, labels = ColumnLosses(MIXED["slices"]), [f"column {name!r}" for name in "abcdef"]
    good = target_of(MIXED["slices"], 10, rng)
    loss.check_target(good, "X", labels)
    loss.check_target(np.where(rng.random(good.shape) < 0.3, np.nan, good), "X", labels)
    for column, value, message in (
        (
            2,
            1.5,
            r"X has the value 1.5 in column 'c', but loss=BinaryLogLoss\(\) needs values in \[0, "
            r"1\]",
        ),
        (
            4,
            -1.0,
            r"X has the value -1.0 in column 'e', but loss=LogLoss\(\) needs values in \[0, 1\]",
        ),
        (
            4,
            0.5,
            r"X has the sum (0.5|1.5) in row 3 over column 'd' to column 'f', but "
            r"loss=LogLoss\(\) needs rows that sum to one",
        ),
    ):
        bad = good.copy()
        bad[3, column] = value
        with pytest.raises(ValueError, match=message):
            loss.check_target(bad, "X", labels)


# ---- missing entries


REGRESSION = [
    cls() for cls in LOSSES.values() if "regression" in cls.targets and cls().n_scores == 1
]


@pytest.mark.parametrize("loss", REGRESSION, ids=repr)
def test_missing_numbers_have_no_loss_and_no_gradient(loss, dtype, rng):
    raw, target = rng.normal(size=(20, 5)).astype(dtype), targets_of(loss, (20, 5), rng, dtype)
    present = rng.random(target.shape) > 0.4
    some = np.where(present, target, np.nan).astype(dtype)
    rows, grad = gradient_of_rows(masked(loss), raw, some)
    _, full = gradient_of_rows(loss, raw, target)
    assert_allclose(grad, np.where(present, full, 0.0), rtol=1e-5, atol=1e-6)
    entries = np.column_stack(
        [gradient_of_rows(loss, raw[:, [k]], target[:, [k]])[0] for k in range(5)]
    )
    assert_allclose(rows, np.sum(entries * present, axis=1), rtol=1e-4, atol=1e-5)
    assert grad.dtype == dtype


@pytest.mark.parametrize(
    "loss", [SquaredError(), Huber(0.5), LOSSES["absolute_error"](), LOSSES["log_cosh"]()], ids=repr
)
def test_distances_are_struck_out_like_any_loss(loss, rng):
    raw, target = rng.normal(size=(20, 5)), rng.normal(size=(20, 5))
    target[rng.random(target.shape) < 0.4] = np.nan
    assert type(masked(loss)) is MaskedDistances
    for ours, theirs in zip(
        gradient_of_rows(masked(loss), raw, target),
        gradient_of_rows(MaskedEntries(loss), raw, target),
        strict=True,
    ):
        assert_allclose(ours, theirs, rtol=1e-12)


def masked_objective(raw, target):
    """Return the loss of each row without what is missing, for the pieces "slices", in formulas of
    SciPy.
    """
    present = ~np.isnan(target)
    t = np.where(present, target, 0.0)
    square = 0.5 * (raw[:, :2] - t[:, :2]) ** 2 * present[:, :2]
    yes = (
        -(t[:, 2] * np.log(expit(raw[:, 2])) + (1 - t[:, 2]) * np.log(expit(-raw[:, 2])))
        * present[:, 2]
    )
    group = -np.sum(t[:, 3:] * np.log(softmax(raw[:, 3:], axis=1)), axis=1) * present[:, 3:].all(
        axis=1
    )
    return square.sum(axis=1) + yes + group


def test_gradient_is_that_of_a_masked_objective(rng):
    raw, target = rng.normal(size=(15, N_OUT)), target_of(MIXED["slices"], 15, rng, 0.3)
    rows, grad = gradient_of_rows(masked(ColumnLosses(MIXED["slices"])), raw, target)
    assert_allclose(rows, masked_objective(raw, target), rtol=1e-12, atol=1e-14)
    flat = raw.reshape(-1)
    numeric = directional_derivatives(
        lambda: masked_objective(raw, target).sum(), flat, np.eye(flat.size)
    )
    assert relative_error(numeric, grad.reshape(-1)) < 1e-6


@mixed
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_of_a_network_with_missing_values(pieces, weighted, rng):
    network = make_network(ColumnLosses(pieces), sizes=(N_OUT, 4, N_OUT))
    network.objective = masked(network.loss)
    target = target_of(pieces, 8, rng, 0.3)
    x = FilledRows(DenseRows(target), rng.normal(size=N_OUT)).take(
        slice(0, 8), np.empty((8, N_OUT))
    )
    weight = rng.uniform(0.5, 2.0, (8, 1)) if weighted else None
    network.prepare(8)
    network.loss_and_grad(x, target, weight)
    analytic = network.grads.copy()
    numeric = directional_derivatives(
        lambda: network.loss_and_grad(x, target, weight), network.params, np.eye(analytic.size)
    )
    assert relative_error(numeric, analytic) < 1e-6


@mixed
def test_the_best_constant_is_that_of_the_known_rows(pieces, rng):
    target, weight = target_of(pieces, 60, rng, 0.3), rng.uniform(0.5, 2.0, 60)
    start = masked(ColumnLosses(pieces)).initial_score(target, weight)
    for loss, columns in pieces:
        for part in [numbers(columns)] if loss.joint else numbers(columns)[:, None]:
            present = ~np.isnan(target[:, part]).any(axis=1)
            assert_allclose(
                start[part],
                loss.initial_score(target[present][:, part], weight[present]),
                rtol=1e-12,
            )


# ---- where the input comes from


def test_missing_values_of_the_input_are_filled(dtype, rng):
    X, values = rng.normal(size=(50, 4)), rng.normal(size=4)
    X[rng.random(X.shape) < 0.3] = np.nan
    expected, kept = np.where(np.isnan(X), values, X).astype(dtype), X.copy()
    for array in (X, X.astype(dtype)):
        source = FilledRows(DenseRows(array), values.astype(dtype))
        for rows in (slice(0, 50), slice(3, 9), np.array([4, 0, 7])):
            size = len(expected[rows])
            assert_array_equal(source.take(rows, np.empty((size, 4), dtype)), expected[rows])
    assert_array_equal(X, kept)
