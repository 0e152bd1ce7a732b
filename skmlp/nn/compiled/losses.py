"""Losses of raw scores: the value of a batch, and its gradient in the place of the scores.

The formulas are those of the losses. Each row counts by its share of the batch's weight.
"""

import math

import numpy as np

from .arrays import compiled, flat
from .functions import exp, expm1, tanh
from .logarithms import log, log1p

LOG_LOSS, BINARY_LOG_LOSS, SQUARED_ERROR, ABSOLUTE_ERROR, HUBER = range(5)
LOG_COSH, QUANTILE, GAUSSIAN = range(5, 8)
_LOG_2_PI = math.log(2.0 * math.pi)


@compiled
def value_and_gradient(kind, raw, target, share, room, numbers):
    """Return sum_i share_i loss_i; raw <- its gradient. ``room`` for a number of each row is
    overwritten. ``numbers``: its hyperparameters.
    """
    if kind == LOG_LOSS:
        return _log_loss(raw, target, share, room, numbers[0])
    if kind == BINARY_LOG_LOSS:
        return _binary_log_loss(raw, target, share, numbers[0])
    if kind == QUANTILE:
        return _quantile(raw, target, share, numbers)
    if kind == GAUSSIAN:
        return _gaussian(raw, target, share, numbers)
    return _distance(kind, raw, target, share, numbers[0])


@compiled
def _log_loss(raw, target, share, totals, smoothing):
    n, width = raw.shape
    real = raw.dtype.type
    kept, added = real(1.0 - smoothing), real(smoothing / width)
    value = 0.0
    for i in range(n):
        top = raw[i, 0]
        for k in range(1, width):
            top = top if raw[i, k] < top else raw[i, k]
        dot = real(0.0)
        for k in range(width):
            z = raw[i, k] - top
            dot += (kept * target[i, k] + added) * z
            raw[i, k] = z
        value -= share[i] * dot
    z = flat(raw)  # rows may be shorter than a vector
    for k in range(z.size):
        z[k] = exp(z[k])
    for i in range(n):
        total = real(0.0)
        for k in range(width):
            total += raw[i, k]
        totals[i] = total
        for k in range(width):
            raw[i, k] = share[i] * (raw[i, k] / total - (kept * target[i, k] + added))
    for i in range(n):
        value += share[i] * log(totals[i])
    return value


@compiled
def _binary_log_loss(raw, target, share, smoothing):
    n, width = raw.shape
    real = raw.dtype.type
    one, zero, kept, added = real(1.0), real(0.0), real(1.0 - smoothing), real(0.5 * smoothing)
    value = 0.0
    for i in range(n):
        loss = zero
        for k in range(width):
            z, t = raw[i, k], kept * target[i, k] + added
            e = exp(-abs(z))
            loss += (zero if z < zero else z) - t * z + log1p(e)
            p = (e if z < zero else one) / (one + e)
            raw[i, k] = share[i] * (p - t)
        value += share[i] * loss
    return value


@compiled
def _distance(kind, raw, target, share, delta):
    """Losses of the distance r between score and target, summed over the outputs."""
    n, width = raw.shape
    real = raw.dtype.type
    zero, one, half, delta = real(0.0), real(1.0), real(0.5), real(delta)
    value = 0.0
    for i in range(n):
        loss = zero
        if kind == SQUARED_ERROR:
            for k in range(width):
                r = raw[i, k] - target[i, k]
                loss += half * r * r
                raw[i, k] = share[i] * r
        elif kind == ABSOLUTE_ERROR:
            for k in range(width):
                r = raw[i, k] - target[i, k]
                loss += abs(r)
                raw[i, k] = share[i] * (one if r > zero else (-one if r < zero else r))
        elif kind == HUBER:
            for k in range(width):
                r = raw[i, k] - target[i, k]
                c = min(max(r, -delta), delta) if r == r else r
                loss += c * (r - half * c)
                raw[i, k] = share[i] * c
        else:  # log(cosh(r)) = |r| + log1p(expm1(-2 |r|) / 2)
            for k in range(width):
                r = raw[i, k] - target[i, k]
                loss += abs(r) + log1p(half * expm1(-abs(r) - abs(r)))
                raw[i, k] = share[i] * tanh(r)
        value += share[i] * loss
    return value


@compiled
def _quantile(raw, target, share, levels):
    """The lowest quantile comes first, each further one is a step log(1 + exp(z)) above."""
    n, width = target.shape
    real = raw.dtype.type
    zero, one, half = real(0.0), real(1.0), real(0.5)
    distances = np.empty(levels.size, raw.dtype)
    value = 0.0
    for i in range(n):
        loss = zero
        for k in range(width):
            q = raw[i, k]
            for j in range(levels.size):
                if j:
                    z = raw[i, j * width + k]
                    q += (zero if z < zero else z) + log1p(exp(-abs(z)))
                r, tau = q - target[i, k], real(levels[j])
                distances[j] = r
                loss += max(-tau * r, (one - tau) * r)
            # a step moves all quantiles above it, so slopes are summed from the last one on
            slopes = zero
            for j in range(levels.size - 1, -1, -1):
                r, z = distances[j], raw[i, j * width + k]
                sign = one if r > zero else (-one if r < zero else r)
                slopes += half * (sign + one) - real(levels[j])
                e = exp(-abs(z))
                rise = (e if z < zero else one) / (one + e) if j else one
                raw[i, j * width + k] = share[i] * rise * slopes
        value += share[i] * loss
    return value


@compiled
def _gaussian(raw, target, share, numbers):
    """``numbers``: the largest exponent X, the steepness b and the smallest normal number. Beyond
    -s = X / 2 - b log(min(|r|, 1)) exp(-s) goes on as its tangent, r being the distance.
    """
    n, width = target.shape
    real = raw.dtype.type
    zero, one, half = real(0.0), real(1.0), real(0.5)
    largest, steepness, least = real(numbers[0]), real(numbers[1]), real(numbers[2])
    constant = real(_LOG_2_PI)
    value = 0.0
    for i in range(n):
        loss = zero
        for k in range(width):
            r, s = raw[i, k] - target[i, k], raw[i, width + k]
            near = abs(r) < one
            distance = min(abs(r), one) if r == r else r
            limit = half * largest - steepness * log(max(distance, least))
            c = -s if -s < limit else limit
            d = -s - c
            e = exp(half * c)
            q = r * e
            loss += half * (s + q * q * (one + d) + constant)
            turn = one - half * steepness if near else one
            raw[i, k] = share[i] * q * e * (one + turn * d)
            raw[i, width + k] = share[i] * half * (one - q * q)
        value += share[i] * loss
    return value
