"""The regressor: numbers to targets, raw scores to numbers."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from ._base import BaseMLP, takes_minibatches
from ._build import hidden_blocks, regression_loss
from ._parameters import CONSTRAINTS, documented, loss_constraint, store_parameters


@documented
class MLPRegressor(RegressorMixin, BaseMLP):
    """Multi-layer perceptron for regression, with one or several outputs.

    Minimises, over weights W_l and intercepts b_l, the mean over the rows of ``loss``, summed over the outputs, plus
    ``alpha / (2 n) sum_l |W_l|^2``, where n is the number of rows (of a minibatch). Changing the import from scikit-learn's class of the
    same name is enough to use it.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MLPClassifier : The same for labels.
    sklearn.neural_network.MLPRegressor : The class whose parameters these extend.

    References
    ----------
    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323 (1986).

    Kingma and Ba, "Adam: a method for stochastic optimization" (2015).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmlp import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPRegressor(solver="lbfgs", hidden_layer_sizes=(), random_state=0))
    >>> bool(cross_val_score(model, X, y).mean() > 0.45)
    True
    """

    _parameter_constraints = {**CONSTRAINTS, "loss": loss_constraint("regression")}

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
        scoring=None,
        dtype="auto",
    ):
        store_parameters(self, locals())

    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None, sample_weight_val=None):
        """Train on X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers to predict.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.
        X_val, y_val : as X and y, default=None
            Rows to validate on: their loss and score appear in ``history_``, and ``early_stopping`` watches them.
        sample_weight_val : array-like, default=None
            Weights of the validation rows.

        Returns
        -------
        self : object
        """
        if X_val is not None and y_val is None:
            raise ValueError("X_val was given without y_val; give both or neither.")
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(takes_minibatches)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on X and y, going on from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers to predict.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
        """Return the predicted numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        y = self._raw(self._check_X(X))
        self._network.loss.link(y, y)
        return y[:, 0] if y.shape[1] == 1 else y

    def _check_data(self, X, y, reset, classes=None, every_class=False):
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=[np.float64, np.float32],
            order="C",
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y.reshape(len(y), -1).astype(np.float64, copy=False)

    def _balance(self, target, weight):
        return weight

    def _make_loss(self):
        return regression_loss(self)

    def _make_blocks(self):
        blocks = hidden_blocks(self, self.hidden_layer_sizes)
        return blocks, len(blocks)

    def _score_raw(self, raw, target, weight):
        prediction = np.empty_like(raw)
        self._network.loss.link(raw, prediction)
        return r2_score(target, prediction, sample_weight=weight)
