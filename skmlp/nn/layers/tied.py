"""Tied weights: a dense layer that has no matrix of its own.

The one decision: the matrix stays where it is, in the flat vector, under the name of the layer
below that owns it. A tied layer says how far below that is (``tied``) and reads it transposed; its
part of the gradient waits in a buffer until the owner has written its own, and is added then. So
penalties, snapshots, clipping and L-BFGS see one array, once.
"""

from ..layout import Param
from ..products import multiply
from .dense import Affine


class TiedDense(Affine):
    """:math:`y = x W^T + b`, with the weight of an earlier dense layer and a bias of its own.

    Parameters
    ----------
    n_out : int >= 1
        Number of units: as many as the layer that owns the weight has inputs. That layer has as
        many units as this one has inputs.
    tied : int >= 1
        How many layers below this one the layer that owns the weight lies.
    bias_rate : float >= 0, default=1.0
        Factor on the learning rate of the biases.
    """

    limits = {**Affine.limits, "tied": "[1, inf)"}
    whole = ("n_out", "tied")

    def __init__(self, n_out, tied, bias_rate=1.0):
        self.n_out = n_out
        self.tied = tied
        self.bias_rate = bias_rate

    def params(self, n_in):
        return {"bias": Param((1, self.n_out), rate=float(self.bias_rate))}

    def product(self, x, ws):
        multiply((x, ws.weight.T, ws.y))

    def product_backward(self, dy, ws):
        products = [(dy.T, ws.x, ws.d_weight)]
        if ws.dx is not None:
            products.append((dy, ws.weight, ws.dx))
        multiply(*products)
