"""scikit-learn's callback protocol, alone and in scikit-learn's tools, with its callbacks and
with recorders of our own.
"""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.layers import BatchNorm
from skmlp.nn.schedules import Adaptive, Cosine

from .problems import blobs, curve
from .snapshots import assert_unchanged, state

protocol = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on"
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ESTIMATORS = [MLPClassifier, MLPRegressor, Autoencoder]
SETTINGS = [
    {},
    {"dropout": 0.3, "solver": "sgd"},
    {"batch_norm": True, "solver": "adamw"},
    {"batch_norm": BatchNorm(statistics="population")},
    {"learning_rate": Adaptive(), "tol": 10.0, "n_iter_no_change": 1},
    {"learning_rate": Cosine(n_epochs=9)},
    {"early_stopping": True},
    {
        "early_stopping": True,
        "learning_rate_init": 0.5,
        "scoring": "loss",
        "batch_norm": BatchNorm(statistics="population"),
    },
    {"solver": "lbfgs"},
    {"solver": "lbfgs", "batch_norm": True, "dtype": "float32"},
]


class Recorder:
    """Keeps what it is told; ``do(n)`` is called at the end of the n-th epoch and gives the
    answer.
    """

    def __init__(self, do=lambda n: False):
        self.do = do
        self.told = []

    def setup(self, estimator, context):
        self.told.append(("setup", context.task_name, context.task_id, None))

    def teardown(self, estimator, context):
        self.told.append(("teardown", context.task_name, context.task_id, None))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.told.append(
            ("begin", context.task_name, context.task_id, {"X": X, "y": y, "metadata": metadata})
        )

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        given = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        self.told.append(("end", context.task_name, context.task_id, given))
        return self.do(context.task_id + 1) if context.task_name == "epoch" else False

    def events(self):
        return [event[:3] for event in self.told]

    def fitted(self, name="epoch"):
        """Return the estimators as they were after each epoch (or after the fit)."""
        return [
            given["fitted"] for event, task, _, given in self.told if (event, task) == ("end", name)
        ]


class Propagated(Recorder):
    """Goes from a meta-estimator down to the estimators in it."""

    max_propagation_depth = None


def quick(cls, **setting):
    default = {
        "hidden_layer_sizes": (6,),
        "learning_rate_init": 0.02,
        "batch_size": 32,
        "n_iter_no_change": np.inf,
        "max_iter": 6,
    }
    return cls(**{**default, "random_state": 0, **setting})


def problem(cls):
    return curve() if cls is MLPRegressor else blobs(3)


def assert_same_fit(model, expected):
    """Compare all that a fit leaves behind but the time it took."""
    assert_array_equal(model._network.params, expected._network.params)
    assert_array_equal(model._network.running, expected._network.running)
    pd.testing.assert_frame_equal(
        model.history_.drop(columns="seconds"),
        expected.history_.drop(columns="seconds"),
        check_exact=True,
    )
    assert (model.n_iter_, model.t_) == (expected.n_iter_, expected.t_)
    assert model._state.rng.bit_generator.state == expected._state.rng.bit_generator.state
    for name, slot in expected._state.slots.items():
        assert_array_equal(model._state.slots[name], slot)


