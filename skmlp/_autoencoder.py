"""The autoencoder: X to X through a narrow code."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._base import BaseMLP, takes_minibatches
from ._data.auto_loss import loss_of_values
from ._data.inputs import MatrixLike, Seed, checked
from ._data.measures import measure_of_reconstruction
from ._data.table_losses import number_loss, table_loss
from ._fit.data import Given
from ._fit.pretraining import check_pretraining, pretrain
from ._inspect.input_gradient import gradient_of_code
from ._inspect.reconstruction import Reconstruction
from ._inspect.samples import check_n_samples
from ._params.autoencoder import (
    AUTOENCODER_ATTRIBUTE_DOCS,
    AUTOENCODER_CONSTRAINTS,
    AUTOENCODER_DOCS,
)
from ._params.code_blocks import autoencoder_architecture, draws_codes
from ._params.column_losses import given_loss, labels_of
from ._params.docs import documented, fit_documented
from ._params.parameters import store_parameters
from ._saved.networks import AUTOENCODER
from ._sklearn import available_if


@documented
class Autoencoder(Reconstruction, BaseMLP):
    """Autoencoder: a network trained to reconstruct its input through a layer of ``n_components``
    units, the code.

    The encoder has the widths ``hidden_layer_sizes``, the decoder the same in reverse order.

    {objective}
    With identity activations, the squared error and ``alpha`` near 0 it finds the subspace of PCA.
    ``corruption`` makes it a denoising autoencoder, ``code_penalty`` a sparse, a contractive or a
    variational one. Missing values (NaN) have no loss, and the mean of the column replaces them in
    the input; :meth:`impute` replaces them by their reconstructions. With ``categorical_features``
    X is a table of numbers and categories, and so is the reconstruction.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    AutoencoderImputer : An autoencoder that fills in missing values, as a transformer.
    OutlierAutoencoder : An autoencoder whose reconstruction errors detect outliers.
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
    _keeps_missing = _scores_loss = _has_code = True
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
        y: object = None,
        sample_weight: ArrayLike | None = None,
        X_val: MatrixLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on. NaN, in dense X, is a missing value.
        y : object, default=None
            Not used in training; passed to callbacks.
        {sample_weight}
        X_val : as X, default=None
            Validation data: their loss and score appear in ``history_``, and ``early_stopping``
            monitors their score. A pipeline with ``transform_input=["X_val"]`` transforms them too.
        {groups}

        Returns
        -------
        self : object
        """
        return self._fit(Given(X, y, sample_weight, X_val, None, sample_weight_val, groups))

    @available_if(takes_minibatches)
    @fit_documented
    def partial_fit(
        self, X: MatrixLike, y: object = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on X, continuing from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on. NaN, in dense X, is a missing value.
        y : object, default=None
            Not used in training; passed to callbacks.
        {sample_weight}

        Returns
        -------
        self : object
        """
        return self._fit(Given(X, y, sample_weight, incremental=True))

    def transform(self, X: MatrixLike) -> np.ndarray:
        """Return the code of each row, which ``inverse_transform`` decodes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows with the features that ``fit`` saw. NaN, in dense X, is a missing value.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            The code, a variational one's mean. After ``set_output(transform="pandas")`` it is a
            data frame.
        """
        return super().transform(X)

    @available_if(draws_codes)
    def sample(self, n_samples: int = 1, random_state: Seed = None) -> np.ndarray:
        """Return new rows: decoded draws from N(0, I), without the noise of the likelihood.

        Only with ``code_penalty='variational'``.

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        check_n_samples(n_samples)
        return self.inverse_transform(
            check_random_state(random_state).normal(size=(n_samples, self._n_features_out))
        )

    def input_gradient(self, X: MatrixLike) -> np.ndarray:
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
            Dense, even if X is sparse; NaN for the categorical columns of a table. For units behind
            'hard_threshold' the gradient of its surrogate is used. For a missing value it is the
            gradient at the mean that replaces it.
        """
        X = self._check_X(X)
        return gradient_of_code(self, self._input(X), X.dtype)

    def _check_data(self, X, y, reset, classes=None, every_class=False):
        X = checked(self, X, reset=reset)
        if self._codec.is_table:
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
        return self._codec.measure

    @property
    def _target_codec(self):
        return self._codec

    def _measure_of_inputs(self, X, weight, rows):
        return measure_of_reconstruction(X, weight, rows, self._loss)

    def _make_loss(self):
        return table_loss(self.loss, self._codec) if self._codec.is_table else self._loss

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
