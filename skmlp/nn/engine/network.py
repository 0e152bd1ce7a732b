"""The network: layers over flat vectors.

The one decision: all parameters are one vector, all gradients another, all running statistics a
third; the layers see views of them. Where everything else lives is decided by the plan
(``plan.py``) in training and chunk by chunk (``inference.py``) in prediction, so a pickle holds
parameters and statistics only.
"""

import math

import numpy as np

from ..initializers import INITIALIZERS
from ..layers.base import Layer
from ..layout import Layout, Rows
from ..losses.base import Loss, working_rows
from ..optimizers.l2 import add_l2, merged
from ..saved import (
    COUNT,
    EXTENT,
    TEXT,
    Copies,
    Kind,
    check_attributes,
    check_fit,
    is_array,
    is_finite,
    is_plain,
    refusal,
    shown,
    stamped,
    unstamped,
)
from ..unit import check_unit
from .inference import chunks, moments
from .plan import Memory, Plan

_PENALTY_BLOCK = 16384  # elements at a time, so that they are in the cache for the second pass


class Network(Copies):
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

    kinds = {
        "layers": Kind("a list of layers", lambda value: type(value) is list and len(value) > 0),
        "loss": Kind("a loss", lambda value: isinstance(value, Loss)),
        "n_in": COUNT,
        "dtype": TEXT,
        "alphas": Kind(
            "a tuple of penalties",
            lambda value: type(value) is tuple and all(map(EXTENT.holds, value)),
        ),
        "arrays": Kind(
            "a list of names and shapes", lambda value: type(value) is list and is_plain(value)
        ),
        "params": Kind("an array", is_array),
        "state": Kind("an array", is_array),
    }

    def __init__(self, layers, loss, n_in, dtype=np.float32, alphas=()):
        self._build(layers, loss, n_in, dtype, alphas)
        self.params = np.zeros(self.layout.size, self.dtype)
        self.state = np.zeros(self.state_layout.size, self.dtype)

    def _build(self, layers, loss, n_in, dtype, alphas):
        """Set everything but the numbers, and allocate nothing."""
        self.layers = list(layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"layers must be instances of Layer, got {shown(layer)}.")
        self.loss = self.objective = loss  # the objective may leave missing entries out
        self.dtype = np.dtype(dtype)
        self.widths = [n_in]
        params, state = {}, {}
        for i, layer in enumerate(self.layers):
            params.update(
                {(i, name): param for name, param in layer.params(self.widths[-1]).items()}
            )
            state.update({(i, name): param for name, param in layer.state(self.widths[-1]).items()})
            if layer.tied:
                self._check_tied(i, params)
            if layer.below > i:
                raise ValueError(
                    f"{layer!r} reads the parameters of {layer.below} layers below it, but only "
                    f"{i} lie there."
                )
            if layer.span > i:
                raise ValueError(
                    f"{layer!r} bridges {layer.span} layers, but only {i} lie below it."
                )
            joined = (self.widths[i - layer.span],) if layer.span else ()
            self.widths.append(layer.width(self.widths[-1], *joined))
        self.branches = [
            i - layer.span for i, layer in enumerate(self.layers) if layer.span
        ]  # layers whose input is read twice
        if "y" in self.layers[-1].keeps:
            raise ValueError(
                f"The last layer, {self.layers[-1]!r}, reads its output in backward; the loss "
                "overwrites that output."
            )
        self.layout, self.state_layout = Layout(params), Layout(state)
        self.alphas = tuple(map(float, alphas))
        self.penalties = merged(zip(self.penalised, self.alphas, strict=False))
        self.grads = None
        self.rng = None
        self._plans = {}
        self._memory = None
        self._penalty_blocks = []

    def _check_tied(self, i, params):
        """Raise ``ValueError`` if layer ``i`` cannot read the transposed weight of the one it is
        tied to.
        """
        layer, owner = self.layers[i], i - self.layers[i].tied
        shape = params[owner, "weight"].shape if (owner, "weight") in params else None
        wanted = (layer.n_out, self.widths[-1])
        if shape != wanted:
            found = "there is none" if shape is None else f"it has the shape {shape}"
            raise ValueError(
                f"Layer {i}, {layer!r}, needs a weight of shape {wanted} in layer {owner}, but "
                f"{found}."
            )

    # ---- names

    @property
    def n_in(self):
        return self.widths[0]

    @property
    def n_out(self):
        return self.widths[-1]

    @property
    def n_targets(self):
        """Width of a target; a loss may want several scores for each."""
        return self.n_out // self.loss.n_scores

    @property
    def penalised(self):
        """The parts of the flat vector that penalties apply to, one slice per array, in the
        order of the layers.
        """
        return [
            self.layout.slices[key] for key, param in self.layout.params.items() if param.penalised
        ]

    @property
    def min_rows(self):
        """Least number of rows a training batch should have."""
        return max(layer.min_rows for layer in self.layers)

    @property
    def sparse_input(self):
        """Whether ``loss_and_grad`` and ``scores`` take CSR matrices as they are."""
        return self.layers[0].sparse_input and 0 not in self.branches

    def views(self):
        """Return the parameters by (layer number, name), as views."""
        return self.layout.views(self.params)

    def weights(self):
        """Return the weight matrix of each layer that multiplies with one, as views: a tied
        layer's is its owner's, transposed.
        """
        views = self.views()
        owned = [views.get((i - layer.tied, "weight")) for i, layer in enumerate(self.layers)]
        return [
            w.mT if layer.tied else w
            for w, layer in zip(owned, self.layers, strict=True)
            if w is not None
        ]

    def initialise(self, rng):
        """Fill parameters and state with their starting values. Overwrites: params, state."""
        for layout, flat in ((self.layout, self.params), (self.state_layout, self.state)):
            for key, view in layout.views(flat).items():
                init = layout.params[key].init
                (INITIALIZERS[init]() if isinstance(init, str) else init).fill(view, rng)

    def start_output(self, values):
        """Set the last layer's bias, of shape (n_out,), and that of each head.

        Overwrites: params.
        """
        for (i, name), view in self.views().items():
            if name == "head_bias" or (i, name) == (len(self.layers) - 1, "bias"):
                view[...] = values

    def load(self, other):
        """Take over the numbers of a network of the same shape. Overwrites: params, state."""
        for name, mine, theirs in (
            ("parameters", self.layout, other.layout),
            ("statistics", self.state_layout, other.state_layout),
        ):
            # in order, for layers without arrays, such as dropout, may come and go
            shapes = [
                [(key[1], param.shape) for key, param in layout.params.items()]
                for layout in (theirs, mine)
            ]
            if shapes[0] != shapes[1]:
                raise ValueError(f"The {name} had the shapes {shapes[0]} and now have {shapes[1]}.")
        self.params[...] = other.params
        self.state[...] = other.state

    def load_layers(self, other, places):
        """Take over the numbers of some layers of another network, ``places``: (mine, its) layer
        numbers. Overwrites: params, state.
        """
        for layout, mine, theirs in (
            (self.layout, self.params, other.layout.views(other.params)),
            (self.state_layout, self.state, other.state_layout.views(other.state)),
        ):
            views = layout.views(mine)
            for here, there in places:
                for key in [key for key in views if key[0] == here]:
                    views[key][...] = theirs[there, key[1]]

    def __getstate__(self):
        """Return what the network was made of and its numbers: all else follows."""
        made_of = {
            "layers": self.layers,
            "loss": self.loss,
            "n_in": self.n_in,
            "dtype": self.dtype.name,
            "alphas": self.alphas,
        }
        return stamped(
            {**made_of, "arrays": self._arrays(), "params": self.params, "state": self.state}
        )

    def __setstate__(self, state):
        state = unstamped(state, type(self).__name__)
        check_attributes(type(self).__name__, state, self.kinds)
        _check_units(state["layers"], state["loss"])
        self._take(state)
        self._check_numbers()

    def _take(self, state):
        arrays, params, statistics = (state.pop(name) for name in ("arrays", "params", "state"))
        self._build(**state)
        check_fit("arrays", arrays, self._arrays())
        for name, saved, layout in (
            ("parameters", params, self.layout),
            ("statistics", statistics, self.state_layout),
        ):
            check_fit(
                f"{name}' shape and type", (saved.shape, saved.dtype), ((layout.size,), self.dtype)
            )
        self.params, self.state = params, statistics

    def check(self):
        """Raise ``ValueError`` unless it can be what a file held: whole units, and numbers that
        training can have left.
        """
        if "params" not in vars(self):
            raise refusal("Network", "it has no params")
        _check_units(self.layers, self.loss)
        self._check_numbers()

    def _check_numbers(self):
        """Raise ``ValueError`` for a type, a width or numbers that no trained network has."""
        if self.dtype.kind != "f" or not all(map(COUNT.holds, self.widths)) or 0 in self.widths:
            raise refusal(
                "Network",
                f"its type is {self.dtype} and its widths are {self.widths}, but should be "
                "floating and positive",
            )
        self.loss.check_outputs(self.n_out)
        for name, layout, flat in (
            ("parameters", self.layout, self.params),
            ("statistics", self.state_layout, self.state),
        ):
            if not is_finite(flat):
                raise refusal(
                    "Network",
                    f"{np.count_nonzero(~np.isfinite(flat))} of its {name} are not finite",
                )
            for key, param in layout.params.items():
                if (
                    param.init not in INITIALIZERS
                    if isinstance(param.init, str)
                    else not hasattr(type(param.init), "fill")
                ):
                    raise refusal(
                        "Network",
                        f"the {key[1]} of layer {key[0]} starts by {param.init!r}, which is no "
                        "initializer",
                    )
                if (
                    param.least > -math.inf
                    and flat[layout.slices[key]].min(initial=param.least) < param.least
                ):
                    raise refusal(
                        "Network",
                        f"the {key[1]} of layer {key[0]} is below {param.least:g}, which it "
                        "cannot be",
                    )

    def _arrays(self):
        """Return layer, name and shape of each array, in their order in the flat vectors."""
        return [
            (*key, *param.shape)
            for layout in (self.layout, self.state_layout)
            for key, param in layout.params.items()
        ]

    # ---- training

    def prepare(self, n_rows, rng=None, input_gradient=False, compiled=None, keep_outputs=False):
        """Allocate what training on batches of up to ``n_rows`` rows needs.

        ``rng`` draws the dropout masks; ``compiled``: the module of that name, or None to compute
        with NumPy alone; ``keep_outputs``: whether the outputs of hidden layers are to be found in
        the plan after a step.
        """
        self.grads = np.zeros_like(self.params)
        self.rng = rng
        self._plans = {}
        self._memory = Memory(
            n_rows, self._widest(input_gradient), self.dtype, input_gradient, compiled, keep_outputs
        )
        tmp = np.empty(_PENALTY_BLOCK, self.dtype)
        self._penalty_blocks = []
        for part, alpha in self.penalties:
            for start in range(part.start, part.stop, _PENALTY_BLOCK):
                block = slice(start, min(start + _PENALTY_BLOCK, part.stop))
                self._penalty_blocks.append(
                    (self.params[block], self.grads[block], tmp[: block.stop - start], alpha)
                )

    def _widest(self, input_gradient):
        """Return the width of the widest gradient or scratch array; of the input only if
        somebody asks for one, for it may be sparse.
        """
        buffers = [
            layer.buffers(width) for layer, width in zip(self.layers, self.widths, strict=False)
        ]
        scratch = [
            buffer.width
            for arrays in buffers
            for buffer in arrays.values()
            if isinstance(buffer, Rows) and buffer.scratch
        ]
        return max([*self.widths[0 if input_gradient else 1 :], *scratch])

    def release(self):
        """Give back all memory that only training needs."""
        self.objective, self.grads, self.rng = self.loss, None, None
        self._plans, self._memory, self._penalty_blocks = {}, None, []

    def plan(self, n):
        """Return the plan for batches of ``n`` rows: arrays ``x``, ``target``, ``weight`` to
        fill, workspaces ``layers``, ``loss``.
        """
        if n not in self._plans:
            if self._memory is None or n > self._memory.n_most:
                most = 0 if self._memory is None else self._memory.n_most
                raise ValueError(
                    f"The network is prepared for batches of up to {most} rows, not {n}; call "
                    "prepare first."
                )
            self._plans[n] = Plan(self, self._memory, n)
        return self._plans[n]

    def forward(self, x):
        """Return the raw scores of a training batch, in memory that the next call uses again."""
        plan = self.plan(x.shape[-2])
        plan.begin(x)
        for forward, ws in zip(plan.forwards, plan.layers, strict=True):
            forward(ws.x, ws, True)
        return plan.layers[-1].y

    def loss_and_grad(self, x, target, weight=None, penalised=True):
        """Return the mean loss of a batch plus terms plus penalty, and leave the gradient in
        ``grads``.

        ``x`` (n, n_in), ``target`` (n, n_targets), ``weight`` (n, 1) or None. The objective is
        ``(sum_i weight_i loss_i + sum_l alpha_l / 2 |weights_l|^2) / sum_i weight_i`` and what
        layers add to it (``terms/base.py``); without the penalty if not ``penalised``.

        Overwrites: grads, state, and ``x`` of the plan.
        """
        plan = self.plan(x.shape[-2])
        scale = plan.batch.weigh(weight)
        raw = self.forward(x)
        value = float(plan.value_and_grad(raw, target, weight, scale, plan.loss))
        for objective, ws in plan.objectives:
            value += objective(ws, target, weight, scale)
        self.backward(plan)
        for settle, ws in plan.settles:
            settle(ws)
        return value + self._add_penalty(scale) if penalised else value

    def backward(self, plan):
        """Go from the gradient of the raw scores, which lies where these did, down through the
        layers. Overwrites: grads.
        """
        dy = plan.layers[-1].y
        for backward, ws in zip(reversed(plan.backwards), reversed(plan.layers), strict=True):
            backward(dy, ws)
            for total, part in ws.returned:
                np.add(total, part, out=total)
            if ws.dx is None:
                break
            dy = ws.dx

    def _add_penalty(self, scale):
        """Return the penalty, and add its gradient to ``grads``. Overwrites: grads."""
        value = 0.0
        for p, g, tmp, alpha in self._penalty_blocks:
            value += add_l2(p, g, tmp, alpha * scale)
        return 0.5 * value

    # ---- prediction

    def scores(self, source, start=0, stop=None, dtype=None):
        """Return the output of layers ``start`` to ``stop`` (excluded; None: all) for every row, of
        shape (n_rows, width).

        ``dtype``: that of the result, None for the network's.
        """
        stop = len(self.layers) if stop is None else stop
        out = np.empty((source.n_rows, self.widths[stop]), dtype or self.dtype)
        for rows, y in chunks(self, source, start, stop):
            np.copyto(out[rows], y)
        return out

    def raw_chunks(self, source):
        """Yield (rows, raw scores) of a source in bounded memory, which the next chunk uses
        again and whoever gets it may overwrite.
        """
        return chunks(self, source, 0, len(self.layers))

    def reduced_scores(self, source, reduce):
        """Return ``reduce(raw)``, an array of as many rows in memory of its own, of the raw
        scores of every row of a source.
        """
        return np.concatenate([reduce(raw) for _, raw in self.raw_chunks(source)])

    def row_losses(self, raw, target, rows=None, objective=None):
        """Return the loss (n,) of raw scores (n, n_out) against ``rows`` (None: all) of a source of
        targets.

        ``objective``: the loss to take, None for that of training. Overwrites: raw.
        """
        n = len(raw)
        target = target.take(
            slice(0, n) if rows is None else rows, np.empty((n, self.n_targets), self.dtype)
        )
        return working_rows(objective or self.objective, raw, target)[:, 0]

    def losses(self, source, target, objective=None, dtype=None):
        """Return the loss (n_rows,) of every row of a source against a source of targets, in
        bounded memory.
        """
        out = np.empty(source.n_rows, dtype or self.dtype)
        for rows, raw in self.raw_chunks(source):
            out[rows] = self.row_losses(raw, target, rows, objective)
        return out

    def entry_losses(self, source, target, objective=None, dtype=None):
        """Return the loss (n_rows, n_targets) of every entry of a source of targets, for losses
        with one score per target.
        """
        out = np.empty((source.n_rows, self.n_targets), dtype or self.dtype)
        for rows, raw in self.raw_chunks(source):
            out[rows] = (objective or self.objective).entries(
                raw, target.take(rows, np.empty(raw.shape, self.dtype))
            )
        return out

    def refresh_statistics(self, source, weight=None, rows=None, always=False):
        """Set running statistics to those of ``rows`` (None: all) of ``source``, layer by layer,
        where a layer asks for it.

        ``weight`` (n_rows,) or None counts repetitions; ``always`` does it for every layer. One row
        alone has no variance and changes nothing. Overwrites: state.
        """
        state = self.state_layout.views(self.state)
        if (source.n_rows if rows is None else len(rows)) < 2:
            return
        for i, layer in enumerate(self.layers):
            if layer.state(self.widths[i]) and (always or layer.statistics == "population"):
                mean, variance = moments(self, source, i, weight, rows)
                state[i, "mean"][...] = mean
                state[i, "variance"][...] = variance


def _check_units(layers, loss):
    """Raise ``ValueError`` unless these are whole layers and a whole loss."""
    for layer in layers:
        check_unit(layer, Layer)
    check_unit(loss, Loss)
