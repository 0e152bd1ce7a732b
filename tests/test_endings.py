"""Training that does not end well: batches too large, divergence, a loss that is no good, too
few epochs, Ctrl-C.
"""

import re
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.initializers import Initializer
from skmlp.nn.schedules.base import Schedule

from .problems import blobs, curve, diabetes, wine
from .snapshots import assert_unchanged, state
from .test_interrupts import Interrupt

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)


def test_a_batch_larger_than_the_data_is_clipped_with_a_warning():
    with pytest.warns(
        UserWarning,
        match="larger than sample size. It is going to be clipped.*batch_size=500.*150 rows",
    ):
        model = MLPClassifier((3,), max_iter=2, batch_size=500, random_state=0).fit(X, Y)
    assert_array_equal(
        model.predict_proba(X),
        MLPClassifier((3,), max_iter=2, batch_size=150, random_state=0).fit(X, Y).predict_proba(X),
    )


@pytest.mark.parametrize("fitted", [None, "cold", "warm"])
def test_divergence_names_the_epoch_and_the_remedy(fitted):
    """After many epochs of training, of which nothing may be left."""
    good = {
        "solver": "sgd",
        "learning_rate_init": 0.01,
        "max_iter": 2,
        "momentum": 0.5,
        "n_iter_no_change": np.inf,
    }
    model = MLPRegressor(hidden_layer_sizes=(), warm_start=fitted == "warm", random_state=0, **good)
    if fitted:
        model.fit(X, Y)
    before = state(model, X)
    model.set_params(learning_rate_init=100.0, max_iter=2000)
    with pytest.raises(
        ValueError,
        match=r"not finite in epoch "
        r"\d\d+.*StandardScaler.*learning_rate_init, now 100.0.*clip_norm",
    ):
        model.fit(X, Y)
    assert_unchanged(before, state(model.set_params(**good), X))


def test_divergence_with_early_stopping_ends_with_the_best_weights():
    X, y = curve()
    setting = {
        "hidden_layer_sizes": (),
        "solver": "sgd",
        "learning_rate_init": 2.5,
        "momentum": 0.0,
        "n_iter_no_change": np.inf,
    }
    model = MLPRegressor(
        **setting, max_iter=2000, early_stopping=True, alpha=0.0, batch_size=20, random_state=0
    )
    with pytest.warns(
        ConvergenceWarning, match=r"diverged in epoch \d+; the weights of epoch \d+ are restored"
    ):
        model.fit(X, y, X_val=X, y_val=y)
    assert np.isfinite(model.predict(X)).all()
    np.testing.assert_allclose(model.score(X, y), model.best_validation_score_, rtol=1e-6)


def test_too_few_epochs_warn_unless_they_were_planned():
    for setting in ({}, {"learning_rate": "adaptive", "solver": "sgd"}):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
            MLPClassifier((3,), max_iter=2, **setting).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier((3,), max_iter=2, learning_rate="one_cycle").fit(X, Y)
        MLPClassifier((3,), max_iter=2).partial_fit(X, Y, classes=[0, 1, 2])


def test_too_few_epochs_on_features_that_are_not_scaled_name_them_once():
    large = np.column_stack([X[:, 0], 100.0 * X[:, 1]])
    for features, n_epochs, n_said, n_named in (
        (X, 100, 1, 0),
        (large, 100, 1, 1),
        (large, 2, 2, 1),
    ):
        model = MLPClassifier((30,), max_iter=n_epochs, random_state=0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(features, Y)
        said = [str(warning.message) for warning in caught]
        assert len(said) == n_said
        assert said[0].startswith(f"Stochastic Optimizer: Maximum iterations ({n_epochs}) reached")
        named = "The features are not scaled: column 1 has values of the size"
        assert " ".join(said).count(named) == n_named


def test_divergence_of_lbfgs_is_not_blamed_on_what_it_has_not():
    with pytest.raises(
        ValueError,
        match=r"not finite in iteration 1. Scale the features, for instance with StandardScaler.\)",
    ) as caught:
        MLPRegressor(solver="lbfgs").fit(1e200 * X, Y)
    assert "learning_rate" not in str(caught.value)
    with pytest.raises(
        ValueError, match=r"StandardScaler, or lower learning_rate_init, now 1e\+200.\)"
    ):
        MLPRegressor(solver="sgd", learning_rate_init=1e200, clip_norm=1e300).fit(X, Y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])
