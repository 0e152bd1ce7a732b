"""The list of types that ``skops_types`` trusts: each is a class that looks at its state."""

import importlib
import inspect

import numpy as np
import pytest

import skmlp
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
from skmlp.nn.engine.network import Network
from skmlp.nn.saved import is_ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classes():
    """Return the class of each name of the list."""
    return {
        name: getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2])
        for name in skops_types()
    }


def test_each_name_is_that_of_a_class_where_it_is_written():
    names = skops_types()
    assert names == sorted(set(names))
    for name, cls in classes().items():
        assert inspect.isclass(cls)
        assert f"{cls.__module__}.{cls.__qualname__}" == name
        assert "." not in cls.__qualname__
        assert not any(
            other.startswith(f"{name}.") for other in names
        )  # skops would take it for the name of a method


def test_each_class_looks_at_its_state_and_has_nothing_else_that_skops_calls():
    for cls in classes().values():
        assert is_ours(cls.__setstate__)
        assert not issubclass(cls, tuple | list | dict | np.ndarray)
        assert not {"set_state", "__setitem__", "__array__", "__reduce__", "__reduce_ex__"} & {
            name for base in cls.__mro__ if is_ours(base) for name in vars(base)
        }


def test_everything_that_an_estimator_can_hold_is_in_it():
    found = set(classes().values())
    registries = [
        value for name, value in vars(nn).items() if name.isupper() and isinstance(value, dict)
    ]
    assert len(registries) >= 11
    assert {cls for registry in registries for cls in registry.values()} <= found
    assert {getattr(skmlp.augment, name) for name in skmlp.augment.__all__} <= found
    assert {
        MLPClassifier,
        MLPRegressor,
        Autoencoder,
        OutlierAutoencoder,
        TabularMLPClassifier,
        TabularMLPRegressor,
        Network,
        nn.FunctionLoss,
        nn.ColumnLosses,
        nn.TiedDense,
    } <= found


def test_nothing_that_writes_or_draws_is_in_it():
    modules = {name.rpartition(".")[0] for name in skops_types()}
    assert not modules & {"skmlp.callbacks", "skmlp.nn.engine.epoch_end", "skmlp._fit.training"}
    assert not any(module.startswith(("skmlp.plot", "skmlp.onnx")) for module in modules)
