"""What must go on being saved, copied and read although states are looked at: notes, subclasses,
functions, fits under way, odd numbers.
"""

import copy
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone, config_context
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp.nn import SGD, Dense, LogLoss, ReLU, SquaredError
from skmlp.nn.engine.network import Network

from .problems import blobs, curve
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def quick(cls=MLPRegressor, **setting):
    return cls(
        **{
            "hidden_layer_sizes": (8,),
            "learning_rate_init": 0.02,
            "max_iter": 3,
            "random_state": 0,
            **setting,
        }
    )


def again(model):
    return pickle.loads(pickle.dumps(model))


def assert_goes_on(model, X, y=None):
    """Assert that a model and its pickle train on alike."""
    read = again(model)
    assert_array_equal(read.partial_fit(X, y).transform(X), model.partial_fit(X, y).transform(X))


# ---- names


def test_a_note_of_the_users_is_kept():
    model = quick().fit(*curve())
    model.threshold_ = 0.3
    model.about = {"rows": "of May"}
    read = again(model)
    assert (read.threshold_, read.about) == (0.3, {"rows": "of May"})
    assert not hasattr(clone(read), "about")


@pytest.mark.parametrize("name", ["_note", "__note__", "predict", "coefs_", "mro", "_more_tags"])
@pytest.mark.parametrize("cls", [MLPRegressor, OutlierAutoencoder])
def test_a_name_that_means_something_is_refused(cls, name):
    model = cls()
    vars(model)[name] = 1
    data = pickle.dumps(model)
    if name == "coefs_" and cls is OutlierAutoencoder:
        assert pickle.loads(data).coefs_ == 1
        return
    with pytest.raises(
        ValueError, match=f"The saved {cls.__name__} cannot be loaded: it has an attribute '{name}'"
    ):
        pickle.loads(data)


def test_what_scikit_learn_attaches_is_kept():
    X, _ = curve()
    with config_context(enable_metadata_routing=True):
        model = (
            quick(Autoencoder)
            .set_fit_request(sample_weight=True)
            .set_output(transform="pandas")
            .fit(X)
        )
        read = again(model)
        assert read.get_metadata_routing().fit.requests == model.get_metadata_routing().fit.requests
    assert list(read.transform(X).columns) == list(model.transform(X).columns)
    assert_array_equal(read.transform(X), model.transform(X))


# ---- classes of users


class Remembering(MLPClassifier):
    """An estimator with attributes of its own."""

    def fit(self, X, y):
        self._names = ["no", "yes"]
        super().fit(X, y)
        self.classes_ = list(self.classes_)
        return self

    def __setstate__(self, state):
        super().__setstate__(state)
        self.read = True


class Slow(SGD):
    """An optimizer with a memory of its own."""

    slots = ("v", "past")

    def update(self, p, g, v, past, tmp, *coefficients):
        np.copyto(past, -np.inf)
        super().update(p, g, v, tmp, *coefficients)


class Wide(Dense):
    """A layer with attributes that are no parameters."""

    def __init__(self, n_out):
        super().__init__(n_out)
        self.keeps = ("x",)
        self._cache = {"of": self}


class Cosine(SquaredError):
    """A loss with a function among its attributes."""

    def __init__(self):
        self.shape = np.cos
        self.rng = np.random.default_rng(0)


def test_subclasses_answer_for_their_own_attributes():
    X, y = blobs(3)
    model = Remembering(max_iter=2).fit(X, y)
    for read in (again(model), copy.copy(model), copy.deepcopy(model)):
        assert (read._names, read.read) == (["no", "yes"], True)
        assert_array_equal(read.predict_proba(X), model.predict_proba(X))


class Distance(BaseEstimator):
    """A scorer of rows that hands on what it is asked to another object."""

    def fit(self, X, y=None):
        self.kernel_ = KernelDensity().fit(X)
        return self

    def __getattr__(self, name):
        if name != "score_samples":
            raise AttributeError(name)
        return lambda X: self.kernel_.score_samples(X)


@pytest.mark.parametrize(
    "estimator",
    [
        lambda X: make_pipeline(StandardScaler(), FrozenEstimator(quick(Autoencoder).fit(X))),
        lambda X: KernelDensity(),
        lambda X: GridSearchCV(quick(Autoencoder), {"n_components": [1, 2]}, cv=2),
        lambda X: Distance(),
    ],
)
def test_detectors_around_all_kinds_of_estimators(estimator):
    X, _ = curve()
    detector = OutlierAutoencoder(estimator(X)).fit(X)
    assert_array_equal(again(detector).predict(X), detector.predict(X))


