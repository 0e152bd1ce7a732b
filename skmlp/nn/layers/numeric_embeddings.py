"""Embeddings of numbers: a learned vector for the value of each numeric column.

The one decision: the numbers themselves go through as they are, in front of their vectors. So a
network with an embedding can do what it could do without, and the layer can stand behind an
``Embedding`` of categories: it leaves the columns after the first ``n_numbers`` alone.

To add one: derive from ``NumericEmbedding``, put it into ``NUMERIC_EMBEDDINGS`` and into
``LAYERS``.
"""

import math
from types import SimpleNamespace

import numpy as np

from ..initializers import Normal, Uniform
from ..layout import Param, Row, Rows
from .base import Layer

_CACHED_VALUES = 2**17  # of an array that stays in the cache


class NumericEmbedding(Layer):
    r"""The base class of embeddings of numbers: each numeric column gets a learned vector, a
    function of this column alone.

    The output is :math:`y = [x, y_1, \dots, y_F]`, with the vector :math:`y_f` of column f. No
    penalty applies to the parameters. A class has two parameters that its methods read:

    * ``dim``: the width of each :math:`y_f`.
    * ``n_numbers``: F, the number of leading columns that are embedded; the others go through.
      None means all.
    """

    limits = {"dim": "[1, inf)", "n_numbers": "[1, inf) or None", "rate": "[0, inf)"}
    whole: tuple[str, ...] = ("dim", "n_numbers")

    def embedded(self, n_in):
        """Return how many of ``n_in`` columns are embedded."""
        if self.n_numbers is not None and self.n_numbers > n_in:
            raise ValueError(f"{self!r} embeds {self.n_numbers} columns, but its input has {n_in}.")
        return n_in if self.n_numbers is None else int(self.n_numbers)

    def width(self, n_in):
        return n_in + self.embedded(n_in) * self.dim

    def vectors_of(self, y, n_in):
        """Return a view (n, F, dim) of the vectors in an output or its gradient."""
        return y[:, n_in:].reshape(len(y), -1, self.dim)


