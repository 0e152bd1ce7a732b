"""The learning-rate range test: a short training whose rate rises from step to step, to see which
rates are suitable.

The one decision: each step is a call of ``partial_fit`` on one batch, so that what is tested is the
estimator itself, with its own solver, regularisation and precision.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils import check_array, check_consistent_length, check_random_state, get_tags

from ._base import BaseMLP
from ._data.inputs import MatrixLike, check_no_times, takes_tables
from ._data.sources import take
from ._data.weights import check_has_class_weights, checked_weight, class_weights, counted_rows
from ._meta import divided
from ._params.units import is_lbfgs
from ._tabular.base import BaseTabularMLP
from .nn.engine.trainer import DivergedError

_SMOOTHING = 0.9  # share of the past in the moving average of the losses
_DIVERGED = 3.0  # times the least average is above it
_ENTROPY = 0.5 * math.log(
    2.0 * math.pi * math.e
)  # minus the logarithm of a standard normal density, in the mean


def learning_rate_range(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: MatrixLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    min_rate: float = 1e-6,
    max_rate: float = 10.0,
    n_steps: int = 100,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Train for a few steps while the learning rate rises, and return the loss at each rate (Smith,
    2017, section 3.3).

    The rate rises geometrically from ``min_rate`` to ``max_rate``, with one step on one random
    batch at each rate. At first the loss hardly changes, then it falls, and finally it rises again.
    The test ends early when the loss is not finite, or when its moving average is above four times
    the lowest value of that average. (Where a loss can be negative, as with 'gaussian_nll', it ends
    when the average has risen far above its lowest value.)

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, Autoencoder, or Pipeline that ends in one
        With a minibatch solver. It is not changed: a clone is trained. Its ``learning_rate`` and
        ``learning_rate_init`` are not used, nor is an autoencoder's ``pretraining``: all layers are
        trained together. The other steps of a pipeline are fitted to all rows first, without
        weights. Of a TabularMLPClassifier or TabularMLPRegressor give
        ``make_estimator(len(X))``, which has the settings of its members.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows to train on, as they are given to ``fit``; without a pipeline that scales them, give
        scaled rows. With ``categorical_features`` the categories, means and scales of a table are
        learned from the first batch.
    y : array-like, default=None
        Targets, as for ``fit``; None for an autoencoder.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.
    min_rate, max_rate : float, default=1e-6, 10.0
        First and last learning rate, ``0 < min_rate < max_rate``.
    n_steps : int >= 2, default=100
        Number of rates.

    Returns
    -------
    rates : ndarray of shape (n_steps_made,), at most ``n_steps``
        The learning rates tried.
    losses : ndarray of shape (n_steps_made,), at most ``n_steps``
        The loss of each batch, penalty included, before the step at that rate.
    suggestion : float
        A tenth of the rate at which the moving average of the losses is lowest: there the loss
        still falls. It is at least the first rate.

    See Also
    --------
    LearningRateRangeDisplay : The same test as a picture.

    References
    ----------
    Smith, L. N. (2017). Cyclical Learning Rates for Training Neural Networks. WACV.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import MLPClassifier, learning_rate_range
    >>> X, y = load_digits(return_X_y=True)
    >>> rates, losses, suggestion = learning_rate_range(MLPClassifier(random_state=1), X / 16, y)
    >>> round(suggestion, 2)
    0.01
    """
    transformers, estimator = divided(estimator)
    _check(estimator, min_rate, max_rate, n_steps)
    if y is None and get_tags(estimator).target_tags.required:
        raise ValueError(f"The estimator {estimator!r} learns to predict y, but y is None; give y.")
    for transformer in transformers:
        X = clone(transformer).fit_transform(X, y)
    if not takes_tables(estimator):
        check_no_times(X)
        finite = "allow-nan" if get_tags(estimator).input_tags.allow_nan else True
        X = check_array(X, accept_sparse="csr", ensure_min_samples=2, ensure_all_finite=finite)
    if y is not None:
        y = y.tocsr() if sparse.issparse(y) else np.asarray(y)
    check_consistent_length(X, y)
    weight = checked_weight(X, sample_weight)
    counted = _counted(X, weight)
    model = _one_step_model(estimator, len(counted))
    options = {}
    if is_classifier(model) and y is not None:
        multilabel = y.ndim == 2 and y.shape[1] > 1
        options["classes"] = classes = np.arange(y.shape[1]) if multilabel else np.unique(y)
        check_has_class_weights(model.class_weight, multilabel)
        if isinstance(model.class_weight, str):  # that of all rows, not of each batch
            weights = class_weights(
                model.class_weight, classes, np.searchsorted(classes, y.ravel()), weight
            )
            model.set_params(
                class_weight=dict(zip(classes.tolist(), weights.tolist(), strict=True))
            )
    batches = _batches(counted, model.batch_size, check_random_state(model.random_state))
    rates = np.geomspace(min_rate, max_rate, n_steps)
    losses: list[float] = []
    for rate, rows in zip(rates, batches, strict=False):
        if weight is not None:
            options["sample_weight"] = weight[rows]
        try:
            model.set_params(learning_rate_init=float(rate)).partial_fit(
                *take(rows, X, y), **options
            )
        except DivergedError:
            if losses:
                break
            raise
        losses.append(model.loss_)
        average = smoothed(losses)
        least = average.min()
        if average[-1] - least > _DIVERGED * _amount(model, least):
            break
    rates = rates[: len(losses)]
    return rates, np.array(losses), float(max(rates[np.argmin(average)] / 10.0, rates[0]))


