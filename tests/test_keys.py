"""What is said of parameters that are misspelled, in the wrong place or of the wrong kind, and
which kinds are taken.
"""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils._param_validation import InvalidParameterError

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp._params.constraints import CONSTRAINTS
from skmlp._params.keys import ALIASES
from skmlp.nn.activations import ACTIVATIONS, LeakyReLU
from skmlp.nn.initializers import INITIALIZERS
from skmlp.nn.layers import CORRUPTIONS, JOINS, NUMERIC_EMBEDDINGS
from skmlp.nn.losses import LOSSES
from skmlp.nn.optimizers import OPTIMIZERS, Adam
from skmlp.nn.schedules import SCHEDULES
from skmlp.nn.terms import CODE_PENALTIES

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)
MEANT = [
    (MLPClassifier, "activation", "rlu", "relu"),
    (MLPClassifier, "activation", "Sigmoid", "logistic"),
    (MLPRegressor, "activation", "swish", "silu"),
    (Autoencoder, "code_activation", "linear", "identity"),
    (MLPClassifier, "solver", "Adam", "adam"),
    (MLPClassifier, "solver", "L-BFGS", "lbfgs"),
    (MLPClassifier, "learning_rate", "onecycle", "one_cycle"),
    (Autoencoder, "learning_rate", "CosineAnnealing", "cosine"),
    (MLPClassifier, "learning_rate_scaling", "fanin", "fan_in"),
    (MLPClassifier, "loss", "logloss", "log_loss"),
    (MLPClassifier, "loss", "cross-entropy", "log_loss"),
    (MLPClassifier, "loss", "bce", "log_loss"),
    (MLPRegressor, "loss", "mse", "squared_error"),
    (MLPRegressor, "loss", "MAE", "absolute_error"),
    (Autoencoder, "loss", "bce", "binary_log_loss"),
    (MLPRegressor, "weight_init", "xavier_uniform", "glorot_uniform"),
    (MLPRegressor, "weight_init", "kaiming_normal", "he_normal"),
    (MLPRegressor, "skip_connections", "residual", "add"),
    (MLPRegressor, "numeric_embedding", "PLE", "piecewise_linear"),
    (MLPRegressor, "numeric_embedding", "period", "periodic"),
    (MLPRegressor, "categorical_features", "from dtype", "from_dtype"),
    (MLPRegressor, "dtype", "double", "float64"),
    (Autoencoder, "corruption", "salt_pepper", "salt_and_pepper"),
    (Autoencoder, "corruption_at", "inputs", "input"),
    (Autoencoder, "code_penalty", "VAE", "variational"),
]


@pytest.mark.parametrize(("cls", "name", "value", "key"), MEANT)
def test_the_key_that_may_be_meant_is_named(cls, name, value, key):
    with pytest.raises(
        InvalidParameterError,
        match=rf"The '{name}' parameter of {cls.__name__} must be .* Did you mean '{key}'\?$",
    ):
        cls(**{name: value}).fit(X, Y)
    cls(**{name: key})._validate_params()


@pytest.mark.parametrize("value", ["float16", "newton", "", "???"])
def test_nothing_is_suggested_for_what_is_far_from_every_key(value):
    for name in ("solver", "dtype", "loss"):
        with pytest.raises(
            InvalidParameterError, match=rf"Got {re.escape(repr(value))} instead\.$"
        ):
            MLPRegressor(**{name: value}).fit(*curve())


def test_an_alias_stands_for_keys_that_there_are():
    from sklearn.metrics import get_scorer_names

    registries = (
        ACTIVATIONS,
        CODE_PENALTIES,
        CORRUPTIONS,
        INITIALIZERS,
        JOINS,
        LOSSES,
        NUMERIC_EMBEDDINGS,
        OPTIMIZERS,
        SCHEDULES,
    )
    known = {key for registry in registries for key in registry} | {
        *get_scorer_names(),
        "float32",
        "float64",
    }
    assert {key for keys in ALIASES.values() for key in keys} <= known
    assert all(re.fullmatch("[a-z0-9]+", name) for name in ALIASES)


def test_keys_are_listed_in_order():
    lists = [
        str(part)
        for parts in CONSTRAINTS.values()
        if parts != "no_validation"
        for part in parts
        if hasattr(part, "options")
    ]
    for keys in [re.findall("'([a-z0-9_]+)'", text) for text in lists if text.startswith("a str")]:
        assert keys == sorted(keys)
    for wrong in ({"activation": ["rlu"]}, {"loss": [("mse", [0, 1, 2, 3, 4])]}):
        cls = Autoencoder if "loss" in wrong else MLPClassifier
        with pytest.raises(ValueError, match="known are") as caught:
            cls(**wrong).fit(X, Y)
        keys = re.findall("'([a-z0-9_]+)'", str(caught.value))
        assert keys[1:-1] == sorted(keys[1:-1])
        assert keys[-1] == {"rlu": "relu", "mse": "squared_error"}[keys[0]]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"learning_rate": 0.01},
            "Got 0.01 instead. The number that a schedule multiplies is learning_rate_init=0.01.$",
        ),
        ({"solver": Adam}, r"Give an instance, such as Adam\(\)"),
        ({"loss": (100,)}, r"go by name: hidden_layer_sizes=\(100,\)"),
        (
            {"dtype": np.int32},
            r"among {'auto', 'float32', 'float64'} or the NumPy dtype of one. Got <class "
            r"'numpy.int32'> instead.$",
        ),
        ({"dtype": np.dtype(">f4" if np.little_endian else "<f4")}, "or the NumPy dtype of one"),
        (
            {"scoring": "mse", "early_stopping": True},
            "scoring='mse' is neither 'loss' nor.*Did you mean 'neg_mean_squared_error'?",
        ),
    ],
    ids=str,
)
def test_a_value_in_the_wrong_place_or_of_the_wrong_kind(setting, message):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(**setting).fit(*curve())


