"""Activations and losses made of a function of your own, whose derivative is found automatically.

Pass the function itself, as ``activation=f`` or ``loss=f``; the two classes below are what the
estimators make of it.

The function must be elementwise: it takes an array, a loss two arrays of one shape, and returns an
array of that shape, each entry of which depends on the same entry of the arguments only. It may use

* operators and comparisons, ``np.where``, ``np.select`` and ``np.clip``;
* NumPy's roots, powers, exponentials, logarithms, trigonometric and hyperbolic functions,
  ``np.abs``, ``np.sign``, ``np.maximum``, ``np.minimum`` and their relatives;
* from ``scipy.special`` ``expit``, ``log_expit``, ``logit``, ``erf``, ``erfc``, ``ndtr``,
  ``log_ndtr``, ``gammaln``, ``xlogy`` and ``xlog1py``.

Any other function raises ``TypeError``. An ``if`` on an array, functions of ``math``, and writing
into the argument are not possible. Where the function has no derivative, the mean of the
derivatives on both sides is used.

In prediction the function is called as it is. In training it is called with dual numbers, pairs of
a value and a derivative, which give the derivative exactly, to rounding. This takes about three
times as long as the function alone, and more than a built-in activation or loss; networks with such
a function are not trained by compiled code.
"""

import numpy as np

from ..layers.base import Layer
from ..layout import Rows
from ..losses.base import Loss, median
from ..losses.measure import Measure, location_and_scale
from .dual import Dual, value_and_derivative

_VALUES = 2**20  # of a target that say how large a loss is


class FunctionActivation(Layer):
    """The activation y = f(x) for an elementwise function f, which ``activation=f`` stands for.

    Parameters
    ----------
    function : callable
        Takes an array of any shape and returns one of the same shape. Its value and its derivative
        must be finite everywhere.
    """

    elementwise = True
    activates = True
    weight_init = "glorot_uniform"
    functions = ("function",)

    def __init__(self, function):
        self.function = function

    def check(self):
        _check(self, np.array([[-1.7, -0.6], [0.3, 1.9], [0.8, -2.3], [2.6, -0.2]]), finite=True)

    def buffers(self, n_in):
        return {"slope": Rows(n_in)}

    def forward(self, x, ws, training):
        if not training:
            np.copyto(ws.y, self.function(_read_only(x)))
            return
        value, slope = value_and_derivative(self.function, Dual(_read_only(x), 1.0))
        np.copyto(ws.slope, slope)
        np.copyto(ws.y, value)

    def backward(self, dy, ws):
        if ws.dx is not None:
            np.multiply(dy, ws.slope, out=ws.dx)


class FunctionLoss(Loss):
    """The loss of a row, the sum over its outputs of f(prediction, target) for an elementwise
    function f, which ``loss=f`` stands for.

    The targets are any numbers for which f is finite, and the prediction is the network's output.
    Training starts from the constant prediction, between the smallest and the largest target, at
    which the derivative of the mean loss changes its sign, or from the median if there is none.

    Parameters
    ----------
    function : callable
        Takes an array of predictions and an array of targets, both of one shape, and returns the
        losses in an array of the same shape. It is differentiated with respect to the prediction.
    """

    functions = ("function",)

    def __init__(self, function):
        self.function = function

    def check(self):
        prediction = np.array([[0.2, 0.7], [0.4, 0.9], [0.6, 0.3], [0.8, 0.1]])
        _check(self, prediction, np.array([[0.3, 0.9], [0.4, 0.2], [0.7, 0.1], [0.1, 0.6]]))

    def buffers(self, n_out):
        return {"rows": Rows(1)}

    def rows_and_grad(self, raw, target, ws):
        losses, slope = value_and_derivative(
            self.function, Dual(_read_only(raw), 1.0), _read_only(target)
        )
        np.sum(losses, axis=-1, keepdims=True, out=ws.rows, dtype=raw.dtype)
        np.copyto(raw, slope)

    def initial_score(self, target, weight):
        target = _read_only(np.asarray(target, dtype=np.float64))
        low, high = target.min(axis=0), target.max(axis=0)
        weight = np.ones(len(target)) if weight is None else weight
        with np.errstate(all="ignore"):
            for _ in range(40):
                middle = 0.5 * (low + high)
                slope = weight @ self._at(middle, target)[1]
                low, high = np.where(slope < 0.0, middle, low), np.where(slope < 0.0, high, middle)
            value = 0.5 * (low + high)
            losses, slope = self._at(value, target)
            value = np.where(np.isfinite(slope).all(axis=0), value, median(target, weight))
            losses = self._at(value, target)[0]
        if not np.isfinite(losses).all():
            worst = target[~np.isfinite(losses)][0]
            raise ValueError(
                f"{self!r} gives a loss that is not finite for the target {worst} and the "
                f"prediction {value}."
            )
        return value

    def measure(self, target, weight):
        measure, stride = location_and_scale(target, weight), -(-target.size // _VALUES)
        target, weight = target[::stride], None if weight is None else weight[::stride]
        with np.errstate(all="ignore"):
            losses, least = (
                self._at(constant, target)[0]
                for constant in (self.initial_score(target, weight), target)
            )
            excess = np.average(
                losses - np.where(np.isfinite(least), least, 0.0), axis=0, weights=weight
            )
        return Measure(
            measure.offset,
            measure.scale,
            np.where(np.isfinite(excess) & (excess > 0.0), 2.0 * excess, 1.0),
        )

    def of_units(self, measure):
        return LossOfUnits(self, measure.offset, measure.scale, measure.size)

    def _at(self, constant, target):
        """Return losses and derivatives for one prediction for each column."""
        return value_and_derivative(
            self.function, Dual(np.broadcast_to(constant, target.shape), 1.0), target
        )


class LossOfUnits(Loss):
    """A loss in units of the target for a network that learns ``z``: the sum of ``loss(offset +
    scale z, offset + scale t) / size``.

    Domain and link: those of the loss, which is evaluated in float64, so that a large offset costs
    no precision. The size of an output, twice the mean loss of the best constant above that of the
    target itself, makes the loss of a standardised target what the squared error's is.

    Parameters
    ----------
    loss : FunctionLoss
    offset, scale, size : ndarray of shape (n_targets,)
    """

    def __init__(self, loss, offset, scale, size):
        self.loss = loss
        self.offset = offset
        self.scale = scale
        self.size = size

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            "numbers": Rows(n_out, np.float64),
            "goal": Rows(n_out, np.float64),
        }

    def rows_and_grad(self, raw, target, ws):
        for values, numbers in ((raw, ws.numbers), (target, ws.goal)):
            np.multiply(values, self.scale, out=numbers)
            np.add(numbers, self.offset, out=numbers)
        losses, slope = value_and_derivative(
            self.loss.function, Dual(_read_only(ws.numbers), 1.0), _read_only(ws.goal)
        )
        np.copyto(ws.rows, np.sum(losses / self.size, axis=-1, keepdims=True), casting="same_kind")
        # d loss / d z = scale / size d loss / d prediction
        np.divide(slope * self.scale, self.size, out=raw, casting="same_kind")

    def initial_score(self, target, weight):
        return (
            self.loss.initial_score(target * self.scale + self.offset, weight) - self.offset
        ) / self.scale

    def in_units(self, measure):
        return float(np.mean(self.size)), 0.0


