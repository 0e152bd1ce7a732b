"""Models through skops: nobody need trust a type beyond ``skops_types``, predictions have the
same bits, training goes on to the bit.
"""

import pytest

pytest.importorskip("skops")

from types import MappingProxyType

import numpy as np
import skops.io
from numpy.testing import assert_array_equal
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io.exceptions import UntrustedTypesFoundException

from skmlp import (
    Autoencoder,
    MLPClassifier,
    MLPRegressor,
    OutlierAutoencoder,
    TabularMLPClassifier,
    TabularMLPRegressor,
    nn,
    skops_types,
)

from .augmenters import AUGMENTERS
from .nn.helpers import construct
from .problems import blobs, curve, labels
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
SETTINGS = MappingProxyType(
    {
        "defaults": {},
        "units": {
            "solver": nn.Adam(beta_1=0.8),
            "activation": nn.LeakyReLU(0.2),
            "learning_rate": nn.OneCycle(n_epochs=9),
            "batch_norm": nn.BatchNorm(),
        },
        "early stopping": {
            "early_stopping": True,
            "dropout": 0.3,
            "batch_norm": nn.BatchNorm(),
            "alpha": 0.5,
        },
        "a list": {"activation": ["tanh"]},
        "lbfgs": {"solver": "lbfgs"},
        "float64": {"dtype": "float64", "batch_size": 20},
        "penalties": {"l1_ratio": 0.5, "max_norm": 1.0, "clip_norm": 1.0, "diagnostics": True},
    }
)


def units_of(registry):
    assert registry, "an empty registry tests nothing"
    return [construct(cls) for cls in registry.values()]


def all_units():
    """Return settings with an instance of every unit there is for the parameters of an estimator,
    one of each kind in a setting.
    """
    schedules = [
        cls(n_epochs=20) if "n_epochs" in cls().get_params() else cls()
        for cls in nn.SCHEDULES.values()
    ]
    kinds = {
        "activation": units_of({**nn.ACTIVATIONS, **nn.ACTIVATION_LAYERS}),
        "solver": units_of(nn.OPTIMIZERS),
        "learning_rate": schedules,
        "weight_init": units_of(nn.INITIALIZERS),
        "skip_connections": [None, *nn.JOINS],
        "batch_norm": [
            False,
            *(nn.BatchNorm(statistics=key) for key in ("running", "population", "batch")),
        ],
        "dropout": [0.0, nn.Dropout(0.1), nn.AlphaDropout(0.1)],
    }
    return [
        {
            "hidden_layer_sizes": (4, 4),
            **{name: units[k % len(units)] for name, units in kinds.items()},
        }
        for k in range(max(map(len, kinds.values())))
    ]


def quick(cls, **setting):
    return cls(
        **{
            "hidden_layer_sizes": (8,),
            "learning_rate_init": 0.02,
            "max_iter": 3,
            "random_state": 0,
            **setting,
        }
    )


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


def through_skops(model):
    """Return the model after a round trip, for which the types that the package names are to be
    trusted, and no others.
    """
    data = skops.io.dumps(model)
    assert skops.io.get_untrusted_types(data=data), "a file without types of ours tests nothing"
    return skops.io.loads(data, trusted=skops_types())


def assert_goes_on(model, X, y):
    """Assert that the model and what skops makes of it predict the same bits, and again after
    another epoch.
    """
    copy = through_skops(model)
    assert_array_equal(copy.predict(X), model.predict(X))
    assert_array_equal(copy.transform(X), model.transform(X))
    assert copy.history_.equals(model.history_)
    assert_array_equal(copy.partial_fit(X, y).predict(X), model.partial_fit(X, y).predict(X))
    assert_array_equal(copy.transform(X), model.transform(X))


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_the_estimators(cls, setting):
    X, y = problem(cls)
    model = quick(cls, **setting, warm_start=True)
    copy = through_skops(model.fit(X, y))
    assert_array_equal(copy.predict(X), model.predict(X))
    assert_array_equal(copy.transform(X), model.transform(X))
    assert copy.history_.equals(model.history_)
    assert_array_equal(copy.fit(X, y).predict(X), model.fit(X, y).predict(X))  # goes on to the bit


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_before_a_fit(cls):
    assert through_skops(quick(cls, activation=nn.ELU(0.5))).activation.alpha == 0.5


@pytest.mark.parametrize("setting", all_units(), ids=str)
def test_every_unit(setting):
    X, y = curve()
    assert_goes_on(quick(MLPRegressor, **setting).fit(X, y), X, y)


@pytest.mark.parametrize("corruption", units_of(nn.CORRUPTIONS), ids=repr)
@pytest.mark.parametrize("place", ["input", "hidden"])
def test_corruptions(corruption, place):
    X, _ = curve()
    assert_goes_on(quick(Autoencoder, corruption=corruption, corruption_at=place).fit(X), X, None)


