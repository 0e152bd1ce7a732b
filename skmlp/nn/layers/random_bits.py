"""Random 16-bit words: what masks are drawn from.

The one decision: a word against a threshold says yes with a probability that is a multiple of
2^-16, for a quarter of the time that uniform numbers take.
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


def compare_words(rng, comparison, threshold, out):
    """Write whether random 16-bit words compare with ``threshold``. Overwrites: out."""
    flat = out.reshape(-1)
    for start, words in random_words(rng, flat.size):
        comparison(words, threshold, out=flat[start : start + words.size])
        del words  # before the next ones are drawn


_WORDS = 32768  # drawn at a time
