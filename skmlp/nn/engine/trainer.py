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
from .state import Checkpoint, Numbers, TrainingState

if TYPE_CHECKING:
    from .epoch_end import Callback
    from .network import Network


Augmentation = Callable[..., tuple[np.ndarray, np.ndarray]]
SECONDS_AT_ONCE = 0.01  # of the epochs that are made in one call
LOSS = "The loss is"  # what is not finite
SQUARES = "The optimizer's averages of squared gradients are"


class DivergedError(ValueError):
    """Training has led to numbers that are not finite: ``what`` is not, ``epoch`` says when."""

    def __init__(self, message: str, epoch: int = 0, what: str = LOSS) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.what = what


def diverged(epoch: int, what: str = LOSS) -> DivergedError:
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
        the steps of epochs in one call (``compiled/program.py``), or None to go the way of NumPy.
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
        self._clips = norm_limit is not None or value_limit is not None
        self.callbacks = list(callbacks)
        self.augmentation = list(augmentation)
        self.probe = probe
        self.make_program = make_program
        self.validates = False  # whether the epochs of a call are validated within it
        # number of the best epoch of a call that validates, and its numbers, None for no better one
        self.kept: tuple[int, Numbers] | None = None

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

        Ctrl-C takes back the epoch it hits; of epochs so short that several are made at once, all
        of these.

        ``x``, ``target``: sources of rows; ``weight`` (n_rows,) or None; ``rows``: the rows to
        train on, None for all. ``n_made``: how many of the epochs are made already, if this goes on
        with a fit that was killed. ``uncounted``: epochs in the history that the clock did not
        count, as those of another solver. The network is prepared for the largest batch.
        Overwrites: network, state.
        """
        every_row = rows is None
        rows = np.arange(x.n_rows) if every_row else np.asarray(rows)
        bounds = batch_bounds(len(rows), self.batch_size, self.network.min_rows)
        clock = self.state.clock
        clock.began, clock.n_epochs, clock.n_batches = clock.epoch - n_made, n_epochs, len(bounds)
        checkpoint = Checkpoint(self.network, self.state)
        n_most = max((stop - start for start, stop in bounds), default=0)
        program, seconds, k = None, math.inf, n_made
        by_hand = self.augmentation or (self._clips and self.updater.penalises_l1)
        if self.make_program is not None and not by_hand:
            program = self.make_program(self.network, self.updater, x, target, weight, n_most)
        self.validates = program is not None and program.validates
        if program is None:
            epochs = self._with_numpy(x, target, weight, rows, bounds, every_row)
        else:
            epochs = self._with_program(program, rows, bounds, uncounted)
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            while k < n_epochs:
                n = self._n_at_once(program, n_epochs - k, seconds)
                if k > n_made:
                    checkpoint.take()
                first = round(self.state.clock.epoch)
                self.network.phase.progress = k / self.state.clock.n_epochs
                try:
                    for callback in self.callbacks:
                        callback.epoch_begin(self)
                    began = time.perf_counter()
                    passes, rates, fault = epochs(first, n)
                    seconds = (time.perf_counter() - began) / n
                    stops = self._end(passes, rates, first, uncounted, len(rows), seconds)
                    if fault is not None:
                        raise diverged(first + len(passes) + 1 + uncounted, fault)
                    if stops:
                        return True
                except KeyboardInterrupt:
                    checkpoint.restore()
                    raise
                k += n
        return False

    def _n_at_once(self, program, n_left, seconds):
        """Return how many epochs to make before the callbacks are called, of ``n_left`` that take
        so many ``seconds`` each.
        """
        if program is None:
            return 1
        most = (callback.n_at_once(self) for callback in self.callbacks)
        return max(1, int(min(n_left, program.most_epochs, SECONDS_AT_ONCE // seconds, *most)))

    def _with_program(self, program, rows, bounds, uncounted):
        """Return a function that makes ``n`` epochs in one call, the ``first`` being the number of
        those before, and returns (sum of losses, sum of weights, norm of the last gradient and,
        where it validates, loss and score) of each that is complete, the last learning rate of
        each, and what is not finite after those that are complete, or None.
        """
        limits = self.norm_limit, self.value_limit

        def epochs(first, n):
            step, n_steps = self.state.clock.step, len(bounds)
            rates = self._rates(n, len(rows))
            best = min(
                (callback.keeps_above(self) for callback in self.callbacks), default=math.inf
            )
            totals, fault = program.run(
                n, rows, self.shuffle, bounds, rates, limits, self.probe, best
            )
            self.kept = None
            if program.kept is not None:
                after, arrays = program.kept
                numbers = arrays, step + after * n_steps, dict(self.state.scalars)
                self.kept = first + after + uncounted, numbers
            return totals, rates[n_steps - 1 :: n_steps], fault

        return epochs

    def _with_numpy(self, x, target, weight, rows, bounds, every_row):
        """Return a function that makes one epoch, and takes and returns what that of
        ``_with_program`` does.
        """
        order, last = rows.copy(), len(bounds) - 1
        # a slice may be a view of the caller's rows, which an augmenter must not get to write into
        in_order = every_row and not self.shuffle and not self.augmentation
        sparse = x.sparse and self.network.sparse_input

        def epoch(first, _):
            # each from the same start, so that two fits shuffle like one long one
            np.copyto(order, rows)
            if self.shuffle:
                self.state.rng.shuffle(order)
            clock, total_loss, total_weight = self.state.clock, 0.0, 0.0
            for k, (start, stop) in enumerate(bounds):
                rows_now = slice(start, stop) if in_order else order[start:stop]
                plan = self.network.plan(stop - start)
                batch_weight, w = None, float(stop - start)
                if weight is not None:
                    batch_weight = plan.weight
                    np.copyto(batch_weight[:, 0], weight[rows_now])
                    w = float(np.add.reduce(batch_weight, axis=None))
                x_batch, target_batch = (
                    x.take(rows_now, None if sparse else plan.x),
                    target.take(rows_now, plan.target),
                )
                clock.epoch = first + k / len(bounds)
                loss, norm, rate = self._step(
                    x_batch, target_batch, batch_weight, w, plan, k == last
                )
                if not math.isfinite(loss) or (norm is not None and not math.isfinite(norm)):
                    return [], [], LOSS
                total_loss += loss * w
                total_weight += w
            if self.updater.has_stalled():
                return [], [], SQUARES
            return [(total_loss, total_weight, norm)], [rate], None

        return epoch

    def _step(self, x, target, weight, total, plan, is_last):
        """Make the step of a batch, whose rows weigh ``total``, and return its loss with the
        penalties, the norm of its gradient where that was measured, and the learning rate.
        """
        for augmenter in self.augmentation:
            x, target = augmented(augmenter, x, target, self.state.rng)
        # the updater adds the penalty while it has the parameters at hand, unless the whole
        # gradient is to be measured or clipped
        whole = is_last or self._clips
        loss = self.network.loss_and_grad(x, target, weight, penalised=whole)
        norm = self._clip(is_last, plan, 1.0 / total)
        rate = self.learning_rate * self.schedule.factor(self.state.clock)
        loss += self.updater.step(rate, 0.0 if whole else 1.0 / total, 1.0 / total)
        self.state.clock.step += 1
        return loss, norm, rate

    def _end(self, passes, rates, first, uncounted, n_rows, seconds):
        """Call the callbacks for epochs that are complete, the ``first`` being the number of those
        before, and return whether one wants to stop. Overwrites: state.clock.
        """
        clock, stops = self.state.clock, []
        made = zip(passes, rates, strict=False)
        for k, ((loss, weight, norm, *validated), rate) in enumerate(made, first + 1):
            clock.epoch = float(k)
            clock.samples += n_rows
            record = {
                "epoch": k + uncounted,
                "loss": loss / weight,
                "learning_rate": rate,
                "gradient_norm": norm,
                "seconds": seconds,
            }
            if validated:
                record["validation_loss"], record["validation_score"] = validated
            stops = [callback.epoch_end(self, record) for callback in self.callbacks]
        return any(stops)

    def _rates(self, n_epochs, n_rows):
        """Return the learning rates of the steps of the next epochs, and count them."""
        clock, initial = self.state.clock, self.learning_rate
        rates = [initial * f for f in self.schedule.factors(clock, n_epochs, n_rows)]
        clock.step += len(rates)
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
        if self._clips:
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
