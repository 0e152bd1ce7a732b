"""Runs the benchmarks: ``python -m benchmarks.run [case ...]``."""

import sys

from . import training

if __name__ == "__main__":
    training.run(names=sys.argv[1:])
