"""An epoch as one call: batches, forwards, loss, backwards and steps, without the interpreter.

The one decision: a network is a table with a row for each operation, numbers only (``program.py``
makes it), and one function goes through it. So nothing is compiled for a network, and the call lets
go of the interpreter's lock: threads that train at once use as many cores.
"""

import math

import numpy as np

from . import normalisation, numeric_embeddings
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
from .random_words import jump
from .updates import add_penalty, cap_columns, clip_value, multiply_by, norm, step

# operations, by their number in the first column of the table; then come two widths, then addresses
PRODUCT, TIED_PRODUCT, BIAS, BIAS_RELU, ACTIVATE, COPY, DROPOUT, SHIFT = range(8)
ADD, CONCATENATE, PRELU, EMBED = range(8, 12)
PRODUCT_BACKWARD, TIED_BACKWARD, SUM_ROWS, RELU_BIAS_BACKWARD, ACTIVATE_BACKWARD = range(12, 17)
SCALE_BY, TAKE_COLUMNS, PRELU_BACKWARD, EMBED_BACKWARD = range(17, 21)
EMBED_INPUT_BACKWARD, ADD_MATRIX, SCALE_COLUMNS, SCALE_COLUMNS_BACKWARD = range(21, 25)
COLUMNS, NUMBERS = 16, 3  # of a table, and of what goes with it
DENSE, LABELS = range(2)  # kinds of a target


