"""What a layer computes, as loops over its arrays: forwards, and backwards.

The formulas are those of the layers. A loop stores a value whether it changed or not and gets an
array that is overwritten once, so that it becomes vector instructions; a comparison with NaN is
false, so NaN goes through. Only sums may be taken in another order than NumPy's.
"""

import math

import numpy as np

from .arrays import compiled, flat
from .functions import exp, expm1, logistic, normal_tail, tanh
from .logarithms import log1p
from .random_words import next_word

# activations, by their number in the table
IDENTITY, LOGISTIC, TANH, HARD_THRESHOLD, RELU, LEAKY_RELU, SHIFTED_RELU = range(7)
ELU, SOFTPLUS, GELU, SILU, MISH = range(7, 12)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@compiled
def add_bias(y, bias):
    """y <- y + bias."""
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            y[i, k] += bias[0, k]


@compiled
def sum_rows(dy, d_bias):
    """d_bias <- the sum of dy over the rows."""
    d_bias[...] = d_bias.dtype.type(0.0)
    n = dy.shape[0] - dy.shape[0] % 4
    for i in range(0, n, 4):  # a sum waits for the one before
        for k in range(dy.shape[1]):
            d_bias[0, k] += (dy[i, k] + dy[i + 1, k]) + (dy[i + 2, k] + dy[i + 3, k])
    for i in range(n, dy.shape[0]):
        for k in range(dy.shape[1]):
            d_bias[0, k] += dy[i, k]


@compiled
def add_bias_relu(y, bias, slope):
    """y <- y + bias where this is above 0, slope times it elsewhere."""
    zero, slope = y.dtype.type(0.0), y.dtype.type(slope)
    for i in range(y.shape[0]):
        for k in range(y.shape[1]):
            z = y[i, k] + bias[0, k]
            y[i, k] = slope * z if z < zero else z


@compiled
def relu_backward_bias(y, dy, d_bias, slope):
    """dy <- dy * (1 if y > 0 else slope); d_bias <- its sum over the rows."""
    zero, one, slope = y.dtype.type(0.0), y.dtype.type(1.0), y.dtype.type(slope)
    y, values = flat(y), flat(dy)
    for i in range(y.size):
        values[i] *= one if y[i] > zero else slope
    sum_rows(dy, d_bias)


@compiled
def activate(kind, y, a, b):
    """y <- f(y); ``a``, ``b``: the hyperparameters of f."""
    real = y.dtype.type
    zero, one, half, two = real(0.0), real(1.0), real(0.5), real(2.0)
    a, b = real(a), real(b)
    y = flat(y)
    if kind == LOGISTIC:
        for i in range(y.size):
            y[i] = logistic(y[i])
    elif kind == TANH:
        for i in range(y.size):
            y[i] = tanh(y[i])
    elif kind == HARD_THRESHOLD:
        for i in range(y.size):
            y[i] = one if y[i] >= zero else zero
    elif kind == RELU:
        for i in range(y.size):
            z = y[i] + zero
            y[i] = zero if z < zero else z
    elif kind == LEAKY_RELU:
        for i in range(y.size):
            z = y[i] + zero
            y[i] = a * z if z < zero else z
    elif kind == SHIFTED_RELU:
        for i in range(y.size):
            z = y[i] + zero
            y[i] = -a if z < -a else z
    elif kind == ELU:  # b times it, for selu
        for i in range(y.size):
            z = y[i]
            low = a * expm1(zero if z > zero else z)
            y[i] = b * (z if z > zero else low)
    elif kind == SOFTPLUS:
        for i in range(y.size):
            z = y[i]
            y[i] = (zero if z < zero else z) + log1p(exp(-abs(z)))
    elif kind == GELU:
        for i in range(y.size):
            z = y[i]
            tail = normal_tail(abs(z), exp(-half * z * z))
            y[i] = z * (one - tail if z > zero else tail)
    elif kind == SILU:
        for i in range(y.size):
            y[i] = y[i] * logistic(y[i])
    elif kind == MISH:
        # tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2), with e = exp(x)
        for i in range(y.size):
            z = y[i]
            e = exp(real(20.0) if z > real(20.0) else z)
            w = e * (e + two)
            y[i] = z * (w / (w + two))


@compiled
def activate_backward(kind, kept, dy, a, b):
    """dy <- dy * f'; ``kept``: output or input of the activation, whichever f' is read from."""
    real = dy.dtype.type
    zero, one, half, two = real(0.0), real(1.0), real(0.5), real(2.0)
    a, b = real(a), real(b)
    kept, dy = flat(kept), flat(dy)
    if kind == LOGISTIC:
        for i in range(dy.size):
            dy[i] *= kept[i] * (one - kept[i])
    elif kind == TANH:
        for i in range(dy.size):
            dy[i] *= one - kept[i] * kept[i]
    elif kind == HARD_THRESHOLD:
        for i in range(dy.size):
            dy[i] *= one if abs(kept[i]) <= one else zero
    elif kind == RELU:
        for i in range(dy.size):
            dy[i] *= one if kept[i] > zero else zero
    elif kind == LEAKY_RELU:
        for i in range(dy.size):
            dy[i] *= one if kept[i] > zero else a
    elif kind == SHIFTED_RELU:
        for i in range(dy.size):
            dy[i] *= one if kept[i] > -a else zero
    elif kind == ELU:
        for i in range(dy.size):
            dy[i] *= b if kept[i] > zero else kept[i] + a * b
    elif kind == SOFTPLUS:
        for i in range(dy.size):
            dy[i] *= -expm1(-kept[i])
    elif kind == GELU:
        for i in range(dy.size):
            z = kept[i]
            density = exp(-half * z * z)
            tail = normal_tail(abs(z), density)
            dy[i] *= (one - tail if z > zero else tail) + z * density * real(_DENSITY)
    elif kind == SILU:
        for i in range(dy.size):
            s = logistic(kept[i])
            dy[i] *= s * (one + kept[i] * (one - s))
    elif kind == MISH:
        # t + x s (1 - t^2), with t = w / (w + 2), w = e (e + 2), and s = e / (1 + e); since w + 1
        # is (1 + e)^2, s (1 - t^2) is 4 e (1 + e) / (w + 2)^2
        for i in range(dy.size):
            z = kept[i]
            e = exp(real(20.0) if z > real(20.0) else z)
            w = e * (e + two)
            r = one / (w + two)
            dy[i] *= w * r + z * (real(4.0) * (e * r) * ((one + e) * r))


