"""Multi-layer perceptrons and autoencoders that behave like scikit-learn estimators, on a fast NumPy core."""

from ._autoencoder import Autoencoder
from ._classifier import MLPClassifier
from ._learning_rate_range import LearningRateRangeDisplay, learning_rate_range
from ._outlier import OutlierAutoencoder
from ._regressor import MLPRegressor

__all__ = ["Autoencoder", "LearningRateRangeDisplay", "MLPClassifier", "MLPRegressor", "OutlierAutoencoder", "learning_rate_range"]
__version__ = "0.1.0"
