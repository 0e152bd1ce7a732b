"""The held-out rows: which they are, and what the network makes of them after an epoch."""

import inspect
import math

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv, train_test_split
from sklearn.utils import check_consistent_length, get_tags

from ._keys import did_you_mean
from ._sklearn import safe_indexing
from .nn.data import DenseRows


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


def given_split(estimator, X, y, groups, counted):
    """Return (training rows, held-out rows) of the estimator's ``validation_split``, both among the row numbers ``counted``."""
    splitter = check_cv(estimator.validation_split, y, classifier=is_classifier(estimator))
    check_consistent_length(X, y, groups)
    pair = next(iter(splitter.split(X, y, groups)), None)
    if pair is None:
        raise ValueError(f"validation_split={estimator.validation_split!r} has no split; give a splitter or at least one (train, test).")
    parts = []
    for name, rows in zip(("train", "test"), pair, strict=True):
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool and rows.shape == (X.shape[0],) else rows
        if rows.dtype.kind not in "iu" or rows.ndim != 1 or (rows.size and not -1 < rows.min() <= rows.max() < X.shape[0]):
            raise ValueError(f"The {name} part of validation_split must be row numbers from 0 to {X.shape[0] - 1} or a mask, got {rows!r}.")
        parts.append(np.intersect1d(rows, counted))
        if not len(parts[-1]):
            raise ValueError(f"The {name} part of validation_split={estimator.validation_split!r} has no rows, or none with a weight.")
    common = np.intersect1d(*parts)
    if len(common):
        raise ValueError(f"The parts of validation_split share {len(common)} rows, such as {common[0]}; rows held out are not trained on.")
    return tuple(parts)


def make_evaluate(estimator, network, x, target, weight, raw_target, given):
    """Return a function of no arguments that gives (validation loss, validation score) of the network as it is.

    ``x``, ``target``: sources of the held-out rows; ``weight`` (n,) or None; ``raw_target``: the target as the estimator's own score
    wants it; ``given``: function that returns X and y as the user gave them, for a scorer.
    """
    scoring = estimator.scoring
    if isinstance(scoring, str) and scoring not in ("loss", *get_scorer_names()):
        raise ValueError(
            f"scoring={scoring!r} is neither 'loss' nor one of scikit-learn's scorers (sklearn.metrics.get_scorer_names())."
            f"{did_you_mean(scoring, ['loss', *get_scorer_names()])}"
        )
    scorer = None if scoring is None or scoring == "loss" else check_scoring(estimator, scoring=scoring)
    if scorer is not None and not get_tags(estimator).target_tags.required:
        _check_without_y(scorer, scoring)

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


def _check_without_y(scorer, scoring):
    """Raise ``ValueError`` if a scorer cannot be called without a y."""
    try:
        inspect.signature(scorer).bind("estimator", "X")
    except TypeError:
        raise ValueError(
            f"scoring={scoring!r} compares with a y, which an autoencoder has not; take None, 'loss' or a function (estimator, X) -> score."
        ) from None
    except ValueError:  # a callable that does not tell what it takes
        pass


def explained(network, raw, target, weight):
    """Return the share of the best constant's loss that raw scores leave out, 1 - loss / loss of the best constant. Overwrites: raw."""
    source = DenseRows(target)
    constant = np.tile(network.loss.start(target, weight), (len(raw), 1)).astype(network.dtype)
    loss, most = (float(np.average(network.row_losses(scores, source), weights=weight)) for scores in (raw, constant))
    if most > 0.0:
        return 1.0 - loss / most
    return 1.0 if loss <= most else 0.0


def take(rows, *arrays):
    """Return the rows of each array, frame or matrix; None stays None."""
    return [None if array is None else safe_indexing(array, rows) for array in arrays]
