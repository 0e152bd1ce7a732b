"""The readable versions, written from the formulas: float64, allocating, with SciPy's functions
where there is one.

Nothing here is imported by the package or taken from it. An entry of a registry without an entry
here fails a test.
"""

import numpy as np
from scipy.special import erfc, expit, log_expit, log_softmax, softmax, xlogy
from scipy.stats import norm

# ---- activations: f(x)

ACTIVATIONS = {
    "identity": lambda x: x,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: (
        1.0507009873554804934
        * np.where(x > 0, x, 1.6732632423543772848 * np.expm1(np.minimum(x, 0)))
    ),
    "softplus": lambda x: -log_expit(-x),
    "shifted_relu": lambda x: np.where(x > -1, x, -1.0),
    "hard_threshold": lambda x: np.heaviside(x, 1.0),
    "gelu": lambda x: x * erfc(-x / np.sqrt(2)) / 2,
    "silu": lambda x: x * expit(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
}

# ---- losses: of raw scores z (n, n_out) and targets t, one number a row


def sign(t):
    """The side of a yes/no target."""
    return 2.0 * t - 1.0


def quantiles(z):
    """Scores (n, 3 k) of three levels to quantiles."""
    low, *steps = np.split(z, 3, axis=-1)
    return np.concatenate(
        [
            low,
            low + np.logaddexp(0, steps[0]),
            low + np.logaddexp(0, steps[0]) + np.logaddexp(0, steps[1]),
        ],
        axis=-1,
    )


def pinball(z, t):
    """Koenker and Bassett (1978), for the levels 0.1, 0.5 and 0.9."""
    parts = zip((0.1, 0.5, 0.9), np.split(quantiles(z), 3, axis=-1), strict=True)
    return sum(
        np.sum(np.where(t >= q, tau * (t - q), (1 - tau) * (q - t)), axis=-1) for tau, q in parts
    )


def gaussian_nll(z, t):
    """Minus the logarithm of SciPy's normal density."""
    mean, log_variance = np.split(z, 2, axis=-1)
    return -np.sum(norm.logpdf(t, mean, np.exp(log_variance / 2)), axis=-1)


def tweedie(z, t):
    """Half the deviance of power 3/2 as scikit-learn's user guide prints it."""
    mu = np.exp(z)
    return np.sum(t**0.5 / (-0.5 * 0.5) - t * mu**-0.5 / -0.5 + mu**0.5 / 0.5, axis=-1)


LOSSES = {
    "log_loss": lambda z, t: -np.sum(t * log_softmax(z, axis=-1), axis=-1),
    "binary_log_loss": lambda z, t: -np.sum(t * log_expit(z) + (1 - t) * log_expit(-z), axis=-1),
    "hinge": lambda z, t: np.sum(np.maximum(0, 1 - sign(t) * z), axis=-1),
    "squared_hinge": lambda z, t: np.sum(np.maximum(0, 1 - sign(t) * z) ** 2, axis=-1),
    "perceptron": lambda z, t: np.sum(np.maximum(0, -sign(t) * z), axis=-1),
    "focal": lambda z, t: (
        -np.sum(t * (1 - softmax(z, axis=-1)) ** 2 * log_softmax(z, axis=-1), axis=-1)
    ),
    "binary_focal": lambda z, t: (
        -np.sum(expit(-sign(t) * z) ** 2 * log_expit(sign(t) * z), axis=-1)
    ),
    "squared_error": lambda z, t: np.sum((z - t) ** 2, axis=-1) / 2,
    "absolute_error": lambda z, t: np.sum(np.abs(z - t), axis=-1),
    "huber": lambda z, t: np.sum(
        np.where(np.abs(z - t) <= 1, (z - t) ** 2 / 2, np.abs(z - t) - 0.5), axis=-1
    ),
    "log_cosh": lambda z, t: np.sum(np.logaddexp(z - t, t - z) - np.log(2), axis=-1),
    "quantile": pinball,
    "poisson": lambda z, t: np.sum(np.exp(z) - t * z + xlogy(t, t) - t, axis=-1),
    "gamma": lambda z, t: np.sum(t * np.exp(-z) + z - np.log(t) - 1, axis=-1),
    "tweedie": tweedie,
    "gaussian_nll": gaussian_nll,
}

# those that go on along the tangent of an exponential where the precision has none
EXPONENTIALS = {"poisson", "gamma", "tweedie", "gaussian_nll"}

LINKS = {
    "log_loss": lambda z: softmax(z, axis=-1),
    "binary_log_loss": expit,
    **dict.fromkeys(
        (
            "hinge",
            "squared_hinge",
            "perceptron",
            "squared_error",
            "absolute_error",
            "huber",
            "log_cosh",
        ),
        lambda z: z,
    ),
    "focal": lambda z: softmax(z, axis=-1),
    "binary_focal": expit,
    "quantile": quantiles,
    **dict.fromkeys(("poisson", "gamma", "tweedie"), np.exp),
    "gaussian_nll": lambda z: np.concatenate(
        [z[..., : z.shape[-1] // 2], np.exp(z[..., z.shape[-1] // 2 :] / 2)], axis=-1
    ),
}

LOG_LINKS = {
    "log_loss": lambda z: log_softmax(z, axis=-1),
    "binary_log_loss": log_expit,
    "focal": lambda z: log_softmax(z, axis=-1),
    "binary_focal": log_expit,
}


def entropy(p):
    """The least cross-entropy that any prediction can have against the distribution ``p``."""
    return -np.sum(xlogy(p, p), axis=-1)


# ---- layers


def batch_norm(x, gamma, beta, epsilon):
    """Ioffe and Szegedy (2015), algorithm 1."""
    mean = x.mean(axis=-2, keepdims=True)
    variance = x.var(axis=-2, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


# ---- variances of the initializers, for an array (fan_in, fan_out)

VARIANCES = {
    "zeros": lambda fan_in, fan_out: 0.0,
    "constant_value": lambda fan_in, fan_out: 0.0,
    "uniform": lambda fan_in, fan_out: 1 / (3 * fan_in),
    "normal": lambda fan_in, fan_out: 1 / fan_in,
    "lecun_uniform": lambda fan_in, fan_out: 1 / fan_in,
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "orthogonal": lambda fan_in, fan_out: 1 / max(fan_in, fan_out),
}

# ---- optimizers: p and the state after one step, as the papers print them


def adam(p, g, m, v, t, lr, beta_1, beta_2, epsilon):
    """Kingma and Ba (2015), algorithm 1 in the order of the last paragraph of section 2."""
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    lr_t = lr * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return p - lr_t * m / (np.sqrt(v) + epsilon), m, v
