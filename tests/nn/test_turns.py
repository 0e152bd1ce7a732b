"""How a helper's thread takes tasks of a compiled epoch, each once."""

import os
import sys
import time
from threading import Thread

import pytest

pytest.importorskip("numba")

from skmlp.nn.compiled import turns


def helper_of(board, taken):
    """Return the thread of a helper that counts its tasks until the board is closed."""

    def help_out():
        while board[turns.STATE] != turns.CLOSED:
            if turns.take_next(board):
                taken[0] += 1
                turns.finish(board)

    return Thread(target=help_out, daemon=True)


def test_each_task_is_done_once():
    """By the owner or by the helper, who comes at any time."""
    board, taken, own = turns.new_board(), [0], 0
    board[turns.STATE], board[turns.CORE] = turns.IN_EPOCH, -2
    thread, until, n_tasks = helper_of(board, taken), time.monotonic() + 20, 0
    thread.start()
    while n_tasks < 2000 or (not taken[0] and time.monotonic() < until):
        turns.offer(board)
        board[turns.CORE] = -2  # the helper stays where it is
        n_tasks += 1
        if n_tasks % 3 == 0:  # else the owner is often first
            time.sleep(1e-5)
        if turns.take(board):
            own += 1
            turns.finish(board)
        while not turns.is_done(board):
            pass
    board[turns.STATE] = turns.CLOSED
    thread.join(20)
    assert not thread.is_alive()
    assert own + taken[0] == n_tasks
    assert own
    assert taken[0]


def test_a_task_is_taken_once_and_done_after_that():
    board = turns.new_board()
    turns.offer(board)
    assert turns.take(board)
    assert not turns.take(board)
    assert not turns.is_done(board)
    turns.finish(board)
    assert turns.is_done(board)
    assert not turns.take(board)


@pytest.mark.parametrize("state", [turns.CLOSED, turns.IN_EPOCH])
def test_a_helper_leaves(state):
    """From a closed board even if it has a task, from an open one if it has none for a moment."""
    board = turns.new_board()
    board[turns.STATE], board[turns.CORE] = state, -2
    if state == turns.CLOSED:
        turns.offer(board)
    assert not turns.take_next(board)


def test_who_waits_for_a_task_is_interrupted_when_it_is_done(monkeypatch):
    board, naps = turns.new_board(), []
    turns.offer(board)
    assert turns.take(board)

    class Clock:
        @staticmethod
        def sleep(seconds):
            naps.append(seconds)
            if len(naps) == 1:
                raise KeyboardInterrupt
            turns.finish(board)

    monkeypatch.setattr(turns, "time", Clock)
    with pytest.raises(KeyboardInterrupt):
        turns.await_task(board)
    assert len(naps) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="cores are known on Linux only")
def test_a_helper_leaves_the_core_of_the_owner():
    board, cores = turns.new_board(), os.sched_getaffinity(0)
    board[turns.STATE] = turns.IN_EPOCH
    moved = False
    for _ in range(20):
        board[turns.CORE] = before = turns.core()
        assert before in cores
        if turns.leave_core(board):
            moved = moved or turns.core() != before
    assert moved == (len(cores) > 1)
    assert os.sched_getaffinity(0) == cores
    board[turns.CORE] = -2
    assert not turns.leave_core(board)


@pytest.mark.skipif(sys.platform != "linux", reason="cores are known on Linux only")
def test_a_helper_that_may_not_leave_stays(monkeypatch):
    def refuse(thread, cores):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    board = turns.new_board()
    left = []
    for _ in range(20):
        board[turns.CORE] = turns.core()
        left.append(turns.leave_core(board))
    assert not any(left)
