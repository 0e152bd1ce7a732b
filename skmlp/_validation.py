"""The held-out rows: which they are, and what the network makes of them after an epoch."""

import math

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split

from ._sklearn import safe_indexing


def split_rows(rows, strata, fraction, seed):
    """Return (training rows, held-out rows) of the index array ``rows``, stratified by ``strata``.

    ``strata``: None, or classes. If they are more than two and a part would have fewer rows than there are classes, or a class has a
    single row, the split is not stratified.
    """
    n_held_out = math.ceil(fraction * len(rows))
    if strata is not None:
        counts = np.unique(strata, return_counts=True)[1]
        if len(counts) > 2 and (counts.min() < 2 or min(n_held_out, len(rows) - n_held_out) < len(counts)):
            strata = None
    try:
        train, held_out = train_test_split(rows, test_size=fraction, random_state=seed, stratify=strata)
    except ValueError as error:
        raise ValueError(
            f"early_stopping cannot hold out validation_fraction={fraction!r} of {len(rows)} rows. {error} "
            "Change 'validation_fraction', or give X_val and y_val to fit."
        ) from None
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset. "
            f"(validation_fraction={fraction!r} of {len(rows)} rows is {len(held_out)}.)"
        )
    return np.sort(train), np.sort(held_out)


def make_evaluate(estimator, network, x, target, weight, raw_target, given):
    """Return a function of no arguments that gives (validation loss, validation score) of the network as it is.

    ``x``, ``target``: sources of the held-out rows; ``weight`` (n,) or None; ``raw_target``: the target as the estimator's own score
    wants it; ``given``: function that returns X and y as the user gave them, for a scorer.
    """
    scoring = estimator.scoring
    scorer = None if scoring is None or scoring == "loss" else check_scoring(estimator, scoring=scoring)

    def evaluate():
        raw = network.scores(x)
        finite = np.isfinite(raw).all()
        score = estimator._score_raw(raw.copy(), raw_target, weight) if scoring is None and finite else np.nan
        loss = float(np.average(network.row_losses(raw, target), weights=weight))
        if scoring == "loss":
            score = -loss
        elif scorer is not None and finite:
            X, y = given()
            score = scorer(estimator, X) if y is None else scorer(estimator, X, y)
        return loss, float(score) if math.isfinite(score) else math.nan

    return evaluate


def take(rows, *arrays):
    """Return the rows of each array, frame or matrix; None stays None."""
    return [None if array is None else safe_indexing(array, rows) for array in arrays]
