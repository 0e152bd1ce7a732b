"""Held-out rows in a compiled epoch: what it says of them is what NumPy says, and several epochs in
one call keep the best one as single ones do.
"""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_wine
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.preprocessing import scale

from skmlp import Autoencoder, MLPClassifier, MLPRegressor, config_context
from skmlp.nn.engine import trainer as training
from skmlp.nn.losses import LogLoss
from tests.nn.training import Jump

program = pytest.importorskip("skmlp.nn.compiled.program")

DIGITS = (lambda X, y: (scale(X[:300]), y[:300]))(*load_digits(return_X_y=True))
WINE = (lambda X, y: (scale(X), y))(*load_wine(return_X_y=True))
TWO_CLASSES = WINE[0], np.where(WINE[1] == 1, "one", "other")
DIABETES = (lambda X, y: (scale(X), y))(*load_diabetes(return_X_y=True))
TABLE = (
    pd.DataFrame(WINE[0][:, :4], columns=list("abcd")).assign(
        kind=pd.Categorical(np.arange(178) % 5)
    ),
    WINE[1],
)
WEIGHTS = {"sample_weight": np.random.default_rng(0).integers(0, 4, 178)}


@pytest.fixture
def calls(monkeypatch):
    """The number of epochs of each call of a program that validates."""
    made, run = [], program.Program.run

    def counted(self, n_epochs, *arguments):
        if self.validates:
            made.append(n_epochs)
        return run(self, n_epochs, *arguments)

    monkeypatch.setattr(program.Program, "run", counted)
    return made


def fitted(model, data, backend, monkeypatch=None, at_once=True, **given):
    """Return the model, fitted in epochs of which as many as may be are made at once, or single
    ones.
    """
    options = {"early_stopping": True, "max_iter": 25, "dtype": "float64", "random_state": 0}
    options = {"tol": 0.0, "n_iter_no_change": math.inf, "batch_size": 40, **options}
    model = type(model)(**{**options, **changed(model)})
    if monkeypatch is not None:
        monkeypatch.setattr(training, "SECONDS_AT_ONCE", 1e9 if at_once else 0.0)
    with config_context(backend=backend):
        return model.fit(*data, **given)


def changed(model):
    """Return the parameters of a model that are not its defaults."""
    defaults = type(model)().get_params(deep=False)
    return {k: v for k, v in model.get_params(deep=False).items() if v is not defaults[k]}


def records_of(model):
    return model.history_.drop(columns="seconds")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("model", "data", "given"),
    [
        (MLPClassifier(20), DIGITS, {}),
        (MLPClassifier((9, 5), batch_size=100), TWO_CLASSES, WEIGHTS),
        (MLPClassifier(20, class_weight="balanced", dropout=0.3), WINE, WEIGHTS),
        (MLPClassifier((9, 9), skip_connections="concat", scoring="loss"), WINE, {}),
        (MLPClassifier(9, categorical_features="from_dtype", activation="tanh"), TABLE, {}),
        (MLPClassifier(9, "selu", loss=LogLoss(0.1)), WINE, {}),
        (MLPRegressor(hidden_layer_sizes=9), DIABETES, {}),
        (
            MLPRegressor(hidden_layer_sizes=9, normalize_y=True, loss="huber", solver="adamw"),
            DIABETES,
            {},
        ),
        (
            MLPRegressor(hidden_layer_sizes=9, activation="silu", scoring="loss", normalize_y=True),
            DIABETES,
            {},
        ),
        (MLPRegressor(hidden_layer_sizes=9, numeric_embedding="piecewise_linear"), DIABETES, {}),
        (MLPClassifier((9, 9), "prelu", skip_connections="add", input_scale=True), WINE, {}),
        (MLPClassifier(9, "elu", numeric_embedding="periodic"), TWO_CLASSES, {}),
        (Autoencoder(2, (9,)), WINE[:1], {"X_val": WINE[0][::3]}),
        (Autoencoder(2, (9,), tied_weights=True), WINE[:1], {"X_val": WINE[0][::3]}),
    ],
)
def test_as_with_numpy(model, data, given, calls, monkeypatch):
    there, here = (fitted(model, data, backend, monkeypatch, **given) for backend in PAIR)
    assert sum(calls) == 25
    pd.testing.assert_frame_equal(records_of(here), records_of(there), rtol=1e-7)
    for mine, its in zip(here.coefs_, there.coefs_, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-6, atol=1e-9)


