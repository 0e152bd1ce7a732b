"""What leaves an estimator has the precision of X; what lies far from zero, in y or in X, keeps
its signal.
"""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor as TheirMLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, OutlierAutoencoder
from skmlp._data.measures import measure_of_reconstruction
from skmlp.nn import GaussianCorruption, SquaredError

from .networks import classifier, regressor
from .problems import blobs, curve, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

QUICK = {"max_iter": 2, "random_state": 0, "hidden_layer_sizes": (6,)}
CASES = {
    "binary": (MLPClassifier(dropout=0.1, **QUICK), blobs(2)),
    "multiclass": (MLPClassifier(dropout=0.1, **QUICK), blobs(3)),
    "multilabel": (MLPClassifier(dropout=0.1, **QUICK), labels()),
    "numbers": (MLPRegressor("gaussian_nll", dropout=0.1, **QUICK), curve(n_outputs=2)),
    "quantiles": (MLPRegressor("quantile", dropout=0.1, **QUICK), curve()),
    "autoencoder": (Autoencoder(2, code_penalty="variational", **QUICK), curve()),
}
METHODS = {
    "predict_proba": {},
    "predict_log_proba": {},
    "decision_function": {},
    "predict": {},
    "sample_predictions": {"n_samples": 2},
    "input_gradient": {},
    "transform": {},
    "score_samples": {},
    "feature_errors": {},
    "impute": {},
    "inverse_transform": {},
}


@pytest.mark.parametrize("trained_in", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_precision_is_that_of_the_input(case, trained_in):
    model, (X, y) = case
    model.set_params(dtype=trained_in).fit(X, y)
    seen = 0
    for name, options in METHODS.items():
        if not hasattr(model, name) or (name == "predict" and isinstance(model, MLPClassifier)):
            continue
        for given in (X, X[:1], X.astype(np.float32), X.tolist(), X.astype(np.float32)[:1]):
            given = given if name != "inverse_transform" else np.asarray(given)[:, :2]
            out = getattr(model, name)(given, **options)
            assert out.dtype == getattr(given, "dtype", np.float64), name
            seen += 1
    assert seen >= 10
    if isinstance(model, Autoencoder):
        assert model.sample(2).dtype == np.float64
    if isinstance(model, MLPRegressor) and model.loss == "gaussian_nll":
        assert [part.dtype for part in model.predict(X.astype(np.float32), return_std=True)] == [
            np.float32
        ] * 2
    assert model.transform(sparse.csr_matrix(X, dtype=np.float32)).dtype == np.float32


def test_a_detector_has_the_precision_of_the_input():
    X = low_rank()
    model = OutlierAutoencoder(Autoencoder(2, (6,), max_iter=2, random_state=0)).fit(X)
    for given in (X, X.astype(np.float32)):
        decision = model.decision_function(given)
        assert decision.dtype == model.score_samples(given).dtype == given.dtype
        assert_array_equal(decision < 0.0, model.predict(given) < 0)


def test_the_number_of_rows_does_not_choose_the_precision():
    X, y = curve(400)
    for n in (200, 201):
        prediction = MLPRegressor(max_iter=1, random_state=0).fit(X[:n], y[:n]).predict(X)
        assert json.loads(json.dumps({"prediction": prediction[0]}))["prediction"] == prediction[0]


@pytest.mark.parametrize("n_classes", [2, 3, 40])
def test_probabilities_sum_to_one_in_the_precision_of_the_output(n_classes, rng):
    X, y = blobs(n_classes, n=400)
    model = classifier(dtype="float32", dropout=0.1).fit(X, y)
    for far in (1.0, 1e4):
        for p in (
            model.predict_proba(far * X),
            np.exp(model.predict_log_proba(far * X)),
            model.sample_predictions(far * X, 2),
        ):
            assert_allclose(p.sum(axis=-1), 1.0, rtol=0.0, atol=1e-12)
    assert rng.multinomial(1, model.predict_proba(X)).shape == (400, n_classes)


@pytest.mark.parametrize(("offset", "scale"), [(1e8, 1.0), (1.7e9, 60.0), (1e7, 1.0)])
def test_a_scaler_around_the_estimator_does_not_lose_the_signal(offset, scale):
    X, f = curve(600)
    y = offset + scale * f
    scores = [
        TransformedTargetRegressor(
            cls(random_state=0, max_iter=60, learning_rate_init=0.01), transformer=StandardScaler()
        )
        .fit(X[:400], y[:400])
        .score(X[400:], y[400:])
        for cls in (MLPRegressor, TheirMLPRegressor)
    ]
    assert scores[0] > scores[1] - 0.02 > 0.9


# ---- columns of X far from zero


@pytest.mark.parametrize(
    "setting", [{}, {"solver": "lbfgs"}, {"dtype": "float64"}, {"batch_norm": True}], ids=str
)
def test_a_column_far_from_zero_is_as_good_as_one_near_it(setting):
    X, y = curve(400)
    far = X + [1e8, 0.0, -3e9, 0.0]
    near = regressor(**{"dtype": "float32", "batch_size": 50, "max_iter": 30, **setting}).fit(X, y)
    moved = regressor(**{"dtype": "float32", "batch_size": 50, "max_iter": 30, **setting}).fit(
        far, y
    )
    assert abs(moved.score(far, y) - near.score(X, y)) < 0.05
    assert moved.score(far, y) > 0.8
    assert_allclose(moved.predict(far[:1]), moved.predict(far)[:1], rtol=1e-5)
    labelled = classifier(dtype="float32", max_iter=20).fit(far, y > 0)
    assert labelled.score(far, y > 0) > 0.85
    step = 1e-2
    numeric = np.stack(
        [
            (moved.transform(far + e) - moved.transform(far - e)).sum(axis=1)
            for e in step * np.eye(4)
        ],
        axis=1,
    )
    assert np.abs(numeric[:, 0]).max() > 0.0


def test_ordinary_columns_are_left_alone():
    """A year, a pixel, a constant one: float32 holds them, and the coefficients are those of X
    itself.
    """
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [
            rng.integers(1990, 2030, 300),
            rng.integers(0, 255, 300),
            np.ones(300),
            rng.normal(size=300),
        ]
    )
    model = regressor(hidden_layer_sizes=(), normalize_y=False, max_iter=1).fit(X, X[:, 3])
    assert_allclose(
        model.predict(X), X @ model.coefs_[0][:, 0] + model.intercepts_[0], rtol=1e-4, atol=1e-4
    )


