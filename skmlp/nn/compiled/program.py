"""A training as numbers, and its epochs as calls of ``epoch.py``.

The one decision: a large batch is cut into two pieces of rows whatever the number of threads, each
with arrays and a gradient of its own, which are added in a fixed order. So results do not depend on
the number of threads, and threads wait for each other twice in a step, asleep, instead of after
every product.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np

from ..engine.sources import DenseRows, LabelRows
from ..layers.batch_norm import BatchNorm
from ..losses.likelihood import GaussianNLL
from ..losses.links import largest_exponent
from . import epoch
from .entries import LOSSES, UPDATES, tables
from .random_words import jump, put_state, state_of

SHARED = 4_000_000  # multiplications of a batch's forward pass from which it is cut into pieces


def program(network, updater, x, target, weight, n_most, n_threads=1):
    """Return the ``Program`` of a training, None where a unit or a source has no entry.

    ``network``: prepared for batches of ``n_most`` rows; ``x``, ``target``: sources; ``weight``
    (n_rows,) or None; ``n_threads``: how many may compute at once.
    """
    sources = _numbers_of(x, network.dtype), _target(target, network.dtype)
    known = type(network.objective) in LOSSES and type(updater.rule) in UPDATES
    known = known and not updater.penalises_l1 and None not in sources
    known = known and (network.rng is None or type(network.rng.bit_generator) is np.random.PCG64)
    if not known or tables(network, network.plan(n_most)) is None:
        return None
    return Program(network, updater, *sources, weight, n_most, n_threads)


def _numbers_of(source, dtype):
    """Return (kind, array) of a source of numbers of this type, None for another source."""
    if type(source) is not DenseRows or source.array.dtype != dtype:
        return None
    return epoch.DENSE, source.array


def _target(source, dtype):
    """Return (kind, array) of a source of targets, None for one without an entry."""
    if type(source) is LabelRows:
        return epoch.LABELS, np.ascontiguousarray(source.labels, np.int64)
    return _numbers_of(source, dtype)


class _Piece:
    """What the rows of a piece are computed with: tables, and the arrays that they speak of."""

    def __init__(self, network, plan, loss, x, target):
        self.tables = tables(network, plan)
        self.share = np.empty(len(plan.target), network.dtype)
        self._plan = plan  # keeps its arrays
        raw = plan.layers[-1].y
        places = np.array(
            [x[1].ctypes.data, network.n_in, plan.x.ctypes.data]
            + [target[0], target[1].ctypes.data, network.n_targets, plan.target.ctypes.data]
            + [raw.ctypes.data, network.n_out],
            np.int64,
        )
        arrays = [array for table in self.tables for array in table.arrays()]
        self.network = (*arrays, *loss, places)


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
    n_threads : int
        How many may compute at once.
    """

    def __init__(self, network, updater, x, target, weight, n_most, n_threads):
        self._network, self._updater = network, updater
        self._sources = x, target
        whole = any(type(layer) is BatchNorm for layer in network.layers)
        n_pieces = 1 if whole or n_most * network.params.size < SHARED else 2
        rows = _cut(n_most, n_pieces)[0][1]
        self._others = np.zeros((n_pieces - 1, network.params.size), network.dtype)
        plans = [network.plan(rows), *(network.extra_plan(rows, grads) for grads in self._others)]
        loss = _loss(network)
        self._pieces = [_Piece(network, plan, loss, x, target) for plan in plans]
        parts, numbers = updater.parts()
        shapes = [(weight.ctypes.data, *weight.shape) for weight in updater.capped]
        self._rule = (
            UPDATES[type(updater.rule)](updater.rule),
            parts,
            numbers,
            np.array(shapes, np.int64).reshape(-1, 3),
        )
        self._row_weights = np.empty(0) if weight is None else np.asarray(weight, np.float64)
        self._shares_work = n_pieces > 1 and n_threads > 1

    def run(self, order, bounds, rates, norm_limit, value_limit, whole_last):
        """Train on batches of the rows ``order``, and return (sum of losses, sum of weights, norm
        of the last gradient, number of the batch whose loss is not finite or None).

        Overwrites: the network's and the updater's vectors, its random stream.
        """
        network, updater = self._network, self._updater
        limits = [math.inf if limit is None else limit for limit in (norm_limit, value_limit)]
        rule = (*self._rule, np.array([*limits, updater.cap]))
        slots = [updater.slots[name] for name in updater.rule.slots]
        slots += [np.empty(0, network.dtype)] * (3 - len(slots))
        vectors = (network.params, network.grads, *slots)
        steps = (
            np.asarray(rates, np.float64),
            np.array([updater.advance(rate) for rate in rates], np.float64),
        )
        batches = np.asarray(order, np.int64), np.asarray(bounds, np.int64), whole_last
        state = np.zeros(4, np.uint64) if network.rng is None else state_of(network.rng)
        totals = np.zeros(3)
        run = self._run if len(self._pieces) == 1 else self._run_pieces
        failed = run(rule, vectors, batches, steps, state, totals)
        if network.rng is not None:
            put_state(network.rng, state)
        return *totals, None if failed < 0 else int(failed)

    def _run(self, rule, vectors, batches, steps, state, totals):
        """Make all steps in one call. Overwrites: vectors, state, totals."""
        (piece,) = self._pieces
        weights, share = self._row_weights, piece.share
        return epoch.run(
            piece.network, rule, vectors, *batches, weights, *steps, share, state, totals
        )

    def _run_pieces(self, rule, vectors, batches, steps, state, totals):
        """Make the steps piece by piece, at once where there are threads.

        Overwrites: vectors, state, totals.
        """
        order, bounds, whole_last = batches
        params, grads = vectors[:2]
        clips = min(rule[-1][:2]) < math.inf
        middle = params.size // 2
        halves = [(0, middle), (middle, params.size)]
        with _Pair(self._shares_work) as both:
            for k, (start, stop) in enumerate(bounds):
                rows = order[start:stop]
                total, count = epoch.weigh(self._row_weights, rows)
                cut = _cut(len(rows), 2)

                def differentiate(j, rows=rows, cut=cut, total=total, count=count):
                    piece, (begin, end) = self._pieces[j], cut[j]
                    if begin == end:
                        self._others[j - 1] = 0.0
                        return 0.0
                    return epoch.differentiate(
                        piece.network,
                        rows[begin:end],
                        (begin, len(rows)),
                        total,
                        count,
                        self._row_weights,
                        params,
                        piece.share,
                        state,
                    )

                value = sum(both.do(differentiate))
                jump(state, epoch.words_of(self._pieces[0].network[0], len(rows)), state)
                length, rate, coefficients = 0.0, steps[0][k], steps[1][k]
                if clips or (whole_last and k == len(bounds) - 1):
                    epoch.add_gradients(grads, self._others, 0, grads.size)
                    penalty, length = epoch.bound(rule, params, grads, total)
                    value += penalty
                    epoch.descend(rule, vectors, 0, params.size, 0.0, rate, coefficients)
                else:

                    def descend(j, total=total, rate=rate, coefficients=coefficients):
                        begin, end = halves[j]
                        epoch.add_gradients(grads, self._others, begin, end)
                        return epoch.descend(
                            rule, vectors, begin, end, 1.0 / total, rate, coefficients
                        )

                    value += sum(both.do(descend))
                epoch.cap(rule, params)
                totals += (value * total, total, 0.0)
                totals[2] = length
                if not (math.isfinite(value) and math.isfinite(length)):
                    return k
        return -1


