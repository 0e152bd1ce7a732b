"""Saved states that somebody altered: none is taken, nothing of it is called, and the error says
so while it is loaded.
"""

import copy
import functools
import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn._loss.link import IdentityLink

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp._base import BaseMLP
from skmlp._data.table import TableEncoder
from skmlp.nn import Adam, ColumnLosses, LogLoss, Poisson, Quantile, SquaredError
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.saved import FORMAT, is_ours
from skmlp.nn.schedules import Clock
from skmlp.nn.unit import defaults

from . import skops_files
from .problems import blobs, curve, labels
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CALLS = []


def run(*args, **kwargs):
    """What a hostile state would like to have called."""
    CALLS.append(args)
    return 0


class Sentinel:
    """An object that remembers that anything of it was called, whatever it is called."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        CALLS.append(name)
        return run

    __call__ = __iter__ = __len__ = __eq__ = __lt__ = __gt__ = __bool__ = __index__ = __float__ = (
        __getitem__
    ) = __array__ = __repr__ = run
    __hash__ = object.__hash__


class Forged:
    """Stands in a pickle for an object of a class with a state of the forger's."""

    def __init__(self, cls, state):
        self.cls, self.state = cls, state

    def __reduce__(self):
        return object.__new__, (self.cls,), self.state


def forged(thing):
    """Return a copy of what is saved of a thing, with each object of this package as its class
    and state.
    """
    if isinstance(thing, TrainingState | Clock | TableEncoder):
        return Forged(type(thing), forged(vars(thing)))
    if is_ours(type(thing)):
        return Forged(type(thing), forged(thing.__getstate__()))
    if isinstance(thing, dict):
        return {key: forged(value) for key, value in thing.items()}
    if type(thing) in (list, tuple):
        return type(thing)(map(forged, thing))
    return copy.deepcopy(thing)


def objects(thing):
    """Yield each object within what ``forged`` returned."""
    if isinstance(thing, Forged):
        yield thing
        thing = thing.state
    for value in (
        thing.values() if isinstance(thing, dict) else thing if type(thing) in (list, tuple) else ()
    ):
        yield from objects(value)


def sentinels(n):
    array = np.empty(n, dtype=object)
    for i in range(n):
        array[i] = Sentinel()
    return array


def altered_values(value):
    """Yield (what was done, another value) for what may stand in the place of a value of an
    honest state.
    """
    yield from (("object", Sentinel()), ("function", run), ("class", dict), ("optimizer", Adam()))
    if value is not None:
        yield "None", None
    if isinstance(value, Forged) and value.state:
        yield "bare", Forged(value.cls, None)
    if not isinstance(value, str):
        yield "string", "x"
    if isinstance(value, int | float):
        yield from (("negative", -1), ("NaN", np.nan), ("in a list", [1]))
    if isinstance(value, int):
        yield from (("fraction", 1.5), ("huge", 10**30))
    if isinstance(value, list | tuple) and value:
        yield from (
            ("short", value[:-1]),
            ("object in it", type(value)([Sentinel(), *value[1:]])),
            ("empty", type(value)()),
        )
    if isinstance(value, dict) and value:
        yield "object in it", {**value, next(iter(value)): Sentinel()}
    if isinstance(value, np.ndarray) and value.size:
        yield from (
            ("short", value[:-1]),
            ("matrix", value[None]),
            ("list", value.tolist()),
            ("objects", sentinels(len(value))),
        )
        yield "masked", np.ma.MaskedArray(value, np.ones(value.shape, bool))
        if value.dtype.kind == "f":
            yield from (
                ("NaN", np.full_like(value, np.nan)),
                ("inf", np.full_like(value, np.inf)),
                ("complex", value.astype(complex)),
            )


def alterations(root):
    """Yield (description, state, name, what to put there) of each change to a tree that
    ``forged`` returned; None for nothing.
    """
    for node in list(objects(root)):
        of_estimator = issubclass(node.cls, BaseMLP | OutlierAutoencoder)
        for name, value in list(node.state.items()):
            if not of_estimator or name not in defaults(
                node.cls
            ):  # what parameters are is looked at in fit
                for what, other in altered_values(value):
                    yield f"{node.cls.__name__}.{name} {what}", node.state, name, (other,)
                if name not in defaults(node.cls):
                    yield f"{node.cls.__name__}.{name} missing", node.state, name, ()
        for name in ("_extra", "__class__", "predict", "params", "__getstate__", 3):
            if (
                not of_estimator or name != "params"
            ):  # a note of the user's: nothing of that name is in an estimator
                yield f"{node.cls.__name__}.{name} extra", node.state, name, (run,)


