"""Derivatives of NumPy's and SciPy's ufuncs, for the dual numbers in ``dual.py``.

The one decision: a rule gets the result ``y`` along with the arguments, so that no derivative
computes its function again. Where a function is not smooth its derivative is midway between those
of the two sides: that of ``abs`` at 0 is 0, and the two arguments of ``maximum`` share where they
are equal. Where it has jumps its derivative is 0, at the jumps too.

To add one: put it into ``ONE`` with its derivative, or into ``TWO`` with its two partial
derivatives; the tests iterate both.
"""

import math

import numpy as np
from scipy import special

_SQRT_PI = math.sqrt(math.pi)
_LOG_2, _LOG_10 = math.log(2.0), math.log(10.0)


def _zero(y, *arguments):
    return 0.0


def _one(y, *arguments):
    return 1.0


def _normal_density(x):
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def _won(a, b):
    """Return 1 where a > b, 1/2 where a = b, else 0."""
    return 0.5 * (np.greater(a, b).astype(float) + np.greater_equal(a, b))


def _won_or_alone(a, b):
    """Return ``_won``, and 1 where b is NaN."""
    return np.where(np.isnan(b), 1.0, _won(a, b))


def _share(a, b):
    """Return a / b, 0 where a is."""
    return np.where(np.equal(a, 0.0), 0.0, np.divide(a, b))


def _power_base(y, a, b):
    return np.where(np.equal(b, 0.0), 0.0, b * np.power(a, np.subtract(b, 1.0)))


def _power_exponent(y, a, b):
    return np.where(np.equal(y, 0.0), 0.0, y * np.log(a))


# derivatives of functions of one argument: from y = f(x) and x
ONE = {
    np.positive: _one,
    np.negative: lambda y, x: -1.0,
    np.absolute: lambda y, x: np.sign(x),
    np.fabs: lambda y, x: np.sign(x),
    np.sign: _zero,
    np.floor: _zero,
    np.ceil: _zero,
    np.rint: _zero,
    np.trunc: _zero,
    np.exp: lambda y, x: y,
    np.exp2: lambda y, x: y * _LOG_2,
    np.expm1: lambda y, x: y + 1.0,
    np.log: lambda y, x: 1.0 / x,
    np.log2: lambda y, x: 1.0 / (x * _LOG_2),
    np.log10: lambda y, x: 1.0 / (x * _LOG_10),
    np.log1p: lambda y, x: 1.0 / (1.0 + x),
    np.sqrt: lambda y, x: 0.5 / y,
    np.square: lambda y, x: 2.0 * x,
    np.cbrt: lambda y, x: 1.0 / (3.0 * y * y),
    np.reciprocal: lambda y, x: -y * y,
    np.sin: lambda y, x: np.cos(x),
    np.cos: lambda y, x: -np.sin(x),
    np.tan: lambda y, x: 1.0 + y * y,
    np.arcsin: lambda y, x: 1.0 / np.sqrt((1.0 - x) * (1.0 + x)),
    np.arccos: lambda y, x: -1.0 / np.sqrt((1.0 - x) * (1.0 + x)),
    np.arctan: lambda y, x: 1.0 / (1.0 + x * x),
    np.sinh: lambda y, x: np.cosh(x),
    np.cosh: lambda y, x: np.sinh(x),
    np.tanh: lambda y, x: (1.0 - y) * (1.0 + y),
    np.arcsinh: lambda y, x: 1.0 / np.hypot(1.0, x),
    np.arccosh: lambda y, x: 1.0 / np.sqrt((x - 1.0) * (x + 1.0)),
    np.arctanh: lambda y, x: 1.0 / ((1.0 - x) * (1.0 + x)),
    np.deg2rad: lambda y, x: math.pi / 180.0,
    np.radians: lambda y, x: math.pi / 180.0,
    np.rad2deg: lambda y, x: 180.0 / math.pi,
    np.degrees: lambda y, x: 180.0 / math.pi,
    special.expit: lambda y, x: y * special.expit(-x),
    special.log_expit: lambda y, x: special.expit(-x),
    special.logit: lambda y, x: 1.0 / (x * (1.0 - x)),
    special.erf: lambda y, x: 2.0 / _SQRT_PI * np.exp(-x * x),
    special.erfc: lambda y, x: -2.0 / _SQRT_PI * np.exp(-x * x),
    special.ndtr: lambda y, x: _normal_density(x),
    special.log_ndtr: lambda y, x: np.exp(-0.5 * x * x - y) / math.sqrt(2.0 * math.pi),
    special.gammaln: lambda y, x: special.psi(x),
}

# partial derivatives of functions of two arguments: from y = f(a, b), a and b
TWO = {
    np.add: (_one, _one),
    np.subtract: (_one, lambda y, a, b: -1.0),
    np.multiply: (lambda y, a, b: b, lambda y, a, b: a),
    np.divide: (lambda y, a, b: 1.0 / b, lambda y, a, b: -y / b),
    np.power: (_power_base, _power_exponent),
    np.float_power: (_power_base, _power_exponent),
    np.maximum: (lambda y, a, b: _won(a, b), lambda y, a, b: _won(b, a)),
    np.minimum: (lambda y, a, b: _won(b, a), lambda y, a, b: _won(a, b)),
    np.fmax: (lambda y, a, b: _won_or_alone(a, b), lambda y, a, b: _won_or_alone(b, a)),
    np.fmin: (
        lambda y, a, b: np.where(np.isnan(b), 1.0, _won(b, a)),
        lambda y, a, b: np.where(np.isnan(a), 1.0, _won(a, b)),
    ),
    np.hypot: (lambda y, a, b: _share(a, y), lambda y, a, b: _share(b, y)),
    np.arctan2: (lambda y, a, b: b / (a * a + b * b), lambda y, a, b: -a / (a * a + b * b)),
    np.logaddexp: (
        lambda y, a, b: special.expit(np.subtract(a, b)),
        lambda y, a, b: special.expit(np.subtract(b, a)),
    ),
    np.logaddexp2: (
        lambda y, a, b: special.expit(np.subtract(a, b) * _LOG_2),
        lambda y, a, b: special.expit(np.subtract(b, a) * _LOG_2),
    ),
    np.heaviside: (_zero, lambda y, a, b: np.equal(a, 0.0)),
    np.copysign: (lambda y, a, b: np.sign(a) * np.sign(y), _zero),
    np.remainder: (_one, lambda y, a, b: -np.floor_divide(a, b)),
    np.floor_divide: (_zero, _zero),
    special.xlogy: (lambda y, a, b: np.log(b), lambda y, a, b: _share(a, b)),
    special.xlog1py: (lambda y, a, b: np.log1p(b), lambda y, a, b: _share(a, np.add(b, 1.0))),
}

# functions that give a truth value, which has no derivative
TRUTHS = {
    np.greater,
    np.greater_equal,
    np.less,
    np.less_equal,
    np.equal,
    np.not_equal,
    np.isfinite,
    np.isinf,
    np.isnan,
    np.signbit,
    np.logical_and,
    np.logical_or,
    np.logical_not,
    np.logical_xor,
}
