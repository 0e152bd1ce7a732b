"""Tables of numbers and categories, and the matrix that a network takes in their place.

The one decision: what the columns hold is learned once, from the rows trained on in the first fit,
and is part of the fitted estimator. To the core a table is a matrix like any other, whose last
columns are category numbers that ``Embedding`` reads.
"""

import copy
from numbers import Integral

import numpy as np
import pandas as pd

from ..nn.saved import Kind, check_attributes, is_array, is_known, is_label, is_whole, refusal
from .times import time_among, time_held, time_refusal

_NUMBERS = {
    "integer",
    "floating",
    "mixed-integer-float",
    "decimal",
    "boolean",
    "empty",
}  # what pandas may find in a column of objects


def _is_given(value):
    if type(value) in (list, tuple):
        return all(map(is_label, value))
    return value is not None and not callable(value) and not is_known(type(value))


_LABELS = Kind("a list of labels", lambda value: type(value) is list and all(map(is_label, value)))
_NUMBERS_OF_COLUMNS = Kind(
    "a list of whole numbers", lambda value: type(value) is list and all(map(is_whole, value))
)
_FLOATS = Kind(
    "an array of numbers",
    lambda value: is_array(value) and value.ndim == 1 and value.dtype.kind == "f",
)


class TableEncoder:
    """What is known of a table's columns.

    Its matrix has the numeric columns, standardised, zero where missing; a mark, 0 or 1, of what is
    missing, for those that lacked values in training; and the categorical columns as category
    numbers.

    Parameters
    ----------
    categorical_features : str or array-like
        As the estimators take it, not None.
    frame : pandas.DataFrame
        The table, as ``as_frame`` gives it.

    Attributes
    ----------
    numeric, categorical : list of int
        The columns of each kind.
    names : list
        Of the columns, their numbers if they have none.
    form : {'pandas', 'polars', 'array'}
        What it was given as.
    dtypes : list of str
        Of the columns, as pandas calls them.
    mean, scale : ndarray of shape (n_numeric,)
        Of the values known in training.
    marked : ndarray of int
        Which of the numeric columns lacked values.
    categories : list of list
        Those of each categorical column that have a number of their own, None standing for a
        missing value.
    """

    kinds = {
        "given": Kind("what categorical_features takes", _is_given),
        "form": Kind(
            "'pandas', 'polars' or 'array'",
            lambda value: type(value) is str and value in ("pandas", "polars", "array"),
        ),
        "dtypes": Kind(
            "a list of strings",
            lambda value: type(value) is list and all(type(dtype) is str for dtype in value),
        ),
        "numeric": _NUMBERS_OF_COLUMNS,
        "categorical": _NUMBERS_OF_COLUMNS,
        "names": _LABELS,
        "mean": _FLOATS,
        "scale": _FLOATS,
        "marked": Kind(
            "an array of whole numbers",
            lambda value: is_array(value) and value.ndim == 1 and value.dtype.kind == "i",
        ),
        "categories": Kind(
            "a list of lists of labels",
            lambda value: type(value) is list and all(map(_LABELS.holds, value)),
        ),
    }

    def __init__(self, categorical_features, frame, form):
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(
                f"frame must be a DataFrame of pandas, got one of the type {type(frame).__name__}."
            )
        self.given = categorical_features
        self.form = form
        self.dtypes = [str(dtype) for dtype in frame.dtypes]
        self.categorical = categorical_columns(categorical_features, frame)
        self.numeric = [j for j in range(frame.shape[1]) if j not in set(self.categorical)]
        self.names = frame.columns.tolist()
        self.mean = self.scale = self.marked = self.categories = None

    def __setstate__(self, state):
        check_attributes("TableEncoder", state, self.kinds)
        self.__dict__.update(state)
        self.check()

    def check(self):
        """Raise ``ValueError`` unless it can be what a file held: a table that was fitted."""
        check_attributes("TableEncoder", vars(self), self.kinds)
        n, n_numeric = len(self.names), len(self.numeric)
        sizes = len(self.dtypes), len(self.mean), len(self.scale), len(self.categories)
        if sorted(self.numeric + self.categorical) != list(range(n)) or sizes != (
            n,
            n_numeric,
            n_numeric,
            len(self.categorical),
        ):
            raise refusal(
                "TableEncoder",
                f"it has {n} names, but numbers and categories that are not those of {n} columns",
            )
        if not np.isin(self.marked, np.arange(n_numeric)).all() or len(
            set(self.marked.tolist())
        ) < len(self.marked):
            raise refusal(
                "TableEncoder",
                f"it marks missing values of the numbers {self.marked}, but has {n_numeric}",
            )
        known = np.isfinite(self.scale) | np.isin(
            np.arange(n_numeric), self.marked
        )  # others have no known value at all
        if not np.isfinite(self.mean).all() or not (self.scale > 0.0).all() or not known.all():
            raise refusal(
                "TableEncoder",
                "its means are not all finite, or its scales not all positive and finite",
            )
        for categories in self.categories:
            if not categories or len(set(categories)) < len(categories):
                raise refusal("TableEncoder", "a column has no categories, or one of them twice")

    @property
    def levels(self):
        """Number of categories of each categorical column, a tuple."""
        return tuple(map(len, self.categories))

    @property
    def unknown(self):
        """The names of the columns of which training knew no value."""
        empty = [j for j, scale in zip(self.numeric, self.scale, strict=True) if np.isinf(scale)]
        empty += [
            j
            for j, categories in zip(self.categorical, self.categories, strict=True)
            if categories in ([], [None])
        ]
        return [self.names[j] for j in sorted(empty)]

    @property
    def filling(self):
        """What takes the place of what is unknown in each column of the matrix: zero, and the
        number of any other category.
        """
        return np.array([0.0] * (len(self.numeric) + len(self.marked)) + list(self.levels))

    @property
    def means(self):
        """Mean of the known values of each column of the table, NaN for categories."""
        out = np.full(len(self.names), np.nan)
        out[self.numeric] = self.mean
        return out

    def fit(self, frame, weight, rows, declared):
        """Learn from ``rows`` (None: all) with ``weight`` (n,) or None.

        ``declared``: whether categories that the dtype has and no row count too, and missing ones,
        since more rows will come.
        """
        rows = slice(None) if rows is None else rows
        weight = np.ones(len(frame))[rows] if weight is None else weight[rows]
        columns = [_numbers(frame, j)[rows] for j in self.numeric]
        rounding = [_rounding(frame.iloc[:, j].dtype) for j in self.numeric]
        moments = np.array(
            [_mean_and_scale(*column, weight) for column in zip(columns, rounding, strict=True)]
        ).reshape(-1, 2)
        self.mean, self.scale = moments[:, 0].copy(), moments[:, 1].copy()
        self.marked = np.flatnonzero([np.isnan(x).any() for x in columns])
        self.categories = [_categories(frame, j, rows, declared) for j in self.categorical]
        return self

    def adopt(self, other):
        """Take over what another encoder knows of the same columns."""
        self.mean, self.scale, self.marked, self.categories = copy.deepcopy(
            (other.mean, other.scale, other.marked, other.categories)
        )

    def encode(self, frame, filled=True):
        """Return the matrix (n, n_numeric + n_marked + n_categorical), float64.

        What is unknown, a missing number or a category without a number of its own, is NaN if not
        ``filled``.
        """
        n_numeric, n_codes = len(self.numeric), len(self.categorical)
        out = np.empty((len(frame), n_numeric + len(self.marked) + n_codes))
        x, marks, codes = np.split(out, [n_numeric, out.shape[1] - n_codes], axis=1)
        for k, j in enumerate(self.numeric):
            x[:, k] = _numbers(frame, j)
        marks[...] = np.isnan(x[:, self.marked])
        x -= self.mean
        x /= self.scale
        for k, (j, categories) in enumerate(zip(self.categorical, self.categories, strict=True)):
            codes[:, k] = _codes(frame, j, categories)
        if filled:
            np.copyto(out, self.filling, where=np.isnan(out))
        return out

    def gradient(self, of_matrix):
        """Return the gradient (..., n_columns) with respect to the table from that with respect
        to its matrix; NaN for categories.
        """
        out = np.full(
            (*of_matrix.shape[:-1], len(self.numeric) + len(self.categorical)),
            np.nan,
            of_matrix.dtype,
        )
        out[..., self.numeric] = of_matrix[..., : len(self.numeric)] / self.scale
        return out


