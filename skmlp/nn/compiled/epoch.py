"""Epochs as one call, without the interpreter: batches, forwards, loss, backwards and steps.

The one decision: a step goes through phases, and where its batch is cut into two pieces a phase is
two tasks, whose results meet in a fixed order. So it makes no difference who does the second task,
the thread that trains or a helper. The call lets go of the interpreter's lock: threads that train
at once use as many cores.
"""

import math

import numpy as np

from . import normalisation, turns, validation
from .arrays import borrowed, compiled
from .passes import differentiate, weigh, words_of
from .random_words import jump, shuffle
from .steps import add_gradients, cap, clip, descend, has_stalled, penalise

FINISHED, FAILED, STALLED, WAITS, SHOWS = range(5)  # what ``run`` returns
STEP, PHASE, IS_MADE = range(3)  # places of ``at``
N_EPOCHS, SHUFFLED, SHOWN = range(3)  # places of ``asked``
TOTAL, COUNT, SCALE, LENGTH, VALUE, FIRST, SECOND = range(7)  # places of ``numbers``
LOSS, WEIGHT, NORM, VALIDATION_LOSS, VALIDATION_SCORE = range(5)  # places of ``totals``
BEST, AFTER = range(2)  # places of ``best``
_BLOCK = 8192  # parameters of a step that stay in the cache


@compiled
def run(training, batches, marks, helps):
    """Train on the batches of some epochs, and return why it stopped: the last one has
    ``FINISHED``; one has ``FAILED``, since its loss is not finite; the optimizer has ``STALLED`` in
    an epoch; the last one of an epoch ``SHOWS`` its gradient; a task ``WAITS`` for its helper.
    Called again, it goes on. A helper in another thread ``helps`` instead: it does second tasks
    until none is offered for a moment.

    ``training``: tables of the passes (``passes.py``); stages of a pass (k, 4); meetings of the
    pieces between them, as tables; rule and vectors of a step (``steps.py``); gradients of the
    second piece (0 or 1, n_params); begin and end of the parts of a step; weights of the rows,
    empty for equal ones; of each piece the shares of a batch's weight, and as many numbers of
    scratch; ``HeldOut`` rows; parameters and slots after the best epoch. ``batches``: the rows, and
    room for their order; begin and end of each batch of an epoch; number of the epochs, whether
    each shuffles the rows, and whether the gradient of the last batch of an epoch, which is
    measured, is shown too; learning rates (k,) and coefficients (k, n_rates, m) of the steps.
    ``marks``: step, phase and whether it is made; numbers of the batch; random words that the
    pieces have taken; the state of the random stream; totals of each epoch: sum of the losses, sum
    of the weights, norm of the last gradient, validation loss and score; the best score so far,
    infinite if none is to be kept, and after how many of these epochs it came, 0 for none; the
    board. Rates, coefficients and totals have room for more epochs. Overwrites: vectors, gradients,
    shares, what was kept, the order, marks.
    """
    training, batches, marks = borrowed((training, batches, marks))
    tables, stages, meetings, meeting_numbers, rule, vectors, others = training[:7]
    parts, weights, shares, held_out, kept = training[7:]
    all_rows, order, bounds, asked, rates, coefficients = batches
    at, numbers, words, stream, totals, best, board = marks
    measuring = stages.shape[0]  # the phase between the passes and the step
    n_tasks, n_batches = parts.shape[0], bounds.shape[0]
    while helps:
        if not turns.take_next(board):
            return FINISHED
        batch = at[STEP] % n_batches
        rows = order[bounds[batch, 0] : bounds[batch, 1]]
        if at[PHASE] < measuring:
            stage = stages[at[PHASE]]
            _pass(1, tables, stage, rows, weights, vectors, others, shares, numbers, words, stream)
        else:
            now = at[STEP]
            _step(1, rule, vectors, others, parts, numbers, rates[now], coefficients[now])
        turns.finish(board)
    while at[STEP] < asked[N_EPOCHS] * n_batches:
        now, phase = at[STEP], at[PHASE]
        in_epoch, batch = divmod(now, n_batches)
        rows = order[bounds[batch, 0] : bounds[batch, 1]]
        total, is_last = totals[in_epoch], batch == n_batches - 1
        if not at[IS_MADE]:
            numbers[FIRST], numbers[SECOND] = 0.0, 0.0
            if phase == measuring:
                jump(stream, words_of(tables[0][0], rows.size), stream)
                _measure(rule, vectors, others, numbers, is_last)
            elif phase == 0:
                if batch == 0:
                    # each from the same start, so that two fits shuffle like one long one
                    order[:] = all_rows
                    if asked[SHUFFLED]:
                        shuffle(order, stream)
                numbers[TOTAL], numbers[COUNT] = weigh(weights, rows)
                numbers[VALUE] = 0.0
                words[:] = 0
            elif phase < measuring:
                k, n_second = phase - 1, rows.size - cut(rows.size, 2, 1)[0]
                share, count = shares[1, 0], numbers[COUNT]
                normalisation.meet(
                    meetings[k], meeting_numbers[k], n_second, share, count, vectors[0]
                )
            elif numbers[SCALE] == 0.0:
                clip(rule, vectors[1], numbers[LENGTH])
            if phase != measuring:
                if n_tasks == 2:
                    turns.offer(board)
                for j in range(n_tasks):
                    if j == 1 and not turns.take(board):
                        break
                    if phase < measuring:
                        stage = stages[phase]
                        _pass(
                            j,
                            tables,
                            stage,
                            rows,
                            weights,
                            vectors,
                            others,
                            shares,
                            numbers,
                            words,
                            stream,
                        )
                    else:
                        rate, by_rate = rates[now], coefficients[now]
                        _step(j, rule, vectors, others, parts, numbers, rate, by_rate)
                    if j == 1:
                        turns.finish(board)
            at[IS_MADE] = 1
            if phase == measuring and asked[SHOWN] and is_last:
                return SHOWS
        if not turns.is_done(board):
            return WAITS
        numbers[VALUE] = numbers[VALUE] + numbers[FIRST] + numbers[SECOND]
        at[IS_MADE] = 0
        at[PHASE] += 1
        if at[PHASE] > measuring + 1:
            cap(rule, vectors[0])
            total[LOSS] += numbers[VALUE] * numbers[TOTAL]
            total[WEIGHT] += numbers[TOTAL]
            total[NORM] = numbers[LENGTH]
            if not (math.isfinite(numbers[VALUE]) and math.isfinite(numbers[LENGTH])):
                return FAILED
            if is_last and has_stalled(rule, vectors):
                return STALLED
            if is_last and held_out.rows.size:
                total[VALIDATION_LOSS], total[VALIDATION_SCORE] = validation.validate(
                    held_out, tables, shares, vectors[0], stream
                )
                if total[VALIDATION_SCORE] > best[BEST]:
                    best[BEST], best[AFTER] = total[VALIDATION_SCORE], in_epoch + 1
                    _keep(vectors, kept)
            at[PHASE] = 0
            at[STEP] += 1
    return FINISHED


