"""Gradients of a trained network's output with respect to its input, row by row.

The one decision: training knows how to go backwards, prediction does not, so a second network is
made that in training is what the first is in prediction (``frozen.py``).
"""

import numpy as np

from .frozen import frozen

_CHUNK_VALUES = 2**19  # per array of activations


def input_gradient(network, source, output_gradient, stop=None, dtype=None):
    """Return the gradients of some functions of the output with respect to each row of ``source``,
    of shape (n_rows, n_functions, n_in).

    ``output_gradient(y, rows)`` returns the gradients of the functions with respect to the output
    ``y`` (n, width) of ``rows``, a slice, as an array of shape (n_functions, n, width). ``stop``:
    number of layers that give the output, None for all of them; ``dtype``: of the result, None for
    the network's. One pass forward, and one backward for each function.
    """
    still = frozen(network, "gradient", stop)
    size = min(source.n_rows, max(64, _CHUNK_VALUES // max(still.widths)))
    still.prepare(size, input_gradient=True)
    out = None
    for start in range(0, source.n_rows, size):
        rows = slice(start, min(start + size, source.n_rows))
        plan = still.plan(rows.stop - rows.start)
        x = source.take(rows, None if source.sparse and still.sparse_input else plan.x)
        y = still.forward(x)
        gradients = output_gradient(y.copy(), rows)
        if out is None:
            out = np.empty((source.n_rows, len(gradients), still.n_in), dtype or still.dtype)
        for k, dy in enumerate(gradients):
            np.copyto(y, dy)
            still.backward(plan)
            out[rows, k] = plan.layers[0].dx
    return out
