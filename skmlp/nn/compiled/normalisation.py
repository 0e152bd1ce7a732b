"""Batch normalisation, of a batch as a whole or of pieces of one: a file of its own beside
``operations.py``, with the branches that ``epoch.py`` has for other layers.

The mean is kept as a distance from the first row, exact for a column that does not vary. Each of
several pieces computes the moments of its own rows; they meet, ``merge_moments`` makes those of the
batch, and each goes on. Backwards they do the same with the sums that the input's gradient needs.
"""

import math

import numpy as np

from .arrays import compiled, matrix

# operations, by their number in the first column of the table
BATCH_NORM, BATCH_NORM_BACKWARD, MOMENTS, NORMALISE, SUMS, INPUT_BACKWARD = range(200, 206)
_PART = 1024  # rows


@compiled
def operate(row, numbers, n, count, share, like):
    """Make the operation of a row of a table for ``n`` rows of a batch."""
    kind, w = row[0], row[1]
    if kind == BATCH_NORM:
        x, x_hat = matrix(row[3], n, w, like), matrix(row[4], n, w, like)
        mean, variance = matrix(row[8], 1, w, like), matrix(row[9], 1, w, like)
        inv_std, scratch = matrix(row[10], 1, w, like), matrix(row[11], 1, w, like)
        moments(x, x_hat, share, 1.0, mean, variance, scratch, inv_std)
        for k in range(w):
            mean[0, k] += x[0, k]
            scratch[0, k] = like.dtype.type(0.0)
        finish(variance, inv_std, numbers[0])
        normalise(
            x_hat,
            matrix(row[5], n, w, like),
            scratch,
            inv_std,
            matrix(row[6], 1, w, like),
            matrix(row[7], 1, w, like),
        )
        track(
            matrix(row[12], 1, w, like),
            matrix(row[13], 1, w, like),
            mean,
            variance,
            numbers[1],
            count,
        )
    elif kind == MOMENTS:
        moments(
            matrix(row[3], n, w, like),
            matrix(row[4], n, w, like),
            share,
            share[:n].sum(),
            matrix(row[5], 1, w, like),
            matrix(row[6], 1, w, like),
            matrix(row[7], 1, w, like),
            matrix(row[8], 1, w, like),
        )
    elif kind == NORMALISE:
        normalise(
            matrix(row[3], n, w, like),
            matrix(row[4], n, w, like),
            matrix(row[5], 1, w, like),
            matrix(row[6], 1, w, like),
            matrix(row[7], 1, w, like),
            matrix(row[8], 1, w, like),
        )
    elif kind == INPUT_BACKWARD:
        input_backward(
            matrix(row[3], n, w, like),
            matrix(row[4], n, w, like),
            share,
            matrix(row[5], 1, w, like),
            matrix(row[6], 1, w, like),
            matrix(row[7], 1, w, like),
            matrix(row[8], 1, w, like),
        )
    else:  # SUMS, and with the gradient of the input BATCH_NORM_BACKWARD
        dy, x_hat = matrix(row[3], n, w, like), matrix(row[4], n, w, like)
        d_gamma, d_beta = matrix(row[5], 1, w, like), matrix(row[6], 1, w, like)
        sums(dy, x_hat, d_gamma, d_beta)
        if kind == BATCH_NORM_BACKWARD:
            gamma, inv_std = matrix(row[7], 1, w, like), matrix(row[8], 1, w, like)
            input_backward(dy, x_hat, share, gamma, inv_std, d_gamma, d_beta)


@compiled
def moments(x, x_hat, share, total, mean, variance, shift, part):
    """x_hat <- x less its mean; mean <- its distance from the first row; variance <- the sum of
    share x_hat^2; ``total``: sum of share (n,). Overwrites: all but x, share.
    """
    n, width = x.shape
    real = x.dtype.type
    mean[...] = real(0.0)
    variance[...] = real(0.0)
    shift[...] = real(0.0)
    if not n:
        return
    by = real(1.0 / total if total > 0.0 else 0.0)
    for i in range(n):
        for k in range(width):
            mean[0, k] += share[i] * (x[i, k] - x[0, k])
    for k in range(width):
        mean[0, k] *= by
    # what rounding leaves shifts the centred values; shift is that much
    for i in range(n):
        for k in range(width):
            c = (x[i, k] - x[0, k]) - mean[0, k]
            x_hat[i, k] = c
            shift[0, k] += share[i] * c
    for k in range(width):
        shift[0, k] *= by
        mean[0, k] += shift[0, k]
    # in parts, since a square is little beside the sum of very many
    for start in range(0, n, _PART):
        part[...] = real(0.0)
        for i in range(start, min(start + _PART, n)):
            for k in range(width):
                c = x_hat[i, k] - shift[0, k]
                x_hat[i, k] = c
                part[0, k] += share[i] * c * c
        for k in range(width):
            variance[0, k] += part[0, k]


