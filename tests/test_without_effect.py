"""Parameters without effect: which are told, that it is true, and that searches are not flooded."""

import warnings

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_score

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.layers import BatchNorm, Dropout
from skmlp.nn.optimizers import SGD, Adam
from skmlp.nn.schedules import Cosine, Invscaling

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)
NONE = [
    (
        MLPClassifier,
        {"scoring": "f1_macro"},
        {},
        "scoring='f1_macro' has no effect without early_stopping=True or X_val",
    ),
    (
        MLPRegressor,
        {"validation_cv": 5},
        {},
        "validation_cv=5 has no effect without early_stopping=True",
    ),
    (
        MLPRegressor,
        {"validation_fraction": 0.3},
        {},
        "validation_fraction=0.3 has no effect without early_stopping=True",
    ),
    (
        MLPClassifier,
        {"embedding_dim": 3},
        {},
        "embedding_dim=3 has no effect without categorical_features",
    ),
    (Autoencoder, {"l1_ratio": 0.5}, {"alpha": 0.0}, "l1_ratio=0.5 has no effect with alpha=0"),
    (
        MLPRegressor,
        {"l1_ratio": 0.5},
        {"alpha": [0.0, 0.0]},
        "l1_ratio=0.5 has no effect with alpha=0",
    ),
    (
        MLPRegressor,
        {"data_init": True},
        {"hidden_layer_sizes": ()},
        "data_init=True has no effect without hidden layers",
    ),
    (
        MLPRegressor,
        {"dropout": 0.5},
        {"hidden_layer_sizes": ()},
        "dropout=0.5 has no effect without hidden layers",
    ),
    (
        Autoencoder,
        {"dropout": Dropout(0.4)},
        {"hidden_layer_sizes": []},
        r"dropout=Dropout\(rate=0.4\) has no effect without hidden layers",
    ),
    (
        MLPClassifier,
        {"activation": "tanh"},
        {"hidden_layer_sizes": ()},
        "activation='tanh' has no effect without hidden layers",
    ),
    (
        MLPRegressor,
        {"batch_norm": BatchNorm()},
        {"hidden_layer_sizes": ()},
        r"batch_norm=BatchNorm\(\) has no effect without hidden layers",
    ),
    (
        MLPClassifier,
        {"beta_1": 0.3},
        {"solver": Adam()},
        r"beta_1=0.3 has no effect beside solver=Adam\(...\), which has one of its own",
    ),
    (
        MLPClassifier,
        {"momentum": 0.3},
        {"solver": SGD()},
        r"momentum=0.3 has no effect beside solver=SGD\(...\)",
    ),
    (
        MLPClassifier,
        {"power_t": 0.3},
        {"learning_rate": Invscaling()},
        r"power_t=0.3 has no effect beside learning_rate=Invscaling\(...\)",
    ),
    (
        MLPRegressor,
        {"early_stopping": True},
        {"solver": "lbfgs"},
        "early_stopping=True has no effect with solver='lbfgs'",
    ),
    (
        MLPRegressor,
        {"learning_rate_scaling": "fan_in"},
        {"solver": "lbfgs"},
        "learning_rate_scaling='fan_in' has no effect with solver='lbfgs'",
    ),
    (
        Autoencoder,
        {"corruption_at": "hidden"},
        {},
        "corruption_at='hidden' has no effect without corruption",
    ),
]


@pytest.mark.parametrize(
    ("cls", "vain", "others", "message"), NONE, ids=[message[:50] for *_, message in NONE]
)
def test_what_has_no_effect_is_told_and_has_none(cls, vain, others, message):
    setting = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0, **others}
    with pytest.warns(UserWarning, match=f"^{message}") as caught:
        model = cls(**setting, **vain).fit(X, Y)
    assert [warning.filename for warning in caught if warning.category is UserWarning] == [__file__]
    assert_array_equal(model.transform(X), cls(**setting).fit(X, Y).transform(X))
    if len(model.coefs_) == 1:
        assert_array_equal(model.coefs_[0], cls(**setting).fit(X, Y).coefs_[0])
    if hasattr(model, "partial_fit"):
        cls(**setting, **{**vain, "early_stopping": False}).partial_fit(
            X, Y, **({"classes": [0, 1, 2]} if cls is MLPClassifier else {})
        )


