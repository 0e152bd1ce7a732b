"""Quantiles of predictions from errors on rows that were held out (split conformal prediction: Lei
et al., "Distribution-free predictive inference for regression", 2018).

The one decision: errors depend on the size of the prediction and on nothing else, so rows are
grouped by it, and each group has quantiles of its own.
"""

import numpy as np

GROUP, MOST_GROUPS = 100, 20  # rows of a group at least, and groups
MOST_ERRORS = 20_000  # that are kept


def kept(predictions, errors, rng):
    """Return predictions (n,) and errors (n,) in the order of the predictions, of very many rows
    some.
    """
    if len(predictions) > MOST_ERRORS:
        rows = rng.choice(len(predictions), MOST_ERRORS, replace=False)
        predictions, errors = predictions[rows], errors[rows]
    order = np.argsort(predictions, kind="stable")
    return predictions[order], errors[order]


def error_quantiles(predictions, errors, levels, at):
    """Return the quantiles (n, n_levels) of the error of predictions ``at`` (n,).

    ``predictions``, ``errors``: as ``kept`` returns them. Those of a group are what so many of its
    rows and a new one do not exceed, counted so that the quantile lies rather too far out; between
    the middles of two groups they are interpolated.
    """
    n_groups = min(max(len(errors) // GROUP, 1), MOST_GROUPS)
    middles, quantiles = [], []
    for group in np.array_split(np.arange(len(errors)), n_groups):
        ordered, n = np.sort(errors[group]), len(group)
        middles.append(np.median(predictions[group]))
        ranks = [
            np.ceil(level * (n + 1)) if level > 0.5 else np.floor(level * (n + 1))
            for level in levels
        ]
        quantiles.append(ordered[np.clip(np.array(ranks, int) - 1, 0, n - 1)])
    return np.column_stack([np.interp(at, middles, column) for column in np.transpose(quantiles)])