@compiled
def _keep(vectors, kept):
    """Copy parameters and slots. Overwrites: kept."""
    params, _, first, second, third = vectors
    kept[0][:], kept[1][:], kept[2][:], kept[3][:] = params, first, second, third


@compiled
def _pass(j, tables, stage, rows, weights, vectors, others, shares, numbers, words, state):
    """Make a stage of the passes of piece ``j`` of the rows of a batch, and write what that adds to
    its loss.
    """
    begin, end = cut(rows.size, others.shape[0] + 1, j)
    if begin == end:
        others[j - 1, :] = 0.0
        return
    numbers[FIRST + j], words[j] = differentiate(
        tables,
        j,
        stage,
        rows[begin:end],
        (begin, rows.size),
        numbers[TOTAL],
        numbers[COUNT],
        weights,
        vectors[0],
        shares,
        state,
        words[j],
    )


@compiled
def _measure(rule, vectors, others, numbers, is_measured):
    """Complete the gradient, and write its norm, if it is to be measured or clipped; else the step
    adds the second piece's and the penalty's while it has the parameters at hand.
    """
    numbers[LENGTH], numbers[SCALE] = 0.0, 1.0 / numbers[TOTAL]
    if is_measured or rule.limits[0] < np.inf or rule.limits[1] < np.inf:
        add_gradients(vectors[1], others, 0, vectors[1].size)
        penalty, numbers[LENGTH] = penalise(rule, vectors[0], vectors[1], numbers[TOTAL])
        numbers[VALUE] += penalty
        numbers[SCALE] = 0.0


@compiled
def _step(j, rule, vectors, others, parts, numbers, rate, coefficients):
    """Make part ``j`` of the step, and write what the penalty adds to the loss of the batch."""
    value = 0.0
    for begin in range(parts[j, 0], parts[j, 1], _BLOCK):
        end = min(begin + _BLOCK, parts[j, 1])
        if numbers[SCALE] != 0.0:
            add_gradients(vectors[1], others, begin, end)
        l1_scale = 1.0 / numbers[TOTAL]
        value += descend(rule, vectors, begin, end, numbers[SCALE], l1_scale, rate, coefficients)
    numbers[FIRST + j] = value


@compiled
def cut(n, n_pieces, j):
    """Return begin and end of piece ``j`` of ``n``; all but the last have a multiple of four, so
    that each begins at a whole random word whatever the width of a mask.
    """
    size = n if n_pieces == 1 else 4 * -(-n // (4 * n_pieces))
    return min(j * size, n), min((j + 1) * size, n)
