"""Changing the import from scikit-learn's MLP loses nothing: signatures, attributes, messages,
printed lines, ways to use it.

The oracle is always scikit-learn's own class, as it is installed.
"""

import inspect
import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import neural_network

from skmlp import MLPClassifier, MLPRegressor

from .problems import blobs, curve, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLASSES = {
    "classifier": (MLPClassifier, neural_network.MLPClassifier),
    "regressor": (MLPRegressor, neural_network.MLPRegressor),
}
X, Y = blobs(3)
PROBLEMS = {
    "binary": ("classifier", *blobs(2)),
    "multiclass": ("classifier", X, Y),
    "words": ("classifier", X, np.array(["a", "b", "c"])[Y]),
    "multilabel": ("classifier", *labels()),
    "sparse labels": ("classifier", labels()[0], sparse.csr_matrix(labels()[1])),
    "one output": ("regressor", *curve()),
    "two outputs": ("regressor", *curve(n_outputs=2)),
    "sparse input": ("regressor", sparse.csr_matrix(curve()[0]), curve()[1]),
}
SETTINGS = [
    {},
    {"solver": "sgd", "early_stopping": True},
    {"solver": "lbfgs"},
    {"hidden_layer_sizes": [7, 3], "activation": "tanh"},
]
# scikit-learn 1.7 cannot score labels that are words or sparse during early stopping
CASES = {
    f"{name} {setting}": (*problem, setting)
    for name, problem in PROBLEMS.items()
    for setting in SETTINGS
    if not ("early_stopping" in setting and name in ("words", "sparse labels"))
}


@pytest.fixture(params=CLASSES.values(), ids=CLASSES)
def pair(request):
    """Our class and scikit-learn's."""
    return request.param


# ---- signatures


def described(function):
    """Return name, kind and default of each parameter."""
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def public(thing):
    return [name for name in dir(thing) if not name.startswith("_")]


def test_the_parameters_of_the_constructor_come_first(pair):
    ours, theirs = map(described, pair)
    assert len(theirs) > 20
    assert ours[: len(theirs)] == theirs
    assert {kind for _, kind, _ in ours[len(theirs) :]} == {inspect.Parameter.KEYWORD_ONLY}


def test_the_methods_take_the_same(pair):
    ours, theirs = pair
    methods = [name for name in public(theirs) if callable(getattr(theirs, name))]
    assert {
        "fit",
        "partial_fit",
        "predict",
        "score",
        "get_params",
        "set_params",
        "set_fit_request",
    } <= set(methods)
    for name in methods:
        mine, its = described(getattr(ours, name)), described(getattr(theirs, name))
        if name.startswith("set_") and name.endswith("_request"):
            assert set(its) <= set(mine), name
        else:
            assert mine[: len(its)] == its, name
            assert all(default is None or default is False for _, _, default in mine[len(its) :]), (
                name
            )  # nothing, or switched off


# ---- after a fit


@pytest.mark.parametrize(("kind", "X", "y", "setting"), CASES.values(), ids=CASES)
def test_attributes_and_predictions_have_the_same_types_and_shapes(kind, X, y, setting):
    ours, theirs = (
        cls(**{"hidden_layer_sizes": 5, "max_iter": 5, "random_state": 0, **setting})
        for cls in CLASSES[kind]
    )
    ours.set_params(dtype="float64").fit(X, y)
    theirs.fit(X, y)
    names = [name for name in public(theirs) if name.endswith("_")]
    assert len(names) > 8
    for name in names:
        mine, its = getattr(ours, name), getattr(theirs, name)
        assert isinstance(mine, type(its)) or isinstance(its, type(mine)), (
            name
        )  # a float may be a np.float64
        assert (
            np.shape(mine) == np.shape(its)
            if not isinstance(its, list)
            else list(map(np.shape, mine)) == list(map(np.shape, its))
        ), name
        # scikit-learn does not count the rows that lbfgs sees
        assert not isinstance(its, int | str) or mine == its or (name == "t_" and its == 0), name
    for name in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(theirs, name):
            mine, its = getattr(ours, name)(X), getattr(theirs, name)(X)
            assert type(mine) is type(its)
            assert (mine.shape, mine.dtype) == (its.shape, its.dtype)


def test_nothing_is_fitted_before_the_fit(pair):
    assert [
        name for name in public(pair[0]) if name.endswith("_") and hasattr(pair[0](), name)
    ] == []


