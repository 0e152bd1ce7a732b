"""The hidden activations of the estimators: every key, units of their own, one per layer; what
is learned, and what is refused.
"""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp._params.constraints import HIDDEN_ACTIVATIONS
from skmlp.nn import Dense, LeakyReLU, Maxout, PReLU

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


@pytest.mark.parametrize("key", HIDDEN_ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True], ids=["", "batch_norm"])
@pytest.mark.slow
def test_every_key_learns(key, batch_norm):
    X, y = blobs(3)
    model = MLPClassifier(
        (12, 8),
        activation=key,
        batch_norm=batch_norm,
        batch_size=32,
        max_iter=60,
        learning_rate_init=0.02,
    )
    assert model.set_params(random_state=0).fit(X, y).score(X, y) > 0.8
    assert model.transform(X).shape == (len(X), 8)


@pytest.mark.parametrize("key", HIDDEN_ACTIVATIONS)
def test_every_key_may_be_an_instance(key):
    X, y = curve()
    by_key, by_unit = (
        MLPRegressor(hidden_layer_sizes=6, activation=a, max_iter=3, random_state=0).fit(X, y)
        for a in (key, HIDDEN_ACTIVATIONS[key]())
    )
    np.testing.assert_array_equal(by_key.predict(X), by_unit.predict(X))


@pytest.mark.parametrize(
    "key", [key for key, cls in HIDDEN_ACTIVATIONS.items() if not getattr(cls, "surrogate", False)]
)
def test_every_key_with_a_gradient_goes_with_lbfgs(key):
    X, y = curve()
    model = MLPRegressor(
        hidden_layer_sizes=8, activation=key, solver="lbfgs", max_iter=200, random_state=0
    ).fit(X, y)
    assert model.loss_ < 0.9 * model.loss_curve_[0]


def test_lbfgs_refuses_a_stand_in_for_a_gradient():
    with pytest.raises(
        ValueError,
        match=r"HardThreshold\(\) does not go with solver='lbfgs': its line search needs the true "
        r"gradient",
    ):
        MLPRegressor(hidden_layer_sizes=3, activation="hard_threshold", solver="lbfgs").fit(
            *curve()
        )


@pytest.mark.parametrize("seed", range(3))
def test_hard_thresholds_learn_xor(seed):
    X, y = XOR
    model = MLPClassifier(
        16,
        activation="hard_threshold",
        max_iter=500,
        learning_rate_init=0.05,
        alpha=0.0,
        n_iter_no_change=500,
        random_state=seed,
    )
    assert model.fit(X, y).score(X, y) == 1.0
    assert set(np.unique(model.transform(X))) <= {0.0, 1.0}


def test_one_activation_for_each_layer():
    X, y = curve()
    model = MLPRegressor(
        hidden_layer_sizes=(6, 5, 4),
        activation=["prelu", Maxout(3), LeakyReLU(0.1)],
        max_iter=5,
        random_state=0,
    ).fit(X, y)
    assert [w.shape for w in model.coefs_] == [(4, 6), (6, 15), (5, 4), (4, 1)]
    assert [b.shape for b in model.intercepts_] == [(6,), (15,), (4,), (1,)]
    assert [None if slope is None else slope.shape for slope in model.slopes_] == [(6,), None, None]
    assert model.transform(X).shape == (len(X), 4)
    assert model.n_layers_ == 5


def test_slopes_are_learned_from_where_they_start():
    X, y = curve()
    model = MLPRegressor(
        hidden_layer_sizes=(6, 5),
        activation=PReLU(0.1),
        max_iter=1,
        learning_rate_init=1e-12,
        random_state=0,
    )
    for slope in model.fit(X, y).slopes_:
        np.testing.assert_allclose(slope, 0.1, rtol=1e-6)
    for slope in model.set_params(learning_rate_init=0.01, max_iter=50).fit(X, y).slopes_:
        assert np.ptp(slope) > 0.01


def test_no_penalty_applies_to_the_slopes():
    X, y = curve()
    model = MLPRegressor(
        hidden_layer_sizes=6, activation="prelu", alpha=1e6, weight_init="zeros", max_iter=30
    ).fit(X, y)
    np.testing.assert_array_equal(
        model.slopes_[0], 0.25
    )  # where all weights are zero, only a penalty could move them


def test_slopes_are_views_of_the_model():
    X, y = curve()
    model = MLPRegressor(
        hidden_layer_sizes=(6,), activation="prelu", max_iter=5, random_state=0, normalize_y=False
    ).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    before = model.predict(X)
    model.slopes_[0][...] = 1.0
    hidden = X @ model.coefs_[0] + model.intercepts_[0]
    np.testing.assert_allclose(
        model.predict(X),
        (hidden @ model.coefs_[1] + model.intercepts_[1]).ravel(),
        rtol=1e-4,
        atol=1e-5,
    )
    assert np.abs(model.predict(X) - before).max() > 1e-3
    np.testing.assert_array_equal(copy.predict(X), before)


def test_maxout_of_two_opposite_pieces_is_the_absolute_value():
    X, y = curve()
    model = MLPRegressor(hidden_layer_sizes=5, activation="maxout", max_iter=1, random_state=0).fit(
        X, y
    )
    model.coefs_[0][:, 5:] = -model.coefs_[0][:, :5]
    model.intercepts_[0][5:] = -model.intercepts_[0][:5]
    np.testing.assert_allclose(
        model.transform(X),
        np.abs(X @ model.coefs_[0][:, :5] + model.intercepts_[0][:5]),
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.parametrize(("activation", "grid"), [
    (PReLU(), {"activation__slope": [0.0, 0.5]}),
    (LeakyReLU(), {"activation__slope": [0.01, 0.3]}),
    (Maxout(), {"activation__pieces": [2, 3]}),
    ("relu", {"activation": ["prelu", "maxout", Maxout(4)]}),
])  # fmt: skip
def test_grid_search(activation, grid):
    X, y = blobs(2)
    search = GridSearchCV(
        MLPClassifier(
            5, activation=activation, max_iter=30, learning_rate_init=0.01, random_state=0
        ),
        grid,
        cv=2,
    ).fit(X, y)
    assert len(set(map(str, search.cv_results_["params"]))) == len(next(iter(grid.values())))
    assert search.best_estimator_.score(X, y) > 0.5
    assert (
        clone(search.best_estimator_).get_params().keys()
        == search.best_estimator_.get_params().keys()
    )


def test_autoencoder_mirrors_them_and_its_code_has_one():
    X, _ = blobs(3)
    model = Autoencoder(
        2,
        hidden_layer_sizes=(8,),
        activation="maxout",
        code_activation="prelu",
        max_iter=5,
        random_state=0,
    ).fit(X)
    assert [w.shape for w in model.coefs_] == [(5, 16), (8, 2), (2, 16), (8, 5)]
    assert [None if slope is None else slope.shape for slope in model.slopes_] == [None, (2,), None]
    codes = model.transform(X)
    assert codes.shape == (len(X), 2)
    np.testing.assert_allclose(
        model.inverse_transform(codes), model.predict(X), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (Dense(3), "'activation' parameter of MLPRegressor must be"),
        (
            [Dense(3)],
            r"Entries of activation must be one of .*'prelu'.* or an Activation, got "
            r"Dense\(n_out=3\)",
        ),
        (Maxout(1), "pieces must be a number in"),
        (Maxout(2.5), r"pieces must be a whole number, got 2\.5"),
        (PReLU(np.nan), "slope must be a number in"),
    ],
)
def test_what_is_no_activation_is_refused(activation, message):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(hidden_layer_sizes=4, activation=activation).fit(*curve())
