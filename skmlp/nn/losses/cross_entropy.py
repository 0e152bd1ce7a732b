"""Losses of classes with probabilities: cross-entropies.

The one decision: the link is the probability and ``log_link`` its logarithm, computed from the
score, so that it is finite; a loss without ``log_link`` has no probabilities. Where classes exclude
each other the link is the softmax, else, and for two classes, the logistic function, which is
another class: ``binary_form``.
"""

import numpy as np

from ..layout import Rows
from .linked import LogisticLoss, SoftmaxLoss


class LogLoss(SoftmaxLoss):
    r"""Cross-entropy of the softmax, for classes that exclude each other.

    Domain: one-hot targets, or any distribution over the classes. Prediction (inverse link): the
    softmax of the scores, kept above 0. Formula, for a row with the scores :math:`z_k` and the
    targets :math:`t_k` of K classes:

    .. math::

        \ell(z, t) &= \log \sum_{k=1}^K e^{z_k} - \sum_{k=1}^K t_k z_k \\
        \frac{\partial \ell}{\partial z} &= \mathrm{softmax}(z) - t

    ``MLPClassifier(loss="log_loss")`` uses it for three classes or more.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default=0.0
        With :math:`\epsilon` = ``label_smoothing`` above 0, t is replaced by
        :math:`(1 - \epsilon) t + \epsilon / K` (Szegedy et al., 2016, section 7), so that the
        best scores are finite.
    """

    domain = "[0, 1]"
    soft_targets = True
    joint = True
    limits = {"label_smoothing": "[0, 1)"}

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = label_smoothing

    @property
    def binary_form(self):
        return BinaryLogLoss

    def buffers(self, n_out):
        return {"rows": Rows(1), "row": Rows(1)}

    def rows_and_grad(self, raw, target, ws):
        # with z shifted so that its maximum is 0: log(sum exp z) - t.z
        smoothing, share = float(self.label_smoothing), self.label_smoothing / raw.shape[-1]
        np.maximum.reduce(raw, axis=-1, keepdims=True, out=ws.row)
        np.subtract(raw, ws.row, out=raw)
        np.vecdot(target, raw, out=ws.row[..., 0])
        if smoothing:
            _smooth_product(raw, smoothing, share, ws)
        np.exp(raw, out=raw)
        np.add.reduce(raw, axis=-1, keepdims=True, out=ws.rows)
        np.divide(raw, ws.rows, out=raw)
        _subtract_target(raw, target, smoothing, share)
        np.log(ws.rows, out=ws.rows)
        np.subtract(ws.rows, ws.row, out=ws.rows)

    def initial_score_at(self, mean, least):
        share = (1.0 - self.label_smoothing) * mean + self.label_smoothing / len(mean)
        return np.log(np.maximum(share, least))


class BinaryLogLoss(LogisticLoss):
    r"""Cross-entropy of the logistic function, for one or several binary outputs.

    Domain: targets in [0, 1]. Prediction (inverse link): the logistic function :math:`1 / (1 +
    e^{-z})`, kept above 0 and below 1. Formula, for the score z of an output and its target t,
    summed over the outputs:

    .. math::

        \ell(z, t) &= \log(1 + e^z) - t z \\
        \frac{\partial \ell}{\partial z} &= \frac{1}{1 + e^{-z}} - t

    ``MLPClassifier(loss="log_loss")`` uses it for two classes and for multilabel targets.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default=0.0
        With :math:`\epsilon` = ``label_smoothing`` above 0, t is replaced by
        :math:`(1 - \epsilon) t + \epsilon / 2` (Szegedy et al., 2016, section 7, for two classes).
    """

    domain = "[0, 1]"
    soft_targets = True
    limits = {"label_smoothing": "[0, 1)"}

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = label_smoothing

    def buffers(self, n_out):
        return {"rows": Rows(1), "row": Rows(1), "tmp": Rows(n_out, scratch=True), "e": Rows(n_out)}

    def rows_and_grad(self, raw, target, ws):
        # e = exp(-|z|);  loss = max(z, 0) + log1p(e) - t z
        smoothing = float(self.label_smoothing)
        np.abs(raw, out=ws.e)
        np.negative(ws.e, out=ws.e)
        np.exp(ws.e, out=ws.e)
        np.vecdot(target, raw, out=ws.row[..., 0])
        if smoothing:
            _smooth_product(raw, smoothing, 0.5 * smoothing, ws)
        np.maximum(raw, 0.0, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.rows)
        np.subtract(ws.rows, ws.row, out=ws.rows)
        np.log1p(ws.e, out=ws.tmp)
        np.sum(ws.tmp, axis=-1, keepdims=True, out=ws.row)
        np.add(ws.rows, ws.row, out=ws.rows)
        # gradient = exp(min(z, 0)) / (1 + e) - t
        np.minimum(raw, 0.0, out=raw)
        np.exp(raw, out=raw)
        np.add(ws.e, 1.0, out=ws.e)
        np.divide(raw, ws.e, out=raw)
        _subtract_target(raw, target, smoothing, 0.5 * smoothing)

    def initial_score_at(self, mean, least):
        share = (1.0 - self.label_smoothing) * mean + 0.5 * self.label_smoothing
        share = np.clip(share, least, 1.0 - least)
        return np.log(share) - np.log1p(-share)


def _smooth_product(raw, smoothing, share, ws):
    """Turn t.z in ``ws.row`` into (1 - smoothing) t.z + share sum(z).

    Overwrites: ws.row, ws.rows.
    """
    np.multiply(ws.row, 1.0 - smoothing, out=ws.row)
    np.sum(raw, axis=-1, keepdims=True, out=ws.rows)
    np.multiply(ws.rows, share, out=ws.rows)
    np.add(ws.row, ws.rows, out=ws.row)


def _subtract_target(raw, target, smoothing, share):
    """Subtract (1 - smoothing) t + share from ``raw``. Overwrites: raw."""
    if smoothing:
        # (1 - smoothing) ((p - share) / (1 - smoothing) - t)
        np.subtract(raw, share, out=raw)
        np.multiply(raw, 1.0 / (1.0 - smoothing), out=raw)
    np.subtract(raw, target, out=raw)
    if smoothing:
        np.multiply(raw, 1.0 - smoothing, out=raw)
