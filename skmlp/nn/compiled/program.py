"""A training as numbers, and its epochs as calls of ``epoch.py``, one for each or for several.

The one decision: a large batch is cut into two pieces of rows whatever the number of threads, each
with arrays and a gradient of its own, which are added in a fixed order. So results do not depend on
the number of threads, and threads wait for each other twice in a step instead of after every
product; at batch normalisation they meet too.
"""

import math
import time
from itertools import pairwise

import numpy as np

from ..engine.trainer import LOSS, SQUARES
from ..helpers import has_helpers, lend
from ..layers.batch_norm import BatchNorm
from ..layers.dense import Dense
from ..layers.tied import TiedDense
from . import epoch, turns, validation
from .entries import LOSSES, THRESHOLDS, UPDATES, has_entries, tables
from .random_words import put_state, state_of
from .steps import Rule
from .table import meetings_of

SHARED = 200_000  # multiplications of a layer's product from which a batch is cut into pieces
AT_ONCE = 20  # times as many if other networks train at once, which keep the other cores busy
_NAP = 1e-4  # seconds that a thread sleeps before it looks again
_FAULTS = {epoch.FINISHED: None, epoch.FAILED: LOSS, epoch.STALLED: SQUARES}


def program(network, updater, x, target, weight, n_most, at_once=False, held_out=None):
    """Return the ``Program`` of a training, None where a unit or a source has no entry.

    ``network``: prepared for batches of ``n_most`` rows; ``x``, ``target``: sources; ``weight``
    (n_rows,) or None; ``at_once``: whether it is one of several trainings that may run at once;
    ``held_out``: ValidationRows or None.
    """
    sources = tuple(validation.addressed(source, network.dtype) for source in (x, target))
    known = type(network.objective) in LOSSES and type(updater.rule) in UPDATES
    known = known and (not updater.penalises_l1 or type(updater.rule) in THRESHOLDS)
    known = known and None not in sources
    known = known and type(getattr(network.rng, "bit_generator", None)) is np.random.PCG64
    if not known or not has_entries(network.layers):
        return None
    return Program(network, updater, *sources, weight, n_most, at_once, held_out)


class _Piece:
    """What the rows of a piece are computed with: tables, and the arrays that they speak of."""

    def __init__(self, network, plan, is_piece, x, target):
        self.tables = tables(network, plan, is_piece)
        self.plan = plan  # keeps its arrays
        raw = plan.layers[-1].y
        self.places = [x[1].ctypes.data, network.n_in, plan.x.ctypes.data]
        self.places += [target[0], target[1].ctypes.data, network.n_targets]
        self.places += [plan.target.ctypes.data, raw.ctypes.data, network.n_out, len(x[1])]

    def arrays(self):
        """Return the arrays of its tables, and the places of what comes in and goes out."""
        return *(array for table in self.tables for array in table.arrays()), self.places

    def stages(self):
        """Return (forward begin and end, backward begin and end) of the operations between two
        meetings of the pieces.
        """
        forward, backward = self.tables
        n_forward, n_backward = (len(table.arrays()[0]) for table in self.tables)
        ends = [(end, 0) for end, *_ in forward.meetings]
        ends += [(n_forward, end) for end, *_ in backward.meetings]
        ends = [(0, 0), *ends, (n_forward, n_backward)]
        return [(a, c, b, d) for (a, b), (c, d) in pairwise(ends)]

    def numbers(self):
        """Return the numbers of its tables, some of which change with the progress of a fit."""
        return [table.numbers() for table in self.tables]


