"""Which rows early stopping holds out when a splitter says so, and how groups and validation
sets travel through scikit-learn's tools.
"""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedGroupKFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._fit.validation import split_rows

from .problems import blobs, curve
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
GROUPS = np.arange(150) // 10


def quick(cls, **setting):
    return cls(
        **{
            "hidden_layer_sizes": (6,),
            "learning_rate_init": 0.02,
            "max_iter": 5,
            "random_state": 0,
            "early_stopping": True,
            **setting,
        }
    )


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


class Watch:
    """A scorer that keeps the rows that it is given."""

    def __call__(self, estimator, X, y=None):
        self.X = np.asarray(X)
        return 0.5


def held_rows(cls, split, groups=None, weight=None):
    """Return the numbers of the rows that a fit holds out, and the model."""
    X, y = problem(cls)
    watch = Watch()
    model = quick(cls, validation_cv=split, scoring=watch).fit(X, y, weight, groups=groups)
    return [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in watch.X], model


# ---- who is held out


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    "split",
    [
        KFold(5, shuffle=True, random_state=1),
        ShuffleSplit(3, random_state=2),
        TimeSeriesSplit(3),
        PredefinedSplit(np.arange(150) % 7 - 1),
    ],
    ids=lambda split: type(split).__name__,
)
def test_a_splitter_says_which_rows(cls, split):
    train, test = next(iter(split.split(np.zeros(150))))
    held, model = held_rows(cls, split)
    assert_array_equal(held, np.sort(test))
    assert model.t_ == 5 * len(train)  # rows in neither part are not trained on


@pytest.mark.parametrize(("n_held_out", "stratified"), [(2, False), (3, True), (57, True)])
def test_a_split_is_stratified_where_each_part_has_a_row_for_each_class(n_held_out, stratified):
    """Of three classes, a third of the rows each, over seeds that draw other rows."""
    classes = np.repeat([0, 1, 2], 20)
    for seed in range(10):
        train, held_out = split_rows(np.arange(60), classes, n_held_out / 60, seed)
        assert_array_equal(np.sort([*train, *held_out]), np.arange(60))
        if stratified:
            assert_array_equal(np.bincount(classes[held_out], minlength=3), n_held_out // 3)
        else:
            assert len(held_out) == n_held_out


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_pairs_of_row_numbers_or_masks(cls):
    train, test = np.arange(100), np.arange(120, 140)
    expected = quick(cls, scoring="loss")
    X, y = problem(cls)
    expected.fit(
        X[train], y[train], X_val=X[test], **({} if cls is Autoencoder else {"y_val": y[test]})
    )
    for pair in (
        (train, test),
        (train[::-1], test.tolist()),
        (np.isin(np.arange(150), train), np.isin(np.arange(150), test)),
    ):
        held, model = held_rows(cls, [pair])
        assert_array_equal(held, test)
        assert model.t_ == 5 * 100
        model = quick(cls, scoring="loss", validation_cv=[pair, (test, train)]).fit(
            X, y
        )  # the first pair counts
        assert_array_equal(model.transform(X), expected.transform(X))
        assert model.validation_scores_ == expected.validation_scores_


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    "split",
    [GroupShuffleSplit(random_state=3), GroupKFold(5)],
    ids=lambda split: type(split).__name__,
)
def test_groups_stay_together(cls, split):
    held, _ = held_rows(cls, split, groups=GROUPS)
    assert 0 < len(held) < 150
    assert set(GROUPS[held]).isdisjoint(GROUPS[np.setdiff1d(np.arange(150), held)])
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        held_rows(cls, split)


def test_an_autoencoder_is_split_without_its_y():
    """Which it does not use, whatever it is."""
    X, y = blobs(3)
    first, second = (
        quick(Autoencoder, validation_cv=5).fit(X, other).predict(X) for other in (y, "anything")
    )
    assert_array_equal(first, second)