class PiecewiseLinear(NumericEmbedding):
    r"""Each numeric column becomes a vector that is a piecewise linear function of its value
    (Gorishniy et al., "On embeddings for numerical features in tabular deep learning", 2022).

    For column f, cut into T bins by the edges :math:`e_0, \dots, e_T`, with
    :math:`t = 0, \dots, T - 1`:

    .. math::

        y_f &= z_f W_f + b_f \\
        z_{ft} &= \min \left( \max \left( \frac{x_f - e_t}{e_{t+1} - e_t}, 0 \right), 1 \right)

    The output is :math:`[x, y_1, \dots, y_F]`: the columns themselves are kept, and F embedded ones
    add F ``dim`` columns. Beyond the outermost edges the function is constant; in the paper it goes
    on linearly there.

    The edges are quantiles of the column, set from rows before training: :math:`e_0` is the
    smallest and :math:`e_T` the largest of its values, and each bin has the same weight of rows.
    Where many rows have one value, so that quantiles coincide, quantiles of the other distinct
    values make up for them. A column with k distinct values, few of them, has k - 1 bins, and a
    constant one has none. The weights :math:`W_f`, of shape (T, ``dim``), start normal with the
    variance 1 / T, :math:`b_f` at zero. A bin is looked up, and sums of the weights of the bins
    below it are computed once for a batch, so that a value costs as little with many bins as with
    few.

    Parameters
    ----------
    n_bins : int >= 1, default=16
        Number of bins of a column, T.
    dim : int >= 1, default=4
        Width of :math:`y_f`.
    n_numbers : int >= 1 or None, default=None
        Number of leading columns that are numbers, F; the others go through. None means all.
    rate : float >= 0, default=1.0
        Factor on the learning rate of W and b.
    """

    starts_from_rows = True
    limits = {**NumericEmbedding.limits, "n_bins": "[1, inf)"}
    whole = (*NumericEmbedding.whole, "n_bins")

    def __init__(self, n_bins=16, dim=4, n_numbers=None, rate=1.0):
        self.n_bins = n_bins
        self.dim = dim
        self.n_numbers = n_numbers
        self.rate = rate

    def params(self, n_in):
        n, rate = self.embedded(n_in), float(self.rate)
        start = Normal(1.0 / math.sqrt(self.n_bins))
        return {
            "vectors": Param((n, self.n_bins, self.dim), start, rate=rate),
            "offset": Param((1, n * self.dim), rate=rate),
        }

    def running(self, n_in):
        """Return the lower edges of the bins and 1 / their widths; a bin without values has the
        slope zero and lies above all numbers.
        """
        shape = self.embedded(n_in), self.n_bins
        return {"edges": Param(shape), "slopes": Param(shape, least=0.0)}

    def buffers(self, n_in):
        n = self.embedded(n_in)
        return {
            "bins": Rows(n, np.intp),
            "z": Rows(n),
            "slope": Rows(n),
            "sums": Row(n * self.n_bins * self.dim),
            "reached": Rows(n, bool, scratch=True),
            "index": Rows(n * self.dim, np.intp, scratch=True),
            "values": Rows(n * self.dim, scratch=True),
            "tmp": Rows(n, scratch=True),
        }

    def start(self, x, weight, ws, rng):
        limits = np.finfo(ws.edges.dtype)
        ws.edges[...] = 0.5 * limits.max
        ws.slopes[...] = 0.0
        numbers = x[:, : len(ws.edges)]
        if weight is not None:
            numbers, weight = numbers[weight > 0.0], weight[weight > 0.0]
        shares = np.linspace(0.0, 1.0, self.n_bins + 1)
        quantiles = np.quantile(numbers, shares, axis=0, method="inverted_cdf", weights=weight)
        for j, (below, slopes) in enumerate(zip(ws.edges, ws.slopes, strict=True)):
            edges = _completed(np.unique(quantiles[:, j]), numbers[:, j], self.n_bins + 1)
            edges = edges.astype(np.float64)
            # 1 / width must be finite
            edges = edges[np.diff(edges, prepend=-np.inf) >= limits.tiny]
            below[: len(edges) - 1] = edges[:-1]
            slopes[: len(edges) - 1] = 1.0 / np.diff(edges)

    def forward(self, x, ws, training):
        if not training:
            self._predict(x, ws)
            return
        n, n_bins, _ = ws.vectors.shape
        numbers = x[:, :n]
        # bins = number of the last lower edge that x reaches, counted through all columns
        ws.bins[...] = np.arange(0, n * n_bins, n_bins)
        for edge in ws.edges.T[1:]:
            np.greater_equal(numbers, edge, out=ws.reached)
            np.add(ws.bins, ws.reached, out=ws.bins)
        # z = (x - edge) slope, before it is bounded; slope = dz / dx
        np.take(ws.edges.reshape(-1), ws.bins, out=ws.z, mode="clip")
        np.take(ws.slopes.reshape(-1), ws.bins, out=ws.slope, mode="clip")
        np.subtract(numbers, ws.z, out=ws.z)
        np.multiply(ws.z, ws.slope, out=ws.z)
        np.greater_equal(ws.z, 0.0, out=ws.reached)
        np.multiply(ws.slope, ws.reached, out=ws.slope)
        np.less(ws.z, 1.0, out=ws.reached)
        np.multiply(ws.slope, ws.reached, out=ws.slope)
        np.maximum(ws.z, 0.0, out=ws.z)
        np.minimum(ws.z, 1.0, out=ws.z)
        # sums_t = b + W_0 + ... + W_(t-1); y = sums + z W, both of the bin
        sums = ws.sums.reshape(ws.vectors.shape)
        np.copyto(sums[:, 0], ws.offset.reshape(n, -1))
        np.add.accumulate(ws.vectors[:, :-1], axis=1, out=sums[:, 1:])
        np.add(sums[:, 1:], sums[:, :1], out=sums[:, 1:])
        self._look_up(ws)
        values, y = ws.values.reshape(len(x), n, -1), self.vectors_of(ws.y, x.shape[1])
        np.multiply(values, ws.z[:, :, None], out=y)
        np.take(ws.sums[0], ws.index, out=ws.values, mode="clip")
        np.add(y, values, out=y)
        np.copyto(ws.y[:, : x.shape[1]], x)

    def backward(self, dy, ws):
        n, n_in = len(ws.vectors), dy.shape[1] - ws.offset.size
        d_y = self.vectors_of(dy, n_in)
        values, index = ws.values.reshape(d_y.shape), ws.index.reshape(-1)
        if ws.dx is not None:
            # dx = dy + slope sum(W dy)
            self._look_up(ws)
            np.vecdot(values, d_y, out=ws.tmp)
            np.multiply(ws.tmp, ws.slope, out=ws.tmp)
            np.copyto(ws.dx, dy[:, :n_in])
            np.add(ws.dx[:, :n], ws.tmp, out=ws.dx[:, :n])
        else:
            self._find(ws)
        np.matmul(ws.ones, dy[:, n_in:], out=ws.d_offset)
        # d_W_t = the sum of z dy over the rows in bin t and of dy over those in the bins above
        np.copyto(values, d_y)
        ws.sums[...] = 0.0
        np.add.at(ws.sums[0], index, ws.values.reshape(-1))
        np.multiply(values, ws.z[:, :, None], out=values)
        ws.d_vectors[...] = 0.0
        np.add.at(ws.d_vectors.reshape(-1), index, ws.values.reshape(-1))
        above = ws.sums.reshape(ws.vectors.shape)[:, :0:-1]
        np.add.accumulate(above, axis=1, out=above)
        np.add(ws.d_vectors[:, :-1], above[:, ::-1], out=ws.d_vectors[:, :-1])

    def _predict(self, x, ws):
        """Compute y without what the gradient needs: z of all bins, for as many columns at once as
        stay in the cache. Overwrites: ws.y.
        """
        (n, n_bins, _), (n_rows, n_in) = ws.vectors.shape, x.shape
        size = min(n, max(1, _CACHED_VALUES // (n_rows * n_bins)))
        buffer = np.empty((size, n_bins, n_rows), x.dtype)
        columns, y = np.ascontiguousarray(x[:, :n].T), self.vectors_of(ws.y, n_in)
        with np.errstate(over="ignore"):  # 1 / width of a narrow bin is large
            for start in range(0, n, size):
                part = slice(start, min(start + size, n))
                # columns of few values have few bins, which come first
                most = np.count_nonzero(ws.slopes[part], axis=1).max()
                z = buffer[: part.stop - start, :most]
                np.subtract(columns[part, None], ws.edges[part, :most, None], out=z)
                np.multiply(z, ws.slopes[part, :most, None], out=z)
                np.clip(z, 0.0, 1.0, out=z)
                np.matmul(z.mT, ws.vectors[part, :most], out=y[:, part].transpose(1, 0, 2))
        np.add(ws.y[:, n_in:], ws.offset, out=ws.y[:, n_in:])
        np.copyto(ws.y[:, :n_in], x)

    def _look_up(self, ws):
        """Look up the weights of each bin. Overwrites: ws.index, ws.values."""
        self._find(ws)
        np.take(ws.vectors.reshape(-1), ws.index, out=ws.values, mode="clip")

    def _find(self, ws):
        """Find where the weights of each bin lie. Overwrites: ws.index."""
        index = ws.index.reshape(*ws.bins.shape, self.dim)
        np.multiply(ws.bins[:, :, None], self.dim, out=index)
        np.add(index, np.arange(self.dim), out=index)


def _completed(edges, values, n):
    """Return sorted edges, as many as ``n`` if there are so many values: where ties have made some
    coincide, quantiles of the other distinct values.
    """
    others = np.setdiff1d(values, edges)
    few = min(n - len(edges), len(others))
    if few < 1:
        return edges
    shares = (np.arange(few) + 0.5) / few
    return np.union1d(edges, np.quantile(others, shares, method="inverted_cdf"))


class Periodic(NumericEmbedding):
    r"""Each numeric column becomes a vector of waves of its value, whose frequencies and phases are
    learned (Holzmueller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and
    boosted trees on tabular data", 2024, after Gorishniy et al., 2022).

    For column f, with several frequencies :math:`w_f` and phases :math:`p_f`, all trained:

    .. math::

        y_f = \cos(2 \pi x_f w_f + p_f) \, W_f + b_f

    The output is :math:`[x, y_1, \dots, y_F]`: the columns themselves are kept, and F embedded ones
    add F ``dim`` columns. The frequencies start normal with the standard deviation ``sigma``, the
    phases uniform between :math:`-\pi` and :math:`\pi`, the weights :math:`W_f`, of shape
    (k, ``dim``) with k = ``n_frequencies``, normal with the variance 1 / k, and :math:`b_f` at
    zero. The columns should be standardised.

    Parameters
    ----------
    n_frequencies : int >= 1, default=16
        Number of frequencies of a column.
    dim : int >= 1, default=3
        Width of :math:`y_f`.
    sigma : float > 0, default=0.1
        Size of the frequencies at the start: the larger, the less smooth the functions are.
    n_numbers : int >= 1 or None, default=None
        Number of leading columns that are numbers, F; the others go through. None means all.
    rate : float >= 0, default=1.0
        Factor on the learning rate of the layer.
    """

    keeps = ("x",)
    limits = {**NumericEmbedding.limits, "n_frequencies": "[1, inf)", "sigma": "(0, inf)"}
    whole = (*NumericEmbedding.whole, "n_frequencies")

    def __init__(self, n_frequencies=16, dim=3, sigma=0.1, n_numbers=None, rate=1.0):
        self.n_frequencies = n_frequencies
        self.dim = dim
        self.sigma = sigma
        self.n_numbers = n_numbers
        self.rate = rate

    def params(self, n_in):
        n, rate = self.embedded(n_in), float(self.rate)
        size, start = self.n_frequencies, Normal(1.0 / math.sqrt(self.n_frequencies))
        return {
            "frequencies": Param((n, size), Normal(self.sigma), rate=rate),
            "phases": Param((n, size), Uniform(math.pi), rate=rate),
            "vectors": Param((n, self.dim, size), start, rate=rate),
            "offset": Param((1, n * self.dim), rate=rate),
        }

    def buffers(self, n_in):
        n = self.embedded(n_in)
        return {
            "cosines": Rows(n * self.n_frequencies),
            "sines": Rows(n * self.n_frequencies),
            "values": Rows(n * self.n_frequencies, scratch=True),
            "tmp": Rows(n, scratch=True),
        }

    def forward(self, x, ws, training):
        ws, n, n_in = ws if training else self._with_buffers(x, ws), len(ws.vectors), x.shape[1]
        # angle = 2 pi w x + p
        angles, cosines = (a.reshape(len(x), n, -1) for a in (ws.sines, ws.cosines))
        np.multiply(x[:, :n, None], ws.frequencies, out=angles)
        np.multiply(angles, 2.0 * math.pi, out=angles)
        np.add(angles, ws.phases, out=angles)
        np.cos(angles, out=cosines)
        if training:
            np.sin(angles, out=angles)
        y = self.vectors_of(ws.y, n_in)
        np.matmul(cosines.transpose(1, 0, 2), ws.vectors.mT, out=y.transpose(1, 0, 2))
        np.add(ws.y[:, n_in:], ws.offset, out=ws.y[:, n_in:])
        np.copyto(ws.y[:, :n_in], x)

    def _with_buffers(self, x, ws):
        """Return a workspace for a prediction, with arrays of its own."""
        new = {
            name: np.empty((len(x), buffer.width), buffer.dtype or x.dtype)
            for name, buffer in self.buffers(x.shape[1]).items()
        }
        return SimpleNamespace(**{**vars(ws), **new})

    def backward(self, dy, ws):
        n, n_in = len(ws.vectors), dy.shape[1] - ws.offset.size
        d_y = self.vectors_of(dy, n_in).transpose(1, 0, 2)
        cosines, d_angles = (a.reshape(len(dy), n, -1) for a in (ws.cosines, ws.values))
        np.matmul(ws.ones, dy[:, n_in:], out=ws.d_offset)
        np.matmul(d_y.mT, cosines.transpose(1, 0, 2), out=ws.d_vectors)
        # d_angle = -sin(angle) (W^T dy)
        np.matmul(d_y, ws.vectors, out=d_angles.transpose(1, 0, 2))
        np.multiply(ws.values, ws.sines, out=ws.values)
        np.negative(ws.values, out=ws.values)
        np.matmul(ws.ones, ws.values, out=ws.d_phases.reshape(1, -1))
        if ws.dx is not None:
            # dx = dy + 2 pi sum(w d_angle)
            np.vecdot(d_angles, ws.frequencies, out=ws.tmp)
            np.multiply(ws.tmp, 2.0 * math.pi, out=ws.tmp)
            np.copyto(ws.dx, dy[:, :n_in])
            np.add(ws.dx[:, :n], ws.tmp, out=ws.dx[:, :n])
        # d_w = 2 pi sum(x d_angle)
        np.multiply(d_angles, ws.x[:, :n, None], out=d_angles)
        np.matmul(ws.ones, ws.values, out=ws.d_frequencies.reshape(1, -1))
        np.multiply(ws.d_frequencies, 2.0 * math.pi, out=ws.d_frequencies)
