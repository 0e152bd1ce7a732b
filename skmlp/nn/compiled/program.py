"""A training as numbers, and its epochs as calls of ``epoch.py``.

The one decision: a large batch is cut into two pieces of rows whatever the number of threads, each
with arrays and a gradient of its own, which are added in a fixed order. So results do not depend on
the number of threads, and threads wait for each other twice in a step, asleep, instead of after
every product; at batch normalisation they meet too.
"""

import math
from functools import partial
from itertools import pairwise

import numpy as np

from ..engine.sources import DenseRows, LabelRows
from ..helpers import share
from ..layers.batch_norm import BatchNorm
from . import epoch
from .entries import LOSSES, UPDATES, tables
from .normalisation import merge_moments, merge_sums
from .random_words import jump, put_state, state_of

SHARED = 16_000_000  # multiplications of a batch's forward pass from which it is cut into pieces
MEETING = 4_000_000  # multiplications in whose time two threads meet once
SHARED_STEP = 500_000  # parameters from which two threads share the optimizer's step


def program(network, updater, x, target, weight, n_most):
    """Return the ``Program`` of a training, None where a unit or a source has no entry.

    ``network``: prepared for batches of ``n_most`` rows; ``x``, ``target``: sources; ``weight``
    (n_rows,) or None.
    """
    sources = _numbers_of(x, network.dtype), _target(target, network.dtype)
    known = type(network.objective) in LOSSES and type(updater.rule) in UPDATES
    known = known and not updater.penalises_l1 and None not in sources
    known = known and (network.rng is None or type(network.rng.bit_generator) is np.random.PCG64)
    if not known or tables(network, network.plan(n_most)) is None:
        return None
    return Program(network, updater, *sources, weight, n_most)


def _numbers_of(source, dtype):
    """Return (kind, array) of a source of numbers of this type, None for another source.

    A program reads rows by the address of the first one, so they must lie one behind the other.
    """
    if type(source) is not DenseRows or source.array.dtype != dtype:
        return None
    if not (source.array.flags.c_contiguous and source.array.flags.aligned):
        return None
    return epoch.DENSE, source.array


def _target(source, dtype):
    """Return (kind, array) of a source of targets, None for one without an entry."""
    if type(source) is LabelRows:
        return epoch.LABELS, np.ascontiguousarray(source.labels, np.int64)
    return _numbers_of(source, dtype)


class _Piece:
    """What the rows of a piece are computed with: tables, and the arrays that they speak of."""

    def __init__(self, network, plan, is_piece, loss, x, target):
        self.tables, self._is_piece = tables(network, plan, is_piece), is_piece
        self.share = np.empty(len(plan.target), network.dtype)
        self.plan = plan  # keeps its arrays
        raw = plan.layers[-1].y
        places = np.array(
            [x[1].ctypes.data, network.n_in, plan.x.ctypes.data]
            + [target[0], target[1].ctypes.data, network.n_targets, plan.target.ctypes.data]
            + [raw.ctypes.data, network.n_out],
            np.int64,
        )
        arrays = [array for table in self.tables for array in table.arrays()]
        self.network = (*arrays, *loss, places)
        self._progress = network.phase.progress
        self._changes = any(layer.changes_with_progress for layer in network.layers)

    def stages(self):
        """Return (forward begin and end, backward begin and end) of the operations between two
        meetings of the pieces, and for each meeting the number of its layer and whether it is of
        the backward pass.
        """
        forward, backward = (table.meetings for table in self.tables)
        n_forward, n_backward = len(self.network[0]), len(self.network[2])
        ends = [(end, 0) for end, _ in forward] + [(n_forward, end) for end, _ in backward]
        ends = [(0, 0), *ends, (n_forward, n_backward)]
        stages = [(a, c, b, d) for (a, b), (c, d) in pairwise(ends)]
        met = [(number, False) for _, number in forward] + [
            (number, True) for _, number in backward
        ]
        return stages, met

    def refresh(self, network):
        """Bring what changes with the progress of a fit up to date."""
        if self._changes and self._progress != network.phase.progress:
            self._progress = network.phase.progress
            current = tables(network, self.plan, self._is_piece)
            for numbers, table in zip(self.network[1:4:2], current, strict=True):
                numbers[...] = table.arrays()[1]