@pytest.mark.parametrize(
    "setting",
    [{"tied_weights": True}, *({"code_penalty": unit} for unit in units_of(nn.CODE_PENALTIES))],
    ids=str,
)
def test_kinds_of_autoencoders(setting):
    X, _ = curve()
    activation = (
        "logistic" if isinstance(setting.get("code_penalty"), nn.KLSparsity) else "identity"
    )
    assert_goes_on(quick(Autoencoder, code_activation=activation, **setting).fit(X), X, None)


@pytest.mark.parametrize("augmenter", AUGMENTERS.values(), ids=AUGMENTERS)
def test_augmenters(augmenter):
    shape = getattr(augmenter, "image_shape", (4,))
    X = np.random.default_rng(0).random((40, int(np.prod(shape))))
    y = np.arange(40) % 3
    assert_goes_on(quick(MLPClassifier, augmentation=[augmenter]).fit(X, y), X, y)


def test_callbacks(tmp_path):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")
    from skmlp.callbacks import EarlyStopping, Snapshot, TimeLimit

    X, y = curve()
    callbacks = [EarlyStopping("r2"), Snapshot(str(tmp_path / "model.pkl")), TimeLimit(1e3)]
    model = quick(MLPRegressor).set_callbacks(*callbacks).fit(X, y)
    with pytest.raises(
        UntrustedTypesFoundException, match=r"skmlp\.callbacks\.Snapshot"
    ):  # a file must not name what writes files
        through_skops(model)
    assert_goes_on(model.set_callbacks(), X, y)


@pytest.mark.parametrize("form", ["pandas", "polars", "array"])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_tables(cls, form):
    X, y = mixed()
    if form == "polars":
        X = pytest.importorskip("polars").from_pandas(X)
    elif form == "array":
        X = X.to_numpy(dtype=object)
    assert_goes_on(quick(cls, categorical_features=[1, 3, 4]).fit(X, y), X, y)


def test_pipelines_and_detectors():
    X, y = curve()
    model = make_pipeline(StandardScaler(), quick(MLPRegressor)).fit(X, y)
    assert_array_equal(through_skops(model).predict(X), model.predict(X))
    for detector in (
        OutlierAutoencoder(random_state=0),
        OutlierAutoencoder(make_pipeline(StandardScaler(), quick(Autoencoder))),
    ):
        assert_array_equal(
            through_skops(detector.fit(X)).decision_function(X), detector.decision_function(X)
        )


@pytest.mark.parametrize("cls", [TabularMLPClassifier, TabularMLPRegressor])
def test_ensembles_for_tables(cls):
    X, y = mixed()
    assert through_skops(cls(3)).n_estimators == 3
    model = cls(2, hidden_layer_sizes=(8,), max_iter=3, random_state=0).fit(X, y)
    copy = through_skops(model)
    assert_array_equal(copy.predict(X), model.predict(X))
    assert copy.history_.equals(model.history_)
    assert all(member._codec is copy._codec for member in copy.estimators_)


def test_other_architectures():
    X, y = curve()
    for setting in (
        {"auxiliary_loss_weight": 0.3},
        {"init_from": FrozenEstimator(quick(MLPRegressor).fit(X, y))},
    ):
        assert_goes_on(quick(MLPRegressor, **setting).fit(X, y), X, y)
    for setting in (
        {"loss": [("huber", [0, 2]), ("squared_error", [1, 3])]},
        {"pretraining": 1},
        {"loss": nn.FunctionLoss(np.hypot)},
    ):
        assert_goes_on(quick(Autoencoder, **setting).fit(X), X, None)


@pytest.mark.parametrize(
    "loss",
    [*(key for key, cls in nn.LOSSES.items() if "multiclass" in cls.targets), nn.LogLoss(0.1)],
    ids=str,
)
def test_the_losses_of_classes(loss):
    for X, y in (blobs(2), blobs(3), labels()):
        names = np.array(["no", "yes", "why"])[y] if y.ndim == 1 else y
        model = quick(MLPClassifier, loss=loss).fit(X, names)
        assert_array_equal(through_skops(model).decision_function(X), model.decision_function(X))
        assert_goes_on(model, X, names)


@pytest.mark.parametrize(
    "loss",
    [*(cls() for cls in nn.LOSSES.values() if "regression" in cls.targets), nn.Quantile(0.3)],
    ids=repr,
)
def test_the_losses_of_numbers(loss):
    X, y = curve()
    assert_goes_on(quick(MLPRegressor, loss=loss).fit(X, np.exp(y)), X, np.exp(y))
