"""What happens at the end of an epoch: validation, stopping, keeping the best weights, the
history, printed progress.

The one decision: callbacks share one ``record``, a dict per epoch. Each reads what earlier ones
wrote and adds its own, so the history is whatever ended up in the record.

To add one: derive from ``Callback`` and write ``epoch_end``; return True to stop training.
``epoch_begin`` does nothing unless written; write ``n_at_once`` if it need not be called at once.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .sources import RowSource
from .state import Checkpoint

if TYPE_CHECKING:
    from .state import Numbers
    from .trainer import Trainer


class ValidationRows(NamedTuple):
    """Held-out rows for a program: sources, weights (n,) or None, and which ``score`` they have:
    "loss" (minus it), "accuracy" of classes that exclude each other, or "r2" of one column.
    """

    x: RowSource
    target: RowSource
    weight: np.ndarray | None
    score: str


class Callback(ABC):
    """Something to do after each epoch, or before it."""

    def epoch_begin(self, trainer: Trainer) -> None:  # noqa: B027, most have nothing to do
        """Prepare for an epoch."""

    def n_at_once(self, trainer: Trainer) -> float:
        """Return how many epochs may be made before it is called for them: it sees only their
        records, and stops or changes nothing before the last of them.
        """
        return 1

    def keeps_above(self, trainer: Trainer) -> float:
        """Return the validation score above which it wants the numbers that an epoch ends with
        (``trainer.kept``); infinite if it wants none.
        """
        return math.inf

    @abstractmethod
    def epoch_end(self, trainer: Trainer, record: dict[str, Any]) -> bool | None:
        """Use or extend ``record``; return True to stop."""


class Validation(Callback):
    """Adds ``validation_loss`` and ``validation_score``, as returned by ``evaluate()``, after the
    first of every so many epochs, if they are not there; the others have none.
    """

    def __init__(self, evaluate: Callable[[], tuple[float, float]], every: int = 1) -> None:
        self.evaluate = evaluate
        self.every = every

    def n_at_once(self, trainer: Trainer) -> float:
        return math.inf if trainer.validates else 1

    def epoch_end(self, trainer: Trainer, record: dict[str, Any]) -> None:
        if not trainer.validates and (record["epoch"] - 1) % self.every == 0:
            record["validation_loss"], record["validation_score"] = self.evaluate()


class Patience(Callback):
    """Stops, or lowers the learning rate if the schedule can, when ``monitor`` has not improved by
    ``tol`` for too many epochs.

    Parameters
    ----------
    monitor : str
        Key of the record.
    sign : {1, -1}
        1 if larger is better.
    tol : float
        Least improvement on the best value so far that counts as progress; a strict schedule wants
        more than that.
    patience : int
        Training stops after more than this many epochs without progress; a schedule that can lower
        the rate may ask for another number until then.
    keep_best : bool
        Whether to keep a copy of the network at its best epoch, for ``restore``.
    """

    def __init__(self, monitor: str, sign: int, tol: float, patience: int, keep_best: bool) -> None:
        self.monitor = monitor
        self.sign = sign
        self.tol = tol
        self.patience = patience
        self.keep_best = keep_best
        self.reason = None
        self.stopped = False
        self._kept: Checkpoint | None = None

    def n_at_once(self, trainer: Trainer) -> float:
        if self.keep_best and not trainer.validates:
            return 1
        return self._limit(trainer)[0] - trainer.state.stale + 1

    def keeps_above(self, trainer: Trainer) -> float:
        return trainer.state.best if self.keep_best else math.inf

    def epoch_end(self, trainer: Trainer, record: dict[str, Any]) -> bool:
        state = trainer.state
        value = self.sign * record.get(self.monitor, math.nan)
        if math.isnan(value):  # neither better nor worse
            return False
        wanted = state.best + self.tol
        if value > wanted or (value == wanted and not trainer.schedule.strict):
            state.stale = 0
        else:
            state.stale += 1
        if value > state.best:
            state.best, state.best_epoch = value, record["epoch"]
            if self.keep_best and not trainer.validates:
                self.keep(trainer)
            elif self.keep_best and trainer.kept and trainer.kept[0] == record["epoch"]:
                self.keep(trainer, trainer.kept[1])
        if not state.stale:
            return False
        patience, can_lower = self._limit(trainer)
        if state.stale <= patience:
            return False
        self.stopped = self._plateau(trainer, record["learning_rate"], patience, can_lower)
        return self.stopped

    @property
    def has_kept(self) -> bool:
        """Whether there is a best epoch to restore."""
        return self._kept is not None

    def keep(self, trainer: Trainer, numbers: Numbers | None = None) -> None:
        """Keep a copy of the network and the optimizer as they are, or of these ``numbers``, for
        ``restore``.
        """
        if self._kept is None:
            self._kept = Checkpoint(trainer.network, trainer.state)
        else:
            self._kept.take()
        if numbers is not None:
            self._kept.put(numbers)

    def restore(self) -> None:
        """Put the network and the optimizer back to the best epoch, if there is one.

        Overwrites: the trainer's network and state.
        """
        if self._kept is not None:
            self._kept.restore_numbers()

    def _limit(self, trainer):
        """Return how many epochs without progress are borne, and whether the rate falls then."""
        schedule = trainer.schedule
        can_lower = (
            schedule.plateau_factor is not None and trainer.state.clock.decay > schedule.least
        )
        patience = schedule.plateau_patience if can_lower else None
        return self.patience if patience is None else patience, can_lower

    def _plateau(self, trainer, rate, patience, can_lower):
        schedule, state = trainer.schedule, trainer.state
        name = "training_loss" if self.monitor == "loss" else self.monitor
        name = name.replace("_", " ").capitalize()
        self.reason = (
            f"{name} did not improve more than tol={self.tol:f} for {patience} consecutive epochs."
        )
        if schedule.plateau_factor is None:
            return True
        if rate <= 1e-6 or not can_lower:
            self.reason += " Learning rate too small."
            return True
        decay = max(state.clock.decay * schedule.plateau_factor, schedule.least)
        self.reason += f" Setting learning rate to {rate * decay / state.clock.decay:f}."
        state.clock.decay, state.stale = decay, 0
        return False


class InUnits(Callback):
    """Turns the losses of what the network learns into losses in units of the target.

    Parameters
    ----------
    factor, shift : float
        A loss becomes ``factor loss + shift``.
    scored : bool
        Whether ``validation_score`` is minus a loss.
    """

    def __init__(self, factor: float, shift: float, scored: bool) -> None:
        self.factor = factor
        self.shift = shift
        self.scored = scored

    def n_at_once(self, trainer: Trainer) -> float:
        return math.inf

    def epoch_end(self, trainer: Trainer, record: dict[str, Any]) -> None:
        self.convert(record)

    def convert(self, record: dict[str, Any]) -> None:
        """Convert the losses of a record. Overwrites: record."""
        for name in ("loss", "validation_loss"):
            if name in record:
                record[name] = self.factor * record[name] + self.shift
        if self.scored and "validation_score" in record:
            record["validation_score"] = self.factor * record["validation_score"] - self.shift


class History(Callback):
    """Appends each record to a list."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.records = records

    def n_at_once(self, trainer: Trainer) -> float:
        return math.inf

    def epoch_end(self, trainer: Trainer, record: dict[str, Any]) -> None:
        self.records.append(record)


