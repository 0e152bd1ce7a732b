"""Calibration of probabilities by a temperature (Guo et al., "On calibration of modern neural
networks", ICML 2017).
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_MOST = 4.0  # times that scores are stretched or shrunk


def sharpness(scores, labels, weight):
    """Return the factor of raw scores (n, n_classes) by which their log loss is least.

    ``labels`` (n,): numbers of classes; ``weight`` (n,).
    """
    if not len(labels):
        return 1.0
    scores, weight = scores.astype(np.float64), weight / weight.sum()
    rows = np.arange(len(labels))

    def log_loss(log_factor):
        return -weight @ log_softmax(math.exp(log_factor) * scores, axis=1)[rows, labels]

    end = math.log(_MOST)
    return math.exp(minimize_scalar(log_loss, bounds=(-end, end), method="bounded").x)
