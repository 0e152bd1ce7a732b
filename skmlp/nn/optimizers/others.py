"""Optimizers but Adam and its relatives, which are in ``adam.py``."""

import math

import numpy as np

from .base import Optimizer, asymptotic_step_of, descend


class SGD(Optimizer):
    """Gradient descent with momentum.

    ``v <- momentum v - (1 - dampening) lr g``, then ``p <- p + v``, or with Nesterov's momentum ``p
    <- p + momentum v - (1 - dampening) lr g``: without dampening scikit-learn's form, equal to
    PyTorch's ``SGD`` as long as the learning rate is constant (Sutskever et al., 2013, equations 1
    to 4). With ``dampening=momentum`` the velocity is lr times a moving average of the gradient.
    PyTorch does not dampen its first step.

    Parameters
    ----------
    momentum : float in [0, 1], default=0.9
    nesterovs_momentum : bool, default=True
    dampening : float in [0, 1), default=0.0
        Share of the gradient that does not enter the velocity.
    """

    slots = ("v",)
    limits = {"momentum": "[0, 1]", "dampening": "[0, 1)"}

    def __init__(self, momentum=0.9, nesterovs_momentum=True, dampening=0.0):
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.dampening = dampening

    def coefficients(self, t, lr):
        return float(self.momentum), lr * (1.0 - float(self.dampening))

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

    def lasting(self, lr, response):
        # the velocity r <- momentum r + rate of a lasting gradient of 1, and its step, r or
        # momentum r + rate; both rate / (1 - momentum) if lr were constant
        momentum, rate = self.coefficients(1, lr)
        response = momentum * response + rate
        step = momentum * response + rate if self.nesterovs_momentum else response
        return step * (1.0 - momentum) / (1.0 - float(self.dampening)), response

    def asymptotic_step(self, t, lr, v, out, tmp):
        out.fill(lr * (1.0 - float(self.dampening)) / (1.0 - float(self.momentum)))


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton, 2012, lecture 6e).

    ``v <- rho v + (1 - rho) g^2``; ``p <- p - lr g / (sqrt(v) + epsilon)``. Agrees with PyTorch's
    ``RMSprop(alpha=rho)``. The slot holds ``v / (1 - rho)``.

    Parameters
    ----------
    rho : float in [0, 1), default=0.9
    epsilon : float > 0, default=1e-8
    """

    slots = ("v",)
    averages = {"v": "rho"}
    squares = ("v",)
    bounded = True
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
        descend(p, g, v, tmp, epsilon, rate)

    def asymptotic_step(self, t, lr, v, out, tmp):
        _, epsilon, rate = self.coefficients(t, lr)
        asymptotic_step_of(v, out, epsilon, rate)


class Adagrad(Optimizer):
    """Adagrad (Duchi et al., 2011, figure 1, diagonal).

    ``v <- v + g^2``; ``p <- p - lr g / (sqrt(v) + epsilon)``. Agrees with PyTorch's ``Adagrad``.

    Parameters
    ----------
    epsilon : float > 0, default=1e-8
    """

    slots = ("v",)
    squares = ("v",)
    bounded = True
    limits = {"epsilon": "(0, inf)"}

    def __init__(self, epsilon=1e-8):
        self.epsilon = epsilon

    def coefficients(self, t, lr):
        return float(self.epsilon), lr

    def update(self, p, g, v, tmp, epsilon, rate):
        np.multiply(g, g, out=tmp)
        np.add(v, tmp, out=v)
        descend(p, g, v, tmp, epsilon, rate)

    def asymptotic_step(self, t, lr, v, out, tmp):
        asymptotic_step_of(v, out, *self.coefficients(t, lr))


class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012, algorithm 1).

    ``v <- rho v + (1 - rho) g^2``; ``step = sqrt(u + epsilon) / sqrt(v + epsilon) g``; ``u <- rho u
    + (1 - rho) step^2``; ``p <- p - lr step``. Agrees with PyTorch's ``Adadelta``. The slots hold
    ``v / (1 - rho)`` and ``u / (1 - rho)``.

    The paper has no learning rate: its steps have a length of their own, which grows from
    sqrt(epsilon), so that epsilon is no mere floor. Give the estimator ``learning_rate_init=1.0``;
    its ``epsilon`` is not used.

    Parameters
    ----------
    rho : float in [0, 1), default=0.9
    epsilon : float > 0, default=1e-6
    """

    slots = ("v", "u")
    averages = {"v": "rho", "u": "rho"}
    squares = ("v", "u")
    not_shared = ("epsilon",)
    limits = {"rho": "[0, 1)", "epsilon": "(0, inf)"}

    def __init__(self, rho=0.9, epsilon=1e-6):
        self.rho = rho
        self.epsilon = epsilon

    def coefficients(self, t, lr):
        # (1 - rho) cancels in the ratio but for epsilon
        return float(self.rho), float(self.epsilon) / (1.0 - float(self.rho)), lr

    def update(self, p, g, v, u, tmp, rho, epsilon, lr):
        np.multiply(g, g, out=tmp)
        np.multiply(v, rho, out=v)
        np.add(v, tmp, out=v)
        # g <- step
        np.add(v, epsilon, out=tmp)
        np.sqrt(tmp, out=tmp)
        np.divide(g, tmp, out=g)
        np.add(u, epsilon, out=tmp)
        np.sqrt(tmp, out=tmp)
        np.multiply(g, tmp, out=g)
        np.multiply(g, g, out=tmp)
        np.multiply(u, rho, out=u)
        np.add(u, tmp, out=u)
        np.multiply(g, lr, out=g)
        np.subtract(p, g, out=p)

    def asymptotic_step(self, t, lr, v, u, out, tmp):
        # lr sqrt(u + epsilon) / sqrt(v + epsilon)
        _, epsilon, lr = self.coefficients(t, lr)
        np.add(v, epsilon, out=tmp)
        np.add(u, epsilon, out=out)
        np.divide(out, tmp, out=out)
        np.sqrt(out, out=out)
        np.multiply(out, lr, out=out)


