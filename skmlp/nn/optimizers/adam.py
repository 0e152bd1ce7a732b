"""Adam and its relatives: optimizers with an average of the gradient and one of its square.

The one decision: the slots hold the averages without the factors 1 - beta, which are folded into
the coefficients, so that each average costs a product and a sum.
"""

import math

import numpy as np

from .base import Optimizer, asymptotic_step_of, descend


class Adam(Optimizer):
    r"""Adam (Kingma and Ba, 2015): a step divided by the usual size of each parameter's gradient.

    With a parameter p of the network, its gradient g in step t = 1, 2, ..., the learning rate lr,
    and moving averages m of the gradient and v of its square, which start at 0:

    .. math::

        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        p &\leftarrow p - \mathrm{lr} \, \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}
        \frac{m}{\sqrt{v} + \epsilon}

    This is scikit-learn's form, the efficient one at the end of section 2 of the paper, in which
    epsilon is added before the correction of v. PyTorch adds its epsilon after it: with
    :math:`\epsilon / \sqrt{1 - \beta_2^t}` in step t it would agree.

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay of the average m of the gradient.
    beta_2 : float in [0, 1), default=0.999
        Decay of the average v of the squared gradient.
    epsilon : float > 0, default=1e-8
        Added to the denominator, so that it is never 0.
    """

    slots: tuple[str, ...] = ("m", "v")
    averages = {"m": "beta_1", "v": "beta_2"}
    squares: tuple[str, ...] = ("v",)
    bounded = True
    limits = {"beta_1": "[0, 1)", "beta_2": "[0, 1)", "epsilon": "(0, inf)"}

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def coefficients(self, t, lr):
        # with m' = m / (1 - beta_1), v' = v / (1 - beta_2): m / (sqrt(v) + eps) = (1 - b1) / sqrt(1
        # - b2) m' / (sqrt(v') + eps / sqrt(1 - b2))
        beta_1, beta_2 = float(self.beta_1), float(self.beta_2)
        root = math.sqrt(1.0 - beta_2)
        correction = (1.0 - beta_2**t) ** 0.5 / (1.0 - beta_1**t)
        return beta_1, beta_2, float(self.epsilon) / root, lr * correction * (1.0 - beta_1) / root

    def update(self, p, g, m, v, tmp, beta_1, beta_2, epsilon, rate):
        _moments(g, m, v, beta_1, beta_2)
        descend(p, m, v, tmp, epsilon, rate)

    def asymptotic(self, t, lr):
        # lr sqrt(1 - b2^t) / (sqrt(v) + eps), v being v' (1 - b2) and m having the gradient's size
        # once it is corrected
        beta_1, _, epsilon, rate = Adam.coefficients(self, t, lr)
        return epsilon, rate * (1.0 - beta_1**t) / (1.0 - beta_1)

    def asymptotic_step(self, t, lr, m, v, out, tmp):
        asymptotic_step_of(v, out, *self.asymptotic(t, lr))


class AdamW(Adam):
    r"""Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).

    Before each step of :class:`~skmlp.nn.Adam`, whose gradient leaves the penalty out, each weight
    p shrinks, with the learning rate lr:

    .. math::

        p \leftarrow p - \mathrm{lr} \, \alpha \, p

    The decay :math:`\alpha` is the estimator's ``alpha``, less the share ``l1_ratio`` of it, and is
    not divided by the number of rows. The rule agrees with PyTorch's ``AdamW`` except for the place
    of epsilon (see :class:`~skmlp.nn.Adam`).

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay of the average m of the gradient.
    beta_2 : float in [0, 1), default=0.999
        Decay of the average v of the squared gradient.
    epsilon : float > 0, default=1e-8
        Added to the denominator, so that it is never 0.
    """

    decoupled = True
    bounded = False

    def asymptotic(self, t, lr):
        return 0.0, lr

    def asymptotic_step(self, t, lr, m, v, out, tmp):
        out.fill(lr)


