"""The docstrings of estimators, put together from texts that are written once."""

from typing import Any, TypeVar

from sklearn.base import ClassifierMixin, RegressorMixin

from .attribute_docs import ATTRIBUTE_DOCS
from .parameter_docs import PARAMETER_DOCS
from .purposes import SCIKIT_LEARN, by_purpose, contents

Documented = TypeVar("Documented", bound=Any)  # a class or a method


def documented(cls: Documented) -> Documented:
    """Fill ``{objective}``, ``{parameters}`` and ``{attributes}`` in the docstring of an estimator
    from ``OBJECTIVE``, ``PARAMETER_DOCS`` and ``ATTRIBUTE_DOCS``, the parameters in the groups of
    ``PURPOSES``, of which there is a list in front. Class decorator.
    """
    own = getattr(cls, "_parameter_docs", {})
    groups = by_purpose(cls._get_param_names())
    order = [name for _, names in groups for name in names]
    parameters = "\n".join({**PARAMETER_DOCS, **own}[name].strip("\n") for name in order)
    texts = dict(ATTRIBUTE_DOCS)
    for base in reversed(cls.__mro__):
        texts.update(vars(base).get("_attribute_docs", {}))
    attributes = "\n".join(text.strip("\n") for text in texts.values())
    known = None
    if issubclass(cls, ClassifierMixin | RegressorMixin):
        known = SCIKIT_LEARN | ({"loss"} if issubclass(cls, RegressorMixin) else set())
    title = "    Parameters\n"
    doc = cls.__doc__.replace(title, f"{contents(groups, known)}\n\n{title}", 1)
    doc = doc.replace("    {parameters}", parameters)
    doc = doc.replace("    {objective}\n", OBJECTIVE)
    cls.__doc__ = doc.replace("    {attributes}", attributes)
    return cls


OBJECTIVE = r"""    With the weights :math:`W_l` and intercepts of each layer, training minimises

    .. math::

        \frac{1}{n} \sum_{i=1}^n \mathrm{loss}_i + \frac{\alpha}{2 n} \sum_l \|W_l\|^2

    where :math:`n` is the number of rows (of a minibatch), :math:`\alpha` is ``alpha`` and
    :math:`\|W\|` the Frobenius norm. The loss of a row with several outputs is their sum. With
    sample weights the mean is weighted, and in the penalty their sum takes the place of :math:`n`.
    ``l1_ratio`` adds an L1 penalty; 'adamw' and 'lion' have decoupled weight decay instead of
    penalties.
"""


def loss_doc(keys, example, text, function=False):
    """Return what the documentation says of ``loss``: the keys, the first being the default, how to
    write an instance, and more.

    ``function``: whether it may be a function of prediction and target.
    """
    instance = ", Loss or callable" if function else " or Loss"
    listed = ", ".join(f"'{key}'" for key in keys)
    return f"""
    loss : {{{listed}}}{instance}, default='{keys[0]}'
        The loss that is minimised. An instance, such as ``{example}``, has its own hyperparameters.
        Formulas: :mod:`skmlp.nn.losses`. {text}"""


def fit_documented(method: Documented) -> Documented:
    """Fill the names in braces in the docstring of ``fit`` or ``partial_fit`` from ``FIT_DOCS``.

    Decorator.
    """
    for name, text in FIT_DOCS.items():
        method.__doc__ = method.__doc__.replace(f"        {{{name}}}", text.strip("\n"))
    return method


_GROUPS = """
        sample_weight_val : array-like, default=None
            Weights of the validation rows.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, for a ``validation_cv`` that keeps the rows of a group together. A
            search passes this and the validation data on by scikit-learn's metadata routing:
            ``set_fit_request(groups=True)``."""

FIT_DOCS = {
    "groups": _GROUPS,
    "sample_weight": """
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; rows of weight zero are left out.""",
    "validation": """
        X_val, y_val : as X and y, default=None
            Validation data: their loss and score appear in ``history_``, and ``early_stopping``
            monitors their score. A pipeline with ``transform_input=["X_val"]`` transforms them too.
"""
    + _GROUPS.strip("\n"),
    "X": """
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data.""",
    "labels": """
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels, or for multilabel targets a matrix of zeros and ones, in which -1 or NaN marks a
            missing label. Missing labels are left out of the loss and of the scores.""",
}
