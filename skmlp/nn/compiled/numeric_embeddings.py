"""What the embeddings of numbers compute, as loops: a file of their own beside ``operations.py``,
with the branches that ``epoch.py`` has for other layers.

A table's row has the kind, the widths of input and output, then addresses and sizes.
"""

import math

import numpy as np

from .arrays import compiled, flat, matrix
from .functions import cos2pi, sin2pi

# operations, by their number in the first column of the table
PIECEWISE_LINEAR, PIECEWISE_LINEAR_BACKWARD, PERIODIC, PERIODIC_BACKWARD = range(100, 104)


@compiled
def operate(row, n, like, whole):
    """Make the operation of a row of a table for ``n`` rows of a batch.

    ``like``, ``whole``: any arrays of the network's type and of whole numbers.
    """
    kind, w, v = row[0], row[1], row[2]
    if kind == PIECEWISE_LINEAR:
        m, n_bins = row[13], row[14]
        dim = (v - w) // m
        piecewise_linear(
            matrix(row[3], n, w, like),
            matrix(row[4], n, v, like),
            matrix(row[5], m, n_bins, like),
            matrix(row[6], m, n_bins, like),
            matrix(row[7], m * n_bins, dim, like),
            matrix(row[8], m, dim, like),
            matrix(row[9], m * n_bins, dim, like),
            matrix(row[10], n, m, whole),
            matrix(row[11], n, m, like),
            matrix(row[12], n, m, like),
        )
    elif kind == PIECEWISE_LINEAR_BACKWARD:
        m, n_bins = row[12], row[13]
        dim = (v - w) // m
        dy, bins = matrix(row[3], n, v, like), matrix(row[4], n, m, whole)
        vectors = matrix(row[7], m * n_bins, dim, like)
        piecewise_linear_backward(
            dy,
            bins,
            matrix(row[5], n, m, like),
            matrix(row[8], m * n_bins, dim, like),
            matrix(row[9], m, dim, like),
            matrix(row[10], m * n_bins, dim, like),
        )
        if row[11]:
            slope, dx = matrix(row[6], n, m, like), matrix(row[11], n, w, like)
            piecewise_linear_input_backward(dy, bins, slope, vectors, dx)
    elif kind == PERIODIC:
        m, n_cosines = row[11], row[12]
        dim = (v - w) // m
        periodic(
            matrix(row[3], n, w, like),
            matrix(row[4], n, v, like),
            matrix(row[5], m, n_cosines, like),
            matrix(row[6], m, n_cosines, like),
            matrix(row[7], m * dim, n_cosines, like),
            matrix(row[8], m, dim, like),
            matrix(row[9], n, m * n_cosines, like),
            matrix(row[10], n, m * n_cosines, like),
        )
    elif kind == PERIODIC_BACKWARD:
        m, n_cosines = row[14], row[15]
        dim = (v - w) // m
        gradients = (
            matrix(row[9], m, n_cosines, like),
            matrix(row[10], m, n_cosines, like),
            matrix(row[11], m * dim, n_cosines, like),
            matrix(row[12], m, dim, like),
        )
        periodic_backward(
            matrix(row[3], n, w, like),
            matrix(row[4], n, v, like),
            matrix(row[5], m, n_cosines, like),
            matrix(row[6], m * dim, n_cosines, like),
            matrix(row[7], n, m * n_cosines, like),
            matrix(row[8], n, m * n_cosines, like),
            gradients,
            matrix(row[13], n if row[13] else 0, w, like),
        )


