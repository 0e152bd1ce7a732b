"""skops files that somebody forged: with ``skops_types`` nothing but classes that hold settings
is made, and nothing of a file is run.
"""

import pytest

pytest.importorskip("skops")

import io
import itertools
import json
import zipfile

import numpy as np
import sklearn
import skops.io
from sklearn._loss.link import IdentityLink
from skops.io.exceptions import UntrustedTypesFoundException

import skmlp
from skmlp import (
    Autoencoder,
    MLPClassifier,
    MLPRegressor,
    OutlierAutoencoder,
    TabularMLPRegressor,
    callbacks,
    nn,
    skops_types,
)
from skmlp._data.codec import MatrixCodec
from skmlp._data.table import TableCodec
from skmlp.nn.engine.network import Network
from skmlp.nn.schedules import Clock

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


QUICK = {"hidden_layer_sizes": (4,), "max_iter": 1, "random_state": 0}


NUMBERS = itertools.count(-1, -1)  # of nodes that no honest file has


# ---- forging


def forge(model, change):
    """Return the file of a model whose tree of nodes ``change`` has altered."""
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as stored:
        files = {name: stored.read(name) for name in stored.namelist()}
    tree = json.loads(files["schema.json"])
    change(tree)
    files["schema.json"] = json.dumps(tree).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as stored:
        for name, content in files.items():
            stored.writestr(name, content)
    return out.getvalue()


def nodes(tree):
    """Yield each dict within a tree."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def find(tree, cls):
    """Return the first node that makes an instance of a class of this name."""
    return next(
        node
        for node in nodes(tree)
        if node.get("__class__") == cls and node.get("__loader__") == "ObjectNode"
    )


def attributes(tree, cls):
    return find(tree, cls)["content"]["content"]


def node(loader, thing, **content):
    """Return a node that names a class, or (module, name)."""
    module, name = thing if isinstance(thing, tuple) else (thing.__module__, thing.__qualname__)
    return {
        "__loader__": loader,
        "__module__": module,
        "__class__": name,
        "__id__": next(NUMBERS),
        **content,
    }


def plain(value):
    return node("JsonNode", str, content=json.dumps(value), is_json=True)


def sequence(*items, kind="Tuple"):
    return node(f"{kind}Node", ("builtins", kind.lower()), content=list(items))


def dictionary(**items):
    keys = sequence(*[node("TypeNode", str) for _ in items], kind="List")
    return node("DictNode", dict, content=items, key_types=keys)


def put(tree, cls, name, value):
    """Add an attribute to the state of the first instance of a class. Overwrites: tree."""
    state = find(tree, cls)["content"]
    if name not in state["content"]:
        state["key_types"]["content"].append(state["key_types"]["content"][0])
    state["content"][name] = value


def partial(func, *args):
    """Return a node that makes a ``functools.partial``, and says that it makes a ``Dense``:
    skops compares no more than the name.
    """
    return node(
        "PartialNode",
        nn.Dense,
        content={
            "func": func,
            "args": sequence(*args),
            "kwds": dictionary(),
            "namespace": plain(None),
        },
    )


def system():
    module = node("FunctionNode", ("skmlp._saved.snapshot_file", "os"), content="os")
    return {
        **node("MethodNode", ("skmlp._saved.snapshot_file", "os")),
        "content": {"func": "system", "obj": module},
    }


def a_command(tree, path):
    put(tree, "Dense", "params", system())
    attributes(tree, "Network")["n_in"] = plain(f"touch {path}")


def a_file_written(tree, path):
    place = node(
        "ConstructorFromReduceNode",
        ("skmlp._saved.snapshot_file", "Path"),
        content=sequence(plain(str(path))),
    )
    writer = ("skmlp._saved.snapshot_file", "write")
    put(
        tree,
        "Network",
        "loss",
        node(
            "ConstructorFromReduceNode",
            writer,
            content=sequence(place, node("TypeNode", nn.Dense), dictionary()),
        ),
    )


def a_callback(tree, path):
    state = dictionary(path=plain(str(path)), every=plain(1), _fits=dictionary())
    put(
        tree,
        "MLPRegressor",
        "_skl_callbacks",
        sequence(node("ObjectNode", callbacks.Snapshot, content=state), kind="List"),
    )


@pytest.mark.parametrize("attack", [a_command, a_file_written, a_callback])
def test_what_a_prefix_lets_through_is_refused(attack, tmp_path):
    data = forge(MLPRegressor(**QUICK).fit(*curve()), lambda tree: attack(tree, tmp_path / "made"))
    strange = set(skops.io.get_untrusted_types(data=data))
    assert all(name.startswith("skmlp.") for name in strange)
    with pytest.raises(
        UntrustedTypesFoundException, match=r"skmlp\.(callbacks|_saved.snapshot_file)"
    ):
        skops.io.loads(data, trusted=skops_types())
    assert not list(tmp_path.iterdir())


def test_a_command_does_not_run_even_if_its_name_is_trusted(tmp_path):
    data = forge(
        MLPRegressor(**QUICK).fit(*curve()), lambda tree: a_command(tree, tmp_path / "made")
    )
    with pytest.raises(ValueError, match="Dense cannot be loaded: it has an attribute 'params'"):
        skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    assert not list(tmp_path.iterdir())


# ---- the strongest attack: trusted names only


def bare(cls):
    def change(tree):
        del find(tree, cls)["content"]

    return change


def instead(cls, name, make):
    return lambda tree: put(tree, cls, name, make())


def scaler_with(name, value):
    """Return a scaler of scikit-learn's, which skops trusts with any attribute."""
    return node(
        "ObjectNode",
        ("sklearn.preprocessing._data", "StandardScaler"),
        content=dictionary(_sklearn_version=plain(sklearn.__version__), **{name: value}),
    )


