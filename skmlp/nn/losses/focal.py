"""Focal losses: cross-entropies that count a row the less, the more probability its true class
already has.

The one decision: everything is computed from l = log p, so that 1 - p = -expm1(l) has its leading
digits for a p next to 1.
"""

from types import SimpleNamespace

import numpy as np
from scipy.optimize import minimize

from ..layout import Rows
from .base import sides
from .linked import LogisticLoss, SoftmaxLoss


class Focal(SoftmaxLoss):
    r"""Cross-entropy of the softmax in which a row counts the less, the more probability the
    network already gives to its true class (focal loss: Lin et al., 2017, equation 4).

    Domain: one-hot targets, or class proportions. Prediction (inverse link): the softmax of the
    scores, kept above 0; with gamma > 0 the best predicted probabilities are closer to uniform than
    the true ones. Formula, for a row with the scores z and the targets t, with
    :math:`p = \mathrm{softmax}(z)`:

    .. math::

        \ell(z, t) &= -\sum_k t_k (1 - p_k)^\gamma \log p_k \\
        \frac{\partial \ell}{\partial z_j} &= p_j \sum_k t_k g_k - t_j g_j \\
        g_k &= (1 - p_k)^\gamma \left( 1 - \frac{\gamma \, p_k \log p_k}{1 - p_k} \right)

    ``MLPClassifier(loss="focal")`` uses it for three classes or more, and
    :class:`~skmlp.nn.BinaryFocal` for two and for several labels.

    Parameters
    ----------
    gamma : float >= 0, default=2.0
        How fast well-predicted rows lose weight; 0 is the cross-entropy.
    """

    limits = {"gamma": "[0, inf)"}

    def __init__(self, gamma=2.0):
        self.gamma = gamma

    @property
    def binary_form(self):
        return BinaryFocal

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            "row": Rows(1),
            "tmp": Rows(n_out, scratch=True),
            "factor": Rows(n_out, scratch=True),
        }

    def rows_and_grad(self, raw, target, ws):
        # l = log p = z - log(sum exp z)
        np.max(raw, axis=-1, keepdims=True, out=ws.row)
        np.subtract(raw, ws.row, out=raw)
        np.exp(raw, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.row)
        np.log(ws.row, out=ws.row)
        np.subtract(raw, ws.row, out=raw)
        _focal_value(raw, ws.tmp, ws.factor, float(self.gamma))
        np.vecdot(target, ws.tmp, out=ws.rows[..., 0])
        # p sum(t g) - t g
        _focal_slope(raw, ws.tmp, ws.factor, float(self.gamma))
        np.multiply(ws.factor, target, out=ws.factor)
        np.sum(ws.factor, axis=-1, keepdims=True, out=ws.row)
        np.multiply(raw, ws.row, out=raw)
        np.subtract(raw, ws.factor, out=raw)

    def initial_score_at(self, mean, least):
        return _focal_start(self, np.maximum(mean, least))


class BinaryFocal(LogisticLoss):
    r"""Cross-entropy of the logistic function in which an output counts the less, the more
    probability the network already gives to its true class (focal loss: Lin et al., 2017,
    equation 4).

    Domain: targets 0 or 1. Prediction (inverse link): the logistic function :math:`1 / (1 +
    e^{-z})`, kept above 0 and below 1. Formula, for the score z of an output and its target t, with
    :math:`s = 2 t - 1` and the probability :math:`p = 1 / (1 + e^{-s z})` of the true class, summed
    over the outputs:

    .. math::

        \ell(z, t) &= -(1 - p)^\gamma \log p \\
        \frac{\partial \ell}{\partial z} &= -s (1 - p) g \\
        g &= (1 - p)^\gamma \left( 1 - \frac{\gamma \, p \log p}{1 - p} \right)

    ``MLPClassifier(loss="focal")`` uses it for two classes and for multilabel targets.

    Parameters
    ----------
    gamma : float >= 0, default=2.0
        How fast well-predicted outputs lose weight; 0 is the cross-entropy.
    """

    limits = {"gamma": "[0, inf)"}

    def __init__(self, gamma=2.0):
        self.gamma = gamma

    def buffers(self, n_out):
        return {
            "rows": Rows(1),
            **{name: Rows(n_out, scratch=True) for name in ("tmp", "factor", "side")},
        }

    def rows_and_grad(self, raw, target, ws):
        # l = log p = min(s z, 0) - log1p(exp(-|z|))
        sides(target, ws.side)
        np.multiply(raw, ws.side, out=raw)
        np.abs(raw, out=ws.tmp)
        np.negative(ws.tmp, out=ws.tmp)
        np.exp(ws.tmp, out=ws.tmp)
        np.log1p(ws.tmp, out=ws.tmp)
        np.minimum(raw, 0.0, out=raw)
        np.subtract(raw, ws.tmp, out=raw)
        _focal_value(raw, ws.tmp, ws.factor, float(self.gamma))
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        # -s (1 - p) g
        _focal_slope(raw, ws.tmp, ws.factor, float(self.gamma))
        np.subtract(raw, 1.0, out=raw)
        np.multiply(raw, ws.factor, out=raw)
        np.multiply(raw, ws.side, out=raw)

    def initial_score_at(self, mean, least):
        shares = np.clip(mean, least, 1.0 - least)
        return np.array(
            [
                np.diff(_focal_start(Focal(self.gamma), np.array([1.0 - share, share])))[0]
                for share in shares
            ]
        )


def _focal_value(log_p, value, factor, gamma):
    """Write q^gamma into ``factor`` and -q^gamma l into ``value``, with l = log p, q = 1 - p.

    Overwrites: log_p, value, factor.
    """
    np.minimum(log_p, -float(np.finfo(log_p.dtype).tiny), out=log_p)
    np.expm1(log_p, out=factor)
    np.negative(factor, out=factor)
    np.power(factor, gamma, out=factor)
    np.multiply(log_p, factor, out=value)
    np.negative(value, out=value)


def _focal_slope(log_p, tmp, factor, gamma):
    """Turn l = log p in ``log_p`` into p, and q^gamma in ``factor`` into q^gamma (1 - gamma p l
    / q). Overwrites: log_p, tmp, factor.
    """
    np.expm1(log_p, out=tmp)
    np.divide(log_p, tmp, out=tmp)  # -l / q
    np.exp(log_p, out=log_p)
    np.multiply(tmp, log_p, out=tmp)
    np.multiply(tmp, gamma, out=tmp)
    np.add(tmp, 1.0, out=tmp)
    np.multiply(factor, tmp, out=factor)


def _focal_start(loss, share):
    """Return the scores (n_classes,) with the least expected focal loss for classes of these
    shares.
    """
    share = share / share.sum()
    ws = SimpleNamespace(
        **{name: np.empty((1, buffer.width)) for name, buffer in loss.buffers(len(share)).items()}
    )

    def expected(z):
        raw = z[None, :].copy()
        loss.rows_and_grad(raw, share[None, :], ws)
        return float(ws.rows[0, 0]), raw[0]

    return minimize(
        expected,
        np.log(share),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": 1e-12, "ftol": 1e-16, "maxcor": 20},
    ).x
