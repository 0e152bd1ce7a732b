"""What is kept of a fitted estimator: parameters, optimizer slots, statistics, history; no data,
no buffers; by whom it is read.
"""

import copy
import pathlib
import pickle
import tomllib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

import skmlp
from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._base import BaseMLP
from skmlp.nn import Dense, saved
from skmlp.nn.engine.network import Network
from skmlp.nn.optimizers import OPTIMIZERS

from . import skops_files
from .problems import blobs, curve
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]


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


# ---- pickles


def kept_bytes(model):
    """Return the bytes of the numbers that a later call or question needs."""
    network, slots = model._network, model._state.slots
    return (
        sum(array.nbytes for array in (network.params, network.running, *slots.values()))
        + 8 * model.history_.reset_index().size
    )


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"batch_norm": True},
        {"early_stopping": True},
        {"solver": "sgd", "learning_rate_init": 1e-3},
        {"dtype": "float64"},
    ],
    ids=str,
)
@pytest.mark.slow
def test_a_pickle_is_hardly_larger_than_what_it_must_keep(cls, setting):
    X, y = problem(cls)
    model = quick(
        cls, hidden_layer_sizes=(100, 20), max_iter=200, n_iter_no_change=np.inf, **setting
    ).fit(X, y)
    assert len(model.history_) == 200
    assert kept_bytes(model) < len(pickle.dumps(model)) < 1.2 * kept_bytes(model)


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("solver", [*OPTIMIZERS, "lbfgs"])
def test_a_pickle_does_not_grow_with_the_rows(cls, solver):
    sizes = []
    for n in (100, 4000):
        X, y = curve(n) if cls is MLPRegressor else blobs(3, n)
        held = {} if cls is Autoencoder else {"y_val": y}
        model = quick(cls, solver=solver, batch_size=50).fit(X, y, np.ones(n), X_val=X, **held)
        model.predict(X)
        sizes.append(len(pickle.dumps(model)))
    assert (
        abs(sizes[1] - sizes[0]) < 100 + 30 * 3
    )  # counters and floats of the history take a few bytes more or less


def test_a_pickle_in_the_middle_of_an_architecture_of_every_kind():
    X, y = curve()
    setting = {
        "batch_norm": True,
        "dropout": 0.2,
        "input_dropout": 0.1,
        "hidden_layer_sizes": (6, 5),
        "alpha": [0.0, 0.5, 1.0],
    }
    model = MLPRegressor(random_state=0, warm_start=True, max_iter=3, **setting).fit(X, y)
    read = pickle.loads(pickle.dumps(model))
    assert_array_equal(read.fit(X, y).predict(X), model.fit(X, y).predict(X))
    assert read.loss_curve_ == model.loss_curve_  # the penalties are the same


# ---- which version reads what


each_way = pytest.mark.parametrize(
    ("save", "load"),
    [(pickle.dumps, pickle.loads), (skops_files.save, skops_files.load)],
    ids=["pickle", "skops"],
)


def fitted(cls=MLPRegressor, **setting):
    return quick(cls, **setting).fit(*problem(cls))


def altered(monkeypatch, save, model, target, change):
    """Return the model as saved by another version of ``target``, whose state ``change`` alters."""
    own = target.__getstate__
    with monkeypatch.context() as patch:
        patch.setattr(target, "__getstate__", lambda self: change(dict(own(self))))
        return save(model)


