"""Losses of classes without probabilities: margins.

The one decision: each class is counted against the rest, as scikit-learn's ``LinearSVC`` and
``Perceptron`` do by default. So one formula serves two classes, several classes, and labels that do
not exclude each other, each output has the meaning it has there, and the linear models are those of
scikit-learn; Crammer and Singer's margin between the classes would be another loss for each of
these.
"""

import numpy as np

from ..layout import Rows
from .base import Loss, sides

# of shares of two sides whose sums of weights are equal but for rounding, as balanced ones are
_TIE = 1e-9


class Hinge(Loss):
    r"""The hinge loss of a support vector machine (Cortes and Vapnik, 1995), each class against the
    rest.

    Domain: targets 0 or 1. Prediction: the score itself, no probability. Formula, for the score z
    of an output and its target t, with :math:`s = 2 t - 1`, summed over the outputs:

    .. math::

        \ell(z, t) &= \max(0, 1 - s z) \\
        \frac{\partial \ell}{\partial z} &= \begin{cases} -s & 1 - s z > 0 \\
        0 & \text{otherwise} \end{cases}

    :class:`sklearn.svm.LinearSVC` with ``loss="hinge"`` uses the same loss, plus its L2 penalty.
    """

    targets = ("binary", "multiclass", "multilabel")

    def buffers(self, n_out):
        return {"rows": Rows(1), "side": Rows(n_out, scratch=True)}

    def rows_and_grad(self, raw, target, ws):
        _shortfall(raw, target, ws.side)
        np.sum(raw, axis=-1, keepdims=True, out=ws.rows)
        np.greater(raw, 0.0, out=raw)
        np.multiply(raw, ws.side, out=raw)
        np.negative(raw, out=raw)

    def initial_score(self, target, weight):
        lead = np.average(target, axis=0, weights=weight) - 0.5
        return np.where(np.abs(lead) > _TIE, np.sign(lead), 0.0)


class SquaredHinge(Loss):
    r"""The squared hinge loss, each class against the rest.

    Domain: targets 0 or 1. Prediction: the score itself, no probability. Formula, for the score z
    of an output and its target t, with :math:`s = 2 t - 1`, summed over the outputs:

    .. math::

        m &= \max(0, 1 - s z) \\
        \ell(z, t) &= m^2 \\
        \frac{\partial \ell}{\partial z} &= -2 s m

    :class:`sklearn.svm.LinearSVC` uses the same loss by default (Fan et al., "LIBLINEAR", 2008,
    equation 2), plus its L2 penalty.
    """

    targets = ("binary", "multiclass", "multilabel")

    def buffers(self, n_out):
        return {"rows": Rows(1), "side": Rows(n_out, scratch=True)}

    def rows_and_grad(self, raw, target, ws):
        _shortfall(raw, target, ws.side)
        np.vecdot(raw, raw, out=ws.rows[..., 0])
        np.multiply(raw, ws.side, out=raw)
        np.multiply(raw, -2.0, out=raw)

    def initial_score(self, target, weight):
        return 2.0 * np.average(target, axis=0, weights=weight) - 1.0


class Perceptron(Loss):
    r"""The perceptron's loss (Rosenblatt, 1958): only mistakes count, each class against the rest.

    Domain: targets 0 or 1. Prediction: the score itself, no probability. Formula, for the score z
    of an output and its target t, with :math:`s = 2 t - 1`, summed over the outputs:

    .. math::

        \ell(z, t) &= \max(0, -s z) \\
        \frac{\partial \ell}{\partial z} &= \begin{cases} -s & s z \le 0 \\
        0 & \text{otherwise} \end{cases}

    A score of 0 counts as a mistake. With ``solver="sgd"``, ``momentum=0``, ``batch_size=1``,
    ``alpha=0``, ``learning_rate="constant"`` (the default) and no hidden layer, training follows
    the perceptron's rule.
    """

    targets = ("binary", "multiclass", "multilabel")

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            "side": Rows(n_out, scratch=True),
            "tmp": Rows(n_out, scratch=True),
        }

    def rows_and_grad(self, raw, target, ws):
        sides(target, ws.side)
        np.multiply(raw, ws.side, out=raw)
        np.minimum(raw, 0.0, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        np.negative(ws.rows, out=ws.rows)
        np.less_equal(raw, 0.0, out=raw)
        np.multiply(raw, ws.side, out=raw)
        np.negative(raw, out=raw)

    def initial_score(self, target, weight):
        return np.zeros(target.shape[1])


def _shortfall(raw, target, side):
    """Write max(0, 1 - s z) over the scores z in ``raw``. Overwrites: raw, side."""
    sides(target, side)
    np.multiply(raw, side, out=raw)
    np.subtract(1.0, raw, out=raw)
    np.maximum(raw, 0.0, out=raw)
