"""What the tests of the core share: entries of the registries, workspaces built by hand, small
networks, numeric derivatives.
"""

import inspect
import json
import pathlib
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from skmlp.nn.activations import ACTIVATIONS, Activation, Tanh
from skmlp.nn.engine.network import Network
from skmlp.nn.engine.plan import Batch
from skmlp.nn.engine.sources import DenseRows
from skmlp.nn.helpers import _active, set_helpers
from skmlp.nn.layers import ACTIVATION_LAYERS, Activate, BatchNorm, Dense, Dropout
from skmlp.nn.layout import Row
from skmlp.nn.losses import ColumnLosses
from skmlp.nn.losses.by_column import numbers

LEARNING_RATES = {"adadelta": 1.0}  # of the rules whose steps have a length of their own

REQUIRED = {"n_out": 3, "span": 2, "activation": Tanh(), "n_categories": (3, 2)}


def construct(cls):
    """Return an instance with its defaults, and with values for what has none."""
    parameters = inspect.signature(cls).parameters.values()
    return cls(
        **{p.name: REQUIRED[p.name] for p in parameters if p.default is inspect.Parameter.empty}
    )


def table(registry):
    """Return the arguments of ``parametrize`` that run a test on every entry of a registry,
    which must not be empty.
    """
    assert registry, "an empty registry tests nothing"
    return {"argvalues": [construct(cls) for cls in registry.values()], "ids": list(registry)}


def workspace(buffers, n, dtype, lead=(), **arrays):
    """Return a namespace with the buffers, filled with NaN so that nothing can be read before it
    is written.
    """
    ws = SimpleNamespace(**arrays)
    for name, buffer in buffers.items():
        shape = *lead, 1 if isinstance(buffer, Row) else n, buffer.width
        array = np.zeros(shape, buffer.dtype or dtype)
        if array.dtype.kind == "f":
            array.fill(np.nan)
        setattr(ws, name, array)
    return ws


def layer_workspace(layer, n, n_in, dtype, rng):
    """Return all that a layer works with, its parameters and running arrays near their usual values
    but all different.
    """
    ws = workspace(
        layer.buffers(n_in),
        n,
        dtype,
        ones=np.ones((1, n), dtype),
        rng=np.random.default_rng(3),
    )
    for name, param in layer.params(n_in).items():
        setattr(ws, name, (rng.normal(size=param.shape) + 0.1).astype(dtype))
        setattr(ws, "d_" + name, np.full(param.shape, np.nan, dtype))
    for name, param in layer.running(n_in).items():
        setattr(ws, name, rng.uniform(0.5, 1.5, param.shape).astype(dtype))
    if layer.starts_from_rows:
        layer.start(rng.normal(size=(100, n_in)).astype(dtype), None, ws, rng)
    ws.batch, ws.phase = Batch(n, dtype), SimpleNamespace(progress=0.0)
    ws.x = rng.normal(size=(n, n_in)).astype(dtype)
    ws.y = np.full((n, layer.width(n_in)), np.nan, dtype)
    ws.dx = np.full(ws.x.shape, np.nan, dtype)
    return ws