def test_the_version_is_that_of_the_package():
    text = (pathlib.Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["version"] == saved.VERSION == skmlp.__version__


def test_a_file_of_this_format_that_was_written_long_ago_is_read_as_it_was_meant():
    """If this fails, raise ``FORMAT`` and record a new file (``record_saved.py``), or mend what
    reads the old one.
    """
    place = pathlib.Path(__file__).parent / "saved"
    model, ensemble = pickle.loads((place / f"format_{saved.FORMAT}.pkl").read_bytes())
    wanted = np.load(place / f"format_{saved.FORMAT}.npz")  # what ONNX Runtime computed
    X, _ = blobs(3)
    assert_array_equal(model.predict(X), wanted["label"])
    assert_allclose(model.predict_proba(X), wanted["probabilities"], atol=1e-5)
    table, _ = mixed()
    assert_allclose(ensemble.predict(table), wanted["prediction"][:, 0], atol=1e-5)
    assert ensemble.predict(table, quantiles=(0.1, 0.9)).shape == (len(table), 2)
    assert repr((clone(model), clone(ensemble)))  # every parameter is there
    losses = len(model.loss_curve_)
    assert len(model.partial_fit(X, wanted["label"]).loss_curve_) == losses + 1


@each_way
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_another_version_of_the_same_format_is_read(cls, save, load, monkeypatch):
    model = fitted(cls)
    monkeypatch.setattr(saved, "VERSION", "0.0.7")
    data = save(model)
    monkeypatch.undo()
    X, _ = problem(cls)
    assert_array_equal(load(data).predict(X), model.predict(X))


@each_way
@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_another_format_is_refused(cls, fits, save, load, monkeypatch):
    model = fitted(cls) if fits else cls()
    for version, number in (("0.0.7", 0), ("3.0", 4)):
        with monkeypatch.context() as patch:
            patch.setattr(saved, "VERSION", version)
            patch.setattr(saved, "FORMAT", number)
            data = save(model)
        name = "Network" if fits else cls.__name__  # what lies inside is read first
        with pytest.raises(
            ValueError,
            match=f"This {name} was saved by skmlp {version} in format {number}; skmlp .* reads "
            "format 3 only",
        ):
            load(data)


@each_way
@pytest.mark.parametrize("stamp", [None, "0.1.0", {"written": "by hand"}], ids=str)
@pytest.mark.parametrize("target", [Network, BaseMLP])
def test_a_missing_or_unknown_stamp_is_refused(target, stamp, save, load, monkeypatch):
    def change(state):
        state.pop("_skmlp_saved")
        return state if stamp is None else {**state, "_skmlp_saved": stamp}

    data = altered(monkeypatch, save, fitted(), target, change)
    with pytest.raises(
        ValueError,
        match=r"saved by a version of skmlp that left no stamp; skmlp .* Load it with the version",
    ):
        load(data)


@each_way
def test_arrays_of_other_names_or_shapes_are_refused(save, load, monkeypatch):
    model = fitted(batch_norm=True)

    own = skmlp.nn.BatchNorm.params
    with (
        monkeypatch.context() as patch
    ):  # what an older version may have done: the same sizes, another order
        patch.setattr(
            skmlp.nn.BatchNorm, "params", lambda self, n_in: dict(reversed(own(self, n_in).items()))
        )
        network = Network(model._network.layers, model._network.loss, 4)
        data = save(network)
    with pytest.raises(
        ValueError,
        match=r"does not fit skmlp .*: its arrays are .*\(1, 'beta', 1, 8\), \(1, 'gamma', 1, 8\)",
    ):
        load(data)
    with monkeypatch.context() as patch:  # fewer units
        patch.setattr(Dense, "__getstate__", lambda self: {**vars(self), "n_out": self.n_out + 1})
        data = save(model)
    with pytest.raises(
        ValueError,
        match=r"its arrays are \[\(0, 'weight', 4, 8\).* should be \[\(0, 'weight', 4, 9\)",
    ):
        load(data)


@each_way
@pytest.mark.parametrize("name", ["params", "running"])
def test_numbers_of_another_size_or_precision_are_refused(name, save, load, monkeypatch):
    model = fitted(batch_norm=True)
    for change in (
        lambda a: a[:-1].copy(),
        lambda a: a.astype(np.float16),
        lambda a: a[None].copy(),
    ):
        data = altered(
            monkeypatch,
            save,
            model,
            Network,
            lambda state, change=change: {**state, name: change(state[name])},
        )
        with pytest.raises(ValueError, match=r"does not fit skmlp .* shape and type are"):
            load(data)


@each_way
def test_slots_that_do_not_fit_are_refused(save, load):
    model = fitted()
    model._state.slots["v"] = model._state.slots["v"][:-2].copy()
    data = save(model)
    with pytest.raises(ValueError, match="its shape of the optimizer's v are"):
        load(data)


@each_way
def test_parameters_that_are_newer_than_the_file_have_their_defaults(save, load, monkeypatch):
    model = fitted(activation=skmlp.nn.LeakyReLU(0.3), max_norm=2.0)

    def without(*names):
        return lambda state: {name: value for name, value in state.items() if name not in names}

    data = altered(monkeypatch, save, model, BaseMLP, without("max_norm", "skip_connections"))
    read = load(data)
    assert (read.max_norm, read.skip_connections) == (None, None)
    assert_array_equal(read.predict(curve()[0]), model.predict(curve()[0]))
    read = load(altered(monkeypatch, save, model, skmlp.nn.LeakyReLU, without("slope")))
    assert read.activation.slope == 0.01


def test_copies_and_clones_need_no_stamp():
    model = fitted()
    X, _ = curve()
    for same in (copy.copy(model), copy.deepcopy(model)):
        assert_array_equal(same.predict(X), model.predict(X))
        assert not hasattr(same, "_skmlp_saved")
    assert clone(model).get_params() == model.get_params()
