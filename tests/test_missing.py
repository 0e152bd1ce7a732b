"""Missing values of an autoencoder: left out of the loss, means in the input, reconstructions by
``impute``.
"""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import approx_fprime
from sklearn.base import clone
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder
from skmlp.augment._rows import GaussianNoise, Mixup
from skmlp.nn import Masking

from .problems import wine
from .snapshots import assert_unchanged, state
from .tables import with_missing
from .test_columns import BY_NUMBER, table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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


# ---- the loss


def objective_by_hand(flat, model, X):
    """Return the mean over rows of half the squared error of the values that are not missing, of a
    linear autoencoder with these parameters.
    """
    present, filled = ~np.isnan(X), np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    arrays, start = [], 0
    for shape in [
        array.shape for pair in zip(model.coefs_, model.intercepts_, strict=True) for array in pair
    ]:
        arrays.append(flat[start : start + np.prod(shape)].reshape(shape))
        start += np.prod(shape)
    code = filled @ arrays[0] + arrays[1]
    residual = np.where(present, code @ arrays[2] + arrays[3] - filled, 0.0)
    return 0.5 * np.square(residual).sum(axis=1).mean()


def test_what_is_minimised_is_the_error_of_the_values_that_are_there():
    """A fitted linear autoencoder lies where the derivative of that is zero, and this is its
    score.
    """
    X = with_missing(wine()[0])
    model = quick(3, hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, tol=1e-8, max_iter=5000).fit(
        X
    )
    flat = np.concatenate(
        [
            array.ravel()
            for pair in zip(model.coefs_, model.intercepts_, strict=True)
            for array in pair
        ]
    )
    assert_allclose(model.score(X), -objective_by_hand(flat, model, X), rtol=1e-9)
    assert_allclose(approx_fprime(flat, objective_by_hand, 1e-6, model, X), 0.0, atol=1e-5)
    start = flat + 0.1 * np.random.default_rng(0).normal(size=flat.size)
    assert np.abs(approx_fprime(start, objective_by_hand, 1e-6, model, X)).max() > 1e-2


@pytest.mark.parametrize(
    "loss",
    ["squared_error", "huber", BY_NUMBER, "auto"],
    ids=["squared_error", "huber", "given", "auto"],
)
def test_errors_of_missing_values_are_zero_and_the_others_add_up(loss):
    X = table().to_numpy()
    some = with_missing(X)
    model = quick(loss=loss, dtype="float64").fit(some)
    errors = model.feature_errors(some)
    assert not errors[np.isnan(some)].any()
    assert_allclose(errors.sum(axis=1), -model.score_samples(some), rtol=1e-10)
    assert_allclose(model.score(some), -errors.sum(axis=1).mean(), rtol=1e-10)


# ---- the input


def test_the_input_is_filled_with_the_means_of_the_first_fit(rng):
    X = wine()[0]
    weight = rng.integers(0, 4, len(X)).astype(float)
    some = with_missing(X)
    model = quick(dtype="float64").fit(some, sample_weight=weight)
    means = [np.average(c[~np.isnan(c)], weights=weight[~np.isnan(c)]) for c in some.T]
    assert_allclose(model.mean_, means, rtol=1e-12)
    filled = np.where(np.isnan(some), model.mean_, some)
    for method in ("predict", "transform", "input_gradient"):
        assert_array_equal(getattr(model, method)(some), getattr(model, method)(filled))
    before = model.mean_.copy()
    model.partial_fit(some + 1.0)
    model.set_params(warm_start=True).fit(some + 2.0)
    assert_array_equal(model.mean_, before)


def test_missing_values_that_first_appear_in_prediction():
    X = wine()[0]
    for form in (np.asarray, sparse.csr_array):
        model = quick(dtype="float64").fit(form(X))
        assert_allclose(model.mean_, X.mean(axis=0), rtol=1e-9, atol=1e-12)
        some = with_missing(X)
        assert_array_equal(
            model.predict(some), model.predict(np.where(np.isnan(some), model.mean_, some))
        )
        assert model.score(some) > model.score(X)  # fewer errors to count


def test_held_out_rows_say_nothing_of_the_means():
    X = wine()[0]
    train, held_out = np.arange(100), np.arange(100, 178)
    model = quick(early_stopping=True, validation_cv=[(train, held_out)]).fit(with_missing(X))
    assert_allclose(model.mean_, np.nanmean(with_missing(X)[train], axis=0), rtol=1e-12)
    assert np.isfinite(model.best_validation_score_)
    assert_allclose(model.best_validation_score_, model.score(with_missing(X)[held_out]), rtol=1e-4)


