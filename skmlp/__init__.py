"""Multi-layer perceptrons and autoencoders that behave like scikit-learn estimators, on a fast NumPy core."""

from ._autoencoder import Autoencoder
from ._classifier import MLPClassifier
from ._learning_rate_range import LearningRateRangeDisplay, learning_rate_range
from ._regressor import MLPRegressor
from .nn.saved import VERSION as __version__

__all__ = ["Autoencoder", "LearningRateRangeDisplay", "MLPClassifier", "MLPRegressor", "learning_rate_range"]
