"""How many threads BLAS uses during a fit or a prediction.

The one decision: a product too small to share between cores is computed by one. Two threads that
must meet after every small product gain nothing on an idle machine, and wait for each other most of
the time on a busy one. A prediction is a few products, so what threads gain does not add up, while
a single wait takes as long as the operating system gives to the other process, several
milliseconds.
"""

from contextlib import contextmanager, nullcontext
from functools import cache, partial
from threading import Lock

from threadpoolctl import ThreadpoolController

SMALL_PRODUCT = (
    2_000_000  # multiplications of a product of a training step below which one thread is used
)
SMALL_PREDICTION = 16_000_000  # likewise of a prediction: two milliseconds of one core
SHARED_PRODUCT = 2**18  # multiplications above which OpenBLAS uses threads at all


def limited_threads(network, n_rows):
    """Return a context in which BLAS has one thread if all products of a training step on
    ``n_rows`` rows are small.

    The number of threads is the process's, so it also holds for products that other Python threads
    make meanwhile; it is put back at the end. Where somebody has already limited it, it is not
    raised.
    """
    return one_thread() if _largest_product(network, n_rows) < SMALL_PRODUCT else nullcontext()


def limited_prediction(network, n_rows):
    """Return such a context for a prediction of ``n_rows`` rows.

    Where products are too small for threads anyway there is no limit, since to set it takes a tenth
    of the time of a row's prediction.
    """
    if (
        n_rows * network.params.size < SHARED_PRODUCT
        or _largest_product(network, n_rows) >= SMALL_PREDICTION
    ):
        return nullcontext()
    return one_thread()


def predicted(method, source, *args, **options):
    """Return what a network's ``method`` says of the rows of a source, computed under
    ``limited_prediction``.
    """
    with limited_prediction(method.__self__, source.n_rows):
        return method(source, *args, **options)


@contextmanager
def one_thread():
    """Limit BLAS to one thread.

    Of a library whose number of threads is the process's, the first of several Python threads that
    come sets the limit, and the last that leaves puts it back, so that fits at once do not undo
    each other's. Where the number is a thread's own (OpenMP), each sets its own.
    """
    changed = []
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


_limits: dict[int, list[int]] = {}  # of each library: how many hold it, its threads before
_lock = Lock()


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


def blas_threads():
    """Return how many threads BLAS may use now."""
    return max((library.get_num_threads() or 1 for library in _libraries()), default=1)


def _largest_product(network, n_rows):
    """Return the number of multiplications of the largest product of a pass over the rows."""
    return n_rows * max(part.stop - part.start for part in network.penalised)


@cache
def _libraries():
    """Return the controllers of the BLAS libraries in this process."""
    return ThreadpoolController().select(user_api="blas").lib_controllers
