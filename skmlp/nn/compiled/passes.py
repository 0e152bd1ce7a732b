"""The forward and the backward pass of some rows, without the interpreter.

The one decision: a network is a table with a row for each operation, numbers only (``program.py``
makes it), and one function goes through it. So nothing is compiled for a network.
"""

import numpy as np
from numba import carray

from . import normalisation, numeric_embeddings
from . import operations as op
from .arrays import (
    compiled,
    four_words,
    matrix,
    multiply,
    multiply_transposed_left,
    multiply_transposed_right,
    vector,
)
from .losses import value_and_gradient
from .random_words import jump

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
    here = carray(four_words(), (4,))
    for j in range(begin, end):
        kind, w, v = table[j, 0], table[j, 1], table[j, 2]
        a, b, c = table[j, 3], table[j, 4], table[j, 5]
        d, e = table[j, 6], table[j, 7]
        f, g = numbers[j, 0], numbers[j, 1]
        if kind == PRODUCT:
            multiply(matrix(a, n, w, like), matrix(b, w, v, like), matrix(c, n, v, like))
        elif kind == PRODUCT_BACKWARD:
            dy = matrix(c, n, v, like)
            if e:  # first, while there is room where the gradient of the weight comes
                multiply_transposed_right(
                    dy, matrix(b, w, v, like), matrix(e, n, w, like), matrix(d, v, w, like)
                )
            multiply_transposed_left(matrix(a, n, w, like), dy, matrix(d, w, v, like))
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
            weight, nowhere = matrix(b, v, w, like), matrix(b, 0, w, like)
            multiply_transposed_right(matrix(a, n, w, like), weight, matrix(c, n, v, like), nowhere)
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
def gather(kind, address, n_rows, width, rows, out, whole):
    """out <- the rows of a source, which has ``n_rows``: numbers as they are, or labels as ones and
    zeros.
    """
    if kind == LABELS:
        labels = vector(address, n_rows, whole)
        out[...] = out.dtype.type(0.0)
        for i in range(rows.size):
            out[i, labels[rows[i]]] = out.dtype.type(1.0)
    else:
        array = matrix(address, n_rows, width, out)
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
    tables, j, stage, rows, place, total, count, row_weights, params, shares, state, words
):
    """Make a stage of a forward and a backward pass for the rows of piece ``j`` of a batch, and
    return what they add to its loss, 0 before the backward pass begins, and how many random words
    the batch has taken so far. Their part of the gradient stays where the tables say.

    ``tables``: of each piece the operations with their numbers, forward and backward, and places:
    address, width and buffer of X, then kind, address, width and buffer of the target, then address
    and width of the scores, and number of rows of the sources; last kind and numbers of the loss.
    ``stage``: which operations, begin and end of the forward table, then of the backward one.
    ``total``, ``count``: weight of the whole batch, and rows that it stands for. Overwrites: the
    arrays of the tables, shares[j].
    """
    forward, forward_numbers, backward, backward_numbers, all_places, loss, loss_numbers = tables
    share, places = shares[j, 0], all_places[j]
    n, value = rows.size, 0.0
    if stage[0] == 0:
        if row_weights.size:
            for i in range(n):
                share[i] = row_weights[rows[i]] / total
        else:
            for i in range(n):
                share[i] = 1.0 / total
        x = matrix(places[2], n, places[1], params)
        gather(DENSE, places[0], places[9], places[1], rows, x, rows)
    words = operate(
        forward[j],
        forward_numbers[j],
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
        target = matrix(places[6], n, places[5], params)
        raw = matrix(places[7], n, places[8], params)
        gather(places[3], places[4], places[9], places[5], rows, target, rows)
        room = shares[j, 1]
        value = float(value_and_gradient(loss, raw, target, share[:n], room, loss_numbers))
    operate(
        backward[j],
        backward_numbers[j],
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
