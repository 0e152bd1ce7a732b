"""A fit that was killed and goes on from its snapshot ends with the bits of one that was not,
and one that had ended stays as it is.
"""

import signal
import time
from itertools import cycle
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmlp import MLPClassifier, MLPRegressor, callbacks
from skmlp.callbacks import EarlyStopping, Snapshot, TimeLimit
from skmlp.nn import BatchNorm, Cosine, Linear, Plateau

from .problems import blobs, curve
from .short_fits import ESTIMATORS, at_epoch, in_another_process, load, problem, quick
from .test_tasks import assert_same_fit

pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Training interrupted by user"),
]


def dies(n, task="epoch"):
    """Return a callback that ends a fit without ceremony after its n-th epoch."""

    def die(epoch):
        if epoch == n:
            raise SystemExit

    return at_epoch(die, task)


def killed(fit, *args, **names):
    with pytest.raises(SystemExit):
        fit(*args, **names)


def assert_same(model, whole):
    """Compare all that a fit leaves behind, and the parameters."""
    assert_same_fit(model, whole)
    assert vars(model).keys() == vars(whole).keys()
    assert repr(model) == repr(whole)
    for name in ("best", "best_epoch", "stale", "monitor", "seed", "clock"):
        assert getattr(model._state, name) == getattr(whole._state, name), name


# ---- the same bits

SETTINGS = [
    {"dropout": 0.3, "solver": "sgd", "nesterovs_momentum": False},
    {
        "batch_norm": BatchNorm(statistics="population"),
        "solver": "nadam",
        "l1_ratio": 0.5,
        "alpha": 0.1,
    },
    {"learning_rate": Cosine(), "shuffle": False, "dtype": "float64"},
    {"learning_rate": "one_cycle", "clip_norm": 0.5, "diagnostics": True},
    {"learning_rate": Linear(warm_up=5), "max_norm": 0.5},
    {"tol": 0.02, "n_iter_no_change": 2},
    {"learning_rate": Plateau(0.5, patience=1), "tol": 0.05},
    {"early_stopping": True, "learning_rate_init": 0.3, "dropout": 0.2, "batch_norm": True},
    {
        "early_stopping": True,
        "learning_rate_init": 0.3,
        "n_iter_no_change": 4,
        "batch_norm": BatchNorm(statistics="population"),
    },
    {
        "early_stopping": True,
        "scoring": "loss",
        "learning_rate": "plateau",
        "tol": 0.1,
        "n_iter_no_change": 2,
        "solver": "sgd",
    },
]


@pytest.mark.parametrize(
    ("setting", "cls"), list(zip(SETTINGS, cycle(ESTIMATORS), strict=False)), ids=str
)
def test_a_fit_that_is_killed_twice(cls, setting, tmp_path):
    X, y = problem(cls)
    weight = np.linspace(0.5, 1.5, len(X))
    whole = quick(cls, **setting).set_callbacks(TimeLimit(1000)).fit(X, y, weight)
    path = tmp_path / "model.pkl"
    killed(quick(cls, **setting).set_callbacks(Snapshot(path, every=2), dies(5)).fit, X, y, weight)
    assert load(path).n_iter_ == 4
    killed(Snapshot(path).resume, X, y, weight, callbacks=[dies(3)])
    assert load(path).n_iter_ == 6
    model = Snapshot(path).resume(X, y, sample_weight=weight)
    assert_same(model, whole)
    assert_same(load(path).set_callbacks(TimeLimit(1)), whole)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n", [1, 5, 8, 12])
def test_with_rows_to_validate_on_after_any_epoch(n, early_stopping, tmp_path):
    X, y = blobs(3)
    setting = {
        "learning_rate_init": 0.3,
        "n_iter_no_change": 8,
        "early_stopping": early_stopping,
        "tol": 0.0,
        "dropout": 0.3,
    }
    held_out = {"X_val": X[:50], "y_val": y[:50]}
    whole = (
        quick(MLPClassifier, **setting)
        .set_callbacks(TimeLimit(1000))
        .fit(X[50:], y[50:], **held_out)
    )
    assert n < whole.n_iter_ <= 20
    snapshot = Snapshot(tmp_path / "model.pkl")
    killed(
        quick(MLPClassifier, **setting).set_callbacks(snapshot, dies(n + 1)).fit,
        X[50:],
        y[50:],
        **held_out,
    )
    assert_same(snapshot.resume(X[50:], y[50:], **held_out), whole)


