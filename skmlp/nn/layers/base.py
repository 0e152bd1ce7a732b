"""What a layer is.

The one decision: a layer owns nothing. Its parameters, running arrays, buffers, input and output
come as views in a workspace ``ws``; it declares what its backward pass reads (``keeps``) and
whether it may work in place (``elementwise``), and the plan decides where everything lives. Samples
are the first axis and features the second; ``ws.ones`` is a row of ones, so that ``ones @ a`` sums
over samples, and ``ws.batch`` knows what share of the batch's weight each row has.
"""

from abc import abstractmethod
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from ..layout import Param, Row, Rows
from ..unit import Unit


class Layer(Unit):
    """The base class of layers, the steps of a network.

    A layer owns no array. Its parameters, running arrays and buffers, which it declares by name,
    its output ``ws.y`` and the gradients are attributes of the workspace ``ws`` that it is given.

    What it does to memory:

    * ``keeps``: which of input "x" and output "y" ``backward`` reads.
    * ``elementwise``: the output may overwrite the input, and the gradient of the input that of the
      output.
    * ``sparse_input``: the input may be a CSR matrix.

    What it does in training and in prediction:

    * ``training_only``: it does nothing in prediction.
    * ``monte_carlo``: it draws masks when predictions are sampled (Monte Carlo dropout), though it
      does nothing in prediction.
    * ``min_rows``: the least number of rows of a training batch.
    * ``whole_batch``: a prediction depends on the rows that are predicted together.
    * ``starts_from_rows``: ``start`` sets arrays from rows before training.
    * ``changes_with_progress``: what it does depends on ``ws.phase.progress``, the share of the
      epochs of a fit that are made.

    Its place in the network:

    * ``activates``: it ends a hidden layer.
    * ``inputs_per_unit``: how many inputs each output takes, if that is fixed.
    * ``span``: how many layers it bridges: 0, except for a :class:`~skmlp.nn.Join`, whose ``width``
      takes the widths of both its inputs.
    * ``tied``: how far below lies the layer whose weight it reads: 0, except for ``TiedDense``.
    """

    keeps: tuple[str, ...] = ()
    elementwise = False
    sparse_input = False
    training_only = False
    monte_carlo = False
    min_rows = 1
    whole_batch = False
    changes_with_progress = False
    starts_from_rows = False
    activates = False
    inputs_per_unit = 1
    span = 0
    tied = 0

    def width(self, n_in: int) -> int:
        """Return the number of outputs for ``n_in`` inputs."""
        return n_in

    def params(self, n_in: int) -> dict[str, Param]:
        """Return the trained arrays, a dict of name -> Param."""
        return {}

    def running(self, n_in: int) -> dict[str, Param]:
        """Return the arrays that training updates without gradients, a dict of name -> Param."""
        return {}

    def buffers(self, n_in: int) -> dict[str, Rows | Row]:
        """Return the working arrays, a dict of name -> Rows or Row."""
        return {}

    def start(
        self,
        x: np.ndarray,
        weight: np.ndarray | None,
        ws: SimpleNamespace,
        rng: np.random.Generator,
    ) -> None:
        """Set arrays that depend on the input from ``x`` (n, n_in), what the layers below make of
        rows to train on, before the first step; a CSR matrix where ``sparse_input`` lets it be one.

        ``weight`` (n,) or None counts repetitions. Overwrites: ws parameters, ws running arrays.
        """

    @abstractmethod
    def forward(self, x: np.ndarray, ws: SimpleNamespace, training: bool) -> None:
        """Compute the output from ``x`` (n, n_in).

        Overwrites: ws.y, ws buffers, in training ws running arrays.
        """

    @abstractmethod
    def backward(self, dy: np.ndarray, ws: SimpleNamespace) -> None:
        """Compute gradients from ``dy`` (n, width).

        ``ws.dx`` is the gradient with respect to the input, ``ws.d_weight`` that with respect to a
        parameter called ``weight``, and so on. Overwrites: ``ws.d_<param>``, ``ws.dx`` unless it is
        None, ws buffers.
        """

    def refresh(
        self,
        moments: Callable[[], tuple[np.ndarray, np.ndarray]],
        ws: SimpleNamespace,
        always: bool,
    ) -> None:
        """Set running arrays to those of the whole training set, if the layer wants that or must
        (``always``).

        ``moments()`` computes mean and variance (n_in,) of its input in prediction. Overwrites: ws
        running arrays.
        """

    def frozen(self) -> "Layer":
        """Return the layer that computes in training what this one does in prediction, with the
        same parameters and running arrays.
        """
        return self


def identity_forward(x: np.ndarray, ws: SimpleNamespace) -> None:
    """Make the output equal the input. Overwrites: ws.y."""
    if ws.y is not x:
        np.copyto(ws.y, x)


def identity_backward(dy: np.ndarray, ws: SimpleNamespace) -> None:
    """Make ``dy`` the gradient of the input. Overwrites: ws.dx unless it is None."""
    if ws.dx is not None and ws.dx is not dy:
        np.copyto(ws.dx, dy)