class Progress(Callback):
    """Prints a table of the epochs, a line for each, why the learning rate was lowered, and how
    training ended.

    Parameters
    ----------
    columns : sequence of str
        Keys of the record: "epoch" and those in ``DIGITS``.
    header : bool, default=True
        Whether the names of the columns come first.
    stopping : Patience or None, default=None
        Its ``reason`` is printed when it has lowered the learning rate.
    """

    # significant digits of a number; None: it has three decimals
    DIGITS = {
        "loss": 7,
        "validation_loss": 7,
        "validation_score": 5,
        "learning_rate": 4,
        "gradient_norm": 5,
        "seconds": None,
    }

    def __init__(
        self, columns: Sequence[str], header: bool = True, stopping: Patience | None = None
    ) -> None:
        self.columns = list(columns)
        self.header = header
        self.stopping = stopping
        self._decimals: dict[str, int] = {}  # of each column, by its first number
        self._marks_best = stopping is not None and stopping.monitor == "validation_score"

    def epoch_end(self, trainer: Trainer, record: dict[str, Any]) -> None:
        self.line(record, self._marks_best and trainer.state.best_epoch == record["epoch"])
        stopping = self.stopping
        if stopping is not None and stopping.reason and not stopping.stopped:
            print(stopping.reason)
            stopping.reason = None

    def line(self, record: dict[str, Any], best: bool = False) -> None:
        """Print the line of an epoch; ``best``: whether it has the best score so far."""
        titles = [name.replace("_", " ") for name in self.columns]
        if self.header:
            legend = "  * best so far" if self._marks_best else ""
            print("  ".join(f"{title:>{width_of(title)}}" for title in titles) + legend)
            self.header = False
        cells = [self._cell(name, record[name]) for name in self.columns]
        print(
            "  ".join(
                f"{cell:>{width_of(title)}}" for cell, title in zip(cells, titles, strict=True)
            )
            + ("  *" if best else "")
        )

    def _cell(self, name, value):
        """Return a number as text, with the decimals that the column has, or in powers of ten where
        it is too large or too small for these.
        """
        if name == "epoch":
            return format(value, "d")
        digits = self.DIGITS[name]
        if digits is None or not math.isfinite(value):
            return format(value, ".3f")
        size = abs(value)
        if name not in self._decimals:
            before = max(math.floor(math.log10(size)), 0) + 1 if size else 1
            self._decimals[name] = max(digits - before, 0)
            if name == "learning_rate":
                self._decimals[name] = 6
        decimals = self._decimals[name]
        text = format(value, f".{decimals}f")
        if value and (len(text) > 12 or size < 10.0 ** (2 - decimals)):
            return format(value, ".3e" if digits < 7 else ".5e")
        return text

    def end(self, epoch: int, why: str, weights: str) -> None:
        """Print how training ended: with which epoch, why, and which weights are kept."""
        print(f"Ended with epoch {epoch}: {why[0].lower()}{why[1:]}\n{weights}")


def width_of(title: str) -> int:
    """Return the width of a column of the table of epochs, enough for any number with six digits
    and an exponent.
    """
    return len(title) if title in ("epoch", "seconds") else max(len(title), 12)
