"""Output heads at hidden layers: the network's own loss, at a hidden layer.

The one decision: a head has the loss of the network and what that needs, not one of its own; so
every loss, of several scores for a target or without missing entries, works in a head as it does at
the top.
"""

import numpy as np

from ..layout import Param, Rows
from .base import Term


class Head(Term):
    r"""An output layer for a hidden layer, whose loss is added in training (Lee et al., 2015,
    equation 3).

    With the output x of the hidden layer and the head's own weights :math:`V` and biases :math:`c`,
    the term is

    .. math::

        \mathrm{weight} \cdot \mathrm{loss}(x V + c, \mathrm{target})

    Here the network's own loss has the weight 1. No penalty applies to the weights of a head, and
    predictions do not use them.

    Parameters
    ----------
    n_out : int >= 1
        Number of raw scores: as many as the network has.
    weight : float >= 0, default=1.0
        Weight of its loss relative to the network's own.
    init : str or Initializer, default="glorot_uniform"
        How the weights start; biases start at zero.
    """

    limits = {"n_out": "[1, inf)", "weight": "[0, inf)"}
    whole = ("n_out",)

    def __init__(self, n_out, weight=1.0, init="glorot_uniform"):
        self.n_out = n_out
        self.weight = weight
        self.init = init

    def params(self, n_in):
        return {
            "head_weight": Param((n_in, self.n_out), self.init),
            "head_bias": Param((1, self.n_out)),
        }

    def buffers(self, n_in):
        return {"raw": Rows(self.n_out), "d_term": Rows(n_in, scratch=True)}

    def objective(self, ws, target, weight, scale):
        factor = float(self.weight)
        np.matmul(ws.x, ws.head_weight, out=ws.raw)
        np.add(ws.raw, ws.head_bias, out=ws.raw)
        value = factor * float(ws.value_and_grad(ws.raw, target, weight, scale, ws.loss))
        np.multiply(ws.raw, factor, out=ws.raw)
        return value

    def backward(self, dy, ws):
        # d_head_weight = x^T d_raw; d_head_bias = sum(d_raw); dx = dy + d_raw head_weight^T
        np.matmul(ws.x.T, ws.raw, out=ws.d_head_weight)
        np.matmul(ws.ones, ws.raw, out=ws.d_head_bias)
        if ws.dx is not None:
            np.matmul(ws.raw, ws.head_weight.T, out=ws.d_term)
            np.add(dy, ws.d_term, out=ws.dx)
