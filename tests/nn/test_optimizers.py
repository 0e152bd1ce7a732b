"""Every optimizer: blocks, slots, decay, precision."""

import pickle

import numpy as np
import pytest

from skmlp.nn.optimizers import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adam,
    AdamW,
    AMSGrad,
    Lion,
    NAdam,
    Optimizer,
)
from skmlp.nn.optimizers.updater import Updater
from tests import reference
from tests.nn.helpers import LEARNING_RATES, Watched, table

each = pytest.mark.parametrize("rule", **table(OPTIMIZERS))


def descend(rule, p, gradient, lr, n_steps, **options):
    """Return the parameters after each step along ``gradient(p)``."""
    p, g, path = p.copy(), np.empty_like(p), []
    updater = Updater(rule, p, g, **options)
    for _ in range(n_steps):
        g[...] = gradient(p)
        updater.step(lr)
        path.append(p.copy())
    return np.array(path)


def bowl(p):
    """The gradient of a convex function that is no parabola: sum of log(cosh(p - 1)) + p^2 / 20."""
    return np.tanh(p - 1.0) + 0.1 * p


# ---- properties of every rule


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_goes_downhill(key):
    """From either side of the bowl's minimum, at least half way."""
    start = np.array([-2.0, 3.0])
    end = descend(OPTIMIZERS[key](), start, bowl, LEARNING_RATES.get(key, 0.05), 1000)[-1]
    assert (np.abs(bowl(end)) < 0.5 * np.abs(bowl(start))).all()


@each
def test_a_gradient_of_zero_moves_nothing(rule, dtype):
    p = np.linspace(-1, 1, 9).astype(dtype)
    np.testing.assert_array_equal(descend(rule, p, np.zeros_like, 0.1, 3), [p] * 3)


@each
def test_without_a_learning_rate_nothing_moves(rule):
    p = np.linspace(-1, 1, 9)
    np.testing.assert_array_equal(descend(rule, p, bowl, 0.0, 3), [p] * 3)


@each
def test_first_step_goes_against_the_gradient(rule):
    p = np.linspace(-3, 3, 9)
    step = descend(rule, p, bowl, 0.01, 1)[0] - p
    np.testing.assert_array_equal(np.sign(step), -np.sign(bowl(p)))


@each
@pytest.mark.parametrize("block", [1, 7, 50, 64])
def test_blocks_change_no_bit(rule, block, dtype, rng):
    p = rng.normal(size=50).astype(dtype)
    np.testing.assert_array_equal(
        descend(rule, p, bowl, 0.1, 5, block=block), descend(rule, p, bowl, 0.1, 5)
    )


@each
def test_computes_in_the_given_precision_without_new_arrays(rule, dtype):
    arrays = [np.ones(5, dtype).view(Watched) for _ in range(3 + len(rule.slots))]
    rule.update(*arrays, *rule.coefficients(1, 0.1))


@each
def test_coefficients_of_many_steps_are_those_of_each(rule):
    """With a learning rate for each step."""
    steps, rates = np.arange(1.0, 400.0), np.linspace(0.3, 0.001, 399)
    together = np.broadcast_arrays(*rule.coefficients(steps, rates))
    alone = [rule.coefficients(int(t), lr) for t, lr in zip(steps, rates.tolist(), strict=True)]
    np.testing.assert_allclose(np.transpose(together), alone, rtol=1e-13)


@each
def test_coefficients_are_python_floats(rule):
    assert {type(value) for value in rule.coefficients(3, 0.1)} == {float}


@each
def test_hyper_parameters_may_be_numpy_numbers(rule):
    """A grid of np.linspace hands them over."""
    names = {
        name: np.float64(value) for name, value in rule.get_params().items() if type(value) is float
    }
    rule = type(rule)(**names)
    rule.check()
    assert {type(value) for value in rule.coefficients(3, 0.1)} == {float}
    assert descend(rule, np.ones(3, np.float32), bowl, 0.1, 2).dtype == np.float32


