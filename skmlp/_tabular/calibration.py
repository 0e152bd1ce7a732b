"""Calibration of probabilities by a temperature (Guo et al., "On calibration of modern neural
networks", ICML 2017).

The one decision: a row is held out by one member, so what can be seen is how sure that member is.
The mean of several members' scores is nearer to the truth than those of one, and may be surer.
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_MOST = 4.0  # times that scores are stretched or shrunk
_SURER = 0.1  # by which the mean of many members may be surer than one, measured on real tables


def sharpness(scores, labels, weight, n_members=1):
    """Return the factor of the mean of raw scores of several members by which its log loss is
    about least.

    ``scores`` (n, n_classes), or (n, 1) for two classes: those of single members on rows that they
    held out; ``labels`` (n,): numbers of classes; ``weight`` (n,).
    """
    scores, weight = scores.astype(np.float64), weight / weight.sum()
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
    rows = np.arange(len(labels))

    def log_loss(log_factor):
        return -weight @ log_softmax(math.exp(log_factor) * scores, axis=1)[rows, labels]

    end = math.log(_MOST)
    factor = math.exp(minimize_scalar(log_loss, bounds=(-end, end), method="bounded").x)
    return factor * (1.0 + _SURER * (1.0 - 1.0 / n_members))
