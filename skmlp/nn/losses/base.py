"""What a loss is, and what the losses share.

The one decision: a loss works on the raw score, the last layer's output before any link, and hands
back the gradient with respect to that raw score in the same array. So softmax and cross-entropy are
one function, exact and stable for any score.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..layout import Row, Rows
from ..unit import Unit, ends, inside

if TYPE_CHECKING:
    from .measure import Measure


class Output(NamedTuple):
    """Numbers that a loss predicts for each target: some columns of the prediction.

    ``columns``: an array of column numbers of shape (n_targets,), or (n_targets, k) for k numbers
    per target. In units of a target ``offset + scale z`` they are multiplied with ``scale^degree``,
    and the offset is added if they are a ``location``.
    """

    columns: np.ndarray
    degree: float = 1.0
    location: bool = True

    def of(self, prediction: np.ndarray, measure: Measure | None = None) -> np.ndarray:
        """Return these numbers, (..., n, n_targets) or (..., n, n_targets, k), of a prediction
        (..., n, n_out), in units of the ``measure`` by which the target was learned.
        """
        values = prediction.take(self.columns, axis=-1)
        if measure is not None:
            np.multiply(values, self.factor(measure), out=values, casting="same_kind")
            np.add(values, self.offset(measure), out=values, casting="same_kind")
        return values

    def factor(self, measure: Measure) -> np.ndarray:
        """Return what these numbers are multiplied with, (n_targets,) or (n_targets, 1)."""
        return self._aligned(measure.scale**self.degree)

    def offset(self, measure: Measure) -> np.ndarray:
        """Return what is added to them then, (n_targets,) or (n_targets, 1)."""
        return self._aligned(measure.offset if self.location else np.zeros_like(measure.offset))

    def _aligned(self, per_target):
        return np.reshape(per_target, (-1, *(1 for _ in self.columns.shape[1:])))


class Loss(Unit):
    """The base class of losses: a loss of a raw score against a target, per row summed over the
    outputs.

    The raw score is the output of the last layer; ``link`` turns it into the prediction (for a
    generalised linear model this is the inverse link).

    What it is a loss of:

    * ``targets``: what it applies to: "regression", "multiclass", "binary" or "multilabel".
    * ``domain``: the interval of the targets, where they are numbers.
    * ``soft_targets``: classes may be given as numbers of the domain, such as probabilities.
    * ``binary_form``: the class with the same parameters that takes its place for binary and
      multilabel targets, None if it does these itself.
    * ``n_scores``: raw scores per target, those of all targets for the first score coming first, so
      that raw scores have n_out = n_scores * n_targets columns.
    * ``joint``: the targets of a row are one distribution, so that its loss is no sum over the
      outputs.
    * ``distance``: loss and gradient of an output are 0 where score and target are equal.

    What becomes of the scores:

    * ``out_activation``: the name of the link, to be shown.
    * ``shift_invariant``: a number that is added to all scores of a row changes no prediction.
    * ``taus``: the levels, if the predictions are quantiles.

    How the target is scaled:

    * ``measures``: a function of target and weight that gives the ``Measure`` by which a target is
      learned, its offset and scale; None for a loss whose predictions do not move and stretch with
      the target. Hyperparameters are then in units of what is learned.
    * ``degree``: the power of the target's scale that the loss grows with.
    * ``density``: whether it is minus the logarithm of a density of it.

    A loss with probabilities has ``log_link(raw, out)`` too, which writes the logarithm of the link
    into ``out``, which may be ``raw``. Overwrites: out.
    """

    targets: tuple[str, ...] = ("regression",)
    domain = "(-inf, inf)"
    soft_targets = False
    binary_form: type[Loss] | None = None
    n_scores = 1
    joint = False
    distance = False
    out_activation = "identity"
    shift_invariant = False
    taus: Sequence[float] | None = None
    measures: Callable[..., Measure] | None = None
    degree = 0.0
    density = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "link" in vars(cls) and "link_gradient" not in vars(cls):
            cls.link_gradient = _refuse_link_gradient

    @abstractmethod
    def buffers(self, n_out: int) -> dict[str, Rows | Row]:
        """Return the working arrays that ``rows_and_grad`` wants, by name."""

    @abstractmethod
    def rows_and_grad(self, raw: np.ndarray, target: np.ndarray, ws: SimpleNamespace) -> None:
        """Write each row's loss into ``ws.rows`` (..., n, 1) and its gradient into ``raw``.

        Overwrites: raw, the arrays of ws.
        """

    @abstractmethod
    def initial_score(self, target: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Return the raw score, of shape (n_out,), of the best constant prediction (the median
        for bounded gradients).
        """

    def initial_score_at(self, mean: np.ndarray, least: float) -> np.ndarray:
        """Return the initial score for a target of which only the mean (n_targets,) is known;
        ``least``: the share of half a row, for a loss for which a share of zero has no score.
        """
        return self.initial_score(mean[None, :], None)

    def link(self, raw: np.ndarray, out: np.ndarray) -> None:
        """Write the prediction that belongs to ``raw`` (..., n, n_out) into ``out``, which may
        be ``raw``; the identity unless overridden. Overwrites: out.
        """
        if out is not raw:
            np.copyto(out, raw)

    def link_gradient(self, raw: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient (..., n, n_out) with respect to ``raw`` (n, n_out) of what has this
        ``gradient`` with respect to the prediction; a loss that writes ``link`` writes it too.
        """
        return gradient

    def outputs(self, n_targets: int) -> dict[str, Output]:
        """Return what is predicted, a dict of name -> Output.

        The first is what ``predict`` gives: the first score of each target unless overridden. A
        standard deviation is called "std".
        """
        return {"prediction": Output(np.arange(n_targets))}

    @property
    def unbounded(self) -> bool:
        """Whether a target may be any number."""
        return ends(self.domain) == (-math.inf, math.inf)

    @property
    def positive_only(self) -> bool:
        """Whether no target may be negative."""
        return ends(self.domain)[0] >= 0.0

    def measure(self, target: np.ndarray, weight: np.ndarray | None) -> Measure | None:
        """Return the ``Measure`` by which a network learns a target (n, n_targets), None for one
        that learns it as it is.
        """
        return None if self.measures is None else self.measures(target, weight)

    def in_units(self, measure: Measure) -> tuple[float, float]:
        """Return (factor, shift): the loss in units of the target is factor times the loss of what
        is learned, plus shift.

        Of several targets with scales of their own the factor is a mean.
        """
        with np.errstate(over="ignore"):
            factor = float(np.mean(measure.scale**self.degree))
        return factor, float(np.log(measure.scale).sum()) if self.density else 0.0

    def of_units(self, measure: Measure) -> Loss:
        """Return the loss of what is learned by a measure: this one, where its hyperparameters
        are in units of the scale.
        """
        return self

    def check_target(self, target: Any, name: str, labels: Sequence[str] | None = None) -> None:
        """Raise ``ValueError`` if numbers, a dense or sparse matrix called ``name`` in the message,
        lie outside the domain.

        NaN, a missing value, is left out. ``labels``: what the columns are called, None not to
        name them.
        """
        for extreme in ("min", "max"):
            values = _extremes(target, extreme)
            value = float(getattr(np, "f" + extreme).reduce(values))
            if not np.isnan(value) and not inside(value, self.domain):
                where = (
                    ""
                    if labels is None
                    else f" in {labels[int(np.flatnonzero(values == value)[0])]}"
                )
                raise ValueError(
                    f"{name} has the value {value}{where}, but loss={self!r} needs values in "
                    f"{self.domain}."
                )
        if self.joint:
            sums = np.ravel(target.sum(axis=1))
            wrong = np.flatnonzero(np.abs(sums - 1.0) > 1e-4)
            if wrong.size:
                among = "" if labels is None else f" over {labels[0]} to {labels[-1]}"
                raise ValueError(
                    f"{name} has the sum {sums[wrong[0]]:g} in row {wrong[0]}{among}, but "
                    f"loss={self!r} needs rows that sum to one: "
                    "probabilities, or one-hot."
                )

    def check_variation(self, target: np.ndarray, name: str) -> None:
        """Raise ``ValueError`` if nothing can be learned from a whole target (n, n_targets)."""

    def check_outputs(self, n_out: int) -> None:
        """Raise ``ValueError`` if it cannot be the loss of a network with ``n_out`` outputs."""
        if n_out % self.n_scores:
            raise ValueError(
                f"loss={self!r} needs {self.n_scores} scores for each target, but there are "
                f"{n_out}."
            )

    def entries(self, raw: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Return the loss (n, n_targets) of each entry, for losses with one score for each; those
        of a row add up to its loss.

        That of a ``joint`` loss is divided as the target is: where this is a single one, all of it
        belongs there. Overwrites: raw.
        """
        if self.joint:
            return working_rows(self, raw, target) * target
        return working_rows(self, raw[..., None], target[..., None])[..., 0]

    def value_and_grad(
        self,
        raw: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray | None,
        scale: float,
        ws: SimpleNamespace,
    ) -> float:
        """Return ``scale * sum_i weight_i loss_i`` and leave its gradient with respect to ``raw``
        there.

        ``target`` has shape (..., n, n_targets), ``weight`` (n, 1), or is None for ones.
        Overwrites: raw, the arrays of ws.
        """
        self.rows_and_grad(raw, target, ws)
        if weight is not None:
            np.multiply(raw, weight, out=raw)
            np.multiply(ws.rows, weight, out=ws.rows)
        np.multiply(raw, scale, out=raw)
        return np.add.reduce(ws.rows, axis=(-2, -1)) * scale


def _refuse_link_gradient(self, raw, gradient):
    """Raise for a loss with a link whose derivative is not known."""
    raise NotImplementedError(
        f"{self!r} has a link of its own, but no link_gradient; write its derivative as "
        "link_gradient(raw, gradient)."
    )


def working_rows(loss: Loss, raw: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the loss (..., n, 1) of each row, by arrays made for this call. Overwrites: raw."""
    ws = SimpleNamespace()
    for name, buffer in loss.buffers(raw.shape[-1]).items():
        setattr(ws, name, np.empty((*raw.shape[:-1], buffer.width), buffer.dtype or raw.dtype))
    loss.rows_and_grad(raw, target, ws)
    return ws.rows


def _extremes(target, extreme):
    """Return the "min" or "max" of each column of a dense or sparse matrix, missing values left
    out.
    """
    if isinstance(target, np.ndarray):
        return getattr(np, "f" + extreme).reduce(target, axis=0)
    return getattr(target, extreme)(axis=0).toarray().ravel()


def quantile(target: np.ndarray, weight: np.ndarray | None, level: float) -> np.ndarray:
    """Return the weighted quantile of each column of ``target``, midway where two values are
    equally good to rounding.
    """
    if weight is None:
        weight = np.ones(len(target))
    else:
        weight = np.ravel(weight).astype(np.float64)
        target, weight = target[weight > 0.0], weight[weight > 0.0]
    order = np.argsort(target, axis=0, kind="stable")
    below = np.cumsum(weight[order], axis=0)
    slack = 4.0 * len(target) * np.finfo(np.float64).eps * below[-1]
    lower = np.sum(below < level * below[-1] - slack, axis=0)
    upper = np.minimum(np.sum(below <= level * below[-1] + slack, axis=0), len(target) - 1)
    columns = np.arange(target.shape[1])
    return 0.5 * (target[order[lower, columns], columns] + target[order[upper, columns], columns])


def median(target: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Return the weighted median of each column of ``target``, midway where two values share the
    middle.
    """
    return np.median(target, axis=0) if weight is None else quantile(target, weight, 0.5)


def smallest_share(target: np.ndarray, weight: np.ndarray | None) -> float:
    """Return the share of half a row, of the one that counts least: keeps the starting score of
    a class without rows finite.
    """
    if weight is None:
        return 0.5 / len(target)
    weight = np.asarray(weight, dtype=np.float64)
    return 0.5 * float(np.min(weight, initial=np.inf, where=weight > 0.0) / np.sum(weight))


def mean_and_least(target: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, float]:
    """Return the weighted mean of each column of ``target``, and the share of half a row."""
    return np.average(target, axis=0, weights=weight), smallest_share(target, weight)


def sides(target: np.ndarray, side: np.ndarray) -> None:
    """Write s = 2 t - 1 into ``side``. Overwrites: side."""
    np.multiply(target, 2.0, out=side)
    np.subtract(side, 1.0, out=side)
