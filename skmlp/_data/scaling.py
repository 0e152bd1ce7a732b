"""How the numbers of a table are scaled: what is learned of a column's values that are not missing,
and the bound of robust scaling.
"""

import numpy as np

from ..nn.losses.base import quantile

BOUND = 3.0  # of the numbers of 'robust' scaling
_NEAR_ONE = 1.0 - 1e-6
_MUCH = 1e15  # bounded, it is BOUND to the last bit


def rounding_of(dtype):
    """Return the relative distance of neighbouring numbers of a column's dtype, that of float64
    for all that is no shorter float.
    """
    short = {2: np.float16, 4: np.float32} if dtype.kind == "f" else {}
    return float(np.finfo(short.get(getattr(dtype, "itemsize", 8), np.float64)).eps)


def mean_and_scale(x, rounding, weight):
    """Return weighted mean and standard deviation of the values that are not missing; the scale is
    1 of a constant, infinite if all are missing.
    """
    x, weight = _present(x, weight)
    if not len(x):
        return 0.0, np.inf
    mean, deviation = _moments(x, rounding, weight)
    return mean, deviation or 1.0


def median_and_range(x, rounding, weight):
    """Return weighted median and interquartile range of the values that are not missing, or half
    of the whole range where three quarters are one value; the scale is 1 of a constant, infinite if
    all are missing.
    """
    x, weight = _present(x, weight)
    if not len(x):
        return 0.0, np.inf
    mean, deviation = _moments(x, rounding, weight)
    if not deviation:
        return mean, 1.0
    low, median, high = (quantile(x[:, None], weight, level)[0] for level in (0.25, 0.5, 0.75))
    spread = high - low
    return median, spread if spread > rounding * abs(median) else 0.5 * (x.max() - x.min())


def _present(x, weight):
    """Return the values that are not missing and have a weight, and their weights."""
    counted = ~np.isnan(x) & (weight > 0.0)
    return x[counted], weight[counted]


def _moments(x, rounding, weight):
    """Return weighted mean and standard deviation, 0 of a constant.

    A column counts as constant where its deviation is no more than that of rounding: of n values in
    ``StandardScaler``'s sense (Chan, Golub and LeVeque, 1979), and of its own precision.
    """
    if x.min() == x.max():
        return x[0], 0.0
    weight = weight / weight.sum()
    size = np.abs(x).max()  # divided by it, no square overflows
    mean = weight @ (x / size)
    deviation = np.sqrt(weight @ np.square(x / size - mean))
    constant = deviation <= max(len(x) * np.finfo(np.float64).eps, rounding) * abs(mean)
    return mean * size, 0.0 if constant else deviation * size


def scaled(x, mean, scale, scaling):
    """Return the numbers x of a column as the network gets them."""
    z = (x - mean) / scale
    if scaling == "robust":
        bound(z)
    return z


def bound(z):
    """z <- z / sqrt(1 + (z / 3)^2), which lies between -3 and 3."""
    np.clip(z, -_MUCH, _MUCH, out=z)  # so that no square overflows
    length = np.square(z / BOUND)
    length += 1.0
    z /= np.sqrt(length, out=length)


def unbounded(z):
    """Return the z that ``bound`` makes these of; what is no such value counts as the next."""
    share = np.clip(z / BOUND, -_NEAR_ONE, _NEAR_ONE)
    return BOUND * share / np.sqrt(1.0 - np.square(share))


def slope_of_bound(bounded):
    """Return the derivative of ``bound`` where it gives these values, never quite zero."""
    share = np.clip(bounded / BOUND, -_NEAR_ONE, _NEAR_ONE)
    return (1.0 - np.square(share)) ** 1.5


SCALINGS = {"standard": mean_and_scale, "robust": median_and_range}
