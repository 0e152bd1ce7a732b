"""Multi-layer perceptrons and autoencoders that behave like scikit-learn estimators, on a fast
NumPy core.
"""

from ._autoencoder import Autoencoder
from ._classifier import MLPClassifier
from ._config import config_context, get_config, set_config
from ._imputer import AutoencoderImputer
from ._learning_rate_range import learning_rate_range
from ._outlier import OutlierAutoencoder
from ._regressor import MLPRegressor
from ._skops import skops_types
from ._tabular.classifier import TabularMLPClassifier
from ._tabular.regressor import TabularMLPRegressor
from ._through import input_gradient, sample_predictions, summary
from .nn.saved import VERSION as __version__
from .plot._codes import CodeDisplay
from .plot._diagnostics import DiagnosticsDisplay
from .plot._learning_rate_range import LearningRateRangeDisplay
from .plot._reconstructions import ReconstructionDisplay
from .plot._training import TrainingDisplay
from .plot._weights import WeightsDisplay

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
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "TrainingDisplay",
    "WeightsDisplay",
    "config_context",
    "get_config",
    "input_gradient",
    "learning_rate_range",
    "sample_predictions",
    "set_config",
    "skops_types",
    "summary",
]