def test_nothing_missing_is_the_fit_itself():
    """Values of zero weight may be missing; then the numbers are those of a fit without them,
    but for the order of sums.
    """
    X = wine()[0]
    some, weight = np.vstack([X, with_missing(X)]), np.repeat([1.0, 0.0], len(X))
    model, plain = (
        quick(dtype="float64", max_iter=5).fit(some, sample_weight=weight),
        quick(dtype="float64", max_iter=5).fit(X),
    )
    assert_allclose(model.predict(X), plain.predict(X), rtol=1e-9, atol=1e-12)


# ---- with everything else


SETTINGS = {
    "lbfgs": {"solver": "lbfgs"},
    "corruption": {"corruption": "masking"},
    "noise of hidden values": {"corruption": "gaussian", "corruption_at": "hidden"},
    "input_dropout": {"input_dropout": 0.2, "dropout": 0.1},
    "mixup": {"augmentation": [GaussianNoise(0.1), Mixup()]},
    "early_stopping": {"early_stopping": True},
    "batch_norm": {"batch_norm": True},
    "skip_connections": {"skip_connections": "concat"},
    "in order": {"shuffle": False, "batch_size": 32},
    "huber": {"loss": "huber"},
    "scoring": {"scoring": "loss", "early_stopping": True},
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_everything_works_with_missing_values(setting, dtype):
    X = with_missing(wine()[0])
    kept = X.copy()
    model = quick(**setting, dtype=dtype).fit(X)
    history = model.history_["loss"]
    assert history.iloc[-1] < history.iloc[0]
    assert np.isfinite(history).all()
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.score(X))
    assert_array_equal(X, kept)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_weights_are_repetitions(solver, rng):
    X = with_missing(wine()[0][:60])
    weight = rng.integers(0, 3, 60)
    setting = {"dtype": "float64", "solver": solver, "max_iter": 8}
    weighted = quick(**setting).fit(X, sample_weight=weight)
    longer = quick(**setting).fit(np.repeat(X, weight, axis=0))
    assert_allclose(weighted.predict(X), longer.predict(X), rtol=1e-6, atol=1e-8)


def test_going_on_is_one_fit():
    X = with_missing(wine()[0])
    whole = quick(loss="auto").fit(X)
    parts = quick(loss="auto", warm_start=True, max_iter=10).fit(X)
    parts = pickle.loads(pickle.dumps(parts)).fit(X)
    assert_array_equal(parts.predict(X), whole.predict(X))
    steps = quick(loss="auto")
    for _ in range(20):
        steps.partial_fit(X)
    assert_array_equal(steps.predict(X), whole.predict(X))


def test_a_later_batch_may_have_a_column_without_values():
    X = wine()[0]
    bare = X.copy()
    bare[:, 3] = np.nan
    model = quick().partial_fit(X)
    before = model.mean_.copy()
    assert np.isfinite(model.partial_fit(bare).predict(bare)).all()
    assert_array_equal(model.mean_, before)
    assert np.isfinite(quick(X.shape[1]).fit(X, X_val=bare).history_["validation_loss"]).all()


