"""Elementary functions of which a loop becomes vector instructions: the C library's take one number
at a time.

Each is computed in the precision of its argument, and accurate to about two units in the last
place; most are Cody and Waite's reduction and a polynomial or a ratio of two with the coefficients
of Moshier's Cephes library. NaN gives NaN.
"""

import math

import numpy as np
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from .arrays import OPTIONS

_LOG2_E = 1.4426950408889634


@intrinsic
def float_of_bits(typing_context, bits):
    """Return the float whose bits are those of an integer."""
    result = types.float32 if bits == types.int32 else types.float64

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(result))

    return result(bits), generate


def exp(x):
    """Return e to the power of x, within the normal numbers of the type of x."""
    raise NotImplementedError


@overload(exp, jit_options=OPTIONS)
def _exp(x):
    if x == types.float32:
        return _exp32
    return _exp64 if x == types.float64 else None


def _exp32(x):
    x = np.float32(-87.3) if x < np.float32(-87.3) else x
    x = np.float32(88.7) if x > np.float32(88.7) else x
    k = np.floor(np.float32(_LOG2_E) * x + np.float32(0.5))
    n = np.int32(k)
    x = x - k * np.float32(0.693359375)
    x = x - k * np.float32(-2.12194440e-4)
    y = _small32(x) + np.float32(1.0)
    return y * float_of_bits(np.int32((n + np.int32(127)) << np.int32(23)))


def _exp64(x):
    x = -708.0 if x < -708.0 else x
    x = 709.0 if x > 709.0 else x
    k = np.floor(_LOG2_E * x + 0.5)
    n = np.int64(np.int32(k))  # few processors turn doubles into longer ones as vectors
    x = x - k * 6.93145751953125e-1
    x = x - k * 1.42860682030941723212e-6
    small = _ratio(x)
    return (1.0 + 2.0 * small) * float_of_bits(np.int64((n + 1023) << 52))


@register_jitable
def _small32(x):
    """Return exp(x) - 1 for \\|x\\| at most 0.5."""
    # x + x^2 times a polynomial close to (exp(x) - 1 - x) / x^2
    y = np.float32(1.9875691500e-4)
    y = y * x + np.float32(1.3981999507e-3)
    y = y * x + np.float32(8.3334519073e-3)
    y = y * x + np.float32(4.1665795894e-2)
    y = y * x + np.float32(1.6666665459e-1)
    y = y * x + np.float32(5.0000001201e-1)
    return y * x * x + x


@register_jitable
def _ratio(x):
    """Return (exp(x) - 1) / 2 for \\|x\\| at most 0.5."""
    xx = x * x
    p = 1.26177193074810590878e-4
    p = p * xx + 3.02994407707441961300e-2
    p = (p * xx + 9.99999999999999999910e-1) * x
    q = 3.00198505138664455042e-6
    q = q * xx + 2.52448340349684104192e-3
    q = q * xx + 2.27265548208155028766e-1
    q = q * xx + 2.00000000000000000009
    return p / (q - p)


def expm1(x):
    """Return exp(x) - 1."""
    raise NotImplementedError


@overload(expm1, jit_options=OPTIONS)
def _expm1(x):
    if x == types.float32:

        def of_single(x):
            small, large = _small32(x), exp(x) - np.float32(1.0)
            return small if abs(x) < np.float32(0.34) else large

        return of_single

    def of_double(x):
        small, large = 2.0 * _ratio(x), exp(x) - 1.0
        return small if abs(x) < 0.5 else large

    return of_double if x == types.float64 else None


def tanh(x):
    """Return the hyperbolic tangent of x."""
    raise NotImplementedError


@overload(tanh, jit_options=OPTIONS)
def _tanh(x):
    if x == types.float32:

        def of_single(x):
            z = x * x
            y = np.float32(-5.70498872745e-3)
            y = y * z + np.float32(2.06390887954e-2)
            y = y * z + np.float32(-5.37397155531e-2)
            y = y * z + np.float32(1.33314422036e-1)
            y = y * z + np.float32(-3.33332819422e-1)
            small = y * z * x + x
            a = abs(x)
            e = exp(a + a)
            large = np.float32(1.0) - np.float32(2.0) / (e + np.float32(1.0))
            large = -large if x < np.float32(0.0) else large
            return small if a < np.float32(0.625) else large

        return of_single

    def of_double(x):
        z = x * x
        p = -9.64399179425052238628e-1
        p = p * z + -9.92877231001918586564e1
        p = p * z + -1.61468768441708447952e3
        q = z + 1.12811678491632931402e2
        q = q * z + 2.23548839060100448583e3
        q = q * z + 4.84406305325125486048e3
        small = x + x * z * (p / q)
        a = abs(x)
        large = 1.0 - 2.0 / (exp(a + a) + 1.0)
        large = -large if x < 0.0 else large
        return small if a < 0.625 else large

    return of_double if x == types.float64 else None


def logistic(x):
    """Return 1 / (1 + exp(-x))."""
    raise NotImplementedError


@overload(logistic, jit_options=OPTIONS)
def _logistic(x):
    if x == types.float32:
        return lambda x: np.float32(1.0) / (np.float32(1.0) + exp(-x))
    return (lambda x: 1.0 / (1.0 + exp(-x))) if x == types.float64 else None


