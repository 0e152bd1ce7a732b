"""What the compiled epoch computes with: elementary functions and the random stream."""

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit
from scipy.special import erfcx

from skmlp.nn.compiled import functions, logarithms, random_words

FUNCTIONS = {
    "exp": (functions.exp, np.exp),
    "expm1": (functions.expm1, np.expm1),
    "tanh": (functions.tanh, np.tanh),
    "logistic": (functions.logistic, lambda x: 1.0 / (1.0 + np.exp(-x))),
    "log": (logarithms.log, np.log),
    "log1p": (logarithms.log1p, np.log1p),
}
WITHIN = {"log": (1e-30, np.inf), "log1p": (-0.5, 1.0)}  # where it is defined, if not everywhere


@pytest.mark.parametrize("key", FUNCTIONS)
def test_elementary_functions_have_a_few_wrong_bits_at_most(key, dtype):
    ours, theirs = FUNCTIONS[key]

    @njit
    def each(x, out):
        for i in range(x.size):
            out[i] = ours(x[i])

    x = np.concatenate([np.linspace(-80, 80, 40001), np.linspace(-1, 1, 20001)])
    x = np.clip(x, *WITHIN.get(key, (-80, 80))).astype(dtype)
    out, exact = np.empty_like(x), theirs(x.astype(np.longdouble))
    each(x, out)
    error = np.abs(out - exact)[exact != 0] / np.abs(exact[exact != 0])
    assert float(error.max()) < 4.0 * np.finfo(dtype).eps
    each(np.array([np.nan], dtype), out)
    assert np.isnan(out[0])


def test_the_tail_of_the_normal_distribution_has_a_few_wrong_bits_at_most(dtype):
    @njit
    def each(x, density, out):
        for i in range(x.size):
            out[i] = functions.normal_tail(x[i], density[i])

    x = np.concatenate([np.linspace(0, 12, 20001), np.geomspace(1e-6, 12, 20001)]).astype(dtype)
    density = np.exp(-0.5 * np.square(x.astype(np.longdouble)))
    out, exact = np.empty_like(x), 0.5 * density * erfcx(x.astype(float) / np.sqrt(2.0))
    each(x, density.astype(dtype), out)
    seen = exact > np.finfo(dtype).tiny
    error = np.abs(out - exact)[seen] / exact[seen]
    assert float(error.max()) < (4.0 if dtype == np.float32 else 16.0) * np.finfo(dtype).eps
    each(np.array([np.nan], dtype), np.array([1.0], dtype), out)
    assert np.isnan(out[0])


WAVES = {
    "cos2pi": (functions.cos2pi, np.cos),
    "sin2pi": (functions.sin2pi, np.sin),
}


@pytest.mark.parametrize("key", WAVES)
def test_waves_have_a_few_wrong_bits_at_most(key, dtype):
    """Where the exact value is zero so is theirs, and far out they lose nothing."""
    ours, theirs = WAVES[key]

    @njit
    def each(x, out):
        for i in range(x.size):
            out[i] = ours(x[i])

    x = np.linspace(-80, 80, 40001).astype(dtype)
    out, turns = np.empty_like(x), x.astype(np.longdouble)
    exact = theirs(2.0 * np.arccos(np.longdouble(-1.0)) * (turns - np.round(turns)))
    each(x, out)
    eps = np.finfo(dtype).eps
    assert float(np.abs(out - exact).max()) < eps
    seen = np.abs(exact) > 1e-15
    assert float(np.abs(out[seen] / exact[seen] - 1.0).max()) < 4.0 * eps
    assert not out[~seen].any()
    far = np.array([0.0, 0.25, 0.5, 1e6, 2.0**30, 1e30, np.nan, np.inf], dtype)
    out = np.empty_like(far)
    each(far, out)
    wanted = [1.0, 0.0, -1.0, 1.0, 1.0, 1.0] if key == "cos2pi" else [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    np.testing.assert_array_equal(out[:6], wanted)
    assert np.isnan(out[6:]).all()


def test_random_words_are_those_of_numpy():
    rng, twin = (np.random.Generator(np.random.PCG64(7)) for _ in range(2))
    state = random_words.state_of(rng)
    words = [random_words.next_word(state) for _ in range(1000)]
    assert words == twin.integers(0, 2**64, 1000, np.uint64).tolist()
    ahead = np.empty(4, np.uint64)
    random_words.jump(random_words.state_of(rng), 1000, ahead)
    np.testing.assert_array_equal(ahead, state[:4])
    random_words.put_state(rng, state)
    assert rng.bit_generator.state == twin.bit_generator.state


def test_shuffles_as_numpy():
    """What one leaves of a word is the first that the next one takes, as with NumPy."""
    rng, twin = (np.random.Generator(np.random.PCG64(7)) for _ in range(2))
    for n in (5, 1, 2, 3, 0, 257, 256, 1000, 4):
        order, expected, state = np.arange(n), np.arange(n), random_words.state_of(rng)
        random_words.shuffle(order, state)
        random_words.put_state(rng, state)
        twin.shuffle(expected)
        np.testing.assert_array_equal(order, expected)
        assert rng.bit_generator.state == twin.bit_generator.state
