"""The shapes of network and data that the benchmarks use, and the pure matrix products of an
epoch as a floor.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Case:
    """``n_rows`` x ``n_features`` of data, hidden widths, rows per batch, and epochs per timed
    fit: as many as the default ``max_iter`` where these take a second or two.
    """

    name: str
    n_rows: int
    n_features: int
    hidden: tuple
    batch: int
    epochs: int
    n_classes: int = 10

    def data(self, dtype):
        """Return X, y: normal features, and classes that depend on them."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.n_rows, self.n_features)).astype(dtype)
        y = (
            X[:, : self.n_classes] + 0.5 * rng.standard_normal((self.n_rows, self.n_classes))
        ).argmax(axis=1)
        return X, y

    def floor(self, dtype):
        """Return a function that makes one epoch's matrix products and one read and write of the
        optimizer's vectors, nothing else.
        """
        rng = np.random.default_rng(0)
        widths = [self.n_features, *self.hidden, self.n_classes]
        weights = [rng.standard_normal(shape).astype(dtype) for shape in pairwise(widths)]
        grads = [np.empty_like(w) for w in weights]
        values = [rng.standard_normal((self.batch, width)).astype(dtype) for width in widths]
        deltas = [np.empty_like(v) for v in values]
        size = sum(w.size for w in weights)
        vectors = [np.zeros(size, dtype) for _ in range(4)]

        def epoch():
            for _ in range(self.n_rows // self.batch):
                for k, w in enumerate(weights):
                    np.matmul(values[k], w, out=deltas[k + 1])
                for k in reversed(range(len(weights))):
                    np.matmul(values[k].T, values[k + 1], out=grads[k])
                    if k:
                        np.matmul(values[k + 1], weights[k].T, out=deltas[k])
                for a in vectors[:3]:
                    np.add(a, vectors[3], out=a)

        return epoch


CASES = [
    Case("tiny", 500, 10, (32,), 100, 200),
    Case("small", 2000, 20, (100,), 200, 200),
    Case("digits", 1797, 64, (100,), 200, 200),
    Case("mid", 5000, 50, (128, 128), 256, 50),
    Case("tab", 20000, 50, (256, 256, 256), 256, 5),
    Case("deep", 10000, 100, (64,) * 6, 64, 20),
    Case("mnist", 12000, 784, (512, 512), 128, 3),
    Case("wide", 6000, 784, (1024, 1024, 1024), 256, 2),
]


def named(names):
    """Return the cases of these names, all of them for none; raise ``ValueError`` for a name that
    no case has.
    """
    known = [case.name for case in CASES]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"There are no cases called {', '.join(unknown)}; there are {known}.")
    return [case for case in CASES if case.name in names or not names]
