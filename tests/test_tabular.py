"""The estimators for tables: what they take, how members come together, and how a fit ends."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import GridSearchCV

from skmlp import TabularMLPClassifier, TabularMLPRegressor
from skmlp._tabular.calibration import sharpness
from skmlp._tabular.folds import splits
from skmlp._tabular.intervals import error_quantiles, kept

from .tables import mixed

QUICK = {
    "n_estimators": 3,
    "hidden_layer_sizes": (16,),
    "max_iter": 15,
    "random_state": 0,
}
BOTH = pytest.mark.parametrize("cls", [TabularMLPClassifier, TabularMLPRegressor])


def quick(cls=TabularMLPClassifier, **setting):
    return cls(**{**QUICK, **setting})


def said(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


# ---- what goes in


@pytest.mark.parametrize("form", ["pandas", "polars", "array"])
def test_a_table_goes_in_as_it_is(form):
    X, y = mixed(400, 3)
    given = X
    if form == "polars":
        pl = pytest.importorskip("polars")
        given = pl.from_pandas(X.reset_index(drop=True))
    elif form == "array":
        given = X.astype(object).to_numpy()
    labels = np.array(["low", "mid", "high"], dtype=object)[y]
    model = quick(max_iter=40).fit(given[:300], labels[:300])
    assert model.score(given[300:], labels[300:]) > 0.75  # the commonest label: 0.37
    assert_array_equal(model.classes_, ["high", "low", "mid"])
    assert model.classes_.dtype == "<U4"  # as of scikit-learn's MLPClassifier
    assert_allclose(model.predict_proba(given[300:]).sum(axis=1), 1.0)


def test_columns_that_say_nothing_do_no_harm(rng):
    """A constant, a column of nothing but holes, a name for each row, and numbers that lie far
    out.
    """
    X, y = mixed(400)
    X = X.assign(
        same=7,
        nothing=np.nan,
        name=[f"row {k}" for k in range(len(X))],
        far=rng.standard_cauchy(400),
    )
    X.loc[X.index[:3], "far"] = 1e30
    plain = quick(max_iter=40).fit(X.iloc[:300, :5], y[:300]).score(X.iloc[300:, :5], y[300:])
    model = quick(max_iter=40).fit(X[:300], y[:300])
    assert model.score(X[300:], y[300:]) > plain - 0.05
    new = X[300:].assign(name="somebody else", same=8, nothing=1.0)
    assert np.isfinite(model.predict_proba(new)).all()


@BOTH
def test_dates_are_refused_by_name(cls):
    X, y = mixed(50)
    with pytest.raises(ValueError, match="'day'"):
        quick(cls).fit(X.assign(day=pd.Timestamp("2024-01-01")), y)


@pytest.mark.parametrize("size", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_the_size_of_y_changes_nothing(size):
    X, y = mixed(200, 5)
    model = quick(TabularMLPRegressor)
    reference = clone(model).fit(X, y.astype(float)).predict(X)
    predictions = model.fit(X, size * y + 3.0 * size).predict(X)
    explained = 1.0 - np.mean(np.square(y - reference)) / np.var(y)
    assert abs(model.score(X, size * y + 3.0 * size) - explained) < 1e-3
    assert_allclose(predictions / size - 3.0, reference, rtol=1e-4, atol=1e-4)


@BOTH
def test_one_number_is_the_weight_of_each_row(cls):
    X, y = mixed(200)
    model = quick(cls).fit(X, y, sample_weight=2.0)
    assert model.score(X, y, sample_weight=2.0) == model.score(X, y)


def test_no_prediction_lies_outside_of_the_range_of_y():
    X, y = mixed(200)
    model = quick(TabularMLPRegressor).fit(X, y)
    predictions = model.predict(X)
    assert predictions.min() >= 0.0
    assert predictions.max() <= 1.0


def test_several_outputs_are_learned_at_once():
    X, y = mixed(300, 4)
    Y = np.column_stack([y, -2.0 * y])
    model = quick(TabularMLPRegressor, max_iter=40).fit(X, Y)
    assert model.score(X, Y) > 0.5
    with pytest.raises(ValueError, match="n_outputs=2"):
        model.predict(X, quantiles=0.5)


@pytest.mark.parametrize("n", [2, 3, 4, 6, 11])
@BOTH
def test_few_rows_are_enough(cls, n):
    X, _ = mixed(200)
    y = np.arange(n) % 2
    model = quick(cls).fit(X[:n], y)
    assert np.isfinite(said(model, X)).all()


@BOTH
def test_rows_of_weight_zero_are_left_out(cls):
    X, y = mixed(200)
    weight = np.ones(200)
    weight[::3] = 0.0
    model = quick(cls)
    without = clone(model).fit(X[weight > 0.0], y[weight > 0.0], np.ones((weight > 0.0).sum()))
    assert_allclose(said(model.fit(X, y, weight), X), said(without, X), rtol=1e-5, atol=1e-6)


def test_class_weight_is_a_weight_of_rows():
    X, y = mixed(300)
    labels = np.array(["no", "yes"])[y]
    plain = quick().fit(X, labels).predict(X)
    weighted = quick(class_weight={"no": 1.0, "yes": 5.0}).fit(X, labels)
    rows = quick().fit(X, labels, np.where(y == 1, 5.0, 1.0))
    assert_array_equal(weighted.predict_proba(X), rows.predict_proba(X))
    assert (weighted.predict(X) == "yes").mean() > (plain == "yes").mean()


def test_several_labels_are_refused_with_a_remedy():
    X, y = mixed(50)
    with pytest.raises(ValueError, match="MLPClassifier for several labels"):
        quick().fit(X, np.column_stack([y, 1 - y]))


# ---- members


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(4, 200), st.integers(1, 4), st.integers(0, 9))
def test_each_row_is_held_out_by_one_member(n_members, n, n_classes, seed):
    rng = np.random.RandomState(seed)
    rows, strata = 10 * np.arange(n), np.sort(rng.randint(n_classes, size=n))
    pairs = splits(n_members, rows, strata, rng)
    assert len(pairs) == n_members
    for train, held_out in pairs:
        assert_array_equal(np.sort(np.concatenate([train, held_out])), rows)
        assert len(held_out) >= 2
        shares = np.bincount(strata[np.isin(rows, held_out)], minlength=n_classes)
        counts = np.bincount(strata, minlength=n_classes)
        assert np.abs(shares - counts * len(held_out) / n).max() < 2.0
    if 5 <= n_members <= n // 2:
        assert_array_equal(np.sort(np.concatenate([held_out for _, held_out in pairs])), rows)


@BOTH
def test_a_prediction_is_the_mean_of_what_members_say_of_the_table(cls):
    X, y = mixed(300, 3)
    model = quick(cls).fit(X, y)
    if cls is TabularMLPRegressor:
        parts = [np.clip(member.predict(X), y.min(), y.max()) for member in model.estimators_]
    else:
        scores = [member.decision_function(X) for member in model.estimators_]
        mean = softmax(np.mean(model.sharpness_[:, None, None] * scores, axis=0), axis=1)
        assert_allclose(model.predict_log_proba(X), np.log(mean), rtol=1e-5, atol=1e-5)
        parts = [mean]
    assert_allclose(said(model, X), np.mean(parts, axis=0), rtol=1e-5, atol=1e-6)


@BOTH
def test_threads_change_no_bit(cls):
    X, y = mixed(300)
    one, two = (quick(cls, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    assert_array_equal(said(one, X), said(two, X))


def test_members_differ_in_seed_and_in_rows():
    X, y = mixed(300)
    members = quick().fit(X, y).estimators_
    assert len({member.random_state for member in members}) == len(members)
    first, second = (member.predict_proba(X) for member in members[:2])
    assert np.abs(first - second).max() > 0.01


def test_member_params_change_a_part():
    X, y = mixed(100)
    model = quick(member_params={"activation": "relu", "batch_norm": True}).fit(X, y)
    assert {member.activation for member in model.estimators_} == {"relu"}
    assert model.make_estimator().batch_norm is True
    with pytest.raises(ValueError, match="'hiden'"):
        quick(member_params={"hiden": 3}).fit(X, y)


def test_member_params_of_one_ensemble_are_not_those_of_another():
    """Also where they reach into a unit of the recipe."""
    before = TabularMLPRegressor().make_estimator().numeric_embedding.rate
    params = {"numeric_embedding__rate": 9.0, "learning_rate_scaling__bias": 0.5}
    changed = TabularMLPRegressor(member_params=params).make_estimator()
    assert changed.numeric_embedding.rate == 9.0
    plain = TabularMLPRegressor().make_estimator()
    assert plain.numeric_embedding.rate == before
    assert plain.learning_rate_scaling.bias != 0.5


def test_members_know_the_labels():
    X, y = mixed(300)
    labels = np.array(["no", "yes"])[y]
    model = quick().fit(X, labels)
    mean = model.sharpness_ @ [member.decision_function(X) for member in model.estimators_]
    assert_allclose(model.decision_function(X), mean / len(model.estimators_), rtol=1e-5)
    for member in model.estimators_:
        assert member.score(X, labels) > 0.7  # the commoner label: 0.5


@pytest.mark.parametrize(
    ("cls", "scoring"), [(TabularMLPClassifier, "roc_auc"), (TabularMLPRegressor, "r2")]
)
def test_members_may_be_judged_by_a_scorer(cls, scoring):
    """It gets the table: the best epoch is that whose network it likes best on the rows that a
    member holds out, as other members are judged by their own score.
    """
    X, y = mixed(300)
    model = quick(cls, member_params={"scoring": scoring}).fit(X, y.astype(float))
    scores = model.history_["validation_score"]
    for k, member in enumerate(model.estimators_):
        assert member.best_validation_score_ == scores[k].max()
        assert 0.5 < member.best_validation_score_ <= 1.0


def test_categories_and_bins_need_more_rows_in_larger_tables():
    """Of a column with 16 categories each in a hundredth of the rows, 100 rows train no vectors,
    and 1000 train all.
    """
    for n, n_known in ((100, 0), (1000, 16)):
        x = np.arange(n) % 100
        X = pd.DataFrame({"k": np.where(x < 16, x, 99).astype(str), "x": x / 100})
        model = quick(max_iter=1, n_estimators=1).fit(X, x % 2)
        (member,) = model.estimators_
        assert len(member.embeddings_["k"]) == n_known + 1
        assert member.min_frequency == member._codec.min_frequency
    few, many = (
        TabularMLPClassifier().make_estimator(n, 0).numeric_embedding.n_bins for n in (500, 5000)
    )
    assert few < many


@pytest.mark.parametrize(
    "name", ["random_state", "early_stopping", "class_weight", "validation_fraction", "verbose"]
)
@BOTH
def test_what_the_ensemble_sets_is_refused_for_members(cls, name):
    X, y = mixed(50)
    with pytest.raises(ValueError, match=rf"member_params has \['{name}'\]"):
        quick(cls, member_params={name: 1}).fit(X, y)


def test_history_and_importances_are_those_of_the_members():
    X, y = mixed(300)
    model = quick().fit(X, y)
    assert_array_equal(model.history_.loc[1]["loss"], model.estimators_[1].history_["loss"])
    assert model.n_iter_ == 15
    mean = np.mean([member.feature_importances_ for member in model.estimators_], axis=0)
    assert_array_equal(model.feature_importances_, mean)
    assert model.feature_importances_.sum() == pytest.approx(1.0)


# ---- probabilities and quantiles


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_sharpness_is_that_of_the_labels(factor):
    """Labels are drawn from the probabilities that a factor of the scores gives them."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0.0, 2.0, (20_000, 4))
    p = softmax(factor * scores, axis=1)
    labels = (p.cumsum(axis=1) < rng.random(20_000)[:, None]).sum(axis=1)
    assert sharpness([(scores, labels, np.ones(20_000))]) == pytest.approx(factor, rel=0.03)
    binary = scores[:, 1:2] - scores[:, :1]
    two = labels < 2
    one = binary[two], labels[two], np.ones(two.sum())
    assert sharpness([one]) == pytest.approx(factor, rel=0.05)


