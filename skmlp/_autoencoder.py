"""The autoencoder: X to X through a narrow code."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_array, check_is_fitted

from ._base import BaseMLP, takes_minibatches
from ._data.inputs import checked
from ._data.measures import measure_of_reconstruction
from ._data.missing import imputed, known_means, reconstructed
from ._data.sources import refuse_sparse
from ._data.table_out import (
    as_table,
    errors_by_column,
    filled_table,
    losses_by_column,
    number_loss,
    table_loss,
    without_missing,
)
from ._data.targets import reconstruction_target
from ._data.value_losses import loss_of_values
from ._data.weights import checked_weight
from ._fit.data import Given
from ._fit.pretraining import check_pretraining, pretrain
from ._fit.threads import limited_prediction, predicted
from ._inspect.input_gradient import gradient_of_code
from ._params.autoencoder import (
    AUTOENCODER_ATTRIBUTE_DOCS,
    AUTOENCODER_CONSTRAINTS,
    AUTOENCODER_DOCS,
)
from ._params.code_blocks import autoencoder_architecture, draws_codes
from ._params.column_losses import by_column, given_loss, labels_of
from ._params.docs import documented
from ._params.parameters import store_parameters
from ._saved.networks import AUTOENCODER
from ._sklearn import available_if
from .nn.engine.sources import DenseRows, FilledRows
from .nn.losses.masked import masked


@documented
class Autoencoder(BaseMLP):
    """Autoencoder: a network trained to give back its input through a layer of ``n_components``
    units, the code.

    The encoder has the widths ``hidden_layer_sizes``, the decoder the same in reverse. Minimises
    the mean over the rows of ``loss``, summed over the features, plus ``alpha / (2 n) sum_l
    |W_l|^2``, where n is the number of rows (of a minibatch). ``l1_ratio`` mixes in L1. With
    identity activations it finds the subspace of PCA. ``corruption`` makes it a denoising
    autoencoder, ``code_penalty`` a sparse, a contractive or a variational one. Missing values (NaN)
    have no loss, and the mean of the column takes their place in the input; :meth:`impute` gives
    them their reconstructions. With ``categorical_features`` X is a table of numbers and
    categories, and so is what comes back.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    sklearn.decomposition.PCA : The linear case, solved exactly.

    References
    ----------
    Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural
    networks", Science 313 (2006).

    Bengio, Lamblin, Popovici and Larochelle, "Greedy layer-wise training of deep networks", NeurIPS
    19 (2007).

    Vincent et al., "Stacked denoising autoencoders", Journal of Machine Learning Research 11
    (2010).

    Rifai et al., "Contractive auto-encoders: explicit invariance during feature extraction", ICML
    (2011).

    Kingma and Welling, "Auto-encoding variational Bayes", ICLR (2014).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import Autoencoder
    >>> X, y = load_digits(return_X_y=True)
    >>> model = Autoencoder(
    ...     n_components=2,
    ...     max_iter=20,
    ...     learning_rate="one_cycle",
    ...     learning_rate_init=0.01,
    ...     random_state=0,
    ... )
    >>> code = model.fit_transform(X / 16)
    >>> code.shape
    (1797, 2)
    >>> model.inverse_transform(code).shape
    (1797, 64)
    """

    _parameter_constraints = AUTOENCODER_CONSTRAINTS
    _parameter_docs = AUTOENCODER_DOCS
    _attribute_docs = AUTOENCODER_ATTRIBUTE_DOCS
    _takes_missing = _scores_loss = _has_code = True
    _stores = AUTOENCODER

    def __init__(
        self,
        n_components=2,
        hidden_layer_sizes=(100,),
        activation="relu",
        code_activation="identity",
        *,
        loss="squared_error",
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
        corruption=None,
        corruption_at="input",
        augmentation=None,
        l1_ratio=0.0,
        max_norm=None,
        diagnostics=False,
        skip_connections=None,
        tied_weights=False,
        code_penalty=None,
        init_from=None,
        pretraining=None,
        categorical_features=None,
        embedding_dim=None,
    ):
        store_parameters(self, locals())

    def fit(self, X, y=None, sample_weight=None, X_val=None, sample_weight_val=None, groups=None):
        """Train on X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on. NaN, in dense X, is a missing value.
        y : object, default=None
            Not used in training; handed on to callbacks.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.
        X_val : as X, default=None
            Rows to validate on: their loss and score appear in ``history_``, and ``early_stopping``
            watches them. Steps of a pipeline transform them if it says
            ``transform_input=["X_val"]``.
        sample_weight_val : array-like, default=None
            Weights of the validation rows.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for a ``validation_cv`` that keeps the rows of a group together.

        Returns
        -------
        self : object
        """
        return self._fit(Given(X, y, sample_weight, X_val, None, sample_weight_val, groups))

    @available_if(takes_minibatches)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for one epoch on X, going on from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on. NaN, in dense X, is a missing value.
        y : object, default=None
            Not used in training; handed on to callbacks.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.

        Returns
        -------
        self : object
        """
        return self._fit(Given(X, y, sample_weight, incremental=True))

    def inverse_transform(self, Z):
        """Return the reconstructions that belong to codes.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            With ``categorical_features`` a table as for ``predict``, a frame if the first fit had
            one.
        """
        check_is_fitted(self)
        Z = check_array(Z, dtype=[np.float64, np.float32], order="C", input_name="Z")
        if Z.shape[1] != self._n_features_out:
            raise ValueError(
                f"Z has {Z.shape[1]} columns, but the code has {self._n_features_out}."
            )
        return self._reconstruction(
            DenseRows(Z.astype(self._network.dtype, copy=False)),
            Z.dtype,
            start=self._transform_stop,
        )

    @available_if(draws_codes)
    def sample(self, n_samples=1, random_state=None):
        """Return new rows: decoded draws from N(0, I), without the noise of the likelihood.

        Only with ``code_penalty='variational'``.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        random_state : int, RandomState instance or None, default=None
            Seeds the draws.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        return self.inverse_transform(
            check_random_state(random_state).normal(size=(n_samples, self._n_features_out))
        )

    def predict(self, X):
        """Return the reconstruction of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense: the reconstruction would be as large. NaN is a missing value.

        Returns
        -------
        X_reconstructed : ndarray of shape (n_samples, n_features)
            Probabilities in columns whose loss is a cross-entropy. With ``categorical_features`` a
            table of the form of X, a frame of pandas or polars or an array: numbers in their own
            units, and of each categorical column the most probable category of the fit, never a
            missing one. The column keeps the dtype it has in X if that holds all categories of the
            fit, else it has that of the fit (in polars, what the categories are by themselves).
        """
        valid = self._check_X(X)
        refuse_sparse(valid, "predict", "a dense reconstruction")
        return self._reconstruction(self._input(valid), valid.dtype, X)

    def impute(self, X):
        """Return X with its missing values replaced by their reconstructions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense; NaN (in a frame also null) is a missing value.

        Returns
        -------
        X_imputed : ndarray or frame of shape (n_samples, n_features)
            A copy, float32 or float64 as X is, else float64; for a pandas or polars frame a frame,
            whose columns without missing values stay as they are. Known values are as they were;
            what is filled in is a probability where the loss is a cross-entropy. With
            ``categorical_features`` missing categories are filled in too, by the most probable one,
            and a column with some keeps its dtype as in ``predict``; in the input each counts as
            unknown, so that the others speak for it.
        """
        valid = self._check_X(X)
        missing = None if self._table is None else without_missing(X, valid, self._table)
        refuse_sparse(valid, "impute", "a dense reconstruction")
        parts = reconstructed(self._network, self._input(valid), self._target_measure)
        with limited_prediction(self._network, len(valid)):
            return (
                imputed(X, valid, parts, self._network.dtype)
                if missing is None
                else filled_table(X, missing, parts, self._table)
            )

    def input_gradient(self, X):
        """Return the gradient of each component of the code with respect to each input.

        In prediction mode: without dropout, with batch normalisation by its statistics. Its norm is
        how much the code changes with the input, as in Rifai et al., "Contractive auto-encoders"
        (2011).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_components, n_features)
            Dense, even if X is not. Behind 'hard_threshold' that of its stand-in. A missing value
            counts as the mean that replaces it. Of a table (``categorical_features``) that with
            respect to its numbers, and NaN for categories.
        """
        X = self._check_X(X)
        return gradient_of_code(self, self._input(X), X.dtype)

    def score_samples(self, X):
        """Return minus the reconstruction error of each row: the larger, the more normal.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Minus ``loss``, summed over the features that are not missing. With
            ``categorical_features`` the numbers are standardised.
        """
        X = self._check_X(X)
        return -self._losses(self._network.losses, self._input(X), X.dtype)

    def feature_errors(self, X):
        """Return the reconstruction error of each value: which features make a row odd.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense: the result would be as large.

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            ``loss`` of each value, 0 for a missing one; the sum of a row is minus its
            ``score_samples``. The loss of a block of columns under 'log_loss' belongs to the column
            that is one; in general it is divided as the block's values are. Of a table one for each
            of its columns.
        """
        X = self._check_X(X)
        refuse_sparse(X, "feature_errors", "dense errors")
        errors = self._losses(self._network.entry_losses, self._input(X), X.dtype)
        return errors if self._table is None else errors_by_column(errors, self._table)

    def score(self, X, y=None, sample_weight=None):
        """Return minus the mean reconstruction error.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        self._fitted()
        weight = checked_weight(X, sample_weight)
        return float(np.average(self.score_samples(X), weights=weight))

    @property
    def loss_by_column_(self):
        loss = self._fitted()._network.loss
        return (
            by_column(loss, self.n_features_in_)
            if self._table is None
            else losses_by_column(loss, self._table)
        )

    def _reconstruction(self, source, dtype, like=None, start=0):
        """Return what the outputs stand for, in this precision, of a table a table in the form
        of ``like``.
        """
        outputs = predicted(self._network.scores, source, start, dtype=np.float64)
        self._network.loss.link(outputs, outputs)
        if self._table is not None:
            return as_table(outputs, self._table, like)
        if self._target_measure is not None:
            outputs = self._target_measure.restored(outputs)
        return outputs.astype(dtype, copy=False)

    def _losses(self, of_source, source, dtype):
        """Return what a method of the network says of the losses of what is known of a source,
        in this precision and units of X.
        """
        network = self._network
        objective = masked(network.loss) if isinstance(source, FilledRows) else network.loss
        return self._in_units(
            predicted(
                of_source, source, reconstruction_target(source, self._table), objective, dtype
            )
        )

    def _in_units(self, losses):
        """Return losses in units of X."""
        return (
            losses
            if self._target_measure is None
            else losses * self._network.loss.in_units(self._target_measure)[0]
        )

    def _check_data(self, X, y, reset, classes=None, every_class=False):
        X = checked(self, X, reset=reset)
        if self._table is not None:
            number_loss(self.loss)
            return X, X
        if self.loss != "auto":
            self._loss = given_loss(
                self.loss, self.n_features_in_, getattr(self, "feature_names_in_", None)
            )
        elif reset:  # later rows are checked against what the first ones said
            self._loss = loss_of_values(X)
        self._loss.check_target(X, "X", labels_of(self))
        return X, X

    def _balance(self, target, weight):
        return weight

    @property
    def _target_measure(self):
        return self._input_measure

    @property
    def _target_table(self):
        return self._table

    def _learn_measures(self, data, first, incremental):
        super()._learn_measures(data, first, incremental)
        if first and self._table is None:
            self.mean_ = known_means(data.X, data.weight, data.rows, labels_of(self))
        elif first:
            self.mean_ = self._table.means

    def _measure_of_inputs(self, X, weight, rows):
        return (
            None
            if self._table is not None
            else measure_of_reconstruction(X, weight, rows, self._loss)
        )

    def _make_loss(self):
        return self._loss if self._table is None else table_loss(self.loss, self._table)

    def _architecture(self):
        return autoencoder_architecture(self)

    def _check_start(self):
        if self.pretraining is not None:
            check_pretraining(self)

    def _pretrain(self, training):
        if self.pretraining:
            pretrain(training)

    def _own_without_effect(self):
        if self.corruption_at == "hidden" and self.corruption is None:
            yield "corruption_at", "without corruption"

    def _for_score(self, raw):
        return raw[:, :0].copy()

    def _score_raw(self, outputs, target, weight, losses=None):
        return -np.average(losses, weights=weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
