"""What is asked of an autoencoder's code beyond that it can be decoded: few active units, or little
change with the input.

The one decision: each is a term of the objective that stands right behind the code, which is its
output too. A variational code, which changes it, has a file of its own.

To add one: derive from ``Term``, put it into ``CODE_PENALTIES`` and into ``TERMS``.
"""

import math

import numpy as np

from ..layers.base import identity_backward
from ..layout import Row, Rows
from .base import Term

_LEAST = 1e-6  # mean activations count as no nearer than this to 0 and 1


class KLSparsity(Term):
    r"""A sparse code: each unit should be active for few rows.

    With the mean :math:`a_j` of unit j over the batch and t for ``target``:

    .. math::

        \mathrm{term} &= \mathrm{weight} \sum_j \mathrm{KL}(t \,\|\, a_j) \\
        \mathrm{KL}(t \,\|\, a) &= t \log \frac{t}{a} + (1 - t) \log \frac{1 - t}{1 - a}

    (Lee, Ekanadham and Ng, 2008, for the aim; Ng, 2011, "Sparse autoencoder", for this form). The
    divergence is between Bernoulli distributions, so a code must lie in (0, 1): give the estimator
    ``code_activation="logistic"``. The mean is weighted by the sample weights. Each minibatch has
    its own mean, so that small minibatches force the units to be active equally often in each:
    choose minibatches of a few hundred rows.

    Parameters
    ----------
    target : float in (0, 1), default=0.05
        Mean activation wanted of each unit.
    weight : float >= 0, default=1.0
        Weight of the term relative to the loss, which is summed, not averaged, over the features.
    """

    limits = {"target": "(0, 1)", "weight": "[0, inf)"}

    def __init__(self, target=0.05, weight=1.0):
        self.target = target
        self.weight = weight

    def buffers(self, n_in):
        return {
            "mean": Row(n_in),
            "rest": Row(n_in),
            "slope": Row(n_in),
            "d_term": Rows(n_in, scratch=True),
        }

    def objective(self, ws, target, weight, scale):
        t, factor = float(self.target), float(self.weight)
        np.matmul(ws.batch.row, ws.y, out=ws.mean)
        np.maximum(ws.mean, _LEAST, out=ws.mean)
        np.minimum(ws.mean, 1.0 - _LEAST, out=ws.mean)
        np.subtract(1.0, ws.mean, out=ws.rest)
        # slope = weight ((1 - t) / (1 - a) - t / a)
        np.divide(factor * (1.0 - t), ws.rest, out=ws.slope)
        np.log(ws.rest, out=ws.rest)
        entropy = (1.0 - t) * float(np.add.reduce(ws.rest, axis=None))
        np.divide(factor * t, ws.mean, out=ws.rest)
        np.subtract(ws.slope, ws.rest, out=ws.slope)
        np.log(ws.mean, out=ws.mean)
        entropy += t * float(np.add.reduce(ws.mean, axis=None))
        least = ws.y.shape[1] * (t * math.log(t) + (1.0 - t) * math.log(1.0 - t))
        return factor * (least - entropy)

    def backward(self, dy, ws):
        # dx_ij = dy_ij + share_i slope_j
        if ws.dx is not None:
            np.multiply(ws.batch.column, ws.slope, out=ws.d_term)
            np.add(dy, ws.d_term, out=ws.dx)


class L1Sparsity(Term):
    r"""A sparse code: most of its values should be small, as in sparse coding (Olshausen and Field,
    1996).

    For a code y with the components :math:`y_j`, averaged over the rows, the term is

    .. math::

        \mathrm{weight} \sum_j |y_j|

    Its gradient at 0 is taken as 0; codes that are exactly zero come from an activation that has
    them, such as relu. The decoder can compensate for a smaller code by larger weights, so give
    ``alpha`` a value above 0 or use ``tied_weights=True``.

    Parameters
    ----------
    weight : float >= 0, default=0.1
        Weight of the term relative to the loss, which is summed, not averaged, over the features.
    """

    limits = {"weight": "[0, inf)"}

    def __init__(self, weight=0.1):
        self.weight = weight

    def buffers(self, n_in):
        return {"tmp": Rows(n_in, scratch=True), "sums": Row(n_in)}

    def objective(self, ws, target, weight, scale):
        np.abs(ws.y, out=ws.tmp)
        np.matmul(ws.batch.row, ws.tmp, out=ws.sums)
        return float(self.weight) * float(np.add.reduce(ws.sums, axis=None))

    def backward(self, dy, ws):
        # dx_ij = dy_ij + weight share_i sign(y_ij)
        if ws.dx is not None:
            np.sign(ws.y, out=ws.tmp)
            np.multiply(ws.tmp, ws.batch.column, out=ws.tmp)
            np.multiply(ws.tmp, float(self.weight), out=ws.tmp)
            np.add(dy, ws.tmp, out=ws.dx)