def test_each_member_has_a_sharpness_of_its_own_where_it_held_out_enough_rows():
    rng = np.random.default_rng(0)

    def drawn(n, factor):
        """Scores, and labels by the probabilities that a factor of them gives."""
        scores = rng.normal(0.0, 2.0, (n, 1))
        labels = (rng.random(n) < expit(factor * scores[:, 0])).astype(int)
        return scores, labels, np.ones(n)

    many = sharpness([drawn(20_000, 0.5), drawn(20_000, 2.0)])
    assert many[1] / many[0] == pytest.approx(4.0, rel=0.1)
    # two rows that are right say nothing, however sure one could be of them
    scores, labels = np.array([[-1.0], [1.0]]), np.array([0, 1])
    common, few = sharpness([drawn(20_000, 1.0), (scores, labels, np.ones(2))])
    assert few == pytest.approx(common, rel=0.15)


def test_quantiles_cover_what_they_say(rng):
    """Also where errors are larger for larger predictions."""
    x = rng.uniform(0.0, 3.0, 3000)
    y = 2.0 * x + (0.1 + x) * rng.normal(size=3000)
    X = x[:, None]
    model = quick(TabularMLPRegressor, n_estimators=5, max_iter=20).fit(X[:1500], y[:1500])
    levels = (0.9, 0.05, 0.5)
    bounds = model.predict(X[1500:], quantiles=levels)
    for k, level in enumerate(levels):
        assert np.mean(y[1500:] <= bounds[:, k]) == pytest.approx(level, abs=0.04)
    small = x[1500:] < 1.0
    inside = (y[1500:] > bounds[:, 1]) & (y[1500:] <= bounds[:, 0])
    assert inside[small].mean() == pytest.approx(0.85, abs=0.08)
    assert inside[~small].mean() == pytest.approx(0.85, abs=0.08)
    assert_array_equal(model.predict(X, quantiles=0.9), model.predict(X, quantiles=[0.9])[:, 0])


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 99), st.floats(0.02, 0.98), st.integers(0, 99))
def test_a_quantile_of_few_errors_counts_the_new_row(n, level, seed):
    """Of n + 1 exchangeable errors the new one is not above the quantile with probability ``level``
    at least, if that is above one half, else at most.
    """
    errors = np.random.default_rng(seed).permutation(n).astype(float)
    of_rows = kept(np.zeros(n), errors, np.ones(n), None)
    quantile = error_quantiles(*of_rows, np.array([level]), np.zeros(1))[0, 0]
    share = (quantile + 1.0) / (n + 1)
    if level > 0.5:
        assert share >= min(level, n / (n + 1)) - 1e-12
    else:
        assert share <= max(level, 1.0 / (n + 1)) + 1e-12


