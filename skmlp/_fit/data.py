"""The data of a fit: what the user gave, the rows trained on, and the rows held out.

The one decision: each is an object that is never changed; a stage of a fit that changes something
makes a new one.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags

from .._data.inputs import MatrixLike, encoded
from .._data.missing import has_missing
from .._data.sources import take
from .._data.weights import checked_weight, counted_rows, near_one
from .._params.units import is_lbfgs
from ..nn.engine.epoch_end import Callback
from ..nn.engine.sources import RowSource
from ..nn.schedules.base import Schedule
from .init_from import fitted_network
from .validation import given_split, split_rows, warn_of_another_scale


@dataclass(frozen=True)
class Member:
    """What the fit of a member of an ensemble has beside X and y.

    ``split``: numbers of the rows that early stopping trains on and of those that it holds out, or
    None; ``callbacks`` of the core; ``n_alike``: how many members there are; ``X``: the table,
    which scorers and scikit-learn's callbacks get; ``validates_every``: of how many epochs one is
    validated. A member does not warn of a bad ending, of which the ensemble sees little.
    """

    split: tuple[np.ndarray, np.ndarray] | None
    callbacks: tuple[Callback, ...]
    n_alike: int
    X: MatrixLike
    validates_every: int = 1


@dataclass(frozen=True)
class Given:
    """The arguments of ``fit``, or of ``partial_fit`` if ``incremental``, as the user gave them.

    ``classes``: all that there will be, None for those in y; ``member``: None for a fit that stands
    for itself.
    """

    X: MatrixLike
    y: MatrixLike | None
    sample_weight: ArrayLike | None = None
    X_val: MatrixLike | None = None
    y_val: MatrixLike | None = None
    sample_weight_val: ArrayLike | None = None
    groups: ArrayLike | None = None
    classes: ArrayLike | None = None
    incremental: bool = False
    member: Member | None = None

    def check(self, estimator: BaseEstimator, schedule: Schedule) -> None:
        """Raise ``ValueError`` for what does not go together, or with the estimator."""
        if self.incremental and schedule.planned and schedule.n_epochs is None:
            raise ValueError(
                f"partial_fit cannot know how long {schedule!r} lasts; give it n_epochs, as in "
                f"{type(schedule).__name__}(n_epochs=20)."
            )
        if self.groups is not None and estimator.validation_cv is None:
            raise ValueError(
                "groups was given, but validation_cv=None does not use it. Give a splitter that "
                "does, such as GroupShuffleSplit()."
            )
        if self.X_val is None and (self.y_val is not None or self.sample_weight_val is not None):
            raise ValueError(
                "y_val or sample_weight_val was given without X_val; give X_val too, or none of "
                "them."
            )
        if (
            self.X_val is not None
            and self.y_val is None
            and get_tags(estimator).target_tags.required
        ):
            raise ValueError("X_val was given without y_val; give both or neither.")
        if self.incremental and estimator.early_stopping and not is_lbfgs(estimator):
            raise ValueError(
                "partial_fit does not support early_stopping=True: a single epoch has nothing "
                "to stop."
            )


@dataclass(frozen=True)
class TrainingData:
    """Checked rows, of which ``rows`` (None: all) are trained on.

    ``X``: matrix, of a table a frame until the codec has learned its columns; ``target``: as
    ``_data/targets.py`` has it; ``weight`` (n,) or None, in units of ``unit``.
    """

    X: Any
    target: Any
    weight: np.ndarray | None
    unit: float
    rows: np.ndarray | None

    @property
    def n_rows(self) -> int:
        """Number of rows trained on."""
        return self.X.shape[0] if self.rows is None else len(self.rows)

    @property
    def is_reconstructed(self) -> bool:
        """Whether the target is X itself."""
        return self.target is self.X


@dataclass(frozen=True)
class HeldOut:
    """Checked rows to validate on: their ``target`` and ``weight``, and ``X`` or, of rows that were
    given to train on, their numbers ``rows``.

    ``given_X``, ``given_y``, ``given_weight``: as the user gave them, or what the user gave to
    train on.
    """

    X: Any
    target: Any
    weight: np.ndarray | None
    rows: np.ndarray | None
    given_X: MatrixLike
    given_y: MatrixLike | None
    given_weight: ArrayLike | None

    def as_given(self) -> tuple[Any, Any, Any]:
        """Return X, y and weights in the user's form, for a scorer."""
        given = self.given_X, self.given_y, self.given_weight
        return given if self.rows is None else take(self.rows, *given)


