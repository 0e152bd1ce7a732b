"""What a Dask cluster costs and gives, against this process and against joblib's own workers.

``python -m benchmarks.cluster [GiB]``

Four tables: the overhead of a task, by tasks that do next to nothing; a search on a growing number
of workers; the size of what travels; and the memory of a loop of ``partial_fit`` over the blocks of
a file. It needs ``skmlp[dask]``.
"""

import os
import pickle
import sys
import tempfile
import warnings
from contextlib import contextmanager, nullcontext

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score

from skmlp import MLPClassifier

from .memory import mapped, peak_of
from .timing import in_turn, ratio, table

N_TASKS = 64
BLOCK = 8192  # rows
ALLOWANCE = 600  # MiB
GRID = {"alpha": [1e-5, 1e-4, 1e-3, 1e-2], "hidden_layer_sizes": [(50,), (100,)]}


class ForJoblib(Client):
    """The client of the guide: what joblib scatters becomes a task."""

    async def scatter(self, data, **options):
        """Return the future of a task that gives the data."""
        return self.submit(lambda value: value, data, pure=False)


@contextmanager
def dask_with(n_workers):
    """Use a local cluster for joblib's work."""
    options = {
        "threads_per_worker": 1,
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "silence_logs": 50,
    }
    with (
        LocalCluster(n_workers=n_workers, **options) as cluster,
        ForJoblib(cluster),
        parallel_config(backend="dask"),
    ):
        yield


def loky_with(n_workers):
    """Use joblib's own processes."""
    return parallel_config(backend="loky", n_jobs=n_workers)


PLACES = {"one process": nullcontext}
PLACES |= {
    f"{name}, {n}": lambda use=use, n=n: use(n)
    for n in (1, 2, 4)
    for name, use in (("loky", loky_with), ("Dask", dask_with))
}


def run(gibibytes=2.5, rounds=3):
    """Print the tables, and assert that blocks take no more memory than they may."""
    warnings.simplefilter("ignore")  # scikit-learn sends this along with each task
    X, y = load_digits(return_X_y=True)
    X = X / 16
    print(f"{os.cpu_count()} cores.")
    tasks(X, y, rounds)
    searches(X, y, rounds)
    sizes(X, y)
    blocks(gibibytes)


def tasks(X, y, rounds):
    """Print the milliseconds that a task costs beyond its work: many folds of a model that
    learns nothing.
    """
    seconds = {}
    for name, place in PLACES.items():
        with place():
            seconds[name] = min(
                in_turn(
                    {name: lambda: cross_val_score(DummyClassifier(), X, y, cv=N_TASKS)}, rounds
                )[name]
            )
    rows = [
        [name, f"{1000 * (value - seconds['one process']) / N_TASKS:.1f}"]
        for name, value in seconds.items()
    ]
    print(
        f"\n{N_TASKS} tasks that do next to nothing: milliseconds each, beyond those in one "
        "process."
    )
    table(rows[1:], ["workers", "ms a task"])


def searches(X, y, rounds):
    """Print how much faster a search of 24 fits is, and assert that its scores are the same."""
    network = MLPClassifier(max_iter=40, random_state=0)
    alone = in_turn({"alone": lambda: search(network, X, y)}, rounds)["alone"]
    expected, rows = search(network, X, y), []
    for name, place in list(PLACES.items())[1:]:
        with place():
            seconds = in_turn({name: lambda: search(network, X, y)}, rounds)[name]
            np.testing.assert_array_equal(search(network, X, y), expected)
        rows.append([name, f"{ratio(alone, seconds):.2f}"])
    print(
        f"A grid search of 24 fits, {min(alone) / 24:.2f} s each in one process: how many times "
        "faster."
    )
    table(rows, ["workers", "faster"])


def search(network, X, y):
    """Return the scores of a grid search."""
    return GridSearchCV(network, GRID, cv=3, refit=False).fit(X, y).cv_results_["mean_test_score"]


def sizes(X, y):
    """Print the bytes of pickles: what goes to a worker for each fit, and what comes back where
    models do.
    """
    rows = []
    for hidden in ((100,), (512, 512)):
        network = MLPClassifier(hidden, max_iter=1, random_state=0)
        fitted = clone(network).fit(X, y)
        n_parameters = sum(array.size for array in fitted.coefs_ + fitted.intercepts_)
        rows.append(
            [
                str(hidden),
                n_parameters,
                *(f"{len(pickle.dumps(model)) / 1024:.1f}" for model in (network, fitted)),
            ]
        )
    print("KiB of a pickled classifier of the digits.")
    table(rows, ["hidden layers", "parameters", "before fit", "after fit"])


def blocks(gibibytes):
    """Print the peak memory of an epoch over the blocks of a file, and assert that it is
    bounded.
    """
    with tempfile.NamedTemporaryFile(suffix=".dat", dir=os.environ.get("TMPDIR")) as file:
        X, y = mapped(file.name, "float32", gibibytes)
        rows, labels = da.from_array(X, chunks=(BLOCK, -1)), da.from_array(y, chunks=BLOCK)
        model = MLPClassifier((64,), batch_size=1024, random_state=0)
        seconds, peak = peak_of(lambda: epoch(model, rows * 2.0, labels))
        size, block = X.nbytes / 2**30, BLOCK * X.shape[1] * X.itemsize / 2**20
        print(
            f"{size:.1f} GiB in blocks of {block:.0f} MiB: {peak:.0f} MiB above the start, "
            f"{seconds:.0f} s."
        )
    assert peak < ALLOWANCE, f"{peak:.0f} MiB"


def epoch(model, rows, labels):
    """Train on each block in turn."""
    for X, y in zip(rows.to_delayed().ravel(), labels.to_delayed().ravel(), strict=True):
        model.partial_fit(X.compute(), y.compute(), classes=np.arange(10))


if __name__ == "__main__":
    run(*(float(word) for word in sys.argv[1:]))
