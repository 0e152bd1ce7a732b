"""Steps of the optimizers over the flat vectors, with the penalty and the decay of the same step.

The formulas are those of the optimizers, with their coefficients. Each makes ``p <- keep p``, ``g
<- g + strength p`` and the rule's step in one pass, and returns ``|keep p|^2``.
"""

import math

import numpy as np

from .arrays import compiled

MOMENTUM, NESTEROV, ADAM, AMSGRAD, NADAM, RMSPROP, ADAGRAD, ADADELTA, LION = range(9)
FIXED, BY_ROOT, BY_RATIO = range(3)  # what a soft threshold follows from


@compiled
def step(kind, p, g, a, b, c, strength, keep, numbers):
    """Make one step of part of the vectors; ``a``, ``b``, ``c``: the rule's slots in their order,
    ``numbers``: its coefficients.
    """
    if kind in (MOMENTUM, NESTEROV):
        return _momentum(kind == NESTEROV, p, g, a, strength, keep, numbers)
    if kind == ADAM:
        return _adam(p, g, a, b, strength, keep, numbers)
    if kind == AMSGRAD:
        return _amsgrad(p, g, a, b, c, strength, keep, numbers)
    if kind == NADAM:
        return _nadam(p, g, a, b, strength, keep, numbers)
    if kind == RMSPROP:
        return _rmsprop(p, g, a, strength, keep, numbers)
    if kind == ADAGRAD:
        return _adagrad(p, g, a, strength, keep, numbers)
    if kind == ADADELTA:
        return _adadelta(p, g, a, b, strength, keep, numbers)
    return _lion(p, g, a, strength, keep, numbers)


