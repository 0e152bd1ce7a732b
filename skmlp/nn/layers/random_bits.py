"""Random 16-bit words: what masks are drawn from.

The one decision: a word reaches a threshold with a probability that is a multiple of 2^-16, for a
quarter of the time that uniform numbers take.
"""

import math

import numpy as np


def threshold_of(rate):
    """Return the least of the words 0 .. 65535 that keeps a value that is to be lost with
    probability ``rate``.
    """
    return min(round(rate * 65536), 65535)


def random_words(rng, size):
    """Yield (start, random 16-bit words), ``size`` words in all, a few at a time so that they
    are in the cache when they are used.
    """
    for start in range(0, size, _WORDS):
        n = min(_WORDS, size - start)
        yield start, rng.integers(0, 2**64, math.ceil(n / 4), np.uint64).view(np.uint16)[:n]


def draw_mask(ws, threshold):
    """Set the mask to 1 where a random word reaches ``threshold``, and to 0 elsewhere.

    Overwrites: ws.mask, ws.kept.
    """
    kept = ws.kept.reshape(-1)
    for start, words in random_words(ws.rng, kept.size):
        np.greater_equal(words, threshold, out=kept[start : start + words.size])
        del words  # before the next ones are drawn
    np.copyto(ws.mask, ws.kept)


def mask_backward(dy, ws):
    """Make ``dy`` times the mask the gradient of the input. Overwrites: ws.dx unless it is None."""
    if ws.dx is not None:
        np.multiply(dy, ws.mask, out=ws.dx)


_WORDS = 32768  # drawn at a time
