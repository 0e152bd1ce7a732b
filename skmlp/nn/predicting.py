"""A second network that in training is what the first is in prediction.

The one decision: what training can do and prediction cannot, going backwards and drawing masks, is had by training a copy: without the
layers that only training has, and with batch normalisation as the fixed straight line it then is. It has memory of its own, so
the first network is only read, and several threads may do so at once.
"""

from .batch_norm import BatchNorm, FixedNorm
from .network import Network


def predicting(network, purpose, stop=None, and_also=()):
    """Return a network that computes in training what the first ``stop`` layers (None: all) of ``network`` do in prediction.

    ``purpose``: what it is for, a word for the message where a prediction depends on other rows; ``and_also``: classes of layers that are
    kept though prediction leaves them out.
    """
    kept = [i for i, layer in enumerate(network.layers[:stop]) if isinstance(layer, and_also) or not layer.training_only]
    layers = [network.layers[i] for i in kept]
    for layer in layers:
        if layer.whole_batch:
            raise ValueError(f"With {layer!r} the prediction for a row depends on the rows with it, so it has no {purpose}.")
    layers = [FixedNorm(layer.epsilon) if isinstance(layer, BatchNorm) else layer for layer in layers]
    for k, i in enumerate(kept):
        if layers[k].span:  # of the layers it bridges, those that are left
            layers[k] = type(layers[k])(sum(i - layers[k].span <= j < i for j in kept))
    # a last layer that changes nothing, gamma and variance 1, lets the gradient take the place of the output whatever comes before
    still = Network([*layers, FixedNorm(0.0)], network.loss, network.n_in, network.dtype)
    for views, still_views in (
        (network.views(), still.views()),
        (network.state_layout.views(network.state), still.state_layout.views(still.state)),
    ):
        for (j, name), view in still_views.items():
            view[...] = views[kept[j], name] if j < len(kept) else name in ("gamma", "variance")
    return still
