"""Matrix products, the large ones in pieces that threads share.

The one decision: a product is cut by its shape alone, and each piece is a product of its own, so
that results do not depend on the number of threads.
"""

from functools import partial

import numpy as np

from .helpers import share

LARGE = 16_000_000  # multiplications from which products are shared: below, helpers come too late
PIECE = 2 * LARGE  # multiplications of a piece, at least, where there are more than two
MOST = 8  # pieces of a product
UNIT = 16  # rows or columns of a piece are a multiple of this, as BLAS likes


def multiply(*products):
    """Compute products of dense matrices, each given as (a, b, out).

    BLAS should be limited to one thread, or it divides the pieces among its own. Overwrites: each
    out.
    """
    sizes = [a.shape[0] * a.shape[1] * b.shape[1] for a, b, _ in products]
    if sum(sizes) < LARGE:
        for a, b, out in products:
            np.matmul(a, b, out=out)
    else:
        tasks = []
        for product, size in zip(products, sizes, strict=True):
            tasks += _pieces(*product, min(max(size // PIECE, 2), MOST) if size >= LARGE else 1)
        share(tasks)


def _pieces(a, b, out, n):
    """Return up to ``n`` products, or the one that it is, of parts of the longer side of the
    result.
    """
    if n < 2:
        return [partial(np.matmul, a, b, out=out)]
    n_rows, n_columns = out.shape
    longer = max(n_rows, n_columns)
    step = UNIT * -(-longer // (UNIT * n))
    parts = [slice(begin, begin + step) for begin in range(0, longer, step)]
    if n_rows >= n_columns:
        return [partial(np.matmul, a[part], b, out=out[part]) for part in parts]
    return [partial(np.matmul, a, b[:, part], out=out[:, part]) for part in parts]
