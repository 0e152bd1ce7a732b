"""Multi-layer perceptrons and autoencoders that behave like scikit-learn estimators, on a fast NumPy core."""

from ._autoencoder import Autoencoder
from ._classifier import MLPClassifier
from ._regressor import MLPRegressor

__all__ = ["Autoencoder", "MLPClassifier", "MLPRegressor"]
__version__ = "0.1.0"
