"""How a second thread takes tasks of the one that computes, without the interpreter.

The one decision: who is free takes the task. The owner offers it and does something else first; if
nobody has come by then, it takes the task back. So it waits for a helper only while that is at
work, and on a busy machine, where a helper may have no core, two threads are not slower than one.
Who waits looks again and again, and after a moment returns to the interpreter to sleep.
"""

import os
import platform
import sys
import time

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from .arrays import compiled

# cells of a board, two lines of the cache apart
OFFERED, TAKEN, DONE, STATE, CORE = range(0, 80, 16)
CLOSED, BETWEEN_EPOCHS, IN_EPOCH = range(3)  # states: a helper is welcome, and comes back
_LOOKS = 4000  # of the owner, some 100 us
_HELPERS_LOOKS = 12_000  # longer than between two epochs
_EACH = 250  # looks after which a helper looks where it is
_MOMENT = 2e-5  # seconds
_PAUSE, _YIELD = ("llvm.x86.sse2.pause", ()), ("llvm.aarch64.hint", (1,))
_REST = {"x86_64": _PAUSE, "AMD64": _PAUSE, "aarch64": _YIELD, "arm64": _YIELD}.get(
    platform.machine()
)  # LLVM's name of the processor's instruction for it, and its arguments
_KNOWS_CORE = sys.platform == "linux"
_sched_getcpu = types.ExternalFunction("sched_getcpu", types.int32())


def new_board():
    """Return a board, on which no task is offered and no helper is welcome."""
    return np.zeros(80, np.int64)


def await_task(board):
    """Wait until the helper has finished the task that it is at."""
    try:
        while board[DONE] != board[TAKEN]:
            time.sleep(_MOMENT)
    except BaseException:  # Ctrl-C: what a task writes to must not be used again before
        await_task(board)
        raise


def make_room():
    """Let a helper that was woken up go to another core: Linux often puts it on that of the caller,
    and moves it much later than an epoch takes.
    """
    if _KNOWS_CORE:
        time.sleep(_MOMENT)


def leave_core(board):
    """Go to another core if this thread is on that of the owner, and return whether it did."""
    if not _KNOWS_CORE or board[CORE] != core():
        return False
    cores = os.sched_getaffinity(0)
    others = cores - {int(board[CORE])}
    try:
        os.sched_setaffinity(0, others)
        os.sched_setaffinity(0, cores)
    except OSError:  # there is no other, or it may not
        return False
    return True


@compiled
def core():
    """Return the number of the core that the calling thread is on, -1 where that is not known."""
    return np.int64(_sched_getcpu()) if _KNOWS_CORE else np.int64(-1)


@compiled
def offer(board):
    """Offer the next task, whose data are written already."""
    board[CORE] = core()
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
    """Return whether the task offered last is done, after having waited for a moment."""
    for _ in range(_LOOKS):
        if _load(board.ctypes.data + 8 * DONE) == board[OFFERED]:
            return True
        _rest()
    return False


@compiled
def take_next(board):
    """Return whether a helper has taken a task; it has not if it is not welcome, if no task was
    offered for a moment, or if it keeps the owner from its core.
    """
    for k in range(_HELPERS_LOOKS):
        if _load(board.ctypes.data + 8 * STATE) == CLOSED:
            return False
        task = _load(board.ctypes.data + 8 * OFFERED)
        if task > _load(board.ctypes.data + 8 * TAKEN) and take(board):
            return True
        if k % _EACH == 0 and board[CORE] == core():
            return False
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
