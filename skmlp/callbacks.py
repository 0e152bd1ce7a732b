"""Callbacks for ``set_callbacks`` of this package's estimators and of any other that supports scikit-learn's protocol (1.9 and later).

The one decision: a callback remembers nothing but its parameters between fits, and keeps one memory for each fit that is running, since
clones share their callbacks and may be fitted at the same time.

To add one: derive from ``FitMemory``, write ``begin``, what to remember of a fit, and ``on_fit_task_end``; return True there to stop.
"""

import math
import os
import pickle
import time
import uuid
from abc import ABC, abstractmethod
from numbers import Integral, Real
from pathlib import Path
from types import SimpleNamespace

from sklearn.metrics import check_scoring

from ._sklearn import without_callbacks

__all__ = ["EarlyStopping", "Snapshot", "TimeLimit"]


class FitMemory(ABC):
    """What the callbacks share: a memory for each fit that is running, made when it begins and dropped when it ends, however it ends."""

    def __init__(self):
        self._fits = {}

    @abstractmethod
    def begin(self, estimator, context):
        """Return what to remember of a fit that begins; raise if the callback cannot do its work in it."""

    @abstractmethod
    def on_fit_task_end(self, estimator, context):
        """Called at the end of a fit and of each of its epochs; return True to stop after the epoch."""

    def setup(self, estimator, context):
        """Called by the estimator when a fit begins."""
        self._fits[id(estimator)] = self.begin(estimator, context)

    def teardown(self, estimator, context):
        """Called by the estimator when a fit has ended, well or not."""
        self._fits.pop(id(estimator), None)

    def of(self, estimator):
        """Return the memory of the estimator's fit, None for a task of a search in another process."""
        return self._fits.get(id(estimator))

    def on_fit_task_begin(self, estimator, context):  # noqa: B027, the protocol asks for it
        """Called at the beginning of a fit and of each of its epochs; does nothing."""

    def __getstate__(self):
        return {**self.__dict__, "_fits": {}}


class EarlyStopping(FitMemory):
    """Stops training when a score has made no progress for some epochs.

    The estimator keeps the weights of its last epoch. The parameter ``early_stopping=True`` of this package's estimators restores those
    of the best one, and takes its validation rows out of the training rows itself; this callback is for a validation set that does not
    go through ``fit``, as in a search, and for other estimators.

    Parameters
    ----------
    scoring : str, callable or None, default=None
        What is watched: the estimator's own ``score``, or any scikit-learn scorer.
    X_val, y_val : array-like, default=None
        Rows to score on, as the estimator itself would be given them: in a ``Pipeline`` after the steps before it. None: the training
        rows, with their ``sample_weight`` if there is one. An estimator that learns without y needs no ``y_val``.
    n_iter_no_change : int, default=10
        Training stops after more than this many epochs without progress.
    tol : float, default=1e-4
        Least improvement on the best score so far that counts as progress.

    Raises
    ------
    ValueError
        If ``n_iter_no_change`` or ``tol`` is out of range, or ``y_val`` is given without ``X_val``.

    Examples
    --------
    >>> from skmlp.callbacks import EarlyStopping
    >>> stopping = EarlyStopping("neg_log_loss", n_iter_no_change=5)
    """

    def __init__(self, scoring=None, *, X_val=None, y_val=None, n_iter_no_change=10, tol=1e-4):
        super().__init__()
        if X_val is None and y_val is not None:
            raise ValueError("y_val was given without X_val; give both or neither.")
        self.scoring = scoring
        self.X_val = X_val
        self.y_val = y_val
        self.n_iter_no_change = _checked(n_iter_no_change, "n_iter_no_change", Integral, 1)
        self.tol = _checked(tol, "tol", Real, 0)

    def begin(self, estimator, context):
        """Return the scorer, and that there was no progress yet."""
        return SimpleNamespace(scorer=check_scoring(estimator, scoring=self.scoring), root=context, best=-math.inf, stale=0)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        """Score the estimator after an epoch and return whether to stop."""
        fit = self.of(estimator)
        if fit is None or fitted_estimator is None or context.parent is not fit.root:
            return False
        names = {}
        if self.X_val is not None:
            X, y = self.X_val, self.y_val
        elif metadata is not None:
            names = metadata
        score = float(fit.scorer(fitted_estimator, X, **names) if y is None else fit.scorer(fitted_estimator, X, y, **names))
        fit.stale = 0 if score >= fit.best + self.tol else fit.stale + 1
        fit.best = score if score > fit.best else fit.best
        return fit.stale > self.n_iter_no_change


