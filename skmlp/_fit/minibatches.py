"""Training on minibatches: epochs until nothing gets better, and how they end."""

import math
from functools import partial

from .._params.augmentation import augmenters
from ..nn.engine.epoch_end import Patience
from ..nn.engine.state import Checkpoint
from ..nn.engine.trainer import DivergedError, Trainer, batch_bounds
from ..nn.optimizers.l2 import merged
from ..nn.optimizers.updater import Updater
from .backend import compiled_backend
from .endings import Ending, diverged, interrupted, warn_restored
from .progress import asked_by, kept_weights
from .resumption import resumption_of
from .sklearn_callbacks import EpochTasks


def train_minibatches(training):
    """Train for up to ``max_iter`` epochs (one of ``partial_fit``) and return how it ended, with a
    fit that it goes on with. Overwrites: training.network, training.state, training.records.
    """
    estimator, data, tasks = training.estimator, training.data, training.tasks
    state, records = training.state, training.records
    resumption, n_epochs = resumption_of(estimator), 1
    if not training.incremental:
        n_epochs = estimator.max_iter
    n_before, uncounted = len(records) - resumption.n_made, len(records) - round(state.clock.epoch)
    stopping, diagnostics = _stopping(training), training.diagnostics()
    progress = training.progress("learning_rate", stopping)
    callbacks = training.recorders(diagnostics, progress, stopping)
    if tasks is not None:
        callbacks.append(EpochTasks(tasks, partial(_fitted, training, stopping, n_before)))
    augmentation = augmenters(estimator, data.x)
    state.use_rule(training.minibatches.rule, training.network.dtype)
    trainer = make_trainer(training, augmentation, callbacks, diagnostics)
    if stopping.keep_best and state.best_epoch:
        stopping.keep(trainer, resumption.best)

    ended_well, why = True, None
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
    n_iter = len(records) - n_before
    if stopping.keep_best and why is None and not stopping.has_kept:
        raise ValueError(training.evaluation.undefined(n_iter))
    stopping.restore()
    if progress is not None and not training.incremental:
        reason = why or _reason(estimator, stopping, ended_well)
        progress.end(len(records), reason, kept_weights(stopping, state, len(records)))
    planned = training.incremental or training.minibatches.schedule.planned
    by_itself = why is None and not (tasks is not None and tasks.stopped)
    cut_at = None if ended_well or planned else n_epochs
    return Ending(n_iter, by_itself, stopping.has_kept, cut_at)


def make_trainer(training, augmentation, callbacks=(), diagnostics=None):
    """Return what trains a network on minibatches; the network is prepared for it.

    ``diagnostics``: what looks at the last batch of each epoch. Overwrites: training.network,
    training.state.
    """
    estimator, network, state = training.estimator, training.network, training.state
    batches, n_rows = training.minibatches, training.data.n_rows
    bounds = batch_bounds(n_rows, batches.batch_size, network.min_rows)
    n_epochs = 1 if training.incremental else estimator.max_iter
    n_steps = n_epochs * len(bounds) * (1 if training.member is None else training.member.n_alike)
    compiled = compiled_backend(network.params.size, n_steps)
    make_program = None
    if compiled is not None:
        is_member = training.member is not None
        held_out = None if is_member else training.validation_rows()
        make_program = partial(compiled.program, at_once=is_member, held_out=held_out)
    n_most = max(stop - start for start, stop in bounds)
    network.prepare(n_most, state.rng, keep_outputs=diagnostics is not None)
    penalised = network.penalised
    updater = Updater(
        batches.rule,
        network.params,
        network.grads,
        state.slots,
        state.clock.step,
        network.penalties,
        list(zip(penalised, batches.penalties.decay, strict=False)),
        l1=merged(zip(penalised, batches.penalties.l1, strict=True)),
        weights=[view for (_, name), view in network.views().items() if name == "weight"],
        max_norm=estimator.max_norm,
        scalars=state.scalars,
        rates=network.layout.rates(),
    )
    return Trainer(
        network,
        updater,
        batches.schedule,
        estimator.learning_rate_init,
        state,
        batches.batch_size,
        shuffle=estimator.shuffle,
        norm_limit=estimator.clip_norm,
        value_limit=estimator.clip_value,
        callbacks=callbacks,
        augmentation=augmentation,
        probe=None if diagnostics is None else diagnostics.measure,
        make_program=make_program,
    )


def _stopping(training):
    """Return what stops a training that makes no more progress.

    What it has seen of an earlier fit counts if that was measured in the same way, else it is
    forgotten. Overwrites: training.state.
    """
    estimator, state = training.estimator, training.state
    watched = bool(estimator.early_stopping and training.evaluation is not None)
    monitor, sign = ("validation_score", 1) if watched else ("loss", -1)
    measure = f"{monitor} {estimator.scoring}" if watched else monitor
    if state.monitor != measure:
        state.monitor, state.best, state.best_epoch, state.stale = measure, -math.inf, 0, 0
    patience = estimator.n_iter_no_change
    return Patience(monitor, sign, float(estimator.tol), patience, keep_best=watched)


def _fitted(training, stopping, n_before):
    """Return the attributes of a fit that ended now, with the weights of its best epoch where these
    are kept. ``n_before``: records of earlier fits.
    """
    now = Checkpoint(training.network, training.state)
    stopping.restore()
    try:
        return training.fitted_attributes(len(training.records) - n_before)
    finally:
        now.restore()


def _reason(estimator, stopping, ended_well):
    """Return why training ended that was neither interrupted nor diverged."""
    if stopping.stopped:
        return stopping.reason
    return asked_by(estimator) if ended_well else f"max_iter={estimator.max_iter} reached."