def test_what_is_refused():
    X = wine()[0]
    model = quick().fit(X)
    before = state(model, X)
    bare, infinite = X.copy(), with_missing(X)
    bare[:, 3] = np.nan
    infinite[0, 0] = np.inf
    frame = pd.DataFrame(bare, columns=[f"f{k}" for k in range(13)])
    for rows, message in (
        (bare, "All values of X are missing in column 3, so that nothing can be learned of it"),
        (frame, "All values of X are missing in column 'f3'"),
        (infinite, "infinity"),
        (sparse.csr_array(with_missing(X)), r"contains NaN and is sparse.*give X\.toarray\(\)"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(rows)
    with pytest.raises(ValueError, match="values of X are missing in column 3"):
        model.fit(np.vstack([bare, X]), sample_weight=np.repeat([1.0, 0.0], len(X)))
    for method in (model.predict, model.transform, model.score_samples, model.impute):
        with pytest.raises(ValueError, match="infinity"):
            method(infinite)
    with pytest.raises(
        ValueError,
        match=r"impute would turn sparse input into a dense reconstruction of shape \(178, 13\)",
    ):
        model.impute(sparse.csr_array(X))
    assert_unchanged(before, state(model, X))


# ---- imputation


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_imputation_recovers_what_the_other_columns_say(seed):
    """Rows near a space of three dimensions."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 10)) + 0.1 * rng.normal(size=(400, 10))
    some = with_missing(X, seed=seed)
    setting = {
        "corruption": Masking(0.2),
        "learning_rate": "one_cycle",
        "learning_rate_init": 0.01,
        "batch_size": 50,
    }
    setting |= {"max_iter": 600, "n_iter_no_change": np.inf}
    imputers = {
        "autoencoder": Autoencoder(3, (128,), random_state=0, **setting).fit(some).impute(some),
        "mean": SimpleImputer().fit_transform(some),
        "neighbours": KNNImputer().fit_transform(some),
        "iterative": IterativeImputer(random_state=0).fit_transform(some),
    }
    error = {
        name: np.sqrt(np.mean(np.square(filled - X)[np.isnan(some)]))
        for name, filled in imputers.items()
    }
    # measured over six seeds: 0.28 on average, at most 0.34; the mean 1.63, neighbours 0.59,
    # iterative 0.15
    assert error["autoencoder"] < 0.3 * error["mean"]
    assert error["autoencoder"] < error["neighbours"]
    assert error["autoencoder"] < 4 * error["iterative"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_values_that_are_there_stay_to_the_bit(dtype, precision):
    X = with_missing(wine()[0]).astype(dtype)
    model = quick(dtype=precision).fit(X)
    kept, filled, present = X.copy(), model.impute(X), ~np.isnan(X)
    assert filled.dtype == dtype
    assert_array_equal(filled[present], X[present])
    assert_allclose(filled[~present], model.predict(X)[~present], rtol=1e-6)
    assert_array_equal(X, kept)
    assert filled is not X
    assert not np.shares_memory(filled, X)
    assert_array_equal(model.impute(X.tolist()), model.impute(X.astype(float)))
    assert_array_equal(model.impute(wine()[0]), wine()[0])


def frame(kind):
    """Return a frame with a whole-number column that misses nothing and a nullable one that
    does.
    """
    X = pd.DataFrame(
        with_missing(wine()[0]),
        columns=[f"f{k}" for k in range(13)],
        index=np.arange(178)[::-1] * 2,
    )
    X["f0"] = X["f0"].astype(np.float32)
    X["f1"] = np.arange(178) % 5
    X["f2"] = pd.array(np.arange(178) % 2, dtype="Int64")
    X.loc[X.index[7], "f2"] = pd.NA
    if kind == "pandas":
        return X
    polars = pytest.importorskip("polars")
    other = polars.DataFrame({name: X[name].to_numpy() for name in X if name not in ("f1", "f2")})
    other = other.with_columns(
        polars.Series("f1", X["f1"].to_numpy()),
        polars.Series("f2", [*(k % 2 for k in range(7)), None, *([0] * 170)]),
    )
    return other.select(list(X.columns))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_frame_stays_a_frame(kind):
    X = frame(kind)
    kept = X.copy() if kind == "pandas" else X.clone()
    model = quick().fit(X)
    filled = model.impute(X)
    assert type(filled) is type(X)
    assert list(filled.columns) == list(X.columns)
    for name in (
        "f0",
        "f1",
        "f3",
    ):  # single precision, whole numbers without missing ones, double precision
        assert filled[name].dtype == X[name].dtype
    options = {"dtype": float, "na_value": np.nan} if kind == "pandas" else {}
    values = X.to_numpy(**options)
    assert_allclose(
        filled.to_numpy(), np.where(np.isnan(values), model.predict(X), values), rtol=1e-6
    )
    assert X.equals(kept)
    if kind == "pandas":
        assert_array_equal(filled.index, X.index)


def test_probabilities_take_the_place_of_missing_categories():
    X = table()
    some = X.to_numpy(copy=True)
    some[::4, 2:5] = np.nan
    some[::5, 1] = np.nan
    model = quick(1, loss="auto", max_iter=100).fit(some)
    filled = model.impute(some)
    assert_allclose(filled[:, 2:5].sum(axis=1), 1, rtol=1e-5)
    assert ((filled[:, 1] >= 0) & (filled[:, 1] <= 1)).all()
    guessed = filled[::4, 2:5].argmax(axis=1) == X.to_numpy()[::4, 2:5].argmax(axis=1)
    assert guessed.mean() > 0.7


def test_rows_on_disk_may_miss_values(tmp_path):
    X = with_missing(wine()[0])
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    model, plain = quick().fit(mapped), quick().fit(X)
    assert_array_equal(model.predict(mapped), plain.predict(X))
    assert_array_equal(model.impute(mapped), plain.impute(X))


def test_in_a_pipeline():
    X = with_missing(wine()[0])
    model = make_pipeline(StandardScaler(), quick()).fit(X)
    assert_allclose(model[-1].mean_, 0.0, atol=1e-10)
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(clone(model).fit_transform(X)).all()