def test_a_warm_start_goes_on_to_its_own_end(tmp_path):
    """Of a learning rate planned over all its epochs, and after iterations of another solver."""
    X, y = curve()

    def begun():
        model = quick(MLPRegressor, warm_start=True, solver="lbfgs", max_iter=3).fit(X, y)
        model.set_params(solver="adam", max_iter=4).fit(X, y)
        return model.set_params(learning_rate="cosine", max_iter=8)

    whole = begun().set_callbacks(TimeLimit(1000)).fit(X, y)
    snapshot = Snapshot(tmp_path / "model.pkl", every=3)
    killed(begun().set_callbacks(snapshot, dies(5)).fit, X, y)
    model = snapshot.resume(X, y)
    assert_same(model, whole)
    assert (model.n_iter_, model.history_.index.tolist()) == (8, list(range(1, 16)))


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("first", [False, True], ids=["snapshot last", "snapshot first"])
@pytest.mark.slow
def test_early_stopping_goes_on_counting(first, every, tmp_path):
    X, y = blobs(3)
    snapshot = Snapshot(tmp_path / "model.pkl", every=every)

    def stopping():
        return [
            EarlyStopping("neg_log_loss", X_val=X[:50], y_val=y[:50], n_iter_no_change=7, tol=0.0),
            EarlyStopping(n_iter_no_change=9),
        ]

    setting = {"learning_rate_init": 0.3, "max_iter": 60}
    whole = quick(MLPClassifier, **setting).set_callbacks(*stopping(), snapshot).fit(X[50:], y[50:])
    assert 8 < whole.n_iter_ < 60
    for n in (every + 1, whole.n_iter_ - 3, whole.n_iter_):
        ours = [snapshot, *stopping()] if first else [*stopping(), snapshot]
        killed(quick(MLPClassifier, **setting).set_callbacks(*ours, dies(n)).fit, X[50:], y[50:])
        assert_same(snapshot.resume(X[50:], y[50:], callbacks=stopping()), whole)


def test_a_time_limit_goes_on_counting(tmp_path, monkeypatch):
    clock = iter(range(1000))  # a second from one look to the next
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    X, y = curve()
    snapshot = Snapshot(tmp_path / "model.pkl")
    killed(quick(MLPRegressor).set_callbacks(snapshot, TimeLimit(7), dies(4)).fit, X, y)
    for _ in range(100):
        next(clock)  # the time that nothing is done
    with pytest.raises(TypeError, match="callbacks must be a list of callbacks, got <skmlp"):
        snapshot.resume(X, y, callbacks=TimeLimit(7))
    assert snapshot.resume(X, y, callbacks=[TimeLimit(7)]).n_iter_ == 7


@pytest.mark.slow
def test_processes_that_are_killed_and_started_again(tmp_path):
    path = tmp_path / "model.pkl"
    go_on = f"""
snapshot = Snapshot({str(path)!r}, every=2)
stopping = EarlyStopping("neg_log_loss", n_iter_no_change=3, tol=0.01)
dies = at_epoch(lambda epoch: os.kill(os.getpid(), signal.SIGKILL) if epoch == 5 else None)
X, y = problem(MLPClassifier)
if os.path.exists({str(path)!r}):
    snapshot.resume(X, y, callbacks=[stopping, dies])
else:
    quick(MLPClassifier, dropout=0.2, max_iter=60, learning_rate="cosine").set_callbacks(stopping,
    snapshot, dies).fit(X, y)
"""
    ends = []
    while not ends or ends[-1] == -signal.SIGKILL:
        process = in_another_process(go_on)
        error = process.communicate()[1].decode()
        ends.append(process.returncode)
    assert ends[-1] == 0, error
    assert len(ends) > 2
    X, y = problem(MLPClassifier)
    whole = quick(MLPClassifier, dropout=0.2, max_iter=60, learning_rate="cosine")
    whole.set_callbacks(EarlyStopping("neg_log_loss", n_iter_no_change=3, tol=0.01)).fit(X, y)
    assert whole.n_iter_ < 60
    assert_same(load(path).set_callbacks(TimeLimit(1)), whole)


# ---- by hand