@compiled
def piecewise_linear(x, y, edges, slopes, vectors, offset, sums, bins, z, slope):
    """y <- x, then for each number the sums of the bin plus z times its vectors.

    The bins of a row are searched side by side, without branches, which no processor can predict.
    Overwrites: y, sums, bins, z, slope.
    """
    real = x.dtype.type
    zero, one = real(0.0), real(1.0)
    m, n_bins = edges.shape
    n_in, dim = x.shape[1], offset.shape[1]
    for j in range(m):
        for d in range(dim):
            sums[j * n_bins, d] = offset[j, d]
        for k in range(j * n_bins + 1, (j + 1) * n_bins):
            for d in range(dim):
                sums[k, d] = sums[k - 1, d] + vectors[k - 1, d]
    edges, slopes = flat(edges), flat(slopes)
    sums, vectors = flat(sums), flat(vectors)
    found = np.empty(m, np.uint32)  # an index without a sign needs no check whether it is negative
    for i in range(x.shape[0]):
        for j in range(m):
            found[j] = j * n_bins
        left = n_bins
        while left > 1:
            half = np.uint32(left // 2)
            for j in range(m):
                b = found[j] + half
                found[j] = b if x[i, j] >= edges[b] else found[j]
            left -= left // 2
        for j in range(m):
            b = found[j]
            u = (x[i, j] - edges[b]) * slopes[b]
            slope[i, j] = slopes[b] if zero <= u < one else zero
            u = zero if u < zero else u
            z[i, j] = one if u > one else u
            bins[i, j] = b
        for j in range(n_in):
            y[i, j] = x[i, j]
        for j in range(m):
            u, k, b = z[i, j], n_in + j * dim, np.uint64(found[j]) * np.uint64(dim)
            if dim == 4:  # the usual ones, whose loops are unrolled
                for d in range(4):
                    y[i, k + d] = sums[b + np.uint64(d)] + u * vectors[b + np.uint64(d)]
            elif dim == 2:
                for d in range(2):
                    y[i, k + d] = sums[b + np.uint64(d)] + u * vectors[b + np.uint64(d)]
            else:
                for d in range(dim):
                    y[i, k + d] = sums[b + np.uint64(d)] + u * vectors[b + np.uint64(d)]


@compiled
def piecewise_linear_backward(dy, bins, z, d_vectors, d_offset, sums):
    """d_vectors of a bin <- the sum of z dy over its rows and of dy over those in the bins above;
    d_offset <- the sum of dy. Overwrites: sums.
    """
    zero = dy.dtype.type(0.0)
    m, dim = d_offset.shape
    first, n_bins = dy.shape[1] - m * dim, sums.shape[0] // m
    d_vectors[...] = zero
    sums[...] = zero
    flat_sums, d_flat = flat(sums), flat(d_vectors)
    for i in range(dy.shape[0]):
        for j in range(m):
            u, k, b = z[i, j], first + j * dim, np.uint64(bins[i, j]) * np.uint64(dim)
            if dim == 4:
                for d in range(4):
                    g = dy[i, k + d]
                    flat_sums[b + np.uint64(d)] += g
                    d_flat[b + np.uint64(d)] += u * g
            elif dim == 2:
                for d in range(2):
                    g = dy[i, k + d]
                    flat_sums[b + np.uint64(d)] += g
                    d_flat[b + np.uint64(d)] += u * g
            else:
                for d in range(dim):
                    g = dy[i, k + d]
                    flat_sums[b + np.uint64(d)] += g
                    d_flat[b + np.uint64(d)] += u * g
    for j in range(m):
        for k in range((j + 1) * n_bins - 1, j * n_bins, -1):
            for d in range(dim):
                d_vectors[k - 1, d] += sums[k, d]
                sums[k - 1, d] += sums[k, d]
        for d in range(dim):
            d_offset[j, d] = sums[j * n_bins, d]


@compiled
def piecewise_linear_input_backward(dy, bins, slope, vectors, dx):
    """dx <- dy of the numbers plus slope times the sum of dy times the vectors of the bin."""
    n_in, dim = dx.shape[1], vectors.shape[1]
    for i in range(dx.shape[0]):
        for j in range(n_in):
            dx[i, j] = dy[i, j]
        for j in range(bins.shape[1]):
            total = dx.dtype.type(0.0)
            for d in range(dim):
                total += dy[i, n_in + j * dim + d] * vectors[bins[i, j], d]
            dx[i, j] += slope[i, j] * total


@compiled
def periodic(x, y, frequencies, phases, vectors, offset, cosines, sines):
    """y <- x, then for each number the offset plus the cosines times its vectors.

    Overwrites: y, cosines, sines.
    """
    turn = x.dtype.type(0.5 / math.pi)
    m, n = frequencies.shape
    n_in, dim = x.shape[1], offset.shape[1]
    for i in range(x.shape[0]):
        for j in range(m):
            v = x[i, j]
            for k in range(n):
                cosines[i, j * n + k] = v * frequencies[j, k] + turn * phases[j, k]
    turns, sine = flat(cosines), flat(sines)
    for k in range(turns.size):
        sine[k] = sin2pi(turns[k])
    for k in range(turns.size):
        turns[k] = cos2pi(turns[k])
    for i in range(x.shape[0]):
        for j in range(n_in):
            y[i, j] = x[i, j]
        for j in range(m):
            for d in range(dim):
                total = offset[j, d]
                for k in range(n):
                    total += cosines[i, j * n + k] * vectors[j * dim + d, k]
                y[i, n_in + j * dim + d] = total


@compiled
def periodic_backward(x, dy, frequencies, vectors, cosines, sines, gradients, dx):
    """Compute the gradients of frequencies, phases, vectors and offset, and that of the input
    unless ``dx`` has no rows. Overwrites: gradients, dx.
    """
    real = dy.dtype.type
    zero, cycle = real(0.0), real(2.0 * math.pi)
    m, n = frequencies.shape
    d_frequencies, d_phases, d_vectors, d_offset = gradients
    n_in, dim = x.shape[1], d_offset.shape[1]
    for array in gradients:
        array[...] = zero
    d_angles = np.empty(n, dy.dtype)
    for i in range(x.shape[0]):
        for j in range(n_in if dx.shape[0] else 0):
            dx[i, j] = dy[i, j]
        for j in range(m):
            v = cycle * x[i, j]
            d_angles[:] = zero
            for d in range(dim):
                g, row = dy[i, n_in + j * dim + d], j * dim + d
                d_offset[j, d] += g
                for k in range(n):
                    d_vectors[row, k] += g * cosines[i, j * n + k]
                for k in range(n):
                    d_angles[k] -= g * vectors[row, k]
            for k in range(n):
                d_angles[k] *= sines[i, j * n + k]
            for k in range(n):
                d_phases[j, k] += d_angles[k]
            for k in range(n):
                d_frequencies[j, k] += v * d_angles[k]
            if dx.shape[0]:
                total = zero
                for k in range(n):
                    total += frequencies[j, k] * d_angles[k]
                dx[i, j] += cycle * total
