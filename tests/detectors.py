"""Small detectors of outliers."""

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder


def quick(**setting):
    """Return an autoencoder that has learned something after a moment."""
    return Autoencoder(
        **{
            "hidden_layer_sizes": (16,),
            "learning_rate_init": 0.01,
            "max_iter": 30,
            "random_state": 0,
            **setting,
        }
    )


def pipeline(**setting):
    return make_pipeline(StandardScaler(), quick(**setting))
