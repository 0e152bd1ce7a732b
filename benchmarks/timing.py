"""Timing two or more sides fairly: in turn, in one process, the median of the ratios."""

import statistics
import time

PAUSE = 0.2  # seconds


def in_turn(sides, rounds=7):
    """Return {name: seconds of each round}; ``sides`` maps a name to a function.

    One round is not counted. A pause comes before each call, since threads of the side before,
    those of BLAS and OpenMP, would spin on a core for a while.
    """
    seconds = {name: [] for name in sides}
    for k in range(rounds + 1):
        for name, function in sides.items():
            time.sleep(PAUSE)
            began = time.perf_counter()
            function()
            if k:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def ratio(slow, fast):
    """Return the median over the rounds of slow / fast."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def table(rows, header):
    """Print rows of strings in aligned columns."""
    widths = [max(len(str(row[k])) for row in [header, *rows]) for k in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = [
            str(cell).rjust(width) if k else str(cell).ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells))
    print()