QUICK = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
MODELS = {  # fitted, they have all kinds of parts
    "classifier": lambda: MLPClassifier(
        **QUICK, batch_norm=True, dropout=0.2, activation="leaky_relu"
    ).fit(*blobs(3)),
    "regressor": lambda: MLPRegressor(**QUICK, solver="sgd", auxiliary_loss_weight=0.3).fit(
        *curve()
    ),
    "autoencoder": lambda: Autoencoder(
        2, **QUICK, loss=[("huber", [1, 3]), ("squared_error", [0, 2])], tied_weights=True
    ).fit(curve()[0]),
    "labels": lambda: MLPClassifier(**QUICK, skip_connections="concat").fit(*labels()),
    "table": lambda: MLPClassifier(**QUICK, categorical_features="from_dtype").fit(*mixed()),
    "table given back": lambda: Autoencoder(2, **QUICK, categorical_features="from_dtype").fit(
        mixed()[0]
    ),
    "detector": lambda: OutlierAutoencoder(Autoencoder(2, **QUICK)).fit(curve()[0]),
}


@functools.cache
def stored(name):
    return pickle.dumps(MODELS[name]())


def fitted(name):
    return pickle.loads(stored(name))


ALLOWED = {  # what an honest state may have too
    "MLPClassifier.feature_names_in_ missing",
    "Autoencoder.feature_names_in_ missing",
    "OutlierAutoencoder.offset_ negative",
    "OutlierAutoencoder.estimator_ object",  # a class of a user's
    "TrainingState.best negative",
    *(f"Network.alphas {what}" for what in ("short", "empty")),
    *(
        f"{cls}._records {what}"
        for cls in ("MLPClassifier", "MLPRegressor", "Autoencoder")
        for what in ("short", "empty")
    ),
    *(
        f"{cls}.{name} missing"
        for cls in ("MLPClassifier", "MLPRegressor", "Autoencoder")
        for name in ("n_iter_", "_table")
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_altered_states_are_refused_and_nothing_of_them_is_called(name):
    root = forged(fitted(name))
    assert type(pickle.loads(pickle.dumps(root))) is root.cls
    n, taken, called, unclear = 0, [], [], []
    for what, state, key, other in alterations(root):
        before = dict(state)
        state.pop(key, None)
        if other:
            state[key] = other[0]
        data = pickle.dumps(root)
        state.clear()
        state.update(before)
        n += 1
        CALLS.clear()
        try:
            pickle.loads(data)
        except (ValueError, TypeError) as error:
            if type(error) not in (ValueError, TypeError) or len(str(error)) < 20:
                unclear.append((what, error))
        else:
            taken.append(what)
        if CALLS:
            called.append(what)
    assert n >= 40
    assert (called, unclear) == ([], [])
    assert set(taken) <= ALLOWED


# ---- right kinds that do not belong together


def put(model, path, value):
    """Set what lies at a path such as "_state.slots.v" to a value, or to what a function makes
    of it. Overwrites: model.
    """
    *path, last = path.split(".")
    for name in path:
        model = model[name] if isinstance(model, dict) else getattr(model, name)
    here = model if isinstance(model, dict) else vars(model)
    here[last] = value(here[last]) if callable(value) else value


DISAGREE = [
    ("classifier", "classes_", np.arange(2), "outputs of the network is 3, but should be 1"),
    ("classifier", "classes_", np.arange(7), "outputs of the network is 3, but should be 7"),
    ("classifier", "classes_", np.array([2, 0, 1]), "classes_ is an array .* sorted, each once"),
    ("classifier", "classes_", np.array([0, 1, 1]), "classes_ is an array .* sorted, each once"),
    (
        "classifier",
        "classes_",
        np.array(["a", 1, None], dtype=object),
        "classes_ is an array .* sorted, each once",
    ),
    ("classifier", "_multilabel", True, "for multiclass targets, but its targets are multilabel"),
    (
        "labels",
        "_multilabel",
        False,
        "for binary or multilabel targets, but its targets are multiclass",
    ),
    ("labels", "classes_", np.array([0, 1, 2, 4]), "its labels are numbers of columns"),
    ("classifier", "n_features_in_", 7, "inputs of the network is 5, but should be 7"),
    (
        "classifier",
        "feature_names_in_",
        np.array(["a"], dtype=object),
        "names of features is 1, but should be 5",
    ),
    ("classifier", "_transform_stop", 99, "_transform_stop is 99, but should be 3"),
    ("regressor", "_transform_stop", 0, "_transform_stop is 0, but should be 2"),
    ("autoencoder", "_transform_stop", 2, "_transform_stop is 2, but should be 4"),
    ("regressor", "_target_measure.scale", 2.0, "numbers where it should have one for each target"),
    ("regressor", "_network.loss", Poisson(), r"moves predictions by .* is for \[0, inf\)"),
    ("regressor", "_state.scalars", {"rate": np.nan}, "scalars"),
    ("table", "_table.given", IdentityLink(), "given is an object of the type IdentityLink"),
    ("table", "_table.given", ["colour", Adam()], "given is"),
    (
        "classifier",
        "_network.running",
        lambda a: -5.0 + 0.0 * a,
        "the variance of layer 1 is below 0",
    ),
    (
        "classifier",
        "_network.loss",
        SquaredError(),
        "for regression targets, but its targets are multiclass",
    ),
    (
        "regressor",
        "_network.loss",
        LogLoss(),
        "for multiclass targets, but its targets are regression",
    ),
    (
        "regressor",
        "_network.loss",
        Quantile((0.1, 0.5)),
        "needs 2 scores for each target, but there are 1",
    ),
    (
        "autoencoder",
        "_network.loss",
        ColumnLosses([(SquaredError(), slice(0, 10**12))]),
        "does not have each of 4 columns once",
    ),
    (
        "classifier",
        "_state.slots.v",
        lambda a: a - 1.0,
        "the optimizer's v has values that it cannot have",
    ),
    (
        "classifier",
        "_state.slots.m",
        lambda a: a * np.inf,
        "the optimizer's m has values that it cannot have",
    ),
    ("classifier", "_state.slots", {}, "list of slots of Adam"),
    ("classifier", "_state.slots.v", lambda a: a[:-1].copy(), "shape of the optimizer's v"),
    ("classifier", "_state.clock.step", -5, "step is -5"),
    ("autoencoder", "mean_", lambda a: a[:-1].copy(), "number of means is 3, but should be 4"),
    ("table", "_table.mean", lambda a: a[:-1].copy(), "not those of 5 columns"),
    ("table", "_table.scale", lambda a: 0.0 * a, "scales not all positive"),
    ("table", "_table.scale", lambda a: a * np.inf, "scales not all positive and finite"),
    ("table", "_table.marked", np.array([9]), r"marks missing values of the numbers \[9\]"),
    ("table", "_table.numeric", [0, 2, 2], "not those of 5 columns"),
    ("table", "_table.names", ["a"] * 4, "not those of 4 columns"),
    (
        "table",
        "_table.categories",
        lambda lists: [[*lists[0], lists[0][0]], *lists[1:]],
        "no categories, or one of them twice",
    ),
    (
        "table",
        "_table.categories",
        lambda lists: [lists[0][:-1], *lists[1:]],
        "numbers of categories in the network",
    ),
    ("table given back", "_table", None, "inputs of the network is .* but should be 5"),
    ("detector", "n_features_in_", 3, "number of features of estimator_ is 4, but should be 3"),
    ("detector", "estimator_", Autoencoder(), "is not fitted"),
    ("detector", "offset_", np.inf, "offset_ is"),
]


@pytest.mark.parametrize(
    ("save", "load"),
    [(pickle.dumps, pickle.loads), (skops_files.save, skops_files.load)],
    ids=["pickle", "skops"],
)
@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    DISAGREE,
    ids=[f"{name}.{path}" for name, path, *_ in DISAGREE],
)
def test_parts_that_do_not_belong_together_are_refused(name, path, value, message, save, load):
    model = fitted(name)
    put(model, path, value)
    data = save(model)
    with pytest.raises(ValueError, match=message):
        load(data)


def test_a_width_is_compared_with_the_arrays_before_anything_is_allocated():
    root = forged(fitted("regressor"))
    root.state["_network"].state.update(n_in=10**9, arrays=[(0, "weight", 10**9, 4)])
    data = pickle.dumps(root)
    tracemalloc.start()
    with pytest.raises(ValueError, match="does not fit"):
        pickle.loads(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6


def test_numbers_are_looked_at_in_place():
    network = (
        MLPRegressor(hidden_layer_sizes=(300, 300), max_iter=1, random_state=0)
        .fit(*curve())
        ._network
    )
    tracemalloc.start()
    network.check()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.05 * network.params.nbytes


def test_classes_of_a_regressor_are_a_note_of_the_users():
    model = fitted("regressor")
    before = fitted("regressor").partial_fit(*curve()).predict(curve()[0])
    model.classes_ = 3
    assert np.array_equal(
        skops_files.load(skops_files.save(model)).partial_fit(*curve()).predict(curve()[0]), before
    )


@pytest.mark.parametrize(
    "number", [True, float(FORMAT), str(FORMAT), np.int64(FORMAT), FORMAT + 1, FORMAT - 1], ids=repr
)
def test_a_number_that_is_only_equal_to_the_format_is_another_one(number):
    root = forged(fitted("regressor"))
    root.state["_skmlp_saved"] = {"version": "9.8.7", "format": number}
    with pytest.raises(
        ValueError,
        match=r"was saved by skmlp 9.8.7 in format .* reads "
        r"format 3 only. Load it with skmlp 9.8.7",
    ):
        pickle.loads(pickle.dumps(root))
