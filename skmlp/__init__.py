"""Multi-layer perceptrons and autoencoders that behave like scikit-learn estimators, on a fast NumPy core."""

from ._autoencoder import Autoencoder
from ._classifier import MLPClassifier
from ._imputer import AutoencoderImputer
from ._learning_rate_range import learning_rate_range
from ._outlier import OutlierAutoencoder
from ._regressor import MLPRegressor
from ._skops import skops_types
from ._through import input_gradient, predict_samples, summary
from .nn.saved import VERSION as __version__
from .plot import (
    CodeDisplay,
    DiagnosticsDisplay,
    LearningRateRangeDisplay,
    ReconstructionDisplay,
    TrainingDisplay,
    WeightsDisplay,
)

__all__ = [
    "Autoencoder",
    "AutoencoderImputer",
    "CodeDisplay",
    "DiagnosticsDisplay",
    "LearningRateRangeDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "OutlierAutoencoder",
    "ReconstructionDisplay",
    "TrainingDisplay",
    "WeightsDisplay",
    "input_gradient",
    "learning_rate_range",
    "predict_samples",
    "skops_types",
    "summary",
]
