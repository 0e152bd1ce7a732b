"""The dense layer, and the layer that applies an activation."""

import math
from abc import abstractmethod

import numpy as np

from ..activations.base import Activation
from ..layout import Param, Rows
from ..products import multiply
from .base import Layer


class Affine(Layer):
    """y = x times a matrix, plus a bias: what a dense layer and one with a tied weight share."""

    keeps: tuple[str, ...] = ("x",)
    limits = {"n_out": "[1, inf)", "bias_rate": "[0, inf)"}
    whole: tuple[str, ...] = ("n_out",)

    def width(self, n_in):
        return self.n_out

    def forward(self, x, ws, training):
        self.product(x, ws)
        np.add(ws.y, ws.bias, out=ws.y)

    def backward(self, dy, ws):
        self.product_backward(dy, ws)
        np.matmul(ws.ones, dy, out=ws.d_bias)

    @abstractmethod
    def product(self, x, ws):
        """Write the product without the bias. Overwrites: ws.y."""

    @abstractmethod
    def product_backward(self, dy, ws):
        """Compute the gradients of the weight and of the input.

        Overwrites: ws.d_weight, ws.dx unless it is None.
        """


class Dense(Affine):
    """A dense (fully connected) layer: :math:`y = x W + b`, with weights W of shape (n_in, n_out)
    and biases b.

    Parameters
    ----------
    n_out : int >= 1
        Number of units.
    init : str or Initializer, default="glorot_uniform"
        How the weights start, a key of :mod:`skmlp.nn.initializers` or an instance; biases start at
        zero.
    weight_rate, bias_rate : float >= 0, default=1.0
        Factors on the learning rate of the weights and of the biases.
    by_fan_in : bool, default=False
        Whether the learning rate of the weights is also divided by the square root of the number of
        inputs.
    data_init : bool, default=False
        Whether the initial weights are scaled on training rows (after Kraehenbuehl et al.,
        "Data-dependent initializations of convolutional neural networks", 2016): the weights of
        each unit are divided by the standard deviation of its outputs, and its bias is minus the
        product of the weights with a random row, so that its output for this row is zero.
    """

    sparse_input = True
    limits = {**Affine.limits, "weight_rate": "[0, inf)"}
    flags = ("by_fan_in", "data_init")

    def __init__(
        self,
        n_out,
        init="glorot_uniform",
        weight_rate=1.0,
        bias_rate=1.0,
        by_fan_in=False,
        data_init=False,
    ):
        self.n_out = n_out
        self.init = init
        self.weight_rate = weight_rate
        self.bias_rate = bias_rate
        self.by_fan_in = by_fan_in
        self.data_init = data_init

    @property
    def starts_from_rows(self):
        return self.data_init

    def params(self, n_in):
        rate = float(self.weight_rate) / (math.sqrt(n_in) if self.by_fan_in else 1.0)
        return {
            "weight": Param((n_in, self.n_out), self.init, penalised=True, rate=rate),
            "bias": Param((1, self.n_out), rate=float(self.bias_rate)),
        }

    def start(self, x, weight, ws, rng):
        products = (x @ ws.weight).astype(np.float64)
        shares = None if weight is None else weight / np.add.reduce(weight, dtype=np.float64)
        mean = np.average(products, axis=0, weights=shares)
        scale = np.average(np.square(products - mean), axis=0, weights=shares)
        np.sqrt(scale, out=scale)
        # where only rounding varies, the weights stay
        least = 100.0 * np.finfo(ws.weight.dtype).eps * np.abs(products).max(axis=0)
        scale = np.where(scale > least, scale, 1.0)
        rows = rng.choice(len(products), self.n_out, p=shares)
        np.divide(ws.weight, scale, out=ws.weight, casting="same_kind")
        ws.bias[0] = -products[rows, np.arange(self.n_out)] / scale

    def product(self, x, ws):
        if isinstance(x, np.ndarray):
            multiply((x, ws.weight, ws.y))
        else:
            ws.y[...] = x @ ws.weight

    def product_backward(self, dy, ws):
        products = []
        if isinstance(ws.x, np.ndarray):
            products.append((ws.x.T, dy, ws.d_weight))
        else:
            ws.d_weight[...] = ws.x.T @ dy
        if ws.dx is not None:
            products.append((dy, ws.weight.T, ws.dx))
        multiply(*products)


class Activate(Layer):
    """The layer that applies an activation f to each value: :math:`y = f(x)`.

    Activations with parameters of their own, such as :class:`~skmlp.nn.PReLU`, are layers
    themselves and need no ``Activate``.

    Parameters
    ----------
    activation : Activation
        The function f, an instance of a class of :mod:`skmlp.nn.activations`, such as ``ReLU()``;
        see :class:`~skmlp.nn.Activation`.
    """

    elementwise = True
    activates = True

    def __init__(self, activation):
        self.activation = activation

    def check(self):
        if not isinstance(self.activation, Activation):
            raise ValueError(
                f"{self!r}: activation must be an Activation, got {self.activation!r}."
            )

    @property
    def keeps(self):
        return (self.activation.keeps,)

    def buffers(self, n_in):
        return {"tmp": Rows(n_in, scratch=True)}

    def forward(self, x, ws, training):
        self.activation.forward(x, ws.y, ws.tmp)

    def backward(self, dy, ws):
        if ws.dx is not None:
            kept = ws.y if self.activation.keeps == "y" else ws.x
            self.activation.backward(kept, dy, ws.dx, ws.tmp)
