"""Records on MNIST that textbooks cite: ``python -m benchmarks.mnist_records path/to/mnist.npz
[name ...]``.

* ``dropout``: no use of where a pixel lies, three layers of 1024 relu units, dropout; 1.25 % of
  the test images are wrong in Srivastava et al., "Dropout", JMLR 15 (2014), table 2.
* ``max_norm``: with a bound on the norm of each unit's weights too; 1.06 % there.
* ``deformed``: with images that are rotated, shifted and deformed elastically; 0.7 % is what
  Simard, Steinkraus and Platt (ICDAR 2003) have for a network of this kind.

The test images play no part in training or in choosing an epoch. A run takes from ten minutes
to half an hour on two cores.
"""

import argparse
import time

import numpy as np

from skmlp import MLPClassifier
from skmlp.augment import ElasticDeformation, Rotation, Shift

from .images import mnist
from .timing import table

SHAPE = (28, 28)
NETWORK = {
    "hidden_layer_sizes": (1024, 1024, 1024),
    "batch_size": 128,
    "dropout": 0.5,
    "input_dropout": 0.2,
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.002,
    "alpha": 0.0,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}
RECORDS = {
    "dropout": {"max_iter": 120},
    "max_norm": {"max_iter": 120, "max_norm": 2.0},
    "deformed": {
        "max_iter": 120,
        "dropout": 0.0,  # images that are never the same regularise enough
        "input_dropout": 0.0,
        "augmentation": [
            Rotation(10, SHAPE),
            Shift(2, SHAPE),
            ElasticDeformation(34, 4, SHAPE),
        ],
    },
}


def main():
    """Train the networks that are named, all by default, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("names", nargs="*", choices=[[], *RECORDS])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    X, y, X_test, y_test = mnist(args.file)
    rows = []
    for name in args.names or RECORDS:
        settings = {**NETWORK, **RECORDS[name], "random_state": args.seed}
        if args.epochs:
            settings["max_iter"] = args.epochs
        began = time.perf_counter()
        model = MLPClassifier(**settings).fit(X, y)
        seconds = time.perf_counter() - began
        error = 1 - model.score(X_test, y_test)
        rows.append(
            [
                name,
                model.n_iter_,
                f"{error:.2%}",
                f"{seconds:.0f}",
                f"{seconds / model.n_iter_:.1f}",
            ]
        )
        print(*rows[-1], flush=True)
    table(rows, ["record", "epochs", "test error", "seconds", "seconds an epoch"])


if __name__ == "__main__":
    main()
