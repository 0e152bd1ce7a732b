"""An epoch as one call: batches, forwards, loss, backwards and steps, without the interpreter.

The one decision: a network is a table with a row for each operation, numbers only (``program.py``
makes it), and one function goes through it. So nothing is compiled for a network, and the call lets
go of the interpreter's lock: threads that train at once use as many cores.
"""

import math

import numpy as np

from . import operations as op
from .arrays import (
    compiled,
    matrix,
    multiply,
    multiply_transposed_left,
    multiply_transposed_right,
    vector,
)
from .losses import value_and_gradient
from .updates import add_penalty, cap_columns, clip_value, multiply_by, norm, step

# operations, by their number in the first column of the table; then come two widths, then addresses
PRODUCT, TIED_PRODUCT, BIAS, BIAS_RELU, ACTIVATE, COPY, DROPOUT, SHIFT, BATCH_NORM = range(9)
ADD, CONCATENATE, PRELU, EMBED = range(9, 13)
PRODUCT_BACKWARD, TIED_BACKWARD, SUM_ROWS, RELU_BIAS_BACKWARD, ACTIVATE_BACKWARD = range(13, 18)
SCALE_BY, BATCH_NORM_BACKWARD, TAKE_COLUMNS, PRELU_BACKWARD, EMBED_BACKWARD = range(18, 23)
EMBED_INPUT_BACKWARD, ADD_MATRIX = range(23, 25)
COLUMNS, NUMBERS = 15, 3  # of a table, and of what goes with it
DENSE, LABELS = range(2)  # kinds of a target


