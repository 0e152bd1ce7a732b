"""Operations as a table of numbers, in which an array stands as its address."""

import numpy as np

from .passes import COLUMNS, NUMBERS


class Table:
    """Operations in their order, as numbers.

    It keeps the arrays that the addresses in it are of. ``meetings``: number of the operation
    before which the pieces of a batch have to meet, and what a layer says of it.
    """

    def __init__(self):
        self._rows, self._numbers, self._arrays = [], [], []
        self.meetings = []

    def add(self, kind, *entries, numbers=()):
        """Add an operation: its kind, two widths, then arrays and more widths; None is no array.

        ``numbers``: those that go with it, or a function that returns them as they are now.
        """
        row = [kind, *entries[:2]]
        for entry in entries[2:]:
            if isinstance(entry, np.ndarray):
                self._arrays.append(entry)
                row.append(entry.ctypes.data)
            else:
                row.append(0 if entry is None else int(entry))
        self._rows.append(row + [0] * (COLUMNS - len(row)))
        self._numbers.append(numbers)

    def meet(self, kind, width, own, shared=(), numbers=()):
        """Let the pieces of a batch meet here: the kind of operation that is made then, of arrays
        that each piece has, and of some that they share.
        """
        self.meetings.append((len(self._rows), kind, width, own, shared, numbers))

    def arrays(self):
        """Return the table (k, COLUMNS) and its numbers (k, NUMBERS)."""
        return np.array(self._rows, np.int64).reshape(-1, COLUMNS), self.numbers()

    def numbers(self):
        """Return the numbers (k, NUMBERS) as they are now."""
        out = np.zeros((len(self._numbers), NUMBERS))
        for row, numbers in zip(out, self._numbers, strict=True):
            numbers = numbers() if callable(numbers) else numbers
            row[: len(numbers)] = numbers
        return out


def meetings_of(pieces):
    """Return a ``Table`` of what is made where two pieces meet, empty if there is one; ``pieces``:
    the forward and the backward table of each.
    """
    table = Table()
    meetings = [[met for one in tables for met in one.meetings] for tables in pieces]
    for (_, kind, width, own, shared, numbers), *others in zip(*meetings, strict=True):
        for _, _, _, other, *_ in others:
            both = [array for pair in zip(own, other, strict=True) for array in pair]
            table.add(kind, width, 0, *both, *shared, numbers=numbers)
    return table
