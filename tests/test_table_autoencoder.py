"""Autoencoders of tables: the loss by column, and what comes back in units of the table."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .table_autoencoders import quick, table, whole

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


NUMERIC, CATEGORICAL = ["age", "income", "owner"], ["colour", "town"]


def as_polars(X):
    return pytest.importorskip("polars").from_pandas(X.reset_index(drop=True))


def as_objects(X):
    return X.astype(object).where(X.notna(), None).to_numpy()


FORMS = {
    "pandas": pd.DataFrame,
    "polars": as_polars,
    "array": as_objects,
    "list": lambda X: as_objects(X).tolist(),
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


# ---- the loss


def outputs_by_hand(model, X):
    """Return the raw scores of a linear autoencoder, from what it shows of itself."""
    numbers = X[NUMERIC].astype(float)
    vectors = []
    for name in CATEGORICAL:
        row = dict(
            zip(model.embeddings_[name].index, model.embeddings_[name].to_numpy(), strict=True)
        )
        vectors.append([row[value if isinstance(value, str) else None] for value in X[name]])
    x = np.column_stack(
        [np.nan_to_num(StandardScaler().fit_transform(numbers)), numbers["income"].isna(), *vectors]
    )
    for w, b in zip(model.coefs_, model.intercepts_, strict=True):
        x = x @ w + b
    return x


@pytest.mark.parametrize("embedding_dim", [None, 2])
def test_errors_are_the_squared_error_and_the_cross_entropy(embedding_dim):
    X = table()
    model = quick(
        hidden_layer_sizes=(), max_iter=20, dtype="float64", embedding_dim=embedding_dim
    ).fit(X)
    raw, errors = outputs_by_hand(model, X), model.feature_errors(X)
    z = StandardScaler().fit_transform(X[NUMERIC].astype(float))
    assert_allclose(
        errors[:, [0, 2, 4]], np.nan_to_num(0.5 * np.square(raw[:, :3] - z)), rtol=1e-9, atol=1e-12
    )
    for name, scores in (("colour", raw[:, 3:6]), ("town", raw[:, 6:])):
        labels = [str(label) for label in model.embeddings_[name].index]
        order = np.argsort(labels)  # as log_loss wants them
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        given = X[name].astype(object).where(X[name].notna(), "None")
        expected = [
            log_loss([value], row[None, order], labels=sorted(labels))
            for value, row in zip(given, p, strict=True)
        ]
        assert_allclose(errors[:, list(X.columns).index(name)], expected, rtol=1e-7, atol=1e-12)
    assert_allclose(model.score_samples(X), -errors.sum(axis=1), rtol=1e-10)
    assert_allclose(model.score(X), -errors.sum(axis=1).mean(), rtol=1e-10)
    assert [str(loss) for loss, _ in model.loss_by_column_] == [
        "SquaredError()",
        "LogLoss()",
        "LogLoss()",
    ]
    assert [columns.tolist() for _, columns in model.loss_by_column_] == [[0, 2, 4], [1], [3]]


def test_it_is_the_autoencoder_of_scaled_and_one_hot_columns():
    """Whose first matrix has the vectors multiplied in."""
    X = whole()
    one_hot = OneHotEncoder(sparse_output=False).fit_transform(X[CATEGORICAL])
    Z = np.hstack([StandardScaler().fit_transform(X[NUMERIC].astype(float)), one_hot])
    model = quick(dtype="float64", max_iter=20).fit(X)
    losses = [("squared_error", [0, 1, 2]), ("log_loss", [3, 4, 5]), ("log_loss", slice(6, None))]
    plain = quick(dtype="float64", max_iter=1, categorical_features=None, loss=losses).fit(Z)
    colour, town = (frame.to_numpy() for frame in model.embeddings_.values())
    first = model.coefs_[0]
    plain.coefs_ = [
        np.vstack([first[:3], colour @ first[3:6], town @ first[6:]]),
        *model.coefs_[1:],
    ]
    plain.intercepts_ = model.intercepts_
    assert_allclose(plain.transform(Z), model.transform(X), rtol=1e-9, atol=1e-12)
    assert_allclose(plain.score_samples(Z), model.score_samples(X), rtol=1e-9)
    back = plain.predict(Z)
    assert_array_equal(model.predict(X)["town"], np.unique(X["town"])[back[:, 6:].argmax(axis=1)])
    assert_allclose(
        model.predict(X)["age"], back[:, 0] * X["age"].std(ddof=0) + X["age"].mean(), rtol=1e-9
    )
    lbfgs = quick(solver="lbfgs", alpha=0.0, max_iter=30).fit(X)
    assert_allclose(lbfgs.loss_, -lbfgs.score(X), rtol=1e-9)


def test_numbers_alone_are_the_network_behind_a_scaler(rng):
    X = 100.0 + 50.0 * rng.normal(size=(150, 3))
    scaler = StandardScaler().fit(X)
    model, plain = quick(2).fit(X), quick(2, categorical_features=None).fit(scaler.transform(X))
    assert_allclose(
        model.predict(X), scaler.inverse_transform(plain.predict(scaler.transform(X))), rtol=1e-6
    )
    assert_allclose(model.score_samples(X), plain.score_samples(scaler.transform(X)), rtol=1e-5)


@pytest.mark.parametrize(
    "loss", ["huber", "absolute_error", lambda prediction, target: np.square(prediction - target)]
)
def test_other_losses_of_numbers(loss):
    X = table()
    model = quick(loss=loss).fit(X)
    errors = model.feature_errors(X)
    assert np.isfinite(errors).all()
    assert not errors[X["income"].isna(), 2].any()
    assert_allclose(model.loss_by_column_[0][1], [0, 2, 4])


@pytest.mark.filterwarnings("ignore:The column 'town' of X has no value that was there in the fit")
def test_what_is_missing_has_no_loss():
    X = table()
    model = quick(dtype="float64").fit(whole())
    unseen = X.assign(town="Graz")
    errors = model.feature_errors(unseen)
    assert not errors[:, 3].any()
    assert_allclose(model.score_samples(unseen), -errors.sum(axis=1), rtol=1e-9)
    errors = model.feature_errors(X)
    assert_allclose(model.score_samples(X), -errors.sum(axis=1), rtol=1e-9)
    assert not errors[X["town"].isna(), 3].any()  # nothing was missing in training
    assert not errors[X["income"].isna(), 2].any()
    assert (
        quick().fit(X).feature_errors(X)[X["town"].isna(), 3] > 0.0
    ).all()  # a category of its own


# ---- what comes back


@each_form
def test_a_table_comes_back_as_it_went_in(form):
    X = form(table())
    model, other = quick(max_iter=100).fit(X), quick(max_iter=100).fit(table())
    expected = other.predict(table())
    back = model.predict(X)
    assert type(back) is (np.ndarray if isinstance(X, list) else type(X))
    if hasattr(X, "columns"):
        assert list(back.columns) == list(X.columns)
        assert [back[name].dtype for name in CATEGORICAL] == [X[name].dtype for name in CATEGORICAL]
    else:
        assert back.dtype == object
    as_frame = pd.DataFrame(
        back.to_numpy() if hasattr(back, "columns") else back, columns=expected.columns
    )
    for name in CATEGORICAL:
        assert as_frame[name].tolist() == expected[name].tolist()
    assert_allclose(as_frame[NUMERIC].astype(float), expected[NUMERIC], rtol=1e-5)
    again = model.inverse_transform(model.transform(X))
    assert type(again) is type(back)
    assert_array_equal(np.asarray(again, dtype=object), np.asarray(back, dtype=object))
    filled = model.impute(X)
    assert type(filled) is type(back)
    assert not pd.DataFrame(np.asarray(filled, dtype=object)).isna().any(axis=None)


def test_what_comes_back_is_near_what_went_in():
    """With a code that is wide enough, of rows trained on."""
    X = table()
    model = quick(12, hidden_layer_sizes=(64,), max_iter=200).fit(X)
    back = model.predict(X)
    assert_array_equal(back.index, X.index)
    present = X["town"].notna()
    assert (back["colour"] == X["colour"]).mean() > 0.98
    assert (back["town"] == X["town"])[present].mean() > 0.98
    for name in ("age", "income"):
        assert np.corrcoef(back[name][X[name].notna()], X[name].dropna())[0, 1] > 0.98
    assert_allclose(
        model.mean_, [X["age"].mean(), np.nan, X["income"].mean(), np.nan, X["owner"].mean()]
    )


def test_new_rows():
    model = quick(code_penalty="variational").fit(table())
    rows = model.sample(7, random_state=0)
    assert rows.shape == (7, 5)
    assert list(rows.columns) == list(table().columns)
    assert set(rows["colour"]) <= {"red", "green", "blue"}


def test_a_dtype_without_the_category_that_comes_back():
    X = table()
    model = quick(max_iter=50).fit(X)
    some = X[X["colour"] == "red"].assign(
        colour=lambda X: X["colour"].cat.remove_unused_categories()
    )
    some.iloc[::2, 1] = np.nan
    full = some.assign(colour=some["colour"].cat.set_categories(["red", "blue", "green"]))
    for method in (model.predict, model.impute):
        assert_array_equal(
            method(some)["colour"].astype(object), method(full)["colour"].astype(object)
        )


def test_an_array_of_numbers_stays_one(rng):
    X = np.column_stack([rng.normal(size=150), rng.integers(0, 5, 150), rng.normal(size=150)])
    X[:10, 0], X[20:30, 1] = np.nan, np.nan
    model = quick(categorical_features=[1]).fit(X)
    for back in (model.predict(X), model.impute(X), model.inverse_transform(model.transform(X))):
        assert back.dtype == float
        assert set(back[:, 1]) <= set(range(5))
    assert_array_equal(model.impute(X)[~np.isnan(X)], X[~np.isnan(X)])


def test_gradient_of_the_code():
    X = table()
    model = quick(activation="tanh", dtype="float64").fit(X)
    gradient = model.input_gradient(X)
    assert gradient.shape == (200, 4, 5)
    assert np.isnan(gradient[..., [1, 3]]).all()
    X = X.astype({"owner": float})
    for name, h in (("age", 1e-5), ("income", 1.0), ("owner", 1e-6)):
        up, down = X.assign(**{name: X[name] + h}), X.assign(**{name: X[name] - h})
        present, j = X[name].notna().to_numpy(), list(X.columns).index(name)
        numeric = (model.transform(up) - model.transform(down)) / (2.0 * h)
        assert_allclose(gradient[present, :, j], numeric[present], rtol=1e-4, atol=1e-8)
