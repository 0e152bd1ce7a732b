"""The held-out rows: which they are, and what the network makes of them after an epoch."""

import inspect
import math
from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv, train_test_split
from sklearn.utils import check_consistent_length, get_tags

from .._params.keys import did_you_mean
from .._params.units import is_lbfgs
from .._sklearn import takes_weights
from .._warn import warn_user
from ..nn.engine.epoch_end import ValidationRows

_LOOKED_AT = 1000  # rows, to see whether others have their scale
_ANOTHER_SCALE = 10.0  # standard deviations between the means, or times as large as them
_FEWEST = 10  # rows; fewer do not tell how far they spread


def split_rows(rows, strata, fraction, seed):
    """Return (training rows, held-out rows) of the index array ``rows``, stratified by ``strata``.

    ``strata``: None, or classes. If they are more than two and a part would have fewer rows than
    there are classes, or a class has a single row, the split is not stratified.
    """
    n_held_out = math.ceil(fraction * len(rows))
    if strata is not None:
        counts = np.unique(strata, return_counts=True)[1]
        if len(counts) > 2 and (
            counts.min() < 2 or min(n_held_out, len(rows) - n_held_out) < len(counts)
        ):
            strata = None
    try:
        train, held_out = train_test_split(
            rows, test_size=fraction, random_state=seed, stratify=strata
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping cannot hold out validation_fraction={fraction!r} of {len(rows)} "
            f"rows. {error} "
            "Change 'validation_fraction', or give X_val and y_val to fit."
        ) from None
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your "
            "dataset. "
            f"(validation_fraction={fraction!r} of {len(rows)} rows is {len(held_out)}.)"
        )
    return np.sort(train), np.sort(held_out)


def given_split(estimator, X, y, groups, counted):
    """Return (training rows, held-out rows) of the estimator's ``validation_cv``, both among the
    row numbers ``counted``.
    """
    given = estimator.validation_cv
    if (
        isinstance(given, list | tuple | np.ndarray)
        and len(given)
        and not (hasattr(given[0], "__len__") and len(given[0]) == 2)
    ):
        raise ValueError(
            "validation_cv must be pairs (train, test) of row numbers or masks in a list, but its "
            f"first element is none: {given[0]!r}. Give one pair as validation_cv=[(train, test)]."
        )
    splitter = check_cv(given, y, classifier=is_classifier(estimator))
    check_consistent_length(X, y, groups)
    pair = next(iter(splitter.split(X, y, groups)), None)
    if pair is None:
        raise ValueError(
            f"validation_cv={estimator.validation_cv!r} has no split; give a splitter or at least "
            "one (train, test)."
        )
    parts = []
    for name, rows in zip(("train", "test"), pair, strict=True):
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool and rows.shape == (X.shape[0],) else rows
        if rows.size and (
            rows.dtype.kind not in "iu"
            or rows.ndim != 1
            or not -1 < rows.min() <= rows.max() < X.shape[0]
        ):
            raise ValueError(
                f"The {name} part of validation_cv must be row numbers from 0 to {X.shape[0] - 1} "
                f"or a mask, got {rows!r}."
            )
        numbers, counts = np.unique(rows, return_counts=True)
        if numbers.size and counts.max() > 1:
            raise ValueError(
                f"The {name} part of validation_cv has the row {numbers[np.argmax(counts)]} "
                f"{counts.max()} times, where each row can be there once; to let a row count as "
                "several give sample_weight."
            )
        parts.append(np.intersect1d(numbers, counted))
        if not len(parts[-1]):
            raise ValueError(
                f"The {name} part of validation_cv has no rows, or none with a weight."
            )
    common = np.intersect1d(*parts)
    if len(common):
        raise ValueError(
            f"The parts of validation_cv share {len(common)} rows, such as {common[0]}; rows held "
            "out are not trained on."
        )
    return tuple(parts)


def warn_of_another_scale(X, X_val):
    """Warn if rows to validate on are nothing like those to train on, as rows are that a
    pipeline has not transformed.
    """
    if sparse.issparse(X) or sparse.issparse(X_val):
        return
    with np.errstate(all="ignore"):
        (mean, deviation), (other_mean, other_deviation) = (
            _location_and_spread(X),
            _location_and_spread(X_val),
        )
        far = np.abs(other_mean - mean) > _ANOTHER_SCALE * deviation
        if X_val.shape[0] >= _FEWEST:
            far |= np.abs(np.log(other_deviation / deviation)) > np.log(_ANOTHER_SCALE)
    varies = (deviation > 0.0) & (other_deviation > 0.0)
    if np.count_nonzero(far & varies) > 0.5 * np.count_nonzero(varies):
        worst = int(np.argmax(np.where(far & varies, np.abs(other_mean - mean), -1.0)))
        theirs, ours = (
            f"{m[worst]:.3g} and {d[worst]:.3g}"
            for m, d in ((other_mean, other_deviation), (mean, deviation))
        )
        warn_user(
            "X_val has another scale than X in most columns: mean and standard deviation of "
            f"column {worst} are {theirs}, in X {ours}. "
            "Transform X_val as X; a pipeline does it with transform_input=['X_val']."
        )