def embeddings(table, network):
    """Return the vectors that a network learned for the categories of a table, a frame for each
    categorical column.
    """
    if not table.categorical:
        return {}
    vectors = network.layers[0].tables(network.views()[0, "vectors"])
    return {
        table.names[j]: pd.DataFrame(
            array[:-1].copy(),
            index=pd.Index(categories, name=table.names[j], dtype=object, tupleize_cols=False),
        )
        for j, array, categories in zip(table.categorical, vectors, table.categories, strict=True)
    }


def is_frame(X):
    """Return whether X is a data frame, of pandas or polars."""
    return isinstance(X, pd.DataFrame) or (
        type(X).__module__.startswith("polars.") and hasattr(X, "get_columns")
    )


def form_of(X):
    """Return what a table is given as: 'pandas', 'polars' or 'array'."""
    return "pandas" if isinstance(X, pd.DataFrame) else "polars" if is_frame(X) else "array"


def as_frame(X):
    """Return a table, a frame of pandas or polars, an array of any dtype or a list of rows, as a
    frame of pandas.
    """
    if isinstance(X, pd.DataFrame):
        return X
    if not is_frame(X):
        X = X if hasattr(X, "dtype") else np.array(X, dtype=object)
        frame = pd.DataFrame(X)
        return frame.infer_objects() if X.dtype == object else frame
    return pd.DataFrame({column.name: as_series(column) for column in X.get_columns()})


