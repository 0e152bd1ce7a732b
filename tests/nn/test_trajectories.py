"""Trajectories of every optimizer: those of PyTorch and of scikit-learn."""

import itertools

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from skmlp.nn.activations import Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.layers import Activate, BatchNorm, Dense
from skmlp.nn.losses import LogLoss
from skmlp.nn.optimizers import OPTIMIZERS, SGD, Adam
from skmlp.nn.optimizers.updater import Updater
from tests.nn.helpers import trajectories
from tests.nn.test_optimizers import bowl, descend

RECORDED, ABOUT = trajectories()
CASES = ABOUT["cases"]
each_case = pytest.mark.parametrize("name", CASES)


def recorded(name):
    """Return a case's description, the rule it asks for, and its arrays by name."""
    case = CASES[name]
    arrays = {
        key.split("/")[1]: value for key, value in RECORDED.items() if key.startswith(name + "/")
    }
    return case, OPTIMIZERS[case["optimizer"]](**case["options"]), arrays


# ---- PyTorch


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_every_optimizer_has_a_recorded_trajectory(key):
    assert [name for name, case in CASES.items() if case["optimizer"] == key]


@each_case
def test_ten_steps_along_recorded_gradients_equal_pytorch(name):
    case, rule, arrays = recorded(name)
    p, g = arrays["params"][0].copy(), np.empty_like(arrays["grads"][0])
    n_weights = sum(
        np.prod(shape) for key, shape in case["params"].items() if key.endswith("weight")
    )
    updater = Updater(
        rule,
        p,
        g,
        decays=[(slice(0, n_weights), case["decay"])],
        block=7,
    )
    assert len(arrays["grads"]) == 10
    for k, gradient in enumerate(arrays["grads"]):
        g[...] = gradient
        g[:n_weights] += case["penalty"] * p[:n_weights]
        updater.step(case["lr"])
        np.testing.assert_allclose(p, arrays["params"][k + 1], rtol=1e-6, atol=1e-12)
        p[...] = arrays["params"][k + 1]


@each_case
def test_ten_training_steps_equal_pytorch(name):
    """The whole of a step: forward, loss, backward, update, and what batch normalisation tracks."""
    case, rule, arrays = recorded(name)
    network = build(case)
    load(network, case, arrays["params"][0])
    x, labels = RECORDED["x"], RECORDED["labels"]
    target = np.eye(network.n_out)[labels]
    network.prepare(6, np.random.default_rng(0))
    decays = [(slice(0, network.penalised[-1].stop), case["decay"])]
    updater = Updater(rule, network.params, network.grads, decays=decays)
    for k, batch in zip(range(10), itertools.cycle([slice(0, 6), slice(6, 12)]), strict=False):
        penalty = sum(
            0.5 * case["penalty"] * np.sum(view**2)
            for (_, part), view in network.views().items()
            if part == "weight"
        )
        loss = network.loss_and_grad(x[batch], target[batch])
        assert loss - penalty == pytest.approx(arrays["losses"][k], rel=1e-6)
        updater.step(case["lr"])
        np.testing.assert_allclose(
            named(network, case), arrays["params"][k + 1], rtol=1e-6, atol=1e-9
        )
        if case["network"] == "batch_norm":
            state = network.running_views()
            np.testing.assert_allclose(state[1, "mean"][0], arrays["means"][k], rtol=1e-6)
            np.testing.assert_allclose(state[1, "variance"][0], arrays["variances"][k], rtol=1e-6)
    np.testing.assert_allclose(network.scores(DenseRows(x)), arrays["scores"], rtol=1e-6)


