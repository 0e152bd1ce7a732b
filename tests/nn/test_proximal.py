"""What follows a step: soft thresholds that lead to the minimum of loss plus L1 penalty, and the
cap on norms.
"""

import tracemalloc

import numpy as np
import pytest

from skmlp.nn.optimizers import OPTIMIZERS, SGD
from skmlp.nn.optimizers.clipping import clip_norm, clip_value, global_norm
from skmlp.nn.optimizers.proximal import MaxNorm, SoftThreshold
from skmlp.nn.optimizers.updater import Updater
from tests.nn.helpers import LEARNING_RATES

COUPLED = [key for key, cls in OPTIMIZERS.items() if not cls.decoupled]

VELOCITIES = [SGD(), SGD(nesterovs_momentum=False), SGD(0.8, dampening=0.8), SGD(0.0)]

FALLING = {
    "line": lambda k: 1.0 - k / 400,
    "power": lambda k: 0.99**k,
    "restarts": lambda k: 1.0 - k % 100 / 100,
}


@pytest.mark.parametrize("key", COUPLED)
def test_reach_is_how_far_a_lasting_gradient_moves(key):
    """Every rule but the decoupled ones says it, and its own steps are the oracle."""
    rule, p = OPTIMIZERS[key](), np.zeros(3)
    updater = Updater(rule, p, np.ones(3))
    for _ in range(3000):
        before = p.copy()
        np.copyto(updater._blocks[0][0][1], [1.0, 1.0, 1.0])
        updater.step(0.01)
    asymptotic_step = np.empty(3)
    rule.asymptotic_step(updater.t, 0.01, *updater.slots.values(), asymptotic_step, np.empty(3))
    np.testing.assert_allclose(before - p, asymptotic_step, rtol=2e-3)


def lasso_in_a_basis(y, strength):
    """Return the minimum of ``|p - y|^2 / 2 + strength |p|_1`` (Tibshirani, 1996, section 2.2)."""
    return np.where(np.abs(y) > strength, y - strength * np.sign(y), 0.0)


@pytest.mark.parametrize("key", COUPLED)
def test_every_rule_ends_at_the_lasso(key):
    """A quadratic bowl at y, whose lasso is known; the rate of adaptive rules falls, since some
    never stand still.
    """
    y, strength, rule = np.array([2.0, -1.0, 0.3, -0.2, 0.0, 0.9]), 0.5, OPTIMIZERS[key]()
    p, g = np.ones(6), np.empty(6)
    updater = Updater(rule, p, g, l1=[(slice(0, 6), 2 * strength)])
    for k in range(6000):
        np.subtract(p, y, out=g)
        rate = LEARNING_RATES.get(key, 0.05)
        updater.step(
            0.5 if key == "adagrad" else rate if key == "sgd" else rate * 0.999**k, 0.0, 0.5
        )
    np.testing.assert_allclose(p, lasso_in_a_basis(y, strength), atol=2e-3)
    assert (p == 0).sum() == 3


@pytest.mark.parametrize("rule", VELOCITIES, ids=repr)
def test_what_lasts_is_what_past_learning_rates_make_of_it(rule, rng):
    """A gradient of 1 from the first step on moves by the reach of the lasting rate, whatever
    the rates were.
    """
    p, g, asymptotic_step, response = np.zeros(1), np.empty(1), np.empty(1), 0.0
    updater = Updater(rule, p, g)
    for rate in rng.uniform(0.0, 0.1, 50):
        before, g[0] = p.copy(), 1.0
        updater.step(float(rate))
        lasting, response = rule.lasting(float(rate), response)
        rule.asymptotic_step(updater.t, lasting, updater.slots["v"], asymptotic_step, None)
        np.testing.assert_allclose(before - p, asymptotic_step, rtol=1e-12)


