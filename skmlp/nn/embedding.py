"""Embeddings: a learned vector for each category of a column.

The one decision: the vectors of all columns are one array, and each output is one entry of it, so that whatever the number of columns and
whatever their widths a batch is one look-up forward and one scattered sum backward.
"""

import math
from functools import lru_cache

import numpy as np

from .initializers import Initializer
from .layer import Layer
from .layout import Param, Rows


class Embedding(Layer):
    """y = the numbers of x, then the vector of each category (Guo and Berkhahn, "Entity embeddings of categorical variables", 2016).

    The last columns of x hold category numbers, the others numbers that pass through. Column j has the categories 0 to levels[j] - 1;
    levels[j] stands for any other one and has a vector of its own, which starts at zero and stays there until a row trains it. The
    gradient with respect to a category number is zero. No penalty applies to the vectors.

    Parameters
    ----------
    levels : tuple of int
        Number of categories of each column that has any.
    dims : tuple of int or None, default=None
        Width of each column's vectors; None for :func:`embedding_dim` of its number of categories.
    """

    def __init__(self, levels, dims=None):
        self.levels = levels
        self.dims = dims

    def width(self, n_in):
        return n_in - len(self.levels) + sum(self._dims)

    def params(self, n_in):
        size = sum((n + 1) * dim for n, dim in zip(self.levels, self._dims, strict=True))
        return {"vectors": Param((1, size), Vectors(self.levels, self._dims))}

    def state(self, n_in):
        return {}

    def buffers(self, n_in):
        n_out = sum(self._dims)
        return {"codes": Rows(len(self.levels), np.intp, scratch=True), "index": Rows(n_out, np.intp), "values": Rows(n_out, scratch=True)}

    def forward(self, x, ws, training):
        n_numbers = x.shape[-1] - len(self.levels)
        column, step, start, last = _places(self.levels, self._dims)
        if training:
            codes, index, values = ws.codes, ws.index, ws.values
        else:
            codes = np.empty((*x.shape[:-1], len(self.levels)), np.intp)
            index = np.empty((*x.shape[:-1], len(column)), np.intp)
            values = np.empty(index.shape, x.dtype)
        np.copyto(codes, x[..., n_numbers:], casting="unsafe")
        np.maximum(codes, 0, out=codes)
        np.minimum(codes, last, out=codes)
        # index = start + step code
        np.take(codes, column, axis=-1, out=index, mode="clip")
        np.multiply(index, step, out=index)
        np.add(index, start, out=index)
        for member in np.ndindex(x.shape[:-2]):
            np.take(ws.vectors[member][0], index[member], out=values[member], mode="clip")
        np.copyto(ws.y[..., :n_numbers], x[..., :n_numbers])
        np.copyto(ws.y[..., n_numbers:], values)

    def backward(self, dy, ws):
        n_numbers = dy.shape[-1] - sum(self._dims)
        np.copyto(ws.values, dy[..., n_numbers:])
        ws.d_vectors[...] = 0.0
        for member in np.ndindex(dy.shape[:-2]):
            np.add.at(ws.d_vectors[member][0], ws.index[member].reshape(-1), ws.values[member].reshape(-1))
        if ws.dx is not None:
            np.copyto(ws.dx[..., :n_numbers], dy[..., :n_numbers])
            ws.dx[..., n_numbers:] = 0.0

    def tables(self, vectors):
        """Return the vectors as one view (levels + 1, dim) for each column, the last row being that of any other category."""
        parts, start = [], 0
        for n, dim in zip(self.levels, self._dims, strict=True):
            parts.append(vectors.reshape(-1)[start : start + (n + 1) * dim].reshape(n + 1, dim))
            start += (n + 1) * dim
        return parts

    @property
    def _dims(self):
        return tuple(map(embedding_dim, self.levels)) if self.dims is None else self.dims


class Vectors(Initializer):
    """How the vectors of ``Embedding`` start: see there."""

    def __init__(self, levels, dims):
        self.levels = levels
        self.dims = dims

    def fill(self, out, rng):
        import os

        from .initializers import Orthogonal
        kind = os.environ.get("EMB_INIT", "orthogonal")
        out[...] = 0
        if kind == "zeros":
            return
        for t in Embedding(self.levels, self.dims).tables(out):
            n = len(t) - 1
            if not n: continue
            if kind == "identity":
                t[:n] = np.eye(n, t.shape[1])
            elif kind == "normal":
                t[:n] = rng.normal(size=(n, t.shape[1])) * 0.05
            else:
                Orthogonal(math.sqrt(max(1.0, n / t.shape[1]))).fill(t[:n], rng)


def embedding_dim(n):
    import os
    if os.environ.get("EMB_DIM", "fastai") == "full":
        return min(50, max(1, n))
    if os.environ.get("EMB_DIM", "fastai") == "sqrt":
        return max(1, n) if n < 8 else min(50, round(2.83*n ** 0.5))
    return min(50, max(1, round(1.6 * n**0.56)))


@lru_cache(maxsize=64)
def _places(levels, dims):
    """Return for each output its column, the step from a category to the next and where the first one lies; and each column's last code."""
    column = np.repeat(np.arange(len(levels)), dims)
    step = np.repeat(dims, dims)
    starts = np.cumsum([0, *((n + 1) * dim for n, dim in zip(levels, dims, strict=True))])[:-1]
    start = np.concatenate([s + np.arange(dim) for s, dim in zip(starts, dims, strict=True)])
    return column, step, start, np.array(levels)