@each
def test_finite_for_huge_and_tiny_gradients(rule, dtype):
    for size in (1e4, -1e4, 1e-30):
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            path = descend(
                rule, np.ones(4, dtype), lambda p, size=size: np.full_like(p, size), 0.01, 20
            )
        assert np.isfinite(path).all()


@each
def test_float32_follows_float64(rule, rng):
    p = rng.normal(size=50)
    single = descend(rule, p.astype(np.float32), bowl, 0.02, 20)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, descend(rule, p, bowl, 0.02, 20), rtol=2e-4, atol=2e-5)


@each
def test_slots_are_all_the_memory_there_is(rule, rng):
    """Five steps, a pickle of the slots, and five more are ten."""
    p = rng.normal(size=20)
    ten = descend(rule, p, bowl, 0.1, 10)
    q, g = p.copy(), np.empty_like(p)
    first = Updater(rule, q, g)
    for _ in range(5):
        g[...] = bowl(q)
        first.step(0.1)
    slots, t, rule = pickle.loads(pickle.dumps((first.slots, first.t, rule)))
    assert set(slots) == set(rule.slots)
    np.testing.assert_array_equal(descend(rule, q, bowl, 0.1, 5, slots=slots, t=t), ten[5:])


@pytest.mark.parametrize(("before", "after"), [
    (Adam(), Adam(beta_1=0.5)),
    (Adam(), Adam(beta_2=0.9)),
    (Adam(0.0, 0.0), Adam()),
    (AdamW(), AdamW(beta_1=0.99)),
], ids=repr)  # fmt: skip
def test_averages_outlive_a_change_of_the_betas(before, after, rng):
    """The paper's own m and v go on; as in PyTorch, whose param_groups may be changed."""
    p, path = rng.normal(size=20), []
    m = v = np.zeros(20)
    ours, g, slots, scalars = p.copy(), np.empty_like(p), {}, {}
    for start, rule in ((0, before), (8, after)):
        updater = Updater(rule, ours, g, slots, start, scalars=scalars)
        for t in range(start + 1, start + 9):
            p, m, v = reference.adam(
                p, bowl(p), m, v, t, 0.1, rule.beta_1, rule.beta_2, rule.epsilon
            )
            g[...] = bowl(ours)
            updater.step(0.1)
            path.append((ours.copy(), p))
    np.testing.assert_allclose(*zip(*path, strict=True), rtol=1e-11)


AVERAGING = [
    (key, name)
    for key, cls in OPTIMIZERS.items()
    for name in cls().get_params()
    if name in ("beta_1", "beta_2", "rho")
]


@pytest.mark.parametrize(("key", "name"), AVERAGING)
@pytest.mark.slow
def test_a_lasting_gradient_moves_as_before_after_a_change_of_an_average(key, name):
    """Once the averages have caught up with it they are all that it is, however long they are."""
    rule, slots, scalars = OPTIMIZERS[key](), {}, {}
    p, g = np.zeros(1), np.empty(1)
    steps = []
    for value, n in ((getattr(rule, name), 15000), (0.5, 2), (0.95, 2)):
        updater = Updater(
            rule.set_params(**{name: value}), p, g, slots, t=len(steps), scalars=scalars
        )
        for _ in range(n):
            before, g[0] = p.copy(), 3.0
            updater.step(0.01)
            steps.append(float((before - p)[0]))
    np.testing.assert_allclose(steps[-4:], steps[-5], rtol=1e-3)


@each
def test_decay_shrinks_its_part_first(rule, rng):
    """p <- p - lr decay p, then the rule's own step."""
    p, lr, decay = rng.normal(size=20), 0.1, 0.4
    shrunk = p.copy()
    shrunk[:8] *= 1 - lr * decay
    expected = descend(rule, shrunk, lambda _: bowl(p), lr, 1)
    np.testing.assert_allclose(
        descend(rule, p, bowl, lr, 1, decays=[(slice(0, 8), decay), (slice(8, 20), 0.0)]),
        expected,
        rtol=1e-14,
    )


