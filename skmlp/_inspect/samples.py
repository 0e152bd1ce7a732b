"""Samples of predictions: the raw scores of an estimator with its dropout left on.

The one decision: a sample is what ``predict`` or ``predict_proba`` would return for one draw of the
masks, so samples lie along a first axis, and mean and spread are taken along it.
"""

from numbers import Integral

from .._fit.threads import limited_prediction
from .._fit.training import random_stream
from ..nn.engine.mc_dropout import dropout_samples, has_dropout


def raw_samples(estimator, X, n_samples, random_state, dtype):
    """Return the raw scores (n_samples, n_rows, n_out), of this precision, of a fitted estimator
    for checked X.
    """
    check_n_samples(n_samples)
    network = estimator._network
    if not has_dropout(network):
        raise ValueError(
            "sample_predictions draws with the dropout of training left on, but this network was "
            "fitted without; fit with dropout=0.1 or "
            "input_dropout=0.1, for example."
        )
    rng, _ = random_stream(random_state)
    source = estimator._input(X)
    with limited_prediction(network, source.n_rows):
        return dropout_samples(network, source, int(n_samples), rng, dtype)


def check_n_samples(n_samples):
    """Raise ``ValueError`` unless so many samples can be drawn."""
    if not isinstance(n_samples, Integral) or isinstance(n_samples, bool) or n_samples < 1:
        raise ValueError(f"n_samples must be an integer, 1 or more, got {n_samples!r}.")
