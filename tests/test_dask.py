"""On a Dask cluster: searches and ensembles give the bits of one process, also when a worker dies; blocks go through ``partial_fit``.

A worker is killed by the fit that it runs, at a given call of the scorer, so nothing depends on how long anything takes.
"""

import logging
import os
import re
import signal
import time
import tracemalloc

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import psutil
import pytest
from distributed import LocalCluster
from joblib import parallel_config
from sklearn.ensemble import BaggingClassifier
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score, cross_validate

from skmlp.callbacks import TimeLimit

from .networks import classifier, regressor
from .problems import curve, digits
from .test_guide import BLOCKS
from .test_threads import LARGE, SMALL, watched

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PAGE = {path.stem: blocks for path, blocks in BLOCKS.items()}["clusters"]


def code_of_the_guide(pattern, **names):
    """Run the first block of the guide's page in which a pattern is found, and return its names and these."""
    names["__name__"] = "guide"
    exec(next(block for block in PAGE if re.search(pattern, block)), names)
    return names


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes, on loopback; none is left at the end."""
    client_of_the_guide = code_of_the_guide("class ForJoblib")["ForJoblib"]
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=logging.CRITICAL) as cluster,
        client_of_the_guide(cluster) as client,
    ):
        yield client
        workers = [psutil.Process(process) for process in client.run(os.getpid, on_error="ignore").values()]
    gone, alive = psutil.wait_procs(workers, timeout=60)
    assert gone
    assert not alive


@pytest.fixture
def workers(cluster):
    """Return a function that gives the process numbers of both workers; there are two when a test begins."""

    def processes():
        for _ in range(1200):  # a worker that has died stays in the scheduler's list for a moment, and the next one takes a few seconds
            answers = set(cluster.run(os.getpid, on_error="ignore").values())
            if len(answers) == 2:
                return answers
            time.sleep(0.1)
        raise AssertionError(f"Two workers should be there, but of them only {answers} answer.")

    processes()
    return processes


class Deadly:
    """A scorer of which one call, counted over all processes, kills the process it is made in, unless that is where it comes from."""

    def __init__(self, folder, fatal):
        self.folder = folder
        self.fatal = fatal
        self.home = os.getpid()

    def __call__(self, estimator, X, y):
        call = 0
        while not self.is_first(call):
            call += 1
        if call == self.fatal and os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        return estimator.score(X, y)

    def is_first(self, call):
        """Return whether nobody has made this call yet; it is made now, and who makes it is in the file."""
        try:
            with open(self.folder / str(call), "x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return False
        return True


def grid(model, X, y):
    search = GridSearchCV(model, {"alpha": [1e-4, 1.0], "activation": ["relu", "tanh"]}, cv=3).fit(X, y)
    return [search.cv_results_[f"split{k}_test_score"] for k in range(3)]


def halving(model, X, y):
    assert enable_halving_search_cv is not None
    options = {"cv": 3, "factor": 2, "min_resources": 300, "random_state": 0}
    search = HalvingGridSearchCV(model, {"alpha": [1e-4, 1.0], "activation": ["relu", "tanh"]}, **options).fit(X, y)
    return [search.cv_results_["n_resources"], *(search.cv_results_[f"split{k}_test_score"] for k in range(3))]


def folds(model, X, y):
    return [cross_val_score(model, X, y, cv=6)]


def bag(model, X, y):
    """The members; their mean depends on the number of workers in its last bit, since each worker sums its own."""
    return [member.predict_proba(X) for member in BaggingClassifier(model, 6, random_state=0).fit(X, y).estimators_]


JOBS = [grid, halving, folds, bag]
each_job = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.__name__)


def network(scoring="accuracy"):
    """A network whose fit calls the scorer after each of three epochs."""
    return classifier(max_iter=3, early_stopping=True, scoring=scoring)


def assert_same(job, model):
    with parallel_config(backend="dask"):
        found = job(model, *digits())
    for ours, alone in zip(found, job(network(), *digits()), strict=True):
        np.testing.assert_array_equal(ours, alone)


@pytest.mark.slow
@each_job
def test_the_bits_of_one_process(job, workers):
    assert_same(job, network())


@pytest.mark.slow
@pytest.mark.parametrize(("job", "fatal"), [(grid, 0), *((job, 8) for job in JOBS)], ids=lambda part: getattr(part, "__name__", part))
def test_a_worker_dies_in_the_middle(job, fatal, workers, tmp_path):
    """Call 0: before any result, when rows and folds may be in that worker only. Call 8: in the middle."""
    before = workers()
    assert_same(job, network(Deadly(tmp_path, fatal)))
    dead = int((tmp_path / str(fatal)).read_text())
    assert dead in before
    assert dead not in workers()


@pytest.mark.slow
@pytest.mark.parametrize("setting", [SMALL, LARGE], ids=["small", "large"])
def test_a_worker_has_one_thread_for_products(setting, workers):
    with parallel_config(backend="dask"):
        found = cross_validate(watched(**setting), *digits(), cv=2, return_estimator=True)
    assert {score for network in found["estimator"] for score in network.validation_scores_} == {1}


@pytest.mark.slow
def test_callbacks_act_in_workers(workers):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")
    with parallel_config(backend="dask"):
        found = cross_validate(classifier().set_callbacks(TimeLimit(0)), *digits(), cv=2, return_estimator=True)
    assert [network.n_iter_ for network in found["estimator"]] == [1, 1]


# ---- blocks

BLOCK = 500


def test_blocks_of_an_array():
    """The loop of the guide gives the bits of ``partial_fit`` on the same rows."""
    X, y = digits()
    rows, labels = da.from_array(np.array(X), chunks=(BLOCK, -1)), da.from_array(np.array(y), chunks=BLOCK)
    names = {"rows": rows, "labels": labels, "model": classifier(), "classes": np.unique(y), "dask": dask, "n_epochs": 2}
    found = code_of_the_guide(r"rows\.to_delayed", **names)["model"]
    expected = classifier()
    for _ in range(2):
        for start in range(0, len(X), BLOCK):
            expected.partial_fit(X[start : start + BLOCK], y[start : start + BLOCK], classes=np.unique(y))
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_blocks_of_a_frame():
    X, y = curve()
    columns = list("abcd")
    frame = pd.DataFrame(X, columns=columns).assign(target=y)
    found = code_of_the_guide(r"frame\.partitions", frame=dd.from_pandas(frame, npartitions=3), regressor=regressor(), n_epochs=1)[
        "regressor"
    ]
    expected = regressor()
    for start in range(0, 150, 50):
        expected.partial_fit(frame[columns][start : start + 50], frame["target"][start : start + 50])
    np.testing.assert_array_equal(found.predict(frame[columns]), expected.predict(frame[columns]))
    assert list(found.feature_names_in_) == columns


def test_a_block_at_a_time_is_in_memory(tmp_path):
    shape = (20_000, 200)
    X = np.memmap(tmp_path / "rows.dat", "float32", "w+", shape=shape)
    rows = da.from_array(X, chunks=(1000, -1)).astype("float64")  # so that a block is more than a view of the file
    names = {"rows": rows, "labels": da.arange(len(X), chunks=1000) % 3, "model": classifier(), "classes": np.arange(3), "dask": dask}
    tracemalloc.start()
    try:
        with dask.config.set(scheduler="synchronous"):
            code_of_the_guide(r"rows\.to_delayed", n_epochs=1, **names)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.2 * X.size * 8
