"""Numba kernels for what NumPy cannot fuse: each makes in one pass over the memory what takes NumPy
several.

The one decision: plain loops on one thread, beside a BLAS that has its own threads. They vectorise
because division follows NumPy's rules (``error_model``) and because an array that is overwritten
comes in once. Nothing here is compiled before it is called; compiled code is kept on disk.
Importing this module needs Numba.

Every kernel equals the NumPy code of its unit to rounding; only sums may be taken in another order.
"""

import math

from numba import njit


def _compiled(function):
    try:
        return njit(function, **_OPTIONS, cache=True)
    except RuntimeError:  # nowhere to keep compiled code
        return njit(function, **_OPTIONS)


_PART = 1024  # rows
_OPTIONS = {"error_model": "numpy", "nogil": True, "fastmath": {"contract", "reassoc"}}


# ---- optimizers: (p, g, slots, strength, keep, coefficients) -> |keep p|^2; the rules are those of
# optimizers


@_compiled
def adam(p, g, m, v, strength, keep, beta_1, beta_2, epsilon, rate):
    real = p.dtype.type
    strength, keep, beta_1, beta_2, epsilon, rate = (
        real(strength),
        real(keep),
        real(beta_1),
        real(beta_2),
        real(epsilon),
        real(rate),
    )
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        m[i] = beta_1 * m[i] + d
        v[i] = beta_2 * v[i] + d * d
        p[i] = w - rate * m[i] / (math.sqrt(v[i]) + epsilon)
    return squares


@_compiled
def momentum(p, g, v, strength, keep, momentum, lr):
    real = p.dtype.type
    strength, keep, momentum, lr = real(strength), real(keep), real(momentum), real(lr)
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        v[i] = momentum * v[i] - lr * (g[i] + strength * w)
        p[i] = w + v[i]
    return squares


@_compiled
def nesterov(p, g, v, strength, keep, momentum, lr):
    real = p.dtype.type
    strength, keep, momentum, lr = real(strength), real(keep), real(momentum), real(lr)
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = lr * (g[i] + strength * w)
        v[i] = momentum * v[i] - d
        p[i] = w + (momentum * v[i] - d)
    return squares


@_compiled
def rmsprop(p, g, v, strength, keep, rho, epsilon, rate):
    real = p.dtype.type
    strength, keep, rho, epsilon, rate = (
        real(strength),
        real(keep),
        real(rho),
        real(epsilon),
        real(rate),
    )
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        v[i] = rho * v[i] + d * d
        p[i] = w - rate * d / (math.sqrt(v[i]) + epsilon)
    return squares


@_compiled
def adagrad(p, g, v, strength, keep, epsilon, lr):
    real = p.dtype.type
    strength, keep, epsilon, lr = real(strength), real(keep), real(epsilon), real(lr)
    squares = real(0.0)
    for i in range(p.size):
        w = keep * p[i]
        squares += w * w
        d = g[i] + strength * w
        v[i] += d * d
        p[i] = w - lr * d / (math.sqrt(v[i]) + epsilon)
    return squares


# ---- bias and activation, in place over (n, width); a comparison with NaN is false, so NaN goes
# through. A value is stored whether it changed or not, as a loop that stores only sometimes does
# not vectorise (hence ``+ zero``, ``*= one``).


@_compiled
def bias_relu(y, bias):
    zero = y.dtype.type(0.0)
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            z = y[i, k] + bias[0, k]
            y[i, k] = zero if z < zero else z


@_compiled
def relu(y):
    zero = y.dtype.type(0.0)
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            z = y[i, k] + zero
            y[i, k] = zero if z < zero else z


@_compiled
def bias_leaky_relu(y, bias, slope):
    zero, slope = y.dtype.type(0.0), y.dtype.type(slope)
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            z = y[i, k] + bias[0, k]
            y[i, k] = slope * z if z < zero else z


@_compiled
def leaky_relu(y, slope):
    zero, slope = y.dtype.type(0.0), y.dtype.type(slope)
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            z = y[i, k] + zero
            y[i, k] = slope * z if z < zero else z


@_compiled
def rectifier_backward(y, dy, slope):
    """dy <- dy * (1 if y > 0 else slope)."""
    zero, one, slope = y.dtype.type(0.0), y.dtype.type(1.0), y.dtype.type(slope)
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            dy[i, k] *= one if y[i, k] > zero else slope


@_compiled
def rectifier_bias_backward(y, dy, d_bias, slope):
    """The same, and d_bias <- its sum over the rows."""
    zero, one, slope = y.dtype.type(0.0), y.dtype.type(1.0), y.dtype.type(slope)
    d_bias[...] = zero
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            d = dy[i, k] * (one if y[i, k] > zero else slope)
            dy[i, k] = d
            d_bias[0, k] += d


# ---- batch normalisation: layers/batch_norm.py has the formulas


