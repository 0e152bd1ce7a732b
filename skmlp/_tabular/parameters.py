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
    n_estimators : int >= 1, default=8
        Number of networks in the ensemble, its members. More give better predictions and take
        proportionally more time. Each member holds out another one of ``max(5, n_estimators)``
        equal parts of the rows.
    hidden_layer_sizes : int >= 1 or array-like of int, default=(128, 128, 128)
        Widths of the hidden layers.
    max_iter : int >= 1 or 'auto', default='auto'
        Number of epochs of each member, whose best epoch is kept. 'auto' is 120; for few rows it is
        larger, so that there are 3600 steps, and above 20000 rows smaller, so that 2500000 rows
        are seen, but at least 8.
    learning_rate_init : float > 0, default={rate}
        Highest value of the learning rate.
    batch_size : int >= 1 or 'auto', default='auto'
        Number of rows in a batch, at most those that a member trains on. 'auto' is a power of two
        near 1/32 of the number of rows, from 32 to 256; for more than 90000 rows near 1/256 of it,
        up to 1024.
    dropout : float in [0, 1) or array-like of float, default=0.15
        Fraction of each hidden layer's outputs that is dropped in training; one value, or one per
        hidden layer. It falls to zero over the second half of the epochs.
    categorical_features : 'from_dtype' or array-like, default='from_dtype'
        Which columns hold categories. 'from_dtype': those whose dtype is category or
        string, and object columns that contain anything but numbers, booleans and missing values.
        Otherwise names, column
        numbers or a mask. Dates and times are refused.
    member_params : dict or None, default=None
        Parameters of the members that replace the default settings, such as
        ``{{"activation": "relu"}}``; :meth:`make_estimator` shows the settings. What the ensemble
        sets itself, such as ``random_state`` and ``early_stopping``, cannot be set here.
    time_limit : float > 0 or None, default=None
        Maximum duration of the fit in seconds. The number of epochs is planned to end in time, and
        members for which there is no time are left out; the first epoch of the first member is
        always made. Results then depend on the speed of the machine. Numba compiles once per
        installation, which takes about 40 seconds and is not limited.
    n_jobs : int or None, default=None
        Number of threads that train members at the same time. None means as many as BLAS may use:
        all cores, or within a joblib worker its share of them. Results do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the members and of the rows that they hold out.
    verbose : bool, default=False
        Whether to print a line for each member when it is trained."""

_ATTRIBUTES = """
    estimators_ : list of {member}
        The fitted networks, which accept the same table.
    history_ : pandas.DataFrame
        A row for each epoch of each member, with the columns of ``history_`` of a member. Members
        of 60 epochs and more are validated every second epoch, and have NaN in between.
    n_iter_ : int
        Largest number of epochs of a member.
    feature_importances_ : ndarray of shape (n_features,)
        The mean of the members' ``feature_importances_``.
    n_features_in_ : int
        Number of columns seen during ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if all of them are strings."""

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
