"""Gradients of a trained network's output with respect to its input, row by row.

The one decision: training knows how to go backwards, prediction does not, so a second network is
made that in training is what the first is in prediction (``frozen.py``).
"""

import numpy as np

from .frozen import frozen
from .inference import chunk_rows


def input_gradient(network, source, output_gradient, stop=None, dtype=None):
    """Return the gradients of some functions of the output with respect to each row of ``source``,
    of shape (n_rows, n_functions, n_in).

    ``output_gradient(y, rows)`` returns the gradients of the functions with respect to the output
    ``y`` (n, width) of ``rows``, a slice, as an array of shape (n_functions, n, width). ``stop``:
    number of layers that give the output, None for all of them; ``dtype``: of the result, None for
    the network's. One pass forward, and one backward for each function.
    """
    copy = frozen(network, "gradient", stop)
    size = chunk_rows(source.n_rows, max(copy.widths))
    copy.prepare(size, input_gradient=True)
    out = None
    for start in range(0, source.n_rows, size):
        rows = slice(start, min(start + size, source.n_rows))
        plan = copy.plan(rows.stop - rows.start)
        x = source.take(rows, None if source.sparse and copy.sparse_input else plan.x)
        y = copy.forward(x)
        gradients = output_gradient(y.copy(), rows)
        if out is None:
            out = np.empty((source.n_rows, len(gradients), copy.n_in), dtype or copy.dtype)
        for k, dy in enumerate(gradients):
            np.copyto(y, dy)
            copy.backward(plan)
            out[rows, k] = plan.layers[0].dx
    return out