@each
@pytest.mark.parametrize("block", [3, 16384])
def test_a_factor_is_a_learning_rate_of_its_own(rule, block, rng):
    """Parts of a vector with factors go as vectors of their own do, each by its own rate: so do
    their penalties, but for the decay, which has the rate without the factor.
    """
    p, lr, decay = rng.normal(size=20), 0.05, 0.4
    rates = [(slice(0, 6), 0.25), (slice(6, 11), 1.0), (slice(11, 14), 0.0), (slice(14, 20), 3.0)]
    whole = {"block": block, "rates": rates, "decays": [(slice(0, 20), decay)]}
    l1 = [(slice(2, 20), 0.7)] if key_of(rule) != "lion" else []
    together = thresholded(rule, p, lr, l1=l1, **whole)
    for part, factor in rates:
        if not factor:
            shrunk = p[part] * np.prod(1 - lr * 0.8 ** np.arange(8) * decay)
            np.testing.assert_allclose(together[part], shrunk, rtol=1e-14)
            continue
        n = part.stop - part.start
        begin = max(2 - part.start, 0)
        alone = {"l1": [(slice(begin, n), 0.7)]} if l1 else {}
        alone["decays"] = [(slice(0, n), decay / factor)]
        expected = thresholded(rule, p[part], lr * factor, **alone)
        np.testing.assert_allclose(together[part], expected, rtol=1e-12)


def thresholded(rule, p, lr, **options):
    """Return the parameters after eight steps at falling rates."""
    p, g = p.copy(), np.empty_like(p)
    updater = Updater(rule, p, g, **options)
    for k in range(8):
        g[...] = bowl(p)
        updater.step(lr * 0.8**k, 0.0, 0.5)
    return p


def key_of(rule):
    """Return the key of a rule."""
    return next(key for key, cls in OPTIMIZERS.items() if cls is type(rule))


# ---- slots


class Rprop(Optimizer):
    """A step for each parameter, which grows while the sign of the gradient stays and halves when
    it changes (Riedmiller and Braun, 1993); ``lr`` is not used.
    """

    slots = ("step", "sign")
    limits = {"initial_step": "(0, inf)"}

    def __init__(self, initial_step=0.1):
        self.initial_step = initial_step

    def initial_slots(self):
        return {"step": float(self.initial_step)}

    def coefficients(self, t, lr):
        return ()

    def update(self, p, g, step, sign, tmp):
        np.sign(g, out=g)
        np.multiply(g, sign, out=tmp)
        np.copyto(sign, g)
        step[tmp > 0.0] *= 1.2
        step[tmp < 0.0] *= 0.5
        np.multiply(step, g, out=tmp)
        np.subtract(p, tmp, out=p)


def rprop(p, gradient, step, n_steps):
    """The same rule, parameter by parameter."""
    path = []
    p, steps, signs = list(p), [step] * len(p), [0.0] * len(p)
    for _ in range(n_steps):
        for i, g in enumerate(gradient(np.array(p))):
            turn = np.sign(g) * signs[i]
            steps[i] *= 1.2 if turn > 0 else 0.5 if turn < 0 else 1.0
            signs[i] = np.sign(g)
            p[i] -= steps[i] * signs[i]
        path.append(list(p))
    return np.array(path)


@pytest.mark.parametrize("block", [3, 16384])
def test_slots_may_start_at_any_value(block, dtype, rng):
    p = rng.normal(size=20).astype(dtype)
    path = descend(Rprop(0.25), p, bowl, 0.1, 30, block=block)
    np.testing.assert_allclose(path, rprop(p, bowl, 0.25, 30), rtol=1e-5, atol=1e-6)
    assert path.dtype == dtype


def test_slots_that_are_there_do_not_start_anew(rng):
    """Two updaters, one after the other, make the steps of one."""
    p, slots = rng.normal(size=20), {}
    whole = descend(Rprop(0.25), p, bowl, 0.1, 12)
    first = descend(Rprop(0.25), p, bowl, 0.1, 5, slots=slots)
    rest = descend(Rprop(0.7), first[-1], bowl, 0.1, 7, slots=slots, t=5)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)


