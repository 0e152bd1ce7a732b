"""The structure of a network: its layers, their named arrays in flat vectors, and what is saved of
them.

The one decision: all parameters are one vector and all running statistics another; the layers work
on views of them. A pickle holds these two vectors and what the network was made of: all else
follows.
"""

import math

import numpy as np

from ..initializers import INITIALIZERS, Initializer
from ..layers.base import Layer
from ..layout import Layout
from ..losses.base import Loss
from ..optimizers.l2 import merged
from ..saved import (
    COUNT,
    EXTENT,
    TEXT,
    Copies,
    Kind,
    check_attributes,
    check_fit,
    is_array,
    is_finite,
    is_plain,
    refusal,
    shown,
    stamped,
    unstamped,
)
from ..unit import check_unit


class Structure(Copies):
    """Layers under a loss, and their parameters and running statistics; see ``Network``."""

    kinds = {
        "layers": Kind("a list of layers", lambda value: type(value) is list and len(value) > 0),
        "loss": Kind("a loss", lambda value: isinstance(value, Loss)),
        "n_in": COUNT,
        "dtype": TEXT,
        "alphas": Kind(
            "a tuple of penalties",
            lambda value: type(value) is tuple and all(map(EXTENT.holds, value)),
        ),
        "arrays": Kind(
            "a list of names and shapes", lambda value: type(value) is list and is_plain(value)
        ),
        "params": Kind("an array", is_array),
        "running": Kind("an array", is_array),
    }

    def __init__(self, layers, loss, n_in, dtype=np.float32, alphas=(), objective=None):
        self._build(layers, loss, n_in, dtype, alphas, objective)
        self.params = np.zeros(self.layout.size, self.dtype)
        self.running = np.zeros(self.running_layout.size, self.dtype)

    def _build(self, layers, loss, n_in, dtype, alphas, objective=None):
        """Set everything but the numbers, and allocate nothing."""
        self.layers = list(layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"layers must be instances of Layer, got {shown(layer)}.")
        self.loss = loss
        self.objective = loss if objective is None else objective
        self.dtype = np.dtype(dtype)
        self.widths = [n_in]
        params, running = {}, {}
        for i, layer in enumerate(self.layers):
            n = self.widths[-1]
            params |= {(i, name): param for name, param in layer.params(n).items()}
            running |= {(i, name): param for name, param in layer.running(n).items()}
            if layer.tied:
                self._check_tied(i, params)
            if layer.span > i:
                raise ValueError(
                    f"{layer!r} bridges {layer.span} layers, but only {i} lie below it."
                )
            joined = (self.widths[i - layer.span],) if layer.span else ()
            self.widths.append(layer.width(self.widths[-1], *joined))
        self.branches = [
            i - layer.span for i, layer in enumerate(self.layers) if layer.span
        ]  # layers whose input is read twice
        if "y" in self.layers[-1].keeps:
            raise ValueError(
                f"The last layer, {self.layers[-1]!r}, reads its output in backward; the loss "
                "overwrites that output."
            )
        self.layout, self.running_layout = Layout(params), Layout(running)
        self.alphas = tuple(map(float, alphas))
        self.penalties = merged(zip(self.penalised, self.alphas, strict=False))

    def _check_tied(self, i, params):
        """Raise ``ValueError`` if layer ``i`` cannot read the transposed weight of the one it is
        tied to.
        """
        layer, owner = self.layers[i], i - self.layers[i].tied
        shape = params[owner, "weight"].shape if (owner, "weight") in params else None
        wanted = (layer.n_out, self.widths[-1])
        if shape != wanted:
            found = "there is none" if shape is None else f"it has the shape {shape}"
            raise ValueError(
                f"Layer {i}, {layer!r}, needs a weight of shape {wanted} in layer {owner}, but "
                f"{found}."
            )

    # ---- names

    @property
    def n_in(self):
        return self.widths[0]

    @property
    def n_out(self):
        return self.widths[-1]

    @property
    def n_targets(self):
        """Width of a target; a loss may want several scores for each."""
        return self.n_out // self.loss.n_scores

    @property
    def penalised(self):
        """The parts of the flat vector that penalties apply to, one slice per array, in the
        order of the layers.
        """
        return [
            self.layout.slices[key] for key, param in self.layout.params.items() if param.penalised
        ]

    @property
    def min_rows(self):
        """Least number of rows a training batch should have."""
        return max(layer.min_rows for layer in self.layers)

    @property
    def sparse_input(self):
        """Whether ``loss_and_grad`` and ``scores`` take CSR matrices as they are."""
        return self.layers[0].sparse_input and 0 not in self.branches

    def views(self):
        """Return the parameters by (layer number, name), as views."""
        return self.layout.views(self.params)

    def running_views(self):
        """Return the running statistics by (layer number, name), as views."""
        return self.running_layout.views(self.running)

    def weights(self):
        """Return the weight matrix of each layer that multiplies with one, as views: a tied
        layer's is its owner's, transposed.
        """
        views = self.views()
        owned = [views.get((i - layer.tied, "weight")) for i, layer in enumerate(self.layers)]
        return [
            w.mT if layer.tied else w
            for w, layer in zip(owned, self.layers, strict=True)
            if w is not None
        ]

    def initialise(self, rng):
        """Fill all arrays with their starting values. Overwrites: params, running."""
        for layout, flat in ((self.layout, self.params), (self.running_layout, self.running)):
            for key, view in layout.views(flat).items():
                init = layout.params[key].init
                (INITIALIZERS[init]() if isinstance(init, str) else init).fill(view, rng)

    def start_output(self, values):
        """Set the last layer's bias, of shape (n_out,), and that of each head.

        Overwrites: params.
        """
        for (i, name), view in self.views().items():
            if name == "head_bias" or (i, name) == (len(self.layers) - 1, "bias"):
                view[...] = values

    def load(self, other):
        """Take over the numbers of a network of the same shape. Overwrites: params, running."""
        for name, mine, theirs in (
            ("parameters", self.layout, other.layout),
            ("statistics", self.running_layout, other.running_layout),
        ):
            # in order, for layers without arrays, such as dropout, may come and go
            shapes = [
                [(key[1], param.shape) for key, param in layout.params.items()]
                for layout in (theirs, mine)
            ]
            if shapes[0] != shapes[1]:
                raise ValueError(f"The {name} had the shapes {shapes[0]} and now have {shapes[1]}.")
        self.params[...] = other.params
        self.running[...] = other.running

    def load_layers(self, other, places):
        """Take over the numbers of some layers of another network, ``places``: (mine, its) layer
        numbers. Overwrites: params, running.
        """
        for mine, theirs in (
            (self.views(), other.views()),
            (self.running_views(), other.running_views()),
        ):
            for here, there in places:
                for key in [key for key in mine if key[0] == here]:
                    mine[key][...] = theirs[there, key[1]]

    def __getstate__(self):
        """Return what the network was made of and its numbers: all else follows."""
        made_of = {
            "layers": self.layers,
            "loss": self.loss,
            "n_in": self.n_in,
            "dtype": self.dtype.name,
            "alphas": self.alphas,
        }
        return stamped(
            {**made_of, "arrays": self._arrays(), "params": self.params, "running": self.running}
        )

    def __setstate__(self, state):
        state = unstamped(state, type(self).__name__)
        check_attributes(type(self).__name__, state, self.kinds)
        _check_units(state["layers"], state["loss"])
        self._take(state)
        self._check_numbers()

    def _take(self, state):
        arrays, params, running = (state.pop(name) for name in ("arrays", "params", "running"))
        self._build(**state)
        check_fit("arrays", arrays, self._arrays())
        for name, saved, layout in (
            ("parameters", params, self.layout),
            ("statistics", running, self.running_layout),
        ):
            check_fit(
                f"{name}' shape and type", (saved.shape, saved.dtype), ((layout.size,), self.dtype)
            )
        self.params, self.running = params, running

    def check(self):
        """Raise ``ValueError`` unless it can come from a file: whole units, and numbers that
        training can have left.
        """
        if "params" not in vars(self):
            raise refusal("Network", "it has no params")
        _check_units(self.layers, self.loss)
        self._check_numbers()

    def _check_numbers(self):
        """Raise ``ValueError`` for a type, a width or numbers that no trained network has."""
        if self.dtype.kind != "f" or not all(map(COUNT.holds, self.widths)) or 0 in self.widths:
            raise refusal(
                "Network",
                f"its type is {self.dtype} and its widths are {self.widths}, but should be "
                "floating and positive",
            )
        self.loss.check_outputs(self.n_out)
        for name, layout, flat in (
            ("parameters", self.layout, self.params),
            ("statistics", self.running_layout, self.running),
        ):
            if not is_finite(flat):
                raise refusal(
                    "Network",
                    f"{np.count_nonzero(~np.isfinite(flat))} of its {name} are not finite",
                )
            for key, param in layout.params.items():
                if param.init not in INITIALIZERS and not isinstance(param.init, Initializer):
                    raise refusal(
                        "Network",
                        f"the {key[1]} of layer {key[0]} starts by {param.init!r}, which is no "
                        "initializer",
                    )
                if (
                    param.least > -math.inf
                    and flat[layout.slices[key]].min(initial=param.least) < param.least
                ):
                    raise refusal(
                        "Network",
                        f"the {key[1]} of layer {key[0]} is below {param.least:g}, which it "
                        "cannot be",
                    )

    def _arrays(self):
        """Return layer, name and shape of each array, in their order in the flat vectors."""
        return [
            (*key, *param.shape)
            for layout in (self.layout, self.running_layout)
            for key, param in layout.params.items()
        ]


def _check_units(layers, loss):
    """Raise ``ValueError`` unless these are whole layers and a whole loss."""
    for layer in layers:
        check_unit(layer, Layer)
    check_unit(loss, Loss)
