"""Predictions with dropout left on: how much they differ says how sure the network is (Gal and
Ghahramani, 2016).

The one decision: each sample draws a mask for each row, with the layers of training in a network of
its own (``frozen.py``), so that everything else is as in prediction.
"""

import numpy as np

from .frozen import frozen
from .inference import chunk_rows


def has_dropout(network):
    """Return whether a layer of the network drops values in training."""
    return any(layer.monte_carlo for layer in network.layers)


def dropout_samples(network, source, n_samples, rng, dtype=None):
    """Return the raw scores (n_samples, n_rows, n_out) of every row of ``source``, each with masks
    that ``rng`` draws anew.

    ``dtype``: that of the result, None for the network's.
    """
    copy = frozen(network, "samples", monte_carlo=True)
    size = chunk_rows(source.n_rows, 4 * max(copy.widths))  # all activations are there at once
    copy.prepare(size, rng)
    out = np.empty((n_samples, source.n_rows, copy.n_out), dtype or copy.dtype)
    for start in range(0, source.n_rows, size):
        rows = slice(start, min(start + size, source.n_rows))
        plan = copy.plan(rows.stop - rows.start)
        x = source.take(rows, None if source.sparse and copy.sparse_input else plan.x)
        for sample in out:
            np.copyto(sample[rows], copy.forward(x))
    return out
