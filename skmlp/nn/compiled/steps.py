"""The steps of a training over its flat vectors: penalties, clipping, the optimizer, caps."""

from typing import NamedTuple

import numpy as np

from .arrays import compiled, matrix
from .updates import (
    add_penalty,
    cap_columns,
    clip_value,
    multiply_by,
    norm,
    shrink,
    size_of,
    step,
)


class Rule(NamedTuple):
    """What a step needs to know beside the vectors.

    ``update``: kind of the optimizer's step; ``parts``: begin, end and number of the coefficients
    of each part of the vectors (k, 3); ``strengths``: its penalty, its decay and its L1 penalty
    (k, 3); ``capped``: address and shape of each matrix whose columns are capped (k, 3);
    ``limits``: of the gradient's norm, of its values and of a column's norm, infinite for none;
    ``squares``: which of the vectors are averages of squares; ``thresholds``: kind of the soft
    thresholds, the two vectors that they follow from, whether L1 penalties are decoupled.
    """

    update: int
    parts: np.ndarray
    strengths: np.ndarray
    capped: np.ndarray
    limits: np.ndarray
    squares: np.ndarray
    thresholds: np.ndarray


@compiled
def penalise(rule, params, grads, total):
    """Return the penalty and the norm of the whole gradient, which gets the penalty's.

    Overwrites: grads.
    """
    penalty, parts = 0.0, rule.parts
    for j in range(parts.shape[0]):
        l2 = rule.strengths[j, 0]
        if l2 > 0.0:
            p, g = params[parts[j, 0] : parts[j, 1]], grads[parts[j, 0] : parts[j, 1]]
            penalty += 0.5 * add_penalty(p, g, l2 / total)
    return penalty, norm(grads)


@compiled
def clip(rule, grads, length):
    """Clip the gradient, whose norm is ``length``, by value and then by norm. Overwrites: grads."""
    norm_limit, value_limit = rule.limits[0], rule.limits[1]
    if value_limit < np.inf:
        clip_value(grads, value_limit)
        length = norm(grads)
    if length > norm_limit:
        multiply_by(grads, norm_limit / length)


@compiled
def descend(rule, vectors, begin, end, scale, l1_scale, rate, coefficients):
    """Make the step of the parameters from ``begin`` to ``end``, and return their penalty, of which
    that of L2 counts ``scale`` times: 0 where the gradient has it; that of L1 ``l1_scale`` times.

    ``vectors``: params, grads and the optimizer's slots, empty where it has fewer than three.
    ``coefficients`` (n_rates, m): those of the optimizer for each factor on the learning rate; with
    L1 penalties the last three are those of the soft threshold. Overwrites: vectors.
    """
    parts, strengths, thresholds = rule.parts, rule.strengths, rule.thresholds
    params, grads, first, second, third = vectors
    if thresholds[3]:
        l1_scale = 1.0
    penalty = 0.0
    for j in range(parts.shape[0]):
        start, stop = max(parts[j, 0], begin), min(parts[j, 1], end)
        if start < stop:
            strength, numbers = strengths[j, 0] * scale, coefficients[parts[j, 2]]
            l1, p = strengths[j, 2] * l1_scale, params[start:stop]
            if l1 > 0.0 and not thresholds[3]:
                penalty += l1 * size_of(p)
            squares = step(
                rule.update,
                p,
                grads[start:stop],
                first[start:stop],
                second[start:stop],
                third[start:stop],
                strength,
                1.0 - rate * strengths[j, 1],
                numbers,
            )
            penalty += 0.5 * strength * squares
            if l1 > 0.0:
                v, u = vectors[thresholds[1]][start:stop], vectors[thresholds[2]][start:stop]
                shrink(thresholds[0], p, v, u, l1, numbers[-3], numbers[-2], numbers[-1])
    return penalty


@compiled
def cap(rule, params):
    """Cap the columns of the weights. Overwrites: params."""
    capped, limit = rule.capped, rule.limits[2]
    for j in range(capped.shape[0]):
        weight = matrix(capped[j, 0], capped[j, 1], capped[j, 2], params)
        cap_columns(weight, limit, np.empty(weight.shape[1], params.dtype))


@compiled
def add_gradients(grads, others, begin, end):
    """grads <- the sum of the gradients of all pieces, from ``begin`` to ``end``."""
    for j in range(others.shape[0]):
        for i in range(begin, end):
            grads[i] += others[j, i]


@compiled
def has_stalled(rule, vectors):
    """Return whether averages of squares are not finite where parameters are: all steps to come
    are zero.
    """
    stalled = False
    for j in rule.squares:
        stalled = stalled or not _is_finite(vectors[j])
    return stalled and _is_finite(vectors[0])


@compiled
def _is_finite(values):
    """Return whether all values are finite."""
    n_finite = 0
    for k in range(values.size):
        n_finite += abs(values[k]) < np.inf
    return n_finite == values.size
