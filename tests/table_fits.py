"""Small estimators on a table."""

from skmlp import MLPClassifier, MLPRegressor

ESTIMATORS = [MLPClassifier, MLPRegressor]


def quick(cls=MLPClassifier, **setting):
    return cls(
        **{
            "categorical_features": "from_dtype",
            "hidden_layer_sizes": (8,),
            "max_iter": 3,
            "learning_rate_init": 0.02,
            "random_state": 0,
            **setting,
        }
    )
