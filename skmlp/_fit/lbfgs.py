"""Training by L-BFGS: iterations over all rows at once, each recorded as an epoch is."""

import math
import time

import numpy as np

from ..nn.engine.lbfgs import INTERRUPTED, fit_lbfgs
from .endings import Ending, diverged, interrupted, warn_lbfgs
from .progress import asked_by, lbfgs_ending
from .resumption import resumption_of


class Iterations:
    """The iterations of a training by L-BFGS: what is done before and after each.

    ``plan``: that of the batch of all rows; ``n_made``: iterations that were made before the fit
    was killed that this one goes on with. Overwrites: training.records, training.state.
    """

    validates = False  # as a ``Trainer`` says of its epochs

    def __init__(self, training, plan, progress, n_made):
        self._training, self._plan, self._n_made = training, plan, n_made
        self._diagnostics = training.diagnostics()
        self._recorders = training.recorders(self._diagnostics, progress)
        self._n_before, self._samples = len(training.records), training.state.clock.samples
        self._began = time.perf_counter()

    @property
    def n_done(self):
        """Number of iterations that have a record."""
        return len(self._training.records) - self._n_before

    def begin(self):
        """Tell scikit-learn's callbacks that an iteration begins."""
        if self._training.tasks is not None:
            self._training.tasks.epoch_begin()

    def end(self, loss, norm):
        """Record an iteration and return whether a callback of scikit-learn's wants to stop."""
        self._count(self.n_done + 1)
        self.record(loss, norm)
        tasks = self._training.tasks
        return tasks is not None and tasks.epoch_end(self._fitted)

    def record(self, loss, norm):
        """Make a record of how things are, as ``Trainer`` does after an epoch."""
        record = {
            "epoch": len(self._training.records) + 1,
            "loss": loss,
            "learning_rate": math.nan,
            "gradient_norm": norm,
            "seconds": time.perf_counter() - self._began,
        }
        if self._diagnostics is not None:
            self._diagnostics.measure(self._training.network, self._plan)
        for callback in self._recorders:
            callback.epoch_end(self, record)
        self._began = time.perf_counter()

    def keep(self, n_done):
        """Forget what comes after the first ``n_done`` iterations: one that Ctrl-C took back."""
        del self._training.records[self._n_before + n_done :]
        self._count(n_done)

    def _count(self, n_done):
        """Let the clock have seen the rows of so many iterations."""
        samples = self._samples + self._training.data.n_rows * n_done
        self._training.state.clock.samples = samples

    def _fitted(self):
        """Return the attributes of a fit that ended now."""
        return self._training.fitted_attributes(self._n_made + self.n_done)


def train_lbfgs(training):
    """Minimise over all rows at once and return how it ended, with a fit that it goes on with.

    Overwrites: training.network, training.state, training.records.
    """
    estimator, network, data = training.estimator, training.network, training.data
    tasks, n_made, n = training.tasks, resumption_of(estimator).n_made, data.n_rows
    training.state.monitor = ""  # the weights are to be others than those of the best epoch
    rows = slice(0, n) if data.rows is None else data.rows
    network.prepare(n, keep_outputs=estimator.diagnostics)
    plan = network.plan(n)
    x = data.x.take(rows, None if data.x.sparse and network.sparse_input else plan.x)
    target = data.target.take(rows, plan.target)
    weight = None if data.weight is None else data.weight[rows][:, None]

    progress = training.progress("gradient_norm")
    iterations = Iterations(training, plan, progress, n_made)
    result = fit_lbfgs(
        network,
        x,
        target,
        weight,
        estimator.max_iter - n_made,
        estimator.max_fun,
        float(estimator.tol),
        iterations.end,
        iterations.begin,
    )
    if not math.isfinite(result.fun):
        raise diverged(estimator, len(training.records) + 1)
    iterations.keep(result.nit)
    if not iterations.n_done and not n_made:  # it began at the minimum
        iterations.record(float(result.fun), float(np.linalg.norm(result.jac)))
    result.nit += n_made
    by_itself = False
    if result.status == INTERRUPTED or (tasks is not None and tasks.interrupted):
        why = interrupted(tasks)
    elif tasks is not None and tasks.stopped:
        why = asked_by(estimator)
    else:
        why = lbfgs_ending(estimator, result)
        by_itself = True
    if progress is not None:
        progress.end(len(training.records), why, "The weights are those of the last epoch.")
    if by_itself:
        warn_lbfgs(estimator, result)
    return Ending(result.nit, by_itself)
