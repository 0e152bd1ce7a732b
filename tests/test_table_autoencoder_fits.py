"""Fits of autoencoders of tables: what they go with, going on, weights, scikit-learn's tools, and
what is refused.
"""

import pytest

pytest.importorskip("skops")

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from skmlp import OutlierAutoencoder, learning_rate_range
from skmlp.augment._rows import GaussianNoise
from skmlp.nn.optimizers import SGD

from . import skops_files
from .snapshots import assert_unchanged, state
from .table_autoencoders import quick, table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# ---- imputation


def dependent(seed, n=600):
    """Return a table whose columns depend on each other, and the same with missing values."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    X = pd.DataFrame(
        {"a": kind + 0.4 * rng.normal(size=n), "b": 3.0 * (kind % 2) + rng.normal(size=n)}
    )
    X["c"] = np.array(list("wxyz"), dtype=object)[kind]
    X["d"] = pd.Categorical(np.array(["p", "q"])[((kind > 1) ^ (rng.random(n) < 0.1)).astype(int)])
    missing = rng.random(X.shape) < 0.2
    return X, X.mask(missing), missing


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


def test_outliers_are_found():
    """A combination that no other row has."""
    X = dependent(0)[0]
    outlier = pd.DataFrame({"a": [0.0], "b": [0.0], "c": ["z"], "d": ["q"]})
    detector = OutlierAutoencoder(
        quick(3, hidden_layer_sizes=(32,), max_iter=60, corruption="masking"), random_state=0
    ).fit(X)
    assert detector.decision_function(outlier)[0] < np.quantile(detector.decision_function(X), 0.02)
    assert detector.feature_errors(outlier).shape == (1, 4)
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
    with pytest.raises(ValueError, match=r"values of X are missing in the columns \['income'\]"):
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
