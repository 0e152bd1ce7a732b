"""Dates, times and durations: refused by name wherever numbers or categories are wanted."""

import datetime

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skmlp import (
    Autoencoder,
    AutoencoderImputer,
    MLPClassifier,
    MLPRegressor,
    OutlierAutoencoder,
    learning_rate_range,
)

from .snapshots import assert_unchanged, state

try:
    import polars as pl
except ImportError:
    pl = None

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N = 12
DAYS = pd.date_range("2020-01-01", periods=N)
TIMES = {
    "datetime64": DAYS,
    "with a zone": DAYS.tz_localize("UTC"),
    "timedelta64": DAYS - DAYS[0],
    "period": DAYS.to_period("D"),
    "date": pd.Series(DAYS.date, dtype=object),
    "Timestamp": pd.Series(list(DAYS), dtype=object),
    "numpy in objects": pd.Series(list(DAYS.to_numpy()), dtype=object),
    "time": pd.Series([datetime.time(k) for k in range(N)], dtype=object),
    "timedelta": pd.Series([datetime.timedelta(k) for k in range(N)], dtype=object),
    "Period": pd.Series(list(DAYS.to_period("D")), dtype=object),
    "among missing": pd.Series([None, *DAYS.date[1:]], dtype=object),
    "among strings": pd.Series(["a", *DAYS.date[1:]], dtype=object),
    "among numbers": pd.Series([1.5, *DAYS.date[1:]], dtype=object),
    "categories": pd.Categorical(DAYS),
    "categories of objects": pd.Categorical(list(DAYS.date)),
    "intervals": pd.cut(DAYS, 3),
}
if pl:
    TIMES |= {
        "Date": pl.Series(list(DAYS.date)),
        "Datetime": pl.Series(list(DAYS.to_pydatetime())),
        "Duration": pl.Series([datetime.timedelta(k) for k in range(N)]),
        "Time": pl.Series([datetime.time(k) for k in range(N)]),
    }
each_time = pytest.mark.parametrize("values", TIMES.values(), ids=TIMES)
NUMBERS = np.random.default_rng(0).normal(size=(N, 2))
LABELS = np.arange(N) % 2


def frame(values):
    if pl and isinstance(values, pl.Series):
        return pl.DataFrame({"x": NUMBERS[:, 0], "day": values})
    return pd.DataFrame({"x": NUMBERS[:, 0]}).assign(day=values)


@each_time
def test_columns(values):
    for cls, columns in (
        (MLPClassifier, "from_dtype"),
        (Autoencoder, ["day"]),
        (MLPRegressor, None),
    ):
        model = cls(categorical_features=columns, max_iter=1)
        with pytest.raises(
            ValueError,
            match=r"column 'day' of X holds .*; turn it into numbers, such as days since a date",
        ):
            model.fit(frame(values), LABELS)
        assert not hasattr(model, "n_features_in_")


