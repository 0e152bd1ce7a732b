"""Gradients of a trained network's output with respect to its input, row by row.

The one decision: training knows how to go backwards, prediction does not, so a second network is made that in training is what the first
is in prediction: without the layers that only training has, and with batch normalisation as the fixed straight line it then is. It
has memory of its own, so the first network is only read, and several threads may do so at once.
"""

import numpy as np

from .batch_norm import BatchNorm, FixedNorm
from .network import Network

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
    kept = [i for i, layer in enumerate(network.layers[:stop]) if not layer.training_only]
    layers = [network.layers[i] for i in kept]
    for layer in layers:
        if layer.whole_batch:
            raise ValueError(f"With {layer!r} the prediction for a row depends on the rows with it, so it has no gradient.")
    layers = [FixedNorm(layer.epsilon) if isinstance(layer, BatchNorm) else layer for layer in layers]
    for k, i in enumerate(kept):
        if layers[k].span:  # of the layers it bridges, those that are left
            layers[k] = type(layers[k])(_left(kept, i, layers[k].span))
        if layers[k].tied:
            layers[k] = type(layers[k])(layers[k].n_out, _left(kept, i, layers[k].tied))
    # a last layer that changes nothing, gamma and variance 1, lets the gradient take the place of the output whatever comes before
    still = Network([*layers, FixedNorm(0.0)], network.loss, network.n_in, network.dtype)
    for views, still_views in (
        (network.views(), still.views()),
        (network.state_layout.views(network.state), still.state_layout.views(still.state)),
    ):
        for (j, name), view in still_views.items():
            view[...] = views[kept[j], name] if j < len(kept) else name in ("gamma", "variance")
    return still


def _left(kept, i, distance):
    """Return how many of the ``distance`` layers below layer ``i`` are among those that are kept."""
    return sum(i - distance <= j < i for j in kept)
