"""What losses with one link share: the link with its derivative, and the start from a mean.

The one decision: these links are those whose best constant prediction is a function of the target's
mean, so that the score at the start is one too.
"""

from abc import abstractmethod

import numpy as np

from .base import Loss, mean_and_least
from .links import (
    exp_gradient,
    log_logistic,
    log_softmax,
    logistic,
    logistic_gradient,
    positive_exp,
    softmax,
    softmax_gradient,
)
from .measure import mean_size


class MeanLoss(Loss):
    """A loss whose best constant prediction depends on the mean of the target only."""

    def initial_score(self, target, weight):
        return self.initial_score_at(*mean_and_least(target, weight))

    @abstractmethod
    def initial_score_at(self, mean, least):
        """Return the initial score for a target with the mean (n_targets,); ``least``: the share of
        half a row, for a loss for which a share of zero has no score.
        """


class SoftmaxLoss(MeanLoss):
    """A loss of classes that exclude each other, with the softmax for probabilities."""

    targets = ("multiclass",)
    out_activation = "softmax"
    shift_invariant = True

    def link(self, raw, out):
        softmax(raw, out)

    def link_gradient(self, raw, gradient):
        return softmax_gradient(raw, gradient)

    def log_link(self, raw, out):
        log_softmax(raw, out)


class LogisticLoss(MeanLoss):
    """A loss of binary outputs, with the logistic function for probabilities."""

    targets = ("binary", "multilabel")
    out_activation = "logistic"

    def link(self, raw, out):
        logistic(raw, out)

    def link_gradient(self, raw, gradient):
        return logistic_gradient(raw, gradient)

    def log_link(self, raw, out):
        log_logistic(raw, out)


class ExponentialLoss(MeanLoss):
    """A loss of numbers whose mean is positive, the exponential of the score."""

    out_activation = "exp"
    measures = staticmethod(mean_size)

    def link(self, raw, out):
        positive_exp(raw, out)

    def link_gradient(self, raw, gradient):
        return exp_gradient(raw, gradient)

    def initial_score_at(self, mean, least):
        """Return the logarithm of the mean of each column, of half a count in all where it is 0."""
        return np.log(np.where(mean > 0.0, mean, least))
