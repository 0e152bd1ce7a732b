"""Optimizers: rules that turn a gradient into a step.

The one decision: a rule is elementwise, in place, and stateless; its memory (``slots``) is vectors as long as the parameters.
So the updater (``updater.py``) can run it over blocks that fit the cache, and a checkpoint is a few arrays. Constants that do not
depend on the element are folded into as few numbers as possible by ``coefficients``, once per step.

To add one: derive from ``Optimizer``, write the equations, ``coefficients`` and ``update``, put it into ``OPTIMIZERS``; the tests
iterate the registry.
"""

import math
from abc import abstractmethod

import numpy as np

from .unit import Unit


class Optimizer(Unit):
    """A rule p <- p - step(g).

    ``slots`` names its state vectors, zero at the start. ``decoupled`` rules shrink the weights by ``lr * alpha`` themselves instead
    of getting the gradient of the penalty.
    """

    slots: tuple = ()
    decoupled = False

    @abstractmethod
    def coefficients(self, t, lr):
        """Return the Python floats that ``update`` takes, for step ``t`` = 1, 2, ... and learning rate ``lr``."""

    @abstractmethod
    def update(self, p, g, *slots_tmp_coefficients):
        """Apply one step to a block: ``p``, ``g``, each slot, scratch ``tmp``, then the coefficients. Overwrites: all arrays."""


class Sgd(Optimizer):
    """Gradient descent with momentum.

    ``v <- momentum v - lr g``, then ``p <- p + v``, or with Nesterov's momentum ``p <- p + momentum v - lr g``: scikit-learn's
    form, equal to PyTorch's ``SGD`` as long as the learning rate is constant (Sutskever et al., 2013, equations 1 to 4).

    Parameters
    ----------
    momentum : float in [0, 1], default=0.9
    nesterovs_momentum : bool, default=True
    """

    slots = ("v",)
    limits = {"momentum": "[0, 1]"}

    def __init__(self, momentum=0.9, nesterovs_momentum=True):
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum

    def coefficients(self, t, lr):
        return float(self.momentum), lr

    def update(self, p, g, v, tmp, momentum, lr):
        np.multiply(g, lr, out=g)
        np.multiply(v, momentum, out=v)
        np.subtract(v, g, out=v)
        if self.nesterovs_momentum:
            np.multiply(v, momentum, out=tmp)
            np.subtract(tmp, g, out=tmp)
            np.add(p, tmp, out=p)
        else:
            np.add(p, v, out=p)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015, the efficient form at the end of section 2).

    ``m <- beta_1 m + (1 - beta_1) g``; ``v <- beta_2 v + (1 - beta_2) g^2``;
    ``p <- p - lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)``: scikit-learn's form, with epsilon added before the
    correction of v. PyTorch adds its epsilon after: pass it ``epsilon / sqrt(1 - beta_2^t)`` to agree. The slots hold
    ``m / (1 - beta_1)`` and ``v / (1 - beta_2)``.

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
    beta_2 : float in [0, 1), default=0.999
    epsilon : float > 0, default=1e-8
    """

    slots = ("m", "v")
    limits = {"beta_1": "[0, 1)", "beta_2": "[0, 1)", "epsilon": "(0, inf)"}

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def coefficients(self, t, lr):
        return _adam_coefficients(self, t, lr)

    def update(self, p, g, m, v, tmp, beta_1, beta_2, epsilon, rate):
        _adam(p, g, m, v, tmp, beta_1, beta_2, epsilon, rate)


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).

    ``p <- p - lr alpha p`` for the weights, then Adam's step without the gradient of the penalty. The decay is the estimator's
    ``alpha`` itself, not divided by the number of rows; agrees with PyTorch's ``AdamW`` but for the place of epsilon (see ``Adam``).

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
    beta_2 : float in [0, 1), default=0.999
    epsilon : float > 0, default=1e-8
    """

    slots = ("m", "v")
    decoupled = True
    limits = {"beta_1": "[0, 1)", "beta_2": "[0, 1)", "epsilon": "(0, inf)"}

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def coefficients(self, t, lr):
        return _adam_coefficients(self, t, lr)

    def update(self, p, g, m, v, tmp, beta_1, beta_2, epsilon, rate):
        _adam(p, g, m, v, tmp, beta_1, beta_2, epsilon, rate)