@pytest.mark.parametrize("rule", VELOCITIES, ids=repr)
@pytest.mark.parametrize("schedule", FALLING.values(), ids=FALLING)
def test_a_velocity_under_changing_rates_ends_at_the_lasso(schedule, rule):
    y, strength = np.array([2.0, -1.0, 0.3, -0.2, 0.0, 0.9]), 0.5
    p, g = np.ones(6), np.empty(6)
    updater = Updater(rule, p, g, l1=[(slice(0, 6), strength)])
    for k in range(400):
        np.subtract(p, y, out=g)
        updater.step((0.5 if rule.dampening or not rule.momentum else 0.05) * schedule(k), 0.0, 1.0)
    np.testing.assert_allclose(p, lasso_in_a_basis(y, strength), atol=1e-4)
    assert (p == 0).sum() == 3


@pytest.mark.parametrize("key", COUPLED)
@pytest.mark.parametrize(
    "bound",
    [lambda g: clip_norm(g, global_norm(g), 0.15), lambda g: clip_value(g, 0.1)],
    ids=["norm", "value"],
)
@pytest.mark.slow
def test_clipping_moves_no_minimum(bound, key):
    """The gradient of the loss alone is longer there than what is allowed."""
    y, strength, rule = np.array([2.0, -1.0, 0.3, -0.2, 0.0, 0.9]), 0.5, OPTIMIZERS[key]()
    p, g = np.ones(6), np.empty(6)
    updater = Updater(rule, p, g, l1=[(slice(0, 6), 2 * strength)])
    for k in range(6000):
        np.subtract(p, y, out=g)
        updater.clip(bound, 0.5)
        rate = LEARNING_RATES.get(key, 0.05)
        updater.step(
            0.5 if key == "adagrad" else rate if key in ("sgd", "adadelta") else rate * 0.999**k,
            0.0,
            0.5,
        )
    np.testing.assert_allclose(p, lasso_in_a_basis(y, strength), atol=2e-3)
    assert (p == 0).sum() == 3


def test_clipping_is_that_of_the_whole_gradient(rng):
    """Where no parameter is 0, that is what is clipped, and the threshold's part is taken off."""
    p, g = rng.normal(size=50), rng.normal(size=50)
    penalty = 0.5 * 0.3 * np.sign(p)
    wanted = np.clip(g + penalty, -0.4, 0.4) - penalty
    updater = Updater(SGD(), p, g, l1=[(slice(0, 50), 0.3)])
    updater.clip(lambda whole: np.clip(whole, -0.4, 0.4, out=whole), 0.5)
    np.testing.assert_allclose(g, wanted, rtol=1e-14, atol=1e-15)


def test_a_gradient_within_the_bound_keeps_its_bits(rng):
    p, g = rng.normal(size=50), rng.normal(size=50)
    p[:10] = 0.0
    for rule in (SGD(), OPTIMIZERS["adamw"]()):
        gradient = g.copy()
        Updater(rule, p, gradient, l1=[(slice(0, 40), 0.3)]).clip(lambda g: clip_value(g, 1e3), 1.0)
        np.testing.assert_array_equal(gradient, g)


@pytest.mark.parametrize("key", ["adamw"])
def test_decoupled_decay_by_l1(key):
    """p <- S(step, lr strength), whatever the scale, and nothing of it is reported."""
    rule, start, gradient = OPTIMIZERS[key](), np.linspace(-1, 1, 7), np.linspace(3, -2, 7)
    ends = []
    for l1 in ([], [(slice(0, 5), 30.0)]):
        p, g = start.copy(), gradient.copy()
        updater = Updater(rule, p, g, l1=l1)
        assert updater.step(0.01, 0.1, 0.1) == 0.0
        ends.append(p)
    expected = np.where(np.arange(7) < 5, lasso_in_a_basis(ends[0], 0.3), ends[0])
    np.testing.assert_allclose(ends[1], expected, rtol=1e-13, atol=1e-16)
    assert (ends[1] == 0).any()


