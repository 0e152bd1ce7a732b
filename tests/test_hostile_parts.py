"""Saved states whose parts are of the right kinds but do not belong together: they are refused."""

import pytest

pytest.importorskip("skops")

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn._loss.link import IdentityLink

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._data.codec import MatrixCodec
from skmlp.nn import Adam, ColumnLosses, LogLoss, Poisson, Quantile, SquaredError
from skmlp.nn.losses.measure import Measure
from skmlp.nn.saved import FORMAT

from . import skops_files
from .problems import curve
from .saved_states import fitted, forged

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def put(model, path, value):
    """Set what lies at a path such as "_state.slots.v" to a value, or to what a function makes
    of it. Overwrites: model.
    """
    *path, last = path.split(".")
    for name in path:
        model = model[name] if isinstance(model, dict) else getattr(model, name)
    here = model if isinstance(model, dict) else vars(model)
    here[last] = value(here[last]) if callable(value) else value


def matrix_codec(n_features):
    """Return the codec of an autoencoder that was fitted on so many features."""
    codec = MatrixCodec(True)
    codec.means = np.zeros(n_features)
    return codec


def other_member(name):
    """Return what puts a model in the place of the last member."""
    return lambda members: [*members[:-1], fitted(name)]


def copied(name, change):
    """Return what makes a codec with another value of an attribute."""

    def changed(codec):
        codec = copy.copy(codec)
        setattr(codec, name, change(getattr(codec, name)))
        return codec

    return changed


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
    ("table", "_codec.given", IdentityLink(), "given is an object of the type IdentityLink"),
    ("table", "_codec.given", ["colour", Adam()], "given is"),
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
    (
        "autoencoder",
        "_codec.means",
        lambda a: a[:-1].copy(),
        "number of means is 3, but should be 4",
    ),
    ("table", "_codec.mean", lambda a: a[:-1].copy(), "not those of 5 columns"),
    ("table", "_codec.scale", lambda a: 0.0 * a, "scales not all positive"),
    ("table", "_codec.scale", lambda a: a * np.inf, "scales not all positive and finite"),
    ("table", "_codec.indicators", np.array([9]), r"indicates missing values of the numbers \[9\]"),
    ("table", "_codec.numeric", [0, 2, 2], "not those of 5 columns"),
    ("table", "_codec.names", ["a"] * 4, "not those of 4 columns"),
    (
        "table",
        "_codec.categories",
        lambda lists: [[*lists[0], lists[0][0]], *lists[1:]],
        "no categories, or one of them twice",
    ),
    (
        "table",
        "_codec.categories",
        lambda lists: [lists[0][:-1], *lists[1:]],
        "numbers of categories in the network",
    ),
    ("reconstructed table", "_codec", None, "_codec is None, but should be a MatrixCodec or"),
    ("reconstructed table", "_codec", matrix_codec(5), "inputs of the network is .* should be 5"),
    ("reconstructed table", "_codec.keeps_missing", False, "keeps_missing is False, but should"),
    ("reconstructed table", "_codec.scale", lambda a: a * np.inf, "not all positive and finite"),
    ("table", "_codec.keeps_missing", True, "keeps_missing is True, but should be False"),
    ("regressor", "_codec.keeps_missing", True, "number of means is 0, but should be 4"),
    ("regressor", "_codec.means", np.zeros(4), "number of means is 4, but should be 0"),
    ("regressor", "_codec", matrix_codec(4), "keeps_missing is True, but should be False"),
    ("regressor", "_codec.measure", Measure(np.zeros(3), 1.0), "_codec.measure is 3, but should"),
    ("autoencoder", "_codec.means", None, "number of means is 0, but should be 4"),
    ("autoencoder", "_codec.means", lambda a: a * np.nan, "means of its columns are not finite"),
    ("tabular classifier", "estimators_", [], "estimators_ is an object of the type list"),
    ("tabular classifier", "estimators_", other_member("classifier"), "on another table than the"),
    (
        "tabular classifier",
        "estimators_",
        other_member("regressor"),
        "is an object of the type MLP",
    ),
    ("tabular classifier", "estimators_", lambda members: [MLPClassifier()], "or is not fitted"),
    ("tabular classifier", "estimators_", other_member("table"), "on another table than the"),
    ("tabular classifier", "classes_", np.arange(2), r"classes of a member are \[0 1 2\]"),
    (
        "tabular classifier",
        "_codec",
        matrix_codec(5),
        "_codec is an object of the type MatrixCodec",
    ),
    (
        "tabular classifier",
        "_codec",
        copied("mean", lambda a: a + 1.0),
        "on another table than the",
    ),
    ("tabular classifier", "_codec", copied("names", lambda a: a[::-1]), "on another table than"),
    ("tabular classifier", "_codec.keeps_missing", True, "keeps_missing is True, but should be"),
    ("tabular classifier", "n_features_in_", 4, "of columns of the table is 5, but should be 4"),
    ("tabular classifier", "sharpness_", 1.0, "sharpness_ is 1.0, but should be an array of pos"),
    ("tabular classifier", "sharpness_", np.zeros(2), "but should be an array of positive numbers"),
    ("tabular classifier", "sharpness_", np.ones(9), "factors in sharpness_ is 9, but should be"),
    (
        "tabular classifier",
        "feature_names_in_",
        np.array(["a"], dtype=object),
        "names of features is 1, but should be 5",
    ),
    (
        "tabular regressor",
        "estimators_",
        other_member("classifier"),
        "is an object of the type MLP",
    ),
    ("tabular regressor", "_range", np.array([1.0, 0.0]), "least and the largest y"),
    ("tabular regressor", "_range", np.zeros((2, 3)), "outputs of a member is 1, but should be 3"),
    ("tabular regressor", "_range", np.zeros((2, 1)), "errors on rows held out is .* should be 0"),
    (
        "tabular regressor",
        "_held_out_errors",
        lambda a: a[1:].copy(),
        "number of errors on rows held out",
    ),
    ("tabular regressor", "_held_out_predictions", lambda a: a[::-1].copy(), "are not sorted"),
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
