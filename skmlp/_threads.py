"""How many threads BLAS uses during a fit.

The one decision: a product too small to share between cores is computed by one. Two threads that must meet after every small product
gain nothing on an idle machine, and wait for each other most of the time on a busy one.
"""

import threading
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

SMALL_PRODUCT = 2_000_000  # multiplications of a product below which one thread is used

_lock = threading.Lock()
_limited = []  # an entry for each fit that holds the limit
_limit = ExitStack()


def limited_threads(network, n_rows):
    """Return a context in which BLAS has one thread if all products of a training step on ``n_rows`` rows are small.

    The number of threads is the process's, so it also holds for products that other Python threads make meanwhile; it is put back at the
    end. Where somebody has already limited it, it is not raised.
    """
    largest = n_rows * max(part.stop - part.start for part in network.penalised)
    return one_thread() if largest < SMALL_PRODUCT else nullcontext()


@contextmanager
def one_thread():
    """Limit BLAS to one thread. Of fits in several Python threads the first sets the limit and the last puts it back."""
    with _lock:
        if not _limited:
            _limit.enter_context(_controller().limit(limits=1, user_api="blas"))
        _limited.append(None)
    try:
        yield
    finally:
        with _lock:
            _limited.pop()
            if not _limited:
                _limit.close()


@cache
def _controller():
    return ThreadpoolController()
