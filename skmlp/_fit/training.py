"""Running a solver for an estimator: minibatches, L-BFGS."""

import copy
import math
import time

import numpy as np
from sklearn.utils import check_random_state

from .._params.build import augmenters, l1_strengths, penalty_strengths
from ..nn.engine.diagnostics import Diagnostics
from ..nn.engine.epoch_end import History, InUnits, Patience, Progress, Validation
from ..nn.engine.lbfgs import INTERRUPTED, fit_lbfgs
from ..nn.engine.state import Checkpoint, TrainingState
from ..nn.engine.trainer import DivergedError, Trainer, batch_bounds
from ..nn.optimizers.l2 import merged
from ..nn.optimizers.updater import Updater
from .backend import compiled_backend
from .endings import (
    Ending,
    diverged,
    interrupted,
    is_finite,
    warn_lbfgs,
    warn_max_iter,
    warn_restored,
)
from .progress import asked_by, columns_of, kept_weights, lbfgs_ending
from .resumption import resumption_of
from .sklearn_callbacks import EpochTasks


def train_minibatches(
    estimator,
    network,
    rule,
    schedule,
    state,
    records,
    data,
    batch_size,
    evaluate,
    incremental,
    tasks=None,
):
    """Train for up to ``max_iter`` epochs (one if ``incremental``) and return how it ended, with a
    fit that it goes on with.

    ``data``: namespace of sources ``x`` and ``target``, ``weight`` (n,) or None, ``rows`` to use or
    None; ``tasks``: FitTasks or None. Overwrites: network, state, records.
    """
    resumption, n_epochs, ended_well = (
        resumption_of(estimator),
        1 if incremental else estimator.max_iter,
        True,
    )
    n_before, uncounted = len(records) - resumption.n_made, len(records) - round(state.clock.epoch)
    diagnostics = Diagnostics() if estimator.diagnostics else None
    trainer = make_trainer(estimator, network, rule, schedule, state, data, batch_size, diagnostics)

    watched = bool(estimator.early_stopping and evaluate is not None)
    monitor, sign = ("validation_score", 1) if watched else ("loss", -1)
    measure = f"{monitor} {estimator.scoring}" if watched else monitor
    if state.monitor != measure:
        state.monitor, state.best, state.best_epoch, state.stale = measure, -math.inf, 0, 0
    stopping = Patience(
        monitor, sign, float(estimator.tol), estimator.n_iter_no_change, keep_best=watched
    )
    callbacks = [] if evaluate is None else [Validation(evaluate)]
    callbacks += [] if diagnostics is None else [diagnostics]
    callbacks += [stopping, *in_units(estimator, network), History(records)]
    progress = (
        Progress(columns_of("learning_rate", evaluate), not (incremental and records), stopping)
        if estimator.verbose
        else None
    )
    callbacks += [] if progress is None else [progress]

    def fitted():
        now = Checkpoint(network, state)
        stopping.restore()
        try:
            return fitted_attributes(network, state, records, len(records) - n_before, data)
        finally:
            now.restore()

    callbacks += [] if tasks is None else [EpochTasks(tasks, fitted)]
    trainer.callbacks = callbacks
    if watched and state.best_epoch:
        stopping.keep(trainer, resumption.best)
    why = None
    try:
        ended_well = trainer.fit(
            data.x, data.target, data.weight, data.rows, n_epochs, resumption.n_made, uncounted
        )
        if tasks is not None and tasks.interrupted:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        del records[round(state.clock.epoch) + uncounted :]
        if len(records) == n_before:
            raise
        why = interrupted(tasks)
    except DivergedError as error:
        if not stopping.has_kept:
            raise diverged(estimator, error.epoch, error.what) from None
        why = str(error)
        warn_restored(error.epoch, state.best_epoch)
    if watched and why is None and not stopping.has_kept:
        raise ValueError(evaluate.undefined(len(records) - n_before))
    if not (ended_well or incremental or schedule.planned):
        warn_max_iter(n_epochs)
    stopping.restore()
    by_itself = why is None and not (tasks is not None and tasks.stopped)
    if progress is not None and not incremental:
        if why is None:
            why = (
                stopping.reason
                if stopping.stopped
                else asked_by(estimator)
                if ended_well
                else f"max_iter={n_epochs} reached."
            )
        progress.end(len(records), why, kept_weights(stopping, state, len(records)))
    return Ending(len(records) - n_before, by_itself, stopping.has_kept)


