"""The end of a training: errors and warnings where it is a bad one, with the likely cause."""

from typing import NamedTuple

import numpy as np
from sklearn.base import is_regressor
from sklearn.exceptions import ConvergenceWarning

from .._params.column_losses import labels_of
from .._params.units import is_lbfgs
from .._warn import warn_user
from ..nn.engine.sources import Part
from ..nn.engine.trainer import DivergedError
from ..nn.losses.base import working_rows

_SAMPLE_ROWS, _SAMPLE_VALUES = 500, 2**18  # of the rows that a trained network is looked at with
_USUAL_WEIGHT = 1e3  # far above what training ends with unless a step explodes
_LARGE, _SMALL = 20.0, 0.02  # sizes of features and targets, those of standardised ones being 1


class Ending(NamedTuple):
    """How a training ended: after how many epochs, whether by itself, with the weights of an
    earlier epoch or not, and after which number of epochs, not planned, if there was progress
    until then.
    """

    n_iter: int
    by_itself: bool = True
    restored: bool = False
    cut_at: int | None = None


def is_finite(network):
    """Return whether all parameters and running statistics are numbers."""
    return bool(np.isfinite(network.params).all() and np.isfinite(network.running).all())


def diverged(estimator, epoch, what="The loss is", where=""):
    """Return the error for weights or losses that are not finite; ``what`` is not.

    ``where``: what the message begins with.
    """
    remedies = (
        []
        if estimator._codec.is_table
        else ["scale the features, for instance with StandardScaler"]
    )  # a table's are scaled
    if not is_lbfgs(estimator):
        remedies.append(f"lower learning_rate_init, now {estimator.learning_rate_init!r}")
        if estimator.clip_norm is None:
            remedies.append("bound the gradient with clip_norm")
    advice = ", or ".join([", ".join(remedies[:-1]), remedies[-1]] if remedies[1:] else remedies)
    return DivergedError(
        f"{where}Solver produced non-finite parameter weights. The input data may contain large "
        "values and need to be preprocessed. "
        f"({what} not finite in {'iteration' if is_lbfgs(estimator) else 'epoch'} {epoch}."
        f"{f' {advice[0].upper()}{advice[1:]}.' if advice else ''})",
        epoch,
        what,
    )


def interrupted(tasks):
    """Warn of an interrupt, tell it the callbacks, and return why training ended.

    ``tasks``: FitTasks or None.
    """
    warn_user("Training interrupted by user.")
    if tasks is not None:
        tasks.interrupt()
    return "Interrupted by the user."


def warn_restored(epoch, best_epoch):
    """Warn that training diverged after an epoch that is kept."""
    warn_user(
        f"Training diverged in epoch {epoch}; the weights of epoch {best_epoch} are restored.",
        ConvergenceWarning,
    )


def _warn_max_iter(n_epochs, causes):
    """Warn that minibatch training ended before it made no more progress, in scikit-learn's
    words, and of the causes, a list of sentences.
    """
    message = (
        f"Stochastic Optimizer: Maximum iterations ({n_epochs}) reached and the "
        "optimization hasn't converged yet."
    )
    warn_user(" ".join([message, *causes]), ConvergenceWarning)


def warn_lbfgs(estimator, result):
    """Warn where SciPy's solver did not converge, in scikit-learn's words.

    ``result``: its OptimizeResult.
    """
    if result.status == 0:
        return
    message = (
        f"lbfgs failed to converge after {result.nit} iteration(s) "
        f"(status={result.status}):\n{result.message}\n"
    )
    if result.nit >= estimator.max_iter:
        message += (
            "\nIncrease the number of iterations to improve the convergence "
            f"(max_iter={estimator.max_iter})."
        )
    message += (
        "\nYou might also want to scale the data as shown in:\n    "
        "https://scikit-learn.org/stable/modules/preprocessing.html"
    )
    warn_user(message, ConvergenceWarning)


def check_ending(training, ending):
    """Raise ``DivergedError`` if a trained network or its scores are not finite; warn if it is no
    good, with the likely cause. ``training``: Training; ``ending``: Ending.
    """
    estimator, network, data = training.estimator, training.network, training.data
    n_epochs = len(training.records)
    if not is_finite(network):
        raise diverged(estimator, n_epochs)
    if training.incremental and not np.any(np.abs(network.params) > _USUAL_WEIGHT):
        return
    rows = _sample(network, data)
    with np.errstate(all="ignore"):
        raw = network.scores(Part(data.x, rows))
    if not np.isfinite(raw).all():
        raise diverged(estimator, n_epochs)
    bad = None
    if ending.by_itself and not training.incremental and training.member is None:
        bad = _what_is_bad(training, ending, rows, raw)
    if ending.cut_at is not None:
        causes = [] if bad else _unscaled_features(estimator, data, rows)
        _warn_max_iter(ending.cut_at, causes)
    if bad:
        warn_user(bad, ConvergenceWarning)


