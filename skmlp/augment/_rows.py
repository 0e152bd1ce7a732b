"""Augmenters of any rows: noise and mixtures."""

import numpy as np

from ._augmenter import Augmenter


class GaussianNoise(Augmenter):
    """Adds normal noise to each feature, which makes the network insensitive to small changes
    (Sietsma and Dow, 1991).

    A call allocates one array of the size of X.

    Parameters
    ----------
    scale : float >= 0, default=0.1
        Standard deviation, in the units of X.

    References
    ----------
    Sietsma and Dow, "Creating artificial neural networks that generalize",
    Neural Networks 4 (1991).

    Bishop, "Training with noise is equivalent to Tikhonov regularization",
    Neural Computation 7 (1995).

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.augment import GaussianNoise
    >>> X, y = np.zeros((1000, 3)), np.ones((1000, 1))
    >>> noisy, _ = GaussianNoise(0.5)(X, y, np.random.default_rng(0))
    >>> print(round(noisy.std(), 2))
    0.5
    """

    limits = {"scale": "[0, inf)"}
    in_units = ("X",)

    def __init__(self, scale: float = 0.1) -> None:
        self.scale = scale

    def __call__(
        self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        noise = rng.standard_normal(X.shape, X.dtype)
        np.multiply(noise, float(self.scale), out=noise)
        np.add(X, noise, out=noise)
        return noise, y


class Mixup(Augmenter):
    r"""Mixes each row and its target with those of a random partner of the batch, which smooths the
    predictions between rows.

    With partners j, a random permutation of the rows i, and :math:`\lambda` drawn for each row from
    :math:`\mathrm{Beta}(\alpha, \alpha)`:

    .. math::

        x_i &\leftarrow \lambda x_i + (1 - \lambda) x_j \\
        y_i &\leftarrow \lambda y_i + (1 - \lambda) y_j

    Sample weights are not mixed: a mixed row has the weight of its first partner i. A missing label
    (NaN) stays missing in every mix. A call allocates two arrays of the size of X, then two of y's.

    Mixed class targets are proportions. ``loss="log_loss"`` accepts them, and ``loss="focal"`` for
    more than two classes. Do not use Mixup with ``"hinge"``, ``"squared_hinge"`` and
    ``"perceptron"``, nor with ``"focal"`` for two classes or several labels: these losses expect
    targets that are 0 or 1.

    Parameters
    ----------
    alpha : float > 0, default=0.2
        Small values keep most rows near one of the partners; with 1 every value of
        :math:`\lambda` between 0 and 1 is equally probable.

    References
    ----------
    Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: beyond empirical risk
    minimization", ICLR 2018, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.augment import Mixup
    >>> X = y = np.eye(4)
    >>> mixed_X, mixed_y = Mixup(1.0)(X, y, np.random.default_rng(0))
    >>> mixed_y.sum(axis=1)
    array([1., 1., 1., 1.])
    """

    limits = {"alpha": "(0, inf)"}
    in_units = ()

    def __init__(self, alpha: float = 0.2) -> None:
        self.alpha = alpha

    def __call__(
        self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        partner = rng.permutation(len(X))
        share = rng.beta(float(self.alpha), float(self.alpha), (len(X), 1))
        return _mixed(X, partner, share), _mixed(y, partner, share)


def _mixed(rows, partner, share):
    # l x + (1 - l) x' = x' + l (x - x'), which is x exactly where x = x'
    others = rows[partner]
    difference = rows - others
    np.multiply(difference, share.astype(rows.dtype), out=difference)
    np.add(others, difference, out=others)
    return others
