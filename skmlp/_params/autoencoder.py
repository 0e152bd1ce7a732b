"""The parameters that only an autoencoder has: which values they take, and what the docs say."""

from numbers import Integral

from .._sklearn import NoFlag, StrOptions
from ..nn.layers import CORRUPTIONS
from ..nn.losses import Loss
from ..nn.terms import CODE_PENALTIES, Term
from .column_losses import COLUMN_LOSSES, LOSS_DOC
from .constraints import CONSTRAINTS, HIDDEN_ACTIVATION_TYPES, HIDDEN_ACTIVATIONS, positive
from .parameter_docs import more

AUTOENCODER_CONSTRAINTS = {
    **CONSTRAINTS,
    "n_components": [positive(Integral)],
    "code_activation": [StrOptions(set(HIDDEN_ACTIVATIONS)), *HIDDEN_ACTIVATION_TYPES, callable],
    "corruption": [StrOptions(set(CORRUPTIONS)), *CORRUPTIONS.values(), callable, None],
    "corruption_at": [StrOptions({"input", "hidden"})],
    "tied_weights": ["boolean"],
    "code_penalty": [StrOptions(set(CODE_PENALTIES)), Term, None],
    "loss": [StrOptions({"auto", *COLUMN_LOSSES}), Loss, callable, list],
    "pretraining": [None, NoFlag(Integral, 1, None, closed="left")],
}

AUTOENCODER_DOCS = {
    "loss": LOSS_DOC
    + """

        With ``categorical_features`` it is one loss, that of the standardised numbers, such as
        'squared_error' or 'huber'; categories have their cross-entropy.""",
    "n_components": """
    n_components : int >= 1, default=2
        Width of the code.""",
    "hidden_layer_sizes": """
    hidden_layer_sizes : int >= 1 or array-like of int, default=(100,)
        Width of each hidden layer of the encoder; the decoder has them in reverse order. With
        ``()`` there is none.""",
    "activation": more(
        "activation",
        """The layers of a list are those of the encoder; the decoder has them in reverse order.""",
    ),
    "code_activation": """
    code_activation : str, Activation or callable, default='identity'
        Activation of the code: any that ``activation`` accepts. 'identity' does not bound the code;
        with 'logistic' it lies between 0 and 1, with 'tanh' between -1 and 1.""",
    "corruption": """
    corruption : str, Corruption, callable or None, default=None
        How the input of the encoder is corrupted in training, while the target stays clean (a
        denoising autoencoder: Vincent et al., 2010). 'masking' (:class:`~skmlp.nn.Masking`) sets
        random values to 0, 'gaussian' (:class:`~skmlp.nn.GaussianCorruption`) adds normal noise,
        and 'salt_and_pepper' (:class:`~skmlp.nn.SaltAndPepper`) sets random values to 0 or 1. An
        instance, such as ``Masking(0.2)``, has its own strength; a function is called as
        ``function(x, rng)`` and returns the corrupted x. ``transform`` and ``predict`` corrupt
        nothing. Not with 'lbfgs'.""",
    "corruption_at": """
    corruption_at : {'input', 'hidden'}, default='input'
        What is corrupted: the input, or the output of each hidden layer of the encoder.""",
    "dropout": """
    dropout : float in [0, 1), Dropout, AlphaDropout, or array-like of these, default=0.0
        Fraction of each hidden layer's outputs that is dropped in training, except for the code;
        one value, or one per layer of the encoder. Use ``AlphaDropout(0.1)`` with selu.""",
    "tied_weights": """
    tied_weights : bool, default=False
        Whether the matrices of the decoder are the transposed ones of the encoder, so that there
        are half as many weights, and the decoder uses the directions in which the encoder looks.
        Each layer of the decoder has its own intercepts (and batch normalisation). The model has
        each matrix once: ``coefs_`` shows the decoder's as transposed views, so that assigning one
        changes both; penalties count it once (a list ``alpha`` has one entry per layer of the
        encoder, the code's included), and ``max_norm`` bounds the columns of the encoder. It cannot
        be combined with 'maxout', ``skip_connections='concat'`` or a variational code, whose
        transposes do not fit.""",
    "code_penalty": """
    code_penalty : {'kl', 'l1', 'contractive', 'variational'}, Term or None, default=None
        A penalty on the code, added to the loss in training; an instance, such as
        ``KLSparsity(target=0.1)``, has its own strength, which a grid search sets as
        ``code_penalty__weight``. 'kl' (:class:`~skmlp.nn.KLSparsity`): each unit is active for few
        rows, with ``code_activation='logistic'``; 'l1' (:class:`~skmlp.nn.L1Sparsity`): small
        values; 'contractive' (:class:`~skmlp.nn.Contractive`): a code that changes little with X;
        'variational' (:class:`~skmlp.nn.Variational`, ``beta``): a normal distribution for each
        row, near to N(0, I), so that ``sample`` can draw new rows; ``transform`` returns its mean.
        The loss in ``history_`` includes the penalty; scores and validation are of the
        reconstruction alone. 'lbfgs' supports 'kl' only.""",
    "pretraining": """
    pretraining : int >= 1 or None, default=None
        Number of epochs for which each layer of the encoder is trained first, from the input to the
        code, together with the decoder layer that mirrors it, to reconstruct the output of the
        layers below (greedy layer-wise pre-training: Bengio et al., 2007); ``fit`` then trains all
        layers together. Solver, penalties, dropout and batch normalisation are the same;
        ``corruption_at='input'`` corrupts the input of each layer (Vincent et al., 2010),
        ``augmentation`` changes X only, and ``code_penalty`` applies only when the layer of the
        code is trained ('contractive': to the change with the input of that layer). A warm start,
        and ``partial_fit`` after its first call, do not repeat the pre-training. It helps deep
        networks of saturating activations without batch normalisation. Not with 'lbfgs',
        ``skip_connections`` or ``init_from``.""",
    "categorical_features": more(
        "categorical_features",
        """
        An autoencoder gives the table back: the numbers have ``loss``, each categorical column the
        cross-entropy of the softmax over its categories, among them missing ones. Missing numbers,
        and categories that no training row has, have no loss. Tables do not go with
        ``tied_weights``, and categories do not go with a contractive code.""",
    ),
    "skip_connections": more("skip_connections", "The code has no skip connection."),
    "data_init": more("data_init", "Tied layers and the code are initialised as usual too."),
    "augmentation": more(
        "augmentation",
        """y is the clean X, so that the autoencoder learns to undo the changes.""",
    ),
    "scoring": """
    scoring : 'loss', callable or None, default=None
        The validation score that early stopping monitors: None for what ``score`` returns, 'loss'
        for minus the validation loss, or a function ``(estimator, X) -> score``, which gets the
        sample weights if it takes ``sample_weight``.""",
}

AUTOENCODER_ATTRIBUTE_DOCS = {
    "loss_by_column_": """
    loss_by_column_ : list of (Loss, ndarray of column numbers)
        The losses and their columns, in the form that ``loss`` takes.""",
    "mean_": """
    mean_ : ndarray of shape (n_features,)
        Weighted mean of each feature in the rows that the first fit trained on, missing values left
        out; takes the place of missing values in the input. NaN for categories.""",
}