@each_case
def test_ten_compiled_steps_equal_pytorch(name):
    """Five epochs of two batches, one or three of them in a call."""
    pytest.importorskip("numba")
    from skmlp.nn.compiled.program import program

    case, rule, arrays = recorded(name)
    network = build(case)
    load(network, case, arrays["params"][0])
    x, target = RECORDED["x"], np.eye(network.n_out)[RECORDED["labels"]]
    network.prepare(6, np.random.default_rng(0))
    penalised = slice(0, network.penalised[-1].stop)
    updater = Updater(
        rule,
        network.params,
        network.grads,
        penalties=network.penalties,
        decays=[(penalised, case["decay"])],
    )
    compiled = program(network, updater, DenseRows(x), DenseRows(target), None, 6)
    rows, bounds = np.arange(12), [(0, 6), (6, 12)]
    for first, n_epochs in ((0, 1), (1, 3), (4, 1)):
        rates = [case["lr"]] * 2 * n_epochs
        totals, fault = compiled.run(n_epochs, rows, False, bounds, rates, (None, None))
        assert (len(totals), fault) == (n_epochs, None)
        for epoch, (loss, weight, _) in enumerate(totals, first):
            steps = slice(2 * epoch, 2 * epoch + 2)
            penalties = [
                0.5 * case["penalty"] * np.sum(flat[: penalised.stop] ** 2)
                for flat in arrays["params"][steps]
            ]
            expected = np.mean(arrays["losses"][steps]) + np.mean(penalties)
            assert weight == 12
            assert loss / weight == pytest.approx(expected, rel=1e-6)
        np.testing.assert_allclose(
            named(network, case), arrays["params"][2 * (first + n_epochs)], rtol=1e-5, atol=1e-8
        )
    np.testing.assert_allclose(network.scores(DenseRows(x)), arrays["scores"], rtol=1e-5)


def build(case):
    """Return the network of a case; PyTorch's penalty is not divided by the number of rows."""
    sizes = ABOUT["sizes"]
    makers = {
        "dense": iter([Dense(sizes[1]), Dense(sizes[2])]),
        "tanh": iter([Activate(Tanh())]),
        "batch_norm": iter([BatchNorm()]),
    }
    layers = [next(makers[kind]) for kind in ABOUT["networks"][case["network"]]]
    network = Network(
        layers, LogLoss(), sizes[0], dtype=np.float64, alphas=[6 * case["penalty"]] * 2
    )
    network.initialise(np.random.default_rng(0))
    return network


def keys(case):
    return [(int(key.split(".")[0]), key.split(".")[1]) for key in case["params"]]


def load(network, case, flat):
    """Fill the network by name from PyTorch's list of arrays."""
    views, start = network.views(), 0
    assert set(views) == set(keys(case))
    for key in keys(case):
        views[key][...] = flat[start : start + views[key].size].reshape(views[key].shape)
        start += views[key].size
    assert start == flat.size


def named(network, case):
    """Return the network's parameters in the order of PyTorch's list."""
    return np.concatenate([network.views()[key].ravel() for key in keys(case)])


# ---- scikit-learn


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_equals_scikit_learn(nesterov, momentum, rng):
    """With a learning rate that changes at each step: here PyTorch's form would differ."""
    p, rates = rng.normal(size=20), rng.uniform(0.01, 0.3, 10)
    theirs = [p.copy()]
    rule = SGDOptimizer(theirs, momentum=momentum, nesterov=nesterov)
    ours, g = p.copy(), np.empty_like(p)
    updater = Updater(SGD(momentum, nesterov), ours, g)
    for rate in rates:
        rule.learning_rate = rate
        rule.update_params(theirs, [bowl(theirs[0])])
        g[...] = bowl(ours)
        updater.step(float(rate))
        np.testing.assert_allclose(ours, theirs[0], rtol=1e-12)


@pytest.mark.parametrize("epsilon", [1e-8, 1e-2])
def test_adam_equals_scikit_learn(epsilon, rng):
    """The same place of epsilon: before the correction of v."""
    theirs = [rng.normal(size=20)]
    path = descend(Adam(0.8, 0.95, epsilon), theirs[0], bowl, 0.1, 10)
    rule = AdamOptimizer(theirs, 0.1, 0.8, 0.95, epsilon)
    for ours in path:
        rule.update_params(theirs, [bowl(theirs[0])])
        np.testing.assert_allclose(ours, theirs[0], rtol=1e-12)