# ---- properties of some


def test_adam_moves_by_the_learning_rate_at_first():
    """Kingma and Ba (2015), section 2.1: the step is bounded by the learning rate, and the first
    one is as long.
    """
    step = descend(Adam(), np.zeros(3), lambda p: np.array([1e-3, 1.0, 1e3]), 0.01, 1)[0]
    np.testing.assert_allclose(step, -0.01, rtol=1e-3)


def test_adamw_without_decay_is_adam(rng):
    p = rng.normal(size=20)
    np.testing.assert_array_equal(
        descend(AdamW(), p, bowl, 0.1, 10), descend(Adam(), p, bowl, 0.1, 10)
    )


def test_amsgrad_never_shortens_its_memory(rng):
    """Reddi et al. (2018): after a large gradient Adam forgets it and AMSGrad does not."""
    sizes = np.array([100.0] + [1.0] * 49)
    paths = []
    for rule in (Adam(beta_2=0.5), AMSGrad(beta_2=0.5)):
        gradients = iter(sizes)
        paths.append(
            descend(
                rule,
                np.zeros(1),
                lambda p, gradients=gradients: np.array([next(gradients)]),
                0.01,
                50,
            )[:, 0]
        )
    adam, amsgrad = (np.abs(np.diff(path)) for path in paths)
    assert adam[-1] == pytest.approx(0.01, rel=0.1)
    assert amsgrad[-1] < 0.03 * adam[-1]


def test_nadam_without_momentum_is_adam_without_momentum(rng):
    p = rng.normal(size=20)
    np.testing.assert_allclose(
        descend(NAdam(beta_1=0.0), p, bowl, 0.1, 10),
        descend(Adam(beta_1=0.0), p, bowl, 0.1, 10),
        rtol=1e-13,
    )


def test_adadelta_does_not_depend_on_the_size_of_the_gradient():
    """Zeiler (2012), section 3.2: the units of the step are those of the parameter."""
    paths = [
        descend(Adadelta(), np.ones(1), lambda p, size=size: size * bowl(p + 2), 1.0, 20)
        for size in (10.0, 1000.0)
    ]
    np.testing.assert_allclose(*paths, rtol=1e-3)


def test_lion_moves_every_coordinate_by_the_learning_rate():
    step = descend(Lion(), np.zeros(3), lambda p: np.array([1e-3, -1.0, 1e3]), 0.01, 1)[0]
    np.testing.assert_allclose(step, [-0.01, 0.01, -0.01], rtol=1e-14)


def test_dampening_by_the_momentum_is_a_moving_average(rng):
    """With any constant gradient the velocity tends to lr g, whatever the momentum."""
    for momentum in (0.5, 0.9):
        for nesterov in (False, True):
            path = descend(
                SGD(momentum, nesterov, dampening=momentum), np.zeros(1), np.ones_like, 0.1, 300
            )
            assert path[-1] - path[-2] == pytest.approx(-0.1)


def test_only_decoupled_rules_say_so():
    assert [key for key, cls in OPTIMIZERS.items() if cls.decoupled] == ["adamw", "lion"]


def test_updater_keeps_the_vectors_it_was_given():
    """No copy: the network's flat vector is what is stepped, and the slots are the caller's
    arrays.
    """
    p, g, slots = np.zeros(5), np.ones(5), {"v": np.zeros(5)}
    updater = Updater(SGD(), p, g, slots=slots)
    updater.step(0.1)
    assert (p < 0).all()
    assert updater.slots["v"] is slots["v"]
    assert (slots["v"] != 0).all()


def test_momentum_reaches_its_final_speed():
    """With a constant gradient the velocity tends to lr g / (1 - momentum)."""
    path = descend(SGD(0.9, nesterovs_momentum=False), np.zeros(1), np.ones_like, 0.1, 300)
    assert path[-1] - path[-2] == pytest.approx(-0.1 / (1 - 0.9))