def test_a_last_step_that_explodes_is_an_error(cls, method):
    """The weights are finite after it, but no prediction is."""
    model = cls(solver="sgd", learning_rate_init=1e200, max_iter=1, random_state=0)
    with pytest.raises(ValueError, match="not finite in epoch 1"):
        getattr(model, method)(
            X,
            Y,
            **({"classes": [0, 1, 2]} if cls is MLPClassifier and method == "partial_fit" else {}),
        )
    assert not hasattr(model, "coefs_")


def said_of(model, X, y=None):
    """Return the texts of the warnings that a fit of the model gives, those of too few epochs
    left out.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    few = re.compile("Maximum iterations|Increase the number of iterations")
    return [str(warning.message) for warning in caught if not few.search(str(warning.message))]


class Dead(Initializer):
    """Weights of a second hidden layer whose relu units never switch on: their inputs are positive
    and they are not.
    """

    def fill(self, out, rng):
        out[...] = rng.normal(size=out.shape) if out.shape[0] == 5 else -1.0


DEAD = Dead()

BAD = {
    "many times": {},
    "early stopping": {"early_stopping": True},
    "no better": {"solver": "sgd"},
    "lbfgs": {"solver": "lbfgs", "max_iter": 1},
}


@pytest.mark.parametrize("setting", BAD.values(), ids=BAD)
def test_features_that_are_not_scaled_are_named(setting):
    table = load_wine(as_frame=True).frame.drop(columns="target")
    X, y = table.drop(columns="alcohol"), table["alcohol"]
    cls, target = (MLPClassifier, load_wine().target) if setting else (MLPRegressor, y)
    model = cls(**{"random_state": 3, **setting})
    (said,) = said_of(model, X, target)
    assert re.search(
        r"a loss that is .* that of the best constant prediction. The features are not scaled: "
        r"column 'proline'",
        said,
    )
    size = float(re.search(r"of the size ([\d.e+]+)", said)[1])
    np.testing.assert_allclose(
        size, np.sqrt(np.mean(np.square(X["proline"]))), rtol=0.05
    )  # some rows may be held out
    assert "learning rate" not in said
    if (
        not setting
    ):  # what is said is true: by scikit-learn's score, negative where the mean is better
        ratio = float(re.search(r"that is ([\d.e+]+) times", said)[1])
        np.testing.assert_allclose(1.0 - model.score(X, y), ratio, rtol=0.01)
    assert (
        said_of(
            make_pipeline(StandardScaler(), cls(**{"random_state": 3, **setting, "max_iter": 200})),
            X,
            target,
        )
        == []
    )


def test_features_that_are_tiny_are_named():
    (said,) = said_of(MLPRegressor(random_state=0), X * np.array([1e-6, 1e-6, 2e-6, 1e-6, 1e-6]), Y)
    assert "column 2, the largest, has values of the size 2e-06" in said


@pytest.mark.parametrize(
    "setting",
    [
        {"learning_rate_init": 1.0},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.5},
    ],
)
def test_a_learning_rate_that_is_too_high_is_named(setting):
    X, y = load_digits(return_X_y=True)
    model = MLPClassifier(random_state=0, **setting)
    (said,) = said_of(model, X[:600], y[:600])
    assert (
        "learning rate is likely to be too high: lower learning_rate_init, now "
        f"{setting['learning_rate_init']}," in said
    )
    assert model.score(X[:600], y[:600]) < 0.3


@pytest.mark.parametrize(
    ("setting", "number"),
    [({"weight_init": "zeros"}, 1), ({"hidden_layer_sizes": (20, 20), "weight_init": DEAD}, 2)],
    ids=["equal weights", "dead units"],
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_hidden_layer_that_lets_nothing_through_is_named(solver, setting, number):
    model = MLPClassifier(**setting, solver=solver, max_iter=10, random_state=0)
    (said,) = said_of(model, X, Y)
    assert f"Hidden layer {number} gives the same output for every row" in said
    assert len(np.unique(model.predict(X))) == 1


def test_labels_that_nothing_tells_are_no_fault_of_the_network():
    labels = np.random.default_rng(0).integers(0, 2, len(X))
    network = MLPClassifier((), solver="lbfgs", max_iter=500, alpha=1e4, random_state=0)
    assert said_of(network, X, labels) == []
    assert said_of(network.set_params(hidden_layer_sizes=(5,)), X, labels) == []


class Rates(Schedule):
    """A learning rate for each epoch."""

    warm_up = 0

    def __init__(self, rates):
        self.rates = rates

    def curve(self, clock):
        return self.rates[int(clock.epoch)]


def test_a_loss_far_above_the_best_one_is_told():
    """A line through (-1, -2) and (1, 2) is learned with one weight, whose error a step at the
    rate r makes 1 - r times as large: 2, 1, 0.5 and -1.6, which count half their squares.
    """
    x = np.tile([-1.0, 1.0], 50)
    model = MLPRegressor(
        hidden_layer_sizes=(),
        solver="sgd",
        momentum=0.0,
        learning_rate=Rates([0.5, 0.5, 4.2, 0.1]),
        learning_rate_init=1.0,
        alpha=0.0,
        weight_init="zeros",
        batch_size=100,
        max_iter=4,
    )
    (said,) = said_of(model, x[:, None], 2.0 * x)
    assert said.startswith(
        "Training ended with a loss of 1.28, far above its best, 0.125. The learning rate is "
        "likely to be too high"
    )


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"dropout": 0.5, "early_stopping": True},
        {"alpha": 1000.0},
        {"learning_rate": "one_cycle", "max_iter": 3},
        {"solver": "lbfgs"},
        {"batch_norm": True, "learning_rate_init": 0.05},
    ],
)
@pytest.mark.slow
def test_ordinary_fits_are_not_warned_of(setting):
    rng = np.random.default_rng(0)
    for seed in range(2):
        assert said_of(MLPClassifier(random_state=seed, **setting), *wine()) == []
        assert said_of(MLPRegressor(random_state=seed, **setting), *diabetes()) == []
        assert (
            said_of(
                MLPRegressor(random_state=seed, **setting),
                rng.normal(size=(150, 5)),
                rng.normal(size=150),
            )
            == []
        )  # nothing to learn
        assert (
            said_of(Autoencoder(random_state=seed, **{**setting, "max_iter": 20}), wine()[0]) == []
        )


def test_nothing_is_said_of_a_single_epoch_or_of_an_interrupt():
    X, y = load_wine(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier(random_state=1).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.warns(UserWarning, match="interrupted") as caught:
        MLPClassifier(random_state=1, scoring=Interrupt(2)).fit(X, y, X_val=X, y_val=y)
    assert len(caught) == 1


def test_divergence_after_another_solver_names_the_epoch_of_the_history():
    model = MLPRegressor(
        hidden_layer_sizes=(), solver="lbfgs", max_iter=6, warm_start=True, batch_size=50
    ).fit(X, Y)
    n_epochs = len(model.history_)
    model.set_params(solver="sgd", learning_rate_init=1e39, dtype="float32")
    with pytest.raises(ValueError, match=rf"not finite in epoch {n_epochs + 1}\."):
        model.fit(X, Y)


ENDINGS = {
    "batch size": {"batch_size": 500},
    "epochs": {"max_iter": 1},
    "Ctrl-C": {"scoring": Interrupt(2)},
    "Ctrl-C of lbfgs": {"scoring": Interrupt(2), "solver": "lbfgs"},
    "iterations of lbfgs": {"max_iter": 1, "solver": "lbfgs"},
    "divergence": {
        "solver": "sgd",
        "learning_rate_init": 1e4,
        "momentum": 0.0,
        "early_stopping": True,
        "max_iter": 50,
        "n_iter_no_change": 50,
    },
    "rate": {"learning_rate_init": 30.0, "max_iter": 30},
}


def places(call):
    """Return the files that the warnings of a call point to."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert caught
    return {warning.filename for warning in caught}


