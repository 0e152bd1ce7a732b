"""Named arrays inside one flat vector.

The one decision: only a ``Layout`` knows both the names that a layer uses and the vector that an
optimizer uses. Arrays that take a weight penalty come first, so that a penalty touches one slice;
everything else is one operation on the whole vector.
"""

import math
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike


class Param(NamedTuple):
    """An array that lives in a flat vector.

    Its shape, its initializer (a key or an instance), whether penalties apply, the least value
    that it can ever have, and the factor on its learning rate.
    """

    shape: tuple[int, ...]
    init: object = "zeros"
    penalised: bool = False
    least: float = -math.inf
    rate: float = 1.0


class Rows(NamedTuple):
    """A working array with one row per sample, of shape (n, width).

    ``dtype`` None means the network's. A ``scratch`` array holds nothing between two calls, so
    layers share it.
    """

    width: int
    dtype: DTypeLike | None = None
    scratch: bool = False


class Row(NamedTuple):
    """A working array with one row, of shape (1, width)."""

    width: int
    dtype: DTypeLike | None = None


class Layout:
    """Where each named array lies in the flat vector.

    Parameters
    ----------
    params : dict of key -> Param
        The arrays, in the order in which they are wanted; penalised ones are moved to the front.
    """

    def __init__(self, params: dict[Any, Param]) -> None:
        ordered = sorted(params, key=lambda key: not params[key].penalised)
        self.params = {key: params[key] for key in ordered}
        self.slices = {}
        start = 0
        for key, param in self.params.items():
            stop = start + math.prod(param.shape)
            self.slices[key] = slice(start, stop)
            start = stop
        self.size = start

    def rates(self) -> list[tuple[slice, float]]:
        """Return (slice, factor on the learning rate) of each part of the vector whose arrays have
        the same factor, in order.
        """
        parts = []
        for rate, group in groupby(self.params, key=lambda key: float(self.params[key].rate)):
            where = [self.slices[key] for key in group]
            parts.append((slice(where[0].start, where[-1].stop), rate))
        return parts

    def views(self, flat: np.ndarray) -> dict[Any, np.ndarray]:
        """Return a dict of key -> view into ``flat`` of shape (size,)."""
        return {
            key: flat[where].reshape(self.params[key].shape) for key, where in self.slices.items()
        }
