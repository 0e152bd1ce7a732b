"""Peak memory of a fit on a memory-mapped array larger than the allowance: ``python -m
benchmarks.memory [GiB]``.

What counts is resident memory that is not a page of the file, above what the process held before
the fit. Linux only (/proc).
"""

import os
import sys
import tempfile
import threading
import time
import warnings

import numpy as np

from skmlp import MLPClassifier

N_FEATURES = 256
ALLOWANCE = 600  # MiB
SIDES = {
    "float32": ("float32", {}),
    "float32, early stopping": ("float32", {"early_stopping": True}),
    "float32, batch norm + dropout": ("float32", {"batch_norm": True, "dropout": 0.2}),
    "float64 trained in float32": ("float64", {}),
}


def run(gibibytes=4.0):
    """Print the peak of each fit and assert that it stays within the allowance."""
    peaks = {}
    with tempfile.NamedTemporaryFile(suffix=".dat", dir=os.environ.get("TMPDIR")) as file:
        for name, (dtype, options) in SIDES.items():
            X, y = mapped(file.name, dtype, gibibytes)
            model = MLPClassifier(
                (64,),
                batch_size=1024,
                max_iter=1,
                n_iter_no_change=np.inf,
                random_state=0,
                **options,
            )
            seconds, peaks[name] = peak_of(lambda model=model, X=X, y=y: model.fit(X, y))
            print(
                f"{name:32s} {X.nbytes / 2**30:5.1f} GiB  {len(X):9d} rows  {seconds:6.1f} s  "
                f"{peaks[name]:6.0f} MiB above the start"
            )
    for name, peak in peaks.items():
        assert peak < ALLOWANCE, f"{name}: {peak:.0f} MiB"


def mapped(path, dtype, gibibytes):
    """Return a memory-mapped array of random rows, written a part at a time, and labels."""
    n_rows = int(gibibytes * 2**30 / N_FEATURES / np.dtype(dtype).itemsize)
    X = np.memmap(path, dtype, "w+", shape=(n_rows, N_FEATURES))
    part = np.random.default_rng(0).standard_normal((4096, N_FEATURES)).astype(dtype)
    for start in range(0, n_rows, len(part)):
        X[start : start + len(part)] = part[: n_rows - start]
    X.flush()
    return np.memmap(path, dtype, "r", shape=(n_rows, N_FEATURES)), np.arange(n_rows) % 10


def peak_of(function):
    """Return the seconds that a call takes and the MiB that it holds at most."""
    done, before = threading.Event(), anonymous()
    most = [before]

    def watch():
        while not done.wait(0.005):
            most[0] = max(most[0], anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function()
    seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    return seconds, (most[0] - before) / 1024


def anonymous():
    """Return the resident KiB of this process that are not pages of a file."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


if __name__ == "__main__":
    run(*(float(word) for word in sys.argv[1:]))
