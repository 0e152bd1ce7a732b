"""Learning-rate schedules that follow a plan: formulas of the factor."""

import math

from .base import Schedule


class Constant(Schedule):
    """The factor is 1: the learning rate stays as it is.

    Parameters
    ----------
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).

    Examples
    --------
    >>> from skmlp.nn import Constant
    >>> from skmlp.nn.schedules import Clock
    >>> Constant().factor(Clock(epoch=3.0))
    1.0
    >>> Constant(warm_up=5).factor(Clock(epoch=3.0))  # (3 + 1 / 1) / 5: one step per epoch
    0.8
    """

    steady = True

    def __init__(self, warm_up=0):
        self.warm_up = warm_up

    def curve(self, clock):
        return 1.0


class Invscaling(Schedule):
    r"""The factor falls with a power of the number of rows seen, as in scikit-learn.

    .. math::

        \mathrm{factor} = (\mathrm{samples} + 1)^{-\mathrm{power\_t}}

    Here samples is the number of rows seen before the epoch, so that the factor is constant within
    an epoch, and 1 in the first. The key ``"invscaling"`` has an effect with ``solver="sgd"`` only,
    as in scikit-learn; an instance works with every minibatch solver.

    Parameters
    ----------
    power_t : float >= 0, default=0.5
        Exponent of the fall.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).

    Examples
    --------
    >>> from skmlp.nn import Invscaling
    >>> from skmlp.nn.schedules import Clock
    >>> Invscaling().factor(Clock(samples=99))
    0.1
    """

    steady = True
    limits = {"power_t": "[0, inf)", **Schedule.limits}

    def __init__(self, power_t=0.5, warm_up=0):
        self.power_t = power_t
        self.warm_up = warm_up

    def curve(self, clock):
        return 1.0 / (clock.samples + 1) ** float(self.power_t)


class Step(Schedule):
    r"""The factor is multiplied by :math:`\gamma` = ``gamma`` every ``step_size`` epochs.

    .. math::

        \mathrm{factor} = \gamma^{\lfloor \mathrm{epoch} / \mathrm{step\_size} \rfloor}

    Parameters
    ----------
    step_size : float > 0, default=30
        Epochs from one drop to the next.
    gamma : float in (0, 1], default=0.1
        What the factor is multiplied by at each drop.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).

    Examples
    --------
    >>> from skmlp.nn import Step
    >>> from skmlp.nn.schedules import Clock
    >>> Step(step_size=2, gamma=0.5).factor(Clock(epoch=5.5))
    0.25
    """

    limits = {"step_size": "(0, inf)", "gamma": "(0, 1]", **Schedule.limits}

    def __init__(self, step_size=30, gamma=0.1, warm_up=0):
        self.step_size = step_size
        self.gamma = gamma
        self.warm_up = warm_up

    def curve(self, clock):
        return float(self.gamma) ** math.floor(clock.epoch / self.step_size)


class Exponential(Schedule):
    r"""The factor falls exponentially: it is :math:`\gamma^{\mathrm{epoch}}` with
    :math:`\gamma` = ``gamma``; fractions of an epoch count.

    Parameters
    ----------
    gamma : float in (0, 1], default=0.95
        What the factor is multiplied by in the course of an epoch.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).

    Examples
    --------
    >>> from skmlp.nn import Exponential
    >>> from skmlp.nn.schedules import Clock
    >>> Exponential(gamma=0.5).factor(Clock(epoch=2.0))
    0.25
    """

    limits = {"gamma": "(0, 1]", **Schedule.limits}

    def __init__(self, gamma=0.95, warm_up=0):
        self.gamma = gamma
        self.warm_up = warm_up

    def curve(self, clock):
        return float(self.gamma) ** float(clock.epoch)


