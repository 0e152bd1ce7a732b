"""Autoencoders of tables: the loss by column, what comes back in units of the table, and what is
filled in.
"""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmlp import Autoencoder, OutlierAutoencoder, learning_rate_range
from skmlp.augment._rows import GaussianNoise
from skmlp.nn.optimizers import SGD

from . import skops_files
from .snapshots import assert_unchanged, state
from .tables import mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NUMERIC, CATEGORICAL = ["age", "income", "owner"], ["colour", "town"]


def quick(n_components=4, **setting):
    setting = {
        "hidden_layer_sizes": (16,),
        "learning_rate_init": 0.01,
        "max_iter": 3,
        "batch_size": 32,
        "random_state": 0,
        **setting,
    }
    return Autoencoder(n_components, **{"categorical_features": "from_dtype", **setting})


def table():
    return mixed()[0]


def whole():
    """Return the table without missing values."""
    X = table()
    return X.assign(income=X["income"].fillna(30_000.0), town=X["town"].fillna("Bonn"))


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
def test_what_is_unknown_has_no_loss():
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
    """With a code that is wide enough, of known rows."""
    X = table()
    model = quick(12, hidden_layer_sizes=(64,), max_iter=200).fit(X)
    back = model.predict(X)
    assert_array_equal(back.index, X.index)
    known = X["town"].notna()
    assert (back["colour"] == X["colour"]).mean() > 0.98
    assert (back["town"] == X["town"])[known].mean() > 0.98
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
        known, j = X[name].notna().to_numpy(), list(X.columns).index(name)
        numeric = (model.transform(up) - model.transform(down)) / (2.0 * h)
        assert_allclose(gradient[known, :, j], numeric[known], rtol=1e-4, atol=1e-8)


# ---- imputation