class Program:
    """Makes the steps of an epoch.

    Parameters
    ----------
    network, updater
        What is trained, and what makes the steps.
    x, target : tuple of (kind, array)
        The sources.
    weight : ndarray of shape (n_rows,) or None
    n_most : int
        Rows of the largest batch.
    """

    def __init__(self, network, updater, x, target, weight, n_most):
        self._network, self._updater = network, updater
        self._sources = x, target
        n_meetings = 2 * sum(type(layer) is BatchNorm for layer in network.layers)
        small = n_most * network.params.size < SHARED + n_meetings * MEETING
        n_pieces = 1 if small else 2
        rows = _cut(n_most, n_pieces)[0][1]
        self._others = np.zeros((n_pieces - 1, network.params.size), network.dtype)
        plans = [network.plan(rows), *(network.extra_plan(rows, grads) for grads in self._others)]
        loss = _loss(network)
        self._pieces = [_Piece(network, plan, not small, loss, x, target) for plan in plans]
        self._stages, self._meetings = self._pieces[0].stages()
        parts, numbers = updater.parts()
        shapes = [(weight.ctypes.data, *weight.shape) for weight in updater.capped]
        self._rule = (
            UPDATES[type(updater.rule)](updater.rule),
            parts,
            numbers,
            np.array(shapes, np.int64).reshape(-1, 3),
        )
        self._row_weights = np.empty(0) if weight is None else np.asarray(weight, np.float64)

    def run(self, order, bounds, rates, limits, last=False, probe=None):
        """Train on batches of the rows ``order``, and return (sum of losses, sum of weights, norm
        of the last gradient, number of the batch whose loss is not finite or None).

        ``limits``: of the norm of a gradient and of its values, None for none; ``last``: whether
        the last batch is the epoch's, whose gradient is measured; ``probe(network, plan)`` is
        called on it before clipping. Overwrites: the network's and the updater's vectors, its
        random stream.
        """
        network, updater = self._network, self._updater
        for piece in self._pieces:
            piece.refresh(network)
        limits = [math.inf if limit is None else limit for limit in limits]
        rule = (*self._rule, np.array([*limits, updater.cap]))
        slots = [updater.slots[name] for name in updater.rule.slots]
        slots += [np.empty(0, network.dtype)] * (3 - len(slots))
        vectors = (network.params, network.grads, *slots)
        bounds, rates = np.asarray(bounds, np.int64), np.asarray(rates, np.float64)
        steps = rates, np.array([updater.advance(rate) for rate in rates.tolist()], np.float64)
        state = np.zeros(4, np.uint64) if network.rng is None else state_of(network.rng)
        totals, order = np.zeros(3), np.asarray(order, np.int64)
        at_once = 0  # batches that one call makes: in pieces none, and not one that is looked at
        if len(self._pieces) == 1:
            at_once = len(bounds) - (probe is not None)
        failed = -1
        if at_once:
            failed = self._run(
                rule,
                vectors,
                order,
                bounds[:at_once],
                last and probe is None,
                *(part[:at_once] for part in steps),
                state,
                totals,
            )
        if failed < 0 and at_once < len(bounds):
            failed = self._run_pieces(
                rule, vectors, order, bounds, steps, last, probe, at_once, state, totals
            )
        if network.rng is not None:
            put_state(network.rng, state)
        return *totals, None if failed < 0 else int(failed)

    def _run(self, rule, vectors, order, bounds, last, rates, coefficients, state, totals):
        """Make steps in one call. Overwrites: vectors, state, totals."""
        (piece,) = self._pieces
        return epoch.run(
            piece.network,
            rule,
            vectors,
            order,
            bounds,
            last,
            self._row_weights,
            rates,
            coefficients,
            piece.share,
            state,
            totals,
        )

    def _run_pieces(self, rule, vectors, order, bounds, steps, last, probe, first, state, totals):
        """Make the steps from number ``first`` on piece by piece, at once where there are threads.

        Overwrites: vectors, state, totals.
        """
        params, grads = vectors[:2]
        clips = min(rule[-1][:2]) < math.inf
        n_pieces, forward = len(self._pieces), self._pieces[0].network[0]
        halves = [(0, params.size)]
        if params.size >= SHARED_STEP:
            halves = _cut(params.size, n_pieces)
        for k in range(first, len(bounds)):
            rows = order[slice(*bounds[k])]
            total, count = epoch.weigh(self._row_weights, rows)
            value = self._differentiate(rows, total, count, params, state)
            jump(state, epoch.words_of(forward, len(rows)), state)
            length, rate, coefficients = 0.0, steps[0][k], steps[1][k]
            measured = last and k == len(bounds) - 1
            if clips or measured:
                epoch.add_gradients(grads, self._others, 0, grads.size)
                penalty, length = epoch.penalise(rule, params, grads, total)
                value += penalty
                if measured and probe is not None:
                    probe(self._network, self._whole_plan(len(rows)))
                epoch.clip(rule, grads, length)
                epoch.descend(rule, vectors, 0, params.size, 0.0, rate, coefficients)
            else:
                step = (rule, vectors, halves, total, rate, coefficients)
                if len(halves) == 1:
                    value += self._descend(0, *step)
                else:
                    value += sum(self._share(self._descend, *step))
            epoch.cap(rule, params)
            totals += (value * total, total, 0.0)
            totals[2] = length
            if not (math.isfinite(value) and math.isfinite(length)):
                return k
        return -1

    def _share(self, function, *arguments):
        """Return what a function gives for the number of each piece."""
        return share([partial(function, j, *arguments) for j in range(len(self._pieces))])

    def _differentiate(self, rows, total, count, params, state):
        """Return the loss of a batch, whose pieces meet where a layer needs all of its rows.

        Overwrites: the arrays of the pieces.
        """
        cuts, value = _cut(len(rows), len(self._pieces)), 0.0
        words = [0] * len(cuts)
        for k, stage in enumerate(self._stages):
            if k:
                self._meet(*self._meetings[k - 1], cuts, count)
            made = self._share(
                self._part_of_pass, stage, rows, cuts, total, count, params, state, words
            )
            value += sum(part for part, _ in made)
            words = [taken for _, taken in made]
        return value

    def _part_of_pass(self, j, stage, rows, cuts, total, count, params, state, words):
        """Return what piece ``j`` of a batch adds to its loss in a stage, and the random words
        taken so far. Overwrites: its arrays.
        """
        piece, (begin, end) = self._pieces[j], cuts[j]
        if begin == end:
            self._others[j - 1] = 0.0
            return 0.0, 0
        return epoch.differentiate(
            piece.network,
            stage,
            rows[begin:end],
            (begin, len(rows)),
            total,
            count,
            self._row_weights,
            params,
            piece.share,
            state,
            words[j],
        )

    def _meet(self, number, is_backward, cuts, count):
        """Make of what the pieces say of their rows what a layer needs to know of the batch.

        Overwrites: their arrays.
        """
        parts = [piece.plan.layers[number] for piece in self._pieces]
        if is_backward:
            merge_sums(parts)
        else:
            n_rows = [end - begin for begin, end in cuts]
            shares = [piece.share[:n].sum() for piece, n in zip(self._pieces, n_rows, strict=True)]
            merge_moments(self._network.layers[number], parts, n_rows, shares, count)

    def _descend(self, j, rule, vectors, parts, total, rate, coefficients):
        """Make the step of part ``j`` of the parameters, and return its penalty.

        Overwrites: vectors.
        """
        begin, end = parts[j]
        epoch.add_gradients(vectors[1], self._others, begin, end)
        return epoch.descend(rule, vectors, begin, end, 1.0 / total, rate, coefficients)

    def _whole_plan(self, n):
        """Return the network's plan for a batch of ``n`` rows with what the pieces computed."""
        plan, parts = self._network.plan(n), _cut(n, len(self._pieces))
        plan.begin(plan.x)
        for piece, (begin, end) in zip(self._pieces[1:], parts[1:], strict=True):
            for whole, part in zip(plan.layers, piece.plan.layers, strict=True):
                for name in ("x", "y"):
                    getattr(whole, name)[begin:end] = getattr(part, name)[: end - begin]
        return plan


def _cut(n, n_pieces):
    """Return (begin, end) of each piece of ``n`` rows; all but the last have a multiple of four
    rows, so that each begins at a whole random word whatever the width of a mask.
    """
    size = n if n_pieces == 1 else 4 * -(-n // (4 * n_pieces))
    return [(min(j * size, n), min((j + 1) * size, n)) for j in range(n_pieces)]


def _loss(network):
    """Return kind and numbers of the loss of a network."""
    kind, *numbers = LOSSES[type(network.objective)](network.objective, network.dtype)
    return kind, np.array([*map(float, numbers)] or [0.0])
