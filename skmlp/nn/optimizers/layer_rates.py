"""Factors on the learning rate by layer."""

from ..unit import Unit


class LayerRates(Unit):
    r"""Factors on the learning rate of each layer.

    With the factor c of a layer from ``layers``, the number :math:`n_{in}` of its inputs and b =
    ``bias``, the learning rates are multiplied by

    .. math::

        \text{weights:} \quad & \begin{cases} c / \sqrt{n_{in}} & \text{with } \mathrm{fan\_in} \\
        c & \text{without} \end{cases} \\
        \text{biases:} \quad & c \, b

    A rule like Adam moves each weight by about the learning rate, so that the sum that a unit
    computes changes the more, the more inputs it has; ``fan_in`` compensates for that. For rules
    like Adam, and weights that start by :class:`~skmlp.nn.LecunNormal`, training is then as with
    weights in NTK form (Jacot, Gabriel and Hongler, "Neural tangent kernel", 2018), which are
    standard normal and divided by the square root of the number of inputs in the forward pass.
    Holzmueller, Grinsztajn and Steinwart, "Better by default" (2024), train tables in that form,
    and biases with ``bias=0.1``.

    Parameters
    ----------
    fan_in : bool, default=True
        Whether the rate of a weight matrix is divided by the square root of its number of inputs.
    bias : float >= 0, default=1.0
        Factor of the biases.
    layers : float >= 0, list of float or None, default=None
        Factor of a layer, its weights and its bias, one value or one for each weight matrix; 0
        leaves these as they start, except for decoupled weight decay. None means 1.
    """

    limits = {"bias": "[0, inf)"}
    flags = ("fan_in",)

    def __init__(self, fan_in=True, bias=1.0, layers=None):
        self.fan_in = fan_in
        self.bias = bias
        self.layers = layers
