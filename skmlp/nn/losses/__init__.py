"""Losses, each with the link from raw scores to predictions.

What a loss is says ``base.py``. Numbers: ``regression.py``; numbers with a distribution:
``likelihood.py``; classes with probabilities: ``cross_entropy.py``, ``focal.py``; without:
``margin.py``. What those with one link share: ``linked.py``. Losses made of losses:
``by_column.py``, ``masked.py``.

To add one: derive from ``Loss`` or a class of ``linked.py``, write the abstract methods, put it
into ``LOSSES`` and ``skmlp.nn``; ``docs/contributing.md`` names the other files.
"""

from .base import Loss, Output
from .by_column import ColumnLosses
from .cross_entropy import BinaryLogLoss, LogLoss
from .focal import BinaryFocal, Focal
from .likelihood import Gamma, GaussianNLL, Poisson, Tweedie
from .margin import Hinge, Perceptron, SquaredHinge
from .regression import AbsoluteError, Huber, LogCosh, Quantile, SquaredError

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
    "gaussian_nll": GaussianNLL,
}
