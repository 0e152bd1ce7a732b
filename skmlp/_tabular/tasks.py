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

    Attributes
    ----------
    interrupted : bool
        Whether there was Ctrl-C in a callback at the end of a member, which keeps the member.
    """

    def __init__(self, estimator, X, y, sample_weight):
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self.interrupted = False
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
            self.interrupted |= not self._ends(task)

    def end(self):
        """End the task of the fit, and return whether there was Ctrl-C meanwhile."""
        return not self._ends(self._fit, reconstruction_attributes=dict)

    def _ends(self, task, **options):
        """End a task, and return whether nobody pressed Ctrl-C meanwhile."""
        try:
            task.call_on_fit_task_end(**self._given, **options)
        except KeyboardInterrupt:
            return False
        return True
