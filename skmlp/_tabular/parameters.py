"""The parameters of the estimators for tables: which values they take, and what the docs say."""

from numbers import Integral, Real

from .._params.constraints import CONSTRAINTS
from .._sklearn import NoFlag, StrOptions

TABULAR_CONSTRAINTS = {
    **{
        name: CONSTRAINTS[name]
        for name in ("hidden_layer_sizes", "learning_rate_init", "dropout", "random_state")
    },
    "n_estimators": [NoFlag(Integral, 1, None, closed="left")],
    "max_iter": [StrOptions({"auto"}), NoFlag(Integral, 1, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), NoFlag(Integral, 1, None, closed="left")],
    "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
    "member_params": [dict, None],
    "time_limit": [NoFlag(Real, 0, None, closed="neither"), None],
    "n_jobs": [Integral, None],
    "verbose": ["boolean"],
}

_PARAMETERS = """
    n_estimators : int, default=4
        Number of members. More predict better and cost as much more time; from five on each row is
        held out by one member at most and trained on by all others.
    hidden_layer_sizes : array-like of int, default=(192, 192, 192)
        Widths of the hidden layers.
    max_iter : int or 'auto', default='auto'
        Number of epochs of each member, of which the best is kept. 'auto': 64, more for few rows,
        so that there are 2000 steps, and fewer beyond 40000, so that 2500000 rows are seen, but
        not less than 8.
    learning_rate_init : float, default={rate}
        Peak of the learning rate.
    batch_size : int or 'auto', default='auto'
        Rows of a batch. 'auto': a power of two near a thirty-second of the rows, from 32 to 256;
        of more than 90000 rows near a part in 256 of them, up to 1024.
    dropout : float or array-like of float, default=0.15
        Share of each hidden layer's outputs that is dropped in training.
    categorical_features : 'from_dtype' or array-like, default='from_dtype'
        Which columns hold categories. 'from_dtype': those whose dtype is a category or strings, and
        those of objects that hold anything but numbers. Else names, numbers or a mask of columns.
        Dates and times are refused.
    member_params : dict or None, default=None
        Parameters of the members that are to differ from the recipe, such as
        ``{{"activation": "relu"}}``; :meth:`make_estimator` shows what they are. Seeds, rows held
        out and weights of classes are not among them.
    time_limit : float or None, default=None
        Seconds that the fit may take. Epochs are planned to end in time, and members that there is
        no time for are left out; the first epoch of the first member is always made. Results then
        depend on the speed of the machine. Compiling, once for an installation with Numba, takes
        about a minute that no limit ends.
    n_jobs : int or None, default=None
        How many threads train members at once. None means as many as BLAS may use: all cores, or
        one within a worker of joblib's. Results do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seeds the members and chooses the rows that they hold out.
    verbose : bool, default=False
        Whether to print a line for each member when it is trained."""

_ATTRIBUTES = """
    estimators_ : list of {member}
        The members. They take the table itself too.
    history_ : DataFrame
        A row for each epoch of each member, with the columns of ``history_`` of a member.
    n_iter_ : int
        Most epochs that a member made.
    feature_importances_ : ndarray of shape (n_features,)
        The mean of the members' ``feature_importances_``.
    n_features_in_ : int
        Number of columns seen during ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where all are strings."""

_REFERENCES = """
    Holzmueller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data", NeurIPS (2024).

    Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep
    learning", NeurIPS (2022).

    Lakshminarayanan, Pritzel and Blundell, "Simple and scalable predictive uncertainty estimation
    using deep ensembles", NeurIPS (2017)."""


def tabular_documented(cls):
    """Fill ``{parameters}``, ``{attributes}`` and ``{references}`` in the docstring of an
    estimator. Class decorator.
    """
    rate = cls.__init__.__kwdefaults__["learning_rate_init"]
    texts = {
        "parameters": _PARAMETERS.format(rate=rate),
        "attributes": _ATTRIBUTES.format(member=cls.__name__.removeprefix("Tabular")),
        "references": _REFERENCES,
    }
    for name, text in texts.items():
        cls.__doc__ = cls.__doc__.replace(f"    {{{name}}}", text.strip("\n"))
    return cls