def make_trainer(estimator, network, rule, schedule, state, data, batch_size, diagnostics=None):
    """Return a trainer of a network by an estimator's parameters, as yet without callbacks; the
    network is prepared for it.

    ``data``: as for ``train_minibatches``, with the ``unit`` of the weights; ``diagnostics``: what
    looks at the last batch of each epoch. Overwrites: network, state.
    """
    if (
        state.rule != type(rule).__name__
    ):  # another rule's slots mean something else, and its steps do not count
        state.rule, state.clock.step, state.slots, state.scalars = type(rule).__name__, 0, {}, {}
    penalised = network.penalised
    decays = (
        list(zip(penalised, penalty_strengths(estimator, len(penalised)), strict=True))
        if rule.decoupled
        else []
    )
    unit = 1.0 if rule.decoupled else data.unit
    l1 = merged(
        zip(
            penalised,
            [strength / unit for strength in l1_strengths(estimator, len(penalised))],
            strict=True,
        )
    )
    weights = [view for (_, name), view in network.views().items() if name == "weight"]
    state.slots = {
        name: slot.astype(network.dtype, copy=False) for name, slot in state.slots.items()
    }
    n_rows = data.x.n_rows if data.rows is None else len(data.rows)
    compiled = compiled_backend(network, n_rows)
    bounds = batch_bounds(n_rows, batch_size, network.min_rows)
    n_most = max(stop - start for start, stop in bounds)
    network.prepare(n_most, state.rng, compiled=compiled, keep_outputs=diagnostics is not None)
    kernel = compiled and compiled.update(rule)
    updater = Updater(
        rule,
        network.params,
        network.grads,
        state.slots,
        state.clock.step,
        network.penalties,
        decays,
        kernel=kernel,
        l1=l1,
        weights=weights,
        max_norm=estimator.max_norm,
        scalars=state.scalars,
    )
    return Trainer(
        network,
        updater,
        schedule,
        estimator.learning_rate_init,
        state,
        batch_size,
        shuffle=estimator.shuffle,
        norm_limit=estimator.clip_norm,
        value_limit=estimator.clip_value,
        augmentation=augmenters(estimator, data.x),
        probe=None if diagnostics is None else diagnostics.measure,
    )


def train_lbfgs(estimator, network, state, records, data, evaluate, tasks=None):
    """Minimise over all rows at once and return how it ended, with a fit that it goes on with.

    ``tasks``: FitTasks or None. Overwrites: network, state, records.
    """
    state.monitor = ""  # the weights are to be others than those of the best epoch
    rows = slice(0, data.x.n_rows) if data.rows is None else data.rows
    n = data.x.n_rows if data.rows is None else len(rows)
    network.prepare(n, compiled=compiled_backend(network, n), keep_outputs=estimator.diagnostics)
    plan, n_start, n_made = network.plan(n), len(records), resumption_of(estimator).n_made
    x = data.x.take(rows, None if data.x.sparse and network.sparse_input else plan.x)
    target = data.target.take(rows, plan.target)
    weight = None if data.weight is None else data.weight[rows][:, None]

    diagnostics = Diagnostics() if estimator.diagnostics else None
    progress = Progress(columns_of("gradient_norm", evaluate)) if estimator.verbose else None
    began = time.perf_counter()

    def iteration_end(loss, norm):
        nonlocal began
        seconds = time.perf_counter() - began
        record = {
            "epoch": len(records) + 1,
            "loss": loss,
            "learning_rate": math.nan,
            "gradient_norm": norm,
            "seconds": seconds,
        }
        if evaluate is not None:
            record["validation_loss"], record["validation_score"] = evaluate()
        if diagnostics is not None:
            diagnostics.measure(network, plan)
            record.update(diagnostics.values)
        for units in in_units(estimator, network):
            units.convert(record)
        records.append(record)
        if progress is not None:
            progress.line(record)
        began = time.perf_counter()

    def fitted():
        n_iter = len(records) - n_start
        return fitted_attributes(
            network, state, records, n_made + n_iter, data, n_rows=n * n_iter, always=True
        )

    def task_end(loss, norm):
        iteration_end(loss, norm)
        return tasks.epoch_end(fitted)

    ends = (iteration_end,) if tasks is None else (task_end, tasks.epoch_begin)
    result = fit_lbfgs(
        network,
        x,
        target,
        weight,
        estimator.max_iter - n_made,
        estimator.max_fun,
        float(estimator.tol),
        *ends,
    )
    if not math.isfinite(result.fun):
        raise diverged(estimator, len(records) + 1)
    del records[n_start + result.nit :]  # that of an iteration which Ctrl-C took back
    if len(records) == n_start and not n_made:
        iteration_end(float(result.fun), float(np.linalg.norm(result.jac)))
    state.clock.samples += n * result.nit
    result.nit += n_made
    by_itself = False
    if result.status == INTERRUPTED or (tasks is not None and tasks.interrupted):
        why = interrupted(tasks)
    elif tasks is not None and tasks.stopped:
        why = asked_by(estimator)
    else:
        why = lbfgs_ending(estimator, result)
        warn_lbfgs(estimator, result)
        by_itself = True
    if progress is not None:
        progress.end(len(records), why, "The weights are those of the last epoch.")
    return Ending(result.nit, by_itself)


def in_units(estimator, network):
    """Return what turns losses into units of the target, a list that is empty where the network
    learns the target as it is.
    """
    if estimator._target_measure is None:
        return []
    scored = estimator.scoring == "loss" or (estimator.scoring is None and estimator._scores_loss)
    return [InUnits(*network.loss.in_units(estimator._target_measure), scored)]


def fitted_attributes(network, state, records, n_iter, data, n_rows=0, always=False):
    """Return copies of the attributes that training sets, as if it had ended now; None if that
    would be no fit, being not finite.

    ``n_rows``: rows seen that the clock does not know of yet; ``always``: as for
    ``Network.refresh_statistics``.
    """
    network, state = copy.deepcopy(network), copy.deepcopy(state)
    state.clock.samples += n_rows
    network.refresh_statistics(data.x, data.weight, data.rows, always)
    if not is_finite(network):
        return None
    return {"_network": network, "_state": state, "_records": list(records), "n_iter_": n_iter}


def new_state(random_state):
    """Return the state at the start of training, its random stream seeded by scikit-learn's
    ``random_state``.
    """
    seeds = check_random_state(random_state).randint(2**31 - 1, size=4).tolist()
    return TrainingState(np.random.Generator(np.random.PCG64(seeds)), seed=seeds[0])