@compiled
def operate(table, numbers, begin, end, n, place, count, share, like, whole, state, words):
    """Make the operations of a table from ``begin`` to ``end`` for ``n`` rows of a batch, in order,
    and return how many random words the batch has taken so far.

    ``place``: number of their first one in the batch, and number of rows of the batch; ``count``:
    rows that the batch stands for; ``share`` (n,): of its weight; ``like``, ``whole``: any arrays
    of the network's type and of whole numbers; ``state``: of the random stream at the start;
    ``words``: taken before.
    """
    here = np.empty(4, np.uint64)
    for j in range(begin, end):
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
            jump(state, words + place[0] * w // 4, here)
            words += (place[1] * w + 3) // 4
            y, mask = matrix(a, n, w, like), matrix(b, n, w, like)
            op.dropout(y, mask, np.uint64(f), g, here)
        elif kind == SCALE_BY:
            op.scale_by(matrix(a, n, w, like), matrix(b, n, w, like))
        elif kind == SHIFT:
            op.shift(matrix(a, n, w, like), f)
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
        elif kind == SCALE_COLUMNS:
            op.scale_columns(matrix(a, n, w, like), matrix(b, 1, w, like), matrix(c, n, w, like))
        elif kind == SCALE_COLUMNS_BACKWARD:
            x, dy = matrix(a, n, w, like), matrix(b, n, w, like)
            op.scale_columns_backward(x, dy, matrix(c, 1, w, like), matrix(d, 1, w, like))
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
        elif kind >= normalisation.BATCH_NORM:
            normalisation.operate(table[j], numbers[j], n, count, share, like)
        elif kind >= numeric_embeddings.PIECEWISE_LINEAR:
            numeric_embeddings.operate(table[j], n, like, whole)
    return words


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
def weigh(row_weights, rows):
    """Return the weight of the rows of a batch, and how many rows it stands for: the sum of the
    weights, and never less than there are.
    """
    if not row_weights.size:
        return float(rows.size), float(rows.size)
    total = 0.0
    for i in range(rows.size):
        total += row_weights[rows[i]]
    return total, max(total, float(rows.size))


@compiled
def words_of(forward, n):
    """Return how many random words the masks of a batch of ``n`` rows take."""
    words = 0
    for j in range(forward.shape[0]):
        if forward[j, 0] == DROPOUT:
            words += (n * forward[j, 1] + 3) // 4
    return words


@compiled
def differentiate(
    network, stage, rows, place, total, count, row_weights, params, share, state, words
):
    """Make a stage of a forward and a backward pass for some rows of a batch, and return what they
    add to its loss, 0 before the backward pass begins, and how many random words the batch has
    taken so far. Their part of the gradient stays where the tables say.

    ``network``: the tables with their numbers, forward and backward, kind and numbers of the loss,
    places: address, width and buffer of X, then kind, address, width and buffer of the target, then
    address and width of the scores. ``stage``: which operations, begin and end of the forward
    table, then of the backward one. ``total``, ``count``: weight of the whole batch, and rows that
    it stands for. Overwrites: the arrays of the tables, share.
    """
    forward, forward_numbers, backward, backward_numbers, loss, loss_numbers, places = network
    n, value = rows.size, 0.0
    if stage[0] == 0:
        if row_weights.size:
            for i in range(n):
                share[i] = row_weights[rows[i]] / total
        else:
            for i in range(n):
                share[i] = 1.0 / total
        x = matrix(places[2], n, places[1], params)
        gather(DENSE, places[0], places[1], rows, x, rows)
    words = operate(
        forward,
        forward_numbers,
        stage[0],
        stage[1],
        n,
        place,
        count,
        share,
        params,
        rows,
        state,
        words,
    )
    if stage[2] == 0 and stage[3]:
        target, raw = (
            matrix(places[6], n, places[5], params),
            matrix(places[7], n, places[8], params),
        )
        gather(places[3], places[4], places[5], rows, target, rows)
        value = float(value_and_gradient(loss, raw, target, share[:n], loss_numbers))
    operate(
        backward,
        backward_numbers,
        stage[2],
        stage[3],
        n,
        place,
        count,
        share,
        params,
        rows,
        state,
        words,
    )
    return value, words


@compiled
def penalise(rule, params, grads, total):
    """Return the penalty and the norm of the whole gradient, which gets the penalty's.

    Overwrites: grads.
    """
    _, parts, part_numbers, _, _ = rule
    penalty = 0.0
    for j in range(parts.shape[0]):
        if part_numbers[j, 0] > 0.0:
            p, g = params[parts[j, 0] : parts[j, 1]], grads[parts[j, 0] : parts[j, 1]]
            penalty += 0.5 * add_penalty(p, g, part_numbers[j, 0] / total)
    return penalty, norm(grads)


@compiled
def clip(rule, grads, length):
    """Clip the gradient, whose norm is ``length``, by value and then by norm. Overwrites: grads."""
    limits = rule[4]
    if limits[1] < np.inf:
        clip_value(grads, limits[1])
        length = norm(grads)
    if length > limits[0]:
        multiply_by(grads, limits[0] / length)


@compiled
def descend(rule, vectors, begin, end, scale, rate, coefficients):
    """Make the step of the parameters from ``begin`` to ``end``, and return their penalty, which
    counts ``scale`` times: 0 where the gradient has it.

    ``rule``: kind of the step; begin, end and number of the coefficients of each part of the
    vectors (k, 3), its penalty and its decay (k, 2); address and shape of each matrix whose columns
    are capped (k, 3); limits of the gradient's norm, of its values and of a column's norm, infinite
    for none. ``vectors``: params, grads and the optimizer's slots, empty where it has fewer than
    three. ``coefficients`` (n_rates, m): those of the optimizer for each factor on the learning
    rate. Overwrites: vectors.
    """
    update, parts, part_numbers, _, _ = rule
    params, grads, first, second, third = vectors
    penalty = 0.0
    for j in range(parts.shape[0]):
        start, stop = max(parts[j, 0], begin), min(parts[j, 1], end)
        if start < stop:
            strength = part_numbers[j, 0] * scale
            squares = step(
                update,
                params[start:stop],
                grads[start:stop],
                first[start:stop],
                second[start:stop],
                third[start:stop],
                strength,
                1.0 - rate * part_numbers[j, 1],
                coefficients[parts[j, 2]],
            )
            penalty += 0.5 * strength * squares
    return penalty


@compiled
def cap(rule, params):
    """Cap the columns of the weights. Overwrites: params."""
    _, _, _, weights, limits = rule
    for j in range(weights.shape[0]):
        weight = matrix(weights[j, 0], weights[j, 1], weights[j, 2], params)
        cap_columns(weight, limits[2], np.empty(weight.shape[1], params.dtype))


@compiled
def run(
    network,
    rule,
    vectors,
    order,
    bounds,
    whole_last,
    row_weights,
    rates,
    coefficients,
    share,
    state,
    totals,
):
    """Train on batches, and return the number of the one whose loss is not finite, else -1.

    ``network``, ``rule``, ``vectors``: as for ``differentiate`` and ``descend``. ``order``: the
    rows to train on; ``bounds`` (k, 2): where each batch begins and ends in it; ``whole_last``:
    whether the last batch measures its gradient; ``row_weights`` (n_rows,), empty for equal ones;
    ``rates`` (k,), ``coefficients`` (k, n_rates, m): of each step. Overwrites: vectors, share,
    state, and totals: sum of the losses, sum of the weights, norm of the last gradient.
    """
    forward, limits = network[0], rule[4]
    params, grads = vectors[0], vectors[1]
    stage = (0, forward.shape[0], 0, network[2].shape[0])
    clips = limits[0] < np.inf or limits[1] < np.inf
    for k in range(bounds.shape[0]):
        rows = order[bounds[k, 0] : bounds[k, 1]]
        total, count = weigh(row_weights, rows)
        place = (0, rows.size)
        value, _ = differentiate(
            network, stage, rows, place, total, count, row_weights, params, share, state, 0
        )
        jump(state, words_of(forward, rows.size), state)
        # the step adds the penalty while it has the parameters at hand, unless the whole gradient
        # is measured or clipped
        length, scale = 0.0, 1.0 / total
        if clips or (whole_last and k == bounds.shape[0] - 1):
            penalty, length = penalise(rule, params, grads, total)
            clip(rule, grads, length)
            value, scale = value + penalty, 0.0
        value += descend(rule, vectors, 0, params.size, scale, rates[k], coefficients[k])
        cap(rule, params)
        totals[0] += value * total
        totals[1] += total
        totals[2] = length
        if not (math.isfinite(value) and math.isfinite(length)):
            return k
    return -1


@compiled
def add_gradients(grads, others, begin, end):
    """grads <- the sum of the gradients of all pieces, between two places."""
    for j in range(others.shape[0]):
        for i in range(begin, end):
            grads[i] += others[j, i]
