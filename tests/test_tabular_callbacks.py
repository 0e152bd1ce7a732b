"""scikit-learn's callbacks on the estimators for tables: members and their epochs are tasks."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skmlp import TabularMLPClassifier, TabularMLPRegressor
from skmlp.callbacks import EarlyStopping, Snapshot, TimeLimit

from .tables import mixed
from .test_tasks import Propagated, Recorder

protocol = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on"
)
QUICK = {"n_estimators": 3, "hidden_layer_sizes": (8,), "max_iter": 4, "random_state": 0}
ESTIMATORS = [TabularMLPClassifier, TabularMLPRegressor]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_members_and_their_epochs_are_tasks(cls, n_jobs):
    X, y = mixed(60)
    recorder = Propagated()
    model = cls(**QUICK, n_jobs=n_jobs).set_callbacks(recorder).fit(X, y)
    events = recorder.events()
    assert events[0] == ("setup", "fit", 0)
    assert events[-2:] == [("end", "fit", 0), ("teardown", "fit", 0)]
    assert len(recorder.fitted("epoch")) == 3 * 4
    # a member's fit is the task of the ensemble's member
    assert sorted(k for event, task, k in events if (event, task) == ("end", "fit")) == [0, 0, 1, 2]
    plain = cls(**QUICK).fit(X, y)
    assert_array_equal(model.predict(X), plain.predict(X))
    for seen in recorder.fitted("epoch"):
        assert seen.predict(X).shape == (len(X),)
    assert not [name for name in vars(model.estimators_[0]) if "callback" in name]


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_what_is_not_propagated_sees_the_ensemble(cls):
    X, y = mixed(60)
    recorder = Recorder()
    model = cls(**QUICK).set_callbacks(recorder).fit(X, y, sample_weight=np.ones(len(y)))
    (seen,) = recorder.fitted("fit")
    assert_array_equal(seen.predict(X), model.predict(X))
    given = recorder.told[1][3]
    assert given["X"] is X
    assert given["metadata"]["sample_weight"].sum() == len(y)
    monitor = protocol.ScoringMonitor(scoring="r2" if cls is TabularMLPRegressor else "accuracy")
    model = clone(model).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs().data_as_pandas
    assert log.iloc[:, -1].tolist() == [model.score(X, y)]


@pytest.mark.parametrize("callback", [EarlyStopping, Snapshot, TimeLimit])
def test_callbacks_of_epochs_say_that_there_are_none(callback, tmp_path):
    X, y = mixed(60)
    made = {
        EarlyStopping: lambda: EarlyStopping("r2", X_val=X, y_val=y),
        Snapshot: lambda: Snapshot(tmp_path / "model.pkl"),
        TimeLimit: lambda: TimeLimit(9.0),
    }[callback]()
    with pytest.warns(
        UserWarning, match=f"{callback.__name__} does nothing on TabularMLPRegressor"
    ):
        TabularMLPRegressor(**QUICK).set_callbacks(made).fit(X, y)


def test_an_error_in_a_callback_ends_the_fit():
    X, y = mixed(60)

    class OutOfLuck(Propagated):
        def on_fit_task_end(self, estimator, context):
            if context.task_name == "epoch":
                raise RuntimeError("out of luck")

    model = TabularMLPClassifier(**QUICK).set_callbacks(OutOfLuck())
    with pytest.raises(RuntimeError, match="out of luck"):
        model.fit(X, y)
    assert not hasattr(model, "estimators_")
    assert not hasattr(model, "_callback_fit_ctx")


def test_a_progress_bar_in_a_search(capsys):
    pytest.importorskip("rich", reason="scikit-learn draws progress bars with rich")
    X, y = mixed(60)
    search = GridSearchCV(TabularMLPClassifier(**QUICK), {"dropout": [0.0, 0.2]}, cv=2)
    bar = protocol.ProgressBar(max_propagation_depth=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.set_callbacks(bar).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert sum("TabularMLPClassifier - fit" in line for line in lines) == 5


class Interrupt(Recorder):
    """A callback that Ctrl-C comes into at the end of the task of this name and number."""

    def __init__(self, name, k=0):
        super().__init__()
        self.name, self.k = name, k

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        if (context.task_name, context.task_id) == (self.name, self.k):
            raise KeyboardInterrupt


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_ctrl_c_at_the_end_of_a_member_keeps_the_members(cls):
    X, y = mixed(60)
    model = cls(**QUICK, n_jobs=1).set_callbacks(Interrupt("member", 1))
    with pytest.warns(UserWarning, match="2 of 3 members are there"):
        model.fit(X, y)
    whole = cls(**QUICK).fit(X, y)
    for member, other in zip(model.estimators_, whole.estimators_, strict=False):
        assert member.n_iter_ == other.n_iter_
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_ctrl_c_at_the_end_keeps_the_fit(cls):
    X, y = mixed(60)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model = cls(**QUICK).set_callbacks(Interrupt("fit")).fit(X, y)
    assert_array_equal(model.predict(X), cls(**QUICK).fit(X, y).predict(X))
