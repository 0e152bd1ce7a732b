"""A learned scale of each column."""

import numpy as np

from ..layout import Param, Rows
from .base import Layer


class Scale(Layer):
    """Each input column is multiplied by a factor that is learned and starts at 1 (Holzmueller,
    Grinsztajn and Steinwart, "Better by default", 2024).

    In front of the first weights it is a soft selection of the inputs: those that help get larger
    factors. No penalty applies to the factors.

    Parameters
    ----------
    rate : float >= 0, default=6.0
        Factor on the learning rate of the scale.
    """

    keeps = ("x",)
    elementwise = True
    limits = {"rate": "[0, inf)"}

    def __init__(self, rate=6.0):
        self.rate = rate

    def params(self, n_in):
        return {"scale": Param((1, n_in), "constant_value", rate=float(self.rate))}

    def buffers(self, n_in):
        return {"tmp": Rows(n_in, scratch=True)}

    def forward(self, x, ws, training):
        np.multiply(x, ws.scale, out=ws.y)

    def backward(self, dy, ws):
        # d_scale = sum(dy x)
        np.multiply(dy, ws.x, out=ws.tmp)
        np.matmul(ws.ones, ws.tmp, out=ws.d_scale)
        if ws.dx is not None:
            np.multiply(dy, ws.scale, out=ws.dx)
