"""Pictures of fitted networks, by scikit-learn's convention for displays.

The one decision: a display is data that can be drawn again. ``from_estimator`` takes what it needs
out of an estimator, ``plot`` draws it and returns the display with the artists in attributes that
end in ``_``. Matplotlib is imported there and not before.

To add one: a class with ``__init__`` (the data), ``from_estimator`` and ``plot``, in a file of its
own; put it into ``__all__`` here and in ``skmlp/__init__.py``.
"""

from ._codes import CodeDisplay
from ._diagnostics import DiagnosticsDisplay
from ._learning_rate_range import LearningRateRangeDisplay
from ._reconstructions import ReconstructionDisplay
from ._training import TrainingDisplay
from ._weights import WeightsDisplay

__all__ = [
    "CodeDisplay",
    "DiagnosticsDisplay",
    "LearningRateRangeDisplay",
    "ReconstructionDisplay",
    "TrainingDisplay",
    "WeightsDisplay",
]
