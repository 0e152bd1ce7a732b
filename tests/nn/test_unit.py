"""Every entry of every registry: its name, its copies, its printed form, the limits of its
hyperparameters.
"""

import importlib
import inspect
import math
import pickle
import pkgutil
import re

import pytest
from sklearn.base import clone

from skmlp import nn
from skmlp.nn.activations import Activation
from skmlp.nn.autodiff import LossOfUnits
from skmlp.nn.engine.subnetwork import _Output
from skmlp.nn.initializers import Initializer, Scaled
from skmlp.nn.layers import FirstHalf, FixedNorm, Join, Layer
from skmlp.nn.layers.embedding import Vectors
from skmlp.nn.losses import Loss
from skmlp.nn.losses.masked import MaskedDistances, MaskedEntries, MaskedRows
from skmlp.nn.optimizers import Optimizer
from skmlp.nn.schedules import Schedule
from skmlp.nn.terms import Term
from skmlp.nn.unit import Unit
from tests.nn.helpers import REQUIRED, construct

FAMILIES = {
    Activation: nn.ACTIVATIONS,
    Initializer: nn.INITIALIZERS,
    Join: nn.JOINS,
    Layer: nn.LAYERS,
    Loss: nn.LOSSES,
    Optimizer: nn.OPTIMIZERS,
    Schedule: nn.SCHEDULES,
    Term: nn.TERMS,
}
# which are made of functions, of columns, of other units, or of another layer's weight
WITHOUT_KEY = {
    nn.ColumnLosses,
    nn.FunctionActivation,
    nn.FunctionCorruption,
    nn.FunctionLoss,
    LossOfUnits,
    nn.TiedDense,
    MaskedDistances,
    MaskedEntries,
    MaskedRows,
    Scaled,
    Vectors,
    _Output,
}
ENTRIES = [(key, cls) for registry in FAMILIES.values() for key, cls in registry.items()]
CLASSES = [*(cls for _, cls in ENTRIES), *nn.LAYER_RATES.values()]  # a family of one
each_class = pytest.mark.parametrize(
    "cls", CLASSES, ids=[f"{cls.__module__.split('.')[-1]}-{cls.__name__}" for cls in CLASSES]
)


def subclasses(base):
    """Yield all classes that derive from a base."""
    for cls in base.__subclasses__():
        yield cls
        yield from subclasses(cls)


@pytest.mark.parametrize(
    ("base", "registry"), FAMILIES.items(), ids=[base.__name__ for base in FAMILIES]
)
def test_registry_holds_exactly_the_leaves_of_the_package(base, registry):
    """A class that is written but not registered is found here, whichever module it is in."""
    for module in pkgutil.walk_packages(nn.__path__, nn.__name__ + "."):
        importlib.import_module(module.name)
    leaves = {
        cls
        for cls in subclasses(base)
        if cls.__module__.startswith("skmlp.") and not inspect.isabstract(cls)
    }
    outer = [other for other in FAMILIES if other is not base and issubclass(other, base)]
    leaves -= {cls for cls in leaves if issubclass(cls, tuple(outer))} - set(registry.values())
    assert registry
    assert set(registry.values()) == leaves - WITHOUT_KEY
    assert len(registry) == len(set(registry.values()))


@pytest.mark.parametrize(("key", "cls"), ENTRIES, ids=[key for key, _ in ENTRIES])
def test_key_is_the_name_of_the_class_in_lower_case_with_underscores(key, cls):
    assert key.replace("_", "") == cls.__name__.lower()


@pytest.mark.parametrize(("key", "cls"), ENTRIES, ids=[key for key, _ in ENTRIES])
def test_the_name_in_the_package_is_that_of_one_class(key, cls):
    """But for those that only the engine makes, in place of others."""
    assert (getattr(nn, cls.__name__, None) is cls) == (cls not in (FirstHalf, FixedNorm))