class AMSGrad(Adam):
    r"""AMSGrad (Reddi et al., 2018, algorithm 2): Adam with a denominator that never shrinks.

    With p, g, lr, t, m and v as in :class:`~skmlp.nn.Adam`:

    .. math::

        v_{\max} &\leftarrow \max(v_{\max}, v) \\
        p &\leftarrow p - \mathrm{lr} \, \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}
        \frac{m}{\sqrt{v_{\max}} + \epsilon}

    The paper has no bias correction. Here, as in PyTorch's ``Adam(amsgrad=True)``, the step has the
    bias correction of Adam, and the maximum is that of the uncorrected v. The rule agrees with
    PyTorch except for the place of epsilon (see :class:`~skmlp.nn.Adam`).

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay of the average m of the gradient.
    beta_2 : float in [0, 1), default=0.999
        Decay of the average v of the squared gradient.
    epsilon : float > 0, default=1e-8
        Added to the denominator, so that it is never 0.
    """

    slots = ("m", "v", "v_max")
    averages = {"m": "beta_1", "v": "beta_2", "v_max": "beta_2"}
    squares = ("v", "v_max")

    def update(self, p, g, m, v, v_max, tmp, beta_1, beta_2, epsilon, rate):
        _moments(g, m, v, beta_1, beta_2)
        np.maximum(v_max, v, out=v_max)
        descend(p, m, v_max, tmp, epsilon, rate)

    def asymptotic_step(self, t, lr, m, v, v_max, out, tmp):
        super().asymptotic_step(t, lr, m, v_max, out, tmp)


class NAdam(Adam):
    r"""Adam with Nesterov's momentum (Dozat, 2016, with one momentum for all steps instead
    of a schedule).

    With p, g, lr, t, m and v as in :class:`~skmlp.nn.Adam`:

    .. math::

        u &\leftarrow \frac{\beta_1 m}{1 - \beta_1^{t + 1}}
        + \frac{(1 - \beta_1) g}{1 - \beta_1^t} \\
        p &\leftarrow p - \mathrm{lr} \, \sqrt{1 - \beta_2^t} \, \frac{u}{\sqrt{v} + \epsilon}

    The rule agrees with PyTorch's ``NAdam`` in the limit of a large ``momentum_decay``, which ends
    its schedule at once, except for the place of epsilon (see :class:`~skmlp.nn.Adam`).

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay of the average m of the gradient.
    beta_2 : float in [0, 1), default=0.999
        Decay of the average v of the squared gradient.
    epsilon : float > 0, default=1e-8
        Added to the denominator, so that it is never 0.
    """

    def coefficients(self, t, lr):
        # the numerator is (1 - beta_1) / (1 - beta_1^t) (look m' + g), m' = m / (1 - beta_1)
        beta_1, beta_2, epsilon, rate = super().coefficients(t, lr)
        look = beta_1 * (1.0 - beta_1**t) / (1.0 - beta_1 ** (t + 1))
        return beta_1, beta_2, look, epsilon, rate

    def update(self, p, g, m, v, tmp, beta_1, beta_2, look, epsilon, rate):
        np.multiply(m, beta_1, out=m)
        np.add(m, g, out=m)
        np.multiply(g, g, out=tmp)
        np.multiply(v, beta_2, out=v)
        np.add(v, tmp, out=v)
        np.multiply(m, look, out=tmp)
        np.add(g, tmp, out=g)
        descend(p, g, v, tmp, epsilon, rate)


def _moments(g, m, v, beta_1, beta_2):
    """m <- beta_1 m + g; v <- beta_2 v + g^2. Overwrites: g, m, v."""
    np.multiply(m, beta_1, out=m)
    np.add(m, g, out=m)
    np.multiply(g, g, out=g)
    np.multiply(v, beta_2, out=v)
    np.add(v, g, out=v)
