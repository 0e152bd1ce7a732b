"""Joins: layers that bring back what went into an earlier layer, so that a network branches and
meets again.

The one decision: a network stays a sequence. A join says how many layers it bridges (``span``) and
reads, beside its input, what went into the first of them (``ws.skip``). Nothing else changes for
the layers in between: the plan keeps that array alive until the join has read it, and adds
``ws.d_skip`` to the gradient of that input when the backward pass gets there. A container of layers
would have needed a plan, a prediction, statistics and names of arrays of its own.

To add one: derive from ``Join``, write ``width``, ``forward`` and ``backward``, put it into
``JOINS``; the tests iterate the registry.
"""

from abc import abstractmethod

import numpy as np

from .base import Layer, identity_backward


class Join(Layer):
    """The base class of joins, layers with two inputs: ``x`` (n, n_in) from the layer below, and
    ``ws.skip`` (n, n_skip) from further below.

    Parameters
    ----------
    span : int >= 1
        Number of layers that are bridged: ``ws.skip`` is the input of the first of the ``span``
        layers below.

    A subclass defines ``width``, ``forward`` and ``backward``, which also writes the gradient of
    ``ws.skip`` into ``ws.d_skip`` unless that is None.
    """

    limits = {"span": "[1, inf)"}
    whole = ("span",)

    def __init__(self, span):
        self.span = span

    @abstractmethod
    def width(self, n_in, n_skip):
        """Return the number of outputs for ``n_in`` and ``n_skip`` inputs."""


class Add(Join):
    r""":math:`y = x + \mathrm{skip}`: the layers that are bridged learn a difference from the
    identity (He et al., 2016, equation 1; here nothing follows the sum).

    Here x is the output of the layer below, and skip the input of the first bridged layer; both
    have the same width. Use it in deep networks, whose gradients then also reach the lower layers
    along the sums.

    Parameters
    ----------
    span : int >= 1
        Number of layers that are bridged: those directly below.
    """

    elementwise = True

    def width(self, n_in, n_skip):
        if n_in != n_skip:
            raise ValueError(
                f"{self!r} adds inputs of one width, but they have {n_in} (from below) and "
                f"{n_skip} (bridged)."
            )
        return n_in

    def forward(self, x, ws, training):
        np.add(x, ws.skip, out=ws.y)

    def backward(self, dy, ws):
        # d_skip = dx = dy
        if ws.d_skip is not None:
            np.copyto(ws.d_skip, dy)
        identity_backward(dy, ws)


class Concat(Join):
    r""":math:`y = [\mathrm{skip}, x]`: the next layer sees the features of all layers before it
    (Huang et al., 2017, equation 2).

    Here x is the output of the layer below, and skip the input of the first bridged layer; their
    widths may differ, and the output is as wide as both together. Use it where later layers also
    need the features themselves; the weights after it have more rows.

    Parameters
    ----------
    span : int >= 1
        Number of layers that are bridged: those directly below.
    """

    def width(self, n_in, n_skip):
        return n_in + n_skip

    def forward(self, x, ws, training):
        n_skip = ws.skip.shape[1]
        np.copyto(ws.y[:, :n_skip], ws.skip)
        np.copyto(ws.y[:, n_skip:], x)

    def backward(self, dy, ws):
        # d_skip = dy[:n_skip]; dx = dy[n_skip:]
        n_skip = ws.skip.shape[1]
        if ws.d_skip is not None:
            np.copyto(ws.d_skip, dy[:, :n_skip])
        if ws.dx is not None:
            np.copyto(ws.dx, dy[:, n_skip:])
