"""Where the numbers of a target lie and how large they are, in double precision.

The one decision: a few values far out do not say how large the others are. Where the outermost
hundredth of the rows, at least the outermost value, lies thirty standard deviations of the others
away from the median, location and scale are those of the others; elsewhere they are mean and
standard deviation, so that a target that is standardised already stays as it is. Of very many rows
evenly spaced ones say where the middle is.
"""

import numpy as np

from ..saved import Kind, check_attributes, is_array
from .base import median, quantile

_OUTERMOST = 0.01  # share of the rows
_FEW = 0.05  # share of the rows that may be left out for having the outermost value
_FAR = 1000.0  # times the mean square of the others, or their mean
_MOST = 0.75  # share of the rows
_WITHIN = (
    1.1503493803760079  # standard deviations from the mean is as much of a normal distribution
)
_ROUNDING = (
    16.0 * np.finfo(np.float64).eps
)  # of the largest value: a column that varies by less is constant
_ROWS = 2**16  # of which a quantile is taken
_VALUES = 2**16  # normalised in one go


def _is_finite(value):
    """Return whether a value is a finite number or a vector of these."""
    numbers = type(value) is float or (
        is_array(value) and value.ndim == 1 and value.dtype == np.float64
    )
    return numbers and bool(np.isfinite(value).all())


def _is_positive(value):
    return _is_finite(value) and bool(np.greater(value, 0.0).all())


class Measure:
    """Columns of numbers as ``offset + scale z``, in double precision: z is what a network sees or
    learns.

    Parameters
    ----------
    offset, scale : float or ndarray of shape (n_columns,)
    size : float or ndarray of shape (n_columns,), default=1.0
        What a loss that is evaluated in units of the numbers is divided by.
    """

    def __init__(self, offset, scale, size=1.0):
        self.offset = offset
        self.scale = scale
        self.size = size

    kinds = {
        "offset": Kind("finite numbers", _is_finite),
        "scale": Kind("positive numbers", _is_positive),
        "size": Kind("positive numbers", _is_positive),
    }

    def __setstate__(self, state):
        check_attributes("Measure", state, self.kinds)
        self.__dict__.update(state)

    def normalised(self, numbers, dtype=np.float64):
        """Return z of numbers (..., n_columns), rounded once to this precision."""
        out = np.empty(numbers.shape, dtype)
        size = max(1, _VALUES // max(1, numbers.shape[-1])) if numbers.ndim > 1 else len(numbers)
        for start in range(0, len(numbers), size):
            part = slice(start, start + size) if numbers.ndim > 1 else slice(None)
            z = np.subtract(numbers[part], self.offset, dtype=np.float64)
            np.divide(z, self.scale, out=out[part], casting="same_kind")
        return out

    def restored(self, z):
        """Return the numbers, in double precision, that z (..., n_columns) stands for."""
        numbers = np.multiply(z, self.scale, dtype=np.float64)
        return np.add(numbers, self.offset, out=numbers)


def location_and_scale(target, weight):
    """Return the measure of a target (n, n_targets) anywhere on the line; ``weight`` (n,) or
    None.
    """
    return _by_column(_location_and_scale, target, weight)


def median_and_scale(target, weight):
    """Return the measure of most of a target, however far the others are: the median, and how far
    three quarters of it lie from that.

    Three quarters of a normal distribution lie within 1.15 standard deviations, by which the
    distance is divided. With half of the rows, the usual choice, a target whose other half hardly
    varies, such as the power of solar cells by night, would have next to no scale.
    """
    return _by_column(_median_and_scale, target, weight)


def mean_size(target, weight):
    """Return the measure of a target without negative numbers, whose size is its mean and which
    has no offset.
    """
    return _by_column(_mean_size, target, weight)


def _by_column(measure, target, weight):
    """Return the measure of a target column by column; the scale of what does not vary is 1."""
    target = np.asarray(target, dtype=np.float64)
    if weight is not None:
        weight = np.asarray(weight, dtype=np.float64)
        counted = weight > 0.0
        if not counted.all():
            target, weight = target[counted], weight[counted]
        weight = weight / weight.max()
    offset, scale = np.zeros(target.shape[1]), np.ones(target.shape[1])
    for k, column in enumerate(target.T):
        size = float(max(column.max(), -column.min()))  # divided by it, nothing overflows
        if size > 0.0:
            place, spread = measure(column / size, weight)
            offset[k] = place * size
            scale[k] = spread * size or 1.0
    return Measure(offset, scale)


def _location_and_scale(t, weight):
    squares = np.square(t - _median(t, weight))
    for part, w in _parts(t, weight, squares):
        mean = float(np.average(part, weights=w))
        std = float(np.sqrt(np.average(np.square(part - mean), weights=w)))
        if std > _ROUNDING:
            return mean, std
    return mean, 0.0


def _median_and_scale(t, weight):
    middle = _median(t, weight)
    deviation = _quantile(np.abs(t - middle), weight, _MOST) / _WITHIN
    return (middle, deviation) if deviation > _ROUNDING else _location_and_scale(t, weight)


def _mean_size(t, weight):
    for part, w in _parts(t, weight, t):
        mean = float(np.average(part, weights=w))
        if mean > 0.0:
            break
    return 0.0, mean


def _median(t, weight):
    return float(median(*_some(t, weight))[0])


def _quantile(t, weight, level):
    return float(quantile(*_some(t, weight), level)[0])


def _some(t, weight):
    """Return numbers (n, 1) and weights (n,) or None of evenly spaced rows, of all if they are
    not very many.
    """
    stride = -(-len(t) // _ROWS)
    return t[::stride, None], None if weight is None else weight[::stride]


def _parts(t, weight, amounts):
    """Yield numbers and weights without the outermost ones, if the mean of their amounts is far
    above that of the others; then all.
    """
    largest, mean = amounts.max(), np.average(amounts, weights=weight)
    at_most = max(
        _OUTERMOST, float(np.average(amounts == largest, weights=weight))
    )  # share of the rows that are outermost
    if at_most <= _FEW and largest > mean / (
        at_most + 1.0 / _FAR
    ):  # as it must be if their mean is
        outermost = amounts > np.quantile(
            amounts, 1.0 - _OUTERMOST, weights=weight, method="inverted_cdf"
        )
        outermost = outermost if outermost.any() else amounts == largest
        w_out, w = (None if weight is None else weight[rows] for rows in (outermost, ~outermost))
        if np.average(amounts[outermost], weights=w_out) > _FAR * np.average(
            amounts[~outermost], weights=w
        ):
            yield t[~outermost], w
    yield t, weight