def _location_and_spread(X):
    """Return mean and standard deviation of the columns of a dense matrix, of some of its rows,
    without missing values; NaN for none.
    """
    X = X[:: -(-X.shape[0] // _LOOKED_AT)]
    present = ~np.isnan(X)
    n = present.sum(axis=0)
    mean = np.where(present, X, 0.0).sum(axis=0) / n
    return mean, np.sqrt(np.where(present, np.square(X - mean), 0.0).sum(axis=0) / n)


class Evaluation:
    """What the network as it is makes of the held-out rows: a call returns (validation loss,
    validation score), NaN for no defined score.

    Parameters
    ----------
    estimator : BaseMLP
    network : Network
    held_out : HeldOut
        Its target is for the estimator's own score, what the user gave for a scorer.
    sources : Sources
        The same rows in the precision of the network.

    Raises
    ------
    ValueError
        If ``early_stopping`` is to compare scores of less than two rows.
    """

    def __init__(self, estimator, network, held_out, sources):
        self.estimator, self.network = estimator, network
        self.held_out, self.sources = held_out, sources
        weight = sources.weight
        self.n_rows = sources.n_rows if weight is None else int(np.count_nonzero(weight))
        self.scorer = _scorer(estimator)
        if estimator.early_stopping and not is_lbfgs(estimator) and self.n_rows < 2:
            raise ValueError(
                "The validation set is too small: early_stopping needs two held-out rows or "
                f"more, but has {self.n_rows}. Give more rows "
                "in X_val, or a 'validation_cv' that holds out more."
            )

    def __call__(self):
        estimator, network, sources = self.estimator, self.network, self.sources
        losses, parts, finite = np.empty(sources.n_rows, network.dtype), [], True
        for rows, raw in network.raw_chunks(sources.x):
            finite = finite and np.isfinite(raw).all()
            if estimator.scoring is None:
                parts.append(estimator._for_score(raw))
            losses[rows] = network.row_losses(raw, sources.target, rows)
        loss, score = float(np.average(losses, weights=sources.weight)), math.nan
        if estimator.scoring == "loss":
            score = -loss
        elif finite and estimator.scoring is None:
            parts, target = np.concatenate(parts), self.held_out.target
            score = estimator._score_raw(parts, target, sources.weight, losses)
        elif finite:
            score = self._scored()
        return loss, float(score) if math.isfinite(score) else math.nan

    def rows(self):
        """Return the ``ValidationRows`` of a program, None where their score is another one than it
        knows.
        """
        scoring, sources = self.estimator.scoring, self.sources
        kind = "loss" if scoring == "loss" else None
        if scoring is None:
            kind = self.estimator._score_kind(self.network)
        if kind is None:
            return None
        return ValidationRows(sources.x, sources.target, sources.weight, kind)

    def undefined(self, n_epochs):
        """Return what to say of a training none of whose epochs had a defined score."""
        scoring = self.estimator.scoring
        name = (
            "the estimator's own score (scoring=None)"
            if scoring is None
            else f"scoring={scoring!r}"
        )
        return (
            f"early_stopping has nothing to compare: {name} gave no finite number for the "
            f"{self.n_rows} held-out rows after any of the "
            f"{n_epochs} epochs. Hold out rows for which it is defined, or choose another score, "
            "such as scoring='loss'."
        )

    def _scored(self):
        """Return what the scorer says of the estimator, whose network is this one."""
        X, y, weight = self.held_out.as_given()
        names = (
            {} if weight is None or not takes_weights(self.scorer) else {"sample_weight": weight}
        )
        score = self.scorer(self.estimator, X, *(() if y is None else (y,)), **names)
        return score_of(score, self.estimator.scoring)


def score_of(given, scoring):
    """Return what a scorer has given as a float; raise ``ValueError`` if it is no number."""
    if isinstance(given, Real) or (np.ndim(given) == 0 and np.asarray(given).dtype.kind in "iuf"):
        return float(given)
    raise ValueError(f"scoring={scoring!r} must return a number, but it returned {given!r}.")


def _scorer(estimator):
    """Return the scorer that ``scoring`` names, None where the estimator's own score or its loss
    is taken.
    """
    scoring = estimator.scoring
    if scoring is None or (isinstance(scoring, str) and scoring == "loss"):
        return None
    if isinstance(scoring, str) and scoring not in get_scorer_names():
        raise ValueError(
            f"scoring={scoring!r} is neither 'loss' nor one of scikit-learn's scorers "
            "(sklearn.metrics.get_scorer_names())."
            f"{did_you_mean(scoring, ['loss', *get_scorer_names()])}"
        )
    scorer = check_scoring(estimator, scoring=scoring)
    if not get_tags(estimator).target_tags.required:
        _check_without_y(scorer, scoring)
    return scorer


def _check_without_y(scorer, scoring):
    """Raise ``ValueError`` if a scorer cannot be called without a y."""
    try:
        inspect.signature(scorer).bind("estimator", "X")
    except TypeError:
        raise ValueError(
            f"scoring={scoring!r} compares with a y, which an autoencoder has not; take None, "
            "'loss' or a function (estimator, X) -> score."
        ) from None
    except ValueError:  # a callable that does not tell what it takes
        pass
