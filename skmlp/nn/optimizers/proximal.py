"""What is done to the weights after the optimizer's step: soft thresholding for an L1 penalty, and
the cap on the norm of each unit.

The one decision: both act on the parameters alone, after whatever made the step, a NumPy rule or a
kernel, so neither knows of them; all arrays that they need are made once.
"""

import numpy as np

from ..constants import BLOCK

LONGEST = 10.0  # learning rates


class SoftThreshold:
    """The L1 penalty ``strength |p|_1``, by proximal steps: ``p <- sign(p) max(|p| - threshold,
    0)`` after each step.

    The threshold of a parameter is ``strength`` times the rule's ``asymptotic_step``, how far a
    lasting gradient of 1 moves it in a step: a proximal gradient step in the metric of the rule
    (Yun, Lozano and Yang, 2021, "Adaptive proximal gradient methods", algorithm 1), and without
    momentum and adaptation that of Parikh and Boyd (2014, section 4.2). Where training comes to
    rest the loss's gradient g has ``g = -strength sign(p)`` for p other than 0 and ``|g| <=
    strength`` for p = 0, which are the conditions of the minimum of loss plus penalty, whatever the
    rule. For a decoupled rule that step is ``lr``, as its decay is ``lr strength p``, and strengths
    are not scaled.

    Where learning rates of the past are in the slots, as in a velocity, it is that of the rate
    which the rule says is ``lasting``.

    Clipping takes the same from the whole gradient q as if the penalty were in it, ``g <- g - (q -
    clip(q))``: clipped alone, g could not balance the threshold. At the minimum q is 0, so that
    clipping moves no point of rest.

    A bounded rule's asymptotic step has no end where the gradient vanishes, as that of hidden
    weights does before the output's start to grow; its threshold is ten learning rates at most.
    This moves no point of rest: its steps are shorter than that.

    Parameters
    ----------
    rule : Optimizer
        With ``asymptotic_step``.
    params : ndarray of shape (size,)
    slots : dict of str -> ndarray of shape (size,)
        Those of the rule.
    parts : list of (slice, float)
        Strength per part of the vector.
    rates : list of (slice, float), default=()
        Factor on the learning rate per part of the vector, as ``Updater`` has it: the step that the
        threshold is a multiple of is that of the parameter's own learning rate.
    """

    def __init__(self, rule, params, slots, parts, rates=()):
        self.rule = rule
        longest = max((min(part.stop - part.start, BLOCK) for part, _ in parts), default=0)
        threshold, tmp = np.empty(longest, params.dtype), np.empty(longest, params.dtype)
        self._whole = self._excess = None  # made when there is clipping
        self._blocks = []
        for part, strength, rate in _with_rates(parts, rates or [(slice(0, params.size), 1.0)]):
            for start in range(part.start, part.stop, BLOCK):
                block = slice(start, min(start + BLOCK, part.stop))
                n = block.stop - block.start
                arrays = [slots[name][block] for name in rule.slots]
                self._blocks.append(
                    (block, params[block], arrays, threshold[:n], tmp[:n], float(strength), rate)
                )

    def penalty(self, scale):
        """Return ``scale strength |p|_1``, zero for a decoupled rule, whose decay is no part of
        what is reported.
        """
        value = 0.0
        if not self.rule.decoupled:
            for _, p, _, _, tmp, strength, _ in self._blocks:
                np.abs(p, out=tmp)
                value += strength * float(np.add.reduce(tmp))
        return scale * value

    def clip(self, g, bound, scale):
        """Take from ``g`` what ``bound(q)`` takes from the gradient q of loss and penalty.

        Overwrites: g.

        The penalty's is ``scale strength sign(p)``, at p = 0 what of ``-g`` lies within that
        distance of 0.
        """
        if self._whole is None:
            self._whole, self._excess = np.empty_like(g), np.empty_like(g)
        np.copyto(self._whole, g)
        for block, p, _, _, tmp, strength, _ in self._blocks:
            # clip(H sign(p) - g, -s, s), with H beyond all others
            np.sign(p, out=tmp)
            np.multiply(tmp, 0.5 * float(np.finfo(tmp.dtype).max), out=tmp)
            np.subtract(tmp, g[block], out=tmp)
            np.maximum(tmp, -strength * scale, out=tmp)
            np.minimum(tmp, strength * scale, out=tmp)
            np.add(self._whole[block], tmp, out=self._whole[block])
        np.copyto(self._excess, self._whole)
        bound(self._whole)
        np.subtract(self._excess, self._whole, out=self._excess)
        np.subtract(g, self._excess, out=g)

    def shrink(self, t, lr, scale, lasting=None):
        """Move every parameter towards zero, and no further, after step ``t`` with learning rate
        ``lr``. Overwrites: params.

        ``lasting``: what the rule says of a gradient that has always been 1, ``lr`` if it was
        constant.
        """
        lasting = lr if lasting is None else lasting
        for _, p, slots, threshold, tmp, strength, rate in self._blocks:
            self.rule.asymptotic_step(t, lasting * rate, *slots, threshold, tmp)
            np.multiply(
                threshold, strength if self.rule.decoupled else strength * scale, out=threshold
            )
            if self.rule.bounded:
                np.minimum(threshold, LONGEST * lr * rate, out=threshold)
            # p - min(max(p, -threshold), threshold) is exactly zero up to the threshold
            np.negative(threshold, out=tmp)
            np.maximum(p, tmp, out=tmp)
            np.minimum(tmp, threshold, out=tmp)
            np.subtract(p, tmp, out=p)


def _with_rates(parts, rates):
    """Yield (slice, strength, factor) of what lies in each of ``rates`` of each of ``parts``."""
    for part, strength in parts:
        for where, rate in rates:
            start, stop = max(part.start, where.start), min(part.stop, where.stop)
            if start < stop:
                yield slice(start, stop), strength, rate


class MaxNorm:
    """Caps the Euclidean norm of each unit's incoming weights (Srivastava et al., 2014, section
    5.1).

    ``w <- w min(1, limit / |w|)`` for every column w: the nearest point of the ball of that radius.
    Biases are free.

    Parameters
    ----------
    weights : list of ndarray of shape (n_in, n_out)
        Changed in place.
    limit : float
    """

    def __init__(self, weights, limit):
        self.limit = float(limit)
        self._pairs = [(weight, np.empty(weight.shape[-1:], weight.dtype)) for weight in weights]

    def project(self):
        """Bring every column into the ball. Overwrites: weights."""
        for weight, factor in self._pairs:
            np.einsum("ij,ij->j", weight, weight, out=factor)
            np.sqrt(factor, out=factor)
            np.divide(self.limit, factor, out=factor)
            np.minimum(factor, 1.0, out=factor)
            np.multiply(weight, factor, out=weight)