class Contractive(Term):
    r"""A contractive code: the code should change little when the input changes (Rifai et al.,
    2011).

    Averaged over the rows, and with the Jacobian J (n_units, n_features) of the code, the term is

    .. math::

        \mathrm{weight} \, \|J\|_F^2

    for encoders of any depth and activation. The term is estimated. In each step a direction u on
    the unit sphere is drawn for each row x. With d features, the encoder f and h for ``step``, the
    estimate is

    .. math::

        \mathrm{weight} \, d \, \frac{\|f(x + h u) - f(x - h u)\|^2}{(2 h)^2}

    and the gradient of this estimate is exact. Its expectation over u is the term above where the
    encoder is linear within a distance of h, and otherwise has an error of the order of
    :math:`h^2`. Where the encoder is not smooth (relu) the difference is taken across the points
    where it has no derivative.

    The encoder is that of clean rows: without dropout and corruption, and with batch normalisation
    by the mean and variance of the rows at which it is evaluated here, which both sides share. It
    costs two more passes through the encoder, forward and backward. A decoder with larger weights
    compensates for a code that is merely smaller; with ``tied_weights=True``, as in the paper, it
    cannot.

    Parameters
    ----------
    weight : float >= 0, default=0.1
        Weight of the term relative to the loss, which is summed, not averaged, over the features.
    step : float > 0, default=0.01
        Distance h of the two points from the row, in units of what the network sees: those of X,
        unless the columns of X are divided. It should be small compared with the differences that
        matter there, and large compared with the rounding of float32, about 1e-7 of the largest
        values.
    """

    needs_subnetwork = True
    limits = {"weight": "[0, inf)", "step": "(0, inf)"}

    def __init__(self, weight=0.1, step=0.01):
        self.weight = weight
        self.step = step

    def buffers(self, n_in):
        return {"change": Rows(n_in, scratch=True), "length": Rows(1)}

    def objective(self, ws, target, weight, scale):
        n, step = ws.y.shape[-2], float(self.step)
        rows = ws.twin.rows(n)
        ahead, behind = rows[:n], rows[n:]
        _directions(ws.rng, step, ahead, ws.length)
        if isinstance(ws.first.x, np.ndarray):
            np.copyto(behind, ws.first.x)
        else:
            ws.first.x.toarray(out=behind)
        # x + h u, and 2 x - (x + h u)
        np.add(ahead, behind, out=ahead)
        np.multiply(behind, 2.0, out=behind)
        np.subtract(behind, ahead, out=behind)
        # weight d / (4 h^2) sum_i share_i |c_i|^2, c = f(x + h u) - f(x - h u); d c_i = weight d /
        # (2 h^2) share_i c_i
        y = ws.twin.forward(n, weight)
        np.subtract(y[:n], y[n:], out=ws.change)
        np.multiply(ws.change, ws.batch.column, out=y[:n])
        factor = float(self.weight) * rows.shape[-1] / (4.0 * step * step)
        value = factor * float(np.vdot(ws.change, y[:n]))
        np.multiply(y[:n], 2.0 * factor, out=y[:n])
        np.negative(y[:n], out=y[n:])
        ws.twin.backward(n)
        return value

    def backward(self, dy, ws):
        identity_backward(dy, ws)


def _directions(rng, length, out, norms):
    """Draw vectors of one length in all directions alike, a row each. Overwrites: out, norms."""
    rng.standard_normal(out.shape, out.dtype, out=out)
    np.vecdot(out, out, out=norms[..., 0])
    np.sqrt(norms, out=norms)
    np.divide(length, norms, out=norms)
    np.multiply(out, norms, out=out)