def test_a_value_far_out_does_not_say_where_a_column_lies():
    X, y = curve(400)
    far = X + [1e8, 0.0, 0.0, 0.0]
    far[7, 0] = 0.0
    others = np.arange(400) != 7
    model = regressor(dtype="float32", batch_size=50, max_iter=60).fit(far, y)
    assert (
        r2_score(y[others], model.predict(far)[others]) > 0.6
    )  # measured: 0.75; without the signal of the column 0.4
    step = 1e-2 * np.eye(4)[0]
    assert_allclose(
        model.input_gradient(far[:7])[:, 0],
        (model.predict(far[:7] + step) - model.predict(far[:7] - step)) / 0.02,
        atol=2e-2,
    )


def test_sparse_rows_are_seen_as_dense_ones():
    """Of a network that learned from dense rows, whose columns were moved."""
    X, y = curve(300)
    far = X + [1e8, 0.0, -3e9, 0.0]
    rows = sparse.csr_matrix(far)
    setting = {"dtype": "float32", "batch_size": 50, "max_iter": 4}
    model = regressor(**setting).fit(far, y, X_val=rows, y_val=y)
    assert_allclose(model.predict(rows), model.predict(far), rtol=1e-5, atol=1e-6)
    assert_allclose(model.validation_scores_[-1], r2_score(y, model.predict(far)), rtol=1e-6)
    assert_array_equal(
        clone(model).fit(far, y).partial_fit(rows, y).predict(far),
        clone(model).fit(far, y).partial_fit(far, y).predict(far),
    )
    source = Autoencoder(3, (8,), max_iter=3, random_state=0).fit(far)
    assert_allclose(source.score_samples(rows), source.score_samples(far), rtol=1e-5)
    with pytest.raises(
        ValueError, match="predict would turn sparse input into a dense reconstruction"
    ):
        source.predict(rows)
    went_on = Autoencoder(
        3, (8,), max_iter=1, random_state=0, init_from=FrozenEstimator(source)
    ).fit(rows)
    assert_allclose(went_on.score(rows), clone(went_on).fit(far).score(far), rtol=1e-4)