class Lion(Optimizer):
    """Lion (Chen et al., 2023, program 1): steps of one length in each coordinate, with decoupled
    weight decay.

    ``p <- p - lr alpha p`` for the weights; ``p <- p - lr sign(beta_1 m + (1 - beta_1) g)``; ``m <-
    beta_2 m + (1 - beta_2) g``. The decay is the estimator's ``alpha`` itself, as in ``AdamW``. The
    slot holds ``m / (1 - beta_2)``. The betas mean something else than Adam's, so the estimator's
    are not used; its learning rate should be three to ten times smaller than Adam's (section 5).

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Share of the average in the direction of the step.
    beta_2 : float in [0, 1), default=0.99
        Decay of the average.
    """

    slots = ("m",)
    averages = {"m": "beta_2"}
    decoupled = True
    not_shared = ("beta_1", "beta_2")
    limits = {"beta_1": "[0, 1)", "beta_2": "[0, 1)"}

    def __init__(self, beta_1=0.9, beta_2=0.99):
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def coefficients(self, t, lr):
        # the sign is that of share m / (1 - beta_2) + g
        beta_1, beta_2 = float(self.beta_1), float(self.beta_2)
        return beta_1 * (1.0 - beta_2) / (1.0 - beta_1), beta_2, lr

    def update(self, p, g, m, tmp, share, beta_2, lr):
        np.multiply(m, share, out=tmp)
        np.add(tmp, g, out=tmp)
        np.sign(tmp, out=tmp)
        np.multiply(tmp, lr, out=tmp)
        np.subtract(p, tmp, out=p)
        np.multiply(m, beta_2, out=m)
        np.add(m, g, out=m)
