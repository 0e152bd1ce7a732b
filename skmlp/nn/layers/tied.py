"""Tied weights: a dense layer that has no matrix of its own.

The one decision: the matrix stays where it is, in the flat vector, under the name of the layer
below that owns it. A tied layer says how far below that is (``tied``) and reads it transposed; its
part of the gradient waits in a buffer until the owner has written its own, and is added then. So
penalties, snapshots, clipping and L-BFGS see one array, once.
"""

import numpy as np

from ..layout import Param
from .base import Layer


class TiedDense(Layer):
    """y = x weight^T + bias, with the weight of an earlier dense layer and a bias of its own.

    Parameters
    ----------
    n_out : int
        Number of units: the inputs of the owner of the weight, which has ``n_in`` units itself.
    tied : int >= 1
        How many layers below the owner lies.
    """

    keeps = ("x",)
    limits = {"n_out": "[1, inf)", "tied": "[1, inf)"}
    whole = ("n_out", "tied")

    def __init__(self, n_out, tied):
        self.n_out = n_out
        self.tied = tied

    def width(self, n_in):
        return self.n_out

    def params(self, n_in):
        return {"bias": Param((1, self.n_out))}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        return {}

    def forward(self, x, ws, training):
        self.multiply(x, ws, training)
        np.add(ws.y, ws.bias, out=ws.y)

    def backward(self, dy, ws):
        self.multiply_backward(dy, ws)
        np.matmul(ws.ones, dy, out=ws.d_bias)

    def multiply(self, x, ws, training):
        """Write the product without the bias. Overwrites: ws.y."""
        np.matmul(x, ws.weight.mT, out=ws.y)

    def multiply_backward(self, dy, ws):
        """Compute this layer's part of the gradient of the weight, and that of its input.

        Overwrites: ws.d_weight, ws.dx unless None.
        """
        np.matmul(dy.mT, ws.x, out=ws.d_weight)
        if ws.dx is not None:
            np.matmul(dy, ws.weight, out=ws.dx)