def targets_of(loss, shape, rng, dtype=np.float64):
    """Return random targets in the domain of a loss, for raw scores of a shape."""
    if isinstance(loss, ColumnLosses):
        target = np.empty(shape, dtype)
        for piece, columns in loss.pieces:
            target[..., columns] = targets_of(
                piece, (*shape[:-1], len(numbers(columns))), rng, dtype
            )
        return target
    shape = (*shape[:-1], shape[-1] // loss.n_scores)
    if "multiclass" in loss.targets:
        return np.eye(shape[-1], dtype=dtype)[rng.integers(0, shape[-1], shape[:-1])]
    if "binary" in loss.targets or "multilabel" in loss.targets:
        return rng.integers(0, 2, shape).astype(dtype)
    if loss.domain == "[0, inf)":
        return rng.poisson(1.5, shape).astype(dtype)
    if loss.domain == "(0, inf)":
        return rng.gamma(2.0, 1.0, shape).astype(dtype)
    return rng.normal(size=shape).astype(dtype)


def make_network(
    loss,
    activation="tanh",
    sizes=(3, 4, 3),
    batch_norm=False,
    dropout=0.0,
    alphas=(),
    dtype=np.float64,
    seed=0,
    input_dropout=0.0,
):
    """Return a network in the order of the estimators, every parameter random (zero biases would
    hide mistakes).

    The last of ``sizes`` is the width of the target.
    """
    activation = (
        {**ACTIVATIONS, **ACTIVATION_LAYERS}[activation]()
        if isinstance(activation, str)
        else activation
    )
    layer = Activate(activation) if isinstance(activation, Activation) else activation
    layers = [Dropout(input_dropout)] if input_dropout else []
    for width in sizes[1:-1]:
        layers.append(Dense(width * layer.inputs_per_unit))
        if batch_norm:
            layers.append(BatchNorm())
        layers.append(layer)
        if dropout:
            layers.append(Dropout(dropout))
    return randomised(
        Network(
            [*layers, Dense(sizes[-1] * loss.n_scores)], loss, sizes[0], dtype=dtype, alphas=alphas
        ),
        seed,
    )


def randomised(network, seed=0):
    """Return the network with random parameters and its initial state, that of layers that start
    from rows from normal ones.
    """
    rng = np.random.default_rng(seed)
    network.initialise(rng)
    start = np.random.default_rng(seed).normal(size=(100, network.n_in))
    network.start_layers(DenseRows(start.astype(network.dtype)), rng)
    for (_, name), view in network.views().items():
        if name != "weight":
            view[...] = rng.normal(1.0 if name == "gamma" else 0.2, 0.3, view.shape)
    return network


def relative_error(numeric, analytic, least=1e-300):
    """Return the largest difference relative to the largest value, or to ``least`` if that is
    larger.
    """
    return float(
        np.max(np.abs(numeric - analytic))
        / max(np.max(np.abs(numeric)), np.max(np.abs(analytic)), least)
    )


def directional_derivatives(objective, flat, directions, h=1e-6):
    """Return the central difference of ``objective()``, which reads ``flat``, along each
    direction.
    """
    start, values = flat.copy(), []
    for direction in directions:
        np.copyto(flat, start + h * direction)
        above = objective()
        np.copyto(flat, start - h * direction)
        values.append((above - objective()) / (2.0 * h))
    np.copyto(flat, start)
    return np.array(values)


class Watched(np.ndarray):
    """An array that does not let a ufunc compute in another precision, nor make an array, unless
    it is a small one.
    """

    largest_new = 1

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        operands = [a for a in (*inputs, *out) if isinstance(a, np.ndarray | np.generic)]
        kinds = {a.dtype for a in operands if a.dtype.kind == "f"}
        assert len(kinds) <= 1, f"{ufunc.__name__} mixes {kinds}"
        if out:
            kwargs["out"] = tuple(_plain(a) for a in out)
        result = getattr(ufunc, method)(*(_plain(a) for a in inputs), **kwargs)
        if out:
            return out[0]
        assert np.size(result) <= self.largest_new, (
            f"{ufunc.__name__} makes an array of shape {np.shape(result)}"
        )
        return result


def _plain(a):
    return a.view(np.ndarray) if isinstance(a, Watched) else a


def watch(ws):
    """Return a copy of the workspace whose arrays are watched."""
    return SimpleNamespace(
        **{k: v.view(Watched) if isinstance(v, np.ndarray) else v for k, v in vars(ws).items()}
    )


def trajectories():
    """Return PyTorch's recorded arrays and the description of the cases."""
    with np.load(pathlib.Path(__file__).with_name("trajectories.npz")) as archive:
        arrays = dict(archive)
    return arrays, json.loads(str(arrays.pop("cases")))


def gradient_of_rows(loss, raw, target):
    """Return the loss (n,) of each row and its gradient (n, n_out), out of place."""
    raw, ws = raw.copy(), workspace(loss.buffers(raw.shape[-1]), raw.shape[-2], raw.dtype)
    loss.rows_and_grad(raw, target, ws)
    return ws.rows[:, 0], raw


def value_and_grad(loss, raw, target, weight=None, scale=1.0, ws=None):
    """Return the loss and its gradient, out of place."""
    raw = raw.copy()
    *lead, n, n_out = raw.shape
    ws = ws or workspace(loss.buffers(n_out), n, raw.dtype, lead)
    return loss.value_and_grad(raw, target, weight, scale, ws), raw


def rows(loss, raw, target):
    """Return the loss (n,) of each row."""
    ws = workspace(loss.buffers(raw.shape[-1]), raw.shape[-2], raw.dtype)
    loss.rows_and_grad(raw.copy(), target, ws)
    return ws.rows[:, 0]


@contextmanager
def helped_by(n):
    """Let ``n`` threads help."""
    before = len(_active)
    set_helpers(n)
    try:
        yield
    finally:
        set_helpers(before)
