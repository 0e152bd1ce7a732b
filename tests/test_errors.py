"""Bad input is refused with the value and the remedy in the message, and a fit that fails leaves
the estimator as it was.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.activations import LeakyReLU
from skmlp.nn.layers import AlphaDropout, BatchNorm
from skmlp.nn.optimizers import Adam
from skmlp.nn.schedules import OneCycle

from .problems import blobs, curve
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
X, Y = blobs(3)


def poisoned(value):
    """Return X with one bad value."""
    bad = X.copy()
    bad[3, 2] = value
    return bad


BAD_PARAMETERS = [
    ({"activation": "rleu"}, "activation.*leaky_relu"),
    ({"activation": ["relu", "rleu"], "hidden_layer_sizes": (3, 3)}, "rleu.*leaky_relu"),
    (
        {"activation": ["relu", "tanh", "relu"], "hidden_layer_sizes": (3, 3)},
        "activation has 3 entries.*2 hidden layers",
    ),
    ({"activation": [3.5]}, "Entries of activation must be one of"),
    ({"activation": LeakyReLU(-0.1)}, r"slope must be a number in \[0, 1\), got -0.1"),
    ({"hidden_layer_sizes": (4, 0)}, r"hidden_layer_sizes must be > 0, got \[4, 0\]"),
    (
        {"hidden_layer_sizes": (2.5,)},
        r"hidden_layer_sizes must be a whole number or a list of them.*got \(2.5,\)",
    ),
    ({"hidden_layer_sizes": (np.inf,)}, "hidden_layer_sizes must be a whole number"),
    ({"hidden_layer_sizes": {4, 3}}, "hidden_layer_sizes must be a whole number or a list"),
    ({"hidden_layer_sizes": -1}, r"Got -1 instead. \(\) means no hidden layer"),
    ({"hidden_layer_sizes": None}, r"Got None instead. \(\) means no hidden layer"),
    ({"solver": "newton"}, "solver.*adamw"),
    ({"solver": Adam(beta_1=1.0)}, "beta_1 must be"),
    ({"learning_rate": "steps"}, "learning_rate.*one_cycle"),
    ({"learning_rate": OneCycle(rise=0.0)}, "rise must be"),
    ({"learning_rate_init": 0.0}, "learning_rate_init"),
    ({"weight_init": "hee"}, "weight_init.*he_normal"),
    ({"alpha": -1.0}, "alpha"),
    ({"alpha": [0.1, -0.1]}, "alpha must be finite and not negative|alpha has 2 entries"),
    ({"alpha": ["a", None]}, "alpha must be finite.*numbers.*None|alpha has 2 entries"),
    (
        {"alpha": {0: 0.1, 1: 0.1}},
        "alpha must be one value or a list with one for each of the weight matrices, got {0",
    ),
    ({"alpha": [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}, "alpha has 7 entries"),
    ({"batch_size": 0}, "batch_size"),
    ({"max_iter": 0}, "max_iter"),
    ({"dropout": -0.1}, "dropout"),
    ({"dropout": 1.0}, "dropout"),
    ({"dropout": [1.0]}, "rate must be a number in"),
    ({"dropout": ["half"]}, "rate must be a number in"),
    ({"dropout": [AlphaDropout(1.0)]}, "rate must be a number in"),
    ({"dropout": [0.1, 0.2]}, "dropout has 2 entries.*1 hidden layers"),
    ({"input_dropout": 1.0}, "input_dropout"),
    ({"batch_norm": "yes"}, "batch_norm"),
    ({"batch_norm": BatchNorm(momentum=0.0)}, "momentum must be"),
    ({"batch_norm": BatchNorm(statistics="some")}, "statistics must be"),
    ({"clip_norm": 0.0}, "clip_norm"),
    ({"clip_value": -1.0}, "clip_value"),
    ({"dtype": "float16"}, "dtype"),
    ({"loss": "log_losss"}, "loss"),
    ({"embedding_dim": True}, "embedding_dim.*no bool. Got True"),
    ({"scoring": 3}, "scoring"),
    ({"scoring": "accurracy", "early_stopping": True}, "accurracy"),
    ({"validation_fraction": 1.0}, "validation_fraction"),
    ({"solver": "lbfgs", "dropout": 0.1}, "dropout.*do not go with solver='lbfgs'"),
    ({"solver": "lbfgs", "input_dropout": 0.1}, "dropout.*do not go with solver='lbfgs'"),
    ({"solver": "lbfgs", "dropout": AlphaDropout()}, "dropout.*do not go with solver='lbfgs'"),
    ({"solver": "lbfgs", "clip_norm": 1.0}, "clip_norm=1.0 does not go with solver='lbfgs'"),
    ({"solver": "lbfgs", "clip_value": 1.0}, "clip_value=1.0 does not go with solver='lbfgs'"),
]

BAD_DATA = [
    ((poisoned(np.inf), Y), {}, "infinity"),
    ((poisoned(1e300), Y), {"dtype": "float32"}, "too large for float32.*dtype='float64'"),
    (
        (X.astype(str).astype(object) + "x", Y),
        {},
        "could not convert string to float|unable to convert|Unable to convert",
    ),
    ((X[0], Y), {}, "Expected 2D array, got 1D array"),
    ((X[:0], Y[:0]), {}, "minimum of 1 is required"),
    ((X, Y, np.zeros(len(X))), {}, "zero"),
    ((X, Y, -np.ones(len(X))), {}, "[Nn]egative"),
    ((X, Y, np.full(len(X), np.nan)), {}, "NaN"),
    ((X, Y, np.ones(3)), {}, r"\(3,\)"),
]


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(("setting", "message"), BAD_PARAMETERS, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("fitted", [None, "cold", "warm"])
def test_bad_parameters(cls, setting, message, fitted):
    model = cls(max_iter=2, hidden_layer_sizes=(3,), warm_start=fitted == "warm", random_state=0)
    if fitted:
        model.fit(X, Y)
    good = {name: getattr(model, name) for name in setting}
    before = state(model, X)
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}") as caught:
        model.set_params(**setting).fit(X, Y)
    assert not isinstance(caught.value, TypeError) or isinstance(
        caught.value, InvalidParameterError
    )
    assert_unchanged(before, state(model.set_params(**good), X))


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    ("data", "setting", "message"), BAD_DATA, ids=[message[:20] for *_, message in BAD_DATA]
)
@pytest.mark.parametrize("fitted", [None, "cold", "warm"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_data(cls, data, setting, message, fitted, method):
    model = cls(
        max_iter=2, hidden_layer_sizes=(3,), warm_start=fitted == "warm", random_state=0, **setting
    )
    if fitted:
        model.fit(X, Y)
    before = state(model, X)
    names = {"classes": [0, 1, 2]} if cls is MLPClassifier and method == "partial_fit" else {}
    with pytest.raises(ValueError, match=f"(?s){message}"):
        getattr(model, method)(data[0], data[1], *data[2:], **names)
    assert_unchanged(before, state(model, X))


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_missing_values_are_for_the_autoencoder_alone(cls):
    model = cls(max_iter=2, hidden_layer_sizes=(3,), random_state=0).fit(X, Y)
    before = state(model, X)
    for call in (
        lambda rows: model.fit(rows, Y),
        lambda rows: model.partial_fit(rows, Y),
        model.predict,
        model.transform,
    ):
        with pytest.raises(
            ValueError, match=r"(?s)NaN.*categorical_features='from_dtype' takes missing values too"
        ):
            call(poisoned(np.nan))
    assert_unchanged(before, state(model, X))
    assert np.isfinite(
        model.set_params(categorical_features="from_dtype")
        .fit(poisoned(np.nan), Y)
        .transform(poisoned(np.nan))
    ).all()


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_width_of_the_input(cls):
    model = cls(max_iter=2, hidden_layer_sizes=(3,), warm_start=True, random_state=0).fit(X, Y)
    before = state(model, X)
    for call in (
        model.predict,
        model.transform,
        lambda wide: model.partial_fit(wide, Y),
        lambda wide: model.fit(wide, Y),
    ):
        with pytest.raises(ValueError, match=r"X has 6 features, but .* is expecting 5"):
            call(np.hstack([X, X[:, :1]]))
    with pytest.raises(ValueError, match="X has 6 features"):
        model.fit(
            X, Y, X_val=np.hstack([X, X[:, :1]]), **({} if cls is Autoencoder else {"y_val": Y})
        )
    assert_unchanged(before, state(model, X))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_warm_start_refuses_another_architecture(cls):
    model = cls(max_iter=2, hidden_layer_sizes=(3,), warm_start=True, random_state=0).fit(X, Y)
    before = state(model, X)
    for setting in (
        {"hidden_layer_sizes": (4,)},
        {"hidden_layer_sizes": (3, 3)},
        {"batch_norm": True},
    ):
        good = {name: getattr(model, name) for name in setting}
        with pytest.raises(ValueError, match=r"the architecture changed.*warm_start=False"):
            model.set_params(**setting).fit(X, Y)
        assert_unchanged(before, state(model.set_params(**good), X))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_partial_fit_refuses_a_schedule_without_a_length(cls):
    names = {"classes": [0, 1, 2]} if cls is MLPClassifier else {}
    with pytest.raises(
        ValueError, match=r"cannot know how long OneCycle\(\) lasts.*OneCycle\(n_epochs=20\)"
    ):
        cls(learning_rate="one_cycle").partial_fit(X, Y, **names)
    cls(learning_rate=OneCycle(n_epochs=20)).partial_fit(X, Y, **names)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_nothing_works_before_fit(cls):
    model = cls()
    names = ["predict", "transform", "score"] + (
        ["predict_proba", "predict_log_proba"] if cls is MLPClassifier else []
    )
    for name in names:
        with pytest.raises(NotFittedError):
            getattr(model, name)(*((X, Y) if name == "score" else (X,)))
    for name in ("coefs_", "history_", "loss_"):
        with pytest.raises(NotFittedError):
            getattr(model, name)


def test_lbfgs_has_no_partial_fit():
    for cls in ESTIMATORS:
        assert hasattr(cls(), "partial_fit")
        assert not hasattr(cls(solver="lbfgs"), "partial_fit")


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_prediction_of_values_that_the_precision_cannot_hold(form):
    X, y = curve()
    for model in (
        MLPRegressor(dtype="float32", max_iter=2).fit(X, y),
        Autoencoder(dtype="float32", max_iter=2).fit(X),
    ):
        for name in ("transform", "score_samples" if isinstance(model, Autoencoder) else "predict"):
            with pytest.raises(ValueError, match="too large for float32"):
                getattr(model, name)(form(np.full((2, 4), 1e300)))


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_finite_values_at_the_end_of_the_range_are_predicted_in_silence(kind):
    """Their sum is infinite; a linear model's prediction is not, and scales with its input."""
    rows = np.full((2, 4), np.finfo(kind).max / 2, dtype=kind)
    model = MLPRegressor(
        hidden_layer_sizes=(), max_iter=2, dtype=np.dtype(kind).name, normalize_y=False
    ).fit(*curve())
    model.coefs_[0][...], model.intercepts_[0] = [[0.5], [0.25], [0.125], [0.125]], [0.0]
    np.testing.assert_allclose(model.predict(rows), rows[:, 0])
    with (
        pytest.raises(ValueError, match="infinity"),
        np.errstate(invalid="ignore"),
    ):  # scikit-learn's own check warns
        model.predict(np.array([[np.inf, -np.inf, 0, 0]], dtype=kind))