def normal_tail(x, density):
    """Return the probability that a standard normal variable is above x, which is 0 or more;
    ``density``: exp(-x^2 / 2).
    """
    raise NotImplementedError


@overload(normal_tail, jit_options=OPTIONS)
def _normal_tail(x, density):
    # (1 + x) tail / density is smooth in t = (x - 4) / (x + 4), after Shepherd and Laframboise
    # (1981, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc(x)"); the coefficients are those of
    # its interpolation at Chebyshev points
    if x == types.float32:

        def of_single(x, density):
            t = (x - np.float32(4.0)) / (x + np.float32(4.0))
            y = np.float32(1.25685467e-5)
            y = y * t + np.float32(-5.80912353e-5)
            y = y * t + np.float32(-8.4554018e-5)
            y = y * t + np.float32(0.000664988692)
            y = y * t + np.float32(-0.000291267495)
            y = y * t + np.float32(-0.00498771425)
            y = y * t + np.float32(0.0179376959)
            y = y * t + np.float32(-0.0322011629)
            y = y * t + np.float32(0.0286001681)
            y = y * t + np.float32(0.0139999137)
            y = y * t + np.float32(-0.0967034704)
            y = y * t + np.float32(0.472053203)
            return density * y / (np.float32(1.0) + x)

        return of_single

    if x == types.float64:

        def of_double(x, density):
            t = (x - 4.0) / (x + 4.0)
            y = -1.463795491943714e-9
            y = y * t + 1.6014053572339795e-9
            y = y * t + 1.7003567383494652e-8
            y = y * t + -8.288491543528264e-9
            y = y * t + -1.0920698017336108e-7
            y = y * t + -1.4922474257953556e-8
            y = y * t + 5.494451722662117e-7
            y = y * t + 4.18911682208928e-7
            y = y * t + -2.6107665277522846e-6
            y = y * t + -3.4404572721423294e-6
            y = y * t + 1.362575097933586e-5
            y = y * t + 2.1253145937658677e-5
            y = y * t + -8.78528141774938e-5
            y = y * t + -9.443100022307016e-5
            y = y * t + 0.000694897028714868
            y = y * t + -0.00028562298780909735
            y = y * t + -0.005002378581837868
            y = y * t + 0.017936097470590082
            y = y * t + -0.03219783742868546
            y = y * t + 0.028600364053901497
            y = y * t + 0.01399963472444231
            y = y * t + -0.09670347732653001
            y = y * t + 0.4720532065098449
            return density * y / (1.0 + x)

        return of_double
    return None


def cos2pi(x):
    """Return the cosine of 2 pi x, whose argument is reduced without an error."""
    raise NotImplementedError


def sin2pi(x):
    """Return the sine of 2 pi x, whose argument is reduced without an error."""
    raise NotImplementedError


@overload(cos2pi, jit_options=OPTIONS)
def _cos2pi(x):
    if x == types.float32:
        return lambda x: _wave32(x, np.float32(0.0))
    return (lambda x: _wave64(x, 0.0)) if x == types.float64 else None


@overload(sin2pi, jit_options=OPTIONS)
def _sin2pi(x):
    if x == types.float32:
        return lambda x: _wave32(x, np.float32(-1.0))
    return (lambda x: _wave64(x, -1.0)) if x == types.float64 else None


@register_jitable
def _wave32(x, quarter):
    """Return cos(2 pi x + quarter pi / 2)."""
    k = np.floor(np.float32(4.0) * x + np.float32(0.5))
    a = np.float32(2.0 * math.pi) * (x - np.float32(0.25) * k)
    z = a * a
    s = np.float32(-1.9515295891e-4)
    s = s * z + np.float32(8.3321608736e-3)
    s = s * z + np.float32(-1.6666654611e-1)
    s = s * z * a + a
    c = np.float32(2.443315711809948e-5)
    c = c * z + np.float32(-1.388731625493765e-3)
    c = c * z + np.float32(4.166664568298827e-2)
    c = c * z * z + (np.float32(1.0) - np.float32(0.5) * z)
    m = k - np.float32(4.0) * np.floor(np.float32(0.25) * k) + quarter
    y = s if abs(m) == np.float32(1.0) or m == np.float32(3.0) else c
    return -y if m == np.float32(1.0) or m == np.float32(2.0) else y


@register_jitable
def _wave64(x, quarter):
    """Return cos(2 pi x + quarter pi / 2)."""
    k = np.floor(4.0 * x + 0.5)
    a = 2.0 * math.pi * (x - 0.25 * k)
    z = a * a
    s = 1.58962301576546568060e-10
    s = s * z + -2.50507477628578072866e-8
    s = s * z + 2.75573136213857245213e-6
    s = s * z + -1.98412698295895385996e-4
    s = s * z + 8.33333333332211858878e-3
    s = s * z + -1.66666666666666307295e-1
    s = s * z * a + a
    c = -1.13585365213876817300e-11
    c = c * z + 2.08757008419747316778e-9
    c = c * z + -2.75573141792967388112e-7
    c = c * z + 2.48015872888517045348e-5
    c = c * z + -1.38888888888730564116e-3
    c = c * z + 4.16666666666665929218e-2
    c = c * z * z + (1.0 - 0.5 * z)
    m = k - 4.0 * np.floor(0.25 * k) + quarter
    y = s if abs(m) == 1.0 or m == 3.0 else c
    return -y if m == 1.0 or m == 2.0 else y
