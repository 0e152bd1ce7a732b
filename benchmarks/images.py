"""MNIST from a file, as the benchmarks want it."""

import numpy as np


def mnist(path):
    """Return X_train (60000, 784), y_train, X_test (10000, 784), y_test, pixels in [0, 1] as
    float32.

    The file is an archive with arrays of these names, in capitals or not.
    """
    with np.load(path) as archive:
        arrays = {name.lower(): archive[name] for name in archive.files}
    X_train, X_test = (
        arrays[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test")
    )
    return X_train, arrays["y_train"], X_test, arrays["y_test"]
