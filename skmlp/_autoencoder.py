"""The autoencoder: X to X through a narrow code."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_array, check_is_fitted

from ._autoencoder_parameters import AUTOENCODER_ATTRIBUTE_DOCS, AUTOENCODER_CONSTRAINTS, AUTOENCODER_DOCS
from ._base import BaseMLP, takes_minibatches
from ._build import hidden_blocks
from ._code import autoencoder_blocks, draws_codes
from ._columns import by_column, given_loss, labels_of, loss_of_values
from ._input_gradient import gradient_of_code
from ._inputs import checked
from ._missing import imputed
from ._parameters import documented, store_parameters
from ._reconstruction import as_table, errors_by_column, filled_table, losses_by_column, number_loss, table_loss, without_missing
from ._rows import input_rows
from ._sklearn import available_if
from ._targets import given_back
from ._threads import predicted
from .nn.data import DenseRows, FilledRows
from .nn.known import known_part


@documented
class Autoencoder(BaseMLP):
    """Autoencoder: a network trained to give back its input through a layer of ``n_components`` units, the code.

    The encoder has the widths ``hidden_layer_sizes``, the decoder the same in reverse. Minimises the mean over the rows of ``loss``, summed
    over the features, plus ``alpha / (2 n) sum_l |W_l|^2``, where n is the number of rows (of a minibatch). ``l1_ratio`` mixes in L1. With
    identity activations it finds the subspace of PCA. ``corruption`` makes it a denoising autoencoder, ``code_penalty`` a sparse, a
    contractive or a variational one. Missing values (NaN) have no loss, and the mean of the column takes their place in the input;
    :meth:`impute` gives them their reconstructions. With ``categorical_features`` X is a table of numbers and categories, and so is what
    comes back.

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
    Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313 (2006).

    Bengio, Lamblin, Popovici and Larochelle, "Greedy layer-wise training of deep networks", NeurIPS 19 (2007).

    Vincent et al., "Stacked denoising autoencoders", Journal of Machine Learning Research 11 (2010).

    Rifai et al., "Contractive auto-encoders: explicit invariance during feature extraction", ICML (2011).

    Kingma and Welling, "Auto-encoding variational Bayes", ICLR (2014).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import Autoencoder
    >>> X, y = load_digits(return_X_y=True)
    >>> model = Autoencoder(n_components=2, max_iter=20, learning_rate="one_cycle", learning_rate_init=0.01, random_state=0)
    >>> code = model.fit_transform(X / 16)
    >>> code.shape
    (1797, 2)
    >>> model.inverse_transform(code).shape
    (1797, 64)
    """

    _parameter_constraints = AUTOENCODER_CONSTRAINTS
    _parameter_docs = AUTOENCODER_DOCS
    _attribute_docs = AUTOENCODER_ATTRIBUTE_DOCS
    _takes_missing = True

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
        validation_split=None,
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
            Rows to validate on: their loss and score appear in ``history_``, and ``early_stopping`` watches them.
        sample_weight_val : array-like, default=None
            Weights of the validation rows.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for a ``validation_split`` that keeps the rows of a group together.

        Returns
        -------
        self : object
        """
        return self._fit(X, y, sample_weight, (X_val, None, sample_weight_val), groups=groups)

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
        return self._fit(X, y, sample_weight, incremental=True)

    def inverse_transform(self, Z):
        """Return the reconstructions that belong to codes.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            With ``categorical_features`` a table as for ``predict``, a frame if the first fit had one.
        """
        check_is_fitted(self)
        Z = check_array(Z, dtype=self._network.dtype, order="C", input_name="Z")
        if Z.shape[1] != self._n_features_out:
            raise ValueError(f"Z has {Z.shape[1]} columns, but the code has {self._n_features_out}.")
        return self._reconstruction(DenseRows(Z), start=self._transform_stop)

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
        return self.inverse_transform(check_random_state(random_state).normal(size=(n_samples, self._n_features_out)))

    def predict(self, X):
        """Return the reconstruction of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense: the reconstruction would be as large. NaN is a missing value.

        Returns
        -------
        X_reconstructed : ndarray of shape (n_samples, n_features)
            Probabilities in columns whose loss is a cross-entropy. With ``categorical_features`` a table of the form of X, a frame of
            pandas or polars or an array: numbers in their own units, and of each categorical column the most probable category, never a
            missing one.
        """
        return self._reconstruction(self._dense(self._source(X), "predict", "a dense reconstruction"), X)

    def impute(self, X):
        """Return X with its missing values replaced by their reconstructions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense; NaN (in a frame also null) is a missing value.

        Returns
        -------
        X_imputed : ndarray or frame of shape (n_samples, n_features)
            A copy, float32 or float64 as X is, else float64; for a pandas or polars frame a frame, whose columns without missing values
            stay as they are. Known values are as they were; what is filled in is a probability where the loss is a cross-entropy. With
            ``categorical_features`` missing categories are filled in too, by the most probable one; in the input each counts as unknown,
            so that the others speak for it.
        """
        check_is_fitted(self)
        valid = checked(self, X)
        missing = None if self._table is None else without_missing(X, valid, self._table)
        source = self._dense(self._input(valid, self._network.dtype), "impute", "a dense reconstruction")
        if missing is None:
            return imputed(X, valid, self._reconstruction(source))
        return filled_table(X, missing, self._outputs(source), self._table)

    def input_gradient(self, X):
        """Return the gradient of each component of the code with respect to each input.

        In prediction mode: without dropout, with batch normalisation by its statistics. Its norm is how much the code changes with the
        input, as in Rifai et al., "Contractive auto-encoders" (2011).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_components, n_features)
            Dense, even if X is not. Behind 'hard_threshold' that of its stand-in. A missing value counts as the mean that replaces it.
            Of a table (``categorical_features``) that with respect to its numbers, and NaN for categories.
        """
        return gradient_of_code(self, self._source(X))

    def score_samples(self, X):
        """Return minus the reconstruction error of each row: the larger, the more normal.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Minus ``loss``, summed over the features that are not missing. With ``categorical_features`` the numbers are standardised.
        """
        source = self._source(X)
        return -predicted(self._network.losses, source, given_back(source, self._table), self._objective(source))

    def feature_errors(self, X):
        """Return the reconstruction error of each value: which features make a row odd.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense: the result would be as large.

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            ``loss`` of each value, 0 for a missing one; the sum of a row is minus its ``score_samples``. The loss of a block of columns
            under 'log_loss' belongs to the column that is one; in general it is divided as the block's values are. Of a table one for each
            of its columns.
        """
        source = self._dense(self._source(X), "feature_errors", "dense errors")
        errors = predicted(self._network.entry_losses, source, given_back(source, self._table), self._objective(source))
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
        return float(np.average(self.score_samples(X), weights=sample_weight))

    @property
    def loss_by_column_(self):
        loss = self._fitted()._network.loss
        return by_column(loss, self.n_features_in_) if self._table is None else losses_by_column(loss, self._table)

    def _dense(self, source, method, result):
        """Return a source of dense rows as it is; refuse another one."""
        if source.sparse:
            raise ValueError(
                f"{method} would turn sparse input into {result} of shape {source.n_rows, source.width}. Ask for it by "
                f"{method}(X.toarray()), or use score_samples or transform, which take sparse input in bounded memory."
            )
        return source

    def _reconstruction(self, source, like=None, start=0):
        """Return what the outputs stand for, of a table a table in the form of ``like``."""
        outputs = self._outputs(source, start)
        return outputs if self._table is None else as_table(outputs, self._table, like)

    def _outputs(self, source, start=0):
        """Return the reconstruction as the network has it: standardised, of categories their probabilities."""
        raw = predicted(self._network.scores, source, start)
        self._network.loss.link(raw, raw)
        return raw

    def _objective(self, source):
        """Return the loss of what is known of a source."""
        return known_part(self._network.loss) if isinstance(source, FilledRows) else self._network.loss

    def _check_data(self, X, y, reset, classes=None, every_class=False):
        X = checked(self, X, reset=reset)
        if self._table is not None:
            number_loss(self.loss)
            return X, X
        if self.loss != "auto":
            self._loss = given_loss(self.loss, self.n_features_in_, getattr(self, "feature_names_in_", None))
        elif reset:  # later rows are checked against what the first ones said
            self._loss = loss_of_values(X)
        self._loss.check_target(X, "X", labels_of(self))
        return X, X

    def _balance(self, target, weight):
        return weight

    def _make_loss(self):
        return self._loss if self._table is None else table_loss(self.loss, self._table)

    def _make_blocks(self):
        encoder = hidden_blocks(self, self.hidden_layer_sizes)
        return autoencoder_blocks(self, encoder), len(encoder) + 1

    def _score_raw(self, raw, target, weight):
        source = given_back(input_rows(target, self._network.dtype), self._table)
        return -np.average(self._network.row_losses(raw, source), weights=weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
