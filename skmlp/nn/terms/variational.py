"""The code of a variational autoencoder: a normal distribution for each row.

The one decision: a variational code is an activation with two inputs for each output, as maxout is,
that draws in training and gives the mean in prediction; and it is a term of the objective. So
widths, transforms and tied weights need to know nothing of it.
"""

import numpy as np

from ..layers.first_half import FirstHalf
from ..layout import Rows
from .base import Term

_BOUND = 10.0  # of the logarithm of a variance


class Variational(Term):
    r"""A variational code (Kingma and Welling, 2014): in training each row's code is drawn from a
    normal distribution, which is kept near the standard normal one.

    The layer in front gives two numbers for each component of the code: the mean m (the first half
    of its units) and r, which gives the standard deviation s by
    :math:`\log s^2 = 10 \tanh(r / 10)`, about r near 0 and always between -10 and 10. With e drawn
    from N(0, I), the code z and, averaged over the rows, the term are

    .. math::

        z &= m + s \odot e \\
        \mathrm{term} &= \frac{\beta}{2} \sum_j \left( m_j^2 + s_j^2 - 1 - \log s_j^2 \right)

    with the elementwise product and the sum over the components j. The term is ``beta`` times the
    Kullback-Leibler divergence from N(0, I). Prediction gives m and draws nothing.

    With ``beta=1`` the loss plus the term is minus the evidence lower bound, up to a constant, for
    the likelihood that the loss corresponds to: 'squared_error' to a normal one with variance 1 for
    each feature, 'absolute_error' to Laplace's with scale 1, 'poisson' to Poisson's. A normal
    likelihood of variance v corresponds to ``beta=v``, which multiplies everything by v; so beta
    says how exact a reconstruction should be, in the square of the units of what the network sees,
    those of X unless the columns of X are divided. ``beta > 1`` gives components that are more
    independent (Higgins et al., 2017).

    Parameters
    ----------
    beta : float >= 0, default=1.0
        Weight of the divergence relative to the loss, which is summed, not averaged, over the
        features.
    """

    keeps = ("x",)
    elementwise = False
    training_only = False
    identity = False
    activates = True
    inputs_per_unit = 2
    weight_init = "glorot_uniform"
    limits = {"beta": "[0, inf)"}

    def __init__(self, beta=1.0):
        self.beta = beta

    def width(self, n_in):
        return n_in // 2

    def buffers(self, n_in):
        k = n_in // 2
        return {"tanh": Rows(k), "std": Rows(k), "noise": Rows(k), "tmp": Rows(k, scratch=True)}

    def forward(self, x, ws, training):
        k = ws.y.shape[1]
        if not training:
            np.copyto(ws.y, x[:, :k])
            return
        # s = exp(5 tanh(r / 10)); z = m + s e
        np.multiply(x[:, k:], 1.0 / _BOUND, out=ws.tanh)
        np.tanh(ws.tanh, out=ws.tanh)
        np.multiply(ws.tanh, 0.5 * _BOUND, out=ws.std)
        np.exp(ws.std, out=ws.std)
        ws.rng.standard_normal(ws.noise.shape, ws.noise.dtype, out=ws.noise)
        np.multiply(ws.std, ws.noise, out=ws.y)
        np.add(ws.y, x[:, :k], out=ws.y)

    def frozen(self):
        return FirstHalf()

    def objective(self, ws, target, weight, scale):
        # beta / 2 sum_ij share_i (m^2 + s^2 - 1 - log s^2)
        k = ws.std.shape[1]
        np.multiply(ws.std, ws.std, out=ws.tmp)
        value = _weighted_sum(ws, ws.tmp) - k
        np.multiply(ws.x[:, :k], ws.x[:, :k], out=ws.tmp)
        value += _weighted_sum(ws, ws.tmp) - _BOUND * _weighted_sum(ws, ws.tanh)
        return 0.5 * float(self.beta) * value

    def backward(self, dy, ws):
        if ws.dx is None:
            return
        k, beta = ws.std.shape[1], float(self.beta)
        d_mean, d_r = ws.dx[:, :k], ws.dx[:, k:]
        # d_r = (dz e s + beta share (s^2 - 1)) / 2 (1 - tanh^2)
        np.multiply(dy, ws.noise, out=d_r)
        np.multiply(d_r, ws.std, out=d_r)
        np.multiply(ws.std, ws.std, out=ws.tmp)
        np.subtract(ws.tmp, 1.0, out=ws.tmp)
        np.multiply(ws.tmp, ws.batch.column, out=ws.tmp)
        np.multiply(ws.tmp, beta, out=ws.tmp)
        np.add(d_r, ws.tmp, out=d_r)
        np.multiply(ws.tanh, ws.tanh, out=ws.tmp)
        np.subtract(1.0, ws.tmp, out=ws.tmp)
        np.multiply(ws.tmp, 0.5, out=ws.tmp)
        np.multiply(d_r, ws.tmp, out=d_r)
        # d_mean = dz + beta share m
        np.multiply(ws.x[:, :k], ws.batch.column, out=ws.tmp)
        np.multiply(ws.tmp, beta, out=ws.tmp)
        np.add(dy, ws.tmp, out=d_mean)


def _weighted_sum(ws, array):
    """Return the sum of (n, k) over the columns, its mean over the rows by their shares."""
    return float(np.add.reduce(np.matmul(ws.batch.row, array), axis=None))
