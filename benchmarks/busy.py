"""Fits on a busy machine, of a tenth of the epochs: as many processes as twice the cores compute
all the time beside them.

``python -m benchmarks.busy [case ...]``
"""

import multiprocessing
import os
import statistics
import sys
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from .cases import named
from .rivals import sklearn_side, skmlp_side
from .timing import in_turn, ratio, table

MOST = 1.5  # what a fit may take of its time with one thread
LEAST = 1.5  # scikit-learn's time over ours
BACKENDS = {"program": "numba", "NumPy": "numpy"}  # a fit at its defaults is one of the two


def run(rounds=3, names=()):
    """Print seconds and ratios of every case, and assert the claims."""
    cases, seconds_rows, ratio_rows, failed = named(names), [], [], []
    with neighbours(2 * (os.cpu_count() or 1)):
        for case in (replace(case, epochs=max(2, case.epochs // 10)) for case in cases):
            sides = sides_of(case)
            seconds = in_turn(sides, rounds)
            seconds_rows.append(
                [case.name, *(f"{statistics.median(seconds[side]):.2f}" for side in sides)]
            )
            ratios = {}
            for side in (side for side in BACKENDS if side in seconds):
                ratios[f"{side} / one thread"] = ratio(seconds[side], seconds[alone(side)])
                ratios[f"sklearn / {side}"] = ratio(seconds["sklearn"], seconds[side])
                if ratios[f"{side} / one thread"] > MOST or ratios[f"sklearn / {side}"] < LEAST:
                    failed.append(f"{case.name}, {side}")
            ratio_rows.append([case.name, *(f"{value:.2f}" for value in ratios.values())])
            print(*seconds_rows[-1], *ratio_rows[-1][1:], flush=True)
    print("Seconds of a fit beside processes that compute all the time, and ratios of these.")
    table(seconds_rows, ["case", *sides])
    table(ratio_rows, ["case", *ratios])
    assert not failed, f"busy: {failed}"


def sides_of(case):
    """Return {side: function}: each backend that is there, the same with one thread, and
    scikit-learn in double precision.
    """
    sides = {}
    for name, backend in BACKENDS.items():
        fit = skmlp_side(case, "float32", backend)
        if fit is not None:
            sides |= {name: fit, alone(name): with_one_thread(fit)}
    return sides | {"sklearn": sklearn_side(case, "float64")}


def alone(side):
    """Return the name of a side with one thread."""
    return f"{side}, one thread"


def with_one_thread(function):
    """Return the function with one thread of BLAS."""

    def call():
        with threadpool_limits(1):
            function()

    return call


@contextmanager
def neighbours(n):
    """Run ``n`` processes that compute all the time."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=compute, daemon=True) for _ in range(n)]
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def compute():
    """Multiply matrices on one thread for ever."""
    with threadpool_limits(1):
        a = np.random.default_rng(0).standard_normal((400, 400))
        while True:
            a = np.tanh(a @ a * 1e-2)


if __name__ == "__main__":
    run(names=sys.argv[1:])
