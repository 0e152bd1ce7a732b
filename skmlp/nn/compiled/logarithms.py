"""Logarithms of which a loop becomes vector instructions, as those in ``functions.py``."""

import math

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from .arrays import OPTIONS
from .functions import float_of_bits

_HALF_ROOT_32 = int(np.float32(math.sqrt(0.5)).view(np.int32))  # the bits of sqrt(1/2)
_HALF_ROOT_64 = int(np.float64(math.sqrt(0.5)).view(np.int64))


@intrinsic
def _bits_of_float(typing_context, x):
    """Return the integer that has the bits of a float."""
    result = types.int32 if x == types.float32 else types.int64

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(result))

    return result(x), generate


def log(x):
    """Return the natural logarithm of a normal number above 0."""
    raise NotImplementedError


@overload(log, jit_options=OPTIONS)
def _log(x):
    # k log 2 + log m, with x = 2^k m and m from sqrt(1/2) to sqrt(2)
    if x == types.float32:

        def of_single(x):
            bits = _bits_of_float(x)
            k = (bits - np.int32(_HALF_ROOT_32)) >> np.int32(23)
            m = float_of_bits(np.int32(bits - (k << np.int32(23))))
            k = np.float32(k)
            y = log1p(m - np.float32(1.0)) + k * np.float32(-2.12194440e-4)
            return y + k * np.float32(0.693359375) if x == x else x

        return of_single

    if x == types.float64:

        def of_double(x):
            bits = _bits_of_float(x)
            k = (bits - np.int64(_HALF_ROOT_64)) >> np.int64(52)
            m = float_of_bits(np.int64(bits - (k << np.int64(52))))
            k = np.float64(np.int32(k))
            y = log1p(m - 1.0) + k * 1.42860682030941723212e-6
            return y + k * 6.93145751953125e-1 if x == x else x

        return of_double
    return None


def log1p(x):
    """Return log(1 + x) for x from -1/2 to 1."""
    raise NotImplementedError


@overload(log1p, jit_options=OPTIONS)
def _log1p(x):
    # 2 artanh(s) with s = x / (2 + x), at most a third, by its series
    if x == types.float32:

        def of_single(x):
            s = x / (np.float32(2.0) + x)
            z = s * s
            y = np.float32(1.0 / 13.0)
            y = y * z + np.float32(1.0 / 11.0)
            y = y * z + np.float32(1.0 / 9.0)
            y = y * z + np.float32(1.0 / 7.0)
            y = y * z + np.float32(1.0 / 5.0)
            y = y * z + np.float32(1.0 / 3.0)
            y = y * z * s + s
            return y + y

        return of_single

    if x == types.float64:

        def of_double(x):
            s = x / (2.0 + x)
            z = s * s
            y = 1.0 / 31.0
            y = y * z + 1.0 / 29.0
            y = y * z + 1.0 / 27.0
            y = y * z + 1.0 / 25.0
            y = y * z + 1.0 / 23.0
            y = y * z + 1.0 / 21.0
            y = y * z + 1.0 / 19.0
            y = y * z + 1.0 / 17.0
            y = y * z + 1.0 / 15.0
            y = y * z + 1.0 / 13.0
            y = y * z + 1.0 / 11.0
            y = y * z + 1.0 / 9.0
            y = y * z + 1.0 / 7.0
            y = y * z + 1.0 / 5.0
            y = y * z + 1.0 / 3.0
            y = y * z * s + s
            return y + y

        return of_double
    return None