@pytest.mark.parametrize("cls", ESTIMATORS)
@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"dropout": 0.3, "solver": "sgd"},
        {"batch_norm": True},
        {"shuffle": False, "dtype": "float64"},
    ],
    ids=str,
)
def test_a_warm_start_by_hand(cls, setting, tmp_path):
    X, y = problem(cls)
    path = tmp_path / "model.pkl"

    def out_of_luck(epoch):
        if epoch == 8:
            raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="out of luck"):
        quick(cls, **setting).set_callbacks(Snapshot(path, every=3), at_epoch(out_of_luck)).fit(
            X, y
        )
    model = load(path)
    assert model.n_iter_ == 6
    model.set_params(warm_start=True, max_iter=20 - len(model.loss_curve_)).fit(X, y)
    whole = quick(cls, **setting).fit(X, y)
    assert_array_equal(model._network.params, whole._network.params)
    assert_array_equal(model.predict(X), whole.predict(X))
    assert model.loss_curve_ == whole.loss_curve_


@pytest.mark.slow
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_killed_process_leaves_a_snapshot_to_go_on_from(cls, tmp_path, monkeypatch):
    monkeypatch.setenv("SKMLP_BACKEND", "numpy")  # which "auto" chooses by max_iter
    X, y = problem(cls)
    path = tmp_path / "model.pkl"
    process = in_another_process(f"""
quick({cls.__name__}, dropout=0.2, max_iter=10**9).set_callbacks(Snapshot({str(path)!r},
every=2)).fit(*problem({cls.__name__}))
""")
    while process.poll() is None and not path.exists():
        time.sleep(0.01)
    process.kill()
    error = process.communicate()[1].decode()
    assert process.returncode == -signal.SIGKILL, error
    model = load(path)
    n = len(model.loss_curve_)
    assert n % 2 == 0
    model.set_params(warm_start=True, max_iter=5).fit(X, y)
    whole = quick(cls, dropout=0.2, max_iter=n + 5).fit(X, y)
    assert_array_equal(model._network.params, whole._network.params)
    assert_array_equal(model.predict(X), whole.predict(X))


# ---- fits that had ended

ENDS = {
    "max_iter": ({}, []),
    "tol": ({"tol": 0.05, "n_iter_no_change": 2}, []),
    "early_stopping": ({"early_stopping": True, "n_iter_no_change": 2, "tol": 0.1}, []),
    "a callback": ({}, [EarlyStopping(n_iter_no_change=1, tol=10.0)]),
    "the time": ({}, [TimeLimit(0)]),
    "lbfgs": ({"solver": "lbfgs", "max_iter": 2000}, []),
}


@pytest.mark.parametrize(("setting", "others"), ENDS.values(), ids=ENDS)
def test_a_fit_that_had_ended_stays_as_it_is(setting, others, tmp_path):
    X, y = curve()
    path = tmp_path / "model.pkl"
    whole = quick(MLPRegressor, **setting).set_callbacks(*others, Snapshot(path, every=3)).fit(X, y)
    content = path.read_bytes()
    for _ in range(2):
        model = Snapshot(path).resume(X, y, callbacks=others)
        assert_same(model, whole)
        assert_array_equal(model.predict(X), whole.predict(X))
    assert path.read_bytes() == content


def test_divergence_with_early_stopping_is_an_end(tmp_path):
    X, y = curve()
    setting = {
        "hidden_layer_sizes": (),
        "solver": "sgd",
        "learning_rate_init": 2.5,
        "momentum": 0.0,
        "max_iter": 2000,
        "alpha": 0.0,
    }
    whole = (
        quick(MLPRegressor, **setting, early_stopping=True).set_callbacks(TimeLimit(1000)).fit(X, y)
    )
    assert 3 < whole.n_iter_ < 2000
    snapshot = Snapshot(tmp_path / "model.pkl")
    killed(
        quick(MLPRegressor, **setting, early_stopping=True)
        .set_callbacks(snapshot, dies(whole.n_iter_))
        .fit,
        X,
        y,
    )
    for _ in range(2):
        assert_same(snapshot.resume(X, y), whole)


def test_lbfgs_goes_on_to_the_number_of_iterations_it_was_to_make(tmp_path):
    X, y = curve()
    snapshot = Snapshot(tmp_path / "model.pkl")
    killed(quick(MLPRegressor, solver="lbfgs").set_callbacks(snapshot, dies(6)).fit, X, y)
    at_five = load(tmp_path / "model.pkl")
    assert at_five.n_iter_ == 5
    model = snapshot.resume(X, y)
    assert (model.n_iter_, model.t_, model.history_.index.tolist()) == (
        20,
        20 * len(X),
        list(range(1, 21)),
    )
    assert model.loss_ < at_five.loss_
