"""The memory plan of training: which array of which layer lives where.

The one decision: memory is planned before the first step. For each batch size the plan gives every
layer a workspace of ready-made views; elementwise layers share their input's memory where no
backward pass and no join needs it, gradients of activations alternate between two buffers, scratch
is shared by all. The gradient that a join or a tied layer sends back waits in a buffer until the
backward pass is there.
"""

from functools import cached_property, partial
from types import SimpleNamespace

import numpy as np

from ..layout import Row
from ..terms.base import Term
from .subnetwork import LowerLayers


class Memory:
    """Named vectors, each made on first use, large enough for batches of ``n_most`` rows.

    Parameters
    ----------
    n_most : int
        Rows of the largest batch.
    widest : int
        Width of the widest array that layers use in turn.
    dtype : dtype
    input_gradient : bool
        Whether gradients go down to the network's input.
    keep_outputs : bool
        Whether the outputs of hidden layers are still there after a step: no dropout overwrites
        them.
    """

    def __init__(self, n_most, widest, dtype, input_gradient=False, keep_outputs=False):
        self.n_most = n_most
        self.widest = widest
        self.dtype = dtype
        self.input_gradient = input_gradient
        self.keep_outputs = keep_outputs
        self.ones = np.ones((1, n_most), dtype)
        self._vectors = {}
        self._twins = {}

    def rows(self, name, n, width, dtype=None):
        """Return an (n, width) view of the vector called ``name``, which always has this width."""
        return self._view(name, n, width, self.n_most * width, dtype)

    def matrix(self, name, shape):
        """Return the array called ``name``, which does not grow with the rows."""
        return self._view(name, *shape, shape[0] * shape[1], None)

    def twin(self, network, i):
        """Return the ``LowerLayers`` of the layers below layer ``i``."""
        if i not in self._twins:
            self._twins[i] = LowerLayers(network, i, self.n_most)
        return self._twins[i]

    def shared(self, name, n, width, dtype=None):
        """Return an (n, width) view of the vector called ``name``, which layers of all widths
        use in turn.
        """
        return self._view(name, n, width, self.n_most * self.widest, dtype)

    def _view(self, name, n, width, size, dtype):
        if name not in self._vectors:
            self._vectors[name] = aligned(size, dtype or self.dtype)
        return self._vectors[name][: n * width].reshape(n, width)


