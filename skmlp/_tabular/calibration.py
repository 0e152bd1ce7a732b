"""Calibration of probabilities by temperatures (Guo et al., "On calibration of modern neural
networks", ICML 2017).

The one decision: each member has a factor of its own, so that those that are too sure of themselves
do not outvote the others. A member holds out few rows, so its factor is drawn to that of all
members together.
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_MOST = math.log(4.0)  # by which scores are stretched or shrunk
_ALIKE = 3.0  # rows' log loss that a member's factor e times that of all members must save
_SURER = 0.1  # by which the mean of many members may be surer than one, measured on real tables


def sharpness(parts):
    """Return the factors (n_members,) on the raw scores of members, by which the log loss of their
    mean is about least.

    ``parts``: for each member (scores, labels, weight) of the rows that it held out: its scores
    (n, n_classes), or (n, 1) for two classes; numbers of classes (n,); weights (n,).
    """
    common = _log_factor(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    factors = np.exp([_log_factor(*part, near=common) for part in parts])
    # a row is held out by one member, so what can be seen is how sure that member is; the mean of
    # several is nearer to the truth, and may be surer
    return factors * (1.0 + _SURER * (1.0 - 1.0 / len(parts)))


def _log_factor(scores, labels, weight, near=None):
    """Return the logarithm of the factor by which the log loss of scores is least; near ``near`` if
    that is given, and rows are few.
    """
    weight = weight / weight.max()  # squares of weights in a large unit would overflow
    n_rows = np.square(weight.sum()) / np.square(weight).sum()
    scores, weight = scores.astype(np.float64), weight / weight.sum()
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
    rows = np.arange(len(labels))

    def loss(log_factor):
        value = -weight @ log_softmax(math.exp(log_factor) * scores, axis=1)[rows, labels]
        return value if near is None else value + _ALIKE / n_rows * (log_factor - near) ** 2

    return minimize_scalar(loss, bounds=(-_MOST, _MOST), method="bounded").x
