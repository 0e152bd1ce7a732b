"""The regressor: numbers to targets, raw scores to numbers."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from ._base import BaseMLP, takes_minibatches
from ._data.inputs import MatrixLike, Seed, checked
from ._data.measures import measure_of_target
from ._data.targets import one_column
from ._data.weights import checked_weight
from ._fit.data import Given
from ._inspect.importances import ImportancesOfPredictions
from ._inspect.input_gradient import gradient_of_predictions
from ._inspect.quantile_score import explained_pinball_loss
from ._inspect.r2 import r2
from ._inspect.samples import raw_samples
from ._params.docs import documented, fit_documented
from ._params.parameters import store_parameters
from ._params.regressor import (
    REGRESSOR_ATTRIBUTE_DOCS,
    REGRESSOR_CONSTRAINTS,
    REGRESSOR_DOCS,
)
from ._params.units import regression_loss
from ._saved.networks import REGRESSOR
from ._sklearn import available_if
from .nn.losses import LOSSES, Loss


@documented
class MLPRegressor(RegressorMixin, ImportancesOfPredictions, BaseMLP):
    """Multi-layer perceptron for regression, with one or several outputs.

    {objective}
    The network learns the standardised y (``normalize_y``), so y needs no scaling. Changing the
    import from scikit-learn's class of the same name is enough to use it;
    ``normalize_y=False`` gives scikit-learn's objective.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MLPClassifier : The network for classification.
    TabularMLPRegressor : An ensemble of these networks for tables, with good default settings.
    Autoencoder : A network that learns from X alone.
    sklearn.neural_network.MLPRegressor : The class whose parameters these extend.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by
    back-propagating errors", Nature 323 (1986).

    Kingma and Ba, "Adam: a method for stochastic optimization" (2015).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmlp import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> setting = {"learning_rate": "one_cycle", "learning_rate_init": 0.01, "max_iter": 30}
    >>> network = MLPRegressor(hidden_layer_sizes=(20,), random_state=0, **setting)
    >>> model = make_pipeline(StandardScaler(), network)
    >>> bool(cross_val_score(model, X, y).mean() > 0.4)
    True
    """

    _parameter_constraints = REGRESSOR_CONSTRAINTS
    _parameter_docs = REGRESSOR_DOCS
    _attribute_docs = REGRESSOR_ATTRIBUTE_DOCS
    _stores = REGRESSOR

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        weight_init="auto",
        dropout=0.0,
        input_dropout=0.0,
        batch_norm=False,
        clip_norm=None,
        clip_value=None,
        validation_cv=None,
        scoring=None,
        dtype="auto",
        augmentation=None,
        l1_ratio=0.0,
        max_norm=None,
        diagnostics=False,
        skip_connections=None,
        auxiliary_loss_weight=0.0,
        init_from=None,
        categorical_features=None,
        embedding_dim=None,
        normalize_y=True,
        numeric_scaling="standard",
        min_frequency=1,
        input_scale=False,
        learning_rate_scaling=None,
        numeric_embedding=None,
        data_init=False,
    ):
        store_parameters(self, locals())

    @fit_documented
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on X and y.

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers to predict.
        {sample_weight}
        {validation}

        Returns
        -------
        self : object
        """
        return self._fit(Given(X, y, sample_weight, X_val, y_val, sample_weight_val, groups))

    @available_if(takes_minibatches)
    @fit_documented
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on X and y, continuing from where the last call ended.

        Parameters
        ----------
        {X}
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers to predict.
        {sample_weight}

        Returns
        -------
        self : object
        """
        return self._fit(Given(X, y, sample_weight, incremental=True))

    def predict(
        self, X: MatrixLike, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return the predicted numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        return_std : bool, default=False
            Whether to return the standard deviation too, which ``loss="gaussian_nll"`` learns.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            With several quantiles the shape is (n_samples, n_levels) or (n_samples, n_outputs,
            n_levels).
        std : ndarray of the shape of y
            Only with ``return_std``.
        """
        X = self._check_X(X)
        self._check_return_std(return_std)
        return self._predictions(self._raw(X), return_std)

    def predict_outputs(self, X: MatrixLike) -> dict[str, np.ndarray]:
        """Return all that the loss predicts, by name.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        outputs : dict of str to ndarray
            First "prediction", or "quantiles", which is what ``predict`` returns; with
            ``loss='gaussian_nll'`` also "std". A loss of your own may have more (its ``outputs``).
        """
        return self._outputs(self._raw(self._check_X(X)))

    def sample_predictions(
        self,
        X: MatrixLike,
        n_samples: int = 100,
        random_state: Seed = None,
        return_std: bool = False,
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return predictions with the dropout of training left on, whose spread shows how
        uncertain the network is (Monte Carlo dropout: epistemic uncertainty).

        Each sample draws its own dropout masks for each row; all else is as in ``predict``. The
        spread is the epistemic uncertainty, not the noise of y (aleatoric), which
        ``loss='gaussian_nll'`` learns; for the variance of y add both: the mean of ``std**2`` over
        the samples and the variance of ``y``. Gal and Ghahramani, "Dropout as a Bayesian
        approximation" (2016).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_rows, n_features)
        n_samples : int, default=100
            Number of samples.
        random_state : int, RandomState instance or None, default=None
            Seed of the masks.
        return_std : bool, default=False
            Whether to return the standard deviation too, which ``loss='gaussian_nll'`` learns.

        Returns
        -------
        y : ndarray of shape (n_samples, n_rows) or (n_samples, n_rows, n_outputs)
            Each ``y[k]`` has the shape of what ``predict`` returns, so several quantiles are a last
            axis (n_levels); ``y.mean(axis=0)`` and ``y.std(axis=0)`` are the mean and the spread.
        std : ndarray of the shape of y
            Only with ``return_std``.

        Raises
        ------
        ValueError
            If there is no dropout, or batch normalisation is by the predicted batch.
        """
        X = self._check_X(X)
        self._check_return_std(return_std)
        return self._predictions(raw_samples(self, X, n_samples, random_state, X.dtype), return_std)

    def input_gradient(self, X: MatrixLike) -> np.ndarray:
        """Return the gradient of the prediction with respect to each input.

        In prediction mode: without dropout, with batch normalisation by its statistics.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            The shape of ``predict(X)`` with a last axis for the features: with several quantiles
            (n_samples, n_levels, n_features) or (n_samples, n_outputs, n_levels, n_features).
            Dense, even if X is sparse; NaN for the categorical columns of a table. For units behind
            'hard_threshold' the gradient of its surrogate is used.
        """
        X = self._check_X(X)
        gradient = gradient_of_predictions(self, X)
        inner = [size for size in gradient.shape[1:-1] if size > 1]
        return gradient.reshape(len(gradient), *inner, gradient.shape[-1])

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return R², the share of the variance of y that the predictions explain.

        With ``loss="quantile"`` it is D², the share of the pinball loss of constant quantiles that
        the predictions explain, over all levels and outputs; for one level that of
        :func:`sklearn.metrics.d2_pinball_score`. R² is averaged over several outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        X, target = self._fitted()._check_data(X, y, None)
        return self._score_raw(self._raw(X), target, checked_weight(X, sample_weight))

    @property
    def target_offset_(self) -> float | np.ndarray:
        return self._of_measure("offset", 0.0)

    @property
    def target_scale_(self) -> float | np.ndarray:
        return self._of_measure("scale", 1.0)

    def _of_measure(self, name, default):
        """Return offset or scale of the measure of y; ``default``: what it is without one."""
        n_targets, measure = self._fitted()._network.n_targets, self._target_measure
        return np.full(n_targets, default) if measure is None else getattr(measure, name).copy()

    def _check_data(self, X, y, reset, classes=None, every_class=False):
        X, y = checked(self, X, y, reset=reset, multi_output=True, y_numeric=True)
        y = one_column(y)
        target = y.reshape(len(y), -1).astype(np.float64, copy=False)
        loss = self._network.loss if reset is None else regression_loss(self)  # None: in score
        loss.check_target(target, "y")
        if reset:
            loss.check_variation(target, "y")
        return X, target

    def _balance(self, target, weight):
        return weight

    def _check_return_std(self, return_std):
        """Raise ``ValueError`` if the standard deviation is asked for and not learned."""
        network = self._network
        if return_std and "std" not in network.loss.outputs(network.n_targets):
            raise ValueError(
                "return_std=True needs a loss that learns the standard deviation, such as "
                f"'gaussian_nll', not {network.loss!r}."
            )

    def _predictions(self, raw, return_std=False):
        """Return the predictions that raw scores (..., n, n_out) stand for, with their standard
        deviations if ``return_std``.

        Overwrites: raw.
        """
        outputs = self._outputs(raw)
        y = next(iter(outputs.values()))
        return (y, outputs["std"]) if return_std else y

    def _outputs(self, raw):
        """Return all that raw scores (..., n, n_out) stand for, by name. Overwrites: raw."""
        loss = self._network.loss
        loss.link(raw, raw)
        return {
            name: _squeezed(output.of(raw, self._target_measure), raw.ndim - 1)
            for name, output in loss.outputs(self._network.n_targets).items()
        }

    def _make_loss(self):
        loss = regression_loss(self)
        return loss if self._target_measure is None else loss.of_units(self._target_measure)

    def _learn_measures(self, data, first, incremental):
        super()._learn_measures(data, first, incremental)
        if first:
            self._normalizes_y, self._target_measure = self.normalize_y, None
            if self.normalize_y:
                self._target_measure = measure_of_target(regression_loss(self), data, incremental)
        elif self.normalize_y != self._normalizes_y:
            raise ValueError(
                f"normalize_y={self.normalize_y!r} is not what the fit to go on from had, "
                f"{self._normalizes_y!r}. Undo the change, or fit "
                "with warm_start=False."
            )

    def _score_raw(self, raw, target, weight, losses=None):
        predictions = self._predictions(raw.astype(np.float64))
        loss = self._network.loss
        if loss.taus is not None:
            return explained_pinball_loss(target, predictions, loss.taus, weight)
        return r2(target, predictions, weight)

    def _score_kind(self, network):
        return "r2" if network.n_targets == 1 else None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        name = isinstance(self.loss, str) and self.loss in LOSSES
        loss = LOSSES[self.loss]() if name else self.loss
        tags.target_tags.positive_only = isinstance(loss, Loss) and loss.positive_only
        return tags


def _squeezed(y, n_lead):
    """Return y without axes of length 1 behind the first ``n_lead``."""
    return y.reshape([*y.shape[:n_lead], *(size for size in y.shape[n_lead:] if size > 1)])
