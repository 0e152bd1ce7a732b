"""Learning-rate schedules that answer to a lack of progress instead of following a plan.

The one decision: whoever watches the progress multiplies the clock's ``decay``; a schedule only
says by how much, when, and how far.

To add one: as in ``__init__.py``, with ``plateau_factor``.
"""

from .base import Schedule


class Adaptive(Schedule):
    """The factor is divided by 5 whenever training makes no progress, as in scikit-learn.

    Training makes no progress when the training loss, or the validation score with
    ``early_stopping``, has not improved by ``tol`` for more than ``n_iter_no_change`` epochs. Once
    the learning rate is at most 1e-6, training stops instead. The key ``"adaptive"`` has an effect
    with ``solver="sgd"`` only, as in scikit-learn; an instance works with every minibatch solver.

    Parameters
    ----------
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).

    Examples
    --------
    >>> from skmlp.nn import Adaptive
    >>> from skmlp.nn.schedules import Clock
    >>> Adaptive().factor(Clock(decay=0.2))  # after one plateau
    0.2
    """

    plateau_factor = 0.2
    steady = True

    def __init__(self, warm_up=0):
        self.warm_up = warm_up

    def curve(self, clock):
        return clock.decay


class Plateau(Schedule):
    """The factor is multiplied by ``gamma`` after more than ``patience`` epochs without progress,
    but never falls below ``final``.

    Progress is an improvement by more than ``tol`` of the training loss, or of the validation score
    with ``early_stopping``. Once the factor is ``final``, ``n_iter_no_change`` more epochs without
    progress end the training. With ``tol=0`` the schedule is that of PyTorch's
    ``ReduceLROnPlateau`` without a threshold.

    Parameters
    ----------
    gamma : float in (0, 1), default=0.1
        What the factor is multiplied by at each fall.
    patience : int >= 0 or None, default=None
        The factor falls after more than this many epochs without progress; None means the
        estimator's ``n_iter_no_change``.
    final : float in [0, 1], default=0.001
        Smallest factor.
    warm_up : float >= 0, default=0
        Epochs at the start in which the factor is also multiplied by a line up to 1 (warm-up).

    Examples
    --------
    A constant feature, from which nothing can be learned:

    >>> from skmlp import MLPClassifier
    >>> from skmlp.nn import Plateau
    >>> model = MLPClassifier((), learning_rate=Plateau(gamma=0.5, patience=1))
    >>> model.fit([[0.0]] * 8, [0, 1] * 4).history_["learning_rate"][:6].tolist()
    [0.001, 0.001, 0.001, 0.0005, 0.0005, 0.00025]
    """

    strict = True
    steady = True
    limits = {
        "gamma": "(0, 1)",
        "patience": "[0, inf) or None",
        "final": "[0, 1]",
        **Schedule.limits,
    }

    def __init__(self, gamma=0.1, patience=None, final=0.001, warm_up=0):
        self.gamma = gamma
        self.patience = patience
        self.final = final
        self.warm_up = warm_up

    @property
    def plateau_factor(self):
        return float(self.gamma)

    @property
    def plateau_patience(self):
        return self.patience

    @property
    def least(self):
        return float(self.final)

    def curve(self, clock):
        return clock.decay
