"""Gradients of a trained network's output with respect to its input, row by row.

The one decision: training knows how to go backwards, prediction does not, so a second network is made that in training is what the first
is in prediction: without the layers that only training has, and with batch normalisation as the fixed straight line it then is. It
has memory of its own, so the first network is only read, and several threads may do so at once.
"""

import numpy as np

from .batch_norm import BatchNorm, FixedNorm
from .excerpt import excerpt
from .variational import Means, Variational

_CHUNK_VALUES = 2**19  # per array of activations


def input_gradient(network, source, output_gradient, stop=None):
    """Return the gradients of some functions of the output with respect to each row of ``source``, of shape (n_rows, n_functions, n_in).

    ``output_gradient(y, rows)`` returns the gradients of the functions with respect to the output ``y`` (n, width) of ``rows``, a slice, as
    an array of shape (n_functions, n, width). ``stop``: number of layers that give the output, None for all of them. One pass forward,
    and one backward for each function.
    """
    still = predicting(network, stop)
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
            out = np.empty((source.n_rows, len(gradients), still.n_in), still.dtype)
        for k, dy in enumerate(gradients):
            np.copyto(y, dy)
            still.backward(plan)
            out[rows, k] = plan.layers[0].dx
    return out


def predicting(network, stop=None):
    """Return a network that computes in training what the first ``stop`` layers (None: all) of ``network`` do in prediction."""
    still, kept = excerpt(network, stop, _predicting)
    for views, still_views in (
        (network.views(), still.views()),
        (network.state_layout.views(network.state), still.state_layout.views(still.state)),
    ):
        for (j, name), view in still_views.items():
            if j < len(kept):
                view[...] = views[kept[j], name]
    return still


def _predicting(layer):
    """Return a layer that is in training what ``layer`` is in prediction."""
    if layer.whole_batch:
        raise ValueError(f"With {layer!r} the prediction for a row depends on the rows with it, so it has no gradient.")
    if isinstance(layer, BatchNorm):
        return FixedNorm(layer.epsilon)
    return Means() if isinstance(layer, Variational) else layer