def _check(unit, *arguments, finite=False):
    """Raise unless the unit's function is elementwise and can be differentiated by its first
    argument, tried on a few numbers.
    """
    function, arguments = unit.function, [_read_only(a) for a in arguments]
    if isinstance(function, type) or not callable(function):
        raise ValueError(
            f"{function!r} is no function of arrays; give a function, such as np.tanh, or an "
            "instance."
        )
    shape = arguments[0].shape
    try:
        with np.errstate(all="ignore"):
            y = np.asarray(_called(unit, arguments))
            part = np.asarray(function(*(a[1:3, :1] for a in arguments)))
            value, slope = value_and_derivative(function, Dual(arguments[0], 1.0), *arguments[1:])
    except Exception as error:
        error.add_note(
            f"{unit!r} was tried on read-only arrays of shape {shape}, and on Dual numbers, which "
            "give its derivative."
        )
        raise
    if y.shape != shape or value.shape != shape:
        raise ValueError(
            f"{unit!r} must be elementwise: for arrays of shape {shape} it gives shape {y.shape}."
        )
    if y.dtype.kind not in "fiub":
        raise ValueError(f"{unit!r} must give real numbers, not {y.dtype}.")
    if not np.allclose(part, y[1:3, :1], equal_nan=True):
        raise ValueError(
            f"{unit!r} must be elementwise, but an entry of its result depends on other entries, "
            "or changes between calls."
        )
    if not np.allclose(value, y, equal_nan=True):
        raise ValueError(
            f"{unit!r} gives other values for Dual numbers: {value.tolist()} instead of "
            f"{y.tolist()}."
        )
    if finite and not (np.isfinite(y).all() and np.isfinite(slope).all()):
        worst = arguments[0][~(np.isfinite(y) & np.isfinite(slope))][0]
        raise ValueError(
            f"{unit!r} or its derivative is not finite at {worst}; an activation must be so "
            "everywhere."
        )
    if not np.isfinite(slope).any() or not np.any(slope):
        raise ValueError(
            f"{unit!r} has the derivative 0 or none at all numbers tried, so that nothing could "
            "be learned through it."
        )


def _called(unit, arguments):
    """Return what the unit's function makes of arrays; raise ``ValueError`` if it is one of
    another library's arrays.
    """
    try:
        return unit.function(*arguments)
    except (AttributeError, TypeError) as error:
        raise ValueError(
            f"{unit!r} cannot be called with arrays of NumPy ({error}); give a function made of "
            "NumPy's, such as np.tanh, or a key."
        ) from error


def _read_only(array):
    """Return a view that cannot be written into."""
    view = array.view()
    view.flags.writeable = False
    return view