def test_splitters_see_the_labels():
    X, y = blobs(3)
    held, _ = held_rows(MLPClassifier, StratifiedGroupKFold(3), groups=GROUPS)
    assert set(y[held]) == {0, 1, 2}
    held, _ = held_rows(MLPClassifier, 5)  # stratified folds, as for any classifier
    assert_array_equal(np.bincount(y[held]), [10, 10, 10])
    names = np.array(["a", "b", "c"])
    assert quick(MLPClassifier, validation_cv=5).fit(X, names[y]).score(X, names[y]) > 0.3


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_rows_without_weight_are_in_neither_part(cls):
    weight = np.where(np.arange(150) % 3 == 0, 0.0, 1.0)
    held, model = held_rows(cls, [(np.arange(100), np.arange(100, 150))], weight=weight)
    assert_array_equal(held, [i for i in range(100, 150) if i % 3])
    assert model.t_ == 5 * sum(i % 3 != 0 for i in range(100))


def test_a_validation_set_comes_first():
    X, y = curve()
    watch = Watch()
    quick(MLPRegressor, validation_cv=5, scoring=watch).fit(X, y, X_val=X[:7], y_val=y[:7])
    assert len(watch.X) == 7


def test_without_early_stopping_nothing_is_held_out():
    X, y = curve()
    with pytest.warns(
        UserWarning, match="validation_cv=5 has no effect without early_stopping=True"
    ):
        assert quick(MLPRegressor, validation_cv=5, early_stopping=False).fit(X, y).t_ == 5 * 150
    with pytest.warns(UserWarning, match="early_stopping=True has no effect with solver='lbfgs'"):
        assert (
            quick(MLPRegressor, validation_cv=5, solver="lbfgs").fit(X, y).validation_scores_
            is None
        )


BAD_SPLITS = [
    ("half", "validation_cv"),
    (1, "validation_cv"),
    ([], "validation_cv=.* has no split"),
    (
        [([0.5], [1])],
        r"The train part of validation_cv must be row numbers from 0 to 149 or a mask, got "
        r"array\(\[0.5\]\)",
    ),
    (
        [([0, 1], [150])],
        r"The test part of validation_cv must be row numbers from 0 to 149 or a mask, got "
        r"array\(\[150\]\)",
    ),
    ([([0, 1], [-1])], "The test part of validation_cv must be row numbers from 0 to 149"),
    ([([0, 1], [True, False])], "The test part of validation_cv must be row numbers from 0 to 149"),
    ([([0, 1, 2], [2, 3])], "share 1 rows, such as 2"),
    ([([0, 1], [])], "The test part of validation_cv has no rows"),
    ([([3, 7, 7, 1], [9])], "The train part of validation_cv has the row 7 2 times.*sample_weight"),
    ([([1], [5, 2, 2])], "The test part of validation_cv has the row 2 2 times"),
    ((range(5), range(5, 9)), r"first element is none: .*validation_cv=\[\(train, test\)\]"),
    (np.arange(6), "must be pairs"),
]


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(("split", "message"), BAD_SPLITS, ids=str)
def test_bad_splits(cls, split, message):
    X, y = problem(cls)
    model = quick(cls, early_stopping=False).fit(X, y)
    before = state(model, X)
    model.set_params(validation_cv=split, early_stopping=True)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert_unchanged(before, state(model.set_params(validation_cv=None, early_stopping=False), X))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_groups_that_nobody_uses(cls):
    X, y = problem(cls)
    with pytest.raises(
        ValueError,
        match=r"groups was given, but validation_cv=None does not use it.*GroupShuffleSplit",
    ):
        quick(cls).fit(X, y, groups=GROUPS)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        quick(cls, validation_cv=GroupKFold(3)).fit(X, y, groups=GROUPS[:100])


# ---- through scikit-learn's tools