class Linear(Schedule):
    r"""The factor falls along a straight line.

    .. math::

        \mathrm{factor} = 1 + (\mathrm{final} - 1) \frac{\mathrm{epoch}}{\mathrm{n\_epochs}}

    Parameters
    ----------
    n_epochs : float > 0 or None, default=None
        Length of the decay in epochs, counted from the very first one; then the factor stays at
        ``final``. None means the ``max_iter`` of each fit, counted from its own first epoch.
    final : float in [0, 1], default=0.0
        Factor at the end.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).
        They are part of the schedule, not added to it.

    Examples
    --------
    >>> from skmlp.nn import Linear
    >>> from skmlp.nn.schedules import Clock
    >>> Linear().factor(Clock(epoch=5.0, n_epochs=20))
    0.75
    """

    planned = True
    limits = {"n_epochs": "(0, inf) or None", "final": "[0, 1]", **Schedule.limits}

    def __init__(self, n_epochs=None, final=0.0, warm_up=0):
        self.n_epochs = n_epochs
        self.final = final
        self.warm_up = warm_up

    def curve(self, clock):
        return 1.0 + (float(self.final) - 1.0) * _progress(self, clock)


class Cosine(Schedule):
    r"""The factor falls along half a cosine (Loshchilov and Hutter, 2017, equation 5, one cycle).

    .. math::

        \mathrm{factor} = f + \frac{1 - f}{2} \left( 1 + \cos \frac{\pi e}{E} \right)

    in epoch e (fractions included), with f for ``final`` and E for ``n_epochs``.

    Parameters
    ----------
    n_epochs : float > 0 or None, default=None
        Length of the decay in epochs, counted from the very first one; then the factor stays at
        ``final``. None means the ``max_iter`` of each fit, counted from its own first epoch.
    final : float in [0, 1], default=0.0
        Factor at the end.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).
        They are part of the schedule, not added to it.

    Examples
    --------
    >>> from skmlp.nn import Cosine
    >>> from skmlp.nn.schedules import Clock
    >>> Cosine().factor(Clock(epoch=5.0, n_epochs=10))
    0.5
    """

    planned = True
    limits = {"n_epochs": "(0, inf) or None", "final": "[0, 1]", **Schedule.limits}

    def __init__(self, n_epochs=None, final=0.0, warm_up=0):
        self.n_epochs = n_epochs
        self.final = final
        self.warm_up = warm_up

    def curve(self, clock):
        return _cosine(1.0, float(self.final), _progress(self, clock))