COLUMNS = {
    "words": (
        ["x", "y"],
        r"string to float: 'x'. The columns \['c'\] do not hold numbers; "
        r"categorical_features='from_dtype' takes",
    ),
    "lists": (
        [[1], [2]],
        r"The column 'c' of X holds values of type list, but to be a category",
    ),  # which no option takes
}


@pytest.mark.parametrize(("values", "message"), COLUMNS.values(), ids=COLUMNS)
def test_columns_without_numbers_are_named_where_they_are_to_blame(values, message):
    numbers = pd.DataFrame({"a": [1.0, 2.0], "c": [3.0, 4.0]})
    model = MLPRegressor(max_iter=1).fit(numbers, [0.0, 1.0])
    table = numbers.assign(c=values)
    for call in (lambda: model.fit(table, [0.0, 1.0]), lambda: model.predict(table)):
        with pytest.raises((TypeError, ValueError), match=message) as caught:
            call()
        assert str(caught.value).count("\n") == 0
    for call, shape in (
        (lambda: model.predict(table[["c"]]), "now missing"),
        (lambda: model.predict(numbers[:0].astype(object)), "0 sample"),
    ):
        with pytest.raises(ValueError, match=shape) as caught:
            call()
        assert "hold" not in str(caught.value)


TARGETS = {
    "numbers": np.where(np.arange(20) == 3, np.nan, np.arange(20.0)),
    "Int64": pd.Series(np.arange(20) % 2, dtype="Int64").mask(np.arange(20) == 3),
    "boolean": pd.Series(np.arange(20) % 2, dtype="boolean").mask(np.arange(20) == 3),
    "objects": np.array([None if k == 3 else k % 2 for k in range(20)], dtype=object),
    "words": pd.Series(["a", "b"] * 10, dtype="str").mask(np.arange(20) == 3),
    "string": pd.Series(["a", "b"] * 10, dtype="string").mask(np.arange(20) == 3),
    "words and None": np.array([None if k == 3 else "ab"[k % 2] for k in range(20)], dtype=object),
    "category": pd.Series(["a", "b"] * 10, dtype="category").mask(np.arange(20) == 3),
}


