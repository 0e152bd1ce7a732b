"""Every schedule: a pure function of the clock."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from skmlp.nn.schedules import (
    SCHEDULES,
    Adaptive,
    Clock,
    Constant,
    Cosine,
    CosineRestarts,
    CosineWaves,
    Exponential,
    Invscaling,
    Linear,
    OneCycle,
    Step,
)
from tests.nn.helpers import table, trajectories

each = pytest.mark.parametrize("schedule", **table(SCHEDULES))
PLANNED = [key for key, cls in SCHEDULES.items() if cls.planned]


def clocks(n_epochs=10, n_batches=5):
    """Yield the clock before each step of training on 100 rows."""
    for step in range(n_epochs * n_batches):
        yield Clock(
            step,
            step // n_batches + step % n_batches / n_batches,
            n_epochs,
            100 * (step // n_batches),
            1.0,
        )


@each
def test_factor_is_a_python_float_in_the_unit_interval(schedule):
    for clock in clocks():
        factor = schedule.factor(clock)
        assert type(factor) is float
        assert 0.0 <= factor <= 1.0


@each
def test_hyper_parameters_may_be_numpy_numbers(schedule):
    """A grid of np.linspace hands them over."""
    numbers = {
        name: np.float64(value)
        for name, value in schedule.get_params().items()
        if type(value) is float
    }
    assert type(type(schedule)(**numbers).factor(Clock(7, 1.4, 10, 100))) is float


@each
def test_reads_the_clock_without_turning_it(schedule):
    for clock in clocks():
        before = copy.copy(clock)
        assert schedule.factor(clock) == schedule.factor(clock)
        assert clock == before


@each
def test_starts_where_the_clock_says_and_not_before(schedule):
    """Without state, the factor at an epoch is the same whichever epochs were asked for before."""
    fresh = copy.deepcopy(schedule)
    for clock in clocks():
        schedule.factor(clock)
    assert schedule.factor(Clock(20, 4.0, 10, 400)) == fresh.factor(Clock(20, 4.0, 10, 400))


@each
@pytest.mark.parametrize("warm_up", [0, 3.5])
def test_factors_of_several_epochs_are_those_of_their_steps(schedule, warm_up):
    schedule = type(schedule)(**{**schedule.get_params(), "warm_up": warm_up})
    path = [replace(clock, n_batches=5, decay=0.5) for clock in clocks()]
    expected = [schedule.factor(clock) for clock in path]
    assert schedule.factors(replace(path[0]), 10, 100) == expected
    assert schedule.factors(replace(path[15]), 4, 100) == expected[15:35]


def test_another_curve_than_a_steady_one_is_asked_for_each_step():
    class Falling(Constant):
        def curve(self, clock):
            return 0.5**clock.epoch

    assert Falling().factors(Clock(n_batches=2), 1, 10) == [1.0, 0.5**0.5]


@each
def test_plateau_factor_lowers_the_rate(schedule):
    assert schedule.plateau_factor is None or 0.0 < schedule.plateau_factor < 1.0
    if schedule.plateau_factor is not None:
        assert schedule.factor(Clock(decay=schedule.plateau_factor)) < schedule.factor(Clock())


@pytest.mark.parametrize("key", PLANNED)
def test_a_planned_schedule_ends_at_its_final_factor_and_stays(key):
    schedule = SCHEDULES[key](final=0.125)
    for epoch in (10.0, 10.5, 100.0):
        assert schedule.factor(Clock(epoch=epoch, n_epochs=10)) == pytest.approx(0.125, rel=1e-12)


@pytest.mark.parametrize("key", PLANNED)
def test_own_length_goes_before_the_planned_one(key):
    for epoch in (0.0, 1.0, 3.0, 6.0, 20.0):
        assert SCHEDULES[key](n_epochs=6).factor(Clock(epoch=epoch, n_epochs=99)) == SCHEDULES[
            key
        ]().factor(Clock(epoch=epoch, n_epochs=6))


@pytest.mark.parametrize("key", PLANNED)
def test_without_a_length_of_its_own_it_spans_the_fit_that_goes_on(key):
    for epoch in np.arange(0.0, 8.0, 0.25):
        first = SCHEDULES[key]().factor(Clock(epoch=epoch, n_epochs=8))
        second = SCHEDULES[key]().factor(Clock(epoch=20.0 + epoch, began=20.0, n_epochs=8))
        assert second == first


@pytest.mark.parametrize("key", [key for key in SCHEDULES if key not in PLANNED])
def test_an_unplanned_schedule_does_not_ask_for_the_length(key):
    for clock in clocks():
        assert SCHEDULES[key]().factor(clock) == SCHEDULES[key]().factor(
            Clock(clock.step, clock.epoch, 1, clock.samples, clock.decay)
        )


PYTORCH = {
    "cosine": Cosine(final=0.1),
    "one_cycle": OneCycle(rise=0.3, final=0.0001),
    "step": Step(step_size=6, gamma=0.3),
    "exponential": Exponential(gamma=0.9),
    "linear": Linear(final=0.1),
    "cosine_restarts": CosineRestarts(n_epochs=3, growth=2, final=0.1),
    "even_restarts": CosineRestarts(n_epochs=4, growth=1),
    "warm_constant": Constant(warm_up=5),
    "warm_exponential": Exponential(gamma=0.9, warm_up=5),
}


def test_every_recorded_schedule_is_compared():
    assert {
        name.split("/")[1] for name in trajectories()[0] if name.startswith("schedule/")
    } == set(PYTORCH)


@pytest.mark.parametrize("name", PYTORCH)
def test_equals_pytorch(name):
    """At every epoch, one update each."""
    ours = [PYTORCH[name].factor(Clock(epoch=float(k), n_epochs=20)) for k in range(21)]
    np.testing.assert_allclose(ours, trajectories()[0][f"schedule/{name}"], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("key", SCHEDULES)
def test_warming_up_multiplies_the_factor_by_the_share_of_updates_made(key):
    cold, warm = SCHEDULES[key](), SCHEDULES[key](warm_up=2.5)
    for k, clock in enumerate(clocks(n_batches=4)):
        clock.n_batches = 4
        assert warm.factor(clock) == pytest.approx(
            cold.factor(clock) * min((k + 1) / 10, 1.0), rel=1e-12
        )


def test_warming_up_goes_on_over_updates_and_not_over_epochs():
    """The first update is no waste, and the last one of the warm-up has the whole rate."""
    rates = [Constant(warm_up=2).factor(Clock(epoch=k / 5, n_batches=5)) for k in range(12)]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("growth", [1, 1.5, 2, 3])
def test_restarts_start_each_cycle_at_the_top(growth):
    """Cycle k begins after n_epochs (1 + growth + ... + growth^(k - 1)) epochs."""
    schedule, begins = CosineRestarts(n_epochs=4, growth=growth, final=0.2), 0.0
    for k in range(8):
        length = 4.0 * growth**k
        factors = [
            schedule.factor(Clock(epoch=begins + share * length))
            for share in (0.0, 0.25, 0.5, 0.75, 1.0 - 1e-9)
        ]
        np.testing.assert_allclose(
            factors,
            0.2 + 0.4 * (1 + np.cos(np.pi * np.array([0.0, 0.25, 0.5, 0.75, 1.0]))),
            atol=1e-7,
        )
        begins += length


@pytest.mark.parametrize("n_waves", [1, 2, 4, 7])
def test_each_wave_is_twice_as_long_as_the_one_before(n_waves):
    """Of 2^n - 1 units of time wave k takes 2^k; its top is at the geometric mean of its ends,
    counted from one unit before the first.
    """
    schedule = CosineWaves(n_waves, final=0.1)

    def factor(time):
        return schedule.factor(Clock(epoch=time, n_epochs=2.0**n_waves - 1.0))

    for k in range(n_waves):
        begin, top, end = 2.0**k - 1.0, 2.0 ** (k + 0.5) - 1.0, 2.0 ** (k + 1) - 1.0
        assert factor(begin) == pytest.approx(0.1)
        assert factor(top) == pytest.approx(1.0)
        assert (np.diff([factor(time) for time in np.linspace(begin, top, 20)]) > 0).all()
        assert (np.diff([factor(time) for time in np.linspace(top, end, 20)]) < 0).all()


def test_a_step_lasts_whole_epochs():
    factors = [
        Step(step_size=2, gamma=0.5).factor(clock) for clock in clocks(n_epochs=6, n_batches=7)
    ]
    np.testing.assert_array_equal(factors, np.repeat([1.0, 0.5, 0.25], 14))


def test_one_cycle_goes_up_then_down():
    schedule = OneCycle(rise=0.25, start=0.2, final=0.05)
    factors = [schedule.factor(Clock(epoch=float(k), n_epochs=40)) for k in range(41)]
    assert factors[0] == pytest.approx(0.2)
    assert factors[10] == pytest.approx(1.0)
    assert factors[40] == pytest.approx(0.05)
    assert (np.diff(factors[:11]) > 0).all()
    assert (np.diff(factors[10:]) < 0).all()
    assert np.abs(np.diff(factors)).max() < 0.15


def test_constant_and_adaptive():
    assert {Constant().factor(clock) for clock in clocks()} == {1.0}
    assert [Adaptive().factor(Clock(decay=0.2**k)) for k in range(3)] == [1.0, 0.2, 0.2**2]


@pytest.mark.parametrize("power_t", [0.0, 0.25, 0.5, 1.0])
def test_invscaling_is_that_of_scikit_learn(power_t):
    from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

    theirs = SGDOptimizer(
        [np.zeros(1)], learning_rate_init=1.0, lr_schedule="invscaling", power_t=power_t
    )
    for samples in (100, 200, 1000):
        theirs.iteration_ends(samples)
        assert Invscaling(power_t).factor(Clock(samples=samples)) == pytest.approx(
            theirs.learning_rate, rel=1e-14
        )