def test_the_package_exports_what_it_imports_and_nothing_else():
    public = {
        name
        for name, value in vars(nn).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set(nn.__all__) == public
    assert len(nn.__all__) == len(public)


@pytest.mark.parametrize("base", FAMILIES, ids=[base.__name__ for base in FAMILIES])
def test_a_family_is_an_interface(base):
    """Nothing can be half an entry: a base cannot be made."""
    assert inspect.isabstract(base)
    for cls in FAMILIES[base].values():
        assert issubclass(cls, base)
        assert not inspect.isabstract(cls)


def read(unit):
    """Return what the printed form says."""
    return eval(repr(unit), {**vars(nn), **vars(importlib.import_module(type(unit).__module__))})


@each_class
def test_survives_pickle_clone_and_repr(cls):
    unit = construct(cls)
    for copy in (pickle.loads(pickle.dumps(unit)), clone(unit), read(unit)):
        assert type(copy) is cls
        assert repr(copy) == repr(unit)
        assert copy is not unit


@each_class
def test_copies_keep_values_that_are_not_the_defaults(cls):
    unit = construct(cls)
    numbers = {
        name: value / 2
        for name, value in unit.get_params(deep=False).items()
        if type(value) is float and value
    }
    unit.set_params(**numbers)
    for copy in (pickle.loads(pickle.dumps(unit)), clone(unit), read(unit)):
        assert {name: copy.get_params()[name] for name in numbers} == numbers


@each_class
def test_holds_hyper_parameters_only(cls):
    unit = construct(cls)
    assert set(vars(unit)) == set(inspect.signature(cls).parameters)


@each_class
def test_defaults_are_within_the_limits(cls):
    construct(cls).check()


@each_class
def test_every_number_among_the_defaults_has_limits(cls):
    defaults = {
        name: p.default
        for name, p in inspect.signature(cls).parameters.items()
        if name not in REQUIRED
    }
    assert {name for name, value in defaults.items() if type(value) in (int, float)} <= set(
        cls.limits
    )
    assert set(cls.limits) <= set(inspect.signature(cls).parameters)


LIMITS = [(cls, name, interval) for cls in CLASSES for name, interval in cls.limits.items()]
each_limit = pytest.mark.parametrize(
    ("cls", "name", "interval"), LIMITS, ids=[f"{cls.__name__}-{name}" for cls, name, _ in LIMITS]
)


def ends(interval):
    return tuple(float(end) for end in interval.split(" or ")[0][1:-1].split(","))


@each_limit
def test_values_outside_the_limits_are_named_and_refused(cls, name, interval):
    low, high = ends(interval)
    wrong = [math.nan, "1", True, 1j, [0.5], low - 1.0, high + 1.0]
    wrong += [] if "None" in interval else [None]
    wrong += [low] if interval[0] == "(" else []
    wrong += [high] if interval.split(" or ")[0][-1] == ")" else []
    for value in wrong:
        if value in (-math.inf, math.inf) and interval[0] == "[":
            continue
        unit = construct(cls).set_params(**{name: value})
        with pytest.raises(ValueError, match=re.escape(f"{name} must be")) as error:
            unit.check()
        assert repr(value) in str(error.value)
        assert cls.__name__ in str(error.value)


@each_limit
def test_values_inside_the_limits_are_taken(cls, name, interval):
    low, high = ends(interval)
    low, high = max(low, -1e6), min(high, 1e6)
    right = [0.5 * (low + high)]
    right += [low] if interval[0] == "[" else []
    right += [high] if interval.split(" or ")[0][-1] == "]" else []
    right += [None] if "None" in interval else []
    for value in right:
        value = int(value) if name in cls.whole and value is not None else value
        construct(cls).set_params(**{name: value}).check()


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for _, cls in ENTRIES for name in cls.whole])
def test_fractions_of_whole_numbers_are_refused(cls, name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number, got 3.5"):
        construct(cls).set_params(**{name: 3.5}).check()


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls in CLASSES for name in cls.flags])
def test_what_is_no_flag_is_refused(cls, name):
    for value in (None, 1, "True"):
        with pytest.raises(ValueError, match=f"{name} must be True or False, got {value!r}"):
            construct(cls).set_params(**{name: value}).check()


@pytest.mark.parametrize(
    ("interval", "value", "inside"),
    [
        ("[0, 1)", 0, True),
        ("[0, 1)", 1, False),
        ("(0, 1]", 0.0, False),
        ("(0, 1]", 1.0, True),
        ("(0, inf)", math.inf, False),
        ("(-inf, inf)", -1e300, True),
        ("[0, inf]", math.inf, True),
        ("(0, 1)", -0.0, False),
    ],
)
def test_intervals_read_as_in_mathematics(interval, value, inside):
    class Bounded(Unit):
        limits = {"value": interval}

        def __init__(self, value):
            self.value = value

    if inside:
        Bounded(value).check()
    else:
        with pytest.raises(ValueError, match="value must be"):
            Bounded(value).check()


@pytest.mark.parametrize("statistics", ["Running", None, 1, ["batch"]])
def test_batch_norm_names_its_statistics(statistics):
    with pytest.raises(
        ValueError,
        match="statistics must be 'running', 'population' or 'batch', got "
        + re.escape(repr(statistics)),
    ):
        nn.BatchNorm(statistics=statistics).check()


def test_a_grid_search_reaches_into_a_unit():
    assert clone(nn.Adam(beta_1=0.5)).set_params(beta_2=0.7).get_params() == {
        "beta_1": 0.5,
        "beta_2": 0.7,
        "epsilon": 1e-8,
    }
