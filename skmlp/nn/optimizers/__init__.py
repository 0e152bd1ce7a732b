"""Optimizers: rules that turn a gradient into a step.

What a rule is says ``base.py``; Adam and its relatives are in ``adam.py``, all others in
``others.py``. The updater runs a rule over the flat vectors, with all else that is done to the
weights: L2 and L1 penalties, max-norm, clipping. Rates by layer are in ``layer_rates.py``.

To add one: derive from ``Optimizer``, write the equations, ``coefficients`` and ``update``, put it
into ``OPTIMIZERS`` and ``skmlp.nn``; ``docs/contributing.md`` names the other files.
"""

from .adam import Adam, AdamW, AMSGrad, NAdam
from .base import Optimizer
from .layer_rates import LayerRates
from .others import SGD, Adadelta, Adagrad, Lion, RMSprop

OPTIMIZERS = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "amsgrad": AMSGrad,
    "nadam": NAdam,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "lion": Lion,
}

LAYER_RATES = {"fan_in": LayerRates}
