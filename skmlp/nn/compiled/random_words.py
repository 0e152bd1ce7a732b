"""The random stream of a training inside a compiled function: NumPy's PCG64, the same numbers.

``PCG64`` is a linear congruential generator of 128 bits with an output permutation, "XSL RR"
(O'Neill, 2014, "PCG: a family of simple fast space-efficient statistically good algorithms for
random number generation"). Its state crosses the border as six words of 64 bits: state and
increment, high and low word of each; whether half a word is left over, and that half.
"""

import numpy as np

from .arrays import compiled

_WORD = (1 << 64) - 1
_LOW_HALF = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIER_HIGH = np.uint64(0x2360ED051FC65DA4)
_MULTIPLIER_LOW = np.uint64(0x4385DF649FCCF645)


def state_of(rng):
    """Return the state of a generator as words."""
    state = rng.bit_generator.state
    numbers = [state["state"][name] for name in ("state", "inc")]
    words = [(number >> shift) & _WORD for number in numbers for shift in (64, 0)]
    return np.array([*words, state["has_uint32"], state["uinteger"]], np.uint64)


def put_state(rng, words):
    """Move a generator to a state that ``state_of`` gave. Overwrites: rng."""
    high, low, *increment, has_half, half = map(int, words)
    inc = (increment[0] << 64) | increment[1]
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": (high << 64) | low, "inc": inc},
        "has_uint32": has_half,
        "uinteger": half,
    }


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
def _next_half(state):
    """Return the next random word of 32 bits. Overwrites: state."""
    if state[4]:
        state[4] = np.uint64(0)
        return state[5]
    word = next_word(state)
    state[4], state[5] = np.uint64(1), word >> _HALF
    return word & _LOW_HALF


@compiled
def shuffle(order, state):
    """Shuffle fewer than 2^32 numbers as ``Generator.shuffle`` does: a number below a bound is the
    first of the random ones, cut to as many bits as the bound has, that is not above it.
    Overwrites: order, state.
    """
    mask = _LOW_HALF
    for i in range(order.size - 1, 0, -1):
        while mask >> np.uint64(1) >= np.uint64(i):
            mask >>= np.uint64(1)
        j = _next_half(state) & mask
        while j > np.uint64(i):
            j = _next_half(state) & mask
        order[i], order[j] = order[j], order[i]


@compiled
def jump(state, n, out):
    """out <- state and increment ``n`` words on, without the half that is left over (Brown, 1994,
    "Random number generation with arbitrary strides").
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
