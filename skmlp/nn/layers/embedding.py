"""Embeddings: a learned vector for each category of a column.

The one decision: the vectors of all columns are one array, and each output is one entry of it, so
that whatever the number of columns and whatever their widths a batch is one look-up forward and one
scattered sum backward.
"""

from functools import lru_cache

import numpy as np

from ..initializers import Initializer, Orthogonal
from ..layout import Param, Rows
from ..saved import is_whole
from .base import Layer


class Embedding(Layer):
    """A learned vector for each category: y holds the numbers of x, then the vector of the category
    in each categorical column (Guo and Berkhahn, "Entity embeddings of categorical variables",
    2016).

    The last len(n_categories) columns of x hold integer category codes; the columns before them
    hold numbers, which stay as they are. Categorical column j has the codes 0 to
    n_categories[j] - 1; the code n_categories[j] means any other category and has a vector of its
    own, which starts at zero and stays there until a row trains it. The gradient with respect to a
    code is zero. No penalty applies to the vectors.

    Parameters
    ----------
    n_categories : tuple of int >= 1
        Number of categories of each categorical column.
    dims : tuple of int >= 1 or None, default=None
        Width of each column's vectors; None means its number of categories, at most 50.

    Examples
    --------
    >>> from skmlp.nn import Embedding
    >>> embedding = Embedding(n_categories=(3, 10), dims=(2, 4))
    >>> embedding.width(5)  # three numbers, and vectors of 2 and 4 numbers
    9
    """

    def __init__(self, n_categories, dims=None):
        self.n_categories = n_categories
        self.dims = dims

    def check(self):
        sizes = [self.n_categories, *([] if self.dims is None else [self.dims])]
        whole = all(
            isinstance(size, tuple | list) and all(map(is_whole, size)) and 0 not in size
            for size in sizes
        )
        if not whole or len({len(size) for size in sizes}) > 1 or not sizes[0]:
            raise ValueError(
                f"{self!r}: n_categories and dims must be tuples of positive whole numbers, one "
                "for each column."
            )

    def width(self, n_in):
        if n_in < len(self.n_categories):
            raise ValueError(
                f"{self!r} looks up {len(self.n_categories)} columns, but its input has {n_in}."
            )
        return n_in - len(self.n_categories) + sum(self._dims)

    def params(self, n_in):
        size = sum((n + 1) * dim for n, dim in zip(self.n_categories, self._dims, strict=True))
        return {"vectors": Param((1, size), Vectors(self.n_categories, self._dims))}

    def buffers(self, n_in):
        n_out = sum(self._dims)
        return {
            "codes": Rows(len(self.n_categories), np.intp),
            "index": Rows(n_out, np.intp),
            "values": Rows(n_out, scratch=True),
        }

    def forward(self, x, ws, training):
        n_numbers = x.shape[1] - len(self.n_categories)
        last, dims, starts, column, within = self.places()
        if training:
            codes, index, values = ws.codes, ws.index, ws.values
        else:
            codes = np.empty((len(x), len(self.n_categories)), np.intp)
            index = np.empty((len(x), len(column)), np.intp)
            values = np.empty(index.shape, x.dtype)
        np.copyto(codes, x[:, n_numbers:], casting="unsafe")
        np.maximum(codes, 0, out=codes)
        np.minimum(codes, last, out=codes)
        # index = start of the column + code width + number within the vector
        np.multiply(codes, dims, out=codes)
        np.add(codes, starts, out=codes)
        np.take(codes, column, axis=-1, out=index, mode="clip")
        np.add(index, within, out=index)
        np.take(ws.vectors[0], index, out=values, mode="clip")
        np.copyto(ws.y[:, :n_numbers], x[:, :n_numbers])
        np.copyto(ws.y[:, n_numbers:], values)

    def backward(self, dy, ws):
        n_numbers = dy.shape[1] - sum(self._dims)
        np.copyto(ws.values, dy[:, n_numbers:])
        ws.d_vectors[...] = 0.0
        np.add.at(ws.d_vectors[0], ws.index.reshape(-1), ws.values.reshape(-1))
        if ws.dx is not None:
            self.pass_numbers(dy, ws.dx)

    def pass_numbers(self, dy, dx):
        """Copy the gradient of the numbers, and set that of the categories to zero.

        Overwrites: dx.
        """
        n_numbers = dx.shape[1] - len(self.n_categories)
        np.copyto(dx[:, :n_numbers], dy[:, :n_numbers])
        dx[:, n_numbers:] = 0.0

    def places(self):
        """Return for each column its last code, width and start, and for each output its column
        and its number within the vector.
        """
        return _places(tuple(self.n_categories), self._dims)

    def tables(self, vectors):
        """Return the vectors as one view (n_categories + 1, dim) for each column, the last row
        being that of any other category.
        """
        parts, start = [], 0
        for n, dim in zip(self.n_categories, self._dims, strict=True):
            parts.append(vectors.reshape(-1)[start : start + (n + 1) * dim].reshape(n + 1, dim))
            start += (n + 1) * dim
        return parts

    @property
    def _dims(self):
        return (
            tuple(map(embedding_dim, self.n_categories)) if self.dims is None else tuple(self.dims)
        )


class Vectors(Initializer):
    """How the vectors of ``Embedding`` start: those of n categories are the rows of a matrix with
    orthogonal columns of length dim / n.

    As wide as there are categories they are a rotated one-hot code. Narrower ones cannot all start
    apart, so they start short and go where the loss wants them. The vector of any other category is
    zero, as one-hot code has it.

    >>> w = np.zeros((1, 12))
    >>> Vectors((3,), (3,)).fill(w, np.random.default_rng(0))
    >>> w = w.reshape(4, 3)
    >>> np.round(w @ w.T, 12) + 0.0
    array([[1., 0., 0., 0.],
           [0., 1., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 0., 0.]])
    """

    def __init__(self, n_categories, dims):
        self.n_categories = n_categories
        self.dims = dims

    def fill(self, out, rng):
        out[...] = 0.0
        for table in Embedding(self.n_categories, self.dims).tables(out):
            n, dim = len(table) - 1, table.shape[1]
            Orthogonal(min(1.0, dim / n)).fill(table[:-1], rng)


def embedding_dim(n):
    """Return the width of the vectors of ``n`` categories: n, at most 50.

    >>> embedding_dim(7), embedding_dim(1000)
    (7, 50)
    """
    return min(n, 50)


@lru_cache(maxsize=64)
def _places(n_categories, dims):
    sizes = [(n + 1) * dim for n, dim in zip(n_categories, dims, strict=True)]
    starts = np.cumsum([0, *sizes[:-1]])
    return (
        np.array(n_categories),
        np.array(dims),
        starts,
        np.repeat(np.arange(len(dims)), dims),
        np.concatenate(list(map(np.arange, dims))),
    )
