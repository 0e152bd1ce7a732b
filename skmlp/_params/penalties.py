"""From ``alpha`` and ``l1_ratio`` to the penalties on each weight matrix."""

from numbers import Real
from typing import NamedTuple

import numpy as np

from .units import per_layer

_LARGEST = float(np.finfo(np.float32).max)  # strength of a penalty


class Penalties(NamedTuple):
    """What ``alpha`` and ``l1_ratio`` ask of the weight matrices, a number for each of them.

    ``l2`` is part of the objective; ``decay`` and ``l1`` act in each step. All are in the unit of
    the weights of the rows; ``l2`` and ``decay`` may be empty, which means none.
    """

    l2: list
    decay: list
    l1: list

    def of(self, numbers):
        """Return the penalties on the matrices of these numbers."""
        return Penalties(*([kind[i] for i in numbers] if kind else [] for kind in self))


def penalties_of(estimator, n_weights, rule, unit):
    """Return the Penalties on ``n_weights`` matrices; ``unit`` is that of the rows' weights, by
    which decoupled decay is not divided.

    ``rule``: the optimizer, None for L-BFGS.
    """
    decoupled, share = rule is not None and rule.decoupled, float(estimator.l1_ratio)
    unit = 1.0 if decoupled else unit
    alphas = strengths(estimator.alpha, n_weights, "alpha", "weight matrices")
    l2 = [alpha * (1.0 - share) / unit for alpha in alphas]
    l1 = [alpha * share / unit for alpha in alphas]
    if max([*l2, *l1], default=0.0) > _LARGEST:
        raise ValueError(
            f"sample_weight is too small for alpha={estimator.alpha!r}, which is divided by the "
            f"sum of the weights: no row has a weight above {unit:.3g}. Multiply the weights by a "
            "number, divide alpha by one, or set alpha=0."
        )
    return Penalties([], l2, l1) if decoupled else Penalties(l2, [], l1)


def strengths(value, n, name, each):
    """Return ``value`` as a list of ``n`` floats, or raise ``ValueError`` if they cannot be
    strengths of something.
    """
    strengths = per_layer(value, n, name, each)
    if not all(isinstance(strength, Real) and 0 <= strength < np.inf for strength in strengths):
        raise ValueError(
            f"{name} must be finite and not negative, numbers throughout, got {value!r}."
        )
    return [float(strength) for strength in strengths]