def _sample(network, data):
    """Return the numbers of rows that are spread evenly over those trained on."""
    n = data.n_rows
    most = max(16, min(_SAMPLE_ROWS, _SAMPLE_VALUES // max(data.x.width, network.n_out)))
    places = np.arange(0, n, -(-n // most))
    return places if data.rows is None else data.rows[places]


def _what_is_bad(training, ending, rows, raw):
    """Return a warning's text if the loss is no less than the best constant's, or far above what
    it was, and there is a reason to be seen; else None.

    ``raw``: scores of the row numbers ``rows``. Overwrites: raw.
    """
    estimator, network, data = training.estimator, training.network, training.data
    target = data.target.take(rows, np.empty((len(rows), network.n_targets), network.dtype))
    weight = None if data.weight is None else data.weight[rows].astype(np.float64)
    constant = np.tile(
        network.objective.initial_score(target.astype(np.float64), weight), (len(rows), 1)
    ).astype(network.dtype)
    with np.errstate(all="ignore"):
        losses = [
            working_rows(network.objective, scores, target)[:, 0] for scores in (raw, constant)
        ]
        own, least = (float(np.average(loss, weights=weight)) for loss in losses)
    varies = bool(np.any(np.fmax.reduce(target, axis=0) > np.fmin.reduce(target, axis=0)))
    if not (least > 0.0 and varies):  # nothing to learn, or a likelihood, which has no zero
        return None
    factor, shift = (
        (1.0, 0.0)
        if estimator._target_measure is None
        else network.loss.in_units(estimator._target_measure)
    )
    curve = [own]
    if 0.0 < factor < np.inf:  # in other units the losses are no numbers that say anything
        records = training.records[-max(ending.n_iter, 1) :]
        curve = [(record["loss"] - shift) / factor for record in records]
    last, best, fell_back = curve[-1], min(curve), False
    no_better = own > 0.99 * least
    if not ending.restored and last > 2.0 * best:
        best = _best(curve)
        fell_back = last > 2.0 * best and min(last - best, own) > 0.25 * least
    if not (no_better or fell_back):
        return None
    rise = float(np.diff(curve).max(initial=0.0))
    jumped = rise > 2.0 * least or max(curve) > max(20.0 * least, 2.0 * own)
    exploded = fell_back or (
        jumped and any(np.any(np.abs(w) > 1.0) for w in network.weights())
    )  # a large penalty makes them small
    causes = [
        *_unscaled_features(estimator, data, rows),
        *_unscaled_target(estimator, network, target),
    ]
    if exploded and not causes and not is_lbfgs(estimator):
        causes.append(
            "The learning rate is likely to be too high: lower learning_rate_init, now "
            f"{estimator.learning_rate_init!r}, or let it fall, "
            "as with learning_rate='cosine'."
        )
    causes = causes or _constant_layers(network, data, rows)
    if not causes:
        return None
    found = "no better than" if own < 1.05 * least else f"{own / least:.3g} times"
    last, best = (factor * loss + shift for loss in (last, best))
    what = (
        f"that is {found} that of the best constant prediction"
        if no_better
        else f"of {last:.4g}, far above its best, {best:.4g}"
    )
    return f"Training ended with a loss {what}. {' '.join(causes)}"


def _best(curve):
    """Return the least loss of five epochs in a row, their median: that of one epoch may be luck
    where rows are few or changed at random.
    """
    if len(curve) < 5:
        return min(curve)
    return float(np.median(np.lib.stride_tricks.sliding_window_view(curve, 5), axis=1).min())


def _constant_layers(network, data, rows):
    """Return a list of one or no sentence that a hidden layer lets nothing through, and what
    helps.
    """
    ends = [i + 1 for i, layer in enumerate(network.layers) if layer.activates]
    for number, end in enumerate(ends, 1):
        with np.errstate(all="ignore"):
            outputs = network.scores(Part(data.x, rows), stop=end)
        if not np.ptp(outputs, axis=0).any():
            return [
                f"Hidden layer {number} gives the same output for every row, so that nothing can "
                "be learned through it: its units are dead or saturated, its weights started "
                "equal, or a penalty is too strong. Choose a lower learning_rate_init, another "
                "weight_init or activation, such as 'leaky_relu', batch_norm=True, or a weaker "
                "penalty."
            ]
    return []


def _unscaled_features(estimator, data, rows):
    """Return a list of one or no sentence that features are far from the size that networks are
    made for, and what helps.
    """
    if estimator._codec.is_table:  # its numbers are standardised
        return []
    x = data.x.take(rows, np.empty((len(rows), data.x.width)))
    with np.errstate(over="ignore"):
        sizes = np.sqrt(np.mean(np.square(x), axis=0))
    worst = int(np.argmax(sizes))
    if _SMALL <= sizes[worst] <= _LARGE or not sizes[worst]:
        return []
    which = "" if sizes[worst] > 1.0 else ", the largest,"
    return [
        f"The features are not scaled: {labels_of(estimator)[worst]}{which} has values of the "
        f"size {sizes[worst]:.3g} (root mean square), "
        "where 1 is usual; scale them, for instance with StandardScaler."
    ]


def _unscaled_target(estimator, network, target):
    """Return a list of one or no sentence: that a regressor's target is not scaled, and what
    helps.
    """
    largest = float(np.std(target, axis=0, dtype=np.float64).max())
    if (
        not is_regressor(estimator)
        or estimator._target_measure is not None
        or not network.loss.unbounded
        or _SMALL <= largest <= _LARGE
    ):
        return []
    return [
        f"The target is not scaled: its standard deviation is {largest:.3g}, where 1 is usual; "
        "see normalize_y."
    ]
