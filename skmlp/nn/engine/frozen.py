"""A second network that in training is what the first is in prediction.

The one decision: what training can do and prediction cannot, going backwards and drawing masks, is
had by training an excerpt: without the layers that only training has, and with batch normalisation
as the fixed straight line it then is. It has memory of its own, so the first network is only read,
and several threads may do so at once.
"""

from ..layers.batch_norm import BatchNorm, FixedNorm
from ..layers.first_half import FirstHalf
from ..terms.variational import Variational
from .subnetwork import subnetwork


def frozen(network, purpose, stop=None, and_also=()):
    """Return a network that computes in training what the first ``stop`` layers (None: all) of
    ``network`` do in prediction.

    ``purpose``: what it is for, a word for the message where a prediction depends on other rows;
    ``and_also``: classes of layers that are kept though prediction leaves them out.
    """

    def still_layer(layer):
        if layer.whole_batch:
            raise ValueError(
                f"With {layer!r} the prediction for a row depends on the rows with it, so it has "
                f"no {purpose}."
            )
        if isinstance(layer, BatchNorm):
            return FixedNorm(layer.epsilon)
        return FirstHalf() if isinstance(layer, Variational) else layer

    still, kept = subnetwork(network, stop, still_layer, and_also)
    for views, still_views in (
        (network.views(), still.views()),
        (network.state_layout.views(network.state), still.state_layout.views(still.state)),
    ):
        for (j, name), view in still_views.items():
            if j < len(kept):
                view[...] = views[kept[j], name]
    return still