class RMSProp(Optimizer):
    """RMSProp (Tieleman and Hinton, 2012, lecture 6e).

    ``v <- rho v + (1 - rho) g^2``; ``p <- p - lr g / (sqrt(v) + epsilon)``. Agrees with PyTorch's ``RMSprop(alpha=rho)``. The slot
    holds ``v / (1 - rho)``.

    Parameters
    ----------
    rho : float in [0, 1), default=0.9
    epsilon : float > 0, default=1e-8
    """

    slots = ("v",)
    limits = {"rho": "[0, 1)", "epsilon": "(0, inf)"}

    def __init__(self, rho=0.9, epsilon=1e-8):
        self.rho = rho
        self.epsilon = epsilon

    def coefficients(self, t, lr):
        # g / (sqrt((1 - rho) v) + epsilon), divided through by sqrt(1 - rho)
        root = math.sqrt(1.0 - self.rho)
        return float(self.rho), float(self.epsilon) / root, lr / root

    def update(self, p, g, v, tmp, rho, epsilon, rate):
        np.multiply(g, g, out=tmp)
        np.multiply(v, rho, out=v)
        np.add(v, tmp, out=v)
        _descend(p, g, v, tmp, epsilon, rate)


class Adagrad(Optimizer):
    """Adagrad (Duchi et al., 2011, figure 1, diagonal).

    ``v <- v + g^2``; ``p <- p - lr g / (sqrt(v) + epsilon)``. Agrees with PyTorch's ``Adagrad``.

    Parameters
    ----------
    epsilon : float > 0, default=1e-8
    """

    slots = ("v",)
    limits = {"epsilon": "(0, inf)"}

    def __init__(self, epsilon=1e-8):
        self.epsilon = epsilon

    def coefficients(self, t, lr):
        return float(self.epsilon), lr

    def update(self, p, g, v, tmp, epsilon, rate):
        np.multiply(g, g, out=tmp)
        np.add(v, tmp, out=v)
        _descend(p, g, v, tmp, epsilon, rate)


def _adam_coefficients(rule, t, lr):
    # with m' = m / (1 - beta_1), v' = v / (1 - beta_2): m / (sqrt(v) + eps) = (1 - b1) / sqrt(1 - b2) m' / (sqrt(v') + eps / sqrt(1 - b2))
    beta_1, beta_2 = float(rule.beta_1), float(rule.beta_2)
    root = math.sqrt(1.0 - beta_2)
    correction = math.sqrt(1.0 - beta_2**t) / (1.0 - beta_1**t)
    return beta_1, beta_2, float(rule.epsilon) / root, lr * correction * (1.0 - beta_1) / root


def _adam(p, g, m, v, tmp, beta_1, beta_2, epsilon, rate):
    """m <- beta_1 m + g; v <- beta_2 v + g^2; p <- p - rate m / (sqrt(v) + epsilon). Overwrites: p, g, m, v, tmp."""
    np.multiply(m, beta_1, out=m)
    np.add(m, g, out=m)
    np.multiply(g, g, out=g)
    np.multiply(v, beta_2, out=v)
    np.add(v, g, out=v)
    _descend(p, m, v, tmp, epsilon, rate)


def _descend(p, direction, v, tmp, epsilon, rate):
    """p <- p - rate direction / (sqrt(v) + epsilon). Overwrites: p, tmp."""
    np.sqrt(v, out=tmp)
    np.add(tmp, epsilon, out=tmp)
    np.divide(direction, tmp, out=tmp)
    np.multiply(tmp, rate, out=tmp)
    np.subtract(p, tmp, out=p)


OPTIMIZERS = {
    "sgd": Sgd,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSProp,
    "adagrad": Adagrad,
}