class Program:
    """Makes the steps of epochs.

    Parameters
    ----------
    network, updater
        What is trained, and what makes the steps.
    x, target : tuple of (kind, array)
        The sources.
    weight : ndarray of shape (n_rows,) or None
    n_most : int
        Rows of the largest batch.
    at_once : bool, default=False
        Whether it is one of several trainings that may run at once.
    held_out : ValidationRows or None, default=None
        Rows to validate on after each epoch, where a program can (``validates``).
    """

    def __init__(self, network, updater, x, target, weight, n_most, at_once=False, held_out=None):
        self._network, self._updater = network, updater
        self._sources = x, target  # keeps their arrays
        n_pieces = 2 if _is_large(network, n_most, at_once) else 1
        rows, size = epoch.cut(n_most, n_pieces, 0)[1], network.params.size
        others = np.zeros((n_pieces - 1, size), network.dtype)
        plans = [network.plan(rows), *(network.extra_plan(rows, grads) for grads in others)]
        self._pieces = [_Piece(network, plan, n_pieces > 1, x, target) for plan in plans]
        self._tables = [np.array(a) for a in zip(*(p.arrays() for p in self._pieces), strict=True)]
        self._progress = network.phase.progress
        self._changes = any(layer.changes_with_progress for layer in network.layers)
        self._training = (
            (*self._tables, *_loss(network)),
            np.array(self._pieces[0].stages(), np.int64),
            *meetings_of([piece.tables for piece in self._pieces]).arrays(),
            self._rule(),
            self._vectors(),
            others,
            np.array([epoch.cut(size, n_pieces, j) for j in range(n_pieces)], np.int64),
            np.empty(0) if weight is None else np.asarray(weight, np.float64),
            np.empty((n_pieces, 2, rows), network.dtype),
            *self._validation(held_out, plans[0]),
        )
        self._bounds, self._batches, self._marks = None, None, None
        self._most = 0  # epochs that there is room for
        self._is_helped = False

    def _rule(self):
        """Return the ``Rule`` of a step."""
        rule, (parts, numbers) = self._updater.rule, self._updater.parts()
        capped = [(weight.ctypes.data, *weight.shape) for weight in self._updater.capped]
        shapes = np.array(capped, np.int64).reshape(-1, 3)
        self._limits = np.array([math.inf, math.inf, self._updater.cap])
        place = {name: 2 + k for k, name in enumerate(rule.slots)}
        squares = np.array([place[name] for name in rule.squares], np.int64)
        kind, names = THRESHOLDS.get(type(rule), (0, ()))
        followed = [place[name] for name in names] + [0, 0]
        thresholds = np.array([kind, *followed[:2], rule.decoupled], np.int64)
        update = UPDATES[type(rule)](rule)
        return Rule(update, parts, numbers, shapes, self._limits, squares, thresholds)

    def _vectors(self):
        """Return parameters, gradient and the optimizer's slots."""
        network, updater = self._network, self._updater
        slots = [updater.slots[name] for name in updater.rule.slots]
        slots += [np.empty(0, network.dtype)] * (3 - len(slots))
        return network.params, network.grads, *slots

    def _validation(self, rows, plan):
        """Return held-out rows as arrays, and copies of the vectors that the best epoch is to have
        been kept in.
        """
        found = None
        if not self._updater.has_response:
            found = validation.held_out_arrays(rows, self._network, plan)
        self.validates = found is not None
        arrays, self._held_out = (validation.no_arrays(), None) if found is None else found
        params, _, *slots = self._vectors()
        self._kept = tuple(np.empty_like(a if found else a[:0]) for a in (params, *slots))
        return arrays, self._kept

    @property
    def most_epochs(self):
        """How many epochs one call may make: one where layers change from epoch to epoch."""
        return 1 if self._changes else math.inf

    def run(self, n_epochs, rows, shuffles, bounds, rates, limits, probe=None, best=math.inf):
        """Train for some epochs, and return the totals of those that are complete: sum of losses,
        sum of weights, norm of the last gradient and, where it ``validates``, validation loss and
        score; and what is not finite in the one after these, or None.

        ``rows``: whole numbers of the rows, in an order of its own in each epoch if it
        ``shuffles``; ``bounds``: begin and end of each batch of an epoch; ``rates``: learning rates
        of all steps; ``limits``: of the norm of a gradient and of its values, None for none;
        ``probe(network, plan)`` is called on the last batch of an epoch, whose gradient is
        measured, before clipping; an epoch with a better validation score than ``best`` is
        ``kept``. Overwrites: the network's and the updater's vectors, its random stream.
        """
        self._refresh()
        self._begin((n_epochs, shuffles, probe is not None), rows, bounds, rates, limits)
        at, _, _, stream, totals, marked, board = self._marks
        marked[:] = best, 0
        try:
            self._call_helper(board)
            while True:
                why = epoch.run(self._training, self._batches, self._marks, False)
                if why == epoch.WAITS:
                    time.sleep(_NAP)
                elif why == epoch.SHOWS:
                    probe(self._network, self._whole_plan(bounds[-1][1] - bounds[-1][0]))
                else:
                    break
        finally:
            board[turns.STATE] = min(board[turns.STATE], turns.BETWEEN_EPOCHS)
            turns.await_task(board)
        put_state(self._network.rng, stream)
        n_numbers = totals.shape[1] if self.validates else epoch.VALIDATION_LOSS
        return totals[: at[epoch.STEP] // len(bounds), :n_numbers].tolist(), _FAULTS[why]

    @property
    def kept(self):
        """After how many epochs of the last call the best one was over, and its arrays: parameters,
        running statistics and slots; None if no epoch was better.
        """
        after = int(self._marks[-2][epoch.AFTER])
        if not after:
            return None
        params, *slots = self._kept
        names = self._updater.rule.slots
        by_name = dict(zip(names, slots, strict=False))
        return after, [params, self._network.running, *(by_name[n] for n in self._updater.slots)]

    def _refresh(self):
        """Bring what changes with the progress of a fit up to date."""
        progress = self._network.phase.progress
        if self._changes and self._progress != progress:
            self._progress = progress
            for j, piece in enumerate(self._pieces):
                for numbers, current in zip(self._tables[1:4:2], piece.numbers(), strict=True):
                    numbers[j] = current

    def _begin(self, asked, rows, bounds, rates, limits):
        """Write down what the epochs are; ``asked``: their number, whether they shuffle, and
        whether they show their gradient. A helper that is still there goes on with the same arrays,
        and knows nothing of new ones.
        """
        coefficients = self._updater.advance_all(rates)
        if self._bounds is not bounds or self._most < asked[0]:
            self._bounds = bounds
            self._make_room(asked[0], *coefficients.shape[1:])
        all_rows, _, _, wanted, *steps = self._batches
        at, _, _, stream, totals, *_ = self._marks
        all_rows[:], wanted[:], stream[:] = rows, asked, state_of(self._network.rng)
        steps[0][: len(rates)], steps[1][: len(rates)] = rates, coefficients
        self._limits[:2] = [math.inf if limit is None else limit for limit in limits]
        at.fill(0)
        totals.fill(0.0)

    def _make_room(self, n_epochs, n_rates, n_coefficients):
        """Make the arrays of so many epochs with these batches, or of up to twice as many."""
        if self._marks is not None:
            self._marks[-1][turns.STATE] = turns.CLOSED
        self._is_helped, bounds = False, self._bounds
        self._most = n_epochs = 1 << (n_epochs - 1).bit_length()
        n_steps, n_rows = n_epochs * len(bounds), bounds[-1][1]
        self._batches = (
            *np.empty((2, n_rows), np.int64),
            np.array(bounds, np.int64),
            np.empty(3, np.int64),
            np.empty(n_steps),
            np.empty((n_steps, n_rates, n_coefficients)),
        )
        marks = np.zeros(3, np.int64), np.zeros(7), np.zeros(len(self._pieces), np.int64)
        stream, totals = np.empty(6, np.uint64), np.empty((n_epochs, 5))
        self._marks = *marks, stream, totals, np.zeros(2), turns.new_board()

    def _call_helper(self, board):
        """Let a helper come, if there is one and the epoch has tasks for it."""
        is_welcome = len(self._pieces) > 1 and has_helpers()
        board[turns.STATE] = turns.IN_EPOCH if is_welcome else turns.CLOSED
        if is_welcome and not self._is_helped:  # asked after the helper may have seen the state
            board[turns.CORE] = turns.core()
            lend(self._assist)
            turns.make_room()

    def _assist(self):
        """Do second tasks of the batches until the epoch is over."""
        training, batches, marks = self._training, self._batches, self._marks
        while True:
            self._is_helped = True
            epoch.run(training, batches, marks, True)
            self._is_helped = False
            if marks[-1][turns.STATE] != turns.IN_EPOCH:
                return
            if not turns.leave_core(marks[-1]):
                time.sleep(_NAP)

    def _whole_plan(self, n):
        """Return the network's plan for a batch of ``n`` rows with what the pieces computed."""
        plan = self._network.plan(n)
        plan.begin(plan.x)
        for j, piece in enumerate(self._pieces[1:], 1):
            begin, end = epoch.cut(n, len(self._pieces), j)
            for whole, part in zip(plan.layers, piece.plan.layers, strict=True):
                for name in ("x", "y"):
                    getattr(whole, name)[begin:end] = getattr(part, name)[: end - begin]
        return plan


def _is_large(network, n_rows, at_once):
    """Return whether a batch of ``n_rows`` is cut into pieces, which meet at batch normalisation,
    forwards and backwards.
    """
    n_products = sum(isinstance(layer, Dense | TiedDense) for layer in network.layers)
    n_meetings = 2 * sum(type(layer) is BatchNorm for layer in network.layers)
    least = SHARED * (AT_ONCE if at_once else 1)
    return n_rows * network.params.size >= least * (n_products + n_meetings)


def _loss(network):
    """Return kind and numbers of the loss of a network."""
    kind, *numbers = LOSSES[type(network.objective)](network.objective, network.dtype)
    return kind, np.array([*map(float, numbers)] or [0.0])
