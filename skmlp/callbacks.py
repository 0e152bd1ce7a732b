"""Callbacks for ``set_callbacks`` of this package's estimators and of any other that supports
scikit-learn's protocol (1.9 and later).

What a fit that goes on with a killed one needs of a callback's memory is in the file of a
``Snapshot``.

To add one: derive from ``FitMemory``, write ``begin``, what to remember of a fit, ``kept``, what of
that a snapshot keeps, and ``on_fit_task_end``; return True there to stop.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from os import PathLike
from types import SimpleNamespace
from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring

from ._base import BaseMLP
from ._data.inputs import MatrixLike
from ._fit.fit_memory import FitMemory, kept_by_name
from ._fit.resumption import Resumption, resumed
from ._fit.validation import score_of
from ._saved import snapshot_file as _snapshot_file
from .nn.engine.state import numbers, put_numbers

__all__ = ["EarlyStopping", "Snapshot", "TimeLimit"]


class EarlyStopping(FitMemory):
    """Stops training when a score has made no progress for some epochs.

    The estimator keeps the weights of its last epoch. The parameter ``early_stopping=True`` of this
    package's estimators restores those of the best one; its validation rows are a part of the
    training rows or ``X_val`` of ``fit``. This callback gets its validation set when it is made, as
    a search needs it, and works with other estimators that take callbacks.

    Parameters
    ----------
    scoring : str, callable or None, default=None
        The score that is monitored: any scikit-learn scorer; None is the estimator's own ``score``.
    X_val, y_val : array-like, default=None
        Rows to score on. In a ``Pipeline``, give rows already transformed by the preceding steps.
        With None these are the training rows, with their ``sample_weight`` if there is one. An
        estimator that learns without y needs no ``y_val``.
    n_iter_no_change : int >= 1, default=10
        Training stops after more than this many epochs without progress.
    tol : float >= 0, default=1e-4
        Minimum improvement on the best score so far that counts as progress.

    Raises
    ------
    ValueError
        If ``n_iter_no_change`` or ``tol`` is out of range, or ``y_val`` is given without ``X_val``.

    Examples
    --------
    >>> from skmlp.callbacks import EarlyStopping
    >>> stopping = EarlyStopping("neg_log_loss", n_iter_no_change=5)
    """

    kept = ("best", "stale")

    def __init__(
        self,
        scoring: str | Callable[..., float] | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: MatrixLike | None = None,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
    ) -> None:
        super().__init__()
        if X_val is None and y_val is not None:
            raise ValueError("y_val was given without X_val; give both or neither.")
        self.scoring = scoring
        self.X_val = X_val
        self.y_val = y_val
        self.n_iter_no_change = _checked(n_iter_no_change, "n_iter_no_change", Integral, 1)
        self.tol = _checked(tol, "tol", Real, 0)

    def begin(self, estimator: BaseEstimator, context: Any) -> SimpleNamespace:
        """Return what is remembered of a fit: the scorer, and no progress so far."""
        return SimpleNamespace(
            scorer=check_scoring(estimator, scoring=self.scoring),
            root=context,
            best=-math.inf,
            stale=0,
        )

    def on_fit_task_end(
        self,
        estimator: BaseEstimator,
        context: Any,
        *,
        X: MatrixLike | None = None,
        y: Any = None,
        metadata: dict[str, Any] | None = None,
        fitted_estimator: BaseEstimator | None = None,
    ) -> bool:
        """Score the estimator after an epoch and return whether to stop."""
        fit = self.of(estimator)
        if fit is None or fitted_estimator is None or context.parent is not fit.root:
            return False
        names = {}
        if self.X_val is not None:
            X, y = self.X_val, self.y_val
        elif metadata is not None:
            names = metadata
        score = fit.scorer(fitted_estimator, X, *(() if y is None else (y,)), **names)
        score = score_of(score, self.scoring)
        fit.stale = 0 if score >= fit.best + self.tol else fit.stale + 1
        fit.best = score if score > fit.best else fit.best
        return fit.stale > self.n_iter_no_change


class Snapshot(FitMemory):
    """Writes a checkpoint, the fitted estimator, into a file every few epochs, so that a fit that
    is killed can be continued from there (:meth:`~skmlp.callbacks.Snapshot.resume`).

    The file holds two pickles: the estimator as a fit that stopped at this epoch would have left
    it, without its callbacks, and the state needed to resume. It is written when the next epoch
    begins, and when the fit ends: first as a temporary file in the same directory, which is flushed
    to disk and then renamed in one step. So after a crash of the process or the machine the file is
    the last complete snapshot or the one before. (A temporary file that was being written at that
    moment is left as ``.<name>.<random>.tmp``.)

    The new file keeps the permissions of the one it replaces; without one it gets the default
    permissions of the process (umask). If ``path`` is a symbolic link, the link stays, and the file
    that it points to is replaced.

    Clones write to the same file: set this callback on an estimator that is fitted once, not on one
    in a search or an ensemble.

    Parameters
    ----------
    path : str or path-like
        The file. Its directory must exist; a file of this name is replaced.
    every : int >= 1, default=1
        Number of epochs from one snapshot to the next, counted from the beginning of this fit.

    Raises
    ------
    ValueError
        If ``every`` is not a positive integer; when a fit begins, if a parameter of the estimator
        cannot be pickled, such as a lambda.
    OSError
        When a fit begins, if the directory does not exist or is not writable, or if ``path`` exists
        and is not a file.

    Examples
    --------
    >>> from skmlp.callbacks import Snapshot
    >>> snapshot = Snapshot("model.pkl", every=5)

    After the fit was killed::

        model = snapshot.resume(X, y)
    """

    in_a_search = (
        "fit the best estimator once more with it, since all fits of a search would "
        "write into one file"
    )

    def __init__(self, path: str | PathLike, *, every: int = 1) -> None:
        super().__init__()
        self.path = path
        self.every = _checked(every, "every", Integral, 1)

    def resume(
        self,
        X: MatrixLike,
        y: MatrixLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        callbacks: Sequence[Any] = (),
        **fit_params: Any,
    ) -> BaseEstimator:
        """Continue the fit that wrote the file to its planned end, and return the estimator.

        The result is bit-identical to that of a fit that was not interrupted, ``n_iter_`` and the
        parameters included, also with ``early_stopping`` and with a learning rate that is planned
        over all epochs. There are two exceptions: 'lbfgs' starts with a new approximation of the
        curvature, and random numbers from another source than the estimator, such as those of a
        splitter of ``validation_cv`` without an integer ``random_state``, are drawn again.

        A fit that had ended is not trained further, unless Ctrl-C ended it; so ``resume`` can be
        called after every restart. It writes snapshots as before. For more epochs than were planned
        use ``warm_start``.

        Loading a pickle can run code that its author put there: use only files of your own.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows that were given to ``fit``. In a ``Pipeline``, give rows already transformed by
            the preceding steps.
        y : array-like, default=None
            The targets that were given to ``fit``; None for an autoencoder.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights that were given to ``fit``.
        callbacks : sequence, default=()
            The other callbacks of the fit, with the same parameters.
            :class:`~skmlp.callbacks.EarlyStopping` and :class:`~skmlp.callbacks.TimeLimit` get
            their state from the file; the log of a ``ScoringMonitor`` is not in it.
        **fit_params : dict
            Other arguments that were given to ``fit``, such as ``X_val``.

        Returns
        -------
        estimator : object
            The estimator from the file, fitted, with these callbacks.

        Raises
        ------
        FileNotFoundError
            If there is no snapshot yet: call ``fit``.
        ValueError
            If the file is not a snapshot, if a callback whose state is in it is missing, or if the
            number of training rows differs.
        """
        if not isinstance(callbacks, Iterable):
            raise TypeError(f"callbacks must be a list of callbacks, got {callbacks!r}.")
        estimator, record = _snapshot_file.read(self.path)
        callbacks = [
            *callbacks,
            *([] if any(callback is self for callback in callbacks) else [self]),
        ]
        estimator.set_callbacks(*callbacks)
        if not (record["ended"] or isinstance(estimator, BaseMLP)):
            raise TypeError(
                f"{type(estimator).__name__} cannot go on from its last snapshot; estimators of "
                "skmlp can."
            )
        if record["ended"] or estimator.n_iter_ >= estimator.max_iter:
            return estimator
        named = kept_by_name(callbacks)
        missing = [name for name, _ in record["memories"].keys() - named.keys()]
        if missing:
            raise ValueError(
                f"The fit that is to go on had {' and '.join(sorted(missing))} among its "
                "callbacks; give the same callbacks again, as in "
                f"resume(X, y, callbacks=[{missing[0]}(...)])."
            )
        memories = {id(named[key]): memory for key, memory in record["memories"].items()}
        best = None
        if record["numbers"] is not None:
            best = numbers(estimator._network, estimator._state)
            put_numbers(estimator._network, estimator._state, record["numbers"])
        with resumed(estimator, Resumption(estimator.n_iter_, best, memories, record["n_rows"])):
            return estimator.fit(X, y, sample_weight, **fit_params)

    def begin(self, estimator: BaseEstimator, context: Any) -> SimpleNamespace:
        """Return what is remembered of a fit: where to write, and nothing to write so far. Raise
        if that place or the estimator does not allow it.
        """
        target = _snapshot_file.place_of(self.path)
        _snapshot_file.check_place(self.path, target, _snapshot_file.pickled(estimator))
        return SimpleNamespace(
            root=context,
            target=target,
            waiting=None,
            ended=True,
            whole=True,
            numbers=None,
            before=_seen(estimator),
        )

    def on_fit_task_begin(self, estimator: BaseEstimator, context: Any) -> None:
        """Write the estimator as the last epoch left it if it is time to: by now all callbacks
        have seen that epoch, and none stopped.
        """
        fit = self.of(estimator)
        if fit is not None and fit.waiting is not None:
            fitted, fit.waiting = fit.waiting, None
            self._write(estimator, fit, fitted, ended=False, current=_current(estimator))

    def on_fit_task_end(
        self,
        estimator: BaseEstimator,
        context: Any,
        *,
        fitted_estimator: BaseEstimator | None = None,
    ) -> bool:
        """Keep the estimator for writing if it is time to, and write the end of a fit; training
        goes on.
        """
        fit = self.of(estimator)
        if fit is None or fitted_estimator is None:
            return False
        if context.parent is fit.root:
            fit.waiting = fitted_estimator if (context.task_id + 1) % self.every == 0 else None
        elif context is fit.root and fit.whole:
            self._write(estimator, fit, fitted_estimator, fit.ended, fit.numbers)
        return False

    def on_interrupt(self, estimator: BaseEstimator, in_callback: bool) -> None:
        """Remember that Ctrl-C has ended training, and where to go on; what a callback that was
        interrupted did not see is not written.
        """
        fit = self.of(estimator)
        if fit is not None:
            fit.ended, fit.whole, fit.numbers = False, not in_callback, _current(estimator)

    def _write(self, estimator, fit, fitted, ended, current):
        """Write the file; ``current``: the numbers that training goes on with, or None."""
        memories = {}
        for key, callback in kept_by_name(estimator._skl_callbacks).items():
            memory = callback.of(estimator)
            memories[key] = {name: getattr(memory, name) for name in callback.kept}
        rows, epochs = (now - then for now, then in zip(_seen(fitted), fit.before, strict=True))
        record = {
            "ended": ended,
            "numbers": current,
            "memories": memories,
            "n_rows": rows // epochs if rows and epochs else None,
        }
        _snapshot_file.write(fit.target, fitted, record)


class TimeLimit(FitMemory):
    """Stops training after the epoch in which a time limit passes.

    Each fit, that of a clone too, has its own time, which starts when the fit begins; the first
    epoch is always completed. A fit resumed from a :class:`~skmlp.callbacks.Snapshot` also counts
    the time used before the snapshot.

    Parameters
    ----------
    seconds : float >= 0
        The limit, in seconds of elapsed time.

    Raises
    ------
    ValueError
        If ``seconds`` is not a finite number that is at least 0.

    Examples
    --------
    >>> from skmlp.callbacks import TimeLimit
    >>> limit = TimeLimit(60)
    """

    kept = ("elapsed",)

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = _checked(seconds, "seconds", Real, 0)

    def begin(self, estimator: BaseEstimator, context: Any) -> SimpleNamespace:
        """Return what is remembered of a fit: when it began, and no time used so far."""
        return SimpleNamespace(elapsed=0.0, looked=time.monotonic())

    def on_fit_task_end(self, estimator: BaseEstimator, context: Any) -> bool:
        """Return whether the limit has passed."""
        fit = self.of(estimator)
        if fit is None:
            return False
        before, fit.looked = fit.looked, time.monotonic()
        fit.elapsed += fit.looked - before
        return fit.elapsed >= self.seconds


def _checked(value, name, kind, least):
    """Return the value if it is a finite number of this kind that is large enough."""
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value < math.inf:
        what = "an integer" if kind is Integral else "a finite number"
        raise ValueError(f"{name} must be {what} that is at least {least}, got {value!r}.")
    return value


def _seen(estimator):
    """Return the number of rows that training has seen so far, epoch for epoch, and of the
    epochs; (0, 0) if that is not known.
    """
    return (
        (estimator._state.clock.samples, len(estimator._records))
        if isinstance(estimator, BaseMLP)
        else (0, 0)
    )


def _current(estimator):
    """Return the numbers that training goes on with, None where the fitted estimator has them
    too.
    """
    if isinstance(estimator, BaseMLP) and estimator.early_stopping:
        return numbers(estimator._network, estimator._state)
    return None
