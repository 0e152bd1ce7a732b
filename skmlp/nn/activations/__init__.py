"""Activations: elementwise functions with their derivatives.

What an activation is says ``base.py``; those of straight pieces are in ``piecewise.py``, the curved
ones in ``smooth.py``. One with parameters, or with several inputs for each output, is a layer
(``layers/activation_layers.py``).

To add one: derive from ``Activation``, write ``forward`` and ``backward``, put it into
``ACTIVATIONS`` and ``skmlp.nn``; ``docs/contributing.md`` names the other files.
"""

from .base import Activation
from .piecewise import HardThreshold, Identity, LeakyReLU, ReLU, ShiftedReLU
from .smooth import ELU, GELU, SELU, Logistic, Mish, SiLU, Softplus, Tanh

ACTIVATIONS = {
    "identity": Identity,
    "logistic": Logistic,
    "tanh": Tanh,
    "hard_threshold": HardThreshold,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "shifted_relu": ShiftedReLU,
    "elu": ELU,
    "selu": SELU,
    "softplus": Softplus,
    "gelu": GELU,
    "silu": SiLU,
    "mish": Mish,
}
