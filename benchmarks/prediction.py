"""Milliseconds of predictions: one row, a thousand, all.

``python -m benchmarks.prediction [case ...]``
"""

import statistics
import sys
from dataclasses import replace

from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmlp import MLPClassifier

from .cases import named
from .rivals import quietly, settings
from .timing import in_turn, ratio, table

# what scikit-learn's time over ours must at least be on float64 rows, a fifth below what was
# measured
CLAIMS = {("predict", 1): 1.45, ("predict_proba", "all"): 0.88}


def run(names=()):
    """Print the table of ratios and assert the claims."""
    rows, failed = [], []
    for case in named(names):
        X, y = case.data("float64")
        models = {"skmlp": MLPClassifier, "sklearn": SklearnMLPClassifier}
        models = {
            name: quietly(model(**settings(replace(case, epochs=1))).fit)(X, y)
            for name, model in models.items()
        }
        for method in ("predict", "predict_proba"):
            for n in (1, 1000, "all"):
                part, repeats = X[: None if n == "all" else n], {1: 200, 1000: 5}.get(n, 1)
                seconds = in_turn(
                    {
                        name: repeated(getattr(model, method), part, repeats)
                        for name, model in models.items()
                    }
                )
                faster = ratio(seconds["sklearn"], seconds["skmlp"])
                times = (
                    f"{1000 * statistics.median(seconds[name]) / repeats:.3f}" for name in models
                )
                rows.append([case.name, method, n, *times, f"{faster:.2f}"])
                if faster < CLAIMS.get((method, n), 0.0):
                    failed.append(f"{case.name} {method} {n}: {faster:.2f}")
    print("Milliseconds of a call on float64 rows.")
    table(rows, ["case", "method", "rows", "skmlp", "sklearn", "sklearn/skmlp"])
    assert not failed, f"slower than claimed: {failed}"


def repeated(method, X, repeats):
    """Return a function that calls the method ``repeats`` times."""
    return lambda: [method(X) for _ in range(repeats)]


if __name__ == "__main__":
    run(names=sys.argv[1:])
