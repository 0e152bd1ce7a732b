"""A fit and its epochs as tasks of scikit-learn's callback protocol, which is there from
scikit-learn 1.9 on.

The one decision: to training, all of scikit-learn's callbacks together are one more callback of the
core, and it is only there if the estimator has any.
"""

import copy

from ..nn.engine.epoch_end import Callback
from .resumption import resumption_of


class FitTasks:
    """The task of a fit, and below it one for each epoch.

    Parameters
    ----------
    estimator : BaseMLP
        It has callbacks.
    given : Given
        The callbacks get X, y and sample_weight as the user or the ensemble gave them.
    """

    def __init__(self, estimator, given):
        self.stopped = self.interrupted = False
        self._estimator = estimator
        weight = given.sample_weight
        metadata = None if weight is None else {"sample_weight": weight}
        X = given.X if given.member is None else given.member.X
        self._given = {"estimator": estimator, "X": X, "y": given.y, "metadata": metadata}
        self._epoch = None
        name, n_epochs = "fit", estimator.max_iter - resumption_of(estimator).n_made
        if given.incremental:
            name, n_epochs = "partial_fit", 1
        self._fit = estimator._init_callback_context(task_name=name, max_subtasks=n_epochs)
        self._fit.call_on_fit_task_begin(**self._given)

    def epoch_begin(self):
        """Begin the task of an epoch."""
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._given)

    def epoch_end(self, fitted):
        """End the task of the epoch and return whether a callback wants to stop.

        Ctrl-C in a callback ends training with the epoch that it was called for, which is complete:
        ``interrupted``. ``fitted``: function that returns the attributes of the estimator as if
        training had ended now. It is called if a callback asks.
        """
        epoch, self._epoch = self._epoch, None
        try:
            self.stopped = epoch.call_on_fit_task_end(
                **self._given, reconstruction_attributes=fitted
            )
        except KeyboardInterrupt:
            self.interrupted = True
        return self.stopped or self.interrupted

    def interrupt(self):
        """Tell those callbacks that want to know that Ctrl-C ended training, the network being
        as it was after the last epoch.
        """
        for callback in self._estimator._skl_callbacks:
            if hasattr(callback, "on_interrupt"):
                callback.on_interrupt(self._estimator, in_callback=self.interrupted)

    def end(self):
        """End the task of the fit, and before it that of an epoch that came to nothing; return
        whether Ctrl-C in a callback was among it, which changes nothing of a fit that is complete.
        """
        try:
            if self._epoch is not None:
                self._epoch.call_on_fit_task_end(estimator=self._estimator)
            self._fit.call_on_fit_task_end(**self._given, reconstruction_attributes=self._copies)
        except KeyboardInterrupt:
            self.interrupted = True
            return True
        return False

    def _copies(self):
        """Return copies of the attributes that training has set."""
        names = ("_network", "_state", "_records")
        return {name: copy.deepcopy(getattr(self._estimator, name)) for name in names}


class EpochTasks(Callback):
    """Hands each epoch of minibatch training on to ``tasks``."""

    def __init__(self, tasks, fitted):
        self.tasks = tasks
        self.fitted = fitted

    def epoch_begin(self, trainer):
        self.tasks.epoch_begin()

    def epoch_end(self, trainer, record):
        return self.tasks.epoch_end(self.fitted)
