"""Saved states that somebody altered: none is taken, nothing of it is called, and the error says
so while it is loaded.
"""

import pickle

import numpy as np
import pytest

from skmlp import OutlierAutoencoder
from skmlp._base import BaseMLP
from skmlp._tabular.base import BaseTabularMLP
from skmlp.nn import Adam
from skmlp.nn.unit import defaults

from .saved_states import MODELS, Forged, fitted, forged

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


ESTIMATORS = BaseMLP | BaseTabularMLP | OutlierAutoencoder
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


def given_units(root):
    """Yield the objects among the parameters of the estimators within a tree."""
    for node in objects(root):
        if issubclass(node.cls, ESTIMATORS):
            yield from objects([node.state.get(name) for name in defaults(node.cls)])


def alterations(root):
    """Yield (description, state, name, what to put there) of each change to a tree that
    ``forged`` returned; None for nothing.
    """
    given = {id(node) for node in given_units(root)}
    for node in list(objects(root)):
        of_estimator = issubclass(node.cls, ESTIMATORS)
        in_fit = of_estimator or id(node) in given  # what parameters are is looked at in fit
        for name, value in list(node.state.items()):
            if not in_fit or name not in defaults(node.cls):
                for what, other in altered_values(value):
                    yield f"{node.cls.__name__}.{name} {what}", node.state, name, (other,)
                if name not in defaults(node.cls):
                    yield f"{node.cls.__name__}.{name} missing", node.state, name, ()
        for name in ("_extra", "__class__", "predict", "params", "__getstate__", 3):
            if (
                not of_estimator or name != "params"
            ):  # a note of the user's: nothing of that name is in an estimator
                yield f"{node.cls.__name__}.{name} extra", node.state, name, (run,)


NETWORKS = ("MLPClassifier", "MLPRegressor", "Autoencoder")
TABULAR = ("TabularMLPClassifier", "TabularMLPRegressor")
ALLOWED = {  # what an honest state may have too
    *(f"{cls}.feature_names_in_ missing" for cls in (*NETWORKS, *TABULAR)),
    *(f"{cls}.estimators_ short" for cls in TABULAR),
    "TabularMLPRegressor._held_out_weights missing",
    "Embedding.dims None",
    "OutlierAutoencoder.offset_ negative",
    "OutlierAutoencoder.estimator_ object",  # a class of a user's
    "TrainingState.best negative",
    *(f"Network.alphas {what}" for what in ("short", "empty")),
    *(f"{cls}._records {what}" for cls in NETWORKS for what in ("short", "empty")),
    *(f"{cls}.n_iter_ missing" for cls in NETWORKS),
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
