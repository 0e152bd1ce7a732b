"""How many threads BLAS uses during a fit or a prediction.

The one decision: a product too small to share between cores is computed by one. Two threads that
must meet after every small product gain nothing on an idle machine, and wait for each other most of
the time on a busy one. A prediction is a few products, so what threads gain does not add up, while
a single wait takes as long as the operating system gives to the other process, several
milliseconds.
"""

from contextlib import contextmanager, nullcontext
from functools import cache

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

    Whoever sets the limit puts it back. A fit or prediction that begins in another Python thread
    meanwhile finds it set and leaves it alone, since with some libraries, and by rule of
    threadpoolctl, only the thread that set a number can change it.
    """
    changed = []
    try:
        for library in _libraries():
            before = library.get_num_threads()
            if before is not None and before > 1:
                changed.append((library, before))
                library.set_num_threads(1)
        yield
    finally:
        for library, before in changed:
            library.set_num_threads(before)


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
