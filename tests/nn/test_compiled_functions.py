"""What the compiled epoch computes with: elementary functions and the random stream."""

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from skmlp.nn.compiled import functions, random_words

FUNCTIONS = {
    "exp": (functions.exp, np.exp),
    "expm1": (functions.expm1, np.expm1),
    "tanh": (functions.tanh, np.tanh),
    "logistic": (functions.logistic, lambda x: 1.0 / (1.0 + np.exp(-x))),
}


@pytest.mark.parametrize("key", FUNCTIONS)
def test_elementary_functions_have_a_few_wrong_bits_at_most(key, dtype):
    ours, theirs = FUNCTIONS[key]

    @njit
    def each(x, out):
        for i in range(x.size):
            out[i] = ours(x[i])

    x = np.concatenate([np.linspace(-80, 80, 40001), np.linspace(-1, 1, 20001)]).astype(dtype)
    out, exact = np.empty_like(x), theirs(x.astype(np.longdouble))
    each(x, out)
    error = np.abs(out - exact)[exact != 0] / np.abs(exact[exact != 0])
    assert float(error.max()) < 4.0 * np.finfo(dtype).eps
    each(np.array([np.nan], dtype), out)
    assert np.isnan(out[0])


def test_random_words_are_those_of_numpy():
    rng, twin = (np.random.Generator(np.random.PCG64(7)) for _ in range(2))
    state = random_words.state_of(rng)
    words = [random_words.next_word(state) for _ in range(1000)]
    assert words == twin.integers(0, 2**64, 1000, np.uint64).tolist()
    ahead = np.empty(4, np.uint64)
    random_words.jump(random_words.state_of(rng), 1000, ahead)
    np.testing.assert_array_equal(ahead, state)
    random_words.put_state(rng, state)
    assert rng.bit_generator.state == twin.bit_generator.state
