"""The docstrings of estimators, put together from texts that are written once."""

from typing import Any, TypeVar

from .parameter_docs import PARAMETER_DOCS

Documented = TypeVar("Documented", bound=Any)  # a class or a method


def documented(cls: Documented) -> Documented:
    """Fill ``{parameters}`` and ``{attributes}`` in the docstring of an estimator from the
    tables below. Class decorator.
    """
    own = getattr(cls, "_parameter_docs", {})
    names = cls._get_param_names()
    order = [name for name in cls.__init__.__code__.co_varnames if name in names]
    parameters = "\n".join({**PARAMETER_DOCS, **own}[name].strip("\n") for name in order)
    attributes = "\n".join(
        text.strip("\n")
        for text in {**ATTRIBUTE_DOCS, **getattr(cls, "_attribute_docs", {})}.values()
    )
    cls.__doc__ = cls.__doc__.replace("    {parameters}", parameters).replace(
        "    {attributes}", attributes
    )
    return cls


def loss_doc(keys, example, text, function=False):
    """Return what the documentation says of ``loss``: the keys, the first being the default, how to
    write an instance, and more.

    ``function``: whether it may be a function of prediction and target.
    """
    function = " or callable" if function else ""
    listed = ", ".join(f"'{key}'" for key in keys)
    return f"""
    loss : {{{listed}}} or Loss{function}, default='{keys[0]}'
        What is minimised. An instance, such as ``{example}``, brings its own hyper-parameters.
        Formulas: :mod:`skmlp.nn.losses`. {text}"""


def fit_documented(method: Documented) -> Documented:
    """Fill the names in braces in the docstring of ``fit`` or ``partial_fit`` from ``FIT_DOCS``.

    Decorator.
    """
    for name, text in FIT_DOCS.items():
        method.__doc__ = method.__doc__.replace(f"        {{{name}}}", text.strip("\n"))
    return method


FIT_DOCS = {
    "sample_weight": """
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.""",
    "validation": """
        X_val, y_val : as X and y, default=None
            Rows to validate on: their loss and score appear in ``history_``, and ``early_stopping``
            watches them. Steps of a pipeline transform them if it says
            ``transform_input=["X_val"]``.
        sample_weight_val : array-like, default=None
            Weights of the validation rows.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for a ``validation_cv`` that keeps the rows of a group together.""",
    "X": """
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on.""",
    "labels": """
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, or for multilabel targets a matrix of zeros and ones; -1 or NaN there is a
            missing label, which is left out of the loss and of the scores.""",
}

ATTRIBUTE_DOCS = {
    "coefs_": """
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer, views of the model: assigning them, or into them, changes it.""",
    "intercepts_": """
    intercepts_ : list of ndarray of shape (fan_out,)
        Intercepts of each layer, views of the model.""",
    "slopes_": """
    slopes_ : list of ndarray of shape (n_units,) or None
        Learned slopes of each hidden layer whose activation is 'prelu', views of the model; None
        for the others.""",
    "embeddings_": """
    embeddings_ : dict of pandas.DataFrame
        With ``categorical_features``, for each categorical column (by name or number) the learned
        vectors, a row for each category; None among these is a missing value. Copies.""",
    "history_": """
    history_ : pandas.DataFrame
        One row per epoch: ``loss``, ``learning_rate``, ``gradient_norm`` (before clipping, of the
        epoch's last batch), ``seconds`` and, where there is a validation set, ``validation_loss``
        and ``validation_score``. For 'lbfgs' one row per iteration.""",
    "loss_": """
    loss_ : float
        Training loss of the last epoch.""",
    "best_loss_": """
    best_loss_ : float or None
        Least training loss; None with ``early_stopping``.""",
    "loss_curve_": """
    loss_curve_ : list of float
        Training loss, penalty included, per epoch.""",
    "validation_scores_": """
    validation_scores_ : list of float or None
        Validation score per epoch, if there is a validation set.""",
    "best_validation_score_": """
    best_validation_score_ : float or None
        Largest validation score.""",
    "n_iter_": """
    n_iter_ : int
        Epochs of the last call to ``fit``.""",
    "t_": """
    t_ : int
        Rows seen in training, counted again in each epoch.""",
    "n_layers_": """
    n_layers_ : int
        Number of layers, input and output included.""",
    "n_outputs_": """
    n_outputs_ : int
        Number of outputs.""",
    "out_activation_": """
    out_activation_ : str
        Name of the loss's output link.""",
    "n_features_in_": """
    n_features_in_ : int
        Number of features seen during ``fit``.""",
    "feature_names_in_": """
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where all are strings.""",
}