QUIET = [
    {"scoring": "f1_macro", "early_stopping": True, "validation_fraction": 0.2},
    {"validation_cv": 3, "early_stopping": True},
    {"l1_ratio": 0.5, "alpha": 0.01},
    {"dropout": 0.0, "activation": "relu", "batch_norm": False, "hidden_layer_sizes": ()},
    {"dropout": [], "activation": [], "hidden_layer_sizes": ()},
    {
        "dropout": np.zeros(0),
        "activation": np.array([], str),
        "batch_norm": np.False_,
        "hidden_layer_sizes": np.array([], int),
    },
    {
        "beta_1": 0.8,
        "momentum": 0.5,
        "power_t": 0.3,
        "max_fun": 10,
        "nesterovs_momentum": False,
    },  # searches over solvers give them all
    {"beta_1": 0.8, "momentum": 0.5, "solver": "sgd"},
    {"momentum": 0.5, "power_t": 0.3, "solver": Adam(), "learning_rate": Cosine()},
    {"beta_1": 0.8, "solver": Adam(0.8)},
    {"learning_rate_init": 0.1, "batch_size": 20, "shuffle": False, "solver": "lbfgs"},
    {"embedding_dim": 3, "categorical_features": "from_dtype"},
]


@pytest.mark.parametrize("setting", QUIET, ids=str)
def test_what_has_an_effect_or_what_scikit_learn_ignores_is_not_told(setting):
    MLPClassifier(**{"max_iter": 3, **setting}).fit(X, Y)


def test_a_scorer_of_given_rows_has_an_effect():
    model = MLPClassifier(max_iter=3, scoring="f1_macro").fit(X, Y, X_val=X, y_val=Y)
    assert len(model.validation_scores_) == 3


def everything_said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return sorted(str(warning.message) for warning in caught if warning.category is UserWarning)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_gives_each_warning_once(n_jobs):
    """A search of 16 candidates in 2 folds, in which 8 + 8 fits have parameters without effect."""
    X, y = curve(40)
    grid = {
        "hidden_layer_sizes": [(), (4,)],
        "dropout": [0.0, 0.2],
        "alpha": [0.0, 0.1],
        "l1_ratio": [0.0, 0.5],
    }
    expected = [
        "dropout=0.2 has no effect without hidden layers.",
        "l1_ratio=0.5 has no effect with alpha=0.",
    ]
    for _ in range(2 if n_jobs == 1 else 1):  # another search gives them again
        with parallel_config("threading", n_jobs=n_jobs):
            assert (
                everything_said(
                    lambda: GridSearchCV(MLPRegressor(max_iter=1), grid, cv=2, refit=False).fit(
                        X, y
                    )
                )
                == expected
            )
    model = MLPRegressor(hidden_layer_sizes=(), max_iter=1, dropout=0.2)
    assert (
        everything_said(lambda: [cross_val_score(model, X, y) for _ in range(2)])
        == expected[:1] * 2
    )
    assert everything_said(lambda: [model.fit(X, y) for _ in range(3)]) == expected[:1] * 3


def test_an_error_made_of_a_warning_is_raised_in_each_fit_of_a_search():
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*has no effect")
        with pytest.raises(ValueError, match="All the 5 fits failed"):
            cross_val_score(MLPClassifier((3,), max_iter=1, scoring="f1_macro"), X, Y)


def test_nothing_is_said_of_a_fit_that_is_refused():
    model = MLPRegressor(scoring="r2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="infinity"):
            model.fit(np.full((3, 2), np.inf), np.zeros(3))