@_compiled
def batch_norm(x, x_hat, y, share, gamma, beta, mean, variance, inv_std, shift, epsilon):
    n, width = x.shape
    real = x.dtype.type
    mean[...] = real(0.0)
    variance[...] = real(0.0)
    shift[...] = real(0.0)
    # the mean as a distance from the first row, exact for a column that does not vary
    for i in range(n):
        for k in range(width):
            mean[0, k] += share[i, 0] * (x[i, k] - x[0, k])
    for k in range(width):
        mean[0, k] += x[0, k]
    # what rounding leaves of a large mean shifts the centred values; shift is that much
    for i in range(n):
        for k in range(width):
            c = x[i, k] - mean[0, k]
            x_hat[i, k] = c
            shift[0, k] += share[i, 0] * c
    # in parts, since a square is little beside the sum of very many; inv_std has that of a part
    for start in range(0, n, _PART):
        inv_std[...] = real(0.0)
        for i in range(start, min(start + _PART, n)):
            for k in range(width):
                c = x_hat[i, k] - shift[0, k]
                x_hat[i, k] = c
                inv_std[0, k] += share[i, 0] * c * c
        for k in range(width):
            variance[0, k] += inv_std[0, k]
    for k in range(width):
        mean[0, k] += shift[0, k]
        inv_std[0, k] = real(1.0) / math.sqrt(variance[0, k] + real(epsilon))
    for i in range(n):
        for k in range(width):
            c = x_hat[i, k] * inv_std[0, k]
            x_hat[i, k] = c
            y[i, k] = c * gamma[0, k] + beta[0, k]


@_compiled
def batch_norm_parameters_backward(dy, x_hat, d_gamma, d_beta):
    zero = dy.dtype.type(0.0)
    d_gamma[...] = zero
    d_beta[...] = zero
    for i in range(dy.shape[0]):
        for k in range(dy.shape[1]):
            d_gamma[0, k] += dy[i, k] * x_hat[i, k]
            d_beta[0, k] += dy[i, k]


@_compiled
def batch_norm_backward(dy, x_hat, share, factor, d_gamma, d_beta):
    """dy <- factor (dy - share (d_beta + x_hat d_gamma))."""
    for i in range(dy.shape[0]):
        for k in range(dy.shape[1]):
            dy[i, k] = factor[0, k] * (
                dy[i, k] - share[i, 0] * (d_beta[0, k] + x_hat[i, k] * d_gamma[0, k])
            )


# ---- dropout and losses


@_compiled
def dropout_mask(words, threshold, scale, mask):
    """mask <- scale where the word is at least ``threshold``, else 0; vectors."""
    threshold, scale, zero = (
        words.dtype.type(threshold),
        mask.dtype.type(scale),
        mask.dtype.type(0.0),
    )
    for i in range(mask.size):
        mask[i] = scale if words[i] >= threshold else zero


@_compiled
def embedding(x, vectors, y, index, levels, dims, starts):
    """y <- the numbers of x, then the vector of each category; index (n, columns) <- where these
    start.
    """
    n_numbers = x.shape[1] - levels.size
    for i in range(x.shape[0]):
        k = n_numbers
        for j in range(n_numbers):
            y[i, j] = x[i, j]
        for c in range(levels.size):
            code = min(max(int(x[i, n_numbers + c]), 0), levels[c])
            start = starts[c] + code * dims[c]
            index[i, c] = start
            for d in range(dims[c]):
                y[i, k + d] = vectors[start + d]
            k += dims[c]


@_compiled
def embedding_backward(dy, index, dims, d_vectors):
    """d_vectors <- the sums of dy over the rows of each category."""
    d_vectors[:] = d_vectors.dtype.type(0.0)
    for i in range(dy.shape[0]):
        k = dy.shape[1] - dims.sum()
        for c in range(dims.size):
            start = index[i, c]
            for d in range(dims[c]):
                d_vectors[start + d] += dy[i, k + d]
            k += dims[c]


@_compiled
def log_loss(raw, target, share, smoothing):
    """Return sum_i share_i loss_i of the softmax's cross-entropy; raw <- its gradient."""
    n, width = raw.shape
    real = raw.dtype.type
    told, added = real(1.0 - smoothing), real(smoothing / width)
    value = 0.0
    for i in range(n):
        top = raw[i, 0]
        for k in range(1, width):
            top = top if raw[i, k] < top else raw[i, k]
        total, dot = real(0.0), real(0.0)
        for k in range(width):
            z = raw[i, k] - top
            dot += (told * target[i, k] + added) * z
            e = math.exp(z)
            total += e
            raw[i, k] = e
        value += share[i, 0] * (math.log(total) - dot)
        for k in range(width):
            raw[i, k] = share[i, 0] * (raw[i, k] / total - (told * target[i, k] + added))
    return value


@_compiled
def binary_log_loss(raw, target, share, smoothing):
    """Return sum_i share_i loss_i of the logistic function's cross-entropy; raw <- its gradient."""
    n, width = raw.shape
    real = raw.dtype.type
    one, zero, told, added = real(1.0), real(0.0), real(1.0 - smoothing), real(0.5 * smoothing)
    value = 0.0
    for i in range(n):
        loss = zero
        for k in range(width):
            z, t = raw[i, k], told * target[i, k] + added
            e = math.exp(-abs(z))
            loss += (zero if z < zero else z) - t * z + math.log1p(e)
            p = (e if z < zero else one) / (one + e)
            raw[i, k] = share[i, 0] * (p - t)
        value += share[i, 0] * loss
    return value
