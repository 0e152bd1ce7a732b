"""Small autoencoders of a table, and the table."""

from skmlp import Autoencoder

from .tables import mixed


def quick(n_components=4, **setting):
    setting = {
        "hidden_layer_sizes": (16,),
        "learning_rate_init": 0.01,
        "max_iter": 3,
        "batch_size": 32,
        "random_state": 0,
        **setting,
    }
    return Autoencoder(n_components, **{"categorical_features": "from_dtype", **setting})


def table():
    return mixed()[0]


def whole():
    """Return the table without missing values."""
    X = table()
    return X.assign(income=X["income"].fillna(30_000.0), town=X["town"].fillna("Bonn"))