class CosineRestarts(Schedule):
    r"""Cosine decay in cycles, each ``growth`` times as long as the one before (Loshchilov and
    Hutter, 2017, section 3).

    In cycle i = 0, 1, ..., when e epochs of it are over (fractions included):

    .. math::

        \mathrm{factor} &= f + \frac{1 - f}{2} \left( 1 + \cos \frac{\pi e}{E_i} \right) \\
        E_i &= \mathrm{n\_epochs} \cdot \mathrm{growth}^i

    with f for ``final``.

    Parameters
    ----------
    n_epochs : float > 0, default=10
        Length of the first cycle in epochs, counted from the very first epoch.
    growth : float >= 1, default=2
        Length of a cycle divided by that of the one before.
    final : float in [0, 1], default=0.0
        Factor at the end of each cycle.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).
        They are part of the schedule, not added to it.

    Examples
    --------
    >>> from skmlp.nn import CosineRestarts
    >>> from skmlp.nn.schedules import Clock
    >>> restarts = CosineRestarts(n_epochs=2)
    >>> [restarts.factor(Clock(epoch=epoch)) for epoch in (0.0, 1.0, 2.0, 4.0, 6.0)]
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    limits = {"n_epochs": "(0, inf)", "growth": "[1, inf)", "final": "[0, 1]", **Schedule.limits}

    def __init__(self, n_epochs=10, growth=2, final=0.0, warm_up=0):
        self.n_epochs = n_epochs
        self.growth = growth
        self.final = final
        self.warm_up = warm_up

    def curve(self, clock):
        passed, length = float(clock.epoch), float(self.n_epochs)
        if self.growth == 1:
            passed %= length
        while passed >= length:
            passed, length = passed - length, length * float(self.growth)
        return _cosine(1.0, float(self.final), passed / length)


class CosineWaves(Schedule):
    r"""Waves of a rising and falling rate, each twice as long as the one before (Holzmueller,
    Grinsztajn and Steinwart, "Better by default", 2024).

    With f for ``final``, n for ``n_waves``, and E for ``n_epochs``, in epoch e (fractions
    included):

    .. math::

        \mathrm{factor} &= f + \frac{1 - f}{2} (1 - \cos 2 \pi w) \\
        w &= \log_2 \left( 1 + (2^n - 1) \frac{e}{E} \right)

    The integer part of w is the number of completed waves. Each wave rises from ``final`` to 1 in
    the first 0.41 of its length, and falls back. So the rate returns to its peak again and again,
    with ever longer times in which it is low.

    Parameters
    ----------
    n_waves : int from 1 to 50, default=4
        Number of waves.
    n_epochs : float > 0 or None, default=None
        Length of all waves together in epochs, counted from the very first one; then the factor
        stays at ``final``. None means the ``max_iter`` of each fit, counted from its own first
        epoch.
    final : float in [0, 1], default=0.0
        Factor at the beginning, between waves and at the end.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).
        They are part of the schedule, not added to it.

    Examples
    --------
    >>> from skmlp.nn import CosineWaves
    >>> from skmlp.nn.schedules import Clock
    >>> waves = CosineWaves(n_waves=2)
    >>> [round(waves.factor(Clock(epoch=epoch, n_epochs=6)), 2) for epoch in range(7)]
    [0.0, 0.93, 0.0, 0.72, 0.93, 0.32, 0.0]
    """

    planned = True
    limits = {
        "n_waves": "[1, 50]",
        "n_epochs": "(0, inf) or None",
        "final": "[0, 1]",
        **Schedule.limits,
    }
    whole = ("n_waves",)

    def __init__(self, n_waves=4, n_epochs=None, final=0.0, warm_up=0):
        self.n_waves = n_waves
        self.n_epochs = n_epochs
        self.final = final
        self.warm_up = warm_up

    def curve(self, clock):
        waves = math.log2(1.0 + (2.0**self.n_waves - 1.0) * _progress(self, clock))
        return _cosine(float(self.final), 1.0, 2.0 * (waves % 1.0))


class OneCycle(Schedule):
    r"""The factor rises from ``start`` to 1 and then falls to ``final``, each along half a cosine.

    This is the one-cycle policy of Smith and Topin (2018), whose ramps are straight lines, with the
    cosines of fastai and PyTorch. With s = ``start``, r = ``rise``, f = ``final``, and the share u
    of the cycle that is over:

    .. math::

        \mathrm{factor} = \begin{cases}
        1 - \frac{1 - s}{2} \left( 1 + \cos \frac{\pi u}{r} \right) & u < r \\
        f + \frac{1 - f}{2} \left( 1 + \cos \frac{\pi (u - r)}{1 - r} \right) & u \ge r
        \end{cases}

    The estimator's ``learning_rate_init`` is the peak of the learning rate.

    Parameters
    ----------
    n_epochs : float > 0 or None, default=None
        Length of the cycle in epochs, counted from the very first one; then the factor stays at
        ``final``. None means the ``max_iter`` of each fit, counted from its own first epoch.
    rise : float in (0, 1), default=0.3
        Share of the cycle in which the factor rises.
    start : float in [0, 1], default=0.04
        Factor at the beginning.
    final : float in [0, 1], default=0.0001
        Factor at the end.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).
        They are part of the schedule, not added to it.

    Examples
    --------
    >>> from skmlp.nn import OneCycle
    >>> from skmlp.nn.schedules import Clock
    >>> OneCycle(rise=0.3).factor(Clock(epoch=3.0, n_epochs=10))
    1.0
    """

    planned = True
    limits = {
        "n_epochs": "(0, inf) or None",
        "rise": "(0, 1)",
        "start": "[0, 1]",
        "final": "[0, 1]",
        **Schedule.limits,
    }

    def __init__(self, n_epochs=None, rise=0.3, start=0.04, final=0.0001, warm_up=0):
        self.n_epochs = n_epochs
        self.rise = rise
        self.start = start
        self.final = final
        self.warm_up = warm_up

    def curve(self, clock):
        progress, rise = _progress(self, clock), float(self.rise)
        if progress < rise:
            return _cosine(float(self.start), 1.0, progress / rise)
        return _cosine(1.0, float(self.final), (progress - rise) / (1.0 - rise))


def _progress(schedule, clock):
    """Return the share of the schedule's length that has passed, in [0, 1]; a schedule without a
    length spans the current fit.
    """
    passed = (
        clock.epoch / schedule.n_epochs
        if schedule.n_epochs
        else (clock.epoch - clock.began) / clock.n_epochs
    )
    return float(min(passed, 1.0))


def _cosine(start, end, progress):
    """Return the point on half a cosine from ``start`` to ``end``."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * progress))
