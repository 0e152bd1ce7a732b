"""Predictions with dropout left on: how much they differ says how sure the network is (Gal and
Ghahramani, 2016).

The one decision: each sample draws a mask for each row, with the layers of training in a network of
its own (``frozen.py``), so that everything else is as in prediction.
"""

import numpy as np

from ..layers.dropout import AlphaDropout, Dropout
from .frozen import frozen

_CHUNK_VALUES = 2**17  # per array of activations: that of each layer is there at once


def has_dropout(network):
    """Return whether a layer of the network drops values in training."""
    return any(isinstance(layer, Dropout | AlphaDropout) for layer in network.layers)


def dropout_samples(network, source, n_samples, rng, dtype=None):
    """Return the raw scores (n_samples, n_rows, n_out) of every row of ``source``, each with masks
    that ``rng`` draws anew.

    ``dtype``: that of the result, None for the network's.
    """
    still = frozen(network, "samples", and_also=(Dropout, AlphaDropout))
    size = min(source.n_rows, max(64, _CHUNK_VALUES // max(still.widths)))
    still.prepare(size, rng)
    out = np.empty((n_samples, source.n_rows, still.n_out), dtype or still.dtype)
    for start in range(0, source.n_rows, size):
        rows = slice(start, min(start + size, source.n_rows))
        plan = still.plan(rows.stop - rows.start)
        x = source.take(rows, None if source.sparse and still.sparse_input else plan.x)
        for sample in out:
            np.copyto(sample[rows], still.forward(x))
    return out
