"""The fit of an ensemble as tasks of scikit-learn's callback protocol: one for each member, below
which a member puts its epochs.
"""

from contextlib import contextmanager


class MemberTasks:
    """The task of a fit, and below it one for each member.

    Parameters
    ----------
    estimator : BaseTabularMLP
        It has callbacks.
    X, y, sample_weight
        As the user gave them; callbacks get them.
    """

    def __init__(self, estimator, X, y, sample_weight):
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._given = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        n = estimator.n_estimators
        self._fit = estimator._init_callback_context(max_subtasks=n, sequential_subtasks=False)
        self._fit.call_on_fit_task_begin(**self._given)
        self._members = [self._fit.subcontext(task_name="member", task_id=k) for k in range(n)]

    @contextmanager
    def member(self, k, member):
        """Make the training of the member of number k a task, whose callbacks it gets."""
        task = self._members[k]
        with task.propagate_callback_context(member):
            task.call_on_fit_task_begin(**self._given)
            yield
            task.call_on_fit_task_end(**self._given)

    def end(self):
        """End the task of the fit."""
        self._fit.call_on_fit_task_end(**self._given, reconstruction_attributes=dict)
