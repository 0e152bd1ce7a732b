"""Learning-rate schedules: what the initial learning rate is multiplied with, as a function of how
far training has come.

What a schedule is says ``base.py``; formulas are in ``planned.py``, answers to a lack of progress
in ``plateau.py``.

To add one: derive from ``Schedule``, write ``curve``, put it into ``SCHEDULES`` and
``skmlp.nn``; ``docs/contributing.md`` names the other files.
"""

from .base import Clock, Schedule
from .planned import (
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
from .plateau import Adaptive, Plateau

SCHEDULES = {
    "constant": Constant,
    "invscaling": Invscaling,
    "adaptive": Adaptive,
    "plateau": Plateau,
    "step": Step,
    "exponential": Exponential,
    "linear": Linear,
    "cosine": Cosine,
    "cosine_restarts": CosineRestarts,
    "one_cycle": OneCycle,
    "cosine_waves": CosineWaves,
}
