"""R^2, the share of the variance of a target that predictions explain."""

import numpy as np
from sklearn.metrics import r2_score


def r2(target, predictions, weight):
    """Return R^2, averaged over the columns of ``target``, (n,) or (n, n_targets).

    Each column is divided by a power of two near its largest value, which costs no digit, so that
    squares neither overflow nor underflow, whatever the unit.
    """
    target, predictions = (
        np.asarray(values, dtype=np.float64).reshape(len(values), -1)
        for values in (target, predictions)
    )
    if target.shape == predictions.shape and len(target) > 1:
        shift = -np.frexp(np.abs(target).max(axis=0, initial=0.0))[1]
        with np.errstate(all="ignore"):
            target, predictions = np.ldexp(target, shift), np.ldexp(predictions, shift)
            score = _r2(target, predictions, weight)
        if np.isfinite(score):
            return score
    return r2_score(target, predictions, sample_weight=weight)


def _r2(target, predictions, weight):
    """Return what scikit-learn's ``r2_score`` does, without its checks, which take far longer."""
    missed = np.average(np.square(target - predictions), axis=0, weights=weight)
    mean = np.average(target, axis=0, weights=weight)
    varied = np.average(np.square(target - mean), axis=0, weights=weight)
    share = np.where(missed == 0.0, 0.0, 1.0)  # of a constant column, by convention
    np.divide(missed, varied, out=share, where=varied != 0.0)
    return float(np.mean(1.0 - share))