def test_it_is_learned_in_the_first_fit_and_kept():
    X, y = curve(300)
    far = X + [1e8, 0.0, 0.0, 0.0]
    setting = {"dtype": "float32", "batch_size": 50}
    whole = regressor(**setting, max_iter=4).fit(far, y)
    half = regressor(**setting, max_iter=2, warm_start=True).fit(far, y)
    assert_array_equal(half.fit(far, y).predict(far), whole.predict(far))
    steps = regressor(**setting)
    for _ in range(4):
        steps.partial_fit(far, y)
    assert_array_equal(steps.predict(far), whole.predict(far))
    assert_allclose(
        steps.partial_fit(far + [5.0, 0.0, 0.0, 0.0], y).predict(far).std(), y.std(), rtol=0.5
    )


def test_a_memory_map_is_moved_batch_by_batch(tmp_path):
    X, y = curve(300)
    far = X + [1e8, 0.0, 0.0, 0.0]
    np.save(tmp_path / "X.npy", far)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    setting = {"dtype": "float32", "batch_size": 50, "max_iter": 3}
    model, plain = regressor(**setting).fit(mapped, y), regressor(**setting).fit(far, y)
    assert_array_equal(model.predict(mapped), plain.predict(far))


def test_a_network_to_start_from_brings_it_along():
    X, y = curve(300)
    far = X + [1e8, 0.0, 0.0, 0.0]
    source = Autoencoder(3, (8,), max_iter=3, random_state=0, activation="tanh").fit(far)
    model = regressor(
        hidden_layer_sizes=(8, 3),
        init_from=FrozenEstimator(source),
        max_iter=1,
        learning_rate_init=1e-12,
    )
    model.set_params(activation=["tanh", "identity"], dtype="float32").fit(far, y)
    assert_allclose(model.transform(far), source.transform(far), rtol=1e-4, atol=1e-4)


# ---- reconstructions

PLACES = {
    "far": (1e8, 1.0),
    "small": (0.0, 1e-4),
    "large": (0.0, 1e6),
    "large and far": (1.7e9, 1e3),
    "small and far": (3e7, 1e-3),
    "beside zero": (100.0, 1.0),
    "large and beside zero": (3e7, 1e6),
}