@compiled
def finish(variance, inv_std, epsilon):
    """inv_std <- 1 / sqrt(variance + epsilon)."""
    real = variance.dtype.type
    for k in range(variance.shape[1]):
        inv_std[0, k] = real(1.0) / math.sqrt(variance[0, k] + real(epsilon))


@compiled
def normalise(x_hat, y, shift, inv_std, gamma, beta):
    """x_hat <- (x_hat + shift) inv_std; y <- gamma x_hat + beta."""
    for i in range(x_hat.shape[0]):
        for k in range(x_hat.shape[1]):
            h = (x_hat[i, k] + shift[0, k]) * inv_std[0, k]
            x_hat[i, k] = h
            y[i, k] = gamma[0, k] * h + beta[0, k]


@compiled
def track(running_mean, running_variance, mean, variance, momentum, count):
    """running <- (1 - momentum) running + momentum batch, that of the variance with count / (count
    - 1); one row says nothing of a variance. Overwrites: running_*.
    """
    if count >= 2.0:
        real = mean.dtype.type
        kept, new = real(1.0 - momentum), real(momentum)
        more = real(momentum * count / (count - 1.0))
        for k in range(mean.shape[1]):
            running_mean[0, k] = kept * running_mean[0, k] + new * mean[0, k]
            running_variance[0, k] = kept * running_variance[0, k] + more * variance[0, k]


@compiled
def sums(dy, x_hat, d_gamma, d_beta):
    """d_gamma <- sum(dy x_hat); d_beta <- sum(dy)."""
    d_gamma[...] = d_gamma.dtype.type(0.0)
    d_beta[...] = d_beta.dtype.type(0.0)
    for i in range(dy.shape[0]):
        for k in range(dy.shape[1]):
            d_gamma[0, k] += dy[i, k] * x_hat[i, k]
            d_beta[0, k] += dy[i, k]


@compiled
def input_backward(dy, x_hat, share, gamma, inv_std, d_gamma, d_beta):
    """dy <- gamma inv_std (dy - share (d_beta + x_hat d_gamma)), the sums being of all rows."""
    for i in range(dy.shape[0]):
        for k in range(dy.shape[1]):
            mean = share[i] * (d_beta[0, k] + x_hat[i, k] * d_gamma[0, k])
            dy[i, k] = gamma[0, k] * inv_std[0, k] * (dy[i, k] - mean)


def merge_moments(layer, parts, n_rows, shares, count):
    """Make the moments of a batch of those of its two pieces.

    ``parts``: the workspaces of the layer; ``n_rows``: their numbers of rows; ``shares``: their
    parts of the weight of the batch, which stands for ``count`` rows. Overwrites: the workspaces'
    batch_mean, batch_variance, row, inv_std; the running mean and variance.
    """
    first, second = parts
    share = float(shares[1])
    mean, variance = first.batch_mean, first.batch_variance
    apart = np.zeros_like(mean)
    if n_rows[1]:
        np.subtract(second.x[:1], first.x[:1], out=apart)
        apart += second.batch_mean - mean
        variance += second.batch_variance
        variance += (1.0 - share) * share * np.square(apart)
    np.multiply(apart, -share, out=first.row)
    np.multiply(apart, 1.0 - share, out=second.row)
    mean -= first.row
    mean += first.x[:1]
    finish(variance, first.inv_std, float(layer.epsilon))
    np.copyto(second.inv_std, first.inv_std)
    track(first.mean, first.variance, mean, variance, float(layer.momentum), float(count))


def merge_sums(parts):
    """Add up the sums of the pieces for the gradient of their input.

    Overwrites: the workspaces' batch_mean, batch_variance.
    """
    for part in parts:
        np.add(parts[0].d_gamma, parts[1].d_gamma, out=part.batch_variance)
        np.add(parts[0].d_beta, parts[1].d_beta, out=part.batch_mean)