@pytest.mark.parametrize("columns", [None, "from_dtype"])
@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_a_missing_target_is_not_answered_with_advice_on_x(y, columns):
    X = curve(20)[0]
    words = any(isinstance(value, str) for value in y)
    for cls in (MLPClassifier, MLPRegressor)[: 1 if words else 2]:
        model = cls(max_iter=1, categorical_features=columns)
        for call in (
            lambda m=model: m.fit(X, y),
            lambda m=model: m.fit(X, np.arange(20) % 2, X_val=X, y_val=y),
        ):
            with pytest.raises(
                ValueError,
                match=r"^Input y contains NaN. Rows whose y is missing cannot be trained on",
            ) as caught:
                call()
            assert "categorical_features" not in str(caught.value)


WORDS = {
    "list": ["a", "b"] * 10,
    "strings": np.array(["a", "b"] * 10),
    "objects": np.array(["a", "b"] * 10, dtype=object),
    "category": pd.Series(["a", "b"] * 10, dtype="category"),
    "one word": pd.Series([1.0] * 19 + ["a"], dtype=object),
}


@pytest.mark.parametrize("columns", [None, "from_dtype"])
@pytest.mark.parametrize("y", WORDS.values(), ids=WORDS)
def test_a_regressor_says_that_it_is_y_that_holds_no_numbers(y, columns):
    X = curve(20)[0]
    model = MLPRegressor(max_iter=1, categorical_features=columns)
    message = "^could not convert .*y does not hold numbers, which a regressor needs"
    for call in (
        lambda: model.fit(X, y),
        lambda: model.partial_fit(X, y),
        lambda: model.fit(X, np.arange(20), X_val=X, y_val=y),
        lambda: model.fit(X, np.arange(20)).score(X, y),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    digits = np.arange(20).astype(str)
    assert model.fit(X, digits).score(X, digits) == model.score(X, np.arange(20))


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_mean_squared_error"])
def test_a_scorer_that_needs_a_y_is_refused_by_an_autoencoder(scoring):
    message = (
        rf"scoring='{scoring}' compares with a y, which an autoencoder has not; take None, "
        r"'loss' or a function \(estimator, X\)"
    )
    for held_out in ({}, {"X_val": X}):
        with pytest.raises(ValueError, match=message):
            Autoencoder(early_stopping=True, scoring=scoring).fit(X, **held_out)
    model = Autoencoder(
        early_stopping=True, max_iter=2, scoring=lambda estimator, X, y=None: float(len(X))
    )
    assert model.fit(X).best_validation_score_ == 15.0


def test_the_default_of_a_users_class_is_checked():
    class Mine(MLPClassifier):
        def __init__(self, alpha=-1.0):
            super().__init__(alpha=alpha)

    with pytest.raises(ValueError, match=r"'alpha' parameter of Mine must be .* Got -1\.0"):
        Mine().fit([[0.0], [1.0]], [0, 1])
