"""What a training shows of its layers: sizes of gradients, spread of activations, units that are
dead or saturated.

The one decision: all is measured on the last batch of an epoch, where ``gradient_norm`` is, from
what its forward and backward pass left in the plan; so training itself computes the same as
without, and all the cost is once in an epoch.
"""

from types import SimpleNamespace

import numpy as np

from ..optimizers.clipping import global_norm
from .epoch_end import Callback

# a derivative below it counts as zero: the logistic function within 0.005 of an end, tanh within
# 0.0025
FLAT = 0.005


class Diagnostics(Callback):
    """Adds to each record, of the epoch's last batch:

    * ``gradient_norm_l``: Euclidean norm of the gradient of weight matrix l, penalty included, L1
      excepted, before clipping;
    * ``activation_mean_l``, ``activation_std_l``: of the outputs of hidden layer l over rows and
      units, before dropout, each row alike;
    * ``saturated_l``: share of these outputs at which the activation's derivative is below 0.005 in
      size; for relu, of inactive ones;
    * ``dead_l``: share of the units of hidden layer l that are so in every row, so that no gradient
      passes them.
    """

    def __init__(self):
        self.values = {}

    def measure(self, network, plan):
        """Measure after a forward and backward pass through ``plan``, which keeps outputs."""
        grads, self.values = network.layout.views(network.grads), {}
        weights = [grad for (_, name), grad in grads.items() if name == "weight"]
        for number, grad in enumerate(weights):
            self.values[f"gradient_norm_{number}"] = global_norm(grad.reshape(-1))
        hidden = [
            (layer, ws)
            for layer, ws in zip(network.layers, plan.layers, strict=True)
            if layer.activates
        ]
        for number, (layer, ws) in enumerate(hidden):
            flat = derivative_of(layer, ws) < FLAT
            self.values[f"activation_mean_{number}"] = float(np.mean(ws.y, dtype=np.float64))
            self.values[f"activation_std_{number}"] = float(np.std(ws.y, dtype=np.float64))
            self.values[f"saturated_{number}"] = float(np.mean(flat))
            self.values[f"dead_{number}"] = float(np.mean(np.all(flat, axis=-2)))

    def epoch_end(self, trainer, record):
        record.update(self.values)


def derivative_of(layer, ws):
    """Return the size (n, n_units) of the derivative of each output of a hidden layer: its
    gradient's, where 1 comes from above.
    """
    own = {name: np.empty_like(array) for name, array in vars(ws).items() if name.startswith("d_")}
    own["dx"] = np.empty_like(ws.x)
    layer.backward(np.ones_like(ws.y), SimpleNamespace(**{**vars(ws), **own}))
    pieces = own["dx"].reshape(len(ws.y), layer.inputs_per_unit, ws.y.shape[-1])
    return np.abs(pieces).sum(axis=-2)
