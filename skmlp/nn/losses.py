"""The losses by name.

The one decision: whoever wants a loss finds it here, whichever file it is in: numbers (``regression_losses.py``), numbers with a
distribution (``likelihoods.py``), classes with probabilities (``class_losses.py``, ``focal_losses.py``) and without them
(``margin_losses.py``). What a loss is says ``loss.py``.

To add one: derive from ``Loss``, write the abstract methods, put it into ``LOSSES``; the tests iterate the registry.
"""

from .class_losses import BinaryLogLoss, LogLoss
from .focal_losses import BinaryFocal, Focal
from .likelihoods import Gamma, GaussianNll, Poisson, Tweedie
from .loss import Loss
from .margin_losses import Hinge, Perceptron, SquaredHinge
from .regression_losses import AbsoluteError, Huber, LogCosh, Quantile, SquaredError

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "BinaryFocal",
    "BinaryLogLoss",
    "Focal",
    "Gamma",
    "GaussianNll",
    "Hinge",
    "Huber",
    "LogCosh",
    "LogLoss",
    "Loss",
    "Perceptron",
    "Poisson",
    "Quantile",
    "SquaredError",
    "SquaredHinge",
    "Tweedie",
]

LOSSES = {
    "log_loss": LogLoss,
    "binary_log_loss": BinaryLogLoss,
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "perceptron": Perceptron,
    "focal": Focal,
    "binary_focal": BinaryFocal,
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "log_cosh": LogCosh,
    "quantile": Quantile,
    "poisson": Poisson,
    "gamma": Gamma,
    "tweedie": Tweedie,
    "gaussian_nll": GaussianNll,
}
