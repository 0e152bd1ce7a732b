"""The contract of estimators: scikit-learn's own checks, over many settings of each estimator.

The one decision: a setting either passes every check, or the checks that it cannot pass are listed
with the reason; strictly, so that one that begins to pass fails here. What they would have shown is
tested by other means at the end of this module.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import neural_network
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from skmlp import (
    Autoencoder,
    AutoencoderImputer,
    MLPClassifier,
    MLPRegressor,
    OutlierAutoencoder,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from skmlp.nn.activations import LeakyReLU
from skmlp.nn.layers import BatchNorm, Scale
from skmlp.nn.losses import LogLoss, Quantile
from skmlp.nn.optimizers import Adam, LayerRates
from skmlp.nn.schedules import Cosine, Linear, OneCycle
from skmlp.nn.terms import KLSparsity

from .problems import blobs, curve

# the checks fit for few epochs
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]

# fewer and larger steps than the defaults, so that the module takes seconds
QUICK = {"max_iter": 40, "learning_rate_init": 0.01}

# each differs from the others in what it exercises; that units give the right numbers is shown
# elsewhere, so that no two settings differ in a unit alone
SHARED = [
    {
        **QUICK,
        "solver": "adagrad",
        "learning_rate_init": 0.05,
        "activation": LeakyReLU(0.1),
        "weight_init": "he_normal",
    },
    {
        **QUICK,
        "solver": Adam(beta_1=0.8),
        "batch_norm": BatchNorm(statistics="population"),
        "hidden_layer_sizes": (8, 8),
        "skip_connections": "concat",
        "input_scale": True,
    },
    {
        **QUICK,
        "solver": "sgd",
        "learning_rate": "adaptive",
        "clip_norm": 1.0,
        "activation": ["prelu", "maxout"],
        "learning_rate_scaling": "fan_in",
        "batch_norm": True,
        "hidden_layer_sizes": (12, 8),
    },
    {
        **QUICK,
        "solver": "nadam",
        "learning_rate": Linear(40, warm_up=3),
        "activation": ["tanh", "softplus"],
        "hidden_layer_sizes": (12, 12),
        "skip_connections": "add",
    },
    {
        **QUICK,
        "solver": "rmsprop",
        "learning_rate": OneCycle(n_epochs=40),
        "learning_rate_init": 0.003,
        "activation": "selu",
        "clip_value": 0.1,
        "shuffle": False,
        "dtype": "float64",
    },
]
FAST = [
    {"solver": "lbfgs", "max_iter": 20, "hidden_layer_sizes": ()},
    {"solver": "lbfgs", "max_iter": 5, "batch_norm": True},
]
DECAYING = {**QUICK, "solver": "adamw", "learning_rate": Cosine(n_epochs=40)}
DEEP = {**QUICK, "hidden_layer_sizes": (8, 8)}
OWN = [
    MLPClassifier(loss=LogLoss(0.1), auxiliary_loss_weight=0.3, **DEEP),
    MLPClassifier(loss="hinge", categorical_features=[0], **QUICK),
    MLPClassifier(
        loss="focal", categorical_features="from_dtype", input_scale=Scale(2.0), **DECAYING
    ),
    MLPRegressor("huber", auxiliary_loss_weight=0.3, **DEEP),
    MLPRegressor("poisson", categorical_features=[0], **DECAYING),
    # dividing by a small variance multiplies rounding, which the checks of weights allow less of
    # with each epoch
    MLPRegressor("gaussian_nll", categorical_features="from_dtype", **{**QUICK, "max_iter": 20}),
    MLPRegressor(Quantile(0.5), **QUICK),
    Autoencoder(
        tied_weights=True,
        batch_norm=True,
        skip_connections="add",
        learning_rate_scaling=LayerRates(bias=0.1, layers=[1.0, 0.5, 2.0]),
        **DEEP,
    ),
    MLPClassifier(numeric_embedding="piecewise_linear", categorical_features=[0], **QUICK),
    MLPRegressor(numeric_embedding="piecewise_linear", **QUICK),
    Autoencoder(numeric_embedding="periodic", **QUICK),
    Autoencoder(
        tied_weights=True,
        code_penalty=KLSparsity(0.2),
        code_activation="logistic",
        solver="lbfgs",
        max_iter=20,
    ),
    Autoencoder(code_penalty="l1", categorical_features=[0], **DECAYING),
    Autoencoder(loss="auto", pretraining=2, **{**QUICK, "hidden_layer_sizes": (8, 4)}),
    Autoencoder(loss="absolute_error", categorical_features="from_dtype", **QUICK),
]

WEIGHTS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)
REFUSED = (
    "check_fit_score_takes_y",
    "check_n_features_in_after_fitting",
    "check_estimators_partial_fit_n_features",
)

SCALED = make_pipeline(StandardScaler(), Autoencoder(**QUICK))
EARLY_STOPPING = {**QUICK, "early_stopping": True, "validation_fraction": 0.3, "scoring": "loss"}
RESTRICTED = [
    (
        {**QUICK, "dropout": 0.3, "input_dropout": 0.1, "dtype": "float32"},
        dict.fromkeys(WEIGHTS, "another mask is drawn for a repeated row"),
    ),
    (
        {**QUICK, "code_penalty": "contractive"},
        dict.fromkeys(WEIGHTS, "another direction is drawn for a repeated row"),
    ),
    (
        {**QUICK, "code_penalty": "variational"},
        dict.fromkeys(WEIGHTS, "another code is drawn for a repeated row"),
    ),
    (
        EARLY_STOPPING,
        {
            **dict.fromkeys(WEIGHTS, "other rows are held out where rows are repeated"),
            **dict.fromkeys(REFUSED, "partial_fit refuses early_stopping, as scikit-learn's does"),
        },
    ),
]

TABULAR = {
    "n_estimators": 2,
    "hidden_layer_sizes": (32,),
    "max_iter": 20,
    "learning_rate_init": 0.01,
    "batch_size": 16,
    "member_params": {"dtype": "float64"},
}
ENSEMBLES = [TabularMLPClassifier(**TABULAR), TabularMLPRegressor(**TABULAR)]


def estimators(settings):
    """Return the estimators for each setting that have its parameters."""
    return [
        cls(**setting)
        for setting in settings
        for cls in ESTIMATORS
        if set(setting) <= set(cls._get_param_names())
    ]


def expected_failures(estimator):
    """Return the checks that the estimator's setting cannot pass, with the reason."""
    for setting, failures in RESTRICTED:
        if all(getattr(estimator, name, None) == value for name, value in setting.items()):
            return failures
    raise AssertionError(f"{estimator!r} is not in the table")