def test_units_of_users_may_hold_anything():
    X, y = curve()
    assert_goes_on(quick(solver=Slow(), loss=Cosine()).fit(X, y), X, y)
    network = Network([Wide(3), Dense(1)], Cosine(), 4)
    assert again(network).layers[0]._cache.keys() == {"of"}


def test_functions_of_users_are_kept():
    cloudpickle = pytest.importorskip(
        "cloudpickle", reason="it is what joblib and dask send functions by"
    )
    X, y = curve()
    model = quick(activation=lambda z: z * np.tanh(z), loss=lambda p, t: (p - t) ** 2)
    model.fit(X, y)
    read = pickle.loads(cloudpickle.dumps(model))
    assert_array_equal(read.predict(X), model.predict(X))
    assert_goes_on(quick(activation=np.tanh).fit(X, y), X, y)


# ---- states that are right


def test_an_estimator_of_another_kind_of_data_before():
    X, (table, _) = curve()[0], mixed()
    model = quick(Autoencoder, loss=[("huber", [0, 2]), ("squared_error", [1, 3])]).fit(X)
    assert_goes_on(
        model.set_params(loss="huber", categorical_features="from_dtype").fit(table), table
    )
    assert_goes_on(model.set_params(categorical_features=None).fit(X), X)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_another_solver_and_precision_after(solver):
    X, y = curve()
    model = quick(warm_start=True).fit(X, y).set_params(solver="lbfgs", dtype="float64").fit(X, y)
    assert_array_equal(
        again(model.set_params(solver=solver)).fit(X, y).predict(X), model.fit(X, y).predict(X)
    )


def test_a_single_class():
    X, _ = blobs(3)
    model = quick(MLPClassifier).fit(X, np.full(len(X), "one"))
    assert_array_equal(again(model).predict(X), model.predict(X))


def test_a_column_without_any_known_value():
    table, kind = mixed()
    table["income"] = np.nan
    model = quick(MLPClassifier, categorical_features="from_dtype").fit(table, kind)
    assert_array_equal(again(model).predict(table), model.predict(table))


def test_numbers_in_mapped_memory(tmp_path):
    X, y = curve()
    model = quick(hidden_layer_sizes=(500,)).fit(X, y)
    joblib.dump(model, tmp_path / "model")
    assert_array_equal(joblib.load(tmp_path / "model", mmap_mode="r").predict(X), model.predict(X))


def test_copies_within_the_process_are_as_they_were():
    """Also of what a file may not hold: a copy is no reading."""
    X, y = curve()
    model = quick().fit(X, y)
    model._network.params[0] = np.nan
    for read in (
        copy.copy(model),
        copy.deepcopy(model),
        copy.deepcopy(model._network),
        copy.copy(model._network),
    ):
        params = getattr(read, "_network", read).params
        assert_array_equal(params, model._network.params)
    deep = copy.deepcopy([model, model])
    assert deep[0] is deep[1]
    assert not np.shares_memory(deep[0]._network.params, model._network.params)
    with pytest.raises(ValueError, match="1 of its parameters are not finite"):
        again(model)


def test_an_estimator_in_the_middle_of_a_fit():
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")
    X, y = curve()
    read = []

    class Reader:
        def setup(self, estimator, context):
            read.append(again(estimator))

        def on_fit_task_begin(self, estimator, context):
            read.append(again(estimator))

        def on_fit_task_end(self, estimator, context):
            read.append(again(estimator))

        def teardown(self, estimator, context):
            pass

        def __reduce__(self):
            return object, ()

    model = quick().set_callbacks(Reader()).fit(X, y)
    assert len(read) == 1 + 2 * (1 + 3)
    assert [hasattr(model, "n_iter_") for model in read] == [False] * 8 + [True]
    assert_array_equal(read[-1].predict(X), model.predict(X))


def test_activations_without_parameters_are_whole():
    assert isinstance(again(ReLU()), ReLU)
    assert isinstance(again(quick(MLPClassifier, loss=LogLoss())).loss, LogLoss)