@compiled
def _momentum(nesterov, p, g, v, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, momentum, lr = real(strength), real(keep), real(numbers[0]), real(numbers[1])
    squares = real(0.0)
    if nesterov:
        for i in range(p.size):
            w = keep * p[i]
            squares += w * w
            d = lr * (g[i] + strength * w)
            v[i] = momentum * v[i] - d
            p[i] = w + (momentum * v[i] - d)
    else:
        for i in range(p.size):
            w = keep * p[i]
            squares += w * w
            v[i] = momentum * v[i] - lr * (g[i] + strength * w)
            p[i] = w + v[i]
    return squares


@compiled
def _adam(p, g, m, v, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, beta_1, beta_2 = real(strength), real(keep), real(numbers[0]), real(numbers[1])
    epsilon, rate = real(numbers[2]), real(numbers[3])
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        m[i] = beta_1 * m[i] + d
        v[i] = beta_2 * v[i] + d * d
        p[i] = w - rate * m[i] / (math.sqrt(v[i]) + epsilon)
    return squares


@compiled
def _amsgrad(p, g, m, v, v_max, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, beta_1, beta_2 = real(strength), real(keep), real(numbers[0]), real(numbers[1])
    epsilon, rate = real(numbers[2]), real(numbers[3])
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        m[i] = beta_1 * m[i] + d
        u = beta_2 * v[i] + d * d
        v[i] = u
        u = v_max[i] if u < v_max[i] else u
        v_max[i] = u
        p[i] = w - rate * m[i] / (math.sqrt(u) + epsilon)
    return squares


@compiled
def _nadam(p, g, m, v, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, beta_1, beta_2 = real(strength), real(keep), real(numbers[0]), real(numbers[1])
    look, epsilon, rate = real(numbers[2]), real(numbers[3]), real(numbers[4])
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        m[i] = beta_1 * m[i] + d
        v[i] = beta_2 * v[i] + d * d
        p[i] = w - rate * (look * m[i] + d) / (math.sqrt(v[i]) + epsilon)
    return squares


@compiled
def _rmsprop(p, g, v, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, rho = real(strength), real(keep), real(numbers[0])
    epsilon, rate = real(numbers[1]), real(numbers[2])
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        v[i] = rho * v[i] + d * d
        p[i] = w - rate * d / (math.sqrt(v[i]) + epsilon)
    return squares


@compiled
def _adagrad(p, g, v, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, epsilon, lr = real(strength), real(keep), real(numbers[0]), real(numbers[1])
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        v[i] += d * d
        p[i] = w - lr * d / (math.sqrt(v[i]) + epsilon)
    return squares


@compiled
def _adadelta(p, g, v, u, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, rho = real(strength), real(keep), real(numbers[0])
    epsilon, lr = real(numbers[1]), real(numbers[2])
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        v[i] = rho * v[i] + d * d
        d = d / math.sqrt(v[i] + epsilon) * math.sqrt(u[i] + epsilon)
        u[i] = rho * u[i] + d * d
        p[i] = w - lr * d
    return squares


@compiled
def _lion(p, g, m, strength, keep, numbers):
    real = p.dtype.type
    strength, keep, share = real(strength), real(keep), real(numbers[0])
    beta_2, lr = real(numbers[1]), real(numbers[2])
    zero, one = real(0.0), real(1.0)
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        z = share * m[i] + d
        p[i] = w - lr * (one if z > zero else (-one if z < zero else z))
        m[i] = beta_2 * m[i] + d
    return squares


@compiled
def size_of(p):
    """Return the sum of the magnitudes of p."""
    total = p.dtype.type(0.0)
    for i in range(p.size):
        total += abs(p[i])
    return float(total)


@compiled
def shrink(kind, p, v, u, strength, epsilon, rate, longest):
    """Move p towards zero by a soft threshold, and no further: by ``strength`` times how far a
    lasting gradient of 1 moves it in a step, which follows from the slots ``v`` and ``u``, and by
    ``longest`` at most.
    """
    real = p.dtype.type
    strength, epsilon, rate, longest = real(strength), real(epsilon), real(rate), real(longest)
    if kind == FIXED:
        limit = min(strength * rate, longest)
        for i in range(p.size):
            p[i] -= min(max(p[i], -limit), limit)
    elif kind == BY_ROOT:
        for i in range(p.size):
            limit = min(strength * (rate / (math.sqrt(v[i]) + epsilon)), longest)
            p[i] -= min(max(p[i], -limit), limit)
    else:
        for i in range(p.size):
            ratio = math.sqrt((u[i] + epsilon) / (v[i] + epsilon))
            limit = min(strength * (rate * ratio), longest)
            p[i] -= min(max(p[i], -limit), limit)


@compiled
def add_penalty(p, g, strength):
    """g <- g + strength p; return strength |p|^2."""
    strength = p.dtype.type(strength)
    squares = p.dtype.type(0.0)
    for i in range(p.size):
        squares += p[i] * p[i]
        g[i] += strength * p[i]
    return float(strength) * squares


@compiled
def clip_value(g, limit):
    """Bound every entry of g to [-limit, limit]."""
    limit = g.dtype.type(limit)
    for i in range(g.size):
        d = -limit if g[i] < -limit else g[i]
        g[i] = limit if d > limit else d


@compiled
def norm(g):
    """Return the Euclidean norm of g, finite whenever its entries and the norm are."""
    value = math.sqrt(np.dot(g, g))
    if 1e-15 < value < np.inf or not g.size:
        return float(value)
    largest = 0.0
    for i in range(g.size):
        largest = float(abs(g[i])) if not abs(g[i]) <= largest else largest
    if largest == 0.0 or not largest < np.inf:
        return largest
    total = 0.0
    for i in range(g.size):
        total += (g[i] / largest) ** 2
    return largest * math.sqrt(total)


@compiled
def multiply_by(g, factor):
    """g <- factor g."""
    factor = g.dtype.type(factor)
    for i in range(g.size):
        g[i] *= factor


@compiled
def cap_columns(weight, limit, factor):
    """weight <- weight min(1, limit / |column|) for each column; ``factor`` (width,) is scratch."""
    real = weight.dtype.type
    one, limit = real(1.0), real(limit)
    factor[:] = real(0.0)
    for i in range(weight.shape[0]):
        for k in range(weight.shape[1]):
            factor[k] += weight[i, k] * weight[i, k]
    for k in range(weight.shape[1]):
        f = limit / math.sqrt(factor[k])
        factor[k] = one if f > one else f
    for i in range(weight.shape[0]):
        for k in range(weight.shape[1]):
            weight[i, k] *= factor[k]