@compiled
def dropout(y, mask, threshold, scale, state):
    """mask <- scale where a random word of 16 bits reaches the threshold, else 0; y <- y mask.

    Overwrites: y, mask, state.
    """
    real = y.dtype.type
    zero, scale, threshold = real(0.0), real(scale), np.uint32(threshold)
    y, mask = flat(y), flat(mask)
    words = np.empty(256, np.uint64)
    quarters = words.view(np.uint16)
    for start in range(0, y.size, 1024):
        values, kept = y[start : start + 1024], mask[start : start + 1024]
        for j in range((kept.size + 3) // 4):
            words[j] = next_word(state)
        for k in range(kept.size):
            kept[k] = scale if np.uint32(quarters[k]) >= threshold else zero
        for k in range(kept.size):
            values[k] *= kept[k]


@compiled
def shift(y, by):
    """y <- y + by."""
    y, by = flat(y), y.dtype.type(by)
    for i in range(y.size):
        y[i] += by


@compiled
def scale_by(dy, mask):
    """dy <- dy * mask."""
    dy, mask = flat(dy), flat(mask)
    for i in range(dy.size):
        dy[i] *= mask[i]


@compiled
def scale_columns(x, scale, y):
    """y <- x times scale (1, width)."""
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            y[i, k] = x[i, k] * scale[0, k]


@compiled
def scale_columns_backward(x, dy, scale, d_scale):
    """d_scale <- sum(dy x); dy <- dy * scale."""
    d_scale[...] = d_scale.dtype.type(0.0)
    for i in range(dy.shape[0]):
        for k in range(dy.shape[1]):
            d = dy[i, k]
            d_scale[0, k] += d * x[i, k]
            dy[i, k] = d * scale[0, k]


@compiled
def copy(x, y):
    """y <- x."""
    x, y = flat(x), flat(y)
    for i in range(x.size):
        y[i] = x[i]


@compiled
def add(total, part):
    """total <- total + part."""
    total, part = flat(total), flat(part)
    for i in range(total.size):
        total[i] += part[i]


@compiled
def prelu(x, slope, y):
    """y <- x where this is above 0, slope (1, width) times it elsewhere."""
    zero = y.dtype.type(0.0)
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            z = x[i, k]
            y[i, k] = z if z > zero else slope[0, k] * z


@compiled
def concatenate(first, second, y):
    """y <- the columns of first, then those of second."""
    n = first.shape[1]
    for i in range(y.shape[0]):
        for k in range(n):
            y[i, k] = first[i, k]
        for k in range(second.shape[1]):
            y[i, n + k] = second[i, k]


@compiled
def take_columns(dy, start, dx):
    """dx <- as many columns of dy, from ``start`` on."""
    for i in range(dx.shape[0]):
        row = dy[i, start : start + dx.shape[1]]  # whose indices need no check for a sign
        for k in range(row.size):
            dx[i, k] = row[k]


@compiled
def prelu_backward(x, dy, slope, d_slope):
    """d_slope <- sum(dy min(x, 0)); dy <- dy * (1 if x > 0 else slope)."""
    zero, one = dy.dtype.type(0.0), dy.dtype.type(1.0)
    d_slope[...] = zero
    for i in range(dy.shape[0]):
        for k in range(dy.shape[1]):
            z, d = x[i, k], dy[i, k]
            d_slope[0, k] += d * (zero if z > zero else z)
            dy[i, k] = d * (one if z > zero else slope[0, k])


@compiled
def embed(x, vectors, y, places, n_categories, dims, starts):
    """y <- the numbers of x, then the vector of each category; places <- where these start."""
    n_numbers = x.shape[1] - n_categories.size
    for i in range(x.shape[0]):
        k = n_numbers
        for j in range(n_numbers):
            y[i, j] = x[i, j]
        for c in range(n_categories.size):
            code = min(max(int(x[i, n_numbers + c]), 0), n_categories[c])
            start = starts[c] + code * dims[c]
            places[i, c] = start
            for d in range(dims[c]):
                y[i, k + d] = vectors[start + d]
            k += dims[c]


@compiled
def embed_backward(dy, places, dims, d_vectors):
    """d_vectors <- the sums of dy over the rows of each category."""
    d_vectors[:] = d_vectors.dtype.type(0.0)
    first = dy.shape[1] - dims.sum()
    for i in range(dy.shape[0]):
        k = first
        for c in range(dims.size):
            start = places[i, c]
            for d in range(dims[c]):
                d_vectors[start + d] += dy[i, k + d]
            k += dims[c]


@compiled
def embed_input_backward(dy, n_numbers, dx):
    """dx <- the gradient of the numbers, and zero for the categories."""
    zero = dx.dtype.type(0.0)
    for i in range(dx.shape[0]):
        for k in range(n_numbers):
            dx[i, k] = dy[i, k]
        for k in range(n_numbers, dx.shape[1]):
            dx[i, k] = zero
