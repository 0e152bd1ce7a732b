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
def _product(high, low, other_high, other_low):
    """Return the product of two numbers of 128 bits, modulo 2^128."""
    a, b = low & _LOW_HALF, low >> _HALF
    c, d = other_low & _LOW_HALF, other_low >> _HALF
    bottom, cross_1, cross_2 = a * c, b * c, a * d
    middle = (bottom >> _HALF) + (cross_1 & _LOW_HALF) + (cross_2 & _LOW_HALF)
    carried = b * d + (cross_1 >> _HALF) + (cross_2 >> _HALF) + (middle >> _HALF)
    return carried + high * other_low + low * other_high, low * other_low


@compiled
def _sum(high, low, other_high, other_low):
    """Return the sum of two numbers of 128 bits, modulo 2^128."""
    total = low + other_low
    return high + other_high + (np.uint64(1) if total < low else np.uint64(0)), total


@compiled
def next_word(state):
    """Return the next random word of 64 bits. Overwrites: state."""
    high, low = _product(state[0], state[1], _MULTIPLIER_HIGH, _MULTIPLIER_LOW)
    high, low = _sum(high, low, state[2], state[3])
    state[0], state[1] = high, low
    turn = high >> np.uint64(58)
    word = high ^ low
    return (word >> turn) | (word << ((np.uint64(64) - turn) & np.uint64(63)))


@compiled
def jump(state, n, out):
    """out <- the state ``n`` words on (Brown, 1994, "Random number generation with arbitrary
    strides").
    """
    step_high, step_low = _MULTIPLIER_HIGH, _MULTIPLIER_LOW
    plus_high, plus_low = state[2], state[3]
    high, low = state[0], state[1]
    while n > 0:
        if n & 1:
            high, low = _product(high, low, step_high, step_low)
            high, low = _sum(high, low, plus_high, plus_low)
        more_high, more_low = _sum(step_high, step_low, np.uint64(0), np.uint64(1))
        plus_high, plus_low = _product(plus_high, plus_low, more_high, more_low)
        step_high, step_low = _product(step_high, step_low, step_high, step_low)
        n >>= 1
    out[0], out[1], out[2], out[3] = high, low, state[2], state[3]
