"""The documentation of the parameters that estimators share, written once.

A text says what is true of every estimator; one of them adds sentences of its own with ``more``.

To add a parameter: a text here, and its values in ``CONSTRAINTS`` (``constraints.py``).
"""

from ..nn.initializers import INITIALIZERS
from ..nn.layers import NUMERIC_EMBEDDINGS
from ..nn.optimizers import OPTIMIZERS
from ..nn.schedules import SCHEDULES
from .constraints import HIDDEN_ACTIVATIONS

PARAMETER_DOCS = {
    "hidden_layer_sizes": """
    hidden_layer_sizes : int >= 1 or array-like of int, default=(100,)
        Width of each hidden layer.""",
    "activation": """
    activation : {keys}, Activation, callable, or list of these, default='relu'
        Activation of the hidden layers; a list has one entry per hidden layer. An instance, such as
        ``LeakyReLU(0.1)``, has its own hyperparameters, which a grid search sets by names such as
        ``activation__slope``. 'prelu' learns a slope for each unit (``slopes_``). 'maxout' takes
        the largest of two numbers, so that the weights in front of it have twice as many columns
        (``Maxout(pieces=3)``: three times). 'hard_threshold' is trained with a surrogate of its
        derivative, which 'lbfgs' refuses. A function of NumPy's elementwise functions, such as
        ``lambda z: z * np.tanh(np.log1p(np.exp(z)))``, is differentiated automatically
        (:mod:`skmlp.nn.autodiff.custom` says which functions it may contain, and what it costs).
        Formulas: :mod:`skmlp.nn.activations`.""".replace(
        "keys", ", ".join(f"'{key}'" for key in HIDDEN_ACTIVATIONS), 1
    ),
    "solver": """
    solver : {'lbfgs', keys} or Optimizer, default='adam'
        How the objective is minimised: by minibatch steps, or by 'lbfgs', SciPy's quasi-Newton
        method on all rows at once, which is often best below a few thousand rows. A key uses the
        estimator's parameters of the same name (``beta_1``, ``momentum``, ...); an instance, such
        as ``Adam(beta_1=0.8)``, has its own, which a grid search sets by names such as
        ``solver__beta_1``. Equations: :mod:`skmlp.nn.optimizers`. 'lbfgs' ignores the parameters of
        minibatch training (``batch_size``, ``learning_rate``, ``learning_rate_init``, ``shuffle``,
        ``early_stopping``) and refuses dropout and clipping.""".replace(
        "keys", ", ".join(f"'{key}'" for key in OPTIMIZERS), 1
    ),
    "alpha": r"""
    alpha : float >= 0 or array-like of float, default=0.0001
        Strength :math:`\alpha` of the L2 penalty (weight decay) :math:`\frac{\alpha}{2} \|W\|^2`,
        mixed with L1 by ``l1_ratio``, on the weights, never on the intercepts; one value, or one
        per weight matrix. As in scikit-learn the penalty is divided by the number of rows of each
        batch, or by the sum of their sample weights. With 'adamw' and 'lion' ``alpha`` is the
        decoupled weight decay instead, which is not divided.""",
    "batch_size": """
    batch_size : int >= 1 or 'auto', default='auto'
        Number of rows in a minibatch; 'auto' is ``min(200, n_samples)``. Unused by 'lbfgs'.""",
    "learning_rate": """
    learning_rate : {keys} or Schedule, default='constant'
        How the learning rate changes during training; formulas: :mod:`skmlp.nn.schedules`. The keys
        'invscaling' and 'adaptive' keep scikit-learn's meaning and take effect with
        ``solver='sgd'`` only; the instances ``Invscaling()`` and ``Adaptive()`` work with every
        minibatch solver, as do all other keys. Each instance can warm up: with
        ``Cosine(warm_up=5)`` the rate rises linearly for five epochs. Unused by
        'lbfgs'.""".replace("keys", ", ".join(f"'{key}'" for key in SCHEDULES), 1),
    "learning_rate_init": """
    learning_rate_init : float > 0, default=0.001
        The learning rate that the schedule multiplies. Use 1.0 for 'adadelta'; 'lion' needs a third
        to a tenth of the rate of 'adam'. Unused by 'lbfgs'.""",
    "power_t": """
    power_t : float >= 0, default=0.5
        Exponent of ``learning_rate='invscaling'``.""",
    "max_iter": """
    max_iter : int >= 1, default=200
        Maximum number of epochs (passes over the rows) of a call to ``fit``; for 'lbfgs' of
        iterations.""",
    "shuffle": """
    shuffle : bool, default=True
        Whether each epoch visits the rows in a new order. Unused by 'lbfgs'.""",
    "random_state": """
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the validation split, the order of the rows and dropout.
        With the same seed results are identical to the last bit, whatever the number of
        threads, on one kind of processor.""",
    "tol": """
    tol : float >= 0, default=1e-4
        Minimum improvement of the loss (of the score with ``early_stopping``) that counts as
        progress. With 0 an equal value counts too, as in scikit-learn, except under
        ``learning_rate='plateau'``. 'lbfgs' stops when the largest entry of the projected gradient
        is below ``tol``.""",
    "verbose": """
    verbose : bool, default=False
        Whether to print a table with a line per epoch, and at the end why training ended and which
        weights are kept.""",
    "warm_start": """
    warm_start : bool, default=False
        Whether ``fit`` continues from the state in which the last fit ended: weights, optimizer
        state and random stream.""",
    "momentum": """
    momentum : float in [0, 1], default=0.9
        Momentum of ``solver='sgd'``.""",
    "nesterovs_momentum": """
    nesterovs_momentum : bool, default=True
        Whether ``solver='sgd'`` uses Nesterov's momentum.""",
    "early_stopping": """
    early_stopping : bool, default=False
        Whether to stop when the score on held-out rows (validation data) has not improved by
        ``tol`` for more than ``n_iter_no_change`` epochs in a row, and to restore the weights of
        the best epoch. The held-out rows are ``X_val`` if given to ``fit``, else those of
        ``validation_cv``, else ``validation_fraction`` of the rows, at least two. An epoch without
        a finite score is neither better nor worse; at least one must have a finite score. If False,
        the training loss is monitored instead, and the weights of the last epoch are kept. Unused
        by 'lbfgs'.""",
    "validation_fraction": """
    validation_fraction : float in [0, 1), default=0.1
        Share of the rows held out if ``early_stopping`` and neither a validation set nor
        ``validation_cv`` is given.""",
    "validation_cv": """
    validation_cv : int, splitter, iterable of (train, test) or None, default=None
        How ``early_stopping`` splits the rows into training and held-out rows, as the ``cv`` of
        scikit-learn's searches; only the first split is used. The ``split`` of a splitter such as
        ``GroupShuffleSplit(random_state=0)`` gets X, y and the ``groups`` given to ``fit``; pairs
        contain row numbers of X, each once, or masks. Rows in neither part are left out. A warm
        start keeps the split of ``validation_fraction``, but a splitter without a ``random_state``
        splits anew in each fit.""",
    "beta_1": """
    beta_1 : float in [0, 1), default=0.9
        Decay of the first moment in 'adam', 'adamw', 'amsgrad' and 'nadam'.""",
    "beta_2": """
    beta_2 : float in [0, 1), default=0.999
        Decay of the second moment in 'adam', 'adamw', 'amsgrad' and 'nadam'.""",
    "epsilon": """
    epsilon : float > 0, default=1e-8
        Small number added to the denominator in 'adam', 'adamw', 'amsgrad', 'nadam', 'rmsprop' and
        'adagrad', so that it is never 0. That of 'adadelta' is ``Adadelta(epsilon=1e-6)``.""",
    "n_iter_no_change": """
    n_iter_no_change : int >= 1 or numpy.inf, default=10
        Training stops after more than this number of epochs in a row without progress. Unused by
        'lbfgs'.""",
    "max_fun": """
    max_fun : int >= 1, default=15000
        Maximum number of evaluations of the objective by 'lbfgs'.""",
    "weight_init": """
    weight_init : {'auto', keys} or Initializer, default='auto'
        How the weights are initialised. 'auto' is LeCun's rule in front of selu and Glorot's
        elsewhere, as in scikit-learn; the weights of layers that ``skip_connections='add'`` bridges
        are divided by the number of these layers (Hanin and Rolnick, 2018). Intercepts start at
        zero, those of the output at the best constant prediction.""".replace(
        "keys", ", ".join(f"'{key}'" for key in INITIALIZERS), 1
    ),
    "dropout": """
    dropout : float in [0, 1), Dropout, AlphaDropout, or array-like of these, default=0.0
        Fraction of each hidden layer's outputs that is dropped in training (inverted dropout);
        one value, or one per hidden layer. Use ``AlphaDropout(0.1)`` with selu: it preserves
        mean 0 and variance 1, which 'selu' with ``weight_init='lecun_normal'`` produces.
        Refused by 'lbfgs'.""",
    "input_dropout": """
    input_dropout : float in [0, 1), default=0.0
        Fraction of the inputs that is dropped in training. Refused by 'lbfgs'.""",
    "batch_norm": """
    batch_norm : bool or BatchNorm, default=False
        Whether to use batch normalisation: each hidden layer's input to the activation is
        normalised over the batch. An instance sets its momentum, its epsilon and the statistics
        used in prediction. Batches must have at least two rows. With 'lbfgs' the statistics are
        those of the whole training set.""",
    "clip_norm": """
    clip_norm : float > 0 or None, default=None
        Bound on the Euclidean norm of the whole gradient (gradient clipping), all penalties
        included except decoupled weight decay. Refused by 'lbfgs'.""",
    "clip_value": """
    clip_value : float > 0 or None, default=None
        Bound on the absolute value of each entry of that gradient, applied before ``clip_norm``.
        Refused by 'lbfgs'.""",
    "scoring": """
    scoring : str, callable or None, default=None
        The validation score that early stopping monitors: None for what ``score`` returns, 'loss'
        for minus the validation loss, or any scikit-learn scorer, which gets the sample weights if
        it takes ``sample_weight``.""",
    "dtype": """
    dtype : {'auto', 'float32', 'float64'} or NumPy dtype, default='auto'
        Precision of training and prediction. 'auto' is float32 where each step uses a random part
        of the rows, and float64 where it uses all of them ('lbfgs', or no more rows than
        ``batch_size``), where rounding would be the only limit of the solution.""",
    "augmentation": """
    augmentation : callable, list of callables or None, default=None
        Random changes of each training batch (data augmentation), applied in turn: augmenters of
        :mod:`skmlp.augment`, such as ``GaussianNoise(0.1)``, whose parameters a grid search sets by
        names such as ``augmentation__scale``, or functions ``(X, y, rng) -> (X, y)`` of a batch,
        which must keep shapes and dtypes and draw random numbers from ``rng``. Sample weights stay
        as they are. The training loss is that of the changed rows; validation and prediction use
        the rows as they are. Refused by 'lbfgs' and for sparse X.""",
    "l1_ratio": r"""
    l1_ratio : float in [0, 1], default=0.0
        Share :math:`r` of L1 in the penalty
        :math:`\alpha \left( r \|W\|_1 + \frac{1 - r}{2} \|W\|^2 \right)`, as in scikit-learn's
        ElasticNet: 0 is L2 alone, 1 is the lasso. Each step ends with a soft threshold, scaled by
        the solver's own step size, which makes weights exactly zero and converges to the minimum of
        loss plus penalty. The noise of small batches moves weights away
        from zero again: use large batches or a falling learning rate to get many zeros.
        ``gradient_norm`` in ``history_`` does not include the L1 part. With 'adamw' it is the share
        of the decoupled decay: weights lose ``learning rate * alpha * l1_ratio`` in each step, down
        to zero, and those whose average gradient is below that share of its usual size stay there.
        Refused by 'lbfgs' and 'lion'.""",
    "max_norm": """
    max_norm : float > 0 or None, default=None
        Upper bound on the Euclidean norm of each unit's incoming weights (each column of
        ``coefs_``, the output's included; intercepts are not bounded). Weights are scaled back to
        it after every step; 3 or 4 is usual with dropout (Srivastava et al., 2014, section 5.1).
        Refused by 'lbfgs'.""",
    "diagnostics": """
    diagnostics : bool, default=False
        Whether ``history_`` also describes each layer, on the last batch of the epoch:
        ``gradient_norm_0``, ... for each weight matrix (before clipping, without L1), and for each
        hidden layer ``activation_mean_0``, ``activation_std_0`` (over rows and units, before
        dropout), ``saturated_0``, the share of outputs at which the activation's derivative is
        below 0.005 in absolute value, and ``dead_0``, the share of units for which this holds in
        every row of the batch. For 'lbfgs' it is per iteration, over all rows. The weights learned
        are the same; ``history_.filter(like='gradient_norm_').plot(logy=True)`` shows vanishing
        gradients.""",
    "skip_connections": """
    skip_connections : {'add', 'concat'} or None, default=None
        What each hidden layer (dense, batch normalisation, activation, dropout) passes on in
        addition to its output. 'add': the sum of its output and its input, where both have the same
        width (residual connections: He et al., 2016); layers between different widths have none,
        and if no layer can be bridged, ``fit`` raises ``ValueError``. 'concat': its input followed
        by its output (Huang et al., 2017), so that each layer receives the features and the outputs
        of all layers before it, with a row of ``coefs_`` for each. Sparse input that a skip
        connection reads becomes dense batch by batch.""",
    "auxiliary_loss_weight": """
    auxiliary_loss_weight : float >= 0 or array-like of float, default=0.0
        Weight of the loss of an extra output head at each hidden layer (Lee et al.,
        "Deeply-supervised nets", 2015); one value, or one per hidden layer, 0 for none. A head is
        an output layer of its own for what the hidden layer passes on, dropout and skip connection
        included. The objective is ``loss`` plus ``auxiliary_loss_weight`` times the loss of each
        head, so that a gradient reaches every layer directly; 0.3 is usual (Szegedy et al., 2015,
        section 5). ``loss_curve_`` includes the loss of the heads, the validation loss does not.
        Heads are used in training only: they do not affect predictions, ``coefs_`` and
        ``intercepts_``, and neither ``alpha`` nor ``max_norm`` applies to their weights.""",
    "init_from": """
    init_from : FrozenEstimator, Autoencoder, MLPClassifier, MLPRegressor or None, default=None
        A fitted network from which the first hidden layers are initialised (transfer learning):
        weights, intercepts, slopes and batch-normalisation statistics of as many leading hidden
        layers as both networks have. Of an autoencoder this is the encoder, whose last layer is the
        code; so ``hidden_layer_sizes`` begins with the widths of the encoder, and may continue with
        ``n_components`` to include the code. Shapes must agree; the activations are those of this
        network. All layers are then trained. Wrap the network,
        ``init_from=FrozenEstimator(network)`` (:class:`sklearn.frozen.FrozenEstimator`): searches
        and cross-validation clone their estimator, which would undo the fit of a bare one and
        raises ``NotFittedError`` here. The rows must be scaled as they were for that network; a
        table (``categorical_features``) must have the same columns, and takes over means, scales
        and categories. A warm start and ``partial_fit`` continue from their own last numbers.""",
    "categorical_features": """
    categorical_features : 'from_dtype', array-like or None, default=None
        Which columns of X hold categories: a mask, column numbers, names, or 'from_dtype', which
        selects the columns of dtype category, string, or object unless they hold only numbers,
        booleans and missing values (pandas), Categorical, Enum or String (polars). X is then a
        table as it is, a data frame or an array of any dtype: each category gets a learned vector
        (an embedding, ``embedding_dim``), a missing value counts as a category, and a category that
        no training row has gets zeros, or in ``partial_fit`` one vector shared by all such
        categories. Numbers are scaled (``numeric_scaling``) by statistics of the training values; a
        missing one then becomes 0, with an additional indicator column if there were any in
        training. Infinite numbers, dates and times are refused. The first fit learns all this,
        later ones keep it. With None X is a matrix of numbers. Guide:
        :doc:`/guide/tables`.""",
    "embedding_dim": """
    embedding_dim : int >= 1 or None, default=None
        Maximum width of the learned vectors of a category: those of a column have as many numbers
        as it has categories, but not more than this; None means at most 50. Unused without
        ``categorical_features``.""",
    "numeric_scaling": r"""
    numeric_scaling : {'standard', 'robust'}, default='standard'
        How the numbers of a table are scaled: 'standard' by their mean and standard deviation;
        'robust' by their median and interquartile range, and then bounded by
        :math:`z / \sqrt{1 + (z / 3)^2}`, so that outliers are at most 3 in absolute value
        (Holzmueller et al., 2024). Unused without ``categorical_features``.""",
    "min_frequency": """
    min_frequency : int >= 1, default=1
        Minimum number of training rows that must have a category of a table for it to get its own
        vector; all rarer ones share one, which is also that of unseen categories. The most frequent
        category of a column always has its own. Unused without ``categorical_features``.""",
    "input_scale": """
    input_scale : bool or Scale, default=False
        Whether each input is multiplied by a learned factor that starts at 1, in front of input
        dropout and the first weights; of a table each number of the categories' vectors is an
        input. ``Scale(rate=6.0)`` sets the factor on the learning rate of these factors. Sparse
        input becomes dense batch by batch.""",
    "learning_rate_scaling": """
    learning_rate_scaling : {'fan_in'}, LayerRates or None, default=None
        Factors on the learning rate by layer: 'fan_in' divides that of each weight matrix by the
        square root of its number of inputs; ``LayerRates(bias=0.1, layers=[1.0, 0.5])`` also has a
        factor for the intercepts and one for each layer (:class:`~skmlp.nn.LayerRates`). Decoupled
        decay, and all parameters other than ``coefs_`` and ``intercepts_``, use the learning rate
        itself. Unused by 'lbfgs'.""",
    "numeric_embedding": """
    numeric_embedding : {keys}, NumericEmbedding or None, default=None
        A learned vector that each numeric column becomes in addition to its own value: with
        'piecewise_linear' a function of the value that is linear between quantiles of the column,
        which the first fit computes from at most 2000 rows, with 'periodic' a sum of waves. An
        instance, such as ``PiecewiseLinear(n_bins=32)``, has its own hyperparameters, which a grid
        search sets by names such as ``numeric_embedding__n_bins``. ``coefs_[0]`` then has a row for
        each column, then for each entry of the vectors. ``alpha`` does not apply to the embedding.
        Formulas: :mod:`skmlp.nn.layers`.""".replace(
        "keys", ", ".join(f"'{key}'" for key in NUMERIC_EMBEDDINGS), 1
    ),
    "data_init": """
    data_init : bool, default=False
        Whether the first fit adapts the initial hidden layers to at most 2000 of its rows, from the
        lowest layer up: the weights of each unit are divided by the standard deviation of its sums,
        and its intercept makes the sum of a random row zero, so that the units bend where the rows
        are. Layers that ``skip_connections='add'`` bridges are initialised as usual.""",
}


def more(name, text):
    """Return the text of a parameter with sentences that are true of one estimator only."""
    return f"{PARAMETER_DOCS[name]}\n        {text}"
