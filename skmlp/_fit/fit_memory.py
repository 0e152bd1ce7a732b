"""The base of the callbacks: what a callback remembers of each fit that is running.

The one decision: between fits a callback remembers nothing but its parameters, since clones share
their callbacks and may be fitted at the same time.
"""

from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from .._sklearn import BaseSearchCV
from .._warn import warn_user
from .resumption import resumption_of


class FitMemory(ABC):
    """What the callbacks share: a memory for each fit that is running, made when it begins and
    dropped when it ends, however it ends.

    ``kept``: the names of the attributes of a memory that a snapshot keeps, and hands back to the
    fit that goes on with it; plain data. ``in_a_search``: advice to a user who has set the callback
    on a search.
    """

    kept: tuple[str, ...] = ()
    in_a_search = (
        "set it on the estimator inside that has, as in "
        "{kind}(model.set_callbacks({name}(...)), ...)"
    )

    def __init__(self) -> None:
        self._fits: dict[int, Any] = {}

    @abstractmethod
    def begin(self, estimator: BaseEstimator, context: Any) -> Any:
        """Return what to remember of a fit that begins; raise if the callback cannot do its work
        in it.
        """

    @abstractmethod
    def on_fit_task_end(self, estimator: BaseEstimator, context: Any) -> bool:
        """Called at the end of a fit and of each of its epochs; return True to stop after the
        epoch.
        """

    def setup(self, estimator: BaseEstimator, context: Any) -> None:
        """Called by the estimator when a fit begins."""
        has_epochs = context.max_subtasks != 0 and context.sequential_subtasks
        if isinstance(estimator, Pipeline | BaseSearchCV) or not has_epochs:
            self._warn_of_no_epochs(estimator)
            return
        self._fits[id(estimator)] = fit = self.begin(estimator, context)
        for name, value in resumption_of(estimator).memories.get(id(self), {}).items():
            setattr(fit, name, value)

    def teardown(self, estimator: BaseEstimator, context: Any) -> None:
        """Called by the estimator when a fit has ended, well or not."""
        self._fits.pop(id(estimator), None)

    def of(self, estimator: BaseEstimator) -> Any:
        """Return the memory of the estimator's fit, None where there are no epochs, and for a
        task of a search in another process.
        """
        return self._fits.get(id(estimator))

    def on_fit_task_begin(self, estimator: BaseEstimator, context: Any) -> None:  # noqa: B027, the protocol asks for it
        """Called at the beginning of a fit and of each of its epochs; does nothing."""

    def on_interrupt(self, estimator: BaseEstimator, in_callback: bool) -> None:  # noqa: B027, most have nothing to do
        """Called by this package's estimators when Ctrl-C has ended training, ``in_callback``:
        in that of an epoch; does nothing.
        """

    def __getstate__(self):
        return {**self.__dict__, "_fits": {}}

    def _warn_of_no_epochs(self, estimator):
        """Warn that the callback does nothing, and say where it would."""
        name, kind = type(self).__name__, type(estimator).__name__
        remedy = "take it away with set_callbacks()"
        if isinstance(estimator, Pipeline):
            remedy = f"set it on the step that has, as in pipeline[-1].set_callbacks({name}(...))"
        elif isinstance(estimator, BaseSearchCV):
            remedy = self.in_a_search.format(kind=kind, name=name)
        warn_user(f"{name} does nothing on {kind}, which has no epochs; {remedy}.")


def kept_by_name(callbacks):
    """Return those callbacks of which a snapshot keeps something, by the name of their class and
    their number among those of that name.
    """
    seen, named = Counter(), {}
    for callback in callbacks:
        if isinstance(callback, FitMemory) and callback.kept:
            name = type(callback).__name__
            named[name, seen[name]] = callback
            seen[name] += 1
    return named
