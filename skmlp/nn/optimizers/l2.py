"""Weight penalties on the flat vector.

The one decision: a penalty is a strength per part of the vector, added to the gradient a
cache-sized block at a time, by whoever has the block in hand: the updater in training, the network
where the whole gradient is wanted.
"""

import numpy as np


def merged(parts):
    """Return a list of (slice, strength) without the zero ones, neighbours of equal strength
    joined.
    """
    joined = []
    for part, strength in parts:
        if joined and joined[-1][1] == strength and joined[-1][0].stop == part.start:
            joined[-1] = (slice(joined[-1][0].start, part.stop), strength)
        elif strength:
            joined.append((part, float(strength)))
    return joined


def add_l2(p, g, tmp, strength):
    """Add ``strength * p`` to ``g`` and return ``strength |p|^2``. Overwrites: g, tmp."""
    np.multiply(p, strength, out=tmp)
    np.add(g, tmp, out=g)
    return float(np.dot(p, tmp))
