"""Losses by column of an autoencoder: what the user says, what the values say, and what comes of
it.
"""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import xlogy
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmlp import Autoencoder, MLPRegressor
from skmlp.nn.losses import (
    BinaryLogLoss,
    ColumnLosses,
    GaussianNLL,
    Hinge,
    Huber,
    LogLoss,
    SquaredError,
)

from . import skops_files
from .problems import digits
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAMES = ["height", "smoker", "red", "green", "blue", "weight"]
BY_NAME = [
    ("squared_error", ["height", "weight"]),
    ("binary_log_loss", "smoker"),
    ("log_loss", ["red", "green", "blue"]),
]
BY_NUMBER = [("squared_error", [0, 5]), ("binary_log_loss", 1), ("log_loss", slice(2, 5))]


def quick(n_components=2, **setting):
    return Autoencoder(
        n_components,
        **{
            "hidden_layer_sizes": (8,),
            "learning_rate_init": 0.02,
            "max_iter": 20,
            "random_state": 0,
            **setting,
        },
    )


def table(n=200, seed=0):
    """Return rows of two numbers, a yes/no and one of three classes, all from one hidden number,
    as a frame.
    """
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    group = np.clip(np.round(z + 0.3 * rng.normal(size=n)) + 1, 0, 2).astype(int)
    columns = [
        z + 0.1 * rng.normal(size=n),
        z + 0.3 * rng.normal(size=n) > 0.5,
        *np.eye(3)[group].T,
        0.2 * rng.normal(size=n) - z,
    ]
    return pd.DataFrame(np.column_stack(columns).astype(float), columns=NAMES)


def found(model):
    """Return the losses by column as (class, list of columns)."""
    return [(type(loss), list(columns)) for loss, columns in model.loss_by_column_]


EXPECTED = [(SquaredError, [0, 5]), (BinaryLogLoss, [1]), (LogLoss, [2, 3, 4])]


# ---- as the user says


def test_every_way_to_name_columns():
    X = table()
    mask = np.isin(NAMES, ["height", "weight"])
    ways = [
        BY_NAME,
        BY_NUMBER,
        [("squared_error", mask), ("binary_log_loss", [-5]), ("log_loss", np.array([2, 3, 4]))],
        [
            ("squared_error", make_column_selector("height|weight")(X)),
            (BinaryLogLoss(), np.int64(1)),
            (LogLoss(), ["red", 3, "blue"]),
        ],
    ]
    for way in ways:
        model = quick(loss=way).fit(X)
        assert sorted(found(model), key=lambda piece: piece[1]) == sorted(
            EXPECTED, key=lambda piece: piece[1]
        )
        assert_array_equal(model.predict(X), quick(loss=BY_NAME).fit(X).predict(X))
    again = quick(loss=model.loss_by_column_).fit(X)
    assert_array_equal(again.predict(X), model.predict(X))
    assert_array_equal(quick(loss=model._network.loss).fit(X).predict(X), model.predict(X))