@dataclass(frozen=True)
class Sources:
    """Rows in the precision of a network: sources ``x`` and ``target``, ``weight`` (n,) or None,
    and ``rows``, the numbers of those that are meant, None for all.
    """

    x: RowSource
    target: RowSource
    weight: np.ndarray | None
    rows: np.ndarray | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows that are meant."""
        return self.x.n_rows if self.rows is None else len(self.rows)


def fit_data(
    estimator: BaseEstimator, given: Given, first: bool, seed: int
) -> tuple[TrainingData, HeldOut | None]:
    """Return the TrainingData of a fit, and its HeldOut or None.

    ``first``: whether it goes on from no other fit; ``seed``: chooses the rows to hold out.
    """
    data = _checked(estimator, given, first)
    rows, held_out_rows = _split(estimator, given, data, seed)
    data = _encoded(estimator, given, replace(data, rows=rows), first)
    return data, _held_out(estimator, given, data, held_out_rows)


def any_missing(data: TrainingData, held_out: HeldOut | None) -> bool:
    """Return whether a target trained or validated on has missing values."""
    return has_missing(data.target) or (held_out is not None and has_missing(held_out.target))


def _checked(estimator, given, first):
    """Return the TrainingData of a fit, from which nothing is held out yet."""
    X, target = estimator._check_data(
        given.X, given.y, first, given.classes, every_class=not (first or given.incremental)
    )
    weight = estimator._balance(target, checked_weight(X, given.sample_weight))
    weight, unit = near_one(weight)
    return TrainingData(X, target, weight, unit, counted_rows(weight))


def _split(estimator, given, data, seed):
    """Return the numbers of the rows to train on (None: all) and of those that early stopping holds
    out (None: none).
    """
    if given.X_val is not None or not estimator.early_stopping or is_lbfgs(estimator):
        return data.rows, None
    if given.member is not None and given.member.split is not None:
        return given.member.split
    counted = np.arange(data.X.shape[0]) if data.rows is None else data.rows
    if estimator.validation_cv is not None:
        y = None if data.is_reconstructed else given.y
        return given_split(estimator, data.X, y, given.groups, counted)
    strata = estimator._strata(data.target, counted)
    return split_rows(counted, strata, estimator.validation_fraction, seed)


def _encoded(estimator, given, data, first):
    """Return the TrainingData with the matrix of X, whose codec the first fit learns."""
    source = fitted_network(estimator.init_from)
    X, target = encoded(
        estimator, data.X, data.target, data.weight, data.rows, first, given.incremental, source
    )
    return replace(data, X=X, target=target)


def _held_out(estimator, given, data, rows):
    """Return the HeldOut of a fit, None if nothing is validated on; ``rows``: numbers of those held
    out of the training data, or None.
    """
    if rows is not None:
        y = None if data.is_reconstructed else given.y
        weight = None if data.weight is None else data.weight * data.unit
        kept_target, kept_weight = take(rows, data.target, data.weight)
        return HeldOut(
            X=None,
            target=kept_target,
            weight=kept_weight,
            rows=rows,
            given_X=given.X if given.member is None else given.member.X,
            given_y=y,
            given_weight=weight,
        )
    if given.X_val is None:
        return None
    try:
        X, target = estimator._check_data(given.X_val, given.y_val, False)
        weight = checked_weight(X, given.sample_weight_val)
    except (TypeError, ValueError) as error:
        error.add_note("This is about X_val, y_val and sample_weight_val, the held-out data.")
        raise
    if not estimator._codec.is_table:
        warn_of_another_scale(data.X, X)
    return HeldOut(
        X=X,
        target=target,
        weight=weight,
        rows=None,
        given_X=given.X_val,
        given_y=given.y_val,
        given_weight=weight,
    )
