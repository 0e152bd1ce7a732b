"""Runs the benchmarks of training, prediction, sparse rows, searches and memory: ``python -m
benchmarks.run [--chart FILE]``; each module also runs by itself.
"""

import sys

from . import chart, memory, prediction, searches, sparse, training

if __name__ == "__main__":
    results = training.run()
    if "--chart" in sys.argv:
        chart.draw(results, sys.argv[sys.argv.index("--chart") + 1])
    prediction.run()
    sparse.run()
    searches.run()
    memory.run()