def smoothed(losses: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the exponential moving average, corrected for its start as the moments of Adam are."""
    average, out = 0.0, np.empty(len(losses))
    for k, loss in enumerate(losses):
        average = _SMOOTHING * average + (1.0 - _SMOOTHING) * loss
        out[k] = average / (1.0 - _SMOOTHING ** (k + 1))
    return out


def _amount(model, loss):
    """Return how much a loss is; where it may be negative, what knowing the location and scale
    of its targets leaves.
    """
    network = model._network
    return _ENTROPY * network.n_targets if network.loss.density else abs(loss)


def _check(estimator, min_rate, max_rate, n_steps):
    """Raise if the test cannot be made with this estimator and these rates."""
    if isinstance(estimator, BaseTabularMLP):
        raise TypeError(
            f"{type(estimator).__name__} is an ensemble; give its make_estimator(len(X)), which "
            "has the settings of its members."
        )
    if not isinstance(estimator, BaseMLP):
        raise TypeError(
            "estimator must be an MLPClassifier, MLPRegressor or Autoencoder, or a Pipeline that "
            f"ends in one, got {estimator!r}."
        )
    if is_lbfgs(estimator):
        raise ValueError(
            "solver='lbfgs' has no learning rate; choose a minibatch solver, such as 'adam'."
        )
    if not 0 < min_rate < max_rate < np.inf:
        raise ValueError(
            f"The rates must rise: 0 < min_rate < max_rate < inf, got min_rate={min_rate!r} and "
            f"max_rate={max_rate!r}."
        )
    if n_steps < 2 or n_steps != int(n_steps):
        raise ValueError(f"n_steps must be a whole number, 2 or more, got {n_steps!r}.")


def _one_step_model(estimator, n_rows):
    """Return a clone for which a batch is an epoch, in the precision that ``fit`` would choose."""
    size = min(200 if estimator.batch_size == "auto" else estimator.batch_size, n_rows)
    dtype = (
        ("float32" if size < n_rows else "float64")
        if str(estimator.dtype) == "auto"
        else estimator.dtype
    )
    model = clone(estimator).set_params(
        learning_rate="constant", early_stopping=False, warm_start=False, verbose=False
    )
    if hasattr(model, "pretraining"):  # on one batch at the least rate it would do nothing
        model.set_params(pretraining=None)
    return model.set_params(batch_size=size, dtype=dtype)


def _counted(X, weight):
    """Return the numbers of the rows that count; ``weight`` (n,) or None."""
    rows = counted_rows(weight)
    n_rows = len(X) if isinstance(X, list) else X.shape[0]
    return np.arange(n_rows) if rows is None else rows


def _batches(rows, size, rng):
    """Yield batches of row numbers without end, in a new order for each pass."""
    while True:
        order, size = rng.permutation(rows), min(size, len(rows))
        for start in range(0, len(rows) - size + 1, size):
            yield order[start : start + size]