PAIR = "numpy", "numba"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "rmsprop", "adamw", "sgd"])
@pytest.mark.parametrize("options", [{}, {"n_iter_no_change": 3, "max_iter": 200}])
def test_several_epochs_at_once_leave_the_same_bits(options, solver, calls, monkeypatch):
    """Those of the best epoch, whose score is the highest that there was; SGD makes single ones."""
    model = MLPClassifier(12, solver=solver, learning_rate_init=0.01, **options)
    X_val, y_val = DIGITS[0][200:], DIGITS[1][200:]
    given = {"X_val": X_val, "y_val": y_val}
    data = DIGITS[0][:200], DIGITS[1][:200]
    single = fitted(model, data, "numba", monkeypatch, at_once=False, **given)
    n_single = len(calls)
    at_once = fitted(model, data, "numba", monkeypatch, **given)
    pd.testing.assert_frame_equal(records_of(at_once), records_of(single), rtol=0, atol=0)
    for mine, its in zip(at_once.coefs_, single.coefs_, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert at_once._state.clock == single._state.clock
    scores = at_once.history_["validation_score"]
    assert accuracy_score(y_val, at_once.predict(X_val)) == scores.max()
    best = at_once.history_["validation_loss"][scores.idxmax()]
    assert log_loss(y_val, at_once.predict_proba(X_val)) == pytest.approx(best, rel=1e-6)
    if solver != "sgd":
        assert len(calls) - n_single < n_single / 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("dtype", "rel"), [("float64", 1e-9), ("float32", 1e-5)])
def test_r2_is_that_of_scikit_learn(dtype, rel, calls):
    X, y = DIABETES
    model = MLPRegressor(hidden_layer_sizes=9, dtype=dtype)
    model = fitted(model, (X[:300], y[:300]), "numba", X_val=X[300:], y_val=y[300:])
    best = model.history_["validation_score"].max()
    assert r2_score(y[300:], model.predict(X[300:])) == pytest.approx(best, rel=rel)
    assert calls


@pytest.mark.parametrize("at_once", [False, True])
def test_the_best_epoch_is_put_back_when_training_diverges(at_once, calls, monkeypatch):
    model = MLPClassifier(9, learning_rate=Jump(7))
    with pytest.warns(UserWarning, match="diverged in epoch 8; the weights of epoch"):
        model = fitted(model, WINE, "numba", monkeypatch, at_once=at_once)
    assert len(model.history_) == 7
    assert np.isfinite(model.predict_proba(WINE[0])).all()
    assert (max(calls) > 1) == at_once


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("model", "data"),
    [
        (MLPClassifier(9, batch_norm=True), WINE),
        (MLPClassifier(9, scoring="neg_log_loss"), WINE),
        (MLPClassifier(9), (WINE[0], np.eye(3, dtype=int)[WINE[1]])),
        (MLPRegressor(hidden_layer_sizes=9, loss="gaussian_nll"), DIABETES),
        (MLPRegressor(hidden_layer_sizes=9), (DIABETES[0], np.column_stack([DIABETES[1]] * 2))),
    ],
)
def test_others_are_validated_by_the_estimator(model, data, calls):
    there, here = (fitted(model, data, backend) for backend in PAIR)
    assert not calls
    pd.testing.assert_frame_equal(records_of(here), records_of(there), rtol=1e-6)
