"""Gradients with respect to the inputs: of scores, of predictions, of codes.

The one decision: the gradient is that of what the estimator says, ``decision_function``,
``predict`` or ``transform``, at the rows given, in prediction mode; what it says is a function of
the last raw scores, whose derivative is written down here.
"""

import numpy as np
from scipy.special import expit

from .._fit.threads import limited_prediction
from ..nn.engine.input_gradient import input_gradient


def gradient_of_classes(estimator, X, y):
    """Return the gradient (n, n_features) of the score of class number y (n,) or, for None, the
    predicted one.
    """

    def of_class(raw, rows):
        classes = estimator._for_score(raw) if y is None else y[rows]
        if raw.shape[1] == 1:
            return (2.0 * classes - 1.0)[None, :, None]
        return np.eye(raw.shape[1])[classes][None]

    return _gradient(estimator, X, of_class)[:, 0]


def gradient_of_scores(estimator, X):
    """Return the gradient (n, n_out, n_features) of each raw score."""
    return _gradient(estimator, X, lambda raw, rows: _each(raw.shape))


def gradient_of_code(estimator, source, dtype):
    """Return the gradient (n, width, n_features), of this precision, of each output of
    ``transform`` at the rows of a source.
    """
    return _gradient_at(
        estimator, source, dtype, lambda raw, rows: _each(raw.shape), estimator._transform_stop
    )


def gradient_of_predictions(estimator, X):
    """Return the gradient (n, n_targets, n_levels, n_features) of each prediction; n_levels is 1
    but for quantiles.
    """
    network = estimator._network
    loss, n_targets = network.loss, network.n_targets

    def of_predictions(raw, rows):
        gradients = _each(raw.shape)[
            : n_targets * (loss.n_scores if loss.predicts == "quantiles" else 1)
        ]
        if loss.out_activation == "exp":
            loss.link(raw, raw)
            return gradients * raw
        if loss.out_activation == "quantiles":
            # q_1 = z_1, q_j = q_(j-1) + log(1 + exp(z_j))
            steps = expit(raw)
            steps[:, :n_targets] = 1.0
            levels, targets = np.divmod(np.arange(raw.shape[1]), n_targets)
            below = (levels[:, None] >= levels) & (targets[:, None] == targets)
            return below[:, None, :] * steps
        return gradients

    out = _gradient(estimator, X, of_predictions)
    out = out.reshape(len(out), -1, n_targets, out.shape[2])
    if estimator._target_measure is not None:
        np.multiply(out, estimator._target_measure.scale[:, None], out=out, casting="same_kind")
    return out.swapaxes(1, 2)


def _gradient(estimator, X, output_gradient):
    return _gradient_at(estimator, estimator._input(X), X.dtype, output_gradient)


def _gradient_at(estimator, source, dtype, output_gradient, stop=None):
    gradient = _limited(estimator._network, source, output_gradient, stop, dtype)
    return estimator._codec.gradient(gradient)


def _limited(network, source, *args):
    with limited_prediction(network, source.n_rows):
        return input_gradient(network, source, *args)


def _each(shape):
    """Return the gradients (width, n, width) of the entries of an output of shape (n, width)."""
    return np.broadcast_to(np.eye(shape[1])[:, None, :], (shape[1], *shape))