def test_a_split_is_a_parameter_like_any_other():
    X, y = curve()
    model = quick(MLPRegressor, validation_cv=ShuffleSplit(2, random_state=0))
    assert_array_equal(clone(model).fit(X, y).predict(X), model.fit(X, y).predict(X))
    search = GridSearchCV(
        model, {"validation_cv": [KFold(3), 5, None]}, cv=2, error_score="raise"
    ).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) > 1


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_groups_go_through_a_grid_search(in_pipeline):
    """To its splitter and to ours, cut to the rows of each fold."""
    X, y = curve()
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick(
            MLPRegressor, validation_cv=GroupShuffleSplit(random_state=0)
        ).set_fit_request(groups=True)
        name = "alpha"
        if in_pipeline:
            model, name = Pipeline([("scale", StandardScaler()), ("mlp", model)]), "mlp__alpha"
        search = GridSearchCV(model, {name: [0.1, 1.0]}, cv=GroupKFold(3), error_score="raise").fit(
            X, y, groups=GROUPS
        )
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        expected = clone(model).set_params(**search.best_params_).fit(X, y, groups=GROUPS)
        assert_array_equal(search.predict(X), expected.predict(X))
        result = cross_validate(
            model, X, y, cv=GroupKFold(3), params={"groups": GROUPS}, return_estimator=True
        )
        train, _ = next(iter(GroupKFold(3).split(X, y, GROUPS)))
        expected = clone(model).fit(X[train], y[train], groups=GROUPS[train])
        assert_array_equal(result["estimator"][0].predict(X), expected.predict(X))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_validation_set_goes_through_a_pipeline_with_its_weights(cls, rng):
    """``transform_input`` scales X_val as X."""
    X, y = (np.asarray(array) for array in problem(cls))
    X = 1000.0 * X + 5000.0
    weight = rng.uniform(0.5, 2.0, 50)
    names = (
        ["X_val", "sample_weight_val"]
        if cls is Autoencoder
        else ["X_val", "y_val", "sample_weight_val"]
    )
    held = {"X_val": X[100:], "y_val": y[100:], "sample_weight_val": weight}
    held = {name: held[name] for name in names}
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick(cls, scoring="loss", max_iter=20).set_fit_request(
            **dict.fromkeys(names, True)
        )
        pipe = Pipeline([("scale", StandardScaler()), ("mlp", model)], transform_input=["X_val"])
        pipe.fit(X[:100], y[:100], **held)
        scale = StandardScaler().fit(X[:100])
        alone = clone(model).fit(
            scale.transform(X[:100]), y[:100], **{**held, "X_val": scale.transform(X[100:])}
        )
        assert_array_equal(pipe.predict(X), alone.predict(scale.transform(X)))
        assert pipe["mlp"].validation_scores_ == alone.validation_scores_
        without = clone(model).fit(
            scale.transform(X[:100]),
            y[:100],
            **{**held, "X_val": scale.transform(X[100:]), "sample_weight_val": None},
        )
        assert without.validation_scores_ != alone.validation_scores_


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_validation_set_goes_through_a_grid_search_of_a_pipeline(cls, rng):
    X, y = (np.asarray(array) for array in problem(cls))
    weight = rng.uniform(0.5, 2.0, 50)
    held = {"X_val": X[100:], "sample_weight_val": weight} | (
        {} if cls is Autoencoder else {"y_val": y[100:]}
    )
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick(cls, scoring="loss").set_fit_request(**dict.fromkeys(held, True))
        pipe = Pipeline([("scale", StandardScaler()), ("mlp", model)], transform_input=["X_val"])
        grid = {"mlp__alpha": [0.1, 10.0], "mlp__solver": ["adam", "sgd"]}
        search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(X[:100], y[:100], **held)
        best = search.best_estimator_
        expected = clone(pipe).set_params(**search.best_params_).fit(X[:100], y[:100], **held)
        assert_array_equal(best.predict(X), expected.predict(X))
        assert best["mlp"].validation_scores_ == expected["mlp"].validation_scores_
        assert len(best["mlp"].validation_scores_) == best["mlp"].n_iter_
