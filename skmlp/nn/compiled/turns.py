"""How a second thread takes tasks of the one that computes, without the interpreter.

The one decision: who is free takes the task. The owner offers it and does something else first; if
nobody has come by then, it takes the task back. So it waits for a helper only while that is at
work, and on a busy machine, where a helper may have no core, two threads are not slower than one.
Both look again and again for a moment, some tens of microseconds, and then return to the
interpreter, to sleep.
"""

import platform
import time

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from .arrays import compiled

# cells of a board, as far apart as two lines of the cache
OFFERED, TAKEN, DONE, CLOSED = range(0, 64, 16)
_LOOKS = 4000  # before the thread goes to sleep
_PAUSE, _YIELD = ("llvm.x86.sse2.pause", ()), ("llvm.aarch64.hint", (1,))
_REST = {"x86_64": _PAUSE, "AMD64": _PAUSE, "aarch64": _YIELD, "arm64": _YIELD}.get(
    platform.machine()
)  # LLVM's name of the processor's instruction for it, and its arguments


def new_board():
    """Return a board, on which no task is offered and no helper is welcome."""
    board = np.zeros(64, np.int64)
    board[CLOSED] = 1
    return board


def open_for_helper(board):
    """Welcome a helper."""
    board[CLOSED] = 0


def close(board):
    """Send the helper away."""
    board[CLOSED] = 1


def await_task(board):
    """Wait until the helper has finished the task that it is at."""
    while board[DONE] != board[TAKEN]:
        time.sleep(1e-5)


@compiled
def offer(board):
    """Offer the next task, whose data are written already."""
    _store(board.ctypes.data + 8 * OFFERED, board[OFFERED] + 1)


@compiled
def take(board):
    """Return whether the caller has taken the task that is offered."""
    task = _load(board.ctypes.data + 8 * OFFERED)
    return _replace(board.ctypes.data + 8 * TAKEN, task - 1, task)


@compiled
def finish(board):
    """Say that the task taken last is done, and its results are written."""
    _store(board.ctypes.data + 8 * DONE, board[TAKEN])


@compiled
def is_done(board):
    """Return whether the task offered last is done, after having looked for a moment."""
    for _ in range(_LOOKS):
        if _load(board.ctypes.data + 8 * DONE) == board[OFFERED]:
            return True
        _rest()
    return False


@compiled
def take_next(board):
    """Return whether a helper has taken a task; it has not if the board is closed, or if no task
    was offered for a moment.
    """
    for _ in range(_LOOKS):
        if _load(board.ctypes.data + 8 * CLOSED):
            return False
        task = _load(board.ctypes.data + 8 * OFFERED)
        if task > _load(board.ctypes.data + 8 * TAKEN) and take(board):
            return True
        _rest()
    return False


@intrinsic
def _load(typing_context, address):
    """Return the number at an address, and see what was written before it was."""

    def generate(context, builder, signature, arguments):
        return builder.load_atomic(_cell(builder, arguments[0]), "acquire", 8)

    return types.int64(types.int64), generate


@intrinsic
def _store(typing_context, address, value):
    """Write a number to an address, after all that was written before."""

    def generate(context, builder, signature, arguments):
        builder.store_atomic(arguments[1], _cell(builder, arguments[0]), "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def _replace(typing_context, address, before, after):
    """Write ``after`` to an address if ``before`` stands there, and return whether it did."""

    def generate(context, builder, signature, arguments):
        cell = _cell(builder, arguments[0])
        pair = builder.cmpxchg(cell, *arguments[1:], "acq_rel", "acquire")
        return builder.extract_value(pair, 1)

    return types.boolean(types.int64, types.int64, types.int64), generate


@intrinsic
def _rest(typing_context):
    """Let another thread of the same core go ahead for a few cycles."""

    def generate(context, builder, signature, arguments):
        if _REST is not None:
            name, numbers = _REST
            values = [ir.Constant(ir.IntType(32), number) for number in numbers]
            kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
            builder.call(get_or_insert_function(builder.module, kind, name), values)
        return context.get_dummy_value()

    return types.void(), generate


def _cell(builder, address):
    """Return the pointer to a number of 64 bits."""
    return builder.inttoptr(address, ir.IntType(64).as_pointer())
