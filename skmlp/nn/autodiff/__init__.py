"""Forward-mode differentiation of users' own NumPy functions, and the activations and losses
made of these.
"""

from .custom import FunctionActivation, FunctionLoss, LossOfUnits
from .dual import Dual, value_and_gradient
