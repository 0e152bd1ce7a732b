"""What a layer is.

The one decision: a layer owns nothing. Its parameters, state, buffers, input and output come as
views in a workspace ``ws``; it declares what its backward pass reads (``keeps``) and whether it may
work in place (``elementwise``), and the plan decides where everything lives. Samples are axis -2
and features axis -1; ``ws.ones`` is a row of ones, so that ``ones @ a`` sums over samples, and
``ws.batch`` knows what share of the batch's weight each row has.
"""

from abc import abstractmethod

from ..unit import Unit


class Layer(Unit):
    """One step of a network.

    ``keeps``: which of input "x" and output "y" ``backward`` reads. ``elementwise``: the output may
    overwrite the input, and the gradient of the input that of the output. ``training_only``: does
    nothing in prediction. ``sparse_input``: the input may be a CSR matrix. ``min_rows``: least
    number of rows a training batch should have. ``whole_batch``: prediction depends on which rows
    come together. ``activates``: it ends a hidden layer. ``inputs_per_unit``: how many inputs each
    output takes, if that is fixed. ``span``: how many layers it bridges, 0 but for a join
    (``skip.py``), whose ``width`` takes the width of both its inputs. ``tied``: how far below lies
    the layer whose weight it reads, 0 but for a tied one (``tied.py``). ``adds_term``: it adds
    something to the objective (``terms/base.py``, where ``passes``, ``below`` and
    ``needs_subnetwork`` are explained).
    """

    keeps: tuple = ()
    elementwise = False
    training_only = False
    sparse_input = False
    min_rows = 1
    whole_batch = False
    activates = False
    inputs_per_unit = 1
    span = 0
    tied = 0
    adds_term = False
    passes = False
    below = 0
    needs_subnetwork = False

    @abstractmethod
    def width(self, n_in):
        """Return the number of outputs for ``n_in`` inputs."""

    @abstractmethod
    def params(self, n_in):
        """Return the trained arrays, a dict of name -> Param."""

    @abstractmethod
    def state(self, n_in):
        """Return the arrays that training carries along without gradients, a dict of name ->
        Param.
        """

    @abstractmethod
    def buffers(self, n_in):
        """Return the working arrays, a dict of name -> Rows or Row."""

    @abstractmethod
    def forward(self, x, ws, training):
        """Compute the output from ``x`` (..., n, n_in).

        Overwrites: ws.y, ws buffers, in training ws state.
        """

    @abstractmethod
    def backward(self, dy, ws):
        """Compute gradients from ``dy`` (..., n, width).

        Overwrites: ws.d_<param>, ws.dx unless it is None, ws buffers.
        """


def same_width(self, n_in):
    """Return the number of outputs of a layer that has as many as inputs: its ``width``."""
    return n_in


def no_arrays(self, n_in):
    """Return the arrays of a layer that has none: its ``params`` or ``state``."""
    return {}
