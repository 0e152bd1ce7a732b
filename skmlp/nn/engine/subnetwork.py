"""The first layers of a network as a network of their own.

The one decision: what is asked of some layers by themselves, their gradient in prediction or what
they make of other rows, is asked of a second network of the same layer objects, with numbers and
memory of its own, so the first one need not know.
"""

import numpy as np

from ..layers.base import Layer, identity_backward, identity_forward


class _Output(Layer):
    """y = x: a last layer that lets a gradient take the place of the output, whatever comes before
    it.
    """

    elementwise = True

    def forward(self, x, ws, training):
        identity_forward(x, ws)

    def backward(self, dy, ws):
        identity_backward(dy, ws)


def subnetwork(network, stop, change=lambda layer: layer, monte_carlo=False):
    """Return (a network of the first ``stop`` layers, None for all, without those that only
    training has; the numbers of these layers).

    ``change(layer)`` returns what takes the place of a layer, with the same parameters and running
    arrays; ``monte_carlo``: whether layers with that flag are kept. All arrays are zeros, to be
    filled in.
    """
    kept = [
        i
        for i, layer in enumerate(network.layers[:stop])
        if not layer.training_only or (monte_carlo and layer.monte_carlo)
    ]
    layers = []
    for i in kept:
        layer = change(network.layers[i])
        for name in ("span", "tied"):  # of the layers in between, those that are left
            if getattr(layer, name):
                left = _left(kept, i, getattr(layer, name))
                layer = type(layer)(**{**layer.get_params(deep=False), name: left})
        layers.append(layer)
    return type(network)([*layers, _Output()], network.loss, network.n_in, network.dtype), kept


def _left(kept, i, distance):
    """Return how many of the ``distance`` layers below layer ``i`` are among those that are
    kept.
    """
    return sum(i - distance <= j < i for j in kept)


class LowerLayers:
    """The layers below a term, on the same parameters, for rows of the term's own choice: twice as
    many as a batch has.

    Batch normalisation takes the mean and variance of these rows, and its running statistics know
    nothing of them.

    Parameters
    ----------
    network : Network
        Prepared for training.
    stop : int
        Number of layers.
    n_most : int
        Rows of the largest batch.
    """

    def __init__(self, network, stop, n_most):
        self.network, kept = subnetwork(network, stop)
        self.network.prepare(2 * n_most)
        theirs = network.views(), network.layout.views(network.grads)
        ours = self.network.views(), self.network.layout.views(self.network.grads)
        for (i, name), view in self.network.running_views().items():
            view[...] = network.running_views()[kept[i], name]
        keys = [((i, name), (kept[i], name)) for i, name in ours[0] if i < len(kept)]
        self._params, self._grads = (
            [(b[mine], a[its]) for mine, its in keys] for a, b in zip(theirs, ours, strict=True)
        )

    def rows(self, n):
        """Return where the rows go that stand for a batch of ``n``, an array of shape (2 n,
        n_in).
        """
        return self.network.plan(2 * n).x

    def forward(self, n, weight):
        """Return the output for the rows, of shape (2 n, width), whose gradient is to take its
        place. Overwrites: the rows' weights.

        ``weight`` (n, 1) or None is that of both halves.
        """
        plan = self.network.plan(2 * n)
        for mine, its in self._params:
            np.copyto(mine, its)
        if weight is not None:
            np.copyto(plan.weight[:n], weight)
            np.copyto(plan.weight[n:], weight)
            weight = plan.weight
        plan.batch.weigh(weight)
        return self.network.forward(plan.x)

    def backward(self, n):
        """Go backward from the gradient of the output; ``add_gradients`` takes what comes of it."""
        self.network.backward(self.network.plan(2 * n))

    def add_gradients(self):
        """Add the gradients of the parameters to those of the network. Overwrites: its grads."""
        for mine, its in self._grads:
            np.add(its, mine, out=its)
