"""The losses in the estimators: the linear models and estimates that they are elsewhere, the
shapes of what they predict, weights.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import hypsecant
from sklearn.linear_model import (
    GammaRegressor,
    PoissonRegressor,
    QuantileRegressor,
    TweedieRegressor,
)
from sklearn.metrics import d2_pinball_score, mean_pinball_loss
from sklearn.model_selection import GridSearchCV

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.losses import Focal, GaussianNLL, LogLoss, Poisson, Quantile, Tweedie

from .problems import blobs, curve, diabetes

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

MARGINS = ["hinge", "squared_hinge", "perceptron"]
QUANTILES = ["quantile", Quantile((0.05, 0.95))]


def quick(cls, loss, **setting):
    return cls(
        **{
            "loss": loss,
            "hidden_layer_sizes": (20,),
            "learning_rate_init": 0.02,
            "max_iter": 60,
            "random_state": 0,
            **setting,
        }
    )


def exact(cls, loss, **setting):
    """Return a linear model, solved as far as rounding allows."""
    return cls(
        **{
            "loss": loss,
            "hidden_layer_sizes": (),
            "solver": "lbfgs",
            "tol": 1e-9,
            "max_iter": 5000,
            "random_state": 0,
            **setting,
        }
    )


def patient(cls, loss, **setting):
    """Return a linear model trained for long with a falling rate, where the loss has kinks."""
    setting = {
        "learning_rate": "cosine",
        "learning_rate_init": 0.05,
        "max_iter": 2000,
        "tol": 0.0,
        "dtype": "float64",
        **setting,
    }
    return cls(
        **{
            "loss": loss,
            "hidden_layer_sizes": (),
            "n_iter_no_change": np.inf,
            "random_state": 0,
            **setting,
        }
    )


def counts(rng, n=300):
    X = rng.normal(size=(n, 3))
    return X, rng.poisson(np.exp(X @ [0.5, -0.3, 0.2] + 1.0)).astype(float)


# ---- generalised linear models


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("loss", "theirs", "shift"),
    [
        ("poisson", PoissonRegressor, 0.0),
        ("gamma", GammaRegressor, 0.5),
        (Tweedie(1.5), lambda **setting: TweedieRegressor(power=1.5, link="log", **setting), 0.0),
        (Tweedie(1.2), lambda **setting: TweedieRegressor(power=1.2, link="log", **setting), 0.0),
    ],
    ids=["poisson", "gamma", "tweedie", "tweedie 1.2"],
)
def test_without_hidden_layers_it_is_the_generalised_linear_model(
    loss, theirs, shift, weighted, rng
):
    X, y = counts(rng)
    y = y + shift
    weight = rng.uniform(0.5, 2.0, len(y)) if weighted else np.ones(len(y))
    theirs = theirs(alpha=0.01, tol=1e-8, max_iter=1000).fit(X, y, weight)
    ours = exact(MLPRegressor, loss, alpha=0.01 * weight.sum(), normalize_y=False).fit(
        X, y, weight if weighted else None
    )
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, atol=1e-5)
    assert_allclose(ours.intercepts_[0][0], theirs.intercept_, atol=1e-5)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-4)
    assert ours.out_activation_ == "exp"


def test_targets_out_of_the_domain(rng):
    X, y = counts(rng)
    for loss, bad in (("poisson", -1.0), ("tweedie", -0.5), ("gamma", 0.0)):
        spoilt = y + 1.0
        spoilt[3] = bad
        with pytest.raises(
            ValueError, match=rf"y has the value {bad}, but loss=\w+\(\) needs values in"
        ):
            MLPRegressor(loss).fit(X, spoilt)
        model = quick(MLPRegressor, loss, max_iter=1).fit(X, y + 1.0)
        with pytest.raises(ValueError, match="y has the value"):
            model.fit(X, y + 1.0, X_val=X, y_val=spoilt)
        with pytest.raises(ValueError, match="y has the value"):
            model.partial_fit(X, spoilt)
    for loss in ("poisson", Tweedie()):
        with pytest.raises(
            ValueError, match=r"y is 0 in every row, but loss=.* needs a positive mean"
        ):
            MLPRegressor(loss).fit(X, np.column_stack([y, 0.0 * y]))
    with pytest.raises(
        ValueError, match=r"X has the value .*, but loss=Poisson\(\) needs values in \[0, inf\)"
    ):
        Autoencoder(loss="poisson").fit(X)


def test_counts_may_be_zero_in_a_later_batch(rng):
    X, y = counts(rng)
    model = quick(MLPRegressor, "poisson").partial_fit(X, y).partial_fit(X, 0.0 * y)
    assert (model.predict(X) > 0).all()


# ---- robust and quantile regression


def test_log_cosh_is_the_likelihood_of_the_hyperbolic_secant(rng):
    y = 3.0 + 2.0 * rng.standard_t(2, 400)
    model = exact(MLPRegressor, "log_cosh", normalize_y=False).fit(np.zeros((400, 1)), y)
    assert_allclose(model.predict([[0.0]]), hypsecant.fit(y, fscale=1.0)[0], atol=1e-3)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.8])
def test_one_quantile_is_that_of_scikit_learn(level):
    X, y = diabetes()
    theirs = QuantileRegressor(quantile=level, alpha=0.0).fit(X, y).predict(X)
    ours = patient(MLPRegressor, Quantile(level), alpha=0.0).fit(X, y)
    # measured over three seeds: at most 1.0005
    assert mean_pinball_loss(y, ours.predict(X), alpha=level) < 1.002 * mean_pinball_loss(
        y, theirs, alpha=level
    )
    assert ours.predict(X).shape == (len(X),)
    assert_allclose(ours.score(X, y), d2_pinball_score(y, ours.predict(X), alpha=level), rtol=1e-6)


def test_several_quantiles_at_once(rng):
    """A spread that grows with x: the quantiles are known, never cross, and hold their shares of
    the rows.
    """
    x = rng.uniform(0.0, 2.0, 4000)
    y = x + (0.5 + x) * rng.normal(size=4000)
    model = quick(MLPRegressor, "quantile", max_iter=100, learning_rate="cosine").fit(x[:, None], y)
    low, middle, high = model.predict(x[:, None]).T
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert_allclose(
        [(y < q).mean() for q in (low, middle, high)], [0.1, 0.5, 0.9], atol=0.03
    )  # measured over four seeds: 0.011
    inside = (x > 0.2) & (x < 1.8)
    assert_allclose(
        high[inside], (x + 1.2816 * (0.5 + x))[inside], atol=0.5
    )  # measured over four seeds: 0.22


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_shapes_of_quantiles(n_outputs):
    X, y = curve(n_outputs=n_outputs)
    shape = y.shape if n_outputs > 1 else (len(X),)
    assert quick(MLPRegressor, Quantile(0.3)).fit(X, y).predict(X).shape == shape
    for loss in QUANTILES:
        model = quick(MLPRegressor, loss, early_stopping=True).fit(X, y)
        assert model.predict(X).shape == (*shape, 3 if loss == "quantile" else 2)
        assert (np.diff(model.predict(X), axis=-1) >= 0).all()
        assert model.n_outputs_ == n_outputs
        assert 0.0 < model.score(X, y) <= 1.0
        assert model.best_validation_score_ == max(model.validation_scores_)


def test_the_score_of_quantiles_is_the_share_of_the_loss_that_is_explained():
    X, y = curve()
    weight = np.where(y > 0, 2.0, 1.0)
    model = quick(MLPRegressor, QUANTILES[1]).fit(X, y)
    constant = [np.quantile(y, tau, weights=weight, method="inverted_cdf") for tau in (0.05, 0.95)]
    ours = sum(
        mean_pinball_loss(y, q, alpha=t, sample_weight=weight)
        for q, t in zip(model.predict(X).T, (0.05, 0.95), strict=True)
    )
    most = sum(
        mean_pinball_loss(y, np.full(len(y), q), alpha=t, sample_weight=weight)
        for q, t in zip(constant, (0.05, 0.95), strict=True)
    )
    assert_allclose(model.score(X, y, weight), 1 - ours / most, rtol=1e-5)


# ---- mean and standard deviation


@pytest.mark.parametrize("weighted", [False, True])
def test_a_normal_density_for_each_group_has_the_moments_of_the_group(weighted, rng):
    group = rng.integers(0, 2, 400)
    y = np.column_stack(
        [3.0 + group + (0.5 + group) * rng.normal(size=400), 100.0 * rng.normal(size=400)]
    )
    weight = rng.uniform(0.5, 2.0, 400) if weighted else None
    model = exact(MLPRegressor, "gaussian_nll", alpha=0.0).fit(group[:, None], y, weight)
    mean, deviation = model.predict([[0], [1]], return_std=True)
    for k in (0, 1):
        w = None if weight is None else weight[group == k]
        expected = np.average(y[group == k], axis=0, weights=w)
        assert_allclose(mean[k], expected, rtol=1e-4, atol=1e-3)
        assert_allclose(
            deviation[k],
            np.sqrt(np.average((y[group == k] - expected) ** 2, axis=0, weights=w)),
            rtol=1e-4,
        )


def test_mean_and_standard_deviation_of_a_curve(rng):
    x = rng.uniform(-2.0, 2.0, 4000)
    y = np.sin(x) + np.exp(0.5 * x - 1.0) * rng.normal(size=4000)
    model = quick(MLPRegressor, "gaussian_nll", learning_rate="cosine", max_iter=100).fit(
        x[:, None], y
    )
    mean, deviation = model.predict(x[:, None], return_std=True)
    assert mean.shape == deviation.shape == (4000,)
    assert_array_equal(model.predict(x[:, None]), mean)
    inside = np.abs(x) < 1.7
    assert_allclose(mean[inside], np.sin(x[inside]), atol=0.4)  # measured over four seeds: 0.16
    assert_allclose(
        np.log(deviation[inside]), 0.5 * x[inside] - 1.0, atol=0.4
    )  # measured over four seeds: 0.16


def test_only_a_loss_that_learns_the_deviation_has_it():
    X, y = curve()
    for loss in ("squared_error", Quantile()):
        with pytest.raises(
            ValueError,
            match=r"return_std=True needs a loss that learns the standard deviation, such as "
            r"'gaussian_nll', not",
        ):
            quick(MLPRegressor, loss, max_iter=1).fit(X, y).predict(X, return_std=True)


# ---- for all


@pytest.mark.parametrize("loss", ["log_loss", "focal", LogLoss(0.1), *MARGINS])
def test_weights_of_classes_and_rows(loss, rng):
    X, y = blobs(3)
    weight = rng.integers(0, 3, len(y))
    repeated = np.repeat(np.arange(len(y)), weight)
    assert len(repeated) <= 200  # a single batch
    setting = {"dtype": "float64", "max_iter": 10}
    weighted = quick(MLPClassifier, loss, **setting).fit(X, y, weight)
    longer = quick(MLPClassifier, loss, **setting).fit(X[repeated], y[repeated])
    balanced = quick(MLPClassifier, loss, class_weight={0: 1, 1: 5, 2: 1}, **setting).fit(X, y)
    by_hand = quick(MLPClassifier, loss, **setting).fit(X, y, np.where(y == 1, 5.0, 1.0))
    assert_allclose(
        weighted.decision_function(X), longer.decision_function(X), rtol=1e-7, atol=1e-9
    )
    assert_array_equal(balanced.decision_function(X), by_hand.decision_function(X))


@pytest.mark.parametrize(
    "loss", ["log_cosh", "quantile", "poisson", "gamma", "tweedie", "gaussian_nll"]
)
def test_weights_of_rows(loss, rng):
    X, y = counts(rng, 100)
    y = y + 0.5
    weight = rng.integers(0, 3, len(y))
    repeated = np.repeat(np.arange(len(y)), weight)
    weighted = quick(MLPRegressor, loss, dtype="float64", max_iter=10).fit(X, y, weight)
    longer = quick(MLPRegressor, loss, dtype="float64", max_iter=10).fit(X[repeated], y[repeated])
    assert_allclose(weighted.predict(X), longer.predict(X), rtol=1e-7)


@pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie", "log_cosh", Quantile(0.5)])
def test_an_autoencoder_may_have_them(loss, rng):
    X = rng.poisson(np.exp(rng.normal(size=(200, 1)) * [0.5, 1.0, -0.5, 0.3])) + (loss == "gamma")
    model = quick(Autoencoder, loss, n_components=1, max_iter=100).fit(X)
    assert model.score(X) > quick(
        Autoencoder, loss, n_components=1, max_iter=1, learning_rate_init=1e-9
    ).fit(X).score(X)
    assert model.predict(X).shape == X.shape


def test_an_autoencoder_of_sparse_counts_starts_at_their_mean(rng):
    from scipy import sparse

    X = rng.poisson(0.3, (100, 5)) * [1, 1, 1, 1, 0]
    dense, model = (
        quick(
            Autoencoder, "poisson", weight_init="zeros", max_iter=1, learning_rate_init=1e-12
        ).fit(form)
        for form in (X, sparse.csr_array(X))
    )
    assert_allclose(model.predict(X), dense.predict(X), rtol=1e-6)
    assert_allclose(model.predict(X)[0, :4], X.mean(axis=0)[:4], rtol=1e-6)


@pytest.mark.parametrize("loss", [GaussianNLL(), Quantile()])
def test_an_autoencoder_has_one_number_for_each_feature(loss):
    with pytest.raises(
        ValueError,
        match=r"predicts \d numbers for each target; a reconstruction has one for each feature",
    ):
        Autoencoder(loss=loss).fit(curve()[0])


def test_a_grid_reaches_the_hyper_parameters_of_losses():
    X, y = blobs(3)
    search = GridSearchCV(
        quick(MLPClassifier, Focal(), max_iter=3),
        {"loss__gamma": [0.0, 2.0]},
        cv=2,
        scoring="neg_log_loss",
    ).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 2
    X, y = curve()
    grid = {"loss": ["squared_error", Poisson(), Quantile(0.5)]}
    assert np.isfinite(
        GridSearchCV(quick(MLPRegressor, "squared_error"), grid, cv=2)
        .fit(X, np.exp(y))
        .cv_results_["mean_test_score"]
    ).all()
