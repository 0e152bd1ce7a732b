"""The training of a fit: what it needs, and what minibatches and L-BFGS share.

The one decision: the record of an epoch, for L-BFGS of an iteration, is filled by the same
callbacks of the core, in the same order, whoever makes the steps.
"""

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from .._data.inputs import Seed
from .._params.penalties import Penalties
from ..nn.engine.diagnostics import Diagnostics
from ..nn.engine.epoch_end import (
    Callback,
    History,
    InUnits,
    Patience,
    Progress,
    Validation,
    ValidationRows,
)
from ..nn.engine.network import Network
from ..nn.engine.state import TrainingState
from ..nn.optimizers import Optimizer
from ..nn.schedules import Schedule
from .data import Member, Sources
from .endings import is_finite
from .progress import columns_of
from .sklearn_callbacks import FitTasks
from .validation import Evaluation


@dataclass(frozen=True)
class Minibatches:
    """How minibatches are trained on: the optimizer ``rule``, its schedule, the number of rows of a
    batch, and the penalties.
    """

    rule: Optimizer
    schedule: Schedule
    batch_size: int
    penalties: Penalties


@dataclass(frozen=True)
class Training:
    """A network that is ready to be trained, and all that its training needs.

    ``estimator``: whose parameters are read; ``records``: the list that grows by one for each
    epoch; ``minibatches``: None for L-BFGS; ``evaluation``: None without held-out rows; ``tasks``:
    None without callbacks of scikit-learn's; ``incremental``: for one epoch only; ``member``: as
    given.
    """

    estimator: BaseEstimator
    network: Network
    state: TrainingState
    records: list[dict[str, Any]]
    data: Sources
    minibatches: Minibatches | None = None
    evaluation: Evaluation | None = None
    tasks: FitTasks | None = None
    incremental: bool = False
    member: Member | None = None

    @property
    def step_rows(self) -> int:
        """Number of rows of a step."""
        return self.data.n_rows if self.minibatches is None else self.minibatches.batch_size

    def diagnostics(self) -> Diagnostics | None:
        """Return what looks at the layers after an epoch, None where nobody asked for it."""
        return Diagnostics() if self.estimator.diagnostics else None

    def progress(self, third: str, stopping: Patience | None = None) -> Progress | None:
        """Return what prints the table of epochs, None unless ``verbose``; ``third``: what its
        third column shows.
        """
        header = not (self.incremental and self.records)
        columns = columns_of(third, self.evaluation)
        return Progress(columns, header, stopping) if self.estimator.verbose else None

    def recorders(
        self,
        diagnostics: Diagnostics | None,
        progress: Progress | None,
        stopping: Patience | None = None,
    ) -> list[Callback]:
        """Return the callbacks that fill the record of an epoch and keep it, in order."""
        every = 1 if self.member is None else self.member.validates_every
        validation = None if self.evaluation is None else Validation(self.evaluate, every)
        callbacks = [
            validation,
            diagnostics,
            stopping,
            self._in_units(),
            History(self.records),
            progress,
            *(() if self.member is None else self.member.callbacks),
        ]
        return [callback for callback in callbacks if callback is not None]

    def validation_rows(self) -> ValidationRows | None:
        """Return the held-out rows for a program, None if there are none or only the estimator
        knows their score.
        """
        return None if self.evaluation is None else self.evaluation.rows()

    def evaluate(self):
        """Return validation loss and score of the network as it would be if training ended now.

        Overwrites: network.
        """
        self.refresh_statistics()
        return self.evaluation()

    def refresh_statistics(self, network: Network | None = None) -> None:
        """Set the running statistics of the network, or of a copy of it, to those of the rows
        trained on. Overwrites: network.
        """
        network = self.network if network is None else network
        data, always = self.data, self.minibatches is None
        network.refresh_statistics(data.x, data.weight, data.rows, always=always)

    def fitted_attributes(self, n_iter: int) -> dict[str, Any] | None:
        """Return copies of the attributes that training sets, as if it had ended now; None if that
        would be no fit, being not finite.
        """
        network = copy.deepcopy(self.network)
        self.refresh_statistics(network)
        if not is_finite(network):
            return None
        state, records = copy.deepcopy(self.state), list(self.records)
        return {"_network": network, "_state": state, "_records": records, "n_iter_": n_iter}

    def _in_units(self):
        """Return what turns losses into units of the target, None where the network learns the
        target as it is.
        """
        estimator, measure = self.estimator, self.estimator._target_measure
        if measure is None:
            return None
        own = estimator.scoring is None and estimator._scores_loss
        return InUnits(*self.network.loss.in_units(measure), own or estimator.scoring == "loss")


def check_batch_rows(training: Training) -> None:
    """Raise ``ValueError`` if batches have fewer rows than a layer can learn from."""
    least, n_rows = training.network.min_rows, training.data.n_rows
    if min(n_rows, training.step_rows) >= least:
        return
    few = f"batch_size={training.step_rows}"
    if n_rows < least:
        few = f"{'partial_fit' if training.incremental else 'fit'} got n_samples={n_rows}"
    raise ValueError(
        f"batch_norm={training.estimator.batch_norm!r} subtracts the mean of a batch, which leaves "
        "nothing of a single row: each batch needs "
        f"{least} rows or more, but {few}. Take larger batches, or batch_norm=False."
    )


def new_state(random_state: Seed) -> TrainingState:
    """Return the state at the start of training, its random stream seeded by scikit-learn's
    ``random_state``.
    """
    rng, seed = random_stream(random_state)
    return TrainingState(rng, seed=seed)


def random_stream(random_state: Seed) -> tuple[np.random.Generator, int]:
    """Return a random stream seeded by scikit-learn's ``random_state``, and the first of its
    seeds.
    """
    seeds = (_kept_seeds if type(random_state) is int else _seeds)(random_state)
    return np.random.Generator(np.random.PCG64(seeds)), seeds[0]


def _seeds(random_state):
    """Return four seeds."""
    return tuple(check_random_state(random_state).randint(2**31 - 1, size=4).tolist())


_kept_seeds = lru_cache(maxsize=1000)(_seeds)  # the fits of a search have the same integer