@pytest.mark.parametrize("quantiles", [0.0, 1.0, [0.5, 2.0], [[0.5]], []])
def test_levels_that_are_none_are_refused(quantiles):
    X, y = mixed(100)
    model = quick(TabularMLPRegressor).fit(X, y)
    with pytest.raises(ValueError, match="quantiles must be"):
        model.predict(X, quantiles=quantiles)


# ---- in scikit-learn's tools


def test_searches_bags_and_calibration_take_them():
    X, y = mixed(200)
    search = GridSearchCV(quick(), {"dropout": [0.0, 0.2]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.5
    bag = BaggingRegressor(quick(TabularMLPRegressor), 2, random_state=0)
    numbers = X[["age"]].to_numpy()
    assert bag.fit(numbers, y).predict(numbers).shape == (200,)
    calibrated = CalibratedClassifierCV(quick(), cv=2).fit(X, y)
    assert calibrated.predict_proba(X).shape == (200, 2)


@BOTH
def test_a_pickle_says_the_same(cls):
    X, y = mixed(200)
    model = quick(cls).fit(X, y)
    assert_array_equal(said(pickle.loads(pickle.dumps(model)), X), said(model, X))


def test_a_column_in_another_place_is_refused():
    X, y = mixed(100)
    model = quick().fit(X, y)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[X.columns[::-1]])
