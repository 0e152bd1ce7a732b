"""The memory plan of training: shares of a batch, alignment, what lives together.

That nothing is overwritten: ``test_gradients.py``.
"""

import itertools

import numpy as np
import pytest

from skmlp.nn.activations import Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.plan import Batch, aligned
from skmlp.nn.layers import Activate, BatchNorm, Dense, Dropout
from skmlp.nn.losses import LogLoss, SquaredError
from tests.nn.helpers import make_network


def test_shares_of_a_batch_add_up_to_one(dtype):
    batch = Batch(4, dtype)
    np.testing.assert_array_equal(batch.column, 0.25)
    assert batch.weigh(np.array([[1.0], [2.0], [4.0], [1.0]], dtype)) == 1 / 8
    np.testing.assert_array_equal(batch.row, [[0.125, 0.25, 0.5, 0.125]])
    assert np.shares_memory(batch.row, batch.column)
    assert batch.count == 8
    assert batch.weigh(None) == 0.25
    np.testing.assert_array_equal(batch.column, 0.25)
    assert batch.count == 4


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_vectors_start_on_a_cache_line(size, dtype):
    for _ in range(5):
        vector = aligned(size, dtype)
        assert (vector.size, vector.dtype) == (size, dtype)
        assert vector.ctypes.data % 64 == 0


def test_a_plan_is_made_once_per_batch_size():
    network = make_network(LogLoss())
    network.prepare(12)
    assert network.plan(12) is network.plan(12)
    assert network.plan(5) is not network.plan(12)


def test_plans_of_all_batch_sizes_share_the_memory():
    network = make_network(LogLoss(), batch_norm=True, dropout=0.2)
    network.prepare(12)
    full, tail = network.plan(12), network.plan(5)
    for a, b in zip((full, *full.layers), (tail, *tail.layers), strict=True):
        for name in ("x", "y", "mask", "x_hat", "tmp", "target", "weight"):
            if isinstance(getattr(a, name, None), np.ndarray):
                assert np.shares_memory(getattr(a, name), getattr(b, name)), name


def test_elementwise_layers_work_in_place_where_nobody_reads_what_was_there():
    layers = [Dense(4), BatchNorm(), Activate(Tanh()), Dropout(0.5), Dense(2)]
    network = Network(layers, SquaredError(), 3)
    network.prepare(6)
    y = [ws.y for ws in network.plan(6).layers]
    assert np.shares_memory(y[0], y[1])
    assert np.shares_memory(y[1], y[2])
    assert not np.shares_memory(y[2], y[3]), "tanh reads its output in its backward pass"


def test_what_one_layer_writes_going_forward_no_other_one_keeps():
    """Of any two outputs that share memory, the earlier one is read by nobody in the backward
    pass.
    """
    parts = (Activate(Tanh()), Dropout(0.5), BatchNorm(), Dense(4))
    for stack in itertools.product(parts, repeat=3):
        layers = [Dense(4), *stack, Dense(2)]
        network = Network(layers, SquaredError(), 3)
        network.prepare(6)
        workspaces = network.plan(6).layers
        for i, j in itertools.combinations(range(len(layers)), 2):
            if np.shares_memory(workspaces[i].y, workspaces[j].y):
                assert "y" not in layers[i].keeps
                assert "x" not in layers[i + 1].keeps


def test_gradients_stop_where_no_parameter_lies_below():
    network = make_network(LogLoss(), sizes=(3, 4, 2), input_dropout=0.5)
    network.prepare(6)
    assert [ws.dx is None for ws in network.plan(6).layers] == [True, True, False, False]
    network.prepare(6, input_gradient=True)
    assert not any(ws.dx is None for ws in network.plan(6).layers)