@pytest.mark.parametrize("setting", ENDINGS.values(), ids=ENDINGS)
def test_warnings_point_to_the_call_of_fit(setting):
    model = MLPClassifier(
        **{"hidden_layer_sizes": (3,), "max_iter": 5, "random_state": 0, **setting}
    )
    assert places(lambda: model.fit(X, Y, X_val=X, y_val=Y)) == {__file__}


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_warnings_point_to_the_call_around_a_fit(solver):
    """However many calls of scikit-learn and joblib there are between it and the fit."""
    model = MLPClassifier((3,), max_iter=2, solver=solver)
    assert places(lambda: make_pipeline(StandardScaler(), model).fit(X, Y)) == {__file__}
    assert places(lambda: cross_val_score(make_pipeline(model), X, Y)) == {__file__}
    assert places(lambda: GridSearchCV(model, {"alpha": [0.1, 1.0]}).fit(X, Y)) == {__file__}
    for cls in (MLPClassifier, MLPRegressor):
        assert places(lambda cls=cls: cls(max_iter=1, tol=1e9).fit(X, Y[:, None])) == {
            __file__
        }  # a column instead of a vector
    with parallel_config(
        "threading", n_jobs=2
    ):  # a thread has no line of ours; it is not one of joblib's
        assert all(
            "joblib" not in place and "threading" not in place
            for place in places(lambda: cross_val_score(model, X, Y))
        )