def test_weight_decay_is_an_l2_penalty_for_plain_descent(rng):
    start, gradients = rng.normal(size=9), rng.normal(size=(20, 9))
    ends = []
    for name in ("penalties", "decays"):
        p, g = start.copy(), np.empty(9)
        updater = Updater(SGD(momentum=0.0), p, g, **{name: [(slice(0, 6), 0.3)]})
        for gradient in gradients:
            g[...] = gradient
            updater.step(0.1, 1.0)
        ends.append(p)
    np.testing.assert_allclose(*ends, rtol=1e-12)
    assert not np.allclose(ends[0], start + 0.1 * gradients.sum(axis=0))


def test_penalty_is_that_before_the_step():
    p, g = np.array([1.0, -2.0, 3.0]), np.ones(3)
    updater = Updater(SGD(), p, g, penalties=[(slice(0, 2), 4.0)], l1=[(slice(0, 2), 3.0)])
    assert updater.step(0.01, 0.5, 0.5) == pytest.approx(0.5 * (4.0 / 2 * 5.0 + 3.0 * 3.0))
    size = np.abs(p[:2]).sum()
    assert updater.step(0.01, 0.0, 0.5) == pytest.approx(0.5 * 3.0 * size)


def test_parts_and_blocks(rng, dtype):
    """More than a block, with unequal strengths: outside of the parts nothing happens."""
    p = rng.normal(size=40000).astype(dtype)
    before, parts = p.copy(), [(slice(0, 20000), 0.5), (slice(20000, 39000), 2.0)]
    threshold = SoftThreshold(SGD(momentum=0.0), p, {"v": np.zeros_like(p)}, parts)
    assert threshold.penalty(1.0) == pytest.approx(
        sum(s * np.abs(before[part], dtype=float).sum() for part, s in parts), rel=1e-5
    )
    threshold.shrink(1, 0.1, 1.0)
    for part, strength in [*parts, (slice(39000, 40000), 0.0)]:
        np.testing.assert_allclose(
            p[part], lasso_in_a_basis(before[part], 0.1 * strength), rtol=1e-5, atol=1e-7
        )
    assert p.dtype == dtype


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_what_is_not_finite_is_not_hidden(poison):
    p = np.array([poison, 1.0])
    SoftThreshold(SGD(), p, {"v": np.zeros(2)}, [(slice(0, 2), 1.0)]).shrink(1, 0.01, 1.0)
    assert not np.isfinite(p[0])
    weight = np.array([[poison, 1.0], [1.0, 1.0]])
    with np.errstate(invalid="ignore"):
        MaxNorm([weight], 0.5).project()
    assert not np.isfinite(weight[:, 0]).all()


# ---- the cap on norms


def test_norms_are_capped_and_directions_kept(rng, dtype):
    weight = (rng.normal(size=(30, 8)) * np.linspace(0.0, 2.0, 8)).astype(dtype)
    before = weight.copy()
    with np.errstate(divide="ignore"):  # as the trainer does
        MaxNorm([weight], 3.0).project()
    norms, wanted = np.linalg.norm(before, axis=0), np.linalg.norm(weight, axis=0)
    large = norms > 3.0
    assert 0 < large.sum() < 8
    np.testing.assert_allclose(wanted[large], 3.0, rtol=1e-5)
    np.testing.assert_array_equal(weight[:, ~large], before[:, ~large])
    cosines = (weight * before).sum(axis=0)[large] / (norms * wanted)[large]
    np.testing.assert_allclose(cosines, 1.0, rtol=1e-6)


def test_neither_allocates(dtype):
    rule, p = OPTIMIZERS["adam"](), np.ones(512 * 512 + 512, dtype)
    weight = p[: 512 * 512].reshape(512, 512)
    updater = Updater(
        rule,
        p,
        np.ones_like(p),
        l1=[(slice(0, weight.size), 0.1)],
        weights=[weight],
        max_norm=1.0,
    )
    updater.step(0.01, 0.0, 1.0)
    tracemalloc.start()
    updater.step(0.01, 0.0, 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * np.getbufsize() * p.itemsize < weight.nbytes
