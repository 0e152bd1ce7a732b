"""Quantiles of predictions from errors on rows that were held out (split conformal prediction: Lei
et al., "Distribution-free predictive inference for regression", 2018).

The one decision: errors depend on the size of the prediction and on nothing else, so rows are
grouped by it, and each group has quantiles of its own.
"""

import numpy as np

GROUP, MOST_GROUPS = 100, 20  # rows of a group at least, and groups
MOST_ERRORS = 20_000  # that are kept


def kept(predictions, errors, weight, rng):
    """Return predictions (n,), errors (n,) and weights (n,), the largest being 1, in the order of
    the predictions, of very many rows some.
    """
    if len(predictions) > MOST_ERRORS:
        rows = rng.choice(len(predictions), MOST_ERRORS, replace=False)
        predictions, errors, weight = predictions[rows], errors[rows], weight[rows]
    order = np.argsort(predictions, kind="stable")
    weight = np.maximum(weight / weight.max(), np.finfo(np.float64).tiny)  # little, but never zero
    return predictions[order], errors[order], weight[order]


def error_quantiles(predictions, errors, weight, levels, at):
    """Return the quantiles (n, n_levels) of the error of predictions ``at`` (n,).

    ``predictions``, ``errors``, ``weight``: as ``kept`` returns them. Those of a group are what so
    much of the weight of its rows and a new one, of their mean weight, does not exceed, counted so
    that the quantile lies rather too far out; between the middles of two groups they are
    interpolated.
    """
    n_groups = min(max(len(errors) // GROUP, 1), MOST_GROUPS)
    middles, quantiles = [], []
    for group in np.array_split(np.arange(len(errors)), n_groups):
        order = group[np.argsort(errors[group], kind="stable")]
        below, n = np.cumsum(weight[order]), len(group)
        middles.append(np.median(predictions[group]))
        goals = levels * (below[-1] + below[-1] / n)
        places = np.where(
            levels > 0.5, np.searchsorted(below, goals), np.searchsorted(below, goals, "right") - 1
        )
        quantiles.append(errors[order[np.clip(places, 0, n - 1)]])
    return np.column_stack([np.interp(at, middles, column) for column in np.transpose(quantiles)])
