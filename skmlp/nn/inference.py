"""Prediction: rows go through the layers in chunks.

The one decision: each call has buffers of its own, of bounded size, so prediction shares nothing with training, is thread-safe, and
needs no more memory for more rows than its result.
"""

from types import SimpleNamespace

import numpy as np

_CHUNK_VALUES = 2**19  # per buffer: two buffers stay in the cache, and the products are long enough


def chunks(network, source, start, stop, rows=None):
    """Yield (slice of ``rows``, output of layers ``start`` to ``stop`` excluded), in memory that the next chunk uses again.

    ``rows``: row numbers of ``source``, None for all.
    """
    params, state = network.views(), network.state_layout.views(network.state)
    steps = [i for i in range(start, stop) if not network.layers[i].training_only]
    widths = network.widths
    widest = max(widths[start : stop + 1])
    n_rows = source.n_rows if rows is None else len(rows)
    whole = any(network.layers[i].whole_batch for i in steps)
    size = max(1, n_rows if whole else min(n_rows, max(64, _CHUNK_VALUES // widest)))
    pads = [np.empty(size * widest, network.dtype) for _ in range(3)]
    as_sparse = source.sparse and bool(steps) and network.layers[steps[0]].sparse_input
    workspaces = []
    for i in steps:
        ws = SimpleNamespace()
        for name in network.layers[i].params(widths[i]):
            setattr(ws, name, params[i, name])
        for name in network.layers[i].state(widths[i]):
            setattr(ws, name, state[i, name])
        workspaces.append(ws)
    for begin in range(0, n_rows, size):
        part = slice(begin, min(begin + size, n_rows))
        n, side = part.stop - part.start, 0
        x = source.take(part if rows is None else rows[part], None if as_sparse else _view(pads[0], n, widths[start]))
        for i, ws in zip(steps, workspaces, strict=True):
            in_place = network.layers[i].elementwise and i != steps[0]
            side = side if in_place else 1 - side
            ws.y = x if in_place else _view(pads[side], n, widths[i + 1])
            ws.tmp = _view(pads[2], n, widths[i])
            network.layers[i].forward(x, ws, False)
            x = ws.y
        yield part, x


def moments(network, source, stop, weight=None, rows=None):
    """Return mean and variance (width,) of the output of layers 0 to ``stop`` excluded, over ``rows`` (None: all) of ``source``.

    ``weight`` (n_rows,) or None counts repetitions; the variance has n / (n - 1), n being their sum. Chunks are merged by the formula of
    Chan, Golub and LeVeque (1979).
    """
    n, total, mean, squares = 0, 0.0, 0.0, 0.0
    for part, x in chunks(network, source, 0, stop, rows):
        x = x.astype(np.float64)
        w = np.ones(len(x)) if weight is None else weight[part if rows is None else rows[part]].astype(np.float64)
        m = w.sum()
        centre = w @ x / m
        shift = centre - mean
        squares = squares + w @ np.square(x - centre) + shift**2 * (total * m / (total + m))
        mean = mean + shift * (m / (total + m))
        n, total = n + len(x), total + m
    count = max(n, total, 2.0)
    return mean, squares / total * (count / (count - 1.0))


def _view(flat, n, width):
    """Return the first n * width values as an array of shape (n, width)."""
    return flat[: n * width].reshape(n, width)