@compiled
def operate(table, numbers, n, count, share, like, whole, state):
    """Make the operations of a table for a batch of ``n`` rows, in order.

    ``count``: rows that the batch stands for; ``share`` (n,): of its weight; ``like``, ``whole``:
    any arrays of the network's type and of whole numbers; ``state``: of the random stream.
    """
    for j in range(table.shape[0]):
        kind, w, v = table[j, 0], table[j, 1], table[j, 2]
        a, b, c = table[j, 3], table[j, 4], table[j, 5]
        d, e = table[j, 6], table[j, 7]
        f, g = numbers[j, 0], numbers[j, 1]
        if kind == PRODUCT:
            multiply(matrix(a, n, w, like), matrix(b, w, v, like), matrix(c, n, v, like))
        elif kind == PRODUCT_BACKWARD:
            dy = matrix(c, n, v, like)
            multiply_transposed_left(matrix(a, n, w, like), dy, matrix(d, w, v, like))
            if e:
                multiply_transposed_right(dy, matrix(b, w, v, like), matrix(e, n, w, like))
        elif kind == BIAS_RELU:
            op.add_bias_relu(matrix(a, n, w, like), matrix(b, 1, w, like), f)
        elif kind == RELU_BIAS_BACKWARD:
            y, dy = matrix(a, n, w, like), matrix(b, n, w, like)
            op.relu_backward_bias(y, dy, matrix(c, 1, w, like), f)
        elif kind == BIAS:
            op.add_bias(matrix(a, n, w, like), matrix(b, 1, w, like))
        elif kind == SUM_ROWS:
            op.sum_rows(matrix(a, n, w, like), matrix(b, 1, w, like))
        elif kind == ACTIVATE:
            op.activate(v, matrix(a, n, w, like), f, g)
        elif kind == ACTIVATE_BACKWARD:
            op.activate_backward(v, matrix(a, n, w, like), matrix(b, n, w, like), f, g)
        elif kind == COPY:
            op.copy(matrix(a, n, w, like), matrix(b, n, w, like))
        elif kind == DROPOUT:
            y, mask = matrix(a, n, w, like), matrix(b, n, w, like)
            op.dropout(y, mask, np.uint64(f), g, state)
        elif kind == SCALE_BY:
            op.scale_by(matrix(a, n, w, like), matrix(b, n, w, like))
        elif kind == SHIFT:
            op.shift(matrix(a, n, w, like), f)
        elif kind == BATCH_NORM:
            mean, variance = matrix(table[j, 8], 1, w, like), matrix(table[j, 9], 1, w, like)
            op.batch_norm(
                matrix(a, n, w, like),
                matrix(b, n, w, like),
                matrix(c, n, w, like),
                share,
                matrix(d, 1, w, like),
                matrix(e, 1, w, like),
                mean,
                variance,
                matrix(table[j, 10], 1, w, like),
                matrix(table[j, 11], 1, w, like),
                f,
            )
            if count >= 2.0:
                op.track(matrix(table[j, 12], 1, w, like), mean, g, 1.0)
                correction = count / (count - 1.0)
                op.track(matrix(table[j, 13], 1, w, like), variance, g, correction)
        elif kind == BATCH_NORM_BACKWARD:
            op.batch_norm_backward(
                matrix(a, n, w, like),
                matrix(b, n, w, like),
                share,
                matrix(c, 1, w, like),
                matrix(d, 1, w, like),
                matrix(e, 1, w, like),
                matrix(table[j, 8], 1, w, like),
                v,
            )
        elif kind == ADD:
            op.add(matrix(a, n, w, like), matrix(b, n, w, like))
        elif kind == ADD_MATRIX:
            op.add(matrix(a, v, w, like), matrix(b, v, w, like))
        elif kind == CONCATENATE:
            op.concatenate(matrix(a, n, w, like), matrix(b, n, v, like), matrix(c, n, w + v, like))
        elif kind == TAKE_COLUMNS:
            op.take_columns(matrix(a, n, c, like), v, matrix(b, n, w, like))
        elif kind == PRELU:
            op.prelu(matrix(a, n, w, like), matrix(b, 1, w, like), matrix(c, n, w, like))
        elif kind == PRELU_BACKWARD:
            op.prelu_backward(
                matrix(a, n, w, like),
                matrix(b, n, w, like),
                matrix(c, 1, w, like),
                matrix(d, 1, w, like),
            )
        elif kind == TIED_PRODUCT:
            multiply_transposed_right(
                matrix(a, n, w, like), matrix(b, v, w, like), matrix(c, n, v, like)
            )
        elif kind == TIED_BACKWARD:
            dy = matrix(c, n, v, like)
            multiply_transposed_left(dy, matrix(a, n, w, like), matrix(d, v, w, like))
            if e:
                multiply(dy, matrix(b, v, w, like), matrix(e, n, w, like))
        elif kind == EMBED:
            m = table[j, 8]  # columns of categories
            op.embed(
                matrix(a, n, w, like),
                vector(b, table[j, 9], like),
                matrix(c, n, v, like),
                matrix(d, n, m, whole),
                vector(e, m, whole),
                vector(table[j, 10], m, whole),
                vector(table[j, 11], m, whole),
            )
        elif kind == EMBED_BACKWARD:
            m = table[j, 8]
            op.embed_backward(
                matrix(a, n, v, like),
                matrix(b, n, m, whole),
                vector(c, m, whole),
                vector(d, table[j, 9], like),
            )
        elif kind == EMBED_INPUT_BACKWARD:
            op.embed_input_backward(matrix(a, n, v, like), table[j, 8], matrix(b, n, w, like))


@compiled
def gather(kind, address, width, rows, out, whole):
    """out <- the rows of a source: numbers as they are, or labels as ones and zeros."""
    if kind == LABELS:
        labels = vector(address, rows.max() + 1, whole)
        out[...] = out.dtype.type(0.0)
        for i in range(rows.size):
            out[i, labels[rows[i]]] = out.dtype.type(1.0)
    else:
        array = matrix(address, rows.max() + 1, width, out)
        for i in range(rows.size):
            row = rows[i]
            for k in range(width):
                out[i, k] = array[row, k]