class Snapshot(FitMemory):
    """Writes the fitted estimator into a file every few epochs, so that a fit that is killed can go on from there.

    The file is a pickle of the estimator as a fit that stopped at this epoch would have left it, without its callbacks. It is written
    beside its place, brought to the disk, and then moved there in one step: whenever the process or the machine dies, the file is the
    last complete snapshot or the one before. (What was being written at that moment stays behind as ``.<name>.<random>.tmp``.)
    When a fit ends, its end is written too.

    To go on, load it, set ``warm_start=True`` and ``max_iter`` to the epochs that are left, and call ``fit`` with the same data. The
    result has the same bits as that of a fit that was not killed, unless something looks further than an epoch:
    ``early_stopping=True``, which goes on from the best weights so far, 'lbfgs', which learns the curvature anew, and a
    learning rate that is planned over all epochs, which needs its ``n_epochs``, as in ``Cosine(n_epochs=100)``.

    Clones write into the same file: give it to an estimator that is fitted once, not to one in a search or an ensemble.

    Parameters
    ----------
    path : str or path-like
        The file. Its directory exists; a file of this name is replaced.
    every : int, default=1
        Epochs from one snapshot to the next, counted from the beginning of this fit.

    Raises
    ------
    ValueError
        If ``every`` is not a positive integer.
    FileNotFoundError, FileExistsError
        When a fit begins, if the directory does not exist, or what is in the file's place is not a file.

    Examples
    --------
    >>> from skmlp.callbacks import Snapshot
    >>> snapshot = Snapshot("model.pkl", every=5)

    After the fit was killed::

        with open("model.pkl", "rb") as file:
            model = pickle.load(file)
        model.set_params(warm_start=True, max_iter=100 - len(model.loss_curve_))
        model.set_callbacks(snapshot).fit(X, y)
    """

    def __init__(self, path, *, every=1):
        super().__init__()
        self.path = path
        self.every = _checked(every, "every", Integral, 1)

    def begin(self, estimator, context):
        """Return that nothing is left to write."""
        path = Path(self.path).absolute()
        if not path.parent.is_dir():
            raise FileNotFoundError(f"The directory of path={str(self.path)!r} does not exist; make it before the fit.")
        if path.exists() and not path.is_file():
            raise FileExistsError(f"path={str(self.path)!r} is there and is not a file; give the name of a file to write.")
        return SimpleNamespace(root=context, written=False)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Write the estimator if it is time to; training goes on."""
        fit = self.of(estimator)
        if fit is None or fitted_estimator is None:
            return False
        if context.parent is fit.root:
            fit.written = (context.task_id + 1) % self.every == 0
            if fit.written:
                _write(fitted_estimator, Path(self.path))
        elif context is fit.root and not fit.written:
            _write(fitted_estimator, Path(self.path))
        return False


class TimeLimit(FitMemory):
    """Stops training after the epoch in which a time limit passes.

    The time runs from the beginning of each fit, that is for each clone anew; the first epoch is always made.

    Parameters
    ----------
    seconds : float
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

    def __init__(self, seconds):
        super().__init__()
        self.seconds = _checked(seconds, "seconds", Real, 0)

    def begin(self, estimator, context):
        """Return when the fit began."""
        return time.monotonic()

    def on_fit_task_end(self, estimator, context):
        """Return whether the limit has passed."""
        began = self.of(estimator)
        return began is not None and time.monotonic() - began >= self.seconds


def _checked(value, name, kind, least):
    """Return the value if it is a finite number of this kind that is large enough."""
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value < math.inf:
        what = "an integer" if kind is Integral else "a finite number"
        raise ValueError(f"{name} must be {what} that is at least {least}, got {value!r}.")
    return value


def _write(estimator, path):
    """Put a pickle of the estimator, without its callbacks, in the place of ``path``, all or nothing."""
    content = pickle.dumps(without_callbacks(estimator))
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