# ---- the protocol


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_is_a_task_and_each_epoch_one_below(cls, solver):
    recorder = Recorder()
    model = quick(cls, solver=solver, max_iter=2).set_callbacks(recorder).fit(*problem(cls))
    epochs = [(event, "epoch", k) for k in range(2) for event in ("begin", "end")]
    assert recorder.events() == [
        ("setup", "fit", 0),
        ("begin", "fit", 0),
        *epochs,
        ("end", "fit", 0),
        ("teardown", "fit", 0),
    ]
    assert not [name for name in vars(model) if "callback" in name and name != "_skl_callbacks"]


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_fitted_estimator_is_a_fit_that_stopped_there(cls, setting):
    X, y = problem(cls)
    recorder = Recorder()
    model = quick(cls, **setting).set_callbacks(recorder).fit(X, y)
    assert_same_fit(model, quick(cls, **setting).fit(X, y))
    fitted = recorder.fitted()
    assert len(fitted) == 6
    for k, then in enumerate(fitted, 1):
        fresh = quick(cls, **setting, max_iter=k).fit(X, y)
        assert_same_fit(then, fresh)
        assert_array_equal(then.predict(X), fresh.predict(X))
    (at_the_end,) = recorder.fitted("fit")
    assert_same_fit(at_the_end, model)
    at_the_end.coefs_[0][...] = 0.0  # of its own
    assert np.any(model.coefs_[0])


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_the_fitted_estimator_with_weights_sparse_rows_and_a_validation_set(cls, rng):
    X, y = problem(cls)
    X = sparse.csr_array(X)
    weight = rng.integers(0, 3, X.shape[0])
    held_out = {"X_val": X[:40]} if cls is Autoencoder else {"X_val": X[:40], "y_val": y[:40]}
    setting = {"batch_norm": BatchNorm(statistics="population"), "early_stopping": True}
    recorder = Recorder()
    quick(cls, **setting).set_callbacks(recorder).fit(X, y, sample_weight=weight, **held_out)
    for k, then in enumerate(recorder.fitted(), 1):
        assert_same_fit(
            then, quick(cls, **setting, max_iter=k).fit(X, y, sample_weight=weight, **held_out)
        )


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_the_fitted_estimator_goes_on_as_the_fit_did(cls):
    X, y = problem(cls)
    recorder = Recorder()
    model = quick(cls, dropout=0.2).set_callbacks(recorder).fit(X, y)
    for k, then in enumerate(recorder.fitted()[:-1], 1):
        then = (
            pickle.loads(pickle.dumps(then.set_callbacks()))
            .set_params(warm_start=True, max_iter=6 - k)
            .fit(X, y)
        )
        assert_array_equal(then._network.params, model._network.params)
        assert then.loss_curve_ == model.loss_curve_


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("n", [1, 3, 6])
def test_true_stops(cls, solver, n):
    X, y = problem(cls)
    recorder = Recorder(do=lambda epoch: epoch == n)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)  # to stop was wanted
        model = quick(cls, solver=solver).set_callbacks(recorder).fit(X, y)
    assert_same_fit(model, quick(cls, solver=solver, max_iter=n).fit(X, y))
    assert recorder.events()[-3:] == [
        ("end", "epoch", n - 1),
        ("end", "fit", 0),
        ("teardown", "fit", 0),
    ]


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_data_are_handed_on_as_they_were_given(cls, weighted, early_stopping):
    X, y = problem(cls)
    X, y = pd.DataFrame(X, columns=[f"feature {i}" for i in range(X.shape[1])]), pd.Series(y)
    y = y.map({0: "low", 1: "middle", 2: "high"}) if cls is MLPClassifier else y
    weight = np.ones(len(y)) if weighted else None
    recorder, monitor = Recorder(), protocol.ScoringMonitor(scoring=own_score)
    quick(cls, early_stopping=early_stopping).set_callbacks(recorder, monitor).fit(
        X, y, sample_weight=weight
    )  # warnings are errors
    given = [given for event, _, _, given in recorder.told if event in ("begin", "end")]
    assert len(given) == 14
    assert all(each["X"] is X and each["y"] is y for each in given)
    assert all(
        each["metadata"] is None if weight is None else each["metadata"]["sample_weight"] is weight
        for each in given
    )


def own_score(estimator, X, y, sample_weight=None):
    return {"own": estimator.score(X, y, sample_weight=sample_weight)}


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_partial_fit_is_a_task_of_one_epoch(cls):
    X, y = problem(cls)
    recorder, names = Recorder(), {"classes": [0, 1, 2]} if cls is MLPClassifier else {}
    model = quick(cls).set_callbacks(recorder).partial_fit(X, y, **names).partial_fit(X, y, **names)
    one = [
        ("setup", "partial_fit", 0),
        ("begin", "partial_fit", 0),
        ("begin", "epoch", 0),
        ("end", "epoch", 0),
    ]
    assert recorder.events() == 2 * [
        *one,
        ("end", "partial_fit", 0),
        ("teardown", "partial_fit", 0),
    ]
    assert_array_equal(recorder.fitted()[1].predict(X), model.predict(X))
    assert recorder.fitted()[0].t_ == len(X)


