"""Gradients with respect to the inputs: of scores, of predictions, of codes.

The one decision: the gradient is that of what the estimator says, ``decision_function``,
``predict`` or ``transform``, at the rows given, in prediction mode; what it says is a function of
the last raw scores, whose derivative the loss knows (``Loss.link_gradient``).
"""

import numpy as np

from .._data.labels import class_numbers
from .._fit.threads import limited_prediction
from ..nn.engine.input_gradient import input_gradient


def gradient_of_classes(estimator, X, y):
    """Return the gradient (n, n_features) of the score of the class y, of each row (n,) or of all;
    None for the predicted one.
    """
    numbers = None if y is None else class_numbers(y, estimator.classes_, X.shape[0])

    def of_class(raw, rows):
        classes = estimator._for_score(raw) if numbers is None else numbers[rows]
        if raw.shape[1] == 1:
            return (2.0 * classes - 1.0)[None, :, None]
        return np.eye(raw.shape[1])[classes][None]

    return _gradient(estimator, X, of_class)[:, 0]


def gradient_of_labels(estimator, X, y):
    """Return the gradient (n, n_labels, n_features) of the score of each label; y chooses none."""
    if y is not None:
        raise ValueError(
            "y was given, but for multilabel targets the gradient of each label is "
            "returned; leave out y."
        )
    return gradient_of_scores(estimator, X)


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
    """Return the gradient (n, n_targets, n_features), or (n, n_targets, k, n_features) for k
    numbers per target, of each number that ``predict`` gives.
    """
    loss, n_targets = estimator._network.loss, estimator._network.n_targets
    output = next(iter(loss.outputs(n_targets).values()))

    def of_predictions(raw, rows):
        return loss.link_gradient(raw, _each(raw.shape, output.columns.ravel()))

    out = _gradient(estimator, X, of_predictions)
    out = out.reshape(len(out), *output.columns.shape, out.shape[2])
    if estimator._target_measure is not None:
        factor = output.factor(estimator._target_measure)[..., None]
        np.multiply(out, factor, out=out, casting="same_kind")
    return out


def _gradient(estimator, X, output_gradient):
    """Return the gradient, for checked X, of what ``output_gradient`` makes of raw scores."""
    return _gradient_at(estimator, estimator._input(X), X.dtype, output_gradient)


def _gradient_at(estimator, source, dtype, output_gradient, stop=None):
    """Return the gradient at the rows of a source; ``stop``: as for ``input_gradient``."""
    gradient = _limited(estimator._network, source, output_gradient, stop, dtype)
    return estimator._codec.gradient(gradient, source)


def _limited(network, source, *args):
    """Return ``input_gradient`` of the network, with BLAS under ``limited_prediction``."""
    with limited_prediction(network, source.n_rows):
        return input_gradient(network, source, *args)


def _each(shape, columns=slice(None)):
    """Return the gradients (n_columns, n, width) of some columns of an output (n, width)."""
    gradients = np.eye(shape[1])[columns, None, :]
    return np.broadcast_to(gradients, (len(gradients), *shape))
