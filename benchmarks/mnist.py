"""Time until scikit-learn's final test accuracy on MNIST is reached.

``python -m benchmarks.mnist path/to/mnist.npz``

The file holds the usual 60000 and 10000 images, as :func:`benchmarks.images.mnist` reads them.
"""

import sys
import time

import numpy as np
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmlp import MLPClassifier, config_context

from .images import mnist
from .rivals import quietly
from .timing import table

SETTINGS = {"hidden_layer_sizes": (512, 512), "batch_size": 128, "random_state": 0}
EPOCHS = 10


def run(path):
    """Print the seconds and epochs until the accuracy that scikit-learn has after ten epochs."""
    X, y, X_test, y_test = mnist(path)
    began = time.perf_counter()
    theirs = quietly(SklearnMLPClassifier(**SETTINGS, max_iter=EPOCHS).fit)(X, y)
    seconds, goal = time.perf_counter() - began, theirs.score(X_test, y_test)
    rows = [["scikit-learn", "defaults", EPOCHS, f"{seconds:.1f}", f"{goal:.4f}"]]
    for backend in ("numpy", "numba"):
        for name, options in {
            "defaults": {},
            "dropout, one_cycle": {"dropout": 0.2, "learning_rate": "one_cycle"},
        }.items():
            with config_context(backend=backend):
                rows.append(
                    [f"skmlp, {backend}", name, *until(goal, X, y, X_test, y_test, options)]
                )
    print(
        f"Seconds of training until a test accuracy of {goal:.4f}, which scikit-learn has after "
        f"{EPOCHS} epochs."
    )
    table(rows, ["side", "settings", "epochs", "seconds", "accuracy"])


def until(goal, X, y, X_test, y_test, options):
    """Return epochs, seconds of training, and accuracy when ``goal`` is first reached, at the
    end of a planned schedule.
    """
    if "learning_rate" in options:
        for epochs in (3, 5, 8, 12):
            began = time.perf_counter()
            model = quietly(MLPClassifier(**SETTINGS, **options, max_iter=epochs).fit)(X, y)
            seconds = time.perf_counter() - began
            accuracy = model.score(X_test, y_test)
            if accuracy >= goal:
                break
        return epochs, f"{seconds:.1f}", f"{accuracy:.4f}"
    model, seconds, epochs, accuracy = MLPClassifier(**SETTINGS, **options), 0.0, 0, 0.0
    while accuracy < goal and epochs < 4 * EPOCHS:
        began = time.perf_counter()
        model.partial_fit(X, y, classes=np.arange(10))
        seconds += time.perf_counter() - began
        epochs, accuracy = epochs + 1, model.score(X_test, y_test)
    return epochs, f"{seconds:.1f}", f"{accuracy:.4f}"


if __name__ == "__main__":
    run(sys.argv[1])
