"""Numbers that several families need."""

import math

import numpy as np

BLOCK = 16384  # elements: five vectors of a block fit a core's second-level cache

# selu is scale (x for x > 0, alpha (exp(x) - 1) elsewhere), (Klambauer et al., 2017)
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def largest_exponent(dtype):
    """Return the largest x whose exp(x) is finite, rounded down."""
    return math.floor(math.log(np.finfo(dtype).max))
