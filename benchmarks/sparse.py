"""An epoch on text-like rows: 20000 x 50000, one value in a thousand filled.

``python -m benchmarks.sparse``
"""

import statistics

import numpy as np
import scipy.sparse as sp
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmlp import MLPClassifier

from .rivals import quietly
from .timing import in_turn, table

SETTINGS = {"hidden_layer_sizes": (100,), "max_iter": 1, "random_state": 0}
LEAST = 1.1  # scikit-learn's time over ours


def run(rounds=3):
    """Print the seconds per epoch and what they are made of, and assert that ours is the faster."""
    X = sp.random(20_000, 50_000, 0.001, format="csr", random_state=0, dtype=np.float32)
    y = np.asarray(X[:, :25_000].sum(axis=1) > X[:, 25_000:].sum(axis=1)).ravel()
    twice = X + sp.random(*X.shape, 0.001, format="csr", random_state=1, dtype=np.float32)

    def side(model, rows):
        return quietly(lambda: model(**SETTINGS).fit(rows, y))

    sides = {
        "skmlp": side(MLPClassifier, X),
        "skmlp, twice the values": side(MLPClassifier, twice),
        "sklearn": side(SklearnMLPClassifier, X),
    }
    seconds = in_turn(sides, rounds)
    print("Seconds of a fit of one epoch on 20000 x 50000 sparse rows with 100 hidden units.")
    table(
        [[name, f"{statistics.median(values):.2f}"] for name, values in seconds.items()],
        ["side", "seconds"],
    )
    assert statistics.median(seconds["sklearn"]) > LEAST * statistics.median(seconds["skmlp"])


if __name__ == "__main__":
    run()
