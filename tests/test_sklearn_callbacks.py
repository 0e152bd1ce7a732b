"""scikit-learn's own callbacks, and callbacks in its tools: pipelines, searches, progress bars."""

import pickle

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifier

from .problems import blobs
from .test_tasks import ESTIMATORS, Propagated, Recorder, assert_same_fit, own_score, problem, quick

protocol = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on"
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_the_scoring_monitor_logs_the_score_of_each_epoch(cls):
    X, y = problem(cls)
    monitor = protocol.ScoringMonitor(scoring=own_score)
    quick(cls).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs().data_as_pandas
    scores = [quick(cls, max_iter=k).fit(X, y).score(X, y) for k in range(1, 7)]
    assert log["own"][log["task_name"] == "epoch"].tolist() == scores
    assert log["own"][log["task_name"] == "fit"].tolist() == scores[-1:]


def test_in_a_pipeline_it_is_a_step_with_epochs():
    X, y = blobs(3)
    recorder = Propagated()
    pipe = make_pipeline(StandardScaler(), quick(MLPClassifier)).set_callbacks(recorder).fit(X, y)
    assert len(recorder.fitted()) == 6
    assert_same_fit(recorder.fitted()[-1], pipe[-1])
    assert not [name for name in vars(pipe[-1]) if "callback" in name]
    own = Recorder()
    make_pipeline(StandardScaler(), quick(MLPClassifier).set_callbacks(own)).fit(X, y)
    assert own.events()[0] == ("setup", "fit", 1)
    assert_same_fit(
        own.fitted()[2],
        make_pipeline(StandardScaler(), quick(MLPClassifier, max_iter=3)).fit(X, y)[-1],
    )


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("in_a_pipeline", [False, True])
def test_in_a_grid_search_each_fit_is_logged(n_jobs, in_a_pipeline):
    X, y = blobs(3)
    monitor = protocol.ScoringMonitor(scoring="accuracy")
    model, name = quick(MLPClassifier, max_iter=3).set_callbacks(monitor), "alpha"
    if in_a_pipeline:
        model, name = make_pipeline(StandardScaler(), model), "mlpclassifier__alpha"
    search = GridSearchCV(model, {name: [0.1, 1.0]}, cv=2, n_jobs=n_jobs, error_score="raise").fit(
        X, y
    )
    log = monitor.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"]
    assert (
        epochs.groupby("parent_task_id_path").size().tolist() == [3] * 5
    )  # four of the search, and the best again
    refit = epochs[
        epochs["parent_task_id_path"]
        == max(epochs["parent_task_id_path"], key=lambda path: path[:2])
    ]
    assert refit["accuracy"].iloc[-1] == search.score(X, y)


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_progress_bars(n_jobs, capsys):
    pytest.importorskip("rich", reason="scikit-learn draws progress bars with rich")
    X, y = blobs(3)
    pipe = make_pipeline(StandardScaler(), quick(MLPClassifier))
    search = GridSearchCV(pipe, {"mlpclassifier__alpha": [0.1, 1.0]}, cv=2, n_jobs=n_jobs)
    for model, depth, n_fits in ((quick(MLPClassifier), 0, 1), (pipe, 1, 1), (search, None, 5)):
        clone(model).set_callbacks(protocol.ProgressBar(max_propagation_depth=depth)).fit(X, y)
        bars = [
            line for line in capsys.readouterr().out.splitlines() if "MLPClassifier - fit" in line
        ]
        assert len(bars) == n_fits  # four of the search, and the best again
        assert all("100%" in line for line in bars)


def test_a_progress_bar_moves_with_the_epochs(capsys):
    pytest.importorskip("rich", reason="scikit-learn draws progress bars with rich")

    def out_of_luck(n):
        if n == 4:
            raise RuntimeError("out of luck")

    model = quick(MLPClassifier, max_iter=5).set_callbacks(
        Recorder(out_of_luck), protocol.ProgressBar()
    )
    with pytest.raises(RuntimeError, match="out of luck"):
        model.fit(*blobs(3))
    assert "60%" in capsys.readouterr().out


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_clones_and_pickles_keep_their_callbacks(cls):
    X, y = problem(cls)
    monitor = protocol.ScoringMonitor(scoring=own_score)
    model = quick(cls).set_callbacks(monitor)
    clone(model).fit(X, y)
    assert len(monitor.get_logs(select="all")) == 1
    copied = pickle.loads(pickle.dumps(model.fit(X, y)))
    assert_array_equal(copied.predict(X), model.predict(X))
    assert_same_fit(copied.fit(X, y), model)
    assert len(monitor.get_logs(select="all")) == 2
