"""A second network that in training is what the first is in prediction.

The one decision: what training can do and prediction cannot, going backwards and drawing masks, is
had by training a sub-network: without the layers that only training has, and with each other layer
as it is in prediction (``Layer.frozen``). It has memory of its own, so the first network is only
read, and several threads may do so at once.
"""

from .subnetwork import subnetwork


def frozen(network, purpose, stop=None, monte_carlo=False):
    """Return a network that computes in training what the first ``stop`` layers (None: all) of
    ``network`` do in prediction.

    ``purpose``: what it is for, a word for the message where a prediction depends on other rows;
    ``monte_carlo``: whether layers that draw masks for samples of predictions are kept.
    """

    def frozen_layer(layer):
        if layer.whole_batch:
            raise ValueError(
                f"With {layer!r} the prediction for a row depends on the rows with it, so it has "
                f"no {purpose}."
            )
        return layer.frozen()

    copy, kept = subnetwork(network, stop, frozen_layer, monte_carlo)
    for views, copied in (
        (network.views(), copy.views()),
        (network.running_views(), copy.running_views()),
    ):
        for (j, name), view in copied.items():
            view[...] = views[kept[j], name]
    return copy
