"""Threads that help the one that computes.

The one decision: whoever is free takes the next task. The caller does all of them if no helper
comes, and waits for at most the task that a helper has begun. So on a busy machine, where a thread
may have to wait for a core, two threads are not slower than one.
"""

import os
from contextlib import suppress
from threading import Lock, Thread

import numpy as np


def share(tasks):
    """Call the functions ``tasks``, whose order must not matter, and return what each gives.

    It takes some 50 us until a helper has woken up.
    """
    job, helpers = _Job(tasks), _active[: len(tasks) - 1]
    for helper in helpers:
        helper.call(job)
    try:
        job.work()
    finally:
        job.give_up()
        try:
            for helper in helpers:
                helper.await_task(job)
        except BaseException:  # Ctrl-C: what a task writes to must not be used again before
            for helper in helpers:
                helper.await_task(job)
            raise
    if job.error is not None:
        raise job.error
    return job.results


def has_helpers():
    """Return whether threads may help now."""
    return bool(_active)


def lend(task):
    """Let a helper call the function ``task`` as soon as it is free; there has to be one."""
    _active[0].call(_Job([task]))


def set_helpers(n):
    """Let ``n`` threads help."""
    while len(_helpers) < n:
        _helpers.append(_Helper())
    _active[:] = _helpers[:n]


class _Job:
    """Tasks that nobody has taken yet, their results, and what went wrong in a helper."""

    def __init__(self, tasks):
        self._waiting = list(enumerate(tasks))
        self.results = [None] * len(tasks)
        self.error = None

    def work(self):
        """Do tasks until none is left."""
        while True:
            try:
                k, task = self._waiting.pop()
            except IndexError:
                return
            self.results[k] = task()

    def give_up(self):
        self._waiting.clear()


class _Helper:
    """A thread that sleeps until it is called for a job.

    It takes a task only of its ``_current`` job, and while it holds ``_busy``. So who has seen that
    no task of a job is left, and then that the helper is at another job or gets this lock, knows
    that the helper is at no task of it.
    """

    def __init__(self):
        self._called, self._busy, self._job, self._current = Lock(), Lock(), None, None
        self._called.acquire()
        Thread(target=self._run, daemon=True).start()

    def call(self, job):
        self._job = job
        with suppress(RuntimeError):  # called before, and has not come yet
            self._called.release()

    def await_task(self, job):
        """Wait until it has finished the task of the job that it is at."""
        if self._current is job:
            with self._busy:
                pass

    @np.errstate(all="ignore")
    def _run(self):
        while True:
            self._called.acquire()
            with self._busy:
                job, self._job = self._job, None
                self._current = job
                if job is not None:
                    try:
                        job.work()
                    except BaseException as error:
                        job.give_up()
                        job.error = error
                    job = self._current = None


_helpers: list[_Helper] = []
_active: list[_Helper] = []  # those that may help now


def _forget():
    """Forget the helpers, whose threads do not exist in a forked process."""
    _helpers.clear()
    _active.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
