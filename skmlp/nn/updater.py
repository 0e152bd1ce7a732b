"""The updater: one optimizer over the flat vectors, block by block.

The one decision: everything that is done to a parameter in a step (penalty, decay, the optimizer's rule) is done while its block is in
the cache. A ``kernel`` does all of it in one pass, so it gets each part of the vector whole.
"""

from itertools import pairwise

import numpy as np

from .penalty import add_l2

BLOCK = 16384  # elements: five vectors of it fit a core's second-level cache


class Updater:
    """Applies an optimizer to the flat vectors.

    Parameters
    ----------
    rule : Optimizer
    params, grads : ndarray of shape (size,)
        The vectors; ``step`` changes ``params`` and uses up ``grads``.
    slots : dict of str -> ndarray of shape (size,), or None
        State to go on from; missing ones start at zero and are put there.
    t : int, default=0
        Steps made so far.
    penalties : list of (slice, float), default=()
        L2 penalty per part of the vector: its gradient ``penalty p`` times the ``scale`` of a step is added to ``grads``.
    decays : list of (slice, float), default=()
        Decoupled decay per part of the vector: ``p <- p - lr decay p`` before the rule's own step.
    block : int, default=16384
        Elements per block.
    kernel : callable or None, default=None
        ``kernel(p, g, *slots, strength, keep, *coefficients)`` makes ``p <- keep p``, ``g <- g + strength p`` and the rule's step in one
        pass, and returns ``|keep p|^2``.
    """

    def __init__(self, rule, params, grads, slots=None, t=0, penalties=(), decays=(), block=BLOCK, kernel=None):
        self.rule = rule
        self.t = t
        self.kernel = kernel
        self.slots = {} if slots is None else slots
        for name in rule.slots:
            self.slots.setdefault(name, np.zeros_like(params))
        self._tmp = np.empty(0 if kernel else min(block, params.size), params.dtype)
        self._blocks = []
        for part in _cut(params.size, [*penalties, *decays], params.size if kernel else block):
            arrays = (params[part], grads[part], *(self.slots[name][part] for name in rule.slots))
            self._blocks.append((arrays, self._tmp[: part.stop - part.start], _strength(penalties, part), _strength(decays, part)))

    def step(self, lr, scale=0.0):
        """Make one step with learning rate ``lr`` and return the penalty, ``scale`` times. Overwrites: params, grads, slots."""
        self.t += 1
        squares = 0.0
        coefficients = self.rule.coefficients(self.t, lr)
        if self.kernel is not None:
            for arrays, _, penalty, decay in self._blocks:
                strength = penalty * scale
                squares += strength * float(self.kernel(*arrays, strength, 1.0 - lr * decay, *coefficients))
            return 0.5 * squares
        for arrays, tmp, penalty, decay in self._blocks:
            if decay:
                np.multiply(arrays[0], 1.0 - lr * decay, out=arrays[0])
            if penalty and scale:
                squares += add_l2(arrays[0], arrays[1], tmp, penalty * scale)
            self.rule.update(*arrays, tmp, *coefficients)
        return 0.5 * squares


def _cut(size, parts, block):
    """Return slices of at most ``block`` elements that together are the vector and that no part's end lies within."""
    ends = sorted({0, size, *(end for part, _ in parts for end in (part.start, part.stop))})
    cuts = []
    for start, stop in pairwise(ends):
        cuts += [slice(first, min(first + block, stop)) for first in range(start, stop, block)]
    return cuts


def _strength(parts, piece):
    """Return the strength of the part that ``piece`` lies in, 0 if there is none."""
    return next((float(strength) for part, strength in parts if part.start <= piece.start < part.stop), 0.0)
