"""A grid search over 27 candidates and a bag of 50, on two processes.

``python -m benchmarks.searches``
"""

import statistics

from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.preprocessing import scale

from skmlp import MLPClassifier

from .rivals import quietly
from .timing import in_turn, ratio, table

GRID = {
    "hidden_layer_sizes": [(50,), (100,), (50, 50)],
    "alpha": [1e-5, 1e-4, 1e-3],
    "learning_rate_init": [1e-3, 3e-3, 1e-2],
}
LEAST = 1.0  # scikit-learn's time over ours


def run(rounds=3):
    """Print the seconds of both, and assert that ours is not the slower."""
    X, y = load_digits(return_X_y=True)
    X, rows = scale(X), []
    for name, job in {"grid of 27 x 5 folds": search, "bag of 50": bag}.items():
        sides = {
            side: job(model, X, y)
            for side, model in {"skmlp": MLPClassifier, "sklearn": SklearnMLPClassifier}.items()
        }
        scores = {side: function() for side, function in sides.items()}
        seconds = in_turn(sides, rounds)
        faster = ratio(seconds["sklearn"], seconds["skmlp"])
        cells = (
            f"{statistics.median(seconds[side]):.1f} s, accuracy {scores[side]:.4f}"
            for side in sides
        )
        rows.append([name, *cells, f"{faster:.2f}"])
        assert faster > LEAST, f"{name}: {faster:.2f}"
    print("Digits, 20 epochs a network, two processes.")
    table(rows, ["job", "skmlp", "sklearn", "sklearn/skmlp"])


def search(model, X, y):
    """Return a function that searches the grid and gives the best score."""
    network = model(max_iter=20, random_state=0)
    return quietly_in_workers(lambda: GridSearchCV(network, GRID, n_jobs=2).fit(X, y).best_score_)


def bag(model, X, y):
    """Return a function that fits a bag of 50 and gives its score on the rows left out."""
    network = model(max_iter=20)
    return quietly_in_workers(
        lambda: (
            BaggingClassifier(network, 50, oob_score=True, n_jobs=2, random_state=0)
            .fit(X, y)
            .oob_score_
        )
    )


def quietly_in_workers(function):
    """Return the function with warnings silenced, here and in the processes that it starts."""
    import os

    def call():
        os.environ["PYTHONWARNINGS"] = "ignore"
        return quietly(function)()

    return call


if __name__ == "__main__":
    run()
