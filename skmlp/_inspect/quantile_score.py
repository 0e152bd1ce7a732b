"""D^2 of quantiles: the score of a regressor that predicts several levels at once."""

import numpy as np
from sklearn.metrics import mean_pinball_loss

from ..nn.losses.base import quantile


def explained_pinball_loss(target, predictions, levels, weight):
    """Return the share of the pinball loss of constant quantiles that the predictions leave out,
    over all levels and outputs.

    ``target`` (n, n_targets); ``predictions``: n rows of a quantile for each target and level, the
    levels last.
    """
    predictions = predictions.reshape(*target.shape, len(levels))
    loss = most = 0.0
    for k, level in enumerate(levels):
        constant = np.broadcast_to(quantile(target, weight, level), target.shape)
        loss += mean_pinball_loss(target, predictions[..., k], sample_weight=weight, alpha=level)
        most += mean_pinball_loss(target, constant, sample_weight=weight, alpha=level)
    if most > 0.0:
        return 1.0 - loss / most
    return 1.0 if loss <= most else 0.0