def not_numbers(X):
    """Return the names (of arrays the numbers) of the columns that hold anything but numbers."""
    frame = as_frame(X)
    return [frame.columns[j] for j in range(frame.shape[1]) if _is_categorical(frame.iloc[:, j])]


def unhashable(X):
    """Return the error about the first column of a table that has values that cannot be
    categories, None if there is none.
    """
    return next(
        filter(
            None,
            (
                _unhashable(column, name)
                for name, column in as_frame(X).items()
                if column.dtype == object
            ),
        ),
        None,
    )


def categorical_columns(given, frame):
    """Return which columns ``categorical_features`` means, in order."""
    n, names = frame.shape[1], list(frame.columns)
    if isinstance(given, str):
        if given != "from_dtype":
            raise ValueError(
                "categorical_features must be 'from_dtype', a mask, column numbers, names or "
                f"None, got {given!r}."
            )
        return [j for j in range(n) if _is_categorical(frame.iloc[:, j])]
    entries = list(given) if isinstance(given, list | tuple) else np.asarray(given, dtype=object)
    if getattr(entries, "ndim", 1) != 1:
        raise ValueError(
            f"categorical_features must be a list of columns or a mask, got {given!r}."
        )
    if all(isinstance(entry, bool | np.bool_) for entry in entries) and len(entries):
        if len(entries) != n:
            raise ValueError(
                f"categorical_features is a mask of {len(entries)} columns, but X has {n}."
            )
        return np.flatnonzero(entries).tolist()
    for entry in entries:
        if isinstance(entry, str):
            if entry not in names:
                raise ValueError(
                    f"categorical_features has {entry!r}, which is not among the columns of X, "
                    f"{names}."
                )
        elif not isinstance(entry, Integral) or isinstance(entry, bool) or not 0 <= entry < n:
            raise ValueError(
                f"categorical_features must hold names, or numbers from 0 to {n - 1}; got "
                f"{entry!r} for n_features = {n}."
            )
    return sorted(
        {names.index(entry) if isinstance(entry, str) else int(entry) for entry in entries}
    )


def as_series(column):
    """Return a column of a polars frame as a series of pandas."""
    kind = str(column.dtype)
    if column.dtype.is_nested():
        return pd.Series(column.to_list(), name=column.name, dtype=object)
    values = column.to_numpy()
    if kind.startswith("Enum"):
        values = pd.Categorical(values, categories=column.dtype.categories.to_numpy())
    return pd.Series(values, name=column.name).infer_objects()


