"""Minibatch training: batches, steps, epochs, events, stopping.

The one decision: everything that a later call needs to go on exactly where this one ended is in
``TrainingState`` and in the network's vectors; the trainer itself is thrown away.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..optimizers.clipping import clip_norm, clip_value, global_norm
from .sources import RowSource
from .state import Checkpoint, TrainingState

if TYPE_CHECKING:
    from .epoch_end import Callback
    from .network import Network


Augmentation = Callable[..., tuple[np.ndarray, np.ndarray]]


class DivergedError(ValueError):
    """Training has led to numbers that are not finite: ``what`` is not, ``epoch`` says when."""

    def __init__(self, message: str, epoch: int = 0, what: str = "The loss is") -> None:
        super().__init__(message)
        self.epoch = epoch
        self.what = what


def diverged(epoch: int, what: str = "The loss is") -> DivergedError:
    """Return the error for what is not finite."""
    return DivergedError(f"{what} not finite in epoch {epoch}.", epoch, what)


class Trainer:
    """Trains a network on batches.

    Parameters
    ----------
    network : Network
    updater : Updater
    schedule : Schedule
    learning_rate : float
        Initial learning rate, which the schedule multiplies.
    state : TrainingState
    batch_size : int
    shuffle : bool, default=True
        Whether each epoch visits the rows in a new order.
    norm_limit, value_limit : float or None, default=None
        Gradient clipping by global norm and by value (by value first).
    probe : callable or None, default=None
        ``probe(network, plan)`` is called on the last batch of each epoch, between its backward
        pass and clipping.
    callbacks : sequence of Callback, default=()
        Called in order before and after each epoch; training stops when one returns True after it.
    augmentation : sequence of callables, default=()
        Change each batch in turn: ``(x, target, rng) -> (x, target)`` of the same shapes and
        dtypes.
    make_program : callable or None, default=None
        ``make_program(network, updater, x, target, weight, n_most)`` returns a program that makes
        the steps of an epoch in one call (``compiled/program.py``), or None to go the way of NumPy.
    """

    def __init__(  # noqa: PLR0913
        self,
        network: Network,
        updater: Any,
        schedule: Any,
        learning_rate: float,
        state: TrainingState,
        batch_size: int,
        shuffle: bool = True,
        norm_limit: float | None = None,
        value_limit: float | None = None,
        callbacks: Sequence[Callback] = (),
        augmentation: Sequence[Augmentation] = (),
        probe: Callable[..., None] | None = None,
        make_program: Callable[..., Any] | None = None,
    ) -> None:
        self.network = network
        self.updater = updater
        self.schedule = schedule
        self.learning_rate = float(learning_rate)
        self.state = state
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.norm_limit = norm_limit if norm_limit is None else float(norm_limit)
        self.value_limit = value_limit if value_limit is None else float(value_limit)
        self.callbacks = list(callbacks)
        self.augmentation = list(augmentation)
        self.probe = probe
        self.make_program = make_program

    def fit(
        self,
        x: RowSource,
        target: RowSource,
        weight: np.ndarray | None = None,
        rows: np.ndarray | None = None,
        n_epochs: int = 1,
        n_made: int = 0,
        uncounted: int = 0,
    ) -> bool:
        """Train for at most ``n_epochs`` epochs and return whether a callback stopped it.

        Ctrl-C takes back the epoch it hits.

        ``x``, ``target``: sources of rows; ``weight`` (n_rows,) or None; ``rows``: the rows to
        train on, None for all. ``n_made``: how many of the epochs are made already, if this goes on
        with a fit that was killed. ``uncounted``: epochs in the history that the clock did not
        count, as those of another solver. The network is prepared for the largest batch.
        Overwrites: network, state.
        """
        # a slice may be a view of the caller's rows, which an augmenter must not get to write into
        in_order = rows is None and not self.shuffle and not self.augmentation
        rows = np.arange(x.n_rows) if rows is None else np.asarray(rows)
        order = rows.copy()
        bounds = batch_bounds(len(order), self.batch_size, self.network.min_rows)
        clock = self.state.clock
        clock.began, clock.n_epochs, clock.n_batches = clock.epoch - n_made, n_epochs, len(bounds)
        sparse = x.sparse and self.network.sparse_input
        checkpoint = Checkpoint(self.network, self.state)
        n_most = max((stop - start for start, stop in bounds), default=0)
        program = None
        if self.make_program is not None and not self.augmentation:
            program = self.make_program(self.network, self.updater, x, target, weight, n_most)
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            for k in range(n_made, n_epochs):
                if k > n_made:
                    checkpoint.take()
                self.network.phase.progress = k / clock.n_epochs
                try:
                    for callback in self.callbacks:
                        callback.epoch_begin(self)
                    if self.shuffle:
                        # each epoch from the same start, so that two fits shuffle like one long one
                        np.copyto(order, rows)
                        self.state.rng.shuffle(order)
                    if self._epoch(
                        x, target, weight, order, bounds, in_order, sparse, uncounted, program
                    ):
                        return True
                except KeyboardInterrupt:
                    checkpoint.restore()
                    raise
        return False

    def _epoch(self, x, target, weight, order, bounds, in_order, sparse, uncounted, program):
        """Make one pass over the rows, and call the callbacks.

        Return True if one wants to stop. Overwrites: network, state, order.
        """
        clock, epoch = self.state.clock, round(self.state.clock.epoch)
        number = epoch + 1 + uncounted
        began, n_batches = time.perf_counter(), len(bounds)
        total_loss, total_weight, last = 0.0, 0.0, n_batches - 1
        if program is not None:
            rates, limits = self._rates(epoch, n_batches), (self.norm_limit, self.value_limit)
            total_loss, total_weight, norm, failed = program.run(
                order, bounds, rates, limits, True, self.probe
            )
            rate = rates[-1]
            if failed is not None:
                raise diverged(number)
            bounds = []
        for k, (start, stop) in enumerate(bounds):
            rows = slice(start, stop) if in_order else order[start:stop]
            plan = self.network.plan(stop - start)
            batch_weight, w = None, float(stop - start)
            if weight is not None:
                batch_weight = plan.weight
                np.copyto(batch_weight[:, 0], weight[rows])
                w = float(np.add.reduce(batch_weight, axis=None))
            x_batch, target_batch = (
                x.take(rows, None if sparse else plan.x),
                target.take(rows, plan.target),
            )
            for augmenter in self.augmentation:
                x_batch, target_batch = augmented(augmenter, x_batch, target_batch, self.state.rng)
            # the updater adds the penalty while it has the parameters at hand, unless the whole
            # gradient is to be measured or clipped
            whole = k == last or self.norm_limit is not None or self.value_limit is not None
            loss = self.network.loss_and_grad(x_batch, target_batch, batch_weight, penalised=whole)
            clock.epoch = epoch + k / n_batches
            norm = self._clip(k == last, plan, 1.0 / w)
            rate = self.learning_rate * self.schedule.factor(clock)
            loss += self.updater.step(rate, 0.0 if whole else 1.0 / w, 1.0 / w)
            if not math.isfinite(loss) or (norm is not None and not math.isfinite(norm)):
                raise diverged(number)
            total_loss += loss * w
            total_weight += w
            clock.step += 1
        if self.updater.has_stalled():
            raise diverged(number, "The optimizer's averages of squared gradients are")
        clock.epoch = float(epoch + 1)
        clock.samples += len(order)
        record = {
            "epoch": number,
            "loss": total_loss / total_weight,
            "learning_rate": rate,
            "gradient_norm": norm,
            "seconds": time.perf_counter() - began,
        }
        stops = [callback.epoch_end(self, record) for callback in self.callbacks]
        return any(stops)

    def _rates(self, epoch, n_batches):
        """Return the learning rates of the steps of an epoch, and count them."""
        clock, rates, factor = self.state.clock, [], self.schedule.factor
        for k in range(n_batches):
            clock.epoch = epoch + k / n_batches
            rates.append(self.learning_rate * factor(clock))
            clock.step += 1
        return rates

    def _clip(self, wanted, plan, l1_scale):
        """Clip the gradient where asked.

        Return its norm before, if ``wanted`` or needed. Overwrites: network.grads.
        """
        grads, norm = self.network.grads, None
        if wanted or self.norm_limit is not None:
            norm = global_norm(grads)
            if wanted and self.probe is not None:
                self.probe(self.network, plan)
        if self.value_limit is not None or self.norm_limit is not None:
            self.updater.clip(lambda g: self._bound(g, norm if g is grads else None), l1_scale)
        return norm

    def _bound(self, g, norm):
        """Bound ``g`` by value, then by norm; ``norm``: its norm, None to compute it.

        Overwrites: g.
        """
        if self.value_limit is not None:
            clip_value(g, self.value_limit)
        if self.norm_limit is not None:
            clip_norm(
                g,
                global_norm(g) if norm is None or self.value_limit is not None else norm,
                self.norm_limit,
            )


def augmented(
    augmenter: Augmentation, x: np.ndarray, target: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return what ``augmenter`` makes of a batch, C-contiguous.

    Raise if it is no batch of the same shapes and dtypes.

    Overwrites: x, target, where the augmenter does.
    """
    wanted = (("X", x.shape, x.dtype), ("y", target.shape, target.dtype))
    pair = augmenter(x, target, rng)
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise ValueError(
            f"augmentation: {augmenter!r} must return a pair (X, y), got {type(pair).__name__}."
        )
    for array, (name, shape, dtype) in zip(pair, wanted, strict=True):
        if not isinstance(array, np.ndarray):
            raise ValueError(
                f"augmentation: {augmenter!r} must return {name} as an array, got "
                f"{type(array).__name__}."
            )
        if array.shape != shape or array.dtype != dtype:
            raise ValueError(
                f"augmentation: {augmenter!r} must return {name} as it was, {dtype} of shape "
                f"{shape}, "
                f"got {array.dtype} of shape {array.shape}."
            )
    x, target = pair
    return np.ascontiguousarray(x), np.ascontiguousarray(target)


def batch_bounds(n: int, batch_size: int, min_rows: int = 1) -> list[tuple[int, int]]:
    """Return (start, stop) of each batch; a last batch of fewer than ``min_rows`` rows is joined
    to the one before.
    """
    bounds = [(start, min(start + batch_size, n)) for start in range(0, n, batch_size)]
    if len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] < min_rows:
        bounds[-2:] = [(bounds[-2][0], n)]
    return bounds
