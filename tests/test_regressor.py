"""The regressor: shapes and scales of targets, and what the textbook says of its special cases."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import HuberRegressor, LinearRegression, Ridge

from skmlp import Autoencoder, MLPRegressor
from skmlp.nn.layers import BatchNorm
from skmlp.nn.losses import Huber

from .problems import curve, diabetes

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def quick(**setting):
    """Return a regressor that has learned something after a moment."""
    return MLPRegressor(
        **{
            "hidden_layer_sizes": (20,),
            "learning_rate_init": 0.02,
            "max_iter": 60,
            "random_state": 0,
            **setting,
        }
    )


def exact(**setting):
    """Return a linear model of y as it is, solved as far as rounding allows."""
    return MLPRegressor(
        normalize_y=False,
        hidden_layer_sizes=(),
        solver="lbfgs",
        tol=1e-10,
        max_iter=5000,
        random_state=0,
        **setting,
    )


def test_shape_of_the_target_is_that_of_the_prediction():
    X, y = curve(n_outputs=2)
    both = quick().fit(X, y)
    assert both.predict(X).shape == y.shape
    assert both.n_outputs_ == 2
    assert both.score(X, y) > 0.8
    one = quick().fit(X, y[:, 0])
    assert one.predict(X).shape == (len(X),)
    with pytest.warns(UserWarning, match="column-vector"):
        column = quick().fit(X, y[:, :1])
    assert_array_equal(column.predict(X), one.predict(X))


@pytest.mark.parametrize("setting", [{}, {"early_stopping": True}, {"loss": "huber"}], ids=str)
def test_a_unit_whose_squares_are_no_numbers_does_not_matter(setting):
    X, y = curve()
    model = quick(**setting).fit(X, y)
    for unit in (2.0**-1000, 2.0**-540, 2.0**600):
        other = quick(**setting).fit(X, y * unit)
        assert other.n_iter_ == model.n_iter_
        assert other.validation_scores_ == model.validation_scores_
        assert_array_equal(other.predict(X), model.predict(X) * unit)
        assert other.score(X, y * unit) == model.score(X, y) > 0.8


def test_integer_and_list_targets_are_numbers():
    X, y = curve()
    y = np.round(10 * y).astype(int)
    model = quick().fit(X, y)
    assert_array_equal(quick().fit(X.tolist(), y.tolist()).predict(X), model.predict(X))
    assert_array_equal(quick().fit(X, y.astype(float)).predict(X), model.predict(X))
    assert model.predict(X).dtype == np.float64


@pytest.mark.parametrize("offset", [0.0, 100.0, -1e4])
def test_a_far_away_target_is_learned_as_well(offset):
    """A shift of the target changes nothing."""
    X, y = curve()
    model, shifted = quick(dtype="float64").fit(X, y), quick(dtype="float64").fit(X, y + offset)
    assert_allclose(shifted.predict(X) - offset, model.predict(X), atol=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 10.0])
def test_without_hidden_layers_it_is_ridge(alpha):
    X, y = diabetes()
    ours = exact(alpha=alpha).fit(X, y)
    theirs = (Ridge(alpha) if alpha else LinearRegression()).fit(X, y)
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, atol=1e-6)
    assert_allclose(ours.intercepts_[0][0], theirs.intercept_, atol=1e-6)


def test_several_outputs_are_ridge_one_by_one(rng):
    X, y = diabetes()
    y = np.column_stack([y, y**2, rng.normal(size=len(y))])
    weight = rng.uniform(0.0, 3.0, len(y))
    ours, theirs = exact(alpha=10.0).fit(X, y, weight), Ridge(10.0).fit(X, y, weight)
    assert_allclose(ours.coefs_[0].T, theirs.coef_, atol=1e-6)
    assert_allclose(ours.intercepts_[0], theirs.intercept_, atol=1e-6)


def test_one_penalty_for_each_weight_matrix():
    X, y = curve()
    model = quick(alpha=[0.0, 1e4], solver="lbfgs", max_iter=1000, tol=1e-6).fit(X, y + 5.0)
    # the output's weights pay, and those in front make up for it; intercepts are free
    assert np.abs(model.coefs_[1]).max() < 0.02 < 10.0 < np.abs(model.coefs_[0]).max()
    assert_allclose(model.predict(X).mean(), y.mean() + 5.0, atol=0.05)


def test_adamw_decays_by_the_rate_itself():
    """With a gradient of zero, n steps leave (1 - lr alpha)^n of a weight."""
    X, y = np.zeros((50, 3)), np.zeros(50)
    model = quick(
        hidden_layer_sizes=(),
        solver="adamw",
        alpha=0.5,
        dtype="float64",
        max_iter=1,
        warm_start=True,
        batch_size=10,
    ).fit(X, y)
    before = model.coefs_[0].copy()
    model.fit(X, y)
    assert_allclose(model.coefs_[0], before * (1 - 0.02 * 0.5) ** 5, rtol=1e-12)


def test_huber_loss_is_scikit_learns_with_its_scale(rng):
    """scikit-learn fits the scale too; given that scale, the coefficients are the same."""
    X, y = diabetes()
    y = y + 20.0 * (rng.random(len(y)) < 0.05)
    theirs = HuberRegressor(epsilon=1.35, alpha=0.0, tol=1e-8, max_iter=5000).fit(X, y)
    ours = exact(loss=Huber(1.35 * theirs.scale_), alpha=0.0).fit(X, y)
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, atol=1e-3)
    assert_allclose(ours.intercepts_[0][0], theirs.intercept_, atol=1e-3)
    assert np.abs(LinearRegression().fit(X, y).coef_ - theirs.coef_).max() > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_absolute_error_finds_the_median(seed, rng):
    X, y = np.zeros((500, 1)), rng.exponential(size=500)
    model = MLPRegressor(
        "absolute_error",
        (),
        learning_rate="cosine",
        learning_rate_init=0.02,
        max_iter=300,
        tol=0.0,
        random_state=seed,
        batch_size=50,
    )
    assert_allclose(
        model.fit(X, y).predict(X[:1]), np.median(y), atol=0.06
    )  # measured over eight seeds: 0.023; the mean is 0.3 away


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber"])
def test_outliers_move_the_robust_losses_less(loss, rng):
    X, y = curve(400)
    spoilt = y + 30.0 * (rng.random(len(y)) < 0.08)
    prediction = quick(loss=loss, max_iter=200).fit(X, spoilt).predict(X)
    error = np.median(np.abs(prediction - y))
    # measured over four seeds: 2.1, 0.04 and 0.12
    assert error > 1.5 if loss == "squared_error" else error < 0.25


def test_predictions_follow_from_the_weights():
    X, y = curve(n_outputs=2)
    model = quick(
        normalize_y=False, hidden_layer_sizes=(6, 5, 4), activation=["softplus", "identity", "elu"]
    ).fit(X, y)
    (w0, w1, w2, w3), (b0, b1, b2, b3) = model.coefs_, model.intercepts_
    assert [w.shape for w in model.coefs_] == [(4, 6), (6, 5), (5, 4), (4, 2)]
    assert [b.shape for b in model.intercepts_] == [(6,), (5,), (4,), (2,)]
    z = (np.logaddexp(0, X @ w0 + b0) @ w1 + b1) @ w2 + b2
    hidden = np.where(z > 0, z, np.expm1(z))
    assert_allclose(model.transform(X), hidden, rtol=1e-9, atol=1e-12)
    assert_allclose(model.predict(X), hidden @ w3 + b3, rtol=1e-9, atol=1e-12)


def test_assigning_to_the_weights_changes_the_model():
    X, y = curve()
    model = quick(normalize_y=False).fit(X, y)
    for array in model.coefs_ + model.intercepts_:
        array[...] = 0.0
    model.intercepts_[-1][...] = 7.0
    assert_array_equal(model.predict(X), 7.0)


def test_sparse_input_is_the_same_as_dense():
    X, y = curve()
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    dense = quick(batch_size=32, dtype="float64").fit(X, y)
    for form in (sparse.csr_matrix, sparse.csc_array):
        assert_allclose(
            clone(dense).fit(form(X), y).predict(form(X)), dense.predict(X), rtol=1e-7, atol=1e-9
        )


def test_batch_norm_with_batch_statistics_depends_on_the_rows_asked_for():
    X, y = curve()
    model = quick(batch_norm=BatchNorm(statistics="batch")).fit(X, y)
    mean = model.predict(X).mean()
    assert_allclose(model.predict(X + 3.0).mean(), mean, atol=1e-6)  # a shift is normalised away
    assert not np.allclose(quick(batch_norm=True).fit(X, y).predict(X + 3.0).mean(), mean, atol=0.1)


def test_what_is_fitted_is_not_what_is_set_now():
    """A score, the best loss and what can be asked are those of the fit, whatever is set for the
    next one.
    """
    X, y = curve()
    model = MLPRegressor(early_stopping=True, max_iter=2).fit(X, y - y.mean())
    score = model.score(X, y - y.mean())
    model.set_params(loss="gamma", early_stopping=False)
    assert model.score(X, y - y.mean()) == score
    assert model.best_loss_ is None
    with pytest.raises(ValueError, match="needs values in"):
        model.fit(X, y - y.mean())
    code = Autoencoder(1, code_penalty="variational", max_iter=2).fit(X)
    assert code.set_params(code_penalty=None).sample(3).shape == (3, X.shape[1])