class _Pair:
    """Does two things at once, one of them in another thread, or one after the other.

    A lock that nobody holds is asked for by whoever waits, who sleeps until the other lets go.
    """

    def __init__(self, at_once):
        self._at_once = at_once

    def __enter__(self):
        if self._at_once:
            self._pool, self._go, self._done = ThreadPoolExecutor(1), Lock(), Lock()
            self._go.acquire()
            self._done.acquire()
            self._task = None
            self._worker = self._pool.submit(self._work)
        return self

    def __exit__(self, *error):
        if self._at_once:
            self._task = None
            self._go.release()
            self._pool.shutdown()

    def do(self, function):
        """Return what the function gives for 0 and for 1."""
        if not self._at_once:
            return function(0), function(1)
        self._task, self._error = function, None
        self._go.release()
        try:
            mine = function(0)
        finally:
            self._done.acquire()
        if self._error is not None:
            raise self._error
        return mine, self._result

    def _work(self):
        while True:
            self._go.acquire()
            if self._task is None:
                return
            try:
                self._result = self._task(1)
            except BaseException as error:
                self._error = error
            self._done.release()


def _cut(n, n_pieces):
    """Return (begin, end) of each piece of ``n`` rows; all but the last have a multiple of four
    rows, so that each begins at a whole random word whatever the width of a mask.
    """
    size = n if n_pieces == 1 else 4 * -(-n // (4 * n_pieces))
    return [(min(j * size, n), min((j + 1) * size, n)) for j in range(n_pieces)]


def _loss(network):
    """Return kind and numbers of the loss of a network."""
    kind, *numbers = LOSSES[type(network.objective)](network.objective)
    if type(network.objective) is GaussianNLL:
        numbers.append(np.finfo(network.dtype).tiny)
        numbers.insert(0, largest_exponent(network.dtype))
    return kind, np.array([*map(float, numbers)] or [0.0])
