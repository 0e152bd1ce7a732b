"""X and y as they are given, checked as scikit-learn checks them; tables where
``categorical_features`` says so.

The one decision: without ``categorical_features`` this is ``validate_data`` and nothing else. A
table becomes a matrix here as soon as its codec has learned; in a first fit that is when the rows
to train on are there (``encoded``), and until then it is a frame.
"""

import math
import re

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils.validation import check_array, check_X_y, validate_data

from .._params.column_losses import labels_of
from .codec import MatrixCodec
from .columns import not_numbers, unhashable
from .encoded_table import EncodedTable
from .frames import as_frame, as_series, form_of, is_frame
from .missing import refuse_missing_in_sparse
from .times import time_found, time_refusal
from .unseen import warn_of_unseen

MatrixLike = ArrayLike | sparse.sparray | sparse.spmatrix  # what X may be
Seed = int | np.random.RandomState | None  # what random_state may be

_PLAIN = {"accept_sparse": ["csr", "csc"], "dtype": [np.float64, np.float32], "order": "C"}
_TABLES = "categorical_features='from_dtype'"
_MISSING_TARGET = (
    "Input y contains NaN. Rows whose y is missing cannot be trained on or scored; leave them out."
)
_CLASSES_AS_TARGET = (
    "y does not hold numbers, which a regressor needs; for classes take a classifier."
)
_NO_NUMBERS = re.compile(
    r"convert|cast|promoted|float\(\) argument|array element"
)  # what NumPy and pandas say of columns without numbers


def takes_tables(estimator):
    """Return whether ``categorical_features`` makes X of a first fit a table; later it is what
    that fit had.
    """
    return estimator.categorical_features is not None


def checked(estimator, X, y=None, *, reset=None, **options):
    """Return checked X, or (X, y) if ``options`` of ``validate_data`` for y are given; a table is a
    matrix but in the first fit, a frame there.

    ``reset``: in training, whether what scikit-learn sets is set, and the codec made anew; None in
    prediction, which warns of columns that have only categories that the fit did not have.
    """
    if options.get("y_numeric"):
        check_no_times(y, "y")
    is_table = takes_tables(estimator) if reset else estimator._codec.is_table
    return (_checked_table if is_table else _checked_matrix)(estimator, X, y, reset, options)


def _checked_matrix(estimator, X, y, reset, options):
    if reset:
        estimator._codec = MatrixCodec(estimator._keeps_missing)
    check_no_times(X)
    keeps_missing = estimator._codec.keeps_missing
    try:
        valid = validate_data(
            estimator,
            *((X, y) if options else (X,)),
            ensure_all_finite="allow-nan" if keeps_missing else True,
            reset=bool(reset),
            **_PLAIN,
            **options,
        )
    except (TypeError, ValueError) as error:
        raise _of_target(with_advice(error, X, _TABLES, _TABLES), y, options) from None
    if keeps_missing:
        refuse_missing_in_sparse(valid[0] if options else valid)
    return (valid[0], _complete_target(valid[1], options)) if options else valid


def _checked_table(estimator, X, y, reset, options):
    is_encoded = isinstance(X, EncodedTable)
    if not is_encoded:
        form, X = form_of(X), table_of(X, estimator)
        validate_data(
            estimator, *((X, y) if options else (X,)), reset=bool(reset), skip_check_array=True
        )
    shape_only = np.broadcast_to(0.0, X.shape)
    if options:
        try:
            y = check_X_y(shape_only, y, estimator=estimator, **options)[1]
        except (TypeError, ValueError) as error:
            raise _of_target(error, y, options) from None
        y = _complete_target(y, options)
    else:
        check_array(shape_only, estimator=estimator, input_name="X")
    if is_encoded:
        if reset:
            X.lend(estimator)
        return (X.matrix, y) if options else X.matrix
    frame = as_frame(X)
    if reset:
        estimator._codec = estimator._make_codec(frame, form)
        return (frame, y) if options else frame
    X = estimator._codec.encode(frame).astype(_precision(X), copy=False)
    if reset is None and not estimator._in_training:  # a scorer asks in each epoch of a fit
        warn_of_unseen(estimator._codec, frame, X)
    return (X, y) if options else X


def _precision(X):
    """Return the precision of a table: single if it is an array of that, else double."""
    return np.float32 if isinstance(X, np.ndarray) and X.dtype == np.float32 else np.float64


def table_of(X, estimator):
    """Return X as a frame or an array of two axes, of objects if it is a list of rows, whose
    columns may differ; refuse it if sparse.
    """
    if is_frame(X):
        return X
    dtype = None if hasattr(X, "dtype") else object
    return check_array(X, dtype=dtype, ensure_all_finite=False, estimator=estimator, input_name="X")


def check_shape(estimator, X):
    """Raise ``ValueError``, in scikit-learn's words, for X without rows or of another width than
    that of the fit, before a part of a meta-estimator does it in its name.
    """
    shape = getattr(X, "shape", ())
    if len(shape) != 2:
        return
    check_array(np.zeros((min(shape[0], 1), shape[1])), estimator=estimator, input_name="X")
    if not is_frame(X) and shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )


def check_no_times(values, name="X"):
    """Raise ``ValueError`` if what is to be numbers, an array, a frame or a list, holds dates,
    times or durations.
    """
    if isinstance(values, list | tuple):
        try:
            values = np.asarray(values)
        except ValueError:  # rows of unequal length, which the check of scikit-learn will name
            return
    for label, column in _suspects(values):
        found = time_found(column)
        if found:
            raise time_refusal(found, name if label is None else f"The column {label!r} of {name}")