def dependent(seed, n=600):
    """Return a table whose columns say something of each other, and the same with holes."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    X = pd.DataFrame(
        {"a": kind + 0.4 * rng.normal(size=n), "b": 3.0 * (kind % 2) + rng.normal(size=n)}
    )
    X["c"] = np.array(list("wxyz"), dtype=object)[kind]
    X["d"] = pd.Categorical(np.array(["p", "q"])[((kind > 1) ^ (rng.random(n) < 0.1)).astype(int)])
    missing = rng.random(X.shape) < 0.2
    return X, X.mask(missing), missing


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_imputation_by_what_the_other_columns_say(seed):
    X, some, missing = dependent(seed)
    setting = {
        "hidden_layer_sizes": (64,),
        "corruption": "masking",
        "learning_rate": "one_cycle",
        "max_iter": 100,
        "random_state": seed,
    }
    filled = quick(8, **setting, n_iter_no_change=np.inf).fit(some).impute(some)
    known = some.notna()
    assert_array_equal(filled.astype(object).to_numpy()[known], X.astype(object).to_numpy()[known])
    assert list(filled.dtypes) == list(some.dtypes)
    for name in ("c", "d"):  # the most frequent: about 0.25 and 0.5
        right = (filled[name].astype(object) == X[name].astype(object))[
            missing[:, list(X.columns).index(name)]
        ].mean()
        assert right > 0.7, name
    for k, name in enumerate(("a", "b")):
        error = np.sqrt(np.mean(np.square(filled[name] - X[name])[missing[:, k]]))
        assert error < 0.85 * X[name].std(), name


def test_frames_keep_what_they_have():
    X = table()
    X["rank"] = pd.array(np.arange(200) % 5, dtype="Int64")
    X["size"] = X["age"].astype(np.float32)
    X["grade"] = pd.Categorical(
        np.array(["low", "high"])[np.arange(200) % 2], categories=["high", "low"], ordered=True
    )
    X.iloc[3, -3:] = pd.NA
    kept, model = X.copy(), quick().fit(X)
    filled = model.impute(X)
    pd.testing.assert_frame_equal(X, kept)
    assert_array_equal(filled.index, X.index)
    assert filled["grade"].dtype == X["grade"].dtype
    assert [str(filled[name].dtype) for name in ("rank", "size", "owner")] == [
        "float64",
        "float32",
        "bool",
    ]
    assert not filled.isna().any(axis=None)
    assert filled.drop(columns="rank")[X.notna().all(axis=1)].equals(
        X.drop(columns="rank")[X.notna().all(axis=1)]
    )
    P = as_polars(X)
    other = quick().fit(P).impute(P)
    assert {name: kind for name, kind in other.schema.items() if name != "rank"} == {
        n: k for n, k in P.schema.items() if n != "rank"
    }
    assert other.null_count().to_numpy().sum() == 0
    assert other["town"].to_list() == filled["town"].tolist()


def test_categories_of_any_type_come_back():
    polars = pytest.importorskip("polars")
    X = pd.DataFrame(
        {
            "flag": [True, None, False, True] * 25,
            "level": [1, 2, None, 3] * 25,
            "kind": ["u", None] * 50,
            "same": ["a"] * 100,
        }
    )
    X["flag"], X["level"] = X["flag"].astype("boolean"), X["level"].astype("Int64")
    P = polars.DataFrame(
        {"flag": [True, None, False, True] * 25, "level": [1, 2, None, 3] * 25, "same": ["a"] * 100}
    )
    P = P.with_columns(
        polars.Series("kind", ["u", None, "v", "u"] * 25, dtype=polars.Enum(["u", "v", "w"]))
    )
    for table, kinds in ((X, X.dtypes.tolist()), (P, P.dtypes)):
        model = quick(categorical_features=[0, 1, 2, 3]).fit(table)
        for back in (model.predict(table), model.impute(table)):
            assert list(back.dtypes) == kinds
            assert set(back["level"]) <= {1, 2, 3}
            assert set(back["flag"]) <= {True, False}
        assert model.inverse_transform(model.transform(table)).shape == table.shape
    assert model.impute(P).null_count().to_numpy().sum() == 0


@pytest.mark.parametrize(
    "columns", [["colour"], ["town"], ["colour", "town"], ["age"], ["income"]], ids=str
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_tables_of_one_kind_of_columns(columns, solver):
    X = table()[columns]
    model = quick(solver=solver).fit(X)
    assert model.feature_errors(X).shape == model.predict(X).shape == X.shape
    assert not model.impute(X).isna().any(axis=None)
    assert sorted(np.concatenate([numbers for _, numbers in model.loss_by_column_])) == list(
        range(len(columns))
    )


# ---- fitting


@pytest.mark.parametrize(
    "setting",
    [
        {"corruption": "masking", "dropout": 0.1, "input_dropout": 0.1, "batch_norm": True},
        {"code_penalty": "kl", "code_activation": "logistic", "embedding_dim": 1},
        {"code_penalty": "variational", "skip_connections": "concat"},
        {"solver": "lbfgs", "max_iter": 10},
        {"early_stopping": True, "scoring": "loss"},
        {"pretraining": 2, "hidden_layer_sizes": (12, 8)},
        {
            "hidden_layer_sizes": (),
            "diagnostics": True,
            "clip_norm": 1.0,
            "max_norm": 3.0,
            "l1_ratio": 0.5,
        },
    ],
    ids=str,
)
def test_it_goes_with(setting):
    X = table()
    model = quick(**setting).fit(X, sample_weight=np.arange(200) % 3)
    assert np.isfinite(model.score_samples(X)).all()
    assert model.transform(X).shape == (200, len(model.get_feature_names_out()))
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(again.predict(X), model.predict(X))


@pytest.mark.filterwarnings("ignore:The column 'town' of X has no value that was there in the fit")
def test_ten_and_ten_epochs_are_twenty():
    X = table()
    twice = quick(max_iter=10, warm_start=True).fit(X)
    twice = pickle.loads(pickle.dumps(twice)).fit(X)
    steps = quick(tol=0.0)
    for _ in range(20):
        steps.partial_fit(X)
    expected = quick(max_iter=20).fit(X).transform(X)
    assert_array_equal(twice.transform(X), expected)
    assert_allclose(
        steps.score(X), twice.score(X), rtol=0.5
    )  # it reserves a vector for missing colours
    steps.partial_fit(X.assign(town="Graz"))
    assert "Graz" not in set(steps.predict(X.assign(town="Graz"))["town"])


def test_held_out_rows():
    X = table()
    train, test = np.arange(150), np.arange(150, 200)
    X.iloc[150:, 0] += 1000.0
    X.iloc[160, 3] = "held out"
    model = quick(early_stopping=True, validation_cv=[(train, test)], dtype="float64").fit(X)
    alone = quick(early_stopping=True, dtype="float64").fit(X[:150], X_val=X[150:])
    assert model.validation_scores_ == alone.validation_scores_
    assert_allclose(model.mean_[0], X["age"][:150].mean())
    assert_array_equal(model.transform(X), alone.transform(X))
    assert_allclose(model.best_validation_score_, model.score(X[150:]), rtol=1e-9)
    assert_allclose(
        model.history_["validation_loss"].min(), -model.best_validation_score_, rtol=1e-9
    )
    scored = quick(
        early_stopping=True,
        scoring=lambda estimator, X: float(estimator.predict(X).shape == X.shape),
    ).fit(X)
    assert scored.validation_scores_ == [1.0] * 3


def test_weights_are_repetitions(rng):
    X = table()
    weight = rng.integers(0, 3, len(X))
    model = quick(solver="lbfgs", max_iter=10)
    weighted, repeated = (
        clone(model).fit(X, sample_weight=weight),
        clone(model).fit(X.loc[X.index.repeat(weight)]),
    )
    assert_allclose(weighted.score_samples(X), repeated.score_samples(X), rtol=1e-5)


def test_with_one_pair_pretraining_is_training():
    X, setting = (
        table(),
        {"hidden_layer_sizes": (), "solver": SGD(momentum=0.0), "corruption": "masking"},
    )
    twice, once = (
        quick(**setting, pretraining=3, max_iter=1).fit(X),
        quick(**setting, max_iter=4).fit(X),
    )
    assert_array_equal(twice._network.params, once._network.params)


def test_persistence():
    X = table()
    model = quick().fit(X)
    pd.testing.assert_frame_equal(
        skops_files.load(skops_files.save(model)).predict(X), model.predict(X)
    )


def test_scikit_learn_tools():
    X = table()
    assert cross_val_score(quick(), X, cv=3).shape == (3,)
    search = GridSearchCV(quick(), {"embedding_dim": [1, None]}, cv=2).fit(X)
    assert search.best_estimator_.predict(X).shape == X.shape
    assert quick().set_output(transform="pandas").fit_transform(X).index.equals(X.index)
    rates, losses, _ = learning_rate_range(quick(pretraining=5), X, n_steps=20)
    assert len(rates) == len(losses) > 5


def test_odd_rows_are_found():
    """A combination that no other row has."""
    X = dependent(0)[0]
    odd = pd.DataFrame({"a": [0.0], "b": [0.0], "c": ["z"], "d": ["q"]})
    detector = OutlierAutoencoder(
        quick(3, hidden_layer_sizes=(32,), max_iter=60, corruption="masking"), random_state=0
    ).fit(X)
    assert detector.decision_function(odd)[0] < np.quantile(detector.decision_function(X), 0.02)
    assert detector.feature_errors(odd).shape == (1, 4)
    assert detector.predict(X).mean() > 0.8


# ---- errors


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"loss": "auto"}, "loss='auto' does not go with categorical_features"),
        ({"loss": [("squared_error", ["age"])]}, "give one loss, that of the numbers"),
        (
            {"loss": "poisson"},
            r"loss='poisson' needs values in \[0, inf\), but with categorical_features the numbers",
        ),
        ({"loss": "binary_log_loss"}, r"loss='binary_log_loss' needs values in \[0, 1\]"),
        ({"tied_weights": True}, "tied_weights=True does not go with categorical_features"),
        ({"code_penalty": "contractive"}, "code_penalty='contractive' does not go with categories"),
        (
            {"augmentation": GaussianNoise()},
            r"augmentation=GaussianNoise\(\) does not go with categories",
        ),
        (
            {"augmentation": GaussianNoise(), "pretraining": 2},
            r"augmentation=GaussianNoise\(\) does not go with categories",
        ),
    ],
    ids=str,
)
def test_refused(setting, message):
    X = table()
    for model in (quick(), quick().fit(X)):
        model.set_params(**setting)
        before = set(vars(model))
        with pytest.raises(ValueError, match=message):
            model.fit(X)
        assert set(vars(model)) == before


def test_refused_tables():
    X = table()
    model = quick().fit(X)
    before = state(model, X)
    with pytest.raises(ValueError, match=r"no known value in the columns \['income'\]"):
        model.fit(X.assign(income=np.nan))
    with pytest.raises(ValueError, match="infinity in the column 'age'"):
        model.predict(X.assign(age=np.inf))
    with pytest.raises(TypeError, match=r"(?i)sparse data was passed"):
        quick(categorical_features=[0]).fit(sparse.csr_array(np.eye(4)))
    with pytest.raises(
        ValueError, match="categorical_features='from_dtype' takes them as categories"
    ):
        quick(categorical_features=None).fit(X)
    with pytest.raises(ValueError, match="is not what the fit to go on from had"):
        quick(warm_start=True).fit(X).set_params(categorical_features=[1, 3]).fit(X)
    assert_unchanged(before, state(model, X))
    quick(code_penalty="contractive", augmentation=GaussianNoise()).fit(X[["age", "income"]])
