"""L-BFGS: SciPy's solver over the flat vector.

Its test of progress, ``ftol``, leaves the last digits open.
"""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, Ridge

from skmlp.nn.engine import lbfgs
from skmlp.nn.engine.lbfgs import fit_lbfgs
from skmlp.nn.losses import LogLoss, SquaredError
from tests.nn.helpers import make_network, targets_of

N = 60


def fitted(network, weight=None, max_iter=1000, tol=1e-9, max_fun=15000):
    """Return SciPy's result, the data, and the losses and gradient norms of the iterations."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N, network.n_in)).astype(network.dtype)
    target = targets_of(network.loss, (N, network.n_out), rng, network.dtype)
    network.prepare(N, rng)
    seen = []
    result = fit_lbfgs(
        network, x, target, weight, max_iter, max_fun, tol, lambda *values: seen.append(values)
    )
    return result, x, target, seen


def test_ridge_regression_is_that_of_scikit_learn():
    alpha = 0.7
    network = make_network(SquaredError(), sizes=(5, 2), alphas=(alpha,))
    _, x, target, _ = fitted(network)
    ridge = Ridge(alpha).fit(x, target)
    np.testing.assert_allclose(network.views()[0, "weight"].T, ridge.coef_, atol=2e-4)
    np.testing.assert_allclose(network.views()[0, "bias"][0], ridge.intercept_, atol=2e-4)


@pytest.mark.parametrize("weighted", [False, True])
def test_softmax_regression_is_that_of_scikit_learn(weighted):
    alpha, weight = 0.7, np.random.default_rng(3).uniform(0.5, 2, N) if weighted else None
    network = make_network(LogLoss(), sizes=(5, 3), alphas=(alpha,))
    _, x, target, _ = fitted(network, None if weight is None else weight[:, None])
    logistic = LogisticRegression(C=1 / alpha, tol=1e-10, max_iter=10000).fit(
        x, target.argmax(axis=1), weight
    )
    np.testing.assert_allclose(network.views()[0, "weight"].T, logistic.coef_, atol=2e-4)


def test_gradient_is_zero_at_the_end():
    network = make_network(LogLoss(), sizes=(5, 4, 3), alphas=(0.5, 0.5))
    result, x, target, _ = fitted(network, tol=1e-7)
    assert result.success
    np.testing.assert_array_equal(network.params, result.x)
    value = network.loss_and_grad(x, target)
    assert value == pytest.approx(result.fun, rel=1e-12)
    assert np.abs(network.grads).max() < 1e-3


def test_every_iteration_is_told_and_goes_down():
    network = make_network(LogLoss(), sizes=(5, 4, 3), alphas=(0.5, 0.5))
    result, *_, seen = fitted(network)
    assert len(seen) == result.nit > 3
    losses = [loss for loss, _ in seen]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(result.fun)
    assert {type(value) for pair in seen for value in pair} == {float}
    assert seen[-1][1] < 1e-2 * seen[0][1]


@pytest.mark.parametrize("max_iter", [1, 3])
def test_stops_after_max_iter(max_iter):
    result, *_, seen = fitted(make_network(LogLoss()), max_iter=max_iter)
    assert result.nit == len(seen) == max_iter
    assert not result.success


def test_stops_after_max_fun():
    result, *_ = fitted(make_network(LogLoss()), max_fun=3)
    assert result.nfev <= 4
    assert not result.success


def test_float32_comes_close_to_float64():
    values = [
        fitted(make_network(LogLoss(), sizes=(5, 3), alphas=(0.7,), dtype=dtype), tol=1e-4)[0].fun
        for dtype in (np.float32, np.float64)
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_is_scipys_solver_on_the_same_objective():
    network = make_network(LogLoss(), sizes=(5, 4, 3), alphas=(0.5, 0.5))
    start = network.params.copy()
    result, x, target, _ = fitted(network, max_iter=7)

    def objective(flat):
        network.params[...] = flat
        return network.loss_and_grad(x, target), network.grads.copy()

    theirs = minimize(objective, start, method="L-BFGS-B", jac=True, options={"maxiter": 7})
    np.testing.assert_allclose(result.x, theirs.x, rtol=1e-9)


def test_the_network_ends_at_the_result_wherever_the_solver_looked_last(monkeypatch):
    """A line search may end with a point that is not taken."""

    def wandering(objective, start, **options):
        result = minimize(objective, start, **options)
        objective(start)
        return result

    monkeypatch.setattr(lbfgs, "minimize", wandering)
    network = make_network(LogLoss())
    result, *_ = fitted(network, max_iter=5)
    np.testing.assert_array_equal(network.params, result.x)


def run(network, end, begin=lambda: None, max_iter=50):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N, network.n_in)).astype(network.dtype)
    target = targets_of(network.loss, (N, network.n_out), rng, network.dtype)
    network.prepare(N, rng)
    return fit_lbfgs(network, x, target, None, max_iter, 15000, 1e-9, end, begin)


def test_every_iteration_has_a_beginning_and_an_end():
    told = []
    result = run(
        make_network(LogLoss(), sizes=(5, 4, 3)),
        lambda *values: told.append("end"),
        lambda: told.append("begin"),
        max_iter=6,
    )
    assert told == ["begin", "end"] * 6
    assert result.nfev > 6  # a beginning is not an evaluation


def test_stops_when_an_iteration_says_so():
    network, expected = (make_network(LogLoss(), sizes=(5, 4, 3)) for _ in range(2))
    told = []
    result = run(network, lambda *values: told.append(values) or len(told) == 4)
    assert result.nit == len(told) == 4
    run(expected, lambda *values: None, max_iter=4)
    np.testing.assert_array_equal(network.params, expected.params)


def test_after_an_iteration_the_network_is_at_its_result(monkeypatch):
    """Wherever the line search looked last."""
    taken, seen = [], []

    def wandering(objective, start, callback, **options):
        def wander(intermediate_result):
            objective(start)
            taken.append(intermediate_result.x.copy())
            callback(intermediate_result)

        return minimize(objective, start, callback=wander, **options)

    monkeypatch.setattr(lbfgs, "minimize", wandering)
    network = make_network(LogLoss())
    run(network, lambda *values: seen.append(network.params.copy()), max_iter=5)
    np.testing.assert_array_equal(seen, taken)


def interrupted_run(network, n, monkeypatch):
    """Run with Ctrl-C in the ``n``-th evaluation; return the result and how many iterations had
    ended by then.
    """
    ended, evaluations, evaluate = [], [], network.loss_and_grad

    def loss_and_grad(*args):
        evaluations.append(None)
        if len(evaluations) == n:
            raise KeyboardInterrupt
        return evaluate(*args)

    monkeypatch.setattr(network, "loss_and_grad", loss_and_grad)
    return run(network, lambda *values: ended.append(values)), len(ended)


@pytest.mark.parametrize("n", [3, 4, 5, 9, 10])
def test_an_interrupt_takes_back_the_iteration_it_hits(n, monkeypatch):
    network, expected = (make_network(LogLoss(), sizes=(5, 4, 3)) for _ in range(2))
    result, n_ended = interrupted_run(network, n, monkeypatch)
    assert result.status == lbfgs.INTERRUPTED
    assert 0 < result.nit == n_ended < n
    theirs = run(expected, lambda *values: None, max_iter=n_ended)
    assert (result.fun, result.nit) == (theirs.fun, theirs.nit)
    np.testing.assert_array_equal(network.params, expected.params)


def test_an_interrupt_in_the_first_iteration_is_raised(monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(make_network(LogLoss()), 1, monkeypatch)
