"""The updater: one optimizer over the flat vectors, block by block.

The one decision: everything that is done to a parameter in a step (penalty, decay, the optimizer's
rule) is done while its block is in the cache. What an L1 penalty and a cap on norms do after the
step is in ``proximal.py``.
"""

import math
from collections.abc import Callable, Sequence
from itertools import chain, pairwise

import numpy as np

from ..constants import BLOCK
from .base import Optimizer
from .l2 import add_l2
from .proximal import LONGEST, MaxNorm, SoftThreshold

Strength = tuple[slice, float]  # of a penalty, a decay or a rate, on a part of the vector


class Updater:
    """Applies an optimizer to the flat vectors.

    Parameters
    ----------
    rule : Optimizer
    params, grads : ndarray of shape (size,)
        The vectors; ``step`` changes ``params`` and uses up ``grads``.
    slots : dict of str -> ndarray of shape (size,), or None
        State to go on from; missing ones start at the rule's ``initial_slots`` and are put there.
    t : int, default=0
        Steps made so far.
    penalties : list of (slice, float), default=()
        L2 penalty per part of the vector: its gradient ``penalty p`` times the ``scale`` of a step
        is added to ``grads``.
    decays : list of (slice, float), default=()
        Decoupled decay per part of the vector: ``p <- p - lr decay p`` before the rule's own step.
    block : int, default=16384
        Elements per block.
    l1 : list of (slice, float), default=()
        L1 penalty per part of the vector (for a decoupled rule L1 decay), which makes exact zeros:
        see ``SoftThreshold``.
    weights : list of ndarray, default=()
        The weight matrices, views into ``params``.
    max_norm : float or None, default=None
        Cap on the Euclidean norm of each column of ``weights``.
    scalars : dict of str -> float, or None
        What else to go on from, kept as the slots are: the unit of each slot by its name, so that
        slots which another setting of the rule has left are converted, and the ``response`` of the
        rule's ``lasting``.
    rates : list of (slice, float), default=()
        Factor on the learning rate per part of the vector, one part behind the other and all of it;
        empty means 1. A decay keeps the learning rate itself, so that a rule whose steps do not
        depend on the size of the gradient trains a weight with the factor c as it would train
        ``weight / c`` without one.
    """

    def __init__(  # noqa: PLR0913
        self,
        rule: Optimizer,
        params: np.ndarray,
        grads: np.ndarray,
        slots: dict[str, np.ndarray] | None = None,
        t: int = 0,
        penalties: Sequence[Strength] = (),
        decays: Sequence[Strength] = (),
        block: int = BLOCK,
        l1: Sequence[Strength] = (),
        weights: Sequence[np.ndarray] = (),
        max_norm: float | None = None,
        scalars: dict[str, float] | None = None,
        rates: Sequence[Strength] = (),
    ) -> None:
        self.rule = rule
        self.t = t
        self.slots = {} if slots is None else slots
        initial = rule.initial_slots()
        for name in rule.slots:
            if name not in self.slots:
                self.slots[name] = np.full_like(params, initial.get(name, 0.0))
        self.scalars = {} if scalars is None else scalars
        for name, unit in rule.units().items():
            before = self.scalars.get(name, unit)
            if before != unit:
                np.multiply(self.slots[name], before / unit, out=self.slots[name])
            self.scalars[name] = unit
        self._lasting = getattr(rule, "lasting", None)
        self._params, self._grads = params, grads
        self._penalties, self._decays, self._thresholds = list(penalties), list(decays), list(l1)
        rates = rates or [(slice(0, params.size), 1.0)]
        self._rates = list(dict.fromkeys(rate for _, rate in rates))
        self._rated = [(part, self._rates.index(rate)) for part, rate in rates]
        self._blocks = self._numpy_blocks(params, grads, penalties, decays, block)
        self._l1 = SoftThreshold(rule, params, self.slots, l1, rates) if l1 else None
        self._max_norm = None if max_norm is None else MaxNorm(weights, max_norm)
        self.capped = [] if max_norm is None else list(weights)
        self.cap = math.inf if max_norm is None else float(max_norm)

    def step(self, lr: float, scale: float = 0.0, l1_scale: float = 0.0) -> float:
        """Make one step with learning rate ``lr`` and return the penalty before it.

        Overwrites: params, grads, slots.

        L2 penalties count ``scale`` times, zero where the gradient has them already, L1 penalties
        ``l1_scale`` times.
        """
        penalty = 0.0 if self._l1 is None else self._l1.penalty(l1_scale)
        penalty += self._descend(lr, scale, self.advance(lr))
        if self._l1 is not None:
            self._l1.shrink(self.t, lr, l1_scale, self._rate_of_l1)
        if self._max_norm is not None:
            self._max_norm.project()
        return penalty

    def advance(self, lr: float) -> list[tuple[float, ...]]:
        """Count a step with learning rate ``lr``, and return the rule's coefficients for it, a
        tuple for each of the different factors on it.
        """
        self.t += 1
        self._rate_of_l1 = lr
        if self._lasting is not None:
            response = self.scalars.get("response", 0.0)
            self._rate_of_l1, self.scalars["response"] = self._lasting(lr, response)
        return [self.rule.coefficients(self.t, lr * rate) for rate in self._rates]

    def advance_all(self, lrs: Sequence[float]) -> np.ndarray:
        """Count steps with these learning rates, and return the coefficients of each, an array of
        shape (n_steps, n_rates, m). With an L1 penalty three more follow, from which its soft
        threshold does: the rule's ``asymptotic``, and the longest that it may be.
        """
        if self._lasting is not None or self._l1 is not None:
            return np.array([self._with_thresholds(lr) for lr in lrs])
        lr = np.array(lrs)
        t = self.t + np.arange(1.0, len(lr) + 1.0)
        self.t += len(lrs)
        by_rate = [self.rule.coefficients(t, lr * rate) for rate in self._rates]
        out = np.empty((len(lr), len(by_rate), len(by_rate[0])))
        for j, coefficients in enumerate(by_rate):
            for k, values in enumerate(coefficients):
                out[:, j, k] = values
        return out

    def _with_thresholds(self, lr):
        """Count a step and return its coefficients, with those of the soft threshold if there is an
        L1 penalty.
        """
        coefficients = self.advance(lr)
        if self._l1 is None:
            return coefficients
        longest = LONGEST * lr if self.rule.bounded else math.inf
        return [
            (*row, *self.rule.asymptotic(self.t, self._rate_of_l1 * rate), longest * rate)
            for row, rate in zip(coefficients, self._rates, strict=True)
        ]

    @property
    def has_response(self) -> bool:
        """Whether it has numbers of its own that a step changes beside slots and the number of
        steps.
        """
        return self._lasting is not None

    @property
    def penalises_l1(self) -> bool:
        """Whether there is an L1 penalty."""
        return self._l1 is not None

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (begin, end and number of the coefficients; penalty, decay and L1 penalty) of each
        part of the vector in which all are the same, arrays of shape (k, 3).
        """
        kinds = self._penalties, self._decays, self._thresholds
        given = [*chain(*kinds), *self._rated]
        ends = {
            0,
            self._params.size,
            *(end for part, _ in given for end in (part.start, part.stop)),
        }
        parts, numbers = [], []
        for start, stop in pairwise(sorted(ends)):
            parts += [
                (start, stop, k) for part, k in self._rated if part.start <= start < part.stop
            ]
            within = [_within(slice(start, stop), kind) for kind in kinds]
            numbers.append([sum(float(strength) for _, strength in kind) for kind in within])
        return np.array(parts, np.int64).reshape(-1, 3), np.array(numbers, float).reshape(-1, 3)

    def has_stalled(self) -> bool:
        """Return whether averages of squares are not finite where parameters are: all steps to come
        are zero.
        """
        # no square is negative, so that the largest tells; NaN is larger than all
        largest = [np.maximum.reduce(self.slots[name]) for name in self.rule.squares]
        return not all(map(math.isfinite, largest)) and bool(np.isfinite(self._params).all())

    def clip(self, bound: Callable[[np.ndarray], None], l1_scale: float) -> None:
        """Let ``bound(g)`` change the gradient of loss and penalties in place. Overwrites: grads.

        That of an L1 penalty, ``l1_scale`` times, is not in ``grads`` before or after; a decoupled
        decay is no part of a gradient.
        """
        if self._l1 is None or self.rule.decoupled:
            bound(self._grads)
        else:
            self._l1.clip(self._grads, bound, l1_scale)

    def _descend(self, lr, scale, coefficients):
        """Make the step itself and return the L2 penalty. Overwrites: params, grads, slots."""
        squares = 0.0
        for arrays, k, penalties, decays in self._blocks:
            for p, decay in decays:
                np.multiply(p, 1.0 - lr * decay, out=p)
            if scale:
                for p, g, tmp, penalty in penalties:
                    squares += add_l2(p, g, tmp, penalty * scale)
            self.rule.update(*arrays, *coefficients[k])
        return 0.5 * squares

    def _numpy_blocks(self, params, grads, penalties, decays, block):
        """Return (arrays, number of the coefficients, what is penalised, what decays) of each
        block.
        """
        tmp = np.empty(min(block, params.size), params.dtype)
        blocks = []
        for part, k in self._pieces(block):
            arrays = (
                params[part],
                grads[part],
                *(self.slots[name][part] for name in self.rule.slots),
                tmp[: part.stop - part.start],
            )
            penalised = [
                (params[s], grads[s], tmp[: s.stop - s.start], float(strength))
                for s, strength in _within(part, penalties)
            ]
            blocks.append(
                (
                    arrays,
                    k,
                    penalised,
                    [(params[s], float(strength)) for s, strength in _within(part, decays)],
                )
            )
        return blocks

    def _pieces(self, block):
        """Yield (slice, number of the coefficients) of each block."""
        for part, k in self._rated:
            for start in range(part.start, part.stop, block):
                yield slice(start, min(start + block, part.stop)), k


def _within(block, parts):
    """Return (slice, strength) of what lies in ``block`` of each part."""
    cut = [
        (slice(max(part.start, block.start), min(part.stop, block.stop)), strength)
        for part, strength in parts
    ]
    return [(part, strength) for part, strength in cut if part.start < part.stop and strength]
