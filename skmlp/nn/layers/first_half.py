"""The first half of the columns: what a variational code is in prediction."""

import numpy as np

from .base import Layer


class FirstHalf(Layer):
    """y = the first half of x: what a variational code is in prediction."""

    def width(self, n_in):
        return n_in // 2

    def forward(self, x, ws, training):
        np.copyto(ws.y, x[:, : ws.y.shape[1]])

    def backward(self, dy, ws):
        if ws.dx is not None:
            k = dy.shape[1]
            np.copyto(ws.dx[:, :k], dy)
            ws.dx[:, k:] = 0.0
