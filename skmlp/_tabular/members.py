"""The members of an ensemble, trained at once in threads within a limit of time.

The one decision: a member is trained by one thread, whatever the number of threads, so that neither
this number nor what else the machine does changes it; only a limit of time or Ctrl-C does.
"""

import math
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock

from ..nn.engine.epoch_end import Callback


class Budget:
    """The time that members have: a common end, shared out among those that are still to come.

    Parameters
    ----------
    seconds : float or None
        Until the end; None for no limit.
    n_members, n_threads : int
    """

    def __init__(self, seconds, n_members, n_threads):
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        self._waiting, self._n_threads = n_members, n_threads
        self._lock = Lock()

    def share(self):
        """Return when a member that begins now is to end."""
        with self._lock:
            rounds = math.ceil(self._waiting / self._n_threads)
            self._waiting -= 1
        now = time.monotonic()
        return now + (self._end - now) / rounds

    @property
    def is_over(self):
        """Whether the end has come."""
        return time.monotonic() >= self._end

    def stop(self):
        """Let the end come now."""
        self._end = -math.inf


class Deadline(Callback):
    """Ends the training of a member in time: plans as many epochs as there is time for, so that the
    learning rate still falls to its end, and stops when the time has come.

    Parameters
    ----------
    budget : Budget
    end : float
        When the member is to end, by ``time.monotonic``.
    """

    def __init__(self, budget, end):
        self._budget, self._end = budget, end
        self._began, self._planned = time.monotonic(), None

    def end_all(self):
        """Let all members end after the epoch that they are in."""
        self._budget.stop()

    def epoch_end(self, trainer, record):
        now, clock = time.monotonic(), trainer.state.clock
        made = round(clock.epoch)
        self._planned = self._planned or clock.n_epochs
        if math.isfinite(self._end):
            per_epoch = (now - self._began) / made
            possible = made + max(0, int((self._end - now) / per_epoch))
            clock.n_epochs = min(self._planned, possible)
        return self._budget.is_over or made >= clock.n_epochs


def trained(train, n_members, n_threads, time_limit, report):
    """Return the members that ``train(k, deadline)`` makes, in order: all of them, or as many as
    there was time for, at least one.

    ``report(k, member, seconds)`` is called when one is done. Ctrl-C ends all after the epoch that
    they are in; those that have begun are returned, and whether this happened.
    """
    budget = Budget(time_limit, n_members, n_threads)

    def make(k):
        if k and budget.is_over:
            return None
        began = time.monotonic()
        member = train(k, Deadline(budget, budget.share()))
        report(k, member, time.monotonic() - began)
        return member

    interrupted, waiting = False, True
    with ThreadPoolExecutor(n_threads) as pool:
        futures = [pool.submit(make, k) for k in range(n_members)]
        try:
            while waiting:
                try:
                    # a short wait, since on some systems Ctrl-C does not end a long one
                    waiting = wait(futures, timeout=0.2, return_when=FIRST_EXCEPTION).not_done
                    if any(future.done() and future.exception() for future in futures):
                        break
                except KeyboardInterrupt:
                    interrupted = True
                    budget.stop()
        finally:
            budget.stop()
            for future in futures:
                future.cancel()
    members = [future.result() for future in futures if not future.cancelled()]
    return [member for member in members if member is not None], interrupted


def in_threads(function, n, n_threads):
    """Return what a function gives for each number up to ``n``."""
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(function, range(n)))
