"""Optimizers but Adam and its relatives, which are in ``adam.py``."""

import math

import numpy as np

from .base import Optimizer, asymptotic_step_of, descend


class SGD(Optimizer):
    r"""Stochastic gradient descent with momentum.

    With a parameter p of the network, its gradient g, the learning rate lr, ``momentum``
    :math:`\mu`, ``dampening`` d, and the velocity v, which starts at 0:

    .. math::

        v &\leftarrow \mu v - (1 - d) \, \mathrm{lr} \, g \\
        p &\leftarrow p + v

    With ``nesterovs_momentum`` the second line is

    .. math::

        p \leftarrow p + \mu v - (1 - d) \, \mathrm{lr} \, g

    Without dampening this is scikit-learn's form (Sutskever et al., 2013, equations 1 to 4), equal
    to PyTorch's ``SGD`` as long as the learning rate is constant. With ``dampening=momentum`` and
    a constant learning rate the velocity is -lr times a moving average of the gradient. PyTorch
    does not dampen its first step, and has no Nesterov momentum with dampening.

    Parameters
    ----------
    momentum : float in [0, 1], default=0.9
        Share of the velocity that stays in each step.
    nesterovs_momentum : bool, default=True
        Whether the step looks ahead along the velocity.
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

    def asymptotic(self, t, lr):
        return 0.0, lr * (1.0 - float(self.dampening)) / (1.0 - float(self.momentum))

    def asymptotic_step(self, t, lr, v, out, tmp):
        out.fill(self.asymptotic(t, lr)[1])


class RMSprop(Optimizer):
    r"""RMSprop (Tieleman and Hinton, 2012, lecture 6e): the gradient divided by its usual size.

    With a parameter p of the network, its gradient g, the learning rate lr, and a moving average v
    of the squared gradient, which starts at 0:

    .. math::

        v &\leftarrow \rho v + (1 - \rho) g^2 \\
        p &\leftarrow p - \mathrm{lr} \, \frac{g}{\sqrt{v} + \epsilon}

    The rule agrees with PyTorch's ``RMSprop(alpha=rho)``, whose default is 0.99.

    Parameters
    ----------
    rho : float in [0, 1), default=0.9
        Decay of the average v.
    epsilon : float > 0, default=1e-8
        Added to the denominator, so that it is never 0.
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

    def asymptotic(self, t, lr):
        return self.coefficients(t, lr)[1:]

    def asymptotic_step(self, t, lr, v, out, tmp):
        asymptotic_step_of(v, out, *self.asymptotic(t, lr))


class Adagrad(Optimizer):
    r"""Adagrad (Duchi et al., 2011, figure 1, diagonal): steps that shrink with all past gradients.

    With a parameter p of the network, its gradient g, the learning rate lr, and the sum v of all
    squared gradients so far:

    .. math::

        v &\leftarrow v + g^2 \\
        p &\leftarrow p - \mathrm{lr} \, \frac{g}{\sqrt{v} + \epsilon}

    The rule agrees with PyTorch's ``Adagrad``.

    Parameters
    ----------
    epsilon : float > 0, default=1e-8
        Added to the denominator, so that it is never 0.
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

    def asymptotic(self, t, lr):
        return self.coefficients(t, lr)

    def asymptotic_step(self, t, lr, v, out, tmp):
        asymptotic_step_of(v, out, *self.asymptotic(t, lr))


class Adadelta(Optimizer):
    r"""Adadelta (Zeiler, 2012, algorithm 1): the length of a step follows from the lengths of the
    steps before it.

    With a parameter p of the network, its gradient g, the learning rate lr, the step s, and moving
    averages v of the squared gradient and u of the squared step, which start at 0:

    .. math::

        v &\leftarrow \rho v + (1 - \rho) g^2 \\
        s &\leftarrow \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}} \, g \\
        u &\leftarrow \rho u + (1 - \rho) s^2 \\
        p &\leftarrow p - \mathrm{lr} \, s

    The rule agrees with PyTorch's ``Adadelta``. The paper has no learning rate: give the estimator
    ``learning_rate_init=1.0``. The first step has the length :math:`\sqrt{\epsilon / (1 - \rho)}`
    where the gradient is much larger than that, and later steps grow from there; so epsilon is more
    than a numerical floor, and the estimator's ``epsilon`` is not used.

    Parameters
    ----------
    rho : float in [0, 1), default=0.9
        Decay of the averages.
    epsilon : float > 0, default=1e-6
        Added below both square roots; a larger value makes the first steps longer.
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

    def asymptotic(self, t, lr):
        return self.coefficients(t, lr)[1:]

    def asymptotic_step(self, t, lr, v, u, out, tmp):
        # lr sqrt(u + epsilon) / sqrt(v + epsilon)
        epsilon, lr = self.asymptotic(t, lr)
        np.add(v, epsilon, out=tmp)
        np.add(u, epsilon, out=out)
        np.divide(out, tmp, out=out)
        np.sqrt(out, out=out)
        np.multiply(out, lr, out=out)


class Lion(Optimizer):
    r"""Lion (Chen et al., 2023, program 1): steps of one length in each coordinate, with decoupled
    weight decay.

    With a parameter p of the network, its gradient g, the learning rate lr, the estimator's
    ``alpha`` :math:`\alpha`, and a moving average m of the gradient, which starts at 0:

    .. math::

        p &\leftarrow p - \mathrm{lr} \, \alpha \, p \quad \text{(weights only)} \\
        p &\leftarrow p - \mathrm{lr} \, \mathrm{sign}(\beta_1 m + (1 - \beta_1) g) \\
        m &\leftarrow \beta_2 m + (1 - \beta_2) g

    As in :class:`~skmlp.nn.AdamW`, the decay is not divided by the number of rows. The betas have
    another meaning than Adam's, so the estimator's are not used; the learning rate should be three
    to ten times smaller than Adam's (section 5).

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Weight of the average m in the sum whose sign is the step; the gradient has the rest.
    beta_2 : float in [0, 1), default=0.99
        Decay of the average m.
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
