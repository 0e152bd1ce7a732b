"""The warnings of a column that has only categories which the fit did not have, and of one that
names the rows.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupShuffleSplit, KFold, cross_val_score

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp.nn.losses import Quantile

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N = 60
X_NUMBER = np.random.default_rng(0).normal(size=N)
Y = (X_NUMBER > 0).astype(int)
CODES = pd.DataFrame({"rooms": np.arange(N) % 6 + 1, "x": X_NUMBER})
WORDS = pd.DataFrame({"rooms": np.array(["hi", "lo"])[np.arange(N) % 2], "x": X_NUMBER})


def fitted(cls, X, **setting):
    return cls(
        categorical_features=["rooms"],
        max_iter=1,
        hidden_layer_sizes=(4,),
        random_state=0,
        **setting,
    ).fit(X, Y)


def batch(values):
    return pd.DataFrame({"rooms": values, "x": 0.0})


CLASSIFIER = [
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "sample_predictions",
    "transform",
    "input_gradient",
]
AUTOENCODER = [
    "predict",
    "impute",
    "transform",
    "score_samples",
    "score",
    "feature_errors",
    "input_gradient",
]


@pytest.mark.parametrize(
    ("cls", "setting", "methods"),
    [
        (MLPClassifier, {"dropout": 0.1}, CLASSIFIER),
        (MLPRegressor, {}, ["predict", "transform", "input_gradient"]),
        (Autoencoder, {}, AUTOENCODER),
    ],
)
def test_each_method_warns_once(cls, setting, methods):
    model, rows = fitted(cls, CODES, **setting), batch(["1", "2"])
    for method in methods:
        with pytest.warns(
            UserWarning,
            match=r"column 'rooms' .* it has '1' \(str\), the fit had 1, 2, 3, 4, 5, ... \(int\)",
        ) as caught:
            getattr(model, method)(rows)
        assert len(caught) == 1, method
        assert caught[0].filename == __file__, method


def test_scores_warn():
    rows = batch(["1", "2"])
    for model in (
        fitted(MLPClassifier, CODES),
        fitted(MLPRegressor, CODES),
        fitted(MLPRegressor, CODES, loss=Quantile((0.1, 0.9))),
    ):
        with pytest.warns(UserWarning, match="column 'rooms'") as caught:
            model.score(rows, [0, 1])
        assert len(caught) == 1
    detector = OutlierAutoencoder(
        Autoencoder(1, (4,), categorical_features=["rooms"], max_iter=1)
    ).fit(CODES)
    with pytest.warns(UserWarning, match="column 'rooms'"):
        detector.predict(rows)


@pytest.mark.parametrize(
    ("X", "values", "said"),
    [
        (CODES, ["1"], "'1' (str), the fit had 1, 2"),
        (WORDS, [1], "1 (int), the fit had 'hi', 'lo' (str)"),
        (
            WORDS.assign(rooms=["1", "2"] * (N // 2)),
            [1.0],
            "1.0 (float), the fit had '1', '2' (str)",
        ),
        (
            WORDS.assign(rooms=[True, False] * (N // 2)),
            ["True"],
            "'True' (str), the fit had False, True (bool)",
        ),
        (WORDS, ["HI"], "'HI' (str), the fit had 'hi'"),
        (WORDS, ["other", "hi "], "'hi ' (str), the fit had 'hi'"),
        (WORDS, pd.Categorical(["Lo"]), "'Lo' (str)"),
        (WORDS, ["mid"] * 5, "'mid' (str)"),
        (CODES, [7] * 4 + [8, np.nan], "7.0 (float), the fit had 1"),
        (WORDS.assign(rooms=None), [1] * 5, "1 (int), the fit had none"),
    ],
)
def test_accidents(X, values, said):
    model = fitted(MLPClassifier, X)
    with pytest.warns(UserWarning, match="no value that was there in the fit") as caught:
        model.predict(batch(values))
    assert said in str(caught[0].message)


@pytest.mark.parametrize(
    ("X", "values"),
    [
        (WORDS, ["mid"]),  # a new town
        (WORDS, ["mid"] * 4),
        (WORDS, ["mid"] * 9 + ["lo"]),
        (WORDS, [None] * 9),
        (CODES, [1.0, 9.0]),  # 1.0 is 1
        (CODES.assign(rooms=CODES["rooms"].astype(str)), pd.array(["1"], dtype="string")),
        (CODES.assign(rooms=X_NUMBER), np.linspace(0.1, 0.9, 9)),  # measured values
    ],
)
def test_ordinary_rows(X, values):
    fitted(MLPClassifier, X).predict(batch(values))


@pytest.mark.parametrize("form", ["array", "polars"])
def test_other_forms_of_tables(form):
    if form == "polars":
        X, rows = map(pytest.importorskip("polars").from_pandas, (CODES, batch(["1"])))
    else:
        X, rows = CODES.to_numpy(object), np.array([["1", 0.0]], dtype=object)
    model = MLPClassifier(categorical_features=[0], max_iter=1).fit(X, Y)
    with pytest.warns(UserWarning, match=r"it has '1' \(str\)"):
        model.predict(rows)


def test_training_does_not_warn():
    new = WORDS.assign(rooms="mid")
    for cls in (MLPClassifier, MLPRegressor, Autoencoder):
        model = fitted(cls, WORDS, warm_start=True)
        model.partial_fit(new, Y)
        model.fit(new, Y)
    scoring = {"early_stopping": True, "scoring": "accuracy"}
    fitted(MLPClassifier, WORDS, **scoring).fit(WORDS, Y, X_val=new, y_val=Y)
    split = GroupShuffleSplit(1, random_state=0)
    model = MLPClassifier(
        categorical_features=["rooms"], max_iter=2, validation_cv=split, **scoring
    )
    model.fit(WORDS, Y, groups=WORDS["rooms"])


def test_a_warning_that_is_an_error_changes_nothing():
    model = fitted(Autoencoder, CODES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="column 'rooms'"):
            model.predict(batch(["1"]))
    assert set(model.predict(CODES)["rooms"]) <= set(range(1, 7))


def names(n, n_distinct):
    return pd.DataFrame({"rooms": [f"C{k % n_distinct}" for k in range(n)], "x": X_NUMBER[:n]})


@pytest.mark.parametrize("cls", [MLPClassifier, Autoencoder, OutlierAutoencoder])
def test_a_fit_warns_of_a_column_that_names_the_rows(cls):
    setting = {} if cls is OutlierAutoencoder else {"hidden_layer_sizes": (4,), "max_iter": 1}
    model = cls(random_state=0, **setting)
    if cls is not OutlierAutoencoder:
        model.set_params(categorical_features="from_dtype")
    message = r"'rooms' of X has 60 categories in 60 rows\..*leave it out, or set min_frequency=2"
    with pytest.warns(UserWarning, match=message):
        model.fit(names(60, 60), Y)
    with pytest.warns(UserWarning, match="names the rows") as caught:
        cross_val_score(model, names(60, 60), Y, cv=KFold(10), scoring=lambda *given: 0.0)
    assert sum("names the rows" in str(warning.message) for warning in caught) == 1


@pytest.mark.parametrize(
    ("X", "setting"),
    [
        (names(60, 50), {}),
        (names(40, 40), {}),
        (names(60, 60), {"min_frequency": 2}),
        (names(60, 60).mask(np.arange(120).reshape(60, 2) < 16), {}),
        (pd.DataFrame({"rooms": X_NUMBER, "x": X_NUMBER}), {}),
    ],
    ids=["some occur twice", "few rows", "min_frequency", "some missing", "measured"],
)
def test_a_fit_does_not_warn_of_other_columns(X, setting):
    model = MLPClassifier((4,), categorical_features=["rooms"], max_iter=1, **setting)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, Y[: len(X)])