def _suspects(values):
    """Yield label (None: there is one column) and series of the columns of an array or a frame
    whose dtype is not one of numbers.
    """
    if isinstance(values, pd.DataFrame):
        for j, dtype in enumerate(values.dtypes):
            if dtype.kind not in "biuf":
                yield values.columns[j], values.iloc[:, j]
    elif is_frame(values):
        yield from as_frame(
            values.select(
                [label for label, dtype in values.schema.items() if not dtype.is_numeric()]
            )
        ).items()
    elif isinstance(values, np.ndarray) and values.ndim == 2:
        if values.dtype.kind in "OmM":
            yield from pd.DataFrame(values).items()
    elif isinstance(values, pd.Series | pd.Index) or (
        isinstance(values, np.ndarray) and values.ndim == 1
    ):
        if values.dtype.kind not in "biuf":
            yield None, pd.Series(values)
    elif (
        type(values).__module__.startswith("polars.")
        and hasattr(values, "dtype")
        and not values.dtype.is_numeric()
    ):
        yield None, as_series(values)


def encoded(estimator, X, target, weight, rows, first, incremental, source=None):
    """Return the matrix of checked X, in the first fit after its codec has learned from ``rows``
    (None: all), and the target.

    A target that is X stays X. ``source``: the fitted network of ``init_from``, from whose codec
    is learned, or None.
    """
    codec, features = estimator._codec, estimator.categorical_features
    if not first:
        before = codec.given if codec.is_table else None
        if not _same(features, before):
            raise ValueError(
                f"categorical_features={features!r} is not what the fit to go on from had, "
                f"{before!r}. Undo the change, or fit with warm_start=False."
            )
        return X, target
    if source is not None and _columns(codec) != _columns(source._codec):
        raise ValueError(
            f"X is {_columns(codec)}, but init_from was fitted on {_columns(source._codec)}; the "
            "columns must be the same."
        )
    if not codec.is_table:
        measure = (
            estimator._measure_of_inputs(X, weight, rows)
            if source is None
            else source._codec.measure
        )
        codec.learn(X, weight, rows, measure, labels_of(estimator))
        return X, target
    if not isinstance(X, pd.DataFrame):  # a table that was encoded before
        return X, target
    if source is None:
        codec.fit(X, weight, rows, declared=incremental)
    else:
        codec.adopt(source._codec)
    if codec.keeps_missing and codec.all_missing:
        more = ", or begin with rows that have some" if incremental else ""
        raise ValueError(
            f"All values of X are missing in the columns {codec.all_missing}, so that nothing can "
            f"be learned of them; leave them out{more}."
        )
    matrix = codec.encode(X)
    return matrix, matrix if target is X else target


def _columns(codec):
    """Return what the columns of X are, in words."""
    if not codec.is_table:
        return "a matrix (categorical_features=None)"
    numeric, categorical = (
        [codec.names[j] for j in columns] for columns in (codec.numeric, codec.categorical)
    )
    return f"a table with the numbers {numeric} and the categories {categorical}"


def needs_no_check(estimator, X):
    """Return whether X is what ``checked`` would return as it is, which costs more than
    predicting a few rows.
    """
    return (
        type(X) is np.ndarray
        and X.dtype in (np.float32, np.float64)
        and X.ndim == 2
        and X.flags.c_contiguous
        and X.shape[0] > 0
        and X.shape[1] == estimator.n_features_in_
        and not estimator._codec.is_table
        and not hasattr(estimator, "feature_names_in_")
        and _is_small(X)
    )


def _is_small(X):
    """Return whether the sum of X is finite, as it is unless X is not or has values near the
    limits of its precision.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.add.reduce(X, axis=None))


def _same(a, b):
    """Return whether two values of ``categorical_features`` are equal."""
    return _listed(a) == _listed(b)


def _listed(value):
    if value is None or isinstance(value, str):
        return value
    return value.tolist() if isinstance(value, np.ndarray) else list(value)


def with_advice(error, X, advice, missing=""):
    """Return the error, with the columns of X that are to blame where these hold no numbers, and
    what to do about them.

    ``advice`` goes with strings, ``missing`` with missing values.
    """
    text = str(error)
    if missing and "Input X contains NaN" in text and not sparse.issparse(X):
        return type(error)(f"{text}\n{missing} takes missing values too.")
    if type(error) not in (TypeError, ValueError) or not _NO_NUMBERS.search(text):
        return error
    columns = (
        not_numbers(X) if (is_frame(X) or isinstance(X, np.ndarray)) and len(X.shape) == 2 else []
    )
    if not columns:
        return error
    what = f"The columns {columns} do not hold numbers; {advice} takes them as categories."
    return unhashable(X) or type(error)(f"{text.rstrip('.')}. {what}")


def _complete_target(y, options):
    """Return y, or raise ``ValueError`` if it is an array with missing values, or with strings
    where numbers are wanted.
    """
    if sparse.issparse(y):
        return y
    if y.dtype.kind in "fO" and np.any(pd.isna(y)):
        raise ValueError(_MISSING_TARGET)
    if options.get("y_numeric") and y.dtype.kind in "SU":
        try:
            return y.astype(np.float64)
        except ValueError as error:
            raise _of_target(error, y, options) from None
    return y


def _of_target(error, y, options):
    """Return the error, without doubt about what it is about if it is about y."""
    text = str(error)
    of_target = "contains NaN" in text and "Input X" not in text
    # the truth of pd.NA is a TypeError
    if of_target or (options and isinstance(error, TypeError) and np.any(pd.isna(y))):
        return ValueError(_MISSING_TARGET)
    if options.get("y_numeric") and _NO_NUMBERS.search(text) and not _holds_numbers(y):
        return type(error)(f"{text.rstrip('.')}. {_CLASSES_AS_TARGET}")
    return error


def _holds_numbers(y):
    try:
        np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return True
