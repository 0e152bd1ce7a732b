"""The autoencoder: X to X through a narrow code."""

from dataclasses import replace
from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ._base import BaseMLP, takes_minibatches
from ._build import Block, activation_unit, hidden_blocks, regression_loss
from ._input_gradient import gradient_of_scores
from ._parameters import (
    CONSTRAINTS,
    HIDDEN_ACTIVATION_TYPES,
    HIDDEN_ACTIVATIONS,
    documented,
    loss_constraint,
    loss_doc,
    loss_keys,
    positive,
    store_parameters,
)
from ._rows import input_rows
from ._sklearn import StrOptions
from .nn.corruption import CORRUPTIONS
from .nn.data import DenseRows


@documented
class Autoencoder(BaseMLP):
    """Autoencoder: a network trained to give back its input through a layer of ``n_components`` units, the code.

    The encoder has the widths ``hidden_layer_sizes``, the decoder the same in reverse. Minimises the mean over the rows of ``loss``, summed
    over the features, plus ``alpha / (2 n) sum_l |W_l|^2``, where n is the number of rows (of a minibatch). ``l1_ratio`` mixes in L1. With
    identity activations it finds the subspace of PCA.

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

    _parameter_constraints = {
        **CONSTRAINTS,
        "n_components": [positive(Integral)],
        "code_activation": [StrOptions(set(HIDDEN_ACTIVATIONS)), *HIDDEN_ACTIVATION_TYPES, callable],
        "corruption": [StrOptions(set(CORRUPTIONS)), *CORRUPTIONS.values(), callable, None],
        "corruption_at": [StrOptions({"input", "hidden"})],
        "loss": loss_constraint("regression", n_scores=1),
        "pretraining": [None, positive(Integral)],
    }
    _parameter_docs = {
        "loss": loss_doc(
            loss_keys("regression", n_scores=1),
            "Huber(0.5)",
            "Summed over the features; 'poisson' and 'tweedie' need an X that is not negative, 'gamma' a positive one. A function of "
            "prediction and target, as for :class:`MLPRegressor`, gives its own gradient.",
            function=True,
        ),
        "n_components": """
    n_components : int, default=2
        Width of the code.""",
        "hidden_layer_sizes": """
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Width of each hidden layer of the encoder; the decoder has them in reverse. ``()`` means none.""",
        "activation": """
    activation : str, Activation, callable, or list of these, default='relu'
        Activation of the hidden layers, as for :class:`MLPRegressor`; a list has one entry per layer of the encoder, and the decoder has
        them in reverse.""",
        "code_activation": """
    code_activation : str, Activation or callable, default='identity'
        Activation of the code.""",
        "corruption": """
    corruption : {'masking', 'gaussian', 'salt_and_pepper'}, instance, callable or None, default=None
        What spoils the values that the encoder gets in training, while the target stays clean (a denoising autoencoder: Vincent et al.,
        2010): zeros, normal noise, lowest and highest values, or ``function(x, rng)``. ``transform`` and ``predict`` spoil nothing. Not
        with 'lbfgs'.""",
        "corruption_at": """
    corruption_at : {'input', 'hidden'}, default='input'
        What is corrupted: the input, or the output of each hidden layer of the encoder.""",
        "dropout": """
    dropout : float, Dropout, AlphaDropout, or array-like of these, default=0.0
        Fraction of each hidden layer's outputs dropped in training, the code excepted; one value, or one per layer of the encoder.
        ``AlphaDropout(0.1)`` goes with selu.""",
        "pretraining": """
    pretraining : int or None, default=None
        Epochs for which each layer of the encoder is trained first, from the input to the code, with the decoder layer that mirrors it,
        to give back what the layers below make of X (greedy layer-wise pre-training: Bengio et al., 2007); ``fit`` then trains all
        together. Same solver, penalties, dropout and batch normalisation; ``corruption_at='input'`` corrupts what goes into each layer
        (Vincent et al., 2010), ``augmentation`` changes X only. A warm start, and ``partial_fit`` after its first call, do not train the
        layers again. It helps deep networks of saturating activations without batch normalisation. Not with 'lbfgs',
        ``skip_connections`` or ``init_from``.""",
    }

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
        init_from=None,
        pretraining=None,
    ):
        store_parameters(self, locals())

    def fit(self, X, y=None, sample_weight=None, X_val=None, sample_weight_val=None, groups=None):
        """Train on X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on.
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
            Rows to train on.
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
        """
        check_is_fitted(self)
        Z = check_array(Z, dtype=self._network.dtype, order="C", input_name="Z")
        if Z.shape[1] != self._n_features_out:
            raise ValueError(f"Z has {Z.shape[1]} columns, but the code has {self._n_features_out}.")
        return self._decoded(self._network.scores(DenseRows(Z), start=self._transform_stop))

    def predict(self, X):
        """Return the reconstruction of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense: the reconstruction would be as large.

        Returns
        -------
        X_reconstructed : ndarray of shape (n_samples, n_features)
        """
        X = self._check_X(X)
        if sparse.issparse(X):
            raise ValueError(
                f"predict would turn sparse input into a dense reconstruction of shape {X.shape}. Ask for it by predict(X.toarray()), or "
                "use score_samples or transform, which take sparse input in bounded memory."
            )
        return self._decoded(self._raw(X))

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
            Dense, even if X is not. Behind 'hard_threshold' that of its stand-in.
        """
        return gradient_of_scores(self, self._check_X(X), self._transform_stop)

    def score_samples(self, X):
        """Return minus the reconstruction error of each row: the larger, the more normal.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Minus ``loss``, summed over the features.
        """
        source = input_rows(self._check_X(X), self._network.dtype)
        return -self._network.losses(source, source)

    def feature_errors(self, X):
        """Return the reconstruction error of each value: which features make a row odd.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense: the result would be as large.

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features)
            ``loss`` of each value; the sum of a row is minus its ``score_samples``.
        """
        X = self._check_X(X)
        if sparse.issparse(X):
            raise ValueError(f"feature_errors would turn sparse input into dense errors of shape {X.shape}. Ask for it by X.toarray().")
        source = input_rows(X, self._network.dtype)
        return self._network.entry_losses(source, source)

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

    def _decoded(self, raw):
        self._network.loss.link(raw, raw)
        return raw

    def _check_data(self, X, y, reset, classes=None, every_class=False):
        X = validate_data(self, X, accept_sparse=["csr", "csc"], dtype=[np.float64, np.float32], order="C", reset=reset)
        self._make_loss().check_target(X, "X")
        return X, X

    def _balance(self, target, weight):
        return weight

    def _make_loss(self):
        loss = regression_loss(self)
        if loss.n_scores != 1:
            raise ValueError(
                f"loss={self.loss!r} predicts {loss.n_scores} numbers for each target; a reconstruction has one for each feature."
            )
        return loss

    def _make_blocks(self):
        encoder = hidden_blocks(self, self.hidden_layer_sizes)
        if self.corruption is not None and self.corruption_at == "hidden" and not encoder:
            raise ValueError("corruption_at='hidden' needs a hidden layer to corrupt, but hidden_layer_sizes has none.")
        code = Block(self.n_components, activation_unit(self.code_activation), bridged=False)
        return [*(replace(block, corrupted=True) for block in encoder), code, *reversed(encoder)], len(encoder) + 1

    def _score_raw(self, raw, target, weight):
        source = input_rows(target, self._network.dtype)
        return -np.average(self._network.row_losses(raw, source), weights=weight)
