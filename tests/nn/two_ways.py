"""Training of small networks, compiled and with NumPy."""

import numpy as np

from skmlp.nn.compiled import program as compiled
from skmlp.nn.engine.epoch_end import Callback
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.sources import DenseRows, LabelRows
from skmlp.nn.engine.state import TrainingState
from skmlp.nn.engine.trainer import Trainer
from skmlp.nn.layers import Activate, Dense
from skmlp.nn.optimizers import SGD
from skmlp.nn.optimizers.updater import Updater
from skmlp.nn.schedules import Constant
from tests.nn.helpers import randomised, targets_of

N = 53
ROUNDING = {np.dtype(np.float32): 2e-4, np.dtype(np.float64): 1e-10}  # after two epochs of steps


class Last(Callback):
    """Keeps the record of the last epoch."""

    def n_at_once(self, trainer):
        return np.inf

    def epoch_end(self, trainer, record):
        self.record = {name: value for name, value in record.items() if name != "seconds"}
        return False


def trained(layers, loss, dtype, backend, rule=None, n_epochs=2, n_in=7, **options):
    """Return what training leaves: record, parameters, statistics, slots, random stream; and
    whether it was compiled.
    """
    weighted, categories = options.pop("weighted", False), options.pop("categories", ())
    penalty, labels = options.pop("penalty", 0.0), options.pop("labels", False)
    decay, max_norm = options.pop("decay", 0.0), options.pop("max_norm", None)
    rates, l1 = options.pop("rates", ()), options.pop("l1", 0.0)
    rng = np.random.default_rng(1)
    alphas = [penalty] * len(Network(layers, loss, n_in).penalised)
    network = randomised(Network(layers, loss, n_in, dtype, alphas))
    x = rng.normal(size=(N, n_in)).astype(dtype)
    for k, n in enumerate(categories):
        x[:, k - len(categories)] = rng.integers(0, n + 1, N)
    target = targets_of(loss, (N, network.n_out), rng, dtype)
    target = LabelRows(target.argmax(axis=1), target.shape[1]) if labels else DenseRows(target)
    weight = rng.uniform(0.5, 2.0, N) if weighted else None
    state = TrainingState(np.random.default_rng(2))
    network.prepare(13, state.rng)
    updater = Updater(
        rule or SGD(),
        network.params,
        network.grads,
        state.slots,
        penalties=network.penalties,
        decays=[(part, decay) for part in network.penalised],
        weights=[view for (_, name), view in network.views().items() if name == "weight"],
        l1=[(part, l1) for part in network.penalised] if l1 else (),
        max_norm=max_norm,
        scalars=state.scalars,
        rates=rates or network.layout.rates(),
    )
    made, last = [], Last()

    def make(*arguments):
        made.append(compiled.program(*arguments))
        return made[-1]

    make = make if backend else None
    schedule = options.pop("schedule", Constant())
    trainer = Trainer(
        network,
        updater,
        schedule,
        0.001,
        state,
        12,
        callbacks=[last],
        make_program=make,
        **options,
    )
    trainer.fit(DenseRows(x), target, weight, n_epochs=n_epochs)
    vectors = [network.params, network.running, *updater.slots.values()]
    ends = [np.array(list(last.record.values()), float), *vectors]
    return ends, state.rng.bit_generator.state, bool(made) and made[0] is not None


def assert_same(layers, loss, dtype, **options):
    """Assert that both ways train alike, and that one of them was compiled."""
    (ours, stream, is_compiled), (theirs, wanted, _) = (
        trained(layers, loss, dtype, backend, **options) for backend in (True, False)
    )
    assert is_compiled
    assert stream == wanted
    rounding = ROUNDING[np.dtype(dtype)]
    for a, b in zip(ours, theirs, strict=True):
        scale = np.abs(b).max(initial=1e-30)
        np.testing.assert_allclose(a, b, rtol=rounding, atol=rounding * scale)


def stack(*layers, activation=None, n_out=3):
    """Return a network of a hidden layer, what is given, and an output."""
    first = [Dense(9)] if activation is None else [Dense(9), Activate(activation)]
    return [*first, *layers, Dense(n_out)]


def in_pieces(monkeypatch):
    """Cut batches of any size."""
    monkeypatch.setattr(compiled, "SHARED", 0)
