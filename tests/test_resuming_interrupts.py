"""Going on after Ctrl-C with the last complete epoch, and what a fit cannot go on from."""

import pickle

import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression

from skmlp import MLPClassifier, MLPRegressor
from skmlp.callbacks import EarlyStopping, Snapshot, TimeLimit

from .problems import blobs, curve
from .short_fits import load, quick
from .test_resuming import assert_same, dies, killed

pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Training interrupted by user"),
]

# ---- Ctrl-C


class Once:
    """Augmentation that is interrupted in its n-th batch, once."""

    calls = 0

    def __init__(self, n):
        self.n = n

    def __call__(self, X, y, rng):
        Once.calls += 1
        if Once.calls == self.n:
            raise KeyboardInterrupt
        return X, y


OVERSHOOTS = {
    "early_stopping": True,
    "learning_rate_init": 1.0,
    "learning_rate": "cosine",
    "normalize_y": False,
}


@pytest.mark.parametrize("setting", [{}, OVERSHOOTS], ids=str)
def test_after_ctrl_c_it_goes_on_with_the_last_epoch(setting, tmp_path, monkeypatch):
    X, y = curve()
    n_batches = 5  # with and without the rows that are held out
    monkeypatch.setattr(Once, "calls", 10**6)
    whole = (
        quick(MLPRegressor, augmentation=Once(9), **setting)
        .set_callbacks(TimeLimit(1000))
        .fit(X, y)
    )
    monkeypatch.setattr(Once, "calls", 0)
    snapshot = Snapshot(tmp_path / "model.pkl", every=4)
    stopped = (
        quick(MLPRegressor, augmentation=Once(n_batches * 7 + 2), **setting)
        .set_callbacks(snapshot)
        .fit(X, y)
    )
    assert stopped.n_iter_ == load(tmp_path / "model.pkl").n_iter_ == 7
    assert not setting or stopped._state.best_epoch < 7
    model = snapshot.resume(X, y)
    model.augmentation = whole.augmentation
    assert_same(model, whole)


@pytest.mark.parametrize("first", [False, True])
def test_after_ctrl_c_in_a_callback_it_goes_on_with_what_all_have_seen(first, tmp_path):
    X, y = blobs(3)
    snapshot = Snapshot(tmp_path / "model.pkl")

    def score(estimator, X, y):
        if len(estimator.loss_curve_) == 6 and not stopped:
            stopped.append(True)
            raise KeyboardInterrupt
        return estimator.score(X, y)

    stopped = [True]
    setting = {"learning_rate_init": 0.1}
    whole = (
        quick(MLPClassifier, **setting)
        .set_callbacks(EarlyStopping(score, n_iter_no_change=4, tol=0.0))
        .fit(X, y)
    )
    stopped.clear()
    stopping = EarlyStopping(score, n_iter_no_change=4, tol=0.0)
    ours = [snapshot, stopping] if first else [stopping, snapshot]
    assert quick(MLPClassifier, **setting).set_callbacks(*ours).fit(X, y).n_iter_ == 6
    assert load(tmp_path / "model.pkl").n_iter_ == 5
    assert_same(snapshot.resume(X, y, callbacks=[stopping]), whole)


# ---- what is refused


def test_without_a_snapshot_there_is_nothing_to_go_on_from(tmp_path):
    X, y = curve()
    path = tmp_path / "model.pkl"
    with pytest.raises(
        FileNotFoundError, match=r"There is no snapshot path='.*model.pkl'; .* call fit"
    ):
        Snapshot(path).resume(X, y)
    for content in (b"", b"no pickle", pickle.dumps(quick(MLPRegressor).fit(X, y))):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"path='.*model.pkl' was not written by a Snapshot"):
            Snapshot(path).resume(X, y)


def test_a_callback_whose_memory_is_in_the_file_must_be_given(tmp_path):
    X, y = curve()
    snapshot = Snapshot(tmp_path / "model.pkl")
    ours = [EarlyStopping(n_iter_no_change=5), TimeLimit(1000), snapshot]
    killed(quick(MLPRegressor).set_callbacks(*ours, dies(3)).fit, X, y)
    with pytest.raises(
        ValueError,
        match=r"had EarlyStopping and TimeLimit among its callbacks; .* resume\(X, y, callbacks=\[",
    ):
        snapshot.resume(X, y)
    with pytest.raises(
        ValueError,
        match=r"had EarlyStopping among its callbacks; .* callbacks=\[EarlyStopping\(\.\.\.\)\]",
    ):
        snapshot.resume(X, y, callbacks=[TimeLimit(1000)])
    model = snapshot.resume(X, y, callbacks=ours)  # the same list as in the fit will do
    assert model._skl_callbacks == ours


@pytest.mark.parametrize("every", [1, 2])
def test_rows_that_the_fit_had_not_are_refused(every, tmp_path):
    X, y = curve()
    held = {"X_val": X[:20], "y_val": y[:20]}
    snapshot = Snapshot(tmp_path / "model.pkl", every=every)
    killed(
        quick(MLPRegressor, early_stopping=True).set_callbacks(snapshot, dies(3)).fit, X, y, **held
    )
    with pytest.raises(ValueError, match=r"trained on 150 rows, but this would be 135; .* X_val"):
        snapshot.resume(X, y)
    with pytest.raises(ValueError, match="trained on 150 rows, but this would be 100"):
        snapshot.resume(X[:100], y[:100], **held)
    killed(snapshot.resume, X, y, callbacks=[dies(2)], **held)  # the number outlives a second kill
    with pytest.raises(ValueError, match="trained on 150 rows, but this would be 149"):
        snapshot.resume(X[1:], y[1:], **held)


def test_another_estimator_that_had_not_ended_cannot_go_on(tmp_path):
    X, y = blobs(3)
    snapshot = Snapshot(tmp_path / "model.pkl")
    killed(LogisticRegression().set_callbacks(snapshot, dies(3, "lbfgs-iter")).fit, X, y)
    with pytest.raises(TypeError, match="LogisticRegression cannot go on from its last snapshot"):
        snapshot.resume(X, y)
    whole = LogisticRegression().set_callbacks(snapshot).fit(X, y)
    assert_array_equal(snapshot.resume(X, y).coef_, whole.coef_)
