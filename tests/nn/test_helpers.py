"""Threads that help: tasks are all done, once, by whoever is free; errors and Ctrl-C leave no task
behind that still writes; and products in pieces are products.
"""

import os
import time
from functools import partial
from threading import Barrier, Event, get_ident

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skmlp.nn import helpers, products
from skmlp.nn.helpers import set_helpers, share
from skmlp.nn.products import multiply
from tests.nn.helpers import helped_by


@pytest.mark.parametrize("n_helpers", [0, 1, 3])
@pytest.mark.parametrize("n_tasks", [0, 1, 2, 7])
def test_each_task_is_done_once(n_tasks, n_helpers):
    done = []
    with helped_by(n_helpers):
        for _ in range(50):
            assert share([partial(_note, done, k) for k in range(n_tasks)]) == [
                10 * k for k in range(n_tasks)
            ]
    assert sorted(done) == sorted(50 * list(range(n_tasks)))


def _note(done, k):
    done.append(k)
    return 10 * k


@pytest.mark.parametrize("n", [2, 3])
def test_tasks_are_done_at_once(n):
    """Each waits for all others, so one thread alone would wait for ever."""
    together = Barrier(n, timeout=20)
    with helped_by(n - 1):
        share(n * [together.wait])


def test_without_helpers_the_caller_does_all():
    with helped_by(0):
        assert set(share(5 * [get_ident])) == {get_ident()}


def test_a_late_helper_is_not_waited_for():
    """It is at a task of another caller: with nobody free, the caller does all."""
    begun, end = Event(), Event()

    def elsewhere():
        if get_ident() != caller:
            begun.set()
            assert end.wait(20)
        else:
            assert begun.wait(20)

    caller = get_ident()
    with helped_by(1):
        (helper,) = helpers._active
        helper.call(helpers._Job([elsewhere]))
        assert begun.wait(20)
        job = helpers._Job([get_ident, get_ident])
        helper.call(job)
        job.work()
        assert job.results == [caller, caller]
        helper.await_task(job)
        end.set()


def test_an_error_of_a_helper_comes_out_and_the_next_call_works():
    together = Barrier(2, timeout=20)

    def fail(caller):
        together.wait()
        if get_ident() != caller:
            raise RuntimeError("of a helper")

    with helped_by(1):
        with pytest.raises(RuntimeError, match="of a helper"):
            share(2 * [partial(fail, get_ident())])
        assert share([int, float]) == [0, 0.0]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_error_waits_for_the_task_of_a_helper(error):
    together, ends = Barrier(2, timeout=20), []

    def task(caller):
        together.wait()
        if get_ident() == caller:
            raise error
        time.sleep(0.2)
        ends.append("helper")

    with helped_by(1):
        with pytest.raises(error):
            share(3 * [partial(task, get_ident())])
        assert ends == ["helper"]


def test_interrupted_while_it_waits_it_waits_still(monkeypatch):
    with helped_by(1):
        (helper,) = helpers._active
        calls, await_task = [], helper.await_task

        def interrupted(job):
            calls.append(len(calls))
            if len(calls) == 1:
                raise KeyboardInterrupt
            await_task(job)

        monkeypatch.setattr(helper, "await_task", interrupted)
        with pytest.raises(KeyboardInterrupt):
            share([int, int])
        assert calls == [0, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_no_helpers_until_it_makes_some():
    with helped_by(1):
        share([int, int])
        child = os.fork()
        if not child:
            right = not helpers._active and share([int, float]) == [0, 0.0]
            set_helpers(1)
            right = right and share([int, float]) == [0, 0.0]
            os._exit(0 if right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# ---- products

SIDES = st.integers(1, 70)


@given(
    n=SIDES,
    k=SIDES,
    m=SIDES,
    turned=st.tuples(st.booleans(), st.booleans()),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_products_in_pieces(n, k, m, turned, seed):
    """Of matrices as they lie in memory or transposed, large ones beside small ones."""
    rng = np.random.default_rng(seed)
    a = rng.integers(-9, 9, (k, n) if turned[0] else (n, k)).astype(np.float32)
    b = rng.integers(-9, 9, (m, k) if turned[1] else (k, m)).astype(np.float32)
    a, b = a.T if turned[0] else a, b.T if turned[1] else b
    out, other = np.full((n, m), np.nan, np.float32), np.full((n, 1), np.nan, np.float32)
    patch = pytest.MonkeyPatch()
    with helped_by(1), patch.context() as patched:
        patched.setattr(products, "LARGE", 5000)
        multiply((a, b, out), (a, b[:, :1], other))
    expected = np.einsum("ik,kj->ij", a.astype(int), b.astype(int))  # exact, as floats are here
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(other, expected[:, :1])


def test_pieces_are_those_of_the_shape(monkeypatch):
    """A product that is large is cut, alone and beside another, and its parts have whole units."""
    monkeypatch.setattr(products, "share", lambda tasks: seen.append(tasks))
    a, b = np.ones((100, 40)), np.ones((40, 300))
    monkeypatch.setattr(products, "LARGE", a.shape[0] * b.size // 2)
    monkeypatch.setattr(products, "PIECE", a.shape[0] * b.size // 4)
    seen = []
    multiply((a, b, np.empty((100, 300))))
    (tasks,) = seen
    assert [task.keywords["out"].shape for task in tasks] == [(100, 80)] * 3 + [(100, 60)]
