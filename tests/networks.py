"""Small networks that have learned something after a moment, and rows to test them on."""

from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier, MLPRegressor


def classifier(seed=0, **setting):
    return MLPClassifier(
        **{
            "hidden_layer_sizes": (20,),
            "learning_rate_init": 0.02,
            "max_iter": 15,
            "random_state": seed,
            **setting,
        }
    )


def regressor(seed=0, **setting):
    return MLPRegressor(
        **{
            "hidden_layer_sizes": (20,),
            "learning_rate_init": 0.02,
            "max_iter": 15,
            "random_state": seed,
            **setting,
        }
    )


def halves(problem, seed=0):
    """Return X_train, X_test, y_train, y_test."""
    X, y = problem
    return train_test_split(
        X,
        y,
        test_size=0.5,
        random_state=seed,
        stratify=None if y.dtype.kind == "f" or y.ndim == 2 else y,
    )