def _is_categorical(column):
    """Return whether a column holds categories by its dtype, or, where that says nothing, by its
    values.
    """
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) not in _NUMBERS
    return isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(
        column.dtype
    )


def _numbers(frame, j):
    """Return a column as float64 (n,), NaN where missing."""
    column, name = frame.iloc[:, j], frame.columns[j]
    held = time_held(column)
    if held:
        raise time_refusal(held, f"The column {name!r} of X")
    if column.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: the column {name!r} of X holds {column.dtype}; take its "
            "real and imaginary part."
        )
    try:
        x = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        why = str(error).rstrip(".")
        raise type(error)(
            f"{why}. The column {name!r} of X is not among categorical_features, so it must hold "
            "numbers."
        ) from None
    if np.isinf(x).any():
        raise ValueError(
            f"Input X contains infinity in the column {name!r}; replace it by a number, or by NaN "
            "for a missing value."
        )
    return x


def _rounding(dtype):
    """Return the relative distance of neighbouring numbers of a column's dtype, that of float64
    for all that is no shorter float.
    """
    short = {2: np.float16, 4: np.float32} if dtype.kind == "f" else {}
    return float(np.finfo(short.get(getattr(dtype, "itemsize", 8), np.float64)).eps)


def _mean_and_scale(x, rounding, weight):
    """Return weighted mean and standard deviation of the known values; the scale is 1 of a
    constant, infinite if nothing is known.

    A column counts as constant where its deviation is no more than that of rounding: of n values in
    ``StandardScaler``'s sense (Chan, Golub and LeVeque, 1979), and of its own precision.
    """
    known = ~np.isnan(x) & (weight > 0.0)
    if not known.any():
        return 0.0, np.inf
    x, weight = x[known], weight[known] / weight[known].sum()
    if x.min() == x.max():
        return x[0], 1.0
    size = np.abs(x).max()  # divided by it, no square overflows
    mean = weight @ (x / size)
    deviation = np.sqrt(weight @ np.square(x / size - mean))
    constant = deviation <= max(len(x) * np.finfo(np.float64).eps, rounding) * abs(mean)
    return mean * size, 1.0 if constant else deviation * size


def _factorised(frame, j):
    """Return the positions (n,) of a column's values in the list of its distinct ones, -1 where
    missing, and that list.
    """
    column = frame.iloc[:, j]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories.tolist()
    try:
        codes, values = pd.factorize(column)
    except TypeError:
        raise _unhashable(column, frame.columns[j]) from None
    return codes, values.tolist()


def _categories(frame, j, rows, declared):
    codes, values = _factorised(frame, j)
    _check_no_times(frame, j, values)
    found = np.unique(codes[rows])
    has_order = isinstance(frame.iloc[:, j].dtype, pd.CategoricalDtype)
    categories = values if declared and has_order else [values[k] for k in found if k >= 0]
    if not has_order:
        categories.sort(key=_place)
    return [*categories, None] if declared or -1 in found else categories


def _place(category):
    """Return what categories are sorted by: numbers by value, then anything else that is no
    string, then strings.
    """
    is_number, is_string = isinstance(category, int | float), isinstance(category, str)
    return is_string, not is_number, category if is_number or is_string else repr(category)


def _codes(frame, j, categories):
    codes, values = _factorised(frame, j)
    number = {category: k for k, category in enumerate(categories)}
    numbers = np.array([number.get(value, np.nan) for value in [*values, None]], dtype=np.float64)
    if np.isnan(numbers[:-1]).any():
        _check_no_times(frame, j, [value for value in values if value not in number])
    return numbers[codes]


def _check_no_times(frame, j, values):
    held = time_among(values)
    if held:
        raise time_refusal(held, f"The column {frame.columns[j]!r} of X")


def _unhashable(column, name):
    """Return the error about a column that has values that cannot be categories, None if it has
    none.
    """
    for value in column:
        try:
            hash(value)
        except TypeError:
            kind = type(value).__name__
            return TypeError(
                f"The column {name!r} of X holds values of type {kind}, but to be a category, an "
                "argument must be a string or a number."
            )
    return None