class TensorFunction:
    """A function of tensors, as those of other libraries."""

    def __call__(self, x):
        if isinstance(x, np.ndarray):
            raise TypeError(
                "relu(): argument 'input' (position 1) must be Tensor, not numpy.ndarray"
            )
        return x


@pytest.mark.parametrize(
    "setting",
    [
        {"activation": TensorFunction()},
        {"activation": [TensorFunction()]},
        {"loss": lambda p, t: p.mse(t)},
    ],
)
def test_functions_of_other_arrays(setting):
    with pytest.raises(
        ValueError,
        match=r"cannot be called with arrays of NumPy \(.*\); give a function made of NumPy's, "
        r"such as np.tanh",
    ):
        MLPRegressor(**setting).fit(*curve())


SEARCHES = {
    "solver__beta_1": r"solver='adam' is none; give one, such as solver=Adam\(\), or set beta_1.",
    "activation__slope": r"activation='relu' is none; give one, such as activation=LeakyReLU\(\).",
    "learning_rate__rise": r"learning_rate='constant' is none; give one, "
    r"such as learning_rate=OneCycle\(\)",
    # momentum alone is another thing
    "batch_norm__momentum": r"batch_norm=False is none; give one, "
    r"such as batch_norm=BatchNorm\(\).",
    "clip_norm__size": "clip_norm=None is none; give one that has 'size'",
}


@pytest.mark.parametrize(("name", "message"), SEARCHES.items())
def test_a_search_inside_of_a_key_says_what_to_give(name, message):
    with pytest.raises(ValueError, match=f"^{name} sets a parameter of an instance, but {message}"):
        GridSearchCV(MLPClassifier(), {name: [0.8]}).fit(X, Y)
    with pytest.raises(ValueError, match=r"activation=\['relu'\] is none"):
        MLPClassifier(activation=["relu"]).set_params(activation__slope=0.1)
    with pytest.raises(
        ValueError, match="estimator=None is none; give one that has 'n_components'"
    ):
        OutlierAutoencoder().set_params(estimator__n_components=3)


def test_a_search_inside_of_an_instance():
    search = GridSearchCV(
        MLPClassifier((3,), max_iter=2),
        {"solver": [Adam()], "solver__beta_1": [0.7], "activation": [LeakyReLU()]},
        cv=2,
    )
    assert search.fit(X, Y).best_estimator_.solver.beta_1 == 0.7
    assert (
        MLPClassifier(activation=LeakyReLU()).set_params(activation__slope=0.3).activation.slope
        == 0.3
    )
    with pytest.raises(ValueError, match="Invalid parameter 'foo'"):
        MLPClassifier().set_params(foo__bar=1)


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])
def test_types_and_arrays_are_taken_for_what_they_hold(cls):
    setting = {"hidden_layer_sizes": (4, 3), "max_iter": 2, "random_state": 0}
    expected = cls(dtype="float32", activation=["tanh", "elu"], **setting).fit(X, Y).transform(X)
    for dtype in (np.float32, np.dtype("float32"), np.dtype(np.float32)):
        model = clone(cls(dtype=dtype, activation=np.array(["tanh", "elu"]), **setting)).fit(X, Y)
        assert_array_equal(model.transform(X), expected)
    assert cls(dtype=float, **setting).fit(X, Y).coefs_[0].dtype == np.float64


def test_what_is_not_there_says_why():
    for model, name, reason in (
        (
            MLPClassifier(loss="hinge"),
            "predict_proba",
            "loss='hinge' has scores but no probabilities; use decision_function",
        ),
        (MLPRegressor(solver="lbfgs"), "partial_fit", "only available for stochastic optimizers"),
        (Autoencoder(), "sample", "code_penalty='variational'"),
    ):
        assert not hasattr(model, name)
        with pytest.raises(
            AttributeError,
            match=rf"This '{type(model).__name__}' has no attribute '{name}': .*{reason}",
        ):
            getattr(model, name)


def test_a_subclass_has_its_own_parameters():
    """The names of parameters are kept for each class."""

    class Narrow(MLPClassifier):
        def __init__(self, alpha=1.0):
            super().__init__(alpha=alpha)

    assert "dropout" in MLPClassifier().get_params()
    assert Narrow().get_params() == {"alpha": 1.0}
    assert "dropout" in MLPClassifier().get_params()