@pytest.mark.parametrize("write", ["one by one", "all", "a slice", "in place"])
def test_weights_are_assigned_as_in_scikit_learn(pair, write):
    X, y = curve() if pair[0] is MLPRegressor else blobs(3)
    ours, theirs, source = (
        cls(hidden_layer_sizes=(5,), max_iter=3, random_state=k).fit(X, y)
        for k, cls in enumerate([*pair, pair[1]])
    )
    assert not np.allclose(ours.coefs_[0], source.coefs_[0])
    for model in (ours, theirs):
        for name in ("coefs_", "intercepts_"):
            first, second = getattr(source, name)
            if write == "all":
                setattr(model, name, [first, second])
            elif write == "a slice":
                getattr(model, name)[:1], getattr(model, name)[-1:] = [first], [second]
            elif write == "one by one":
                getattr(model, name)[0], getattr(model, name)[-1] = first, second
            else:
                getattr(model, name)[0][...], getattr(model, name)[1][...] = first, second
    assert_allclose(theirs.predict(X).astype(float), source.predict(X).astype(float))
    if pair[0] is MLPRegressor:  # of the normalised y
        assert_allclose(
            (ours.predict(X) - ours.target_offset_) / ours.target_scale_, source.predict(X)
        )
        return
    assert_allclose(ours.predict(X).astype(float), source.predict(X).astype(float))


def test_weights_of_another_shape_are_refused():
    model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=1, random_state=0).fit(*curve())
    before = model.predict(curve()[0])
    for arrays in (
        [np.ones((4, 5))],
        [np.ones((4, 5)), np.ones(5)],
        [np.ones((4, 6)), np.ones((6, 1))],
    ):
        with pytest.raises(
            ValueError,
            match=r"arrays of shapes \[\(4, 5\), \(5, 1\)\], so it cannot take over shapes",
        ):
            model.coefs_ = arrays
    with pytest.raises(
        ValueError, match=r"shapes \[\(5,\)\], so it cannot take over shapes \[\(\)\]"
    ):
        model.intercepts_[0] = 1.0
    assert_array_equal(model.predict(curve()[0]), before)


# ---- what is said


def trained(cls, **setting):
    return cls(**{"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0, **setting}).fit(
        X, Y
    )


def names(cls):
    return {"classes": [0, 1, 2]} if "Classifier" in cls.__name__ else {}


ERRORS = {
    "not fitted": lambda cls: cls().predict(X),
    "another width": lambda cls: trained(cls).predict(X[:, 1:]),
    "no rows": lambda cls: cls().fit(X[:0], Y[:0]),
    "rows without targets": lambda cls: cls().fit(X, Y[:5]),
    "a layer without units": lambda cls: cls(hidden_layer_sizes=(3, 0)).fit(X, Y),
    "nothing to stop": lambda cls: cls(early_stopping=True).partial_fit(X, Y, **names(cls)),
    "a fraction of one row": lambda cls: cls(early_stopping=True).fit(X[:5], np.zeros(5)),
    "too large": lambda cls: cls(solver="sgd", learning_rate_init=1e6, max_iter=50).fit(
        1e100 * X, Y
    ),
}
ERRORS_OF_CLASSIFIERS = {
    "lbfgs makes no steps": lambda cls: cls(solver="lbfgs").partial_fit(X, Y),
    "classes unknown": lambda cls: cls().partial_fit(X, Y),
    "another class": lambda cls: cls().partial_fit(X, Y, classes=[0, 1]),
    "other classes": lambda cls: (
        cls().partial_fit(X, Y, **names(cls)).partial_fit(X, Y, classes=[0, 1])
    ),
    "a class fewer": lambda cls: trained(cls, warm_start=True).fit(X[Y < 2], Y[Y < 2]),
    "a class more": lambda cls: trained(cls, warm_start=True).fit(
        X, np.where(np.arange(len(Y)) < 5, 3, Y)
    ),
    "one row of a class": lambda cls: cls(early_stopping=True).fit(X, np.arange(len(Y)) == 0),
}
WARNINGS = {
    "too few epochs": lambda cls: trained(cls),
    "too few iterations": lambda cls: trained(cls, solver="lbfgs"),
    "too few evaluations": lambda cls: trained(cls, solver="lbfgs", max_iter=50, max_fun=4),
    "too large a batch": lambda cls: trained(cls, batch_size=1000, max_iter=500, tol=1.0),
    "a column": lambda cls: cls(max_iter=500, tol=1.0).fit(X, Y[:, None]),
}


def message_of(call, cls):
    """Return type and text of what a call raises, lists of classes left out, since
    scikit-learn's are of its own encoding.
    """
    with pytest.raises((ValueError, AttributeError)) as caught, np.errstate(all="ignore"):
        call(cls)
    return type(caught.value), re.sub(r" Classes with too few.*", "", str(caught.value))


def check_message(call, pair):
    ours, theirs = (message_of(call, cls) for cls in pair)
    assert issubclass(ours[0], theirs[0])
    assert theirs[1] in ours[1]


@pytest.mark.parametrize("call", ERRORS.values(), ids=ERRORS)
def test_errors_have_the_same_words(call, pair):
    check_message(call, pair)


@pytest.mark.parametrize("call", ERRORS_OF_CLASSIFIERS.values(), ids=ERRORS_OF_CLASSIFIERS)
def test_errors_of_classifiers_have_the_same_words(call):
    check_message(call, CLASSES["classifier"])


@pytest.mark.parametrize("call", WARNINGS.values(), ids=WARNINGS)
def test_warnings_have_the_same_words(call, pair):
    said = []
    for cls in pair:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call(cls)
        said.append(
            [(warning.category, re.sub(r"\d+", "#", str(warning.message))) for warning in caught]
        )
    assert len(said[0]) == len(said[1]) == 1
    (ours, text), (theirs, expected) = said[0] + said[1]
    assert ours is theirs
    assert expected in text


def test_the_reason_why_lbfgs_makes_no_steps():
    for cls in (*CLASSES["classifier"], MLPRegressor):
        with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as caught:
            cls(solver="lbfgs").partial_fit(X, Y)
        assert (
            str(caught.value.__cause__)
            == "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
        )


# ---- data at the margin


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"weight_init": "he_normal"},
        {"solver": "lbfgs"},
        {"early_stopping": True},
        {"batch_norm": True},
    ],
)
def test_one_class_is_always_predicted(setting):
    model = MLPClassifier(hidden_layer_sizes=(5,), max_iter=20, random_state=0, **setting)
    for _ in range(2):
        model.fit(X, np.full(len(X), "only"))
        assert_array_equal(
            model.predict(X),
            neural_network.MLPClassifier(max_iter=20).fit(X, np.full(len(X), "only")).predict(X),
        )
        assert_array_equal(model.predict_proba(X), np.ones((len(X), 1)))
        assert_array_equal(model.predict_log_proba(X), np.zeros((len(X), 1)))
        assert model.score(X, np.full(len(X), "only")) == 1.0


