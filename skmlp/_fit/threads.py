"""How many threads a fit or a prediction uses.

The one decision: BLAS has one thread while we compute, and a batch or a product that is large
enough for several threads is cut into pieces that ours share (``nn/helpers.py``). BLAS's own meet
after each product: they gain nothing where it is small, and on a busy machine they wait for each
other most of the time.
"""

from contextlib import contextmanager, nullcontext
from functools import cache, partial
from threading import Lock, get_ident

from threadpoolctl import ThreadpoolController

from ..nn.helpers import set_helpers

SHARED_PRODUCT = 2**18  # multiplications above which OpenBLAS uses threads at all


def limited_prediction(network, n_rows):
    """Return a context for a prediction of ``n_rows`` rows: ``one_thread``, or nothing where no
    product is large enough for a thread of BLAS, since to set the limit takes a tenth of the time
    of a row's prediction.
    """
    if n_rows * network.params.size < SHARED_PRODUCT:
        return nullcontext()
    return one_thread()


def predicted(method, source, *args, **options):
    """Return what a network's ``method`` says of the rows of a source, computed under
    ``limited_prediction``.
    """
    with limited_prediction(method.__self__, source.n_rows):
        return method(source, *args, **options)


def free_threads():
    """Return how many threads may compute for the calling one now: as many as BLAS may use, or
    might before this thread limited it; one where others compute under ``one_thread``.
    """
    with _lock:
        return _free_threads(get_ident())


@contextmanager
def one_thread():
    """Limit BLAS to one thread, and let threads of ours help with large products instead.

    Of a library whose number of threads is the process's, the first of several Python threads that
    come sets the limit, and the last that leaves puts it back, so that fits at once do not undo
    each other's. Where the number is a thread's own (OpenMP), each sets its own. Helpers come while
    a single Python thread computes; several at once use the cores by themselves.
    """
    changed = []
    _take(get_ident())
    try:
        for library in _libraries():
            if getattr(library, "threading_layer", None) == "pthreads":
                _enter(library)
                changed.append(partial(_leave, library))
            else:
                before = library.get_num_threads()
                if before is not None and before > 1:
                    library.set_num_threads(1)
                    changed.append(partial(library.set_num_threads, before))
        yield
    finally:
        for put_back in changed:
            put_back()
        _give_back(get_ident())


_takers: dict[int, list[int]] = {}  # of each Python thread: contexts it is in, threads it may use
_limits: dict[int, list[int]] = {}  # of each library: how many hold it, its threads before
_lock = Lock()


def _take(thread):
    """Count a Python thread among those that compute under the limit."""
    with _lock:
        if thread not in _takers:
            _takers[thread] = [0, max(_blas_threads(), *(n for _, n in _takers.values()), 1)]
        _takers[thread][0] += 1
        _let_help()


def _give_back(thread):
    """Undo ``_take``."""
    with _lock:
        _takers[thread][0] -= 1
        if not _takers[thread][0]:
            del _takers[thread]
        _let_help()


def _let_help():
    """Set the number of helpers."""
    set_helpers(_free_threads(next(iter(_takers))) - 1 if _takers else 0)


def _free_threads(thread):
    """Return how many threads may compute for one."""
    if not _takers:
        return _blas_threads()
    return _takers[thread][1] if set(_takers) == {thread} else 1


def _enter(library):
    """Hold a library to one thread."""
    with _lock:
        if id(library) not in _limits:
            before = library.get_num_threads() or 1
            _limits[id(library)] = [0, before]
            if before > 1:
                _set_for_all(library, 1)
        _limits[id(library)][0] += 1


def _leave(library):
    """Let a library go; the last to do so puts back its number of threads."""
    with _lock:
        held = _limits[id(library)]
        held[0] -= 1
        if not held[0]:
            del _limits[id(library)]
            if held[1] > 1:
                _set_for_all(library, held[1])


def _set_for_all(library, number):
    """Set a library's number of threads and let go of it: with threadpoolctl from 3.8 on a thread
    that has set the number is the only one that may, until it ends or does this.
    """
    library.set_num_threads(number)
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread()


def _blas_threads():
    """Return how many threads BLAS may use now."""
    return max((library.get_num_threads() or 1 for library in _libraries()), default=1)


@cache
def _libraries():
    """Return the controllers of the BLAS libraries in this process."""
    return ThreadpoolController().select(user_api="blas").lib_controllers
