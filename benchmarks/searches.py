"""A grid search over 27 candidates and a bag of 50: by two processes, and by two threads.

``python -m benchmarks.searches``
"""

import os
import statistics

import joblib
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.preprocessing import scale

from skmlp import MLPClassifier, config_context

from .rivals import quietly
from .timing import in_turn, ratio, table

GRID = {
    "hidden_layer_sizes": [(100,), (50,), (50, 50)],
    "alpha": [1e-5, 1e-4, 1e-3],
    "learning_rate_init": [1e-3, 3e-3, 1e-2],
}
EPOCHS = 30
SIDES = {  # estimator, how jobs are done, backend
    "threads": (MLPClassifier, "threading", "numba"),
    "processes": (MLPClassifier, "loky", "numba"),
    "processes, NumPy": (MLPClassifier, "loky", "numpy"),
    "sklearn": (SklearnMLPClassifier, "loky", "numpy"),
}
LEAST = {"processes, NumPy": 1.0, "sklearn": 2.0}  # their time over that of threads


def run(rounds=3):
    """Print the seconds of all sides, and assert that threads are not the slower."""
    X, y = load_digits(return_X_y=True)
    X, rows = scale(X), []
    for name, job in {"grid of 27 x 5 folds": search, "bag of 50": bag}.items():
        sides = {side: job(*how, X, y) for side, how in SIDES.items()}
        scores = {side: function() for side, function in sides.items()}
        seconds = in_turn(sides, rounds)
        for side in SIDES:
            slower = ratio(seconds[side], seconds["threads"])
            median = statistics.median(seconds[side])
            rows.append([name, side, f"{median:.1f}", f"{scores[side]:.4f}", f"{slower:.2f}"])
            assert slower >= LEAST.get(side, 0.0), f"{name}: {side} {slower:.2f}"
    print(f"Digits, {EPOCHS} epochs a network, two jobs.")
    table(rows, ["job", "side", "seconds", "accuracy", "seconds / threads"])


def search(model, how, backend, X, y):
    """Return a function that searches the grid and gives the best score."""
    network = model(max_iter=EPOCHS, random_state=0)
    return with_jobs(
        how, backend, lambda: GridSearchCV(network, GRID, n_jobs=2).fit(X, y).best_score_
    )


def bag(model, how, backend, X, y):
    """Return a function that fits a bag of 50 and gives its score on the rows left out."""
    network = model(max_iter=EPOCHS)
    return with_jobs(
        how,
        backend,
        lambda: (
            BaggingClassifier(network, 50, oob_score=True, n_jobs=2, random_state=0)
            .fit(X, y)
            .oob_score_
        ),
    )


def with_jobs(how, backend, function):
    """Return the function with its jobs done by processes or threads and one backend, warnings
    silenced.
    """

    def call():
        os.environ["PYTHONWARNINGS"] = "ignore"
        with config_context(backend=backend), joblib.parallel_config(how):
            return quietly(function)()

    return call


if __name__ == "__main__":
    run()