def test_nothing_is_done_without_callbacks(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr(protocol.CallbackContext, "_from_estimator", refuse)
    X, y = curve()
    quick(MLPRegressor).set_callbacks(Recorder()).set_callbacks().fit(X, y)
    with pytest.raises(AssertionError):
        quick(MLPRegressor).set_callbacks(Recorder()).fit(X, y)


def test_lbfgs_that_is_there_already_makes_no_epoch():
    X, y = curve()
    recorder = Recorder()
    model = quick(
        MLPRegressor, solver="lbfgs", hidden_layer_sizes=(), max_iter=500, warm_start=True
    ).fit(X, y)
    model.set_params(tol=1e3).set_callbacks(recorder).fit(X, y)
    assert model.n_iter_ == 0
    assert recorder.fitted() == [None]
    assert_same_fit(recorder.fitted("fit")[0], model)


# ---- when something goes wrong


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("hook", ["setup", "on_fit_task_begin", "on_fit_task_end", "teardown"])
def test_an_error_in_a_callback_leaves_the_estimator_as_it_was(cls, fitted, hook, monkeypatch):
    X, y = problem(cls)
    before, broken, after = Recorder(), Recorder(), Recorder()
    model = quick(cls, warm_start=True)
    model = (model.fit(X, y) if fitted else model).set_callbacks(before, broken, after)
    seen = state(model, X)

    def fail(estimator, context):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(broken, hook, fail)
    with pytest.raises(RuntimeError, match="out of luck"):
        model.fit(X, y)
    assert_unchanged(seen, state(model, X))
    assert before.events()[-1] == ("teardown", "fit", 0)
    monkeypatch.undo()
    assert model.fit(X, y).n_iter_ == 6


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_end_of_an_iterator_in_a_callback_is_an_error_too(solver):
    X, y = blobs(3)
    model = quick(MLPClassifier, solver=solver).set_callbacks(Recorder(lambda n: next(iter([]))))
    with pytest.raises(StopIteration):
        model.fit(X, y)
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize(
    ("solver", "early_stopping"),
    [("adam", False), ("adam", True), ("sgd", False), ("sgd", True), ("lbfgs", False)],
)
def test_ctrl_c_in_a_callback_ends_training_with_the_epoch(early_stopping, solver):
    X, y = blobs(3)

    def interrupt(n):
        if n == 4:
            raise KeyboardInterrupt
        return False

    setting = {"early_stopping": early_stopping, "solver": solver}
    recorder = Recorder(do=interrupt)
    model = quick(MLPClassifier, **setting).set_callbacks(recorder)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, y)
    assert_same_fit(model, quick(MLPClassifier, **setting, max_iter=4).fit(X, y))
    assert recorder.events()[-2:] == [("end", "fit", 0), ("teardown", "fit", 0)]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_before_an_epoch_ends_training_with_the_one_before(solver, monkeypatch):
    X, y = blobs(3)
    recorder = Recorder()

    def interrupt(estimator, context):
        if context.task_id == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(recorder, "on_fit_task_begin", interrupt)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model = quick(MLPClassifier, solver=solver).set_callbacks(recorder).fit(X, y)
    assert_same_fit(model, quick(MLPClassifier, solver=solver, max_iter=4).fit(X, y))
    assert recorder.fitted()[-1] is None  # the epoch that came to nothing


def test_divergence_is_told_as_no_estimator():
    X, y = curve()
    setting = {
        "solver": "sgd",
        "learning_rate_init": 1e39,
        "hidden_layer_sizes": (),
        "batch_size": 150,
    }
    recorder = Recorder()
    with pytest.raises(ValueError, match="not finite"):
        quick(MLPRegressor, **setting, dtype="float32").set_callbacks(
            recorder, protocol.ScoringMonitor(scoring="r2")
        ).fit(X, y)
    assert recorder.fitted() == [None]
    assert recorder.events()[-1] == ("teardown", "fit", 0)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_ctrl_c_at_the_end_of_a_fit_keeps_it(cls, solver):
    """All epochs are made by then."""

    class Interrupt(Recorder):
        def on_fit_task_end(
            self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
        ):
            if context.task_name == "fit":
                raise KeyboardInterrupt

    X, y = blobs(3)
    setting = {"hidden_layer_sizes": (3,), "solver": solver, "max_iter": 4, "random_state": 0}
    model = cls(**setting).set_callbacks(Interrupt())
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, y)
    whole = cls(**setting).fit(X, y)
    assert model.n_iter_ == whole.n_iter_
    for mine, its in zip(model.coefs_, whole.coefs_, strict=True):
        assert_array_equal(mine, its)