@compiled
def run(
    forward,
    forward_numbers,
    backward,
    backward_numbers,
    loss,
    loss_numbers,
    update,
    parts,
    part_numbers,
    weights,
    places,
    limits,
    order,
    bounds,
    whole_last,
    row_weights,
    rates,
    coefficients,
    params,
    grads,
    first,
    second,
    third,
    share,
    state,
    totals,
):
    """Train on batches, and return the number of the one whose loss is not finite, else -1.

    ``loss``, ``update``: kinds; ``parts`` (k, 2), ``part_numbers`` (k, 2): begin and end of each
    part of the vectors, its penalty and its decay; ``weights`` (k, 3): address and shape of each
    matrix whose columns are capped. ``places``: address, width and buffer of X, then kind, address,
    width and buffer of the target, then address and width of the scores. ``limits``: of the
    gradient's norm, of its values, of the norm of a column; infinite for none. ``order``: the rows
    to train on; ``bounds`` (k, 2): where each batch begins and ends in it; ``whole_last``: whether
    the last batch measures its gradient. ``row_weights`` (n_rows,), empty for equal ones; ``rates``
    (k,), ``coefficients`` (k, m): of each step; ``first``, ``second``, ``third``: the optimizer's
    slots, empty where it has fewer. Overwrites: params, grads, slots, share, state, and totals: sum
    of the losses, sum of the weights, norm of the last gradient.
    """
    n_batches = bounds.shape[0]
    clips = limits[0] < np.inf or limits[1] < np.inf
    for k in range(n_batches):
        rows = order[bounds[k, 0] : bounds[k, 1]]
        n = rows.size
        total, count = float(n), float(n)
        if row_weights.size:
            total = 0.0
            for i in range(n):
                total += row_weights[rows[i]]
            count = max(total, count)
            for i in range(n):
                share[i] = row_weights[rows[i]] / total
        else:
            for i in range(n):
                share[i] = 1.0 / n
        x, target = matrix(places[2], n, places[1], params), matrix(places[6], n, places[5], params)
        gather(DENSE, places[0], places[1], rows, x, order)
        gather(places[3], places[4], places[5], rows, target, order)
        operate(forward, forward_numbers, n, count, share, params, order, state)
        raw = matrix(places[7], n, places[8], params)
        value = float(value_and_gradient(loss, raw, target, share[:n], loss_numbers))
        operate(backward, backward_numbers, n, count, share, params, order, state)
        # the step adds the penalty while it has the parameters at hand, unless the whole gradient
        # is measured or clipped
        whole = clips or (whole_last and k == n_batches - 1)
        length = 0.0
        if whole:
            for j in range(parts.shape[0]):
                if part_numbers[j, 0] > 0.0:
                    p = params[parts[j, 0] : parts[j, 1]]
                    g = grads[parts[j, 0] : parts[j, 1]]
                    value += 0.5 * add_penalty(p, g, part_numbers[j, 0] / total)
            length = norm(grads)
            if limits[1] < np.inf:
                clip_value(grads, limits[1])
            if limits[0] < np.inf:
                size = norm(grads) if limits[1] < np.inf else length
                if size > limits[0]:
                    multiply_by(grads, limits[0] / size)
        for j in range(parts.shape[0]):
            begin, end = parts[j, 0], parts[j, 1]
            strength = 0.0 if whole else part_numbers[j, 0] / total
            squares = step(
                update,
                params[begin:end],
                grads[begin:end],
                first[begin:end],
                second[begin:end],
                third[begin:end],
                strength,
                1.0 - rates[k] * part_numbers[j, 1],
                coefficients[k],
            )
            value += 0.5 * strength * squares
        for j in range(weights.shape[0]):
            weight = matrix(weights[j, 0], weights[j, 1], weights[j, 2], params)
            cap_columns(weight, limits[2], np.empty(weight.shape[1], params.dtype))
        totals[0] += value * total
        totals[1] += total
        totals[2] = length
        if not (math.isfinite(value) and math.isfinite(length)):
            return k
    return -1
