"""Imputation by an autoencoder as a step of a pipeline.

The one decision: ``Autoencoder.transform`` gives the code, so that what fills in missing values is
a transformer of its own around one, as the outlier detector is.
"""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from ._data.codec import filled_like
from ._data.frames import as_frame, is_frame
from ._data.inputs import Seed, check_shape, table_of
from ._fit.transaction import all_or_nothing
from ._meta import apart, default_autoencoder, divided, fitted_copy
from ._params.parameters import ExplainedParameters
from ._saved.around import IMPUTER
from ._saved.stored import CheckedState
from ._sklearn import HasMethods, makes_pandas


class AutoencoderImputer(
    ExplainedParameters, CheckedState, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Imputer that replaces missing values by an autoencoder's reconstructions.

    An autoencoder learns from the observed values how the columns depend on each other, and
    predicts the missing values of a row from the others. This estimator makes a transformer of
    :meth:`Autoencoder.impute`, for use in front of an estimator that accepts no missing values.

    Parameters
    ----------
    estimator : Autoencoder, Pipeline or None, default=None
        An autoencoder, or a pipeline that ends in one after steps that let missing values through
        and have ``inverse_transform``, such as scalers. A copy of it is fitted. A grid search sets
        its parameters by names such as ``estimator__n_components``.

        None stands for a denoising autoencoder of tables (``categorical_features='from_dtype'``),
        which standardises numbers and takes strings and categories as they are. It has one hidden
        layer of relu units, twice as many as X has columns, but from 128 to 512, a code of half the
        width of that layer, ``corruption='masking'`` and ``alpha=1``. It is trained with a
        one-cycle learning rate, whose peak is 0.005, on batches of 64 rows for 150 epochs, above
        2000 rows for ``max(20, 300000 / n_samples)`` epochs. Equal rows are merged into one whose
        weight is their sum, so that a row of weight 2 counts exactly as two equal rows.
    random_state : int, RandomState instance or None, default=None
        Sets each ``random_state`` among the parameters of the copy of ``estimator``. None leaves
        them as they are.

    Attributes
    ----------
    estimator_ : object
        The fitted copy of ``estimator``.
    n_features_in_ : int
        Number of features seen during ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if all of them are strings.

    See Also
    --------
    Autoencoder : Its ``impute`` without the interface of a transformer.
    sklearn.impute.KNNImputer : By the nearest rows.
    sklearn.impute.IterativeImputer : By a model of each column in turn.

    References
    ----------
    Vincent et al., "Stacked denoising autoencoders", Journal of Machine
    Learning Research 11 (2010).

    Gondara and Wang, "MIDA: multiple imputation using denoising autoencoders", PAKDD (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp import AutoencoderImputer
    >>> t = np.linspace(0.0, 1.0, 200)
    >>> X = np.column_stack([t, 10.0 * t, 5.0 - 3.0 * t])
    >>> X[100, 1] = np.nan
    >>> filled = AutoencoderImputer(random_state=0).fit_transform(X)
    >>> bool(abs(filled[100, 1] - 10.0 * t[100]) < 0.5)
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"]), None],
        "random_state": ["random_state"],
    }

    _stores = IMPUTER

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        random_state: Seed = None,
    ) -> None:
        self.estimator = estimator
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Train a copy of ``estimator`` on X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with missing values: NaN, in a frame also null. X must be what ``estimator`` takes;
            if it is None, a table of numbers and categories. Each column must have a value.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, for all steps of a pipeline that take weights; rows of weight zero
            are left out.

        Returns
        -------
        self : object
        """
        with all_or_nothing(self):
            self._validate_params()
            if self.estimator is not None:
                _check_steps(self.estimator)
            self.estimator_, *_ = fitted_copy(self, X, sample_weight, self._checked, _default)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Return X with its missing values replaced by their reconstructions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with the features that ``fit`` saw.

        Returns
        -------
        X_imputed : ndarray or data frame of shape (n_samples, n_features)
            As :meth:`Autoencoder.impute` returns it: all other values are as they were, and it is a
            data frame if X is one.
        """
        check_is_fitted(self, "estimator_")
        check_shape(self, X)
        filled = _imputed(self.estimator_, X)
        return as_frame(filled) if is_frame(filled) and makes_pandas(self) else filled

    def _checked(self, X):
        """Return X checked for the default estimator."""
        X = table_of(X, self)
        validate_data(self, X, skip_check_array=True)
        return X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(
            _default(np.empty((1, 1))) if self.estimator is None else self.estimator
        ).input_tags
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _default(X):
    """Return the estimator that None stands for."""
    return default_autoencoder(
        X, 150, corruption="masking", alpha=1.0, categorical_features="from_dtype"
    )


def _check_steps(estimator):
    """Raise ``ValueError`` for an estimator that cannot fill in missing values."""
    before, last = divided(estimator)
    if not hasattr(last, "impute"):
        raise ValueError(
            f"estimator must be an Autoencoder, or a pipeline that ends in one, got {estimator!r}."
        )
    for name, step in [named for steps in before for named in steps.steps]:
        if step not in (None, "passthrough") and not hasattr(step, "inverse_transform"):
            raise ValueError(
                f"The step {name!r} of estimator, {step!r}, has no inverse_transform, so no "
                "way leads back to the columns of X; take "
                "a scaler, or estimator=None, which takes a table of numbers and categories "
                "as it stands."
            )


def _imputed(estimator, X):
    """Return X imputed by a fitted autoencoder, or by a pipeline that ends in one."""
    before, last = divided(estimator)
    if not before:
        return last.impute(X)
    back = apart(X, estimator)
    for steps in before:
        back = steps.transform(back)
    back = last.impute(back)
    for steps in reversed(before):
        back = steps.inverse_transform(back)
    back = np.asarray(back)
    values = check_array(X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
    left = np.flatnonzero((np.isnan(values) & np.isnan(back)).any(axis=0))
    if left.size:
        columns = [X.columns[j] if hasattr(X, "columns") else int(j) for j in left]
        raise ValueError(
            f"Values in the columns {columns} are still missing after inverse_transform of the "
            "steps before the autoencoder; take steps "
            "that let missing values through and whose inverse is defined for every number, such "
            "as StandardScaler."
        )
    return filled_like(X, values, [(slice(None), back)], back.dtype)
