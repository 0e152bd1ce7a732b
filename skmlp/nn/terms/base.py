"""Terms: layers that add something of their own to the objective of training.

The one decision: a term is a layer, so that what it reads, its parameters and its memory are
planned like those of any other. Between the forward and the backward pass the network asks each
term for its value, which the loss reported includes; ``backward`` adds the gradient.
"""

from abc import abstractmethod
from types import SimpleNamespace

import numpy as np

from ..layers.base import Layer, identity_forward


class Term(Layer):
    """The base class of terms, layers that in training add a term to the objective.

    After the forward pass of the whole network ``objective`` gives the value of the term; then
    ``backward``, as in any layer, passes the gradient on and adds that of the term. A class may set

    * ``keeps``: which of input "x" and output "y" the two methods read.
    * ``identity``: the output is the input, and both have one memory; False for a term that changes
      its input.
    * ``training_only``: False for a term that does something in prediction too.
    * ``needs_subnetwork``: whether it needs ``ws.twin``, the layers below it, to see what these
      make of other rows, and ``ws.first``, the workspace of the first layer, whose ``x`` is the
      batch.

    The workspace also has ``ws.value_and_grad``, the method of the network's loss (without missing
    entries, where there are some), and ``ws.loss``, the workspace that this method takes, for raw
    scores as wide as the network's.
    """

    keeps = ("y",)
    elementwise = True
    training_only = True
    identity = True
    needs_subnetwork = False

    def forward(self, x: np.ndarray, ws: SimpleNamespace, training: bool) -> None:
        identity_forward(x, ws)

    @abstractmethod
    def objective(
        self, ws: SimpleNamespace, target: np.ndarray, weight: np.ndarray | None, scale: float
    ) -> float:
        """Return the term of a batch, a float, and leave in buffers what ``backward`` needs.

        The value is a mean over the rows, each counting ``weight`` (n, 1) times (None: once), with
        ``scale`` = 1 / sum of the weights; ``ws.batch.column`` holds these shares, weight times
        scale. ``target`` (n, n_targets). Overwrites: ws buffers, ``ws.d_<param>``.
        """
