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

MOST = 1.5  # what a fit at its defaults may take of its time with one thread
LEAST = 1.5  # scikit-learn's time over ours


def run(rounds=3, names=()):
    """Print seconds and ratios of every case, and assert the claims."""
    cases, rows, failed = named(names), [], []
    with neighbours(2 * (os.cpu_count() or 1)):
        for case in (replace(case, epochs=max(2, case.epochs // 10)) for case in cases):
            fit = skmlp_side(case, "float32", "auto")
            sides = {
                "defaults": fit,
                "program": skmlp_side(case, "float32", "numba"),
                "one thread": with_one_thread(fit),
                "sklearn": sklearn_side(case, "float64"),
            }
            sides = {name: side for name, side in sides.items() if side is not None}
            seconds = in_turn(sides, rounds)
            ratios = (
                ratio(seconds["defaults"], seconds["one thread"]),
                ratio(seconds["sklearn"], seconds["defaults"]),
            )
            cells = [f"{statistics.median(seconds[side]):.2f}" for side in sides]
            rows.append([case.name, *cells, *(f"{value:.2f}" for value in ratios)])
            if ratios[0] > MOST or ratios[1] < LEAST:
                failed.append(f"{case.name}: {ratios[0]:.2f}, {ratios[1]:.2f}")
    print("Seconds of a fit beside processes that compute all the time.")
    table(rows, ["case", *sides, "defaults / one thread", "sklearn / defaults"])
    assert not failed, f"busy: {failed}"


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
