"""Which rows each member of an ensemble holds out.

The one decision: the rows are dealt out to as many parts as there are members, so that each row is
held out by one of them and trained on by the others.
"""

import numpy as np

LEAST_PARTS = 5  # so that few members do not hold out half of the rows


def splits(n_members, rows, strata, rng):
    """Return (rows to train on, rows to hold out) of each member, or None, if there are too few
    rows to hold out any.

    ``rows`` (n,): the numbers of the rows that count; ``strata`` (n,): their classes, which each
    part has in the same shares, or None.
    """
    n_parts = min(max(n_members, LEAST_PARTS), len(rows) // 2)
    if n_parts < 2:
        return [None] * n_members
    pairs = []
    while len(pairs) < n_members:
        part = _dealt(len(rows), n_parts, strata, rng)
        pairs += [(rows[part != k], rows[part == k]) for k in range(n_parts)]
    return pairs[:n_members]


def _dealt(n, n_parts, strata, rng):
    """Return the number (n,) of each row's part: rows in random order, within each class, are dealt
    out one by one.
    """
    order = rng.permutation(n)
    if strata is not None:
        order = order[np.argsort(strata[order], kind="stable")]
    part = np.empty(n, dtype=int)
    part[order] = np.arange(n) % n_parts
    return part