class Plan:
    """The views that training on batches of ``n`` rows works with.

    Attributes
    ----------
    x, target, weight : ndarray of shape (n, n_in), (n, n_targets), (n, 1)
        To be filled with a batch. ``x`` is made when it is first asked for, since sparse batches do
        without.
    batch : Batch
        The rows' shares of the batch's weight.
    layers : list of namespaces
        Each layer's workspace.
    loss : namespace
        The loss's workspace.
    objectives : list of (function, workspace)
        The method of that name of each term.
    twins : list of LowerLayers
        Those of the terms that need them.
    """

    def __init__(self, network, memory, n, grads=None):
        self._memory_of_x = partial(memory.rows, "x", n, network.n_in)
        self.target = memory.rows("target", n, network.n_targets)
        self.weight = memory.rows("weight", n, 1)
        self.batch = Batch(n, network.dtype)
        self.loss = _workspace(network.objective.buffers(network.n_out), "loss", memory, n)
        self.layers = []
        grads = network.grads if grads is None else grads
        params, grads = network.layout.views(network.params), network.layout.views(grads)
        running = network.running_views()
        below = None
        for i, layer in enumerate(network.layers):
            width = network.widths[i]
            ws = _workspace(layer.buffers(width), i, memory, n)
            ws.rng, ws.batch, ws.phase = network.rng, self.batch, network.phase
            ws.x = (
                None if below is None else self.layers[-1].y
            )  # that of the first layer is another array in each step
            for name in layer.params(width):
                setattr(ws, name, params[i, name])
                setattr(ws, "d_" + name, grads[i, name])
            for name in layer.running(width):
                setattr(ws, name, running[i, name])
            if layer.span:
                ws.skip = self.layers[i - layer.span].x
            if layer.tied:
                ws.weight = params[i - layer.tied, "weight"]
                ws.d_weight = memory.matrix(("d_weight", i), ws.weight.shape)
            free = below is not None and "y" not in below.keeps and i not in network.branches
            free = free and not (_is_identity(below) or (memory.keep_outputs and below.activates))
            in_place = free and layer.elementwise and "x" not in layer.keeps
            in_place = in_place or (_is_identity(layer) and below is not None)
            ws.y = ws.x if in_place else memory.rows(("y", i), n, network.widths[i + 1])
            self.layers.append(ws)
            below = layer
        self._place_gradients(network, memory, n)
        self._joins_of_input = [
            self.layers[i] for i, layer in enumerate(network.layers) if 0 < layer.span == i
        ]
        self._place_terms(network, memory)

    @cached_property
    def x(self):
        return self._memory_of_x()

    def begin(self, x):
        """Make ``x`` the input of the first layer, and of the joins that read it too."""
        self.layers[0].x = x
        for ws in self._joins_of_input:
            ws.skip = x

    def _place_gradients(self, network, memory, n):
        """Give each layer the memory for the gradient of its input, None where no parameter lies
        below.

        ``d_skip`` of a join is the gradient of the input it reads of an earlier layer, ``d_weight``
        of a tied layer that of the weight it reads. ``returned`` of the earlier layer lists the
        pairs (its own gradient, what is to be added).
        """
        trained = [
            bool(layer.params(width))
            for layer, width in zip(network.layers, network.widths, strict=False)
        ]
        dy, side = self.layers[-1].y, 0
        for i in reversed(range(len(network.layers))):
            ws = self.layers[i]
            if not (memory.input_gradient or any(trained[:i])):
                ws.dx = None
            elif network.layers[i].elementwise:
                ws.dx = dy
            else:
                side = 1 - side
                ws.dx = memory.shared(("dx", side), n, network.widths[i])
            dy = ws.dx
            ws.returned = []
        for i, layer in enumerate(network.layers):
            if layer.span:
                ws, source = self.layers[i], self.layers[i - layer.span]
                ws.d_skip = (
                    None
                    if source.dx is None
                    else memory.rows(("d_skip", i), n, network.widths[i - layer.span])
                )
                if ws.d_skip is not None:
                    source.returned.append((source.dx, ws.d_skip))
            if layer.tied:
                owner = self.layers[i - layer.tied]
                owner.returned.append((owner.d_weight, self.layers[i].d_weight))

    def _place_terms(self, network, memory):
        """Give each term the loss and, if it needs them, the layers below it, and list what is
        called between the passes and after them.
        """
        self.objectives, self.twins = [], []
        for i, (layer, ws) in enumerate(zip(network.layers, self.layers, strict=True)):
            if isinstance(layer, Term):
                ws.loss, ws.value_and_grad = self.loss, network.objective.value_and_grad
                self.objectives.append((layer.objective, ws))
                if layer.needs_subnetwork:
                    ws.twin, ws.first = memory.twin(network, i), self.layers[0]
                    self.twins.append(ws.twin)


class Batch:
    """How much each row of a batch counts.

    ``column`` (n, 1) and ``row`` (1, n) hold the rows' shares of the total weight, one memory;
    ``count`` is the number of rows that the batch stands for: the sum of the weights, where these
    count repetitions, and never less than n.
    """

    def __init__(self, n, dtype):
        self.column = np.empty((n, 1), dtype)
        self.row = self.column.reshape(1, n)
        self._weigh_equally()

    def weigh(self, weight):
        """Set the shares to those of ``weight`` (n, 1), None meaning equal ones, and return 1 /
        total weight.
        """
        if weight is None:
            if self._weighted:
                self._weigh_equally()
            return 1.0 / len(self.column)
        total = float(np.add.reduce(weight, axis=None))
        np.multiply(weight, 1.0 / total, out=self.column)
        self.count = max(total, len(self.column))
        self._weighted = True
        return 1.0 / total

    def _weigh_equally(self):
        self.column[...] = 1.0 / len(self.column)
        self.count = len(self.column)
        self._weighted = False


def _is_identity(layer):
    """Return whether the output of a layer is its input."""
    return isinstance(layer, Term) and layer.identity


def _workspace(buffers, owner, memory, n):
    """Return a workspace with the given buffers; scratch of one dtype is shared between owners."""
    ws = SimpleNamespace(ones=memory.ones[:, :n])
    for k, (name, buffer) in enumerate(buffers.items()):
        dtype = np.dtype(buffer.dtype or memory.dtype)
        if isinstance(buffer, Row):
            array = aligned(buffer.width, dtype).reshape(1, buffer.width)
        elif buffer.scratch:
            array = memory.shared(("scratch", k, dtype.char), n, buffer.width, dtype)
        else:
            array = memory.rows((owner, name), n, buffer.width, dtype)
        setattr(ws, name, array)
    return ws


def aligned(size, dtype):
    """Return an empty vector that starts on a cache line."""
    dtype = np.dtype(dtype)
    raw = np.empty(size * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * dtype.itemsize].view(dtype)
