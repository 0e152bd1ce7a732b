"""The documentation of the parameters: complete, by purpose, and marked where scikit-learn's class
lacks one.
"""

import re

import pytest
from sklearn import neural_network

import skmlp
from skmlp import nn
from skmlp._params.purposes import PURPOSES, SCIKIT_LEARN, by_purpose

NETWORKS = [skmlp.MLPClassifier, skmlp.MLPRegressor, skmlp.Autoencoder]
ESTIMATORS = [
    *NETWORKS,
    skmlp.TabularMLPClassifier,
    skmlp.TabularMLPRegressor,
    skmlp.OutlierAutoencoder,
    skmlp.AutoencoderImputer,
]
UNITS = sorted(
    {
        cls
        for name, registry in vars(nn).items()
        if isinstance(registry, dict) and name.isupper()
        for cls in registry.values()
    },
    key=lambda cls: cls.__name__,
)


def described(cls):
    """Return {name: text} of the section of parameters in a docstring."""
    doc = "\n".join(line.removeprefix("    ") for line in cls.__doc__.splitlines())
    section = re.search(r"^Parameters\n-+\n(.*?)(?:\n\n\w[\w ]*\n---|\Z)", doc, re.DOTALL | re.M)
    items = re.split(r"^(\w[\w, ]*) : .*$", section[1] if section else "", flags=re.M)[1:]
    return {
        name: text.strip()
        for names, text in zip(items[::2], items[1::2], strict=True)
        for name in names.split(", ")
    }


@pytest.mark.parametrize("cls", [*ESTIMATORS, *UNITS], ids=lambda cls: cls.__name__)
def test_every_parameter_has_a_text(cls):
    texts = described(cls)
    names = set(cls._get_param_names())
    if cls in UNITS:  # what the engine sets is no choice of the user's
        names &= set(texts)
    assert set(texts) == names
    assert all(texts.values()), [name for name, text in texts.items() if not text]


@pytest.mark.parametrize("cls", ESTIMATORS, ids=lambda cls: cls.__name__)
def test_every_fitted_attribute_has_a_text(cls):
    section = cls.__doc__.partition("    Attributes\n")[2].partition("    See Also\n")[0]
    texts = set(re.findall(r"^    (\w+_) : ", section, re.MULTILINE))
    assert {"n_features_in_", "feature_names_in_"} <= texts
    assert texts >= {
        name
        for name in dir(cls)
        if re.fullmatch(r"[a-z]\w*_", name) and isinstance(getattr(cls, name, None), property)
    }


@pytest.mark.parametrize("cls", NETWORKS, ids=lambda cls: cls.__name__)
def test_parameters_come_by_purpose(cls):
    groups = by_purpose(cls._get_param_names())
    assert [purpose for purpose, _ in groups] == list(PURPOSES)
    assert list(described(cls)) == [name for _, names in groups for name in names]
    text = " ".join(cls.__doc__.split())
    for purpose, names in groups:
        listed = text.partition(f"* {purpose}:")[2]
        marked = [name for name in names if f" {name}+" in listed]
        known = getattr(neural_network, cls.__name__, cls)._get_param_names()
        assert marked == [name for name in names if name not in known]


def test_a_name_has_one_purpose():
    names = [name for group in PURPOSES.values() for name in group]
    assert len(names) == len(set(names))
    assert set(names) >= SCIKIT_LEARN


def test_parameters_of_no_group_come_last():
    assert by_purpose(["mine", "alpha"]) == [("Regularisation", ["alpha"]), ("Others", ["mine"])]
