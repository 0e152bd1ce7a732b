"""The random stream of a training inside a compiled function: NumPy's PCG64, the same numbers.

``PCG64`` is a linear congruential generator of 128 bits with an output permutation, "XSL RR"
(O'Neill, 2014, "PCG: a family of simple fast space-efficient statistically good algorithms for
random number generation"). Its state crosses the border as four words of 64 bits.
"""

import numpy as np

from .arrays import compiled

_WORD = (1 << 64) - 1
_LOW_HALF = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIER_HIGH = np.uint64(0x2360ED051FC65DA4)
_MULTIPLIER_LOW = np.uint64(0x4385DF649FCCF645)


def state_of(rng):
    """Return the state and the increment of a generator as words: high, low, high, low."""
    state = rng.bit_generator.state["state"]
    words = [(state[name] >> shift) & _WORD for name in ("state", "inc") for shift in (64, 0)]
    return np.array(words, np.uint64)


def put_state(rng, words):
    """Move a generator to a state that ``state_of`` gave. Overwrites: rng."""
    state = rng.bit_generator.state
    state["state"]["state"] = (int(words[0]) << 64) | int(words[1])
    rng.bit_generator.state = state


@compiled
def next_word(state):
    """Return the next random word of 64 bits. Overwrites: state."""
    high, low = state[0], state[1]
    # low * multiplier, 128 bits of it, from products of halves
    a, b = low & _LOW_HALF, low >> _HALF
    c, d = _MULTIPLIER_LOW & _LOW_HALF, _MULTIPLIER_LOW >> _HALF
    bottom, cross_1, cross_2 = a * c, b * c, a * d
    middle = (bottom >> _HALF) + (cross_1 & _LOW_HALF) + (cross_2 & _LOW_HALF)
    carried = b * d + (cross_1 >> _HALF) + (cross_2 >> _HALF) + (middle >> _HALF)
    high = carried + high * _MULTIPLIER_LOW + low * _MULTIPLIER_HIGH
    low = low * _MULTIPLIER_LOW
    total = low + state[3]
    high = high + state[2] + (np.uint64(1) if total < low else np.uint64(0))
    state[0], state[1] = high, total
    turn = high >> np.uint64(58)
    word = high ^ total
    return (word >> turn) | (word << ((np.uint64(64) - turn) & np.uint64(63)))