@each_time
def test_columns_of_what_is_predicted(values):
    words = pd.DataFrame({"x": NUMBERS[:, 0], "day": ["mon", "tue"] * (N // 2)})
    model = MLPClassifier(categorical_features=["day"], max_iter=1).fit(words, LABELS)
    for call in (
        model.predict,
        lambda X: model.partial_fit(X, LABELS),
        lambda X: model.fit(words, LABELS, X_val=X, y_val=LABELS),
    ):
        with pytest.raises(ValueError, match="column 'day' of X holds"):
            call(frame(values))


@pytest.mark.parametrize(
    "estimator",
    [OutlierAutoencoder(), AutoencoderImputer(), OutlierAutoencoder(Autoencoder(1))],
    ids=str,
)
def test_columns_of_what_is_around_an_autoencoder(estimator):
    for name in {"datetime64", "date", "Date"} & set(TIMES):
        with pytest.raises(ValueError, match="column 'day' of X holds"):
            clone(estimator).fit(frame(TIMES[name]))


def test_arrays_and_frames_of_nothing_else():
    days = pd.DataFrame({"from": DAYS, "until": DAYS})
    for X, name in (
        (days, "'from'"),
        (days.to_numpy(), "0"),
        (days.assign(x=1.0).to_numpy(object), "0"),
        *([(pl.from_pandas(days), "'from'")] if pl else []),
    ):
        for model in (MLPClassifier(), MLPClassifier(categorical_features="from_dtype")):
            with pytest.raises(ValueError, match=f"column {name} of X holds"):
                model.fit(X, LABELS)


@each_time
def test_lists_of_rows(values):
    rows = [[1.0, value] for value in values]
    for call in (
        lambda: MLPRegressor().fit(rows, LABELS),
        lambda: Autoencoder(1).fit(rows),
        lambda: MLPRegressor(max_iter=1).fit(NUMBERS, LABELS).predict(rows),
        lambda: learning_rate_range(MLPRegressor(), rows, LABELS),
        lambda: learning_rate_range(MLPRegressor(), frame(values), LABELS),
    ):
        with pytest.raises(ValueError, match=r"The column .* of X holds .*; turn it into numbers"):
            call()


@each_time
def test_targets_of_a_regressor(values):
    y = values if pl and isinstance(values, pl.Series) else pd.Series(values)
    model = MLPRegressor(max_iter=1, random_state=0).fit(NUMBERS, NUMBERS[:, 0])
    before = state(model, NUMBERS)
    for call in (
        lambda: model.fit(NUMBERS, y),
        lambda: model.partial_fit(NUMBERS, y),
        lambda: model.score(NUMBERS, y),
        lambda: model.fit(NUMBERS, NUMBERS[:, 0], X_val=NUMBERS, y_val=y),
        lambda: model.fit(NUMBERS, y.to_list()),
    ):
        with pytest.raises(ValueError, match=r"^y holds .*; turn it into numbers"):
            call()
    assert_unchanged(before, state(model, NUMBERS))
    with pytest.raises(ValueError, match="column 'day' of y holds"):
        model.fit(NUMBERS, frame(values))


def test_labels_of_a_classifier_are_scikit_learns():
    """Which takes datetime64 and no objects."""
    model = MLPClassifier(max_iter=1).fit(NUMBERS, DAYS[LABELS])
    assert set(model.predict(NUMBERS)) <= set(DAYS[:2].to_numpy())
    with pytest.raises(ValueError, match="Unknown label type"):
        MLPClassifier().fit(NUMBERS, DAYS.date[LABELS])


def test_what_is_no_time():
    """Missing values of any dtype, and bins of numbers, stay categories."""
    X = pd.DataFrame(
        {"x": NUMBERS[:, 0], "bin": pd.cut(NUMBERS[:, 1], 3), "kind": ["a", "b"] * (N // 2)}
    )
    model = MLPClassifier(categorical_features="from_dtype", max_iter=1, random_state=0).fit(
        X, LABELS
    )
    assert list(model.embeddings_["bin"].index) == list(X["bin"].cat.categories)
    missing = [
        model.predict_proba(X.assign(kind=pd.Series(np.nan, X.index).astype(dtype)))
        for dtype in (float, "datetime64[ns]")
    ]
    np.testing.assert_array_equal(*missing)


@pytest.mark.parametrize(
    "value", [[1], {"a": 1}, {1}, np.ones(2)], ids=["list", "dict", "set", "array"]
)
@pytest.mark.parametrize("categorical_features", ["from_dtype", None], ids=str)
def test_values_that_are_neither(categorical_features, value):
    X = frame(pd.Series([value] * N, dtype=object))
    with pytest.raises(
        TypeError,
        match=r"column 'day' of X holds values of type \w+, but .* must be a string or a number",
    ):
        MLPClassifier(categorical_features=categorical_features).fit(X, LABELS)


def test_intervals_and_complex_numbers_are_named():
    for values, message in (
        (pd.interval_range(0, N), r"interval\[int64, right\]; .* their middles"),
        (1j * np.arange(N), "complex128"),
    ):
        with pytest.raises(ValueError, match=f"column 'day' of X holds {message}"):
            MLPClassifier(categorical_features="from_dtype").fit(frame(values), LABELS)
