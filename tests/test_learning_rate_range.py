"""The learning-rate range test: against gradient descent by hand, what it suggests, what it
leaves alone, its picture.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import (
    Autoencoder,
    LearningRateRangeDisplay,
    MLPClassifier,
    MLPRegressor,
    learning_rate_range,
)
from skmlp.nn import SGD, Plateau
from skmlp.nn.optimizers import OPTIMIZERS

from .problems import blobs, curve, digits, labels
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
QUICK = {"hidden_layer_sizes": (8,), "batch_size": 32, "random_state": 0}


def moving_average(losses):
    """Return that of pandas, whose weights also add up to one from the start."""
    return pd.Series(losses).ewm(alpha=0.1, adjust=True).mean().to_numpy()


def test_it_is_gradient_descent_with_rising_rates():
    """Linear regression on all rows at once, from zero weights and the mean, written out."""
    X, y = curve()
    model = MLPRegressor(
        hidden_layer_sizes=(),
        solver=SGD(momentum=0.0),
        batch_size=len(X),
        alpha=0.0,
        weight_init="zeros",
    )
    rates, losses, _ = learning_rate_range(model, X, y, min_rate=1e-3, max_rate=1.0, n_steps=20)
    assert_allclose(rates, 10 ** np.linspace(-3, 0, 20))
    w, b = np.zeros(X.shape[1]), y.mean()
    for rate, loss in zip(rates, losses, strict=True):
        error = X @ w + b - y
        assert loss == pytest.approx(np.mean(error**2) / 2, rel=1e-10)
        w, b = w - rate * X.T @ error / len(X), b - rate * error.mean()


def test_the_suggestion_is_a_tenth_of_where_the_average_is_least():
    X, y = blobs(3)
    rates, losses, suggestion = learning_rate_range(MLPClassifier(**QUICK), X, y, n_steps=60)
    average = moving_average(losses)
    assert suggestion == pytest.approx(rates[average.argmin()] / 10)


@pytest.mark.parametrize("solver", OPTIMIZERS)
@pytest.mark.slow
def test_training_at_the_suggested_rate_goes_well(solver):
    """Better than at a thirtieth of it; three hundred times as much is beyond the edge."""
    X, y = digits()
    model = MLPClassifier(
        (32,), solver=solver, batch_size=32, max_iter=2, dtype="float64", random_state=0
    )
    _, _, suggestion = learning_rate_range(model, X, y)
    losses = [
        model.set_params(learning_rate_init=factor * suggestion).fit(X, y).loss_
        for factor in (1 / 30, 1)
    ]
    assert losses[1] < 0.7 * losses[0]


def test_missing_values_of_an_autoencoder():
    X = np.random.default_rng(0).normal(size=(60, 3))
    X[::7, 1] = np.nan
    rates, losses, _ = learning_rate_range(
        Autoencoder(1, batch_size=60, solver="sgd", random_state=0), X, min_rate=1e-6, n_steps=5
    )
    untrained = Autoencoder(
        1, solver="sgd", learning_rate_init=1e-6, max_iter=1, batch_size=60, random_state=0
    ).partial_fit(X)
    assert_allclose(losses[0], untrained.loss_, rtol=1e-12)
    assert rates[0] == 1e-6
    with pytest.raises(ValueError, match="contains NaN"):
        learning_rate_range(MLPRegressor(), X, X[:, 0])


@pytest.mark.parametrize("unit", [1e-4, 1e5])
def test_a_unit_of_y_does_not_end_it(unit):
    """Not even where the loss is the logarithm of a density, which is negative in some units."""
    X, y = curve()
    model = MLPRegressor("gaussian_nll", **QUICK)
    here, there = learning_rate_range(model, X, y), learning_rate_range(model, X, unit * y)
    assert_allclose(there[0], here[0])
    assert_allclose(there[1] - np.log(unit), here[1], atol=1e-2)
    assert len(here[0]) > 50


def test_ends_early_where_the_loss_explodes():
    X, y = curve()
    rates, losses, suggestion = learning_rate_range(
        MLPRegressor(solver="sgd", **QUICK), X, y, max_rate=1e6
    )
    assert len(rates) == len(losses) < 100
    average = moving_average(losses)
    assert average[-1] > 4 * average.min()
    assert (average[:-1] <= 4 * np.minimum.accumulate(average)[:-1]).all()
    assert np.isfinite(losses).all()
    assert 1e-6 <= suggestion < rates[-1]


@pytest.mark.parametrize("others", [False, True], ids=["", "sparse and weighted"])
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])
def test_every_estimator(cls, others, rng):
    X, y = curve() if cls is MLPRegressor else blobs(3)
    options = {"sample_weight": rng.uniform(0.5, 2.0, len(X))} if others else {}
    y = None if cls is Autoencoder else y
    model = cls(**QUICK, batch_norm=True, dropout=0.1, learning_rate=Plateau(), early_stopping=True)
    dense = learning_rate_range(model, X, y, n_steps=30, **options)
    rates, losses, suggestion = (
        learning_rate_range(model, sparse.csc_array(X), y, n_steps=30, **options)
        if others
        else dense
    )
    assert_allclose(losses, dense[1], rtol=1e-3)
    assert len(rates) == len(losses) > 10
    assert rates[0] <= suggestion <= rates[-1]


@pytest.mark.parametrize("kind", ["strings", "binary", "labels", "balanced", "frame", "outputs"])
def test_every_kind_of_target(kind):
    X, y = {"binary": blobs(2), "labels": labels(), "outputs": curve(n_outputs=2)}.get(
        kind, blobs(3)
    )
    model = MLPRegressor(**QUICK) if kind == "outputs" else MLPClassifier(**QUICK)
    if kind == "strings":
        y = np.array(["a", "b", "c"])[y]
    if kind == "frame":
        X, y = pd.DataFrame(X, columns=list("abcde")), pd.Series(y)
    if kind == "balanced":
        X, y = np.vstack([X, X[y == 0], X[y == 0]]), np.append(y, np.zeros(2 * np.sum(y == 0), int))
        model.set_params(class_weight="balanced")
    _, losses, _ = learning_rate_range(model, X, y, n_steps=50)
    assert losses.min() < 0.8 * losses[0]


def test_sparse_labels_are_labels():
    X, y = labels()
    model = MLPClassifier(**QUICK)
    dense, found = (learning_rate_range(model, X, t, n_steps=9) for t in (y, sparse.coo_array(y)))
    assert_array_equal(found[1], dense[1])


def test_rows_of_weight_zero_are_as_if_left_out():
    """Also where it is decided how many rows a batch has, and in which precision."""
    X, y = digits()
    weight = (np.arange(460) < 60).astype(float)
    model = MLPClassifier((8,), random_state=0)
    some = learning_rate_range(model, X[:60], y[:60], n_steps=9)
    found = learning_rate_range(model, X[:460], y[:460], sample_weight=weight, n_steps=9)
    assert_allclose(found[1], some[1], rtol=1e-12)


@pytest.mark.parametrize("nested", [False, True])
def test_a_pipeline_is_its_last_step_on_what_the_others_make_of_the_rows(nested):
    X, y = blobs(3)
    scaler, network = StandardScaler(), MLPClassifier(**QUICK)
    expected = learning_rate_range(
        network, SelectKBest(k=3).fit_transform(StandardScaler().fit_transform(X), y), y, n_steps=20
    )
    last = make_pipeline(SelectKBest(k=3), network)
    found = learning_rate_range(
        make_pipeline(scaler, last) if nested else make_pipeline(scaler, *last), X, y, n_steps=20
    )
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one, other)
    assert not hasattr(scaler, "mean_")


@pytest.mark.parametrize(
    ("cls", "before"),
    [(Autoencoder, [StandardScaler()]), (MLPClassifier, []), (MLPClassifier, ["passthrough"])],
)
def test_a_pipeline_with_few_steps(cls, before):
    X, y = blobs(3)
    X, y = StandardScaler().fit_transform(X), None if cls is Autoencoder else y
    expected, found = (
        learning_rate_range(model, X, y, n_steps=5)[1]
        for model in (cls(**QUICK), make_pipeline(*before, cls(**QUICK)))
    )
    assert_allclose(found, expected, rtol=1e-6)


def test_rows_of_weight_zero_are_left_out():
    X, y = curve()
    weight = np.ones(len(X) + 20)
    weight[-20:] = 0
    model = MLPRegressor(**QUICK, dtype="float64")
    expected = learning_rate_range(model, X, y, n_steps=15)
    padded = learning_rate_range(
        model,
        np.vstack([X, X[:20]]),
        np.append(y, np.full(20, 1e6)),
        n_steps=15,
        sample_weight=weight,
    )
    assert_allclose(padded[1], expected[1], rtol=1e-12)


@pytest.mark.parametrize("fitted", [False, True])
def test_the_estimator_is_not_changed(fitted):
    X, y = blobs(3)
    stream = np.random.RandomState(3)
    model = MLPClassifier(
        hidden_layer_sizes=(4,), max_iter=3, random_state=stream, warm_start=True, verbose=False
    )
    if fitted:
        model.fit(X, y)
    before = state(model, X)
    numbers = stream.get_state()[1].copy(), stream.get_state()[2]
    parameters = dict(model.get_params())
    learning_rate_range(model, X, y, n_steps=5)
    assert model.get_params() == parameters
    assert_unchanged(before, state(model, X))
    assert_array_equal(stream.get_state()[1], numbers[0])
    assert stream.get_state()[2] == numbers[1]


def test_same_seed_same_numbers():
    X, y = blobs(3)
    first, second = (
        learning_rate_range(MLPClassifier(**QUICK, dropout=0.2), X, y) for _ in range(2)
    )
    assert_array_equal(first[1], second[1])


X, Y = blobs(3)
SPOILED = np.where(np.arange(150) == 149, np.nan, 1.0)


@pytest.mark.parametrize(
    ("error", "model", "options", "message"),
    [
        (
            TypeError,
            "adam",
            {},
            "estimator must be an MLPClassifier, MLPRegressor or Autoencoder, or a Pipeline that "
            "ends in one, got 'adam'",
        ),
        (
            TypeError,
            make_pipeline(StandardScaler(), LogisticRegression()),
            {},
            r"a Pipeline that ends in one, got LogisticRegression\(\)",
        ),
        (
            TypeError,
            make_pipeline(MLPClassifier(), "passthrough"),
            {},
            "a Pipeline that ends in one, got 'passthrough'",
        ),
        (
            ValueError,
            make_pipeline(StandardScaler(), MLPClassifier(solver="lbfgs")),
            {"y": None},
            "solver='lbfgs' has no learning rate",
        ),
        (ValueError, MLPClassifier(solver="lbfgs"), {}, "solver='lbfgs' has no learning rate"),
        (ValueError, MLPClassifier(), {"min_rate": 0.0}, "min_rate=0.0 and max_rate=10.0"),
        (ValueError, MLPClassifier(), {"min_rate": 1.0, "max_rate": 0.1}, "The rates must rise"),
        (ValueError, MLPClassifier(), {"max_rate": np.inf}, "max_rate=inf"),
        (
            ValueError,
            MLPClassifier(),
            {"n_steps": 1},
            "n_steps must be a whole number, 2 or more, got 1",
        ),
        (
            ValueError,
            MLPClassifier(),
            {"n_steps": 2.5},
            r"n_steps must be a whole number, 2 or more, got 2\.5",
        ),
        (ValueError, MLPClassifier(dropout=2.0), {}, "dropout"),
        (ValueError, MLPClassifier(), {"y": Y[:-1]}, "inconsistent numbers of samples"),
        (ValueError, MLPClassifier(), {"sample_weight": [1.0]}, r"sample_weight\.shape == \(1,\)"),
        (
            ValueError,
            MLPClassifier(),
            {"sample_weight": -np.ones(len(X))},
            "Negative values in data passed to `sample_weight`",
        ),
        (ValueError, MLPRegressor(), {"y": SPOILED}, "NaN"),
        (
            ValueError,
            MLPClassifier(),
            {"y": None},
            "MLPClassifier.* learns to predict y, but y is None",
        ),
        (
            ValueError,
            make_pipeline(StandardScaler(), MLPRegressor()),
            {"y": None},
            "MLPRegressor.* learns to predict y, but y is None",
        ),
        (
            ValueError,
            MLPClassifier(class_weight="balanced"),
            {"y": np.eye(3, dtype=int)[Y]},
            "not defined for multilabel targets",
        ),
    ],
)
def test_what_is_refused(error, model, options, message):
    with pytest.raises(error, match=message):
        learning_rate_range(model, X, options.pop("y", Y), **options)


# ---- the picture


@pytest.fixture
def ax():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    yield plt.subplots()[1]
    plt.close("all")


def test_the_picture_shows_the_numbers(ax):
    display = LearningRateRangeDisplay.from_estimator(
        MLPClassifier(**QUICK), X, Y, n_steps=30, ax=ax
    )
    rates, losses, suggestion = learning_rate_range(MLPClassifier(**QUICK), X, Y, n_steps=30)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert_array_equal(display.losses_.get_xydata(), np.column_stack([rates, losses]))
    assert_array_equal(display.average_.get_xdata(), rates)
    assert_allclose(display.average_.get_ydata(), moving_average(losses), rtol=1e-12)
    assert set(display.suggestion_.get_xdata()) == {suggestion}
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()][
        -1
    ] == f"suggestion: {suggestion:.2g}"


def test_the_picture_without_an_axis_or_a_suggestion(ax):
    display = LearningRateRangeDisplay(rates=np.array([0.1, 1.0]), losses=np.array([1.0, 2.0]))
    assert display.plot() is display
    assert display.ax_ is not ax
    assert display.suggestion_ is None


def test_losses_far_above_the_first_ones_leave_the_picture(ax):
    """So that the fall before them can be seen; where there are none, all losses are in it."""
    rates = np.geomspace(1e-3, 1.0, 5)
    for last, inside in [(80.0, False), (2.5, True)]:
        losses = np.array([2.0, 1.9, 1.0, 1.2, last])
        display = LearningRateRangeDisplay(rates=rates, losses=losses).plot()
        bottom, top = display.ax_.get_ylim()
        assert bottom < 1.0 < 2.0 < top < 4.0
        assert (last < top) == inside
