"""Where the numbers of a target lie and how large they are, in double precision.

The one decision: a few values far out do not say how large the others are. Where the outermost hundredth of the rows, at least the
outermost value, lies ten standard deviations of the others away from the median, location and scale are those of the others; elsewhere
they are mean and standard deviation, so that a target that is standardised already stays as it is.
"""

import numpy as np

from .loss import Loss, quantile

_OUTERMOST = 0.01  # share of the rows
_FAR = 100.0  # times the mean square of the others, or their mean
_ROUNDING = 16.0 * np.finfo(np.float64).eps  # of the largest value: a column that varies by less is constant


class Measure:
    """Columns of numbers as ``offset + scale z``, in double precision: z is what a network sees or learns.

    Parameters
    ----------
    offset, scale : ndarray of shape (n_columns,)
    size : float, default=1.0
        What a loss that is evaluated in units of the numbers is divided by.
    """

    def __init__(self, offset, scale, size=1.0):
        self.offset = offset
        self.scale = scale
        self.size = size

    def normalised(self, numbers):
        """Return z of numbers (..., n_columns)."""
        return (numbers - self.offset) / self.scale

    def restored(self, z):
        """Return the numbers that z (..., n_columns) stands for."""
        return z * self.scale + self.offset


class RealLoss(Loss):
    """A loss of numbers anywhere on the line, whose hyper-parameters are in units of the target's scale.

    ``degree``: the power of the scale that the loss grows with. ``bounded``: a hyper-parameter says from where on distances count less, so
    that the scale is that of most rows, 1.4826 times the median distance from the median, however many others there are.
    """

    degree = 2.0
    bounded = False

    def measure(self, target, weight):
        return Measure(*_by_column(_median_and_scale if self.bounded else _location_and_scale, target, weight))

    def in_units(self, measure):
        return _mean_power(measure.scale, self.degree), 0.0


class PositiveLoss(Loss):
    """A loss of numbers that are not negative, whose mean is the exponential of the score: they have a scale, but no offset."""

    out_activation = "exp"
    degree = 1.0

    def measure(self, target, weight):
        return Measure(*_by_column(_mean_size, target, weight))

    def in_units(self, measure):
        return _mean_power(measure.scale, self.degree), 0.0


def _mean_power(scale, degree):
    with np.errstate(over="ignore"):
        return float(np.mean(scale**degree))


def _by_column(measure, target, weight):
    """Return offset and scale, both of shape (n_targets,), of a target (n, n_targets); the scale of what does not vary is 1."""
    target = np.asarray(target, dtype=np.float64)
    weight = np.ones(len(target)) if weight is None else np.asarray(weight, dtype=np.float64)
    counted = weight > 0.0
    if not counted.all():
        target, weight = target[counted], weight[counted]
    weight = weight / weight.max()
    offset, scale = np.zeros(target.shape[1]), np.ones(target.shape[1])
    for k, column in enumerate(target.T):
        size = float(np.abs(column).max())  # divided by it, nothing overflows
        if size > 0.0:
            place, spread = measure(column / size, weight)
            offset[k] = place * size
            scale[k] = spread * size or 1.0
    return offset, scale


def _location_and_scale(t, weight):
    squares = np.square(t - quantile(t[:, None], weight, 0.5)[0])
    for kept in (_without_outermost(squares, weight), None):
        part, w = (t, weight) if kept is None else (t[kept], weight[kept])
        mean = float(np.average(part, weights=w))
        std = float(np.sqrt(np.average(np.square(part - mean), weights=w)))
        if std > _ROUNDING:
            return mean, std
    return mean, 0.0


def _median_and_scale(t, weight):
    middle = quantile(t[:, None], weight, 0.5)
    deviation = 1.4826 * float(quantile(np.abs(t[:, None] - middle), weight, 0.5)[0])
    return (float(middle[0]), deviation) if deviation > _ROUNDING else _location_and_scale(t, weight)


def _mean_size(t, weight):
    for kept in (_without_outermost(t, weight), None):
        mean = float(np.average(t, weights=weight) if kept is None else np.average(t[kept], weights=weight[kept]))
        if mean > 0.0:
            break
    return 0.0, mean


def _without_outermost(amounts, weight):
    """Return which rows (n,) are left without the outermost ones if the mean amount of those is far above the others', else None."""
    outermost = amounts > quantile(amounts[:, None], weight, 1.0 - _OUTERMOST)[0]
    if not outermost.any():
        outermost = amounts == amounts.max()
    if outermost.all():
        return None
    mean, others = (float(np.average(amounts[rows], weights=weight[rows])) for rows in (outermost, ~outermost))
    return ~outermost if mean > _FAR * others else None
