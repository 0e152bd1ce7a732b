"""The network: layers over flat vectors, and the one place that decides where every array lives.

The one decision: memory is planned before the first step. For each batch size the plan gives every layer a workspace of
ready-made views; elementwise layers share their input's memory where no backward pass needs it, gradients of activations
alternate between two buffers, scratch is shared by all. Prediction makes a plan of its own per call, so it shares nothing with
training, is thread-safe, and a pickle holds parameters and state only.
"""

from types import SimpleNamespace

import numpy as np

from .initializers import INITIALIZERS
from .layout import Layout, Row

_PREDICT_VALUES = 2**19  # values per buffer in prediction: two of them stay in the cache, and the products are long enough
_PENALTY_BLOCK = 16384


class Network:
    """A sequence of layers under a loss.

    Parameters
    ----------
    layers : list of Layer
    loss : Loss
    n_in : int
        Number of input features.
    dtype : dtype, default=float32
        Of all arrays.
    alphas : sequence of float, default=()
        L2 penalty of each penalised array, in the order of the layers; empty means none.

    Attributes
    ----------
    params, state : ndarray of shape (size,)
        All parameters; all running statistics.
    grads : ndarray of shape (size,) or None
        Gradient of the last ``loss_and_grad``; None outside training.
    """

    def __init__(self, layers, loss, n_in, dtype=np.float32, alphas=()):
        self.layers = list(layers)
        self.loss = loss
        self.dtype = np.dtype(dtype)
        self.widths = [n_in]
        params, state = {}, {}
        for i, layer in enumerate(self.layers):
            params.update({(i, name): param for name, param in layer.params(self.widths[-1]).items()})
            state.update({(i, name): param for name, param in layer.state(self.widths[-1]).items()})
            self.widths.append(layer.width(self.widths[-1]))
        if "y" in self.layers[-1].keeps:
            raise ValueError(f"The last layer, {self.layers[-1]!r}, reads its output in backward; the loss overwrites that output.")
        self.layout, self.state_layout = Layout(params), Layout(state)
        self.params = np.zeros(self.layout.size, self.dtype)
        self.state = np.zeros(self.state_layout.size, self.dtype)
        self.penalties = [(part, float(alpha)) for part, alpha in zip(self.penalised, alphas, strict=False) if alpha]
        self.grads = None
        self.rng = None
        self._plans = {}
        self._memory = {}
        self._penalty_blocks = []
        self._n_most = 0
        self._input_gradient = False

    # ---- names

    @property
    def n_in(self):
        return self.widths[0]

    @property
    def n_out(self):
        return self.widths[-1]

    @property
    def penalised(self):
        """The parts of the flat vector that penalties apply to, one slice per array, in the order of the layers."""
        return [self.layout.slices[key] for key, param in self.layout.params.items() if param.penalised]

    @property
    def min_rows(self):
        """Least number of rows a training batch should have."""
        return max(layer.min_rows for layer in self.layers)

    @property
    def sparse_input(self):
        """Whether ``loss_and_grad`` and ``scores`` take CSR matrices as they are."""
        return self.layers[0].sparse_input

    def views(self):
        """Return the parameters by (layer number, name), as views."""
        return self.layout.views(self.params)

    def initialise(self, rng):
        """Fill parameters and state with their starting values. Overwrites: params, state."""
        for layout, flat in ((self.layout, self.params), (self.state_layout, self.state)):
            for key, view in layout.views(flat).items():
                init = layout.params[key].init
                (INITIALIZERS[init]() if isinstance(init, str) else init).fill(view, rng)

    def start_output(self, values):
        """Set the last layer's bias, of shape (n_out,). Overwrites: params."""
        self.views()[len(self.layers) - 1, "bias"][...] = values

    def load(self, other):
        """Take over the numbers of a network of the same shape. Overwrites: params, state."""
        for name, mine, theirs in (("parameters", self.layout, other.layout), ("statistics", self.state_layout, other.state_layout)):
            shapes = [{key: param.shape for key, param in layout.params.items()} for layout in (theirs, mine)]
            if shapes[0] != shapes[1]:
                raise ValueError(f"The {name} had the shapes {list(shapes[0].values())} and now have {list(shapes[1].values())}.")
        self.params[...] = other.params
        self.state[...] = other.state

    def __getstate__(self):
        return {**self.__dict__, "grads": None, "rng": None, "_plans": {}, "_memory": {}, "_penalty_blocks": []}

    # ---- training

    def prepare(self, n_rows, rng=None, input_gradient=False):
        """Allocate what training on batches of up to ``n_rows`` rows needs; ``rng`` draws the dropout masks."""
        self.grads = np.zeros_like(self.params)
        self.rng = rng
        self._plans, self._memory = {}, {}
        self._n_most = n_rows
        self._input_gradient = input_gradient
        tmp = np.empty(_PENALTY_BLOCK, self.dtype)
        self._penalty_blocks = []
        for part, alpha in self.penalties:
            for start in range(part.start, part.stop, _PENALTY_BLOCK):
                block = slice(start, min(start + _PENALTY_BLOCK, part.stop))
                self._penalty_blocks.append((self.params[block], self.grads[block], tmp[: block.stop - start], alpha))

    def release(self):
        """Give back all memory that only training needs."""
        self.__dict__.update(self.__getstate__())

    def plan(self, n):
        """Return the plan for batches of ``n`` rows: arrays ``x``, ``target``, ``weight`` to fill, workspaces ``layers``, ``loss``."""
        if n not in self._plans:
            self._plans[n] = self._make_plan(n)
        return self._plans[n]

    def forward(self, x):
        """Return the raw scores of a training batch, in memory that the next call uses again."""
        plan = self.plan(x.shape[-2])
        plan.layers[0].x = x
        for layer, ws in zip(self.layers, plan.layers, strict=True):
            layer.forward(ws.x, ws, True)
        return plan.layers[-1].y

    def loss_and_grad(self, x, target, weight=None):
        """Return the mean loss of a batch plus penalty, and leave the gradient in ``grads``.

        ``x`` (n, n_in), ``target`` (n, n_out), ``weight`` (n, 1) or None. The objective is
        ``(sum_i weight_i loss_i + sum_l alpha_l / 2 |weights_l|^2) / sum_i weight_i``. Overwrites: grads, state, and ``x`` of the plan.
        """
        plan = self.plan(x.shape[-2])
        scale = plan.batch.weigh(weight)
        raw = self.forward(x)
        value = float(self.loss.value_and_grad(raw, target, weight, scale, plan.loss))
        dy = raw
        for layer, ws in zip(reversed(self.layers), reversed(plan.layers), strict=True):
            layer.backward(dy, ws)
            if ws.dx is None:
                break
            dy = ws.dx
        return value + self._add_penalty(scale)

    def _make_plan(self, n):
        """Return the views that training on ``n`` rows works with."""
        params, grads = self.layout.views(self.params), self.layout.views(self.grads)
        state = self.state_layout.views(self.state)
        plan = SimpleNamespace(
            x=self._rows("x", n, self.n_in),
            target=self._rows("target", n, self.n_out),
            weight=self._rows("weight", n, 1),
            batch=Batch(self._rows("share", n, 1)),
            layers=[],
            loss=self._workspace(self.loss.buffers(self.n_out), "loss", n),
        )
        x = plan.x
        for i, layer in enumerate(self.layers):
            ws = self._workspace(layer.buffers(self.widths[i]), i, n)
            for name in layer.params(self.widths[i]):
                setattr(ws, name, params[i, name])
                setattr(ws, "d_" + name, grads[i, name])
            for name in layer.state(self.widths[i]):
                setattr(ws, name, state[i, name])
            ws.x, ws.batch = x, plan.batch
            in_place = i > 0 and layer.elementwise and "x" not in layer.keeps and "y" not in self.layers[i - 1].keeps
            ws.y = x if in_place else self._rows(("y", i), n, self.widths[i + 1])
            x = ws.y
            plan.layers.append(ws)
        self._plan_gradients(plan, x, n)
        return plan

    def _plan_gradients(self, plan, dy, n):
        """Give each layer the memory for the gradient of its input, None where no parameter lies below. Overwrites: plan."""
        side = 0
        trained = [bool(layer.params(width)) for layer, width in zip(self.layers, self.widths, strict=False)]
        for i in reversed(range(len(self.layers))):
            ws = plan.layers[i]
            if not (self._input_gradient or any(trained[:i])):
                ws.dx = None
            elif self.layers[i].elementwise:
                ws.dx = dy
            else:
                side = 1 - side
                ws.dx = self._rows(("dx", side), n, self.widths[i])
            dy = ws.dx

    def _workspace(self, buffers, owner, n):
        """Return a workspace with the given buffers; scratch of one dtype is shared between owners."""
        ws = SimpleNamespace(ones=self._ones(n), rng=self.rng)
        for k, (name, buffer) in enumerate(buffers.items()):
            dtype = np.dtype(buffer.dtype or self.dtype)
            if isinstance(buffer, Row):
                setattr(ws, name, self._rows((owner, name), 1, buffer.width, dtype, 1))
            elif buffer.scratch:
                setattr(ws, name, self._rows(("scratch", k, dtype.char), n, buffer.width, dtype, most=max(self.widths)))
            else:
                setattr(ws, name, self._rows((owner, name), n, buffer.width, dtype))
        return ws

    def _rows(self, name, n, width, dtype=None, n_most=None, most=None):
        """Return an (n, width) view of the memory called ``name``, made on first use for the largest batch."""
        if name not in self._memory:
            most = max(self.widths) if name[0] == "dx" else most or width
            self._memory[name] = _aligned((n_most or self._n_most) * most, dtype or self.dtype)
        return self._memory[name][: n * width].reshape(n, width)

    def _ones(self, n):
        if "ones" not in self._memory:
            self._memory["ones"] = np.ones(self._n_most, self.dtype)
        return self._memory["ones"][None, :n]

    def _add_penalty(self, scale):
        """Return the penalty, and add its gradient to ``grads``. Overwrites: grads."""
        value = 0.0
        for p, g, tmp, alpha in self._penalty_blocks:
            np.multiply(p, alpha * scale, out=tmp)
            np.add(g, tmp, out=g)
            value += float(np.dot(p, tmp))
        return 0.5 * value

    # ---- prediction

    def scores(self, source, start=0, stop=None):
        """Return the output of layers ``start`` to ``stop`` (excluded; None: all) for every row, of shape (n_rows, width)."""
        stop = len(self.layers) if stop is None else stop
        out = np.empty((source.n_rows, self.widths[stop]), self.dtype)
        for rows, y in self._run(source, start, stop):
            np.copyto(out[rows], y)
        return out

    def row_losses(self, raw, target, rows=None):
        """Return the loss (n,) of raw scores (n, n_out) against ``rows`` (None: all) of a source of targets. Overwrites: raw."""
        n = len(raw)
        ws = SimpleNamespace()
        for name, buffer in self.loss.buffers(self.n_out).items():
            setattr(ws, name, np.empty((n, buffer.width), buffer.dtype or self.dtype))
        target = target.take(slice(0, n) if rows is None else rows, np.empty((n, self.n_out), self.dtype))
        self.loss.rows_and_grad(raw, target, ws)
        return ws.rows[:, 0]

    def losses(self, source, target):
        """Return the loss (n_rows,) of every row of a source against a source of targets, in bounded memory."""
        out = np.empty(source.n_rows, self.dtype)
        for rows, raw in self._run(source, 0, len(self.layers)):
            out[rows] = self.row_losses(raw, target, rows)
        return out

    def refresh_statistics(self, source, weight=None, rows=None, always=False):
        """Set the running statistics to those of ``rows`` (None: all) of ``source``, layer by layer, where a layer asks for it.

        ``weight`` (n_rows,) or None counts repetitions. Chunks are merged by the formula of Chan et al. (1979). Overwrites: state.
        """
        state = self.state_layout.views(self.state)
        for i, layer in enumerate(self.layers):
            if not layer.state(self.widths[i]) or not (always or layer.statistics == "population"):
                continue
            n, total, mean, squares = 0, 0.0, 0.0, 0.0
            for part, x in self._run(source, 0, i, rows):
                x = x.astype(np.float64)
                w = np.ones(len(x)) if weight is None else (weight if rows is None else weight[rows])[part].astype(np.float64)
                m = w.sum()
                centre = w @ x / m
                shift = centre - mean
                squares = squares + w @ np.square(x - centre) + shift**2 * (total * m / (total + m))
                mean = mean + shift * (m / (total + m))
                n, total = n + len(x), total + m
            count = max(n, total)
            if n > 1:
                state[i, "mean"][...] = mean
                state[i, "variance"][...] = squares / total * (count / (count - 1.0))

    def _run(self, source, start, stop, rows=None):
        """Yield (slice of ``rows``, output of layers ``start`` to ``stop``) in chunks, in memory that the next chunk uses again."""
        params, state = self.views(), self.state_layout.views(self.state)
        steps = [i for i in range(start, stop) if not self.layers[i].training_only]
        widest = max(self.widths[start : stop + 1])
        whole = any(getattr(self.layers[i], "statistics", None) == "batch" for i in steps)
        n_rows = source.n_rows if rows is None else len(rows)
        size = n_rows if whole else min(n_rows, max(64, _PREDICT_VALUES // widest))
        pads = [np.empty(size * widest, self.dtype) for _ in range(3)]
        sparse = source.sparse and bool(steps) and self.layers[steps[0]].sparse_input
        first = None if sparse else pads[0]
        for begin in range(0, n_rows, size):
            part = slice(begin, min(begin + size, n_rows))
            n, side = part.stop - part.start, 0
            x = source.take(part if rows is None else rows[part], None if first is None else _pad(first, n, self.widths[start]))
            for i in steps:
                layer = self.layers[i]
                ws = SimpleNamespace(tmp=_pad(pads[2], n, self.widths[i]))
                for name in layer.params(self.widths[i]):
                    setattr(ws, name, params[i, name])
                for name in layer.state(self.widths[i]):
                    setattr(ws, name, state[i, name])
                if not layer.elementwise or i == steps[0]:
                    side = 1 - side
                    ws.y = _pad(pads[side], n, self.widths[i + 1])
                else:
                    ws.y = x
                layer.forward(x, ws, False)
                x = ws.y
            yield part, x


class Batch:
    """How much each row of a batch counts.

    ``column`` (n, 1) and ``row`` (1, n) hold the rows' shares of the total weight, one memory; ``count`` is the number of rows that the
    batch stands for: the sum of the weights, where these count repetitions, and never less than n.
    """

    def __init__(self, column):
        self.column = column
        self.row = column.reshape(1, -1)
        self._weigh_equally()

    def weigh(self, weight):
        """Set the shares to those of ``weight`` (n, 1), None meaning equal ones, and return 1 / total weight."""
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


def _pad(flat, n, width):
    """Return the first n * width values as an array of shape (n, width)."""
    return flat[: n * width].reshape(n, width)


def _aligned(size, dtype):
    """Return an empty vector that starts on a cache line."""
    dtype = np.dtype(dtype)
    raw = np.empty(size * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * dtype.itemsize].view(dtype)
