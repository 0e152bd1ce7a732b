"""The network: a structure of layers that is trained and that predicts.

The one decision: where everything but the flat vectors lives is decided by the plan (``plan.py``)
in training and chunk by chunk (``inference.py``) in prediction, so nothing of it is left behind.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..constants import BLOCK
from ..layout import Rows
from ..losses.base import Loss, working_rows
from ..optimizers.l2 import add_l2
from .inference import chunks, moments, workspaces_of
from .plan import Memory, Plan
from .sources import Part, RowSource
from .structure import Structure

_START_ROWS, _START_VALUES = 2000, 2**22  # of the rows that layers start from


class Network(Structure):
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
    objective : Loss or None, default=None
        What training minimises where that is another loss than predictions have: one that leaves
        missing values of a target out. It is no part of what is saved.

    Attributes
    ----------
    params, running : ndarray of shape (size,)
        All parameters; all running statistics.
    grads : ndarray of shape (size,) or None
        Gradient of the last ``loss_and_grad``; None outside training.
    phase : namespace
        ``progress``: the share of the epochs of a fit that are made, for layers that change with
        it.
    """

    _plans: dict[int, Plan]
    _memory: Any  # Memory, or None outside training

    def _build(self, layers, loss, n_in, dtype, alphas, objective=None):
        super()._build(layers, loss, n_in, dtype, alphas, objective)
        self.release()

    # ---- training

    def start_layers(
        self,
        source: RowSource,
        rng: np.random.Generator,
        weight: np.ndarray | None = None,
        rows: np.ndarray | None = None,
        kept: Iterable[int] = (),
    ) -> None:
        """Let each layer that wants it start from ``rows`` (None: all) of ``source``, or from some
        of them if they are many, the lowest layer first.

        ``rng`` draws; ``weight`` (n_rows,) or None counts repetitions; ``kept``: numbers of layers
        that stay as they are. Overwrites: params, running.
        """
        starting = [i for i, layer in enumerate(self.layers) if layer.starts_from_rows]
        starting = [i for i in starting if i not in kept]
        if not starting:
            return
        rows = np.arange(source.n_rows) if rows is None else rows
        most = max(256, min(_START_ROWS, _START_VALUES // self.n_in))
        if len(rows) > most:
            rows = rng.choice(rows, most, replace=False)
        weight = None if weight is None else weight[rows]
        if weight is not None and not np.ptp(weight):
            weight = None  # equal weights draw as none do
        part, workspaces = Part(source, rows), workspaces_of(self)
        for i in starting:
            as_sparse = i == 0 and source.sparse and self.sparse_input
            with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
                x = part.take(slice(None), None) if as_sparse else self.scores(part, stop=i)
                self.layers[i].start(x, weight, workspaces[i], rng)

    def prepare(
        self,
        n_rows: int,
        rng: np.random.Generator | None = None,
        input_gradient: bool = False,
        keep_outputs: bool = False,
    ) -> None:
        """Allocate what training on batches of up to ``n_rows`` rows needs.

        ``rng`` draws the dropout masks; ``keep_outputs``: whether the outputs of hidden layers are
        to be found in the plan after a step.
        """
        self.grads = np.zeros_like(self.params)
        self.rng = rng
        self._plans = {}
        self._memory = Memory(
            n_rows, self._widest(input_gradient), self.dtype, input_gradient, keep_outputs
        )
        tmp = np.empty(BLOCK, self.dtype)
        self._penalty_blocks = []
        for part, alpha in self.penalties:
            for start in range(part.start, part.stop, BLOCK):
                block = slice(start, min(start + BLOCK, part.stop))
                self._penalty_blocks.append(
                    (self.params[block], self.grads[block], tmp[: block.stop - start], alpha)
                )

    def extra_plan(self, n: int, grads: np.ndarray) -> Plan:
        """Return a plan for ``n`` rows with memory of its own, and a gradient vector of its own."""
        mine = self._memory
        memory = Memory(n, mine.widest, self.dtype, keep_outputs=mine.keep_outputs)
        return Plan(self, memory, n, grads)

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

    def release(self) -> None:
        """Give back all memory that only training needs."""
        self.grads, self.rng = None, None
        self.phase = SimpleNamespace(progress=0.0)
        self._plans, self._memory, self._penalty_blocks = {}, None, []

    def plan(self, n: int) -> Plan:
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

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the raw scores of a training batch, in memory that the next call uses again."""
        plan = self.plan(x.shape[-2])
        plan.begin(x)
        for layer, ws in zip(self.layers, plan.layers, strict=True):
            layer.forward(ws.x, ws, True)
        return plan.layers[-1].y

    def loss_and_grad(
        self,
        x: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray | None = None,
        penalised: bool = True,
    ) -> float:
        """Return the mean loss of a batch plus terms plus penalty, and leave the gradient in
        ``grads``.

        ``x`` (n, n_in), ``target`` (n, n_targets), ``weight`` (n, 1) or None. The objective is
        ``(sum_i weight_i loss_i + sum_l alpha_l / 2 |weights_l|^2) / sum_i weight_i`` and what
        layers add to it (``terms/base.py``); without the penalty if not ``penalised``.

        Overwrites: grads, running, and ``x`` of the plan.
        """
        plan = self.plan(x.shape[-2])
        scale = plan.batch.weigh(weight)
        raw = self.forward(x)
        value = float(self.objective.value_and_grad(raw, target, weight, scale, plan.loss))
        for objective, ws in plan.objectives:
            value += objective(ws, target, weight, scale)
        self.backward(plan)
        for twin in plan.twins:
            twin.add_gradients()
        return value + self._add_penalty(scale) if penalised else value

    def backward(self, plan: Plan) -> None:
        """Go from the gradient of the raw scores, which lies where these did, down through the
        layers. Overwrites: grads.
        """
        dy = plan.layers[-1].y
        for layer, ws in zip(reversed(self.layers), reversed(plan.layers), strict=True):
            layer.backward(dy, ws)
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

    def scores(
        self,
        source: RowSource,
        start: int = 0,
        stop: int | None = None,
        dtype: DTypeLike | None = None,
    ) -> np.ndarray:
        """Return the output of layers ``start`` to ``stop`` (excluded; None: all) for every row, of
        shape (n_rows, width).

        ``dtype``: that of the result, None for the network's.
        """
        stop = len(self.layers) if stop is None else stop
        out = np.empty((source.n_rows, self.widths[stop]), dtype or self.dtype)
        for rows, y in chunks(self, source, start, stop):
            np.copyto(out[rows], y)
        return out

    def raw_chunks(self, source: RowSource) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (rows, raw scores) of a source in bounded memory, which the next chunk uses
        again and whoever gets it may overwrite.
        """
        return chunks(self, source, 0, len(self.layers))

    def reduced_scores(
        self, source: RowSource, reduce: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Return ``reduce(raw)``, an array of as many rows in memory of its own, of the raw
        scores of every row of a source.
        """
        return np.concatenate([reduce(raw) for _, raw in self.raw_chunks(source)])

    def row_losses(
        self,
        raw: np.ndarray,
        target: RowSource,
        rows: slice | np.ndarray | None = None,
        objective: Loss | None = None,
    ) -> np.ndarray:
        """Return the loss (n,) of raw scores (n, n_out) against ``rows`` (None: all) of a source of
        targets.

        ``objective``: the loss to take, None for that of training. Overwrites: raw.
        """
        n = len(raw)
        wanted = target.take(
            slice(0, n) if rows is None else rows, np.empty((n, self.n_targets), self.dtype)
        )
        return working_rows(objective or self.objective, raw, wanted)[:, 0]

    def losses(
        self,
        source: RowSource,
        target: RowSource,
        objective: Loss | None = None,
        dtype: DTypeLike | None = None,
    ) -> np.ndarray:
        """Return the loss (n_rows,) of every row of a source against a source of targets, in
        bounded memory.
        """
        out = np.empty(source.n_rows, dtype or self.dtype)
        for rows, raw in self.raw_chunks(source):
            out[rows] = self.row_losses(raw, target, rows, objective)
        return out

    def entry_losses(
        self,
        source: RowSource,
        target: RowSource,
        objective: Loss | None = None,
        dtype: DTypeLike | None = None,
    ) -> np.ndarray:
        """Return the loss (n_rows, n_targets) of every entry of a source of targets, for losses
        with one score per target.
        """
        out = np.empty((source.n_rows, self.n_targets), dtype or self.dtype)
        for rows, raw in self.raw_chunks(source):
            out[rows] = (objective or self.objective).entries(
                raw, target.take(rows, np.empty(raw.shape, self.dtype))
            )
        return out

    def refresh_statistics(
        self,
        source: RowSource,
        weight: np.ndarray | None = None,
        rows: np.ndarray | None = None,
        always: bool = False,
    ) -> None:
        """Set running statistics to those of ``rows`` (None: all) of ``source``, layer by layer,
        where a layer wants it.

        ``weight`` (n_rows,) or None counts repetitions; ``always`` does it for every layer. One row
        alone has no variance and changes nothing. Overwrites: running.
        """
        if (source.n_rows if rows is None else len(rows)) < 2:
            return
        for i, (layer, ws) in enumerate(zip(self.layers, workspaces_of(self), strict=True)):
            layer.refresh(partial(moments, self, source, i, weight, rows), ws, always)
