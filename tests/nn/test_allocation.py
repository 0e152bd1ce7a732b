"""The steady state allocates nothing: a step of training needs less new memory than NumPy's own
ufunc buffers.

Every array of the test is larger than the bound, down to a mask of one byte a value, so one
forgotten temporary is enough to fail.
"""

import tracemalloc

import numpy as np
import pytest

from skmlp.nn.activations import ACTIVATIONS
from skmlp.nn.engine.epoch_end import Callback
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, LabelRows, OneHotRows
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.engine.trainer import Trainer
from skmlp.nn.layers import (
    ACTIVATION_LAYERS,
    NUMERIC_EMBEDDINGS,
    Activate,
    AlphaDropout,
    Dense,
    Embedding,
)
from skmlp.nn.losses import LOSSES, LogLoss, SquaredError
from skmlp.nn.optimizers import OPTIMIZERS, SGD, Optimizer
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import SCHEDULES
from tests.nn.helpers import make_network, randomised, targets_of

WIDTH = 288
N = 288
# values in one of a ufunc's buffers; less than the default, so that smaller arrays and quicker
# products are enough
BUFFER = 3072
BOUND = (
    3 * BUFFER * 8 + 4096
    # bytes: the buffers of an operation with three operands, or one of NumPy's of fixed size, and
    # small objects
)


class Watch(Callback):
    """Measures the most memory in use within an epoch, on top of what was in use when it began,
    from the third epoch on.
    """

    def __init__(self):
        self.peaks = []
        self.before = None

    def epoch_end(self, trainer, record):
        current, peak = tracemalloc.get_traced_memory()
        if record["epoch"] > 2:
            self.peaks.append(peak - self.before)
        self.before = current
        tracemalloc.reset_peak()


def peak(
    network,
    rule,
    target=None,
    schedule="constant",
    weighted=False,
    batch_size=N,
    shuffle=True,
    n_rows=N,
):
    """Return the most bytes that an epoch of training needs on top of what it holds."""
    rng = np.random.default_rng(0)
    x = DenseRows(rng.normal(size=(n_rows, network.n_in)).astype(network.dtype))
    target = target or DenseRows(
        targets_of(network.loss, (n_rows, network.n_out), rng, network.dtype)
    )
    weight = rng.uniform(1, 2, n_rows).astype(network.dtype) if weighted else None
    state, watch = TrainingState(rng), Watch()
    network.prepare(batch_size + 1, rng)
    decays = [(slice(0, network.penalised[-1].stop), 0.1)]
    updater = Updater(rule, network.params, network.grads, None, 0, network.penalties, decays)
    state.slots = updater.slots
    trainer = Trainer(
        network,
        updater,
        SCHEDULES[schedule](),
        1e-4,
        state,
        batch_size,
        shuffle,
        norm_limit=1e-3,
        value_limit=1e-2,
        callbacks=[watch],
    )
    usual = np.setbufsize(BUFFER)
    tracemalloc.start()
    try:
        trainer.fit(x, target, weight, n_epochs=4)
    finally:
        tracemalloc.stop()
        np.setbufsize(usual)
    assert len(watch.peaks) == 2
    return max(watch.peaks)


def network_of(loss, dtype, **options):
    """Return a network of three products, so that a gradient goes from one hidden layer to
    another.
    """
    return make_network(loss, sizes=(WIDTH,) * 4, alphas=(0.1, 0.2, 0.3), dtype=dtype, **options)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["", "batch_norm"])
@pytest.mark.parametrize("dropout", [0.0, 0.3], ids=["", "dropout"])
def test_layers(batch_norm, dropout, dtype):
    network = network_of(
        LogLoss(), dtype, batch_norm=batch_norm, dropout=dropout, input_dropout=dropout
    )
    assert peak(network, OPTIMIZERS["adam"]()) < BOUND


def test_alpha_dropout(dtype):
    parts = [[Dense(WIDTH), Activate(ACTIVATIONS["selu"]()), AlphaDropout(0.1)] for _ in range(2)]
    network = randomised(
        Network([*parts[0], *parts[1], Dense(WIDTH)], SquaredError(), WIDTH, dtype=dtype)
    )
    assert peak(network, SGD()) < BOUND


@pytest.mark.slow
def test_embeddings(dtype):
    layers = [
        Embedding((40,) * 16, (32,) * 16),
        Dense(WIDTH),
        Activate(ACTIVATIONS["relu"]()),
        Dense(WIDTH),
    ]
    assert peak(randomised(Network(layers, SquaredError(), 20, dtype=dtype)), SGD()) < BOUND


@pytest.mark.slow
@pytest.mark.parametrize("key", NUMERIC_EMBEDDINGS)
def test_numeric_embeddings(key, dtype):
    layers = [NUMERIC_EMBEDDINGS[key](), Dense(WIDTH), Activate(ACTIVATIONS["relu"]())]
    network = Network([*layers, Dense(WIDTH)], SquaredError(), WIDTH // 2, dtype=dtype)
    assert peak(randomised(network), SGD()) < BOUND


@pytest.mark.parametrize("key", LOSSES)
def test_losses(key, dtype):
    assert peak(network_of(LOSSES[key](), dtype), SGD(), weighted=True) < BOUND


@pytest.mark.parametrize("key", [*ACTIVATIONS, *ACTIVATION_LAYERS])
def test_activations(key, dtype):
    assert peak(network_of(SquaredError(), dtype, activation=key), SGD()) < BOUND


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_optimizers(key, dtype):
    assert peak(network_of(SquaredError(), dtype), OPTIMIZERS[key]()) < BOUND


@pytest.mark.parametrize("key", SCHEDULES)
def test_schedules(key):
    assert peak(network_of(SquaredError(), np.float32), SGD(), schedule=key) < BOUND


def test_labels(dtype):
    labels = LabelRows(np.arange(N, dtype=np.int32) % WIDTH, WIDTH)
    assert peak(network_of(LogLoss(), dtype), SGD(), target=labels) < BOUND


def test_categories(dtype):
    codes = DenseRows(np.column_stack([np.zeros(N), np.arange(N) % (WIDTH - 1)]).astype(dtype))
    assert (
        peak(network_of(LogLoss(), dtype), SGD(), target=OneHotRows(codes, 1, (WIDTH - 1,))) < BOUND
    )


def test_rows_in_order(dtype):
    assert peak(network_of(SquaredError(), dtype), SGD(), shuffle=False) < BOUND


def test_a_shorter_last_batch(dtype):
    assert (
        peak(
            network_of(SquaredError(), dtype, batch_norm=True, dropout=0.3),
            SGD(),
            n_rows=N + N // 2,
        )
        < BOUND
    )


def test_a_single_temporary_is_found(dtype):
    """The watch works: one array made anew per step, of the smallest kind, is seen."""

    class Wasteful(Optimizer):
        slots = ()

        def coefficients(self, t, lr):
            np.zeros((N, WIDTH), bool).any()
            return (lr,)

        def update(self, p, g, tmp, lr):
            np.multiply(g, lr, out=g)
            np.subtract(p, g, out=p)

    assert peak(network_of(SquaredError(), dtype), Wasteful()) > BOUND