def low_rank(n=300):
    """Six columns of rank two, and a little noise."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 2)) @ rng.normal(size=(2, 6)) + 0.05 * rng.normal(size=(n, 6))


@pytest.mark.parametrize("loss", ["squared_error", "huber", "absolute_error"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.slow
def test_a_reconstruction_is_as_good_wherever_x_lies(loss, place):
    offset, scale = place
    X = low_rank()
    setting = {
        "max_iter": 60,
        "learning_rate_init": 0.02,
        "random_state": 0,
        "loss": loss,
        "batch_size": 50,
    }
    Z = offset + scale * X
    model = Autoencoder(2, (20,), **setting).fit(Z)
    assert r2_score(Z, model.predict(Z)) > 0.95
    assert r2_score(Z, model.inverse_transform(model.transform(Z))) > 0.95
    residual = (model.predict(Z) - Z) / scale
    assert_allclose(model.score_samples(Z), -model.feature_errors(Z).sum(axis=1), rtol=1e-5)
    if loss == "squared_error":
        assert_allclose(
            model.score(Z) / scale**2, -0.5 * np.square(residual).sum(axis=1).mean(), rtol=1e-3
        )
        assert 0.3 < -model.loss_ / model.score(Z) < 3.0
        some = Z.copy()
        some[0, 1] = np.nan
        assert_allclose(model.impute(some)[0, 1], Z[0, 1], atol=scale)
    behind = make_pipeline(StandardScaler(), Autoencoder(2, (20,), **setting)).fit(Z)
    assert r2_score(Z, behind.inverse_transform(behind.transform(Z))) > 0.95


@pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie"])
@pytest.mark.parametrize("unit", [1e-4, 1e6])
def test_amounts_of_any_size_come_back(loss, unit):
    X = unit * np.exp(low_rank() / 3.0)
    model = Autoencoder(
        2,
        (20,),
        "tanh",
        loss=loss,
        max_iter=60,
        learning_rate_init=0.02,
        batch_size=50,
        random_state=0,
    ).fit(X)
    assert r2_score(X, model.predict(X)) > 0.95
    assert 0.3 < -model.loss_ / model.score(X) < 3.0


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1e-4), (0.0, 1e6), (100.0, 1.0), (3e7, 1e6)])
def test_numbers_beside_flags_come_back_whatever_their_size(offset, scale):
    numbers = low_rank()
    flags = (numbers[:, :2] > 0.0).astype(float)
    X = np.column_stack([offset + scale * numbers, flags])
    model = Autoencoder(
        3, (20,), loss="auto", max_iter=60, learning_rate_init=0.02, batch_size=50, random_state=0
    ).fit(X)
    back = model.predict(X)
    assert r2_score(X[:, :6], back[:, :6]) > 0.95
    assert ((back[:, 6:] > 0.5) == (flags > 0.5)).mean() > 0.95
    assert_allclose(model.feature_errors(X).sum(axis=1), -model.score_samples(X), rtol=1e-5)


def test_columns_that_do_not_vary_do_not_say_how_large_x_is():
    """Not even by the rounding of their variance."""
    X = np.column_stack(
        [np.full((200_000, 3), 0.1), np.random.default_rng(0).normal(size=(200_000, 2))]
    )
    assert_array_equal(measure_of_reconstruction(X, None, None, SquaredError()).scale, 1.0)
    assert_array_equal(
        measure_of_reconstruction(sparse.csr_matrix(1e-5 * X), None, None, SquaredError()).scale
        < 1e-3,
        True,
    )


@pytest.mark.parametrize("scoring", [None, "loss"])
def test_early_stopping_knows_no_unit_of_x(scoring):
    X = low_rank()
    setting = {
        "early_stopping": True,
        "scoring": scoring,
        "learning_rate_init": 0.02,
        "random_state": 0,
        "n_iter_no_change": 5,
    }
    counts = set()
    for unit in (1e-30, 1e-4, 1e6, 1e30):
        model = Autoencoder(2, (20,), **setting).fit(unit * X)
        counts.add(model.n_iter_)
        held_out = model.validation_scores_[-1] / unit**2
        assert_allclose(held_out, -model.history_["validation_loss"].iloc[-1] / unit**2, rtol=1e-6)
        assert_allclose(held_out, model.score(unit * X) / unit**2, rtol=0.5)
    assert len(counts) == 1
    assert counts.pop() > 15


def test_columns_of_another_kind_stay_where_they_are():
    rng = np.random.default_rng(0)
    flags = rng.integers(0, 2, size=(300, 2)).astype(float)
    X = np.column_stack(
        [1e8 + flags[:, :1] + 0.1 * rng.normal(size=(300, 1)), flags, rng.poisson(3.0, 300)]
    )
    loss = [("squared_error", [0]), ("binary_log_loss", [1, 2]), ("poisson", [3])]
    model = Autoencoder(
        2, (20,), loss=loss, max_iter=60, learning_rate_init=0.02, random_state=0
    ).fit(X)
    back = model.predict(X)
    assert r2_score(X[:, 0], back[:, 0]) > 0.8
    assert ((back[:, 1:3] > 0.5) == (flags > 0.5)).mean() > 0.95


def test_corruption_is_in_the_units_of_ordinary_columns():
    """An X of ordinary size is what the network sees, to the bit."""
    X = 3.0 * low_rank() + 1.0
    model = Autoencoder(
        2, (), corruption=GaussianCorruption(0.1), max_iter=2, random_state=0, dtype="float64"
    ).fit(X)
    code = X @ model.coefs_[0] + model.intercepts_[0]
    assert_allclose(model.transform(X), code, rtol=1e-9)


def test_a_table_that_is_an_array_of_single_precision_comes_back_as_one():
    X, _ = curve()
    table = np.column_stack([X[:, :3], X[:, 3] > 0.0])
    model = Autoencoder(2, categorical_features=[3], **QUICK).fit(table)
    for name in ("predict", "transform", "score_samples", "feature_errors", "impute"):
        for kind in (np.float32, np.float64):
            assert getattr(model, name)(table.astype(kind)).dtype == kind, name
