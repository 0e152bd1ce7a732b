"""Prediction: rows go through the layers in chunks.

The one decision: each call has buffers of its own, of bounded size, so prediction shares nothing
with training, is thread-safe, and needs no more memory for more rows than its result.
"""

from types import SimpleNamespace

import numpy as np

_CHUNK_VALUES = 2**19  # per buffer: two buffers stay in the cache, and the products are long enough


def chunk_rows(n_rows, width):
    """Return how many of ``n_rows`` rows go through layers of at most this width together."""
    return min(n_rows, max(64, _CHUNK_VALUES // width))


def workspaces_of(network):
    """Return the workspace of each layer with its parameters and running arrays."""
    workspaces = [SimpleNamespace() for _ in network.layers]
    params = network.views()
    for (i, name), view in (params | network.running_views()).items():
        setattr(workspaces[i], name, view)
    for i, layer in enumerate(network.layers):
        if layer.tied:
            workspaces[i].weight = params[i - layer.tied, "weight"]
    return workspaces


def chunks(network, source, start, stop, rows=None):
    """Yield (slice of ``rows``, output of layers ``start`` to ``stop`` excluded), in memory that
    the next chunk uses again.

    ``rows``: row numbers of ``source``, None for all.
    """
    steps = [i for i in range(start, stop) if not network.layers[i].training_only]
    widths = network.widths
    n_rows = source.n_rows if rows is None else len(rows)
    whole = [network.layers[i] for i in steps if network.layers[i].whole_batch]
    if whole and n_rows < 2:
        raise ValueError(
            f"{whole[0]!r} subtracts the mean of the rows predicted together, which leaves "
            "nothing of a single row; give two or more."
        )
    size = max(1, n_rows if whole else chunk_rows(n_rows, max(widths[start : stop + 1])))
    sources = {i: i - network.layers[i].span for i in steps if network.layers[i].span}
    as_sparse = (
        source.sparse
        and bool(steps)
        and network.layers[steps[0]].sparse_input
        and min(sources.values(), default=stop) > steps[0]
    )
    dense = steps[1:] if as_sparse else steps  # those with a dense input
    places = _places(network, start, stop)
    widest = max([widths[i] for i in dense] + [widths[i + 1] for i in steps] or [widths[start]])
    pads = [
        np.empty(size * widest, network.dtype) for _ in range(max(places.values(), default=0) + 1)
    ]
    tmp = np.empty(size * widest, network.dtype)
    workspaces = workspaces_of(network)
    for begin in range(0, n_rows, size):
        part = slice(begin, min(begin + size, n_rows))
        n, inputs = part.stop - part.start, {}
        x = source.take(
            part if rows is None else rows[part],
            None if as_sparse else _view(pads[0], n, widths[start]),
        )
        for i in range(start, stop):
            inputs[i] = x
            if network.layers[i].training_only:
                continue
            ws = workspaces[i]
            if i in sources:
                ws.skip = inputs[sources[i]]
            ws.y = _view(pads[places[i]], n, widths[i + 1])
            ws.tmp = _view(tmp, n, widths[i]) if i in dense else None
            network.layers[i].forward(x, ws, False)
            x = ws.y
        yield part, x


def _places(network, start, stop):
    """Return which buffer each layer's output goes to, by the layer's number; the input lies in
    buffer 0, or is not to be overwritten.

    A buffer is taken again as soon as no layer and no join has yet to read what is in it;
    elementwise layers work in place.
    """
    last = {}  # the last join that reads the input of a layer
    for i in range(start, stop):
        if network.layers[i].span:
            if i - network.layers[i].span < start:
                raise ValueError(
                    f"Layer {i}, {network.layers[i]!r}, needs what comes before layer {start}, "
                    "where this pass begins."
                )
            last[i - network.layers[i].span] = i
    here, first, places, waiting = 0, True, {}, {}
    for i in range(start, stop):
        waiting = {source: place for source, place in waiting.items() if last[source] >= i}
        if i in last:
            waiting[i] = here
        if network.layers[i].training_only:
            continue
        if first or not network.layers[i].elementwise or here in waiting.values():
            here = min(set(range(len(waiting) + 2)) - {here, *waiting.values()})
        places[i], first = here, False
    return places


def moments(network, source, stop, weight=None, rows=None):
    """Return mean and variance (width,) of the output of layers 0 to ``stop`` excluded, over
    ``rows`` (None: all) of ``source``.

    ``weight`` (n_rows,) or None counts repetitions; the variance has n / (n - 1), n being their
    sum. Chunks are merged by the formula of Chan, Golub and LeVeque (1979).
    """
    n, total, mean, squares = 0, 0.0, 0.0, 0.0
    for part, x in chunks(network, source, 0, stop, rows):
        x = x.astype(np.float64)
        w = (
            np.ones(len(x))
            if weight is None
            else weight[part if rows is None else rows[part]].astype(np.float64)
        )
        m = w.sum()
        centre = w @ x / m
        shift = centre - mean
        squares = squares + w @ np.square(x - centre) + shift**2 * (total * m / (total + m))
        mean = mean + shift * (m / (total + m))
        n, total = n + len(x), total + m
    count = max(n, total, 2.0)
    return mean, squares / total * (count / (count - 1.0))


class Outputs:
    """What the layers before ``stop`` make of the rows of a source, in prediction, computed anew
    whenever they are asked for.
    """

    sparse = False

    def __init__(self, network, source, stop):
        self.network = network
        self.source = source
        self.stop = stop
        self.n_rows, self.width = source.n_rows, network.widths[stop]

    def take(self, rows, out):
        """Return the outputs for these rows in ``out``. Overwrites: out."""
        numbers = np.arange(self.n_rows)[rows] if isinstance(rows, slice) else rows
        for part, y in chunks(self.network, self.source, 0, self.stop, numbers):
            np.copyto(out[part], y)
        return out


def _view(flat, n, width):
    """Return the first n * width values as an array of shape (n, width)."""
    return flat[: n * width].reshape(n, width)