def made(cls, *args):
    return node("ConstructorFromReduceNode", cls, content=sequence(*args))


def network_of(layer):
    return made(Network, sequence(layer, kind="List"), made(nn.SquaredError), plain(4))


def table_of(frame):
    return made(TableCodec, plain("from_dtype"), frame, plain("array"))


def mixup():
    """Return a node that makes an object of a trusted type that can be called."""
    return node("ObjectNode", skmlp.augment.Mixup, content=dictionary(alpha=plain(0.2)))


def with_strange_keys(tree):
    state = find(tree, "TrainingState")["content"]
    state["key_types"]["content"][0] = node("TypeNode", MLPClassifier)


def with_defaults(tree):
    slots = attributes(tree, "TrainingState")["slots"]
    state = attributes(tree, "TrainingState")
    state["slots"] = node(
        "DefaultDictNode",
        ("collections", "defaultdict"),
        content={
            "main": {**slots, "__id__": next(NUMBERS)},
            "default_factory": node("TypeNode", nn.Dense),
        },
    )


def masked(tree):
    state = attributes(tree, "Network")
    state["params"] = node(
        "MaskedArrayNode",
        ("numpy.ma", "MaskedArray"),
        content={"data": state["params"], "mask": plain(False)},
    )


ATTACKS = {
    "a class for a method": instead("Dense", "params", lambda: node("TypeNode", nn.Dense)),
    "a ufunc for a method": instead(
        "Dense", "width", lambda: node("FunctionNode", ("numpy", "exp"))
    ),
    "a partial for a method": instead(
        "Network", "scores", lambda: partial(node("TypeNode", nn.Dense), plain(3))
    ),
    "a class for a layer": instead(
        "Network", "layers", lambda: sequence(node("TypeNode", nn.Dense), kind="List")
    ),
    "a scaler for a layer": instead(
        "Network", "layers", lambda: sequence(scaler_with("params", mixup()), kind="List")
    ),
    "a scaler for a network": instead(
        "MLPRegressor", "_network", lambda: scaler_with("params", plain(1))
    ),
    "a scaler for a clock": instead(
        "TrainingState", "clock", lambda: scaler_with("epoch", plain(1.0))
    ),
    "a class for a function": instead(
        "FunctionActivation", "function", lambda: node("TypeNode", nn.Dense)
    ),
    "a partial for a function": instead(
        "FunctionActivation", "function", lambda: partial(node("TypeNode", nn.Dense))
    ),
    "an augmenter for a function": instead("FunctionActivation", "function", mixup),
    "a partial of an augmenter": instead(
        "FunctionActivation", "function", lambda: partial(mixup())
    ),
    "a made network": instead(
        "MLPRegressor", "_network", lambda: network_of(made(nn.Dense, plain(1)))
    ),
    "a made network of scalers": instead(
        "MLPRegressor", "_network", lambda: network_of(scaler_with("params", mixup()))
    ),
    "a made network, odd": instead(
        "MLPRegressor",
        "_network",
        lambda: network_of(made(nn.Dense, plain(1), scaler_with("a", mixup()))),
    ),
    "a made clock": instead("TrainingState", "clock", lambda: made(Clock, plain("now"))),
    "a made table": instead(
        "MLPRegressor", "_codec", lambda: table_of(scaler_with("dtypes", mixup()))
    ),
    "a made codec": instead("MLPRegressor", "_codec", lambda: made(MatrixCodec, mixup())),
    "a codec that keeps what is missing": instead(
        "MLPRegressor", "_codec", lambda: made(MatrixCodec, plain(True))
    ),
    "a bare network": bare("Network"),
    "a bare layer": bare("Dense"),
    "a bare state": bare("TrainingState"),
    "a bare clock": bare("Clock"),
    "a bare codec": bare("MatrixCodec"),
    "keys that are estimators": with_strange_keys,
    "slots with defaults": with_defaults,
    "masked parameters": masked,
    "a state that is a list": lambda tree: find(tree, "Clock").update(
        content=sequence(plain(1), kind="List")
    ),
    "a number without end": instead("Clock", "epoch", lambda: plain(float("inf"))),
    "deep nesting": instead("Dense", "n_out", lambda: plain([[[[4]]]])),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_trusted_names_alone_make_nothing_else(attack):
    model = MLPRegressor(**QUICK, activation=nn.FunctionActivation(np.tanh)).fit(*curve())
    assert (
        skops.io.loads(skops.io.dumps(model), trusted=skops_types()).activation.function is np.tanh
    )
    with pytest.raises((ValueError, TypeError), match=r"cannot be loaded|must be"):
        skops.io.loads(forge(model, attack), trusted=skops_types())


def test_a_detector_around_something_else_is_refused():
    detector = OutlierAutoencoder(Autoencoder(2, **QUICK)).fit(blobs()[0])
    for estimator in (
        node("ObjectNode", Autoencoder),
        scaler_with("score_samples", mixup()),
        made(MLPClassifier),
    ):
        data = forge(
            detector,
            instead("OutlierAutoencoder", "estimator_", lambda estimator=estimator: estimator),
        )
        with pytest.raises(
            ValueError, match="The saved OutlierAutoencoder cannot be loaded: its estimator_ has"
        ):
            skops.io.loads(data, trusted=skops_types())


@pytest.mark.parametrize(
    "make",
    [
        lambda: node("ObjectNode", MLPRegressor),
        lambda: made(MLPRegressor),
        lambda: made(TabularMLPRegressor),
        lambda: scaler_with("predict", mixup()),
        lambda: node("TypeNode", MLPRegressor),
    ],
)
def test_an_ensemble_of_something_else_is_refused(make):
    model = TabularMLPRegressor(2, hidden_layer_sizes=(4,), max_iter=1).fit(*curve())
    data = forge(
        model, instead("TabularMLPRegressor", "estimators_", lambda: sequence(make(), kind="List"))
    )
    with pytest.raises(ValueError, match="cannot be loaded: among its members is"):
        skops.io.loads(data, trusted=skops_types())


def test_memory_that_an_object_names_is_not_read():
    """A file can give an object of scikit-learn's any attribute; NumPy asks for this one and
    reads where it points to.
    """
    interface = plain({"data": [0, False], "typestr": "|u1", "shape": [1], "version": 3})
    link = node("ObjectNode", IdentityLink, content=dictionary(__array_interface__=interface))
    model = MLPClassifier(**QUICK, categorical_features=["x0"])

    def attack(tree):
        put(tree, "MLPClassifier", "categorical_features", sequence(link, kind="List"))

    loaded = skops.io.loads(forge(model, attack), trusted=skops_types())
    assert "__array_interface__" in vars(loaded.categorical_features[0])
    with pytest.raises(ValueError, match="categorical_features must hold names, or numbers"):
        loaded.fit(*blobs())
