"""On a Dask cluster searches and ensembles give the bits of one process, also when a worker dies.

A worker is killed by the fit that it runs, at a given call of the scorer, so nothing depends on how
long anything takes.
"""

import pytest

pytest.importorskip("distributed")

import logging
import os
import signal
from multiprocessing import resource_tracker

import numpy as np
import psutil
from distributed import LocalCluster
from joblib import parallel_config
from sklearn.ensemble import BaggingClassifier
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_val_score,
    cross_validate,
)

from skmlp.callbacks import TimeLimit

from .networks import classifier
from .problems import digits
from .test_guide import run_block
from .test_threads import LARGE, of_the_fit, watched

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def client():
    """The guide's client of two worker processes, on loopback; none of the processes is left at
    the end.
    """
    resource_tracker.ensure_running()  # Python's own; it stays as long as this process does
    before = set(psutil.Process().children(recursive=True))
    options = {
        "threads_per_worker": 1,
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "silence_logs": logging.CRITICAL,
    }
    client_of = run_block("clusters", "class ForJoblib")["ForJoblib"]
    with LocalCluster(n_workers=2, **options) as cluster, client_of(cluster) as client:
        yield client
        started = set(psutil.Process().children(recursive=True)) - before
    assert psutil.wait_procs(started, timeout=60)[1] == []


def processes(client):
    """Return the process numbers of the workers that answer."""
    return set(client.run(os.getpid, on_error="ignore").values())


class Deadly:
    """A scorer of which one call, counted over all processes, kills the process it is made in,
    unless that is where it comes from.
    """

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
        """Return whether nobody has made this call yet; it is made now, and who makes it is in
        the file.
        """
        try:
            with open(self.folder / str(call), "x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return False
        return True


def grid(model, X, y):
    search = GridSearchCV(model, {"alpha": [1e-4, 1.0], "activation": ["relu", "tanh"]}, cv=3).fit(
        X, y
    )
    return [search.cv_results_[f"split{k}_test_score"] for k in range(3)]


def halving(model, X, y):
    assert enable_halving_search_cv is not None
    options = {"cv": 3, "factor": 2, "min_resources": 300, "random_state": 0}
    search = HalvingGridSearchCV(
        model, {"alpha": [1e-4, 1.0], "activation": ["relu", "tanh"]}, **options
    ).fit(X, y)
    return [
        search.cv_results_["n_resources"],
        *(search.cv_results_[f"split{k}_test_score"] for k in range(3)),
    ]


def folds(model, X, y):
    return [cross_val_score(model, X, y, cv=6)]


def bag(model, X, y):
    """The members; their mean depends on the number of workers in its last bit, since each
    worker sums its own.
    """
    return [
        member.predict_proba(X)
        for member in BaggingClassifier(model, 6, random_state=0).fit(X, y).estimators_
    ]


JOBS = [grid, halving, folds, bag]


def network(scoring="accuracy"):
    """A network whose fit calls the scorer after each of three epochs."""
    return classifier(max_iter=3, early_stopping=True, scoring=scoring)


def assert_same(job, model):
    with parallel_config(backend="dask"):
        found = job(model, *digits())
    for ours, alone in zip(found, job(network(), *digits()), strict=True):
        np.testing.assert_array_equal(ours, alone)


@pytest.mark.slow
def test_the_bits_of_one_process(client):
    for job in JOBS:
        assert_same(job, network())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("job", "fatal"), [(grid, 0), (bag, 8)], ids=lambda part: getattr(part, "__name__", part)
)
def test_a_worker_dies_in_the_middle(job, fatal, client, tmp_path):
    """Call 0: before any result, when rows and folds may be in that worker only.

    Call 8: in the middle.
    """
    before = processes(client)
    assert len(before) == 2
    assert_same(job, network(Deadly(tmp_path, fatal)))
    dead = int((tmp_path / str(fatal)).read_text())
    assert dead in before
    assert dead not in processes(client)


@pytest.mark.slow
def test_a_worker_has_one_thread_for_products(client):
    with parallel_config(backend="dask"):
        found = cross_validate(watched(of_the_fit, **LARGE), *digits(), cv=2, return_estimator=True)
    assert {score for network in found["estimator"] for score in network.validation_scores_} == {1}


@pytest.mark.slow
def test_callbacks_act_in_workers(client):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")
    with parallel_config(backend="dask"):
        found = cross_validate(
            classifier().set_callbacks(TimeLimit(0)), *digits(), cv=2, return_estimator=True
        )
    assert [network.n_iter_ for network in found["estimator"]] == [1, 1]