def test_early_stopping_of_fewer_held_out_rows_than_classes():
    """Ten classes, of which five are held out at most; one has a single row."""
    X, y = blobs(10, n=151, n_features=9)
    few = np.flatnonzero((y > 0) | (np.arange(151) == np.flatnonzero(y == 0)[0]))[:50]
    for cls in CLASSES["classifier"]:
        model = cls(early_stopping=True, max_iter=300, learning_rate_init=0.02, random_state=0).fit(
            X[few], y[few]
        )
        assert len(model.classes_) == 10
        assert model.t_ == 45 * model.n_iter_
        assert (
            model.score(X[few], y[few]) > 0.6
        )  # measured over five seeds: at least 0.78; a guess would be 0.14


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_have_one_order_by_probability_and_by_its_logarithm(dtype):
    """Also where several are as good as certain."""
    X, y = labels()
    model = MLPClassifier(hidden_layer_sizes=(), max_iter=1, dtype=dtype, random_state=0).fit(X, y)
    for size in (3.0, 30.0, 300.0):
        model.coefs_[0] = size * np.random.default_rng(0).normal(size=(6, 4))
        p, log_p = model.predict_proba(X), model.predict_log_proba(X)
        assert_array_equal(
            np.argsort(p, axis=1, kind="stable"), np.argsort(log_p, axis=1, kind="stable")
        )
        assert_array_equal(
            p == 1 - np.finfo(dtype).epsneg, log_p == np.log(1 - np.finfo(dtype).epsneg)
        )
    assert ((p > 0.999999).sum(axis=1) > 1).any()


def test_a_score_that_is_no_number_is_nan_and_never_the_best(pair):
    scores = [0.2, -np.inf, np.nan, np.inf, 0.1]
    X, y = curve() if pair[0] is MLPRegressor else blobs(3)
    model = pair[0](
        hidden_layer_sizes=(3,),
        early_stopping=True,
        scoring=lambda *_: scores.pop(0),
        max_iter=5,
        random_state=0,
    ).fit(X, y)
    assert np.isnan(model.validation_scores_).sum() == 3
    assert model.best_validation_score_ == 0.2
