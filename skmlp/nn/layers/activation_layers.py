"""Activations that are layers: they have parameters, or take several numbers for each that they
give.

The one decision: what is learned or changes the width is a layer like any other, so its arrays live
in the flat vectors and the rest of the core needs to know nothing of it; only ``weight_init`` is
what an activation has too.

To add one: derive from ``Layer``, set ``activates`` and ``weight_init``, put it into
``ACTIVATION_LAYERS`` and into ``LAYERS``.
"""

import numpy as np

from ..initializers import ConstantValue
from ..layout import Param, Row, Rows
from .base import Layer


class PReLU(Layer):
    """:math:`f(x) = x` for :math:`x > 0`, else :math:`a x`, where each unit learns its own slope a
    (He et al., 2015, equation 1).

    Such a unit can learn how much of negative inputs to let through. No penalty applies to the
    slopes, since it would drive them to zero, that is, to relu.

    Parameters
    ----------
    slope : float, default=0.25
        Initial slope of each unit.
    """

    keeps = ("x",)
    elementwise = True
    activates = True
    weight_init = "glorot_uniform"
    limits = {"slope": "(-inf, inf)"}

    def __init__(self, slope=0.25):
        self.slope = slope

    def params(self, n_in):
        return {"slope": Param((1, n_in), ConstantValue(float(self.slope)))}

    def buffers(self, n_in):
        return {"tmp": Rows(n_in, scratch=True), "row": Row(n_in)}

    def forward(self, x, ws, training):
        # max(x, 0) + slope min(x, 0)
        np.minimum(x, 0.0, out=ws.tmp)
        np.multiply(ws.tmp, ws.slope, out=ws.tmp)
        np.maximum(x, 0.0, out=ws.y)
        np.add(ws.y, ws.tmp, out=ws.y)

    def backward(self, dy, ws):
        # d_slope = sum(dy min(x, 0))
        np.minimum(ws.x, 0.0, out=ws.tmp)
        np.multiply(dy, ws.tmp, out=ws.tmp)
        np.matmul(ws.ones, ws.tmp, out=ws.d_slope)
        if ws.dx is None:
            return
        # dx = dy (slope + (1 - slope) [x > 0])
        np.subtract(1.0, ws.slope, out=ws.row)
        np.greater(ws.x, 0.0, out=ws.tmp)
        np.multiply(ws.tmp, ws.row, out=ws.tmp)
        np.add(ws.tmp, ws.slope, out=ws.tmp)
        np.multiply(dy, ws.tmp, out=ws.dx)


class Maxout(Layer):
    r""":math:`f(x) = \max(x_1, \dots, x_k)`, the largest of k = ``pieces`` numbers, so that each
    unit is a convex function of k linear pieces (Goodfellow et al., 2013).

    The dense layer in front gives k numbers for each unit: with h units, the first h columns of its
    weights are the first pieces of the units, the next h the second ones, and so on. The gradient
    goes to the largest; among equal ones, to the first.

    Parameters
    ----------
    pieces : int >= 2, default=2
        Linear pieces of each unit.
    """

    keeps = ("x", "y")
    activates = True
    weight_init = "glorot_uniform"
    limits = {"pieces": "[2, inf)"}
    whole = ("pieces",)

    def __init__(self, pieces=2):
        self.pieces = pieces

    @property
    def inputs_per_unit(self):
        return int(self.pieces)

    def width(self, n_in):
        if n_in % self.inputs_per_unit:
            raise ValueError(
                f"{self!r} needs {self.inputs_per_unit} inputs for each unit, but {n_in} is no "
                "multiple of that."
            )
        return n_in // self.inputs_per_unit

    def buffers(self, n_in):
        n_out = self.width(n_in)
        return {"won": Rows(n_out, bool, scratch=True), "free": Rows(n_out, bool, scratch=True)}

    def forward(self, x, ws, training):
        first, *others = self._pieces_of(x)
        np.maximum(first, others[0], out=ws.y)
        for piece in others[1:]:
            np.maximum(ws.y, piece, out=ws.y)

    def backward(self, dy, ws):
        if ws.dx is None:
            return
        # dx of a piece = dy [it equals y and no earlier one does]
        ws.free[...] = True
        for piece, dx in zip(self._pieces_of(ws.x), self._pieces_of(ws.dx), strict=True):
            np.equal(piece, ws.y, out=ws.won)
            np.logical_and(ws.won, ws.free, out=ws.won)
            np.greater(ws.free, ws.won, out=ws.free)
            np.multiply(dy, ws.won, out=dx)

    def _pieces_of(self, array):
        """Return a view of each piece's columns."""
        width = array.shape[1] // self.inputs_per_unit
        return [array[:, k * width : (k + 1) * width] for k in range(self.inputs_per_unit)]