@pytest.mark.parametrize("loss", [BY_NAME, "auto"], ids=["given", "auto"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_predictions_are_probabilities_and_scores_are_losses(loss, solver):
    X = table()
    model = quick(1, loss=loss, solver=solver, max_iter=50).fit(X)
    P, values = model.predict(X), X.to_numpy()
    assert ((P[:, 1:5] > 0) & (P[:, 1:5] < 1)).all()
    assert_allclose(P[:, 2:5].sum(axis=1), 1, rtol=1e-6)
    assert_allclose(model.inverse_transform(model.transform(X)), P, rtol=1e-5, atol=1e-6)
    errors = model.feature_errors(X)
    assert_allclose(errors[:, [0, 5]], 0.5 * (P - values)[:, [0, 5]] ** 2, rtol=1e-3, atol=1e-5)
    assert_allclose(errors[:, 1].mean(), log_loss(values[:, 1], P[:, 1].astype(float)), rtol=1e-4)
    group = P[:, 2:5].astype(float)
    assert_allclose(
        errors[:, 2:5].sum(axis=1).mean(),
        log_loss(values[:, 2:5].argmax(axis=1), group / group.sum(axis=1)[:, None]),
        rtol=1e-4,
    )
    assert_allclose(errors[:, 2:5], -xlogy(values[:, 2:5], group), rtol=1e-3, atol=1e-5)
    assert_allclose(errors.sum(axis=1), -model.score_samples(X), rtol=1e-5)
    assert_allclose(model.score(X), model.score_samples(X).mean(), rtol=1e-6)


def test_a_linear_output_starts_at_the_best_constants():
    X = table().to_numpy()
    model = quick(loss=BY_NUMBER, weight_init="zeros", max_iter=1, learning_rate_init=1e-12).fit(X)
    assert_allclose(model.predict(X)[0], X.mean(axis=0), rtol=1e-5)


def test_the_right_losses_tell_categories_better_than_squared_error():
    X, new = table(400), table(400, seed=1).to_numpy()
    scores = {}
    for loss in ("squared_error", "auto"):
        model = quick(1, loss=loss, max_iter=150, learning_rate="one_cycle").fit(X.to_numpy())
        P = np.clip(model.predict(new).astype(float), 1e-3, 1 - 1e-3)
        scores[loss] = log_loss(new[:, 1], P[:, 1])
    assert scores["auto"] < 0.9 * scores["squared_error"]


WRONG = [
    ([("squared_error", [0, 5]), ("log_loss", [2, 3, 4])], r"no loss for the columns \['smoker'\]"),
    ([*BY_NAME, ("huber", "red")], r"names column 'red' 2 times, with LogLoss\(\) and Huber\(\)"),
    ([("squared_error", [0, 6])], r"has the column 6, but X has 6 columns, 0 to 5"),
    ([("squared_error", "heigth")], r"has a column 'heigth', but X has the columns \['height'"),
    ([("squared_error", [])], "has no columns; leave it out"),
    (
        [("squared_error", [True, False])],
        "give numbers, names, a slice of numbers, or a mask with 6 entries",
    ),
    ([("squared_error", 1.5)], "give numbers, names, a slice of numbers, or a mask with 6 entries"),
    (["squared_error"], r"must be a pair \(loss, columns\)"),
    (
        [("squared_eror", [0])],
        "loss='squared_eror' is no loss of columns; known are .*'squared_error'",
    ),
    ([(None, [0])], "A loss must be one of .* a function or an instance, got None"),
    ([(Hinge(), [0])], "is for .* targets, but these are numbers"),
    ([(GaussianNLL(), [0])], "predicts 2 numbers for each target"),
    ([(Huber(-1.0), [0])], "delta must be"),
    (Hinge(), "is for .* targets, but these are numbers"),
    ("squared_eror", "loss"),
    (
        [("log_loss", [0, 1, 2, 3, 4, 5])],
        r"X has the value -\d.* in column 'height', but loss=LogLoss\(\) needs values in \[0, 1\]",
    ),
    (
        [("squared_error", [0, 5]), ("log_loss", [1, 2, 3, 4])],
        r"X has the sum 2 in row \d+ over column 'smoker' to column 'blue'",
    ),
    ("binary_log_loss", r"X has the value -\d.* in column '\w+eight', but loss=BinaryLogLoss\(\)"),
]


@pytest.mark.parametrize(("loss", "message"), WRONG, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize("warm", [False, True])
def test_what_is_wrong_is_said_before_anything_changes(loss, message, warm):
    X = table()
    model = quick(warm_start=warm, loss=BY_NAME, max_iter=2).fit(X)
    before = state(model, X)
    with pytest.raises(ValueError, match=message):
        model.set_params(loss=loss).fit(X)
    assert_unchanged(before, state(model.set_params(loss=BY_NAME), X))


def test_names_need_names():
    with pytest.raises(ValueError, match="has a column 'height', but X has no column names"):
        quick(loss=BY_NAME).fit(table().to_numpy())


def test_clones_pickles_prints_and_searches():
    X = table()
    model = quick(loss=[(Huber(0.5), ["height", "weight"]), *BY_NAME[1:]]).fit(X)
    assert_array_equal(clone(model).fit(X).predict(X), model.predict(X))
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert_array_equal(skops_files.load(skops_files.save(model)).predict(X), model.predict(X))
    assert "Huber(delta=0.5)" in repr(model)
    search = GridSearchCV(
        quick(max_iter=2), {"loss": ["squared_error", "auto", BY_NAME]}, cv=2
    ).fit(X)
    assert len(set(search.cv_results_["mean_test_score"])) == 2


# ---- as the values say


def test_auto_finds_the_kinds():
    X = table()
    assert found(quick(loss="auto").fit(X)) == EXPECTED
    for form in (sparse.csr_array, sparse.csc_matrix):
        model = quick(loss="auto", dtype="float64").fit(form(X.to_numpy()))
        assert found(model) == EXPECTED
        assert_allclose(
            model.score(X.to_numpy()),
            quick(loss="auto", dtype="float64").fit(X.to_numpy()).score(X.to_numpy()),
            rtol=1e-6,
        )


def columns_of(*parts):
    return np.column_stack([np.asarray(part, dtype=float) for part in parts])


RNG = np.random.default_rng(0)
ONE_HOT = np.eye(3)[np.r_[0, 1, 2, RNG.integers(0, 3, 97)]]
TWO = np.eye(2)[np.r_[0, 1, RNG.integers(0, 2, 98)]]
YES = np.r_[1, 0, 1, 0, RNG.integers(0, 2, 96)]
NONE, ALL, NUMBER = np.zeros(100), np.ones(100), RNG.normal(size=100)
KINDS = {
    "numbers": (NUMBER[:, None], [(SquaredError, [0])]),
    "yes and no": (YES[:, None], [(BinaryLogLoss, [0])]),
    "blocks side by side": (
        columns_of(ONE_HOT, TWO, ONE_HOT),
        [(LogLoss, [0, 1, 2]), (LogLoss, [3, 4]), (LogLoss, [5, 6, 7])],
    ),
    "yes before a block": (
        columns_of(YES, ONE_HOT, YES),
        [(BinaryLogLoss, [0, 4]), (LogLoss, [1, 2, 3])],
    ),
    "a block with an empty column": (
        columns_of(ONE_HOT[:, :2], NONE, ONE_HOT[:, 2]),
        [(LogLoss, [0, 1, 2, 3])],
    ),
    "constants": (
        columns_of(NONE, ALL, ONE_HOT, NONE),
        [(SquaredError, [0, 1, 5]), (LogLoss, [2, 3, 4])],
    ),
    "a block torn apart": (
        columns_of(ONE_HOT[:, :2], NUMBER, ONE_HOT[:, 2]),
        [(SquaredError, [2]), (BinaryLogLoss, [0, 1, 3])],
    ),
    "a block less one": (
        columns_of(ONE_HOT[:, :2], NUMBER),
        [(SquaredError, [2]), (BinaryLogLoss, [0, 1])],
    ),
    "one and two": (columns_of(1 + YES), [(SquaredError, [0])]),
    "one block": (ONE_HOT, [(LogLoss, [0, 1, 2])]),
}


@pytest.mark.parametrize(("X", "expected"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
def test_auto_on_tables_of_all_kinds(X, expected, form):
    assert found(quick(1, loss="auto", max_iter=1).fit(form(X))) == expected


def test_auto_on_blocks_that_are_missing_as_a_whole():
    X = columns_of(ONE_HOT, YES, NUMBER)
    X[::4, :3] = np.nan
    X[::3, 3] = np.nan
    X[::5, 4] = np.nan
    assert found(quick(1, loss="auto", max_iter=1).fit(X)) == [
        (SquaredError, [4]),
        (BinaryLogLoss, [3]),
        (LogLoss, [0, 1, 2]),
    ]


def test_auto_on_a_column_that_is_missing_where_its_neighbours_are_zero():
    """The other values of such a row do not sum to one, so these columns are no one-hot block."""
    X = columns_of(ONE_HOT, NUMBER)
    X[::4, 0], X[::4, 1:3] = np.nan, 0.0
    assert found(quick(1, loss="auto", max_iter=1).fit(X)) == [
        (SquaredError, [3]),
        (BinaryLogLoss, [0, 1, 2]),
    ]


def test_numbers_alone_are_squared_error_itself(rng):
    X = rng.normal(size=(100, 5))
    model, plain = quick(loss="auto").fit(X), quick().fit(X)
    assert type(model._network.loss) is SquaredError
    assert_array_equal(model.predict(X), plain.predict(X))
    assert type(quick(1, loss="auto", max_iter=1).fit(ONE_HOT)._network.loss) is LogLoss
    assert type(quick(loss="auto", max_iter=1).fit(table())._network.loss) is ColumnLosses


@pytest.mark.parametrize("going_on", ["partial_fit", "warm_start"])
def test_what_was_found_stays(going_on):
    X = table().to_numpy()
    later = X[
        (X[:, 1] == 1) & (X[:, 2] == 0)
    ]  # a constant column now, and a category that is not there
    assert found(quick(loss="auto").fit(later)) != EXPECTED
    model = quick(loss="auto", warm_start=True)
    method = model.partial_fit if going_on == "partial_fit" else model.fit
    method(X)
    method(later)
    assert found(model) == EXPECTED
    before = state(model, X)
    bad = X.copy()
    bad[7, 1] = 2.0
    with pytest.raises(
        ValueError,
        match=r"X has the value 2.0 in column 1, but "
        r"loss=BinaryLogLoss\(\) needs values in \[0, 1\]",
    ):
        method(bad)
    assert_unchanged(before, state(model, X))
    assert found(pickle.loads(pickle.dumps(model)).partial_fit(later)) == EXPECTED
    assert found(model.set_params(warm_start=False).fit(later)) != EXPECTED


def test_validation_rows_lie_in_the_domain_too():
    X = table().to_numpy()
    bad = X[:50].copy()
    bad[7, 1] = 2.0
    with pytest.raises(ValueError, match=r"X has the value 2\.0 in column 1"):
        quick(loss="auto").fit(X, X_val=bad)
    model = quick(loss="auto", early_stopping=True).fit(X)
    assert np.isfinite(model.best_validation_score_)


def test_a_pipeline_from_a_frame_of_types():
    frame = table()
    frame["colour"] = np.array(["red", "green", "blue"])[
        frame[["red", "green", "blue"]].to_numpy().argmax(axis=1)
    ]
    frame = frame[["height", "weight", "smoker", "colour"]]
    columns = make_column_transformer(
        (StandardScaler(), ["height", "weight"]),
        (OneHotEncoder(drop="if_binary", sparse_output=False), ["smoker", "colour"]),
    )
    model = make_pipeline(columns, quick(loss="auto")).fit(frame)
    assert found(model[-1]) == [(SquaredError, [0, 1]), (BinaryLogLoss, [2]), (LogLoss, [3, 4, 5])]


# ---- one cross-entropy for all columns


def test_pixels_between_zero_and_one():
    X = (digits()[0] - digits()[0].min(axis=0)) / np.maximum(np.ptp(digits()[0], axis=0), 1e-9)
    model = quick(8, hidden_layer_sizes=(32,), loss="binary_log_loss").fit(X)
    P = model.predict(X).astype(float)
    assert 0 < P.min() < P.max() < 1
    expected = -(xlogy(X, P) + xlogy(1 - X, 1 - P)).sum(axis=1)
    assert_allclose(model.score_samples(X), -expected, rtol=1e-3)
    assert model.score(X) > quick(8, loss="binary_log_loss", max_iter=1).fit(X).score(X)
    with pytest.raises(ValueError, match="loss"):
        MLPRegressor(loss="binary_log_loss").fit(X, X[:, 0])


def test_rows_that_are_shares(rng):
    X = rng.dirichlet(np.ones(5), 100)
    model = quick(loss="log_loss").fit(X)
    assert_allclose(model.predict(X).sum(axis=1), 1, rtol=1e-6)
    assert_allclose(model.feature_errors(X).sum(axis=1), -model.score_samples(X), rtol=1e-5)
    with pytest.raises(
        ValueError,
        match=r"X has the sum 2 in row 0 over column 0 to column 4, but loss=LogLoss\(\) needs "
        r"rows that sum",
    ):
        quick(loss="log_loss").fit(np.eye(5) + np.roll(np.eye(5), 1, axis=1))