@parametrize_with_checks(estimators(FAST))
def test_fast_settings(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([cls() for cls in ESTIMATORS] + estimators(SHARED) + OWN)
def test_settings(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The autoencoder was trained on")  # some checks fit on few rows
@parametrize_with_checks(
    [
        OutlierAutoencoder(),
        OutlierAutoencoder(SCALED, random_state=0),
    ]
)
def test_detectors(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [
        AutoencoderImputer(),
        AutoencoderImputer(SCALED, random_state=0),
    ]
)
def test_imputers(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    estimators([setting for setting, _ in RESTRICTED]), expected_failed_checks=expected_failures
)
def test_restricted_settings(estimator, check):
    if estimator.dtype == "float32" and "invariance" in str(check):
        pytest.skip(
            "asks for a difference of 1e-7, which rounding may exceed or not; see "
            "test_single_precision_agrees_with_double"
        )
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Got `batch_size` less than 1")  # some checks fit on few rows
@parametrize_with_checks(
    ENSEMBLES,
    expected_failed_checks=lambda estimator: {
        WEIGHTS[0]: "other rows are held out, and other batches drawn, where rows are repeated"
    },
)
def test_ensembles_for_tables(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_the_checks_are_there():
    """scikit-learn has 50 and more for each kind of estimator; and none is left out but those
    that it leaves out for its own classes.
    """
    for ours, theirs in (
        (MLPClassifier, neural_network.MLPClassifier),
        (MLPRegressor, neural_network.MLPRegressor),
    ):
        assert skipped_checks(ours()) <= skipped_checks(theirs())
    for estimator in (Autoencoder(), *map(clone, ENSEMBLES)):
        assert skipped_checks(estimator) <= {"check_array_api_input"}
    for cls in (OutlierAutoencoder, AutoencoderImputer):
        assert skipped_checks(cls(Autoencoder()), "estimator__max_iter") <= {
            "check_array_api_input"
        }


def skipped_checks(estimator, epochs="max_iter"):
    """Return the names of the skipped checks; 50 or more must have run.

    ``epochs``: name of the parameter that says how many epochs.
    """
    results = check_estimator(estimator.set_params(**{epochs: 1}), on_skip=None, on_fail=None)
    skipped = {result["check_name"] for result in results if result["status"] == "skipped"}
    assert len(results) - len(skipped) >= 50
    return skipped


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_single_precision_agrees_with_double(cls, rng):
    X, y = curve() if cls is MLPRegressor else blobs()
    setting = {"weight_init": "glorot_uniform", "random_state": 0, **QUICK}
    single, double = (cls(dtype=dtype, **setting).fit(X, y) for dtype in ("float32", "float64"))
    assert single.coefs_[0].dtype == np.float32
    # measured over four seeds: 6e-6, and 1e-6 between matrix products of one row and of many
    method = "predict_proba" if cls is MLPClassifier else "predict"
    assert_allclose(getattr(single, method)(X), getattr(double, method)(X), atol=1e-4)
    one_by_one = np.vstack([single.transform(row) for row in X[:, None]])
    assert_allclose(single.transform(X), one_by_one, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_input_dropout_with_weights_is_the_weighted_ridge_that_it_is_in_expectation(seed, rng):
    """Dropping inputs of a linear model penalises each weight by the sum of squares of its
    feature (Srivastava et al., 2014, 9.1).
    """
    X, y = curve(60)
    weight = rng.choice([0.0, 1.0, 6.0], 60)
    setting = {
        "normalize_y": False,
        "hidden_layer_sizes": (),
        "alpha": 0.0,
        "learning_rate": "cosine",
        "learning_rate_init": 0.02,
        "tol": 0.0,
    }
    model = MLPRegressor(
        input_dropout=0.3, max_iter=4000, n_iter_no_change=np.inf, random_state=seed, **setting
    ).fit(X, y, weight)
    A = np.column_stack([X, np.ones(60)])
    gram = A.T @ (weight[:, None] * A)
    penalty = np.diag([*(0.3 / 0.7 * np.diag(gram)[:-1]), 0.0])
    expected = np.linalg.solve(gram + penalty, A.T @ (weight * y))
    # measured over eight seeds: 0.017; without the weights 0.13, without the dropout 0.28
    assert_allclose([*model.coefs_[0][:, 0], model.intercepts_[0][0]], expected, atol=0.04)
