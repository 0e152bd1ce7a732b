"""Batch normalisation, of a batch as a whole or of pieces of one: a file of its own beside
``operations.py``, with the branches that ``epoch.py`` has for other layers.

The mean is kept as a distance from the first row, exact for a column that does not vary. Each of
several pieces computes the moments of its own rows; they meet, ``meet`` makes those of the batch,
and each goes on. Backwards they do the same with the sums that the input's gradient needs.
"""

import math

from .arrays import compiled, matrix

# operations, by their number in the first column of the table
BATCH_NORM, BATCH_NORM_BACKWARD, MOMENTS, NORMALISE, SUMS, INPUT_BACKWARD = range(200, 206)
MERGE_MOMENTS, MERGE_SUMS = range(206, 208)  # what is made where two pieces meet
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


@compiled
def meet(row, numbers, n_second, share, count, like):
    """Make what a layer needs to know of a batch of what its two pieces say of their rows.

    ``n_second``: rows of the second piece; ``share``: of their weight in that of the batch, which
    stands for ``count`` rows.
    """
    w = row[1]
    if row[0] == MERGE_MOMENTS:
        part = 0.0
        for i in range(n_second):
            part += share[i]
        merge_moments(
            matrix(row[3], 1, w, like),
            matrix(row[4], 1, w, like),
            n_second > 0,
            part,
            matrix(row[5], 1, w, like),
            matrix(row[6], 1, w, like),
            matrix(row[7], 1, w, like),
            matrix(row[8], 1, w, like),
            matrix(row[9], 1, w, like),
            matrix(row[10], 1, w, like),
        )
        mean, variance = matrix(row[5], 1, w, like), matrix(row[7], 1, w, like)
        inv_std, other_inv_std = matrix(row[11], 1, w, like), matrix(row[12], 1, w, like)
        finish(variance, inv_std, numbers[0])
        other_inv_std[...] = inv_std
        running = matrix(row[13], 1, w, like), matrix(row[14], 1, w, like)
        track(*running, mean, variance, numbers[1], count)
    else:
        for k in (3, 5):  # d_gamma, d_beta
            one, other = matrix(row[k], 1, w, like), matrix(row[k + 1], 1, w, like)
            total, other_total = matrix(row[k + 4], 1, w, like), matrix(row[k + 5], 1, w, like)
            for i in range(w):
                total[0, i] = one[0, i] + other[0, i]
                other_total[0, i] = total[0, i]


@compiled
def merge_moments(
    x, other_x, is_there, share, mean, other_mean, variance, other_variance, shift, other_shift
):
    """mean, variance <- those of a batch; shift, other_shift <- what is to be added to the centred
    values of the pieces.

    ``x``, ``other_x`` (1, w): first rows of the pieces, by which their means are given;
    ``is_there``: whether the second has rows; ``share``: its part of the weight. Overwrites: mean,
    variance, shifts.
    """
    real = x.dtype.type
    for k in range(x.shape[1]):
        apart = real(0.0)
        if is_there:
            apart = (other_x[0, k] - x[0, k]) + (other_mean[0, k] - mean[0, k])
            variance[0, k] += other_variance[0, k]
            variance[0, k] += real((1.0 - share) * share) * (apart * apart)
        shift[0, k] = real(-share) * apart
        other_shift[0, k] = real(1.0 - share) * apart
        mean[0, k] = (mean[0, k] - shift[0, k]) + x[0, k]
