"""Tables of numbers and categories, and the matrix that a network takes in their place.

The one decision: what the columns hold is learned once, from the rows trained on in the first fit,
and is part of the fitted estimator. To the core a table is a matrix like any other, whose last
columns are category numbers that ``Embedding`` reads; a reconstruction has the standardised
numbers, then a score for each category of each categorical column.
"""

import copy
from itertools import accumulate, pairwise

import numpy as np
import pandas as pd

from ..nn.engine.sources import DenseRows, OneHotRows
from ..nn.saved import (
    COUNT,
    FLAG,
    Kind,
    check_attributes,
    is_array,
    is_known,
    is_label,
    is_whole,
    refusal,
)
from .codec import FLOATS, InputCodec
from .columns import categorical_columns, categories_of, codes_of, numbers_of
from .frames import (
    Categories,
    Filled,
    array_of,
    as_frame,
    filled_array,
    filled_frame,
    form_of,
    pandas_frame,
    polars_frame,
)
from .scaling import SCALINGS, rounding_of, scaled, slope_of_bound, unbounded
from .unseen import warn_of_row_names


def _is_given(value):
    if type(value) in (list, tuple):
        return all(map(is_label, value))
    return value is not None and not callable(value) and not is_known(type(value))


_LABELS = Kind("a list of labels", lambda value: type(value) is list and all(map(is_label, value)))
_NUMBERS_OF_COLUMNS = Kind(
    "a list of whole numbers", lambda value: type(value) is list and all(map(is_whole, value))
)


class TableCodec(InputCodec):
    """The codec of a table of numbers and categories.

    Its matrix has the numeric columns, scaled; an indicator, 0 or 1, of the missing values of those
    that lacked some in training; and the categorical columns as category numbers. Where nothing is
    kept missing, a missing number is zero, and a category without a number of its own has the
    number behind all others.

    Parameters
    ----------
    categorical_features : str or array-like
        As the estimators take it, not None.
    frame : pandas.DataFrame
        The table, as ``as_frame`` gives it.
    form : {'pandas', 'polars', 'array'}
        What it was given as.
    keeps_missing : bool, default=False
        Whether missing numbers, and categories without a number of their own, are NaN in the
        matrix.
    scaling : {'standard', 'robust'}, default='standard'
        How numbers are scaled: by mean and standard deviation, or by median and interquartile range
        and then bounded, z / sqrt(1 + (z / 3)^2).
    min_frequency : int, default=1
        How many rows must have a category for it to have a number of its own.

    Attributes
    ----------
    numeric, categorical : list of int
        The columns of each kind.
    names : list
        Of the columns, their numbers if they have none.
    dtypes : list of str
        Of the columns, as pandas calls them.
    mean, scale : ndarray of shape (n_numeric,)
        What is subtracted from the numbers and what they are divided by, learned from the values in
        training that were not missing; the scale is infinite if all were.
    indicators : ndarray of int
        Which of the numeric columns lacked values.
    categories : list of list
        Those of each categorical column that have a number of their own, None standing for a
        missing value.
    """

    is_table = True
    kinds = {
        "keeps_missing": FLAG,
        "scaling": Kind(
            "'standard' or 'robust'", lambda value: type(value) is str and value in SCALINGS
        ),
        "min_frequency": COUNT,
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
        "mean": FLOATS,
        "scale": FLOATS,
        "indicators": Kind(
            "an array of whole numbers",
            lambda value: is_array(value) and value.ndim == 1 and value.dtype.kind == "i",
        ),
        "categories": Kind(
            "a list of lists of labels",
            lambda value: type(value) is list and all(map(_LABELS.holds, value)),
        ),
    }

    def __init__(
        self,
        categorical_features,
        frame,
        form,
        keeps_missing=False,
        scaling="standard",
        min_frequency=1,
    ):
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(
                f"frame must be a DataFrame of pandas, got one of the type {type(frame).__name__}."
            )
        self.keeps_missing = keeps_missing
        self.scaling = scaling
        self.min_frequency = min_frequency
        self.given = categorical_features
        self.form = form
        self.dtypes = [str(dtype) for dtype in frame.dtypes]
        self.categorical = categorical_columns(categorical_features, frame)
        self.numeric = [j for j in range(frame.shape[1]) if j not in set(self.categorical)]
        self.names = frame.columns.tolist()
        self.mean = self.scale = self.indicators = self.categories = None

    # ---- what a file may hold

    def __setstate__(self, state):
        check_attributes("TableCodec", state, self.kinds)
        self.__dict__.update(state)
        self._check()

    def check(self, n_features):
        check_attributes("TableCodec", vars(self), self.kinds)
        self._check()
        if len(self.names) != n_features:
            raise refusal(
                "TableCodec",
                f"the number of columns of the table is {len(self.names)}, but should be "
                f"{n_features}",
            )

    def _check(self):
        n, n_numeric = len(self.names), len(self.numeric)
        sizes = len(self.dtypes), len(self.mean), len(self.scale), len(self.categories)
        if sorted(self.numeric + self.categorical) != list(range(n)) or sizes != (
            n,
            n_numeric,
            n_numeric,
            len(self.categorical),
        ):
            raise refusal(
                "TableCodec",
                f"it has {n} names, but numbers and categories that are not those of {n} columns",
            )
        if not np.isin(self.indicators, np.arange(n_numeric)).all() or len(
            set(self.indicators.tolist())
        ) < len(self.indicators):
            raise refusal(
                "TableCodec",
                f"it indicates missing values of the numbers {self.indicators}, but has "
                f"{n_numeric}",
            )
        may_be_empty = np.isin(np.arange(n_numeric), self.indicators) & (not self.keeps_missing)
        finite = np.isfinite(self.scale) | may_be_empty
        if not np.isfinite(self.mean).all() or not (self.scale > 0.0).all() or not finite.all():
            raise refusal(
                "TableCodec",
                "its means are not all finite, or its scales not all positive and finite",
            )
        for categories in self.categories:
            if not categories or len(set(categories)) < len(categories):
                raise refusal("TableCodec", "a column has no categories, or one of them twice")

    # ---- what was learned

    @property
    def n_categories(self):
        return tuple(map(len, self.categories))

    @property
    def blocks(self):
        """The outputs of each categorical column, as slices."""
        stops = accumulate(self.n_categories, initial=len(self.numeric))
        return [slice(start, stop) for start, stop in pairwise(stops)]

    @property
    def all_missing(self):
        """The names of the columns of which all values were missing in training."""
        empty = [j for j, scale in zip(self.numeric, self.scale, strict=True) if np.isinf(scale)]
        empty += [
            j
            for j, categories in zip(self.categorical, self.categories, strict=True)
            if categories in ([], [None])
        ]
        return [self.names[j] for j in sorted(empty)]

    @property
    def filling(self):
        return np.array([0.0] * (len(self.numeric) + len(self.indicators)) + [*self.n_categories])

    @property
    def n_outputs(self):
        return len(self.numeric) + sum(self.n_categories)

    @property
    def means(self):
        out = np.full(len(self.names), np.nan)
        out[self.numeric] = self.mean
        return out

    @property
    def _known(self):
        """What a reconstruction of each categorical column may be, by its number: Categories."""
        return {
            j: Categories([each for each in categories if each is not None], self.dtypes[j])
            for j, categories in zip(self.categorical, self.categories, strict=True)
        }

    def fit(self, frame, weight, rows, declared):
        """Learn from ``rows`` (None: all) with ``weight`` (n,) or None.

        ``declared``: whether categories that the dtype has and no row count too, and missing ones,
        since more rows will come.
        """
        rows = slice(None) if rows is None else rows
        weight = np.ones(len(frame))[rows] if weight is None else weight[rows]
        columns = [numbers_of(frame, j)[rows] for j in self.numeric]
        rounding = [rounding_of(frame.iloc[:, j].dtype) for j in self.numeric]
        measured = SCALINGS[self.scaling]
        moments = np.array(
            [measured(*column, weight) for column in zip(columns, rounding, strict=True)]
        ).reshape(-1, 2)
        self.mean, self.scale = moments[:, 0].copy(), moments[:, 1].copy()
        self.indicators = np.flatnonzero([np.isnan(x).any() for x in columns])
        self.categories = [
            categories_of(frame, j, rows, declared, self.min_frequency) for j in self.categorical
        ]
        if not declared:
            warn_of_row_names(self, len(weight))
        return self

    def adopt(self, other):
        """Take over what another codec has learned of the same columns."""
        self.mean, self.scale, self.indicators, self.categories = copy.deepcopy(
            (other.mean, other.scale, other.indicators, other.categories)
        )

    # ---- in and out

    def encode(self, frame):
        """Return the matrix (n, n_numeric + n_indicators + n_categorical), float64."""
        n_numeric, n_codes = len(self.numeric), len(self.categorical)
        out = np.empty((len(frame), n_numeric + len(self.indicators) + n_codes))
        x, indicators, codes = np.split(out, [n_numeric, out.shape[1] - n_codes], axis=1)
        marks = dict(zip(self.indicators.tolist(), indicators.T, strict=True))
        for k, j in enumerate(self.numeric):  # a column fits into the cache, the matrix does not
            z = numbers_of(frame, j)
            if k in marks:
                marks[k][:] = np.isnan(z)
            x[:, k] = scaled(z, self.mean[k], self.scale[k], self.scaling)
        for k, (j, categories) in enumerate(zip(self.categorical, self.categories, strict=True)):
            codes[:, k] = codes_of(frame, j, categories)
        if not self.keeps_missing:
            np.copyto(out, self.filling, where=np.isnan(out))
        return out

    def targets(self, source):
        return OneHotRows(super().targets(source), len(self.numeric), self.n_categories)

    def as_target(self, matrix):
        source = self.targets(DenseRows(matrix))
        return source.take(slice(0, source.n_rows), np.empty((source.n_rows, source.width)))

    def decode(self, outputs, dtype, like=None):
        """Return the table that outputs mean, without missing values; a column has the dtype that
        it has in ``like`` if that holds all its categories, else that of the fit.
        """
        columns, form = self._decoded(outputs), self.form if like is None else form_of(like)
        if form == "array":
            return array_of(columns, self._known, like)
        make = polars_frame if form == "polars" else pandas_frame
        return make(self.names, columns, self._known, like)

    def impute(self, X, matrix, network):
        """Fill in what is missing in the table X; each missing category counts as unseen, with the
        vector zero, as one that ``corruption='masking'`` hides.

        Overwrites: matrix.
        """
        frame, known = as_frame(X), self._known
        missing = frame.isna().to_numpy()
        codes = matrix[:, len(self.numeric) + len(self.indicators) :]
        codes[missing[:, self.categorical]] = np.nan
        parts = [self._decoded(part) for _, part in self.reconstructions(matrix, network)]
        filled = {}
        for j in np.flatnonzero(missing.any(axis=0)).tolist():
            values = np.concatenate([part[j] for part in parts])
            if j not in known:
                values = np.where(missing[:, j], values, numbers_of(frame, j))
            filled[j] = Filled(values, missing[:, j], known.get(j))
        return (filled_array if form_of(X) == "array" else filled_frame)(X, filled)

    def _decoded(self, outputs):
        """Return each column (n,) that outputs mean: numbers as float64, of categories the most
        probable one that is not a missing value.
        """
        columns = [None] * len(self.names)
        for k, j in enumerate(self.numeric):
            z = outputs[:, k].astype(np.float64)
            z = unbounded(z) if self.scaling == "robust" else z
            columns[j] = z * self.scale[k] + self.mean[k]
        for j, block, categories in zip(
            self.categorical, self.blocks, self.categories, strict=True
        ):
            known = [k for k, category in enumerate(categories) if category is not None]
            names = np.empty(len(categories), dtype=object)
            names[:] = categories
            columns[j] = names[known][outputs[:, block][:, known].argmax(axis=1)]
        return columns

    def errors_by_column(self, errors):
        out = np.empty((len(errors), len(self.names)), errors.dtype)
        out[:, self.numeric] = errors[:, : len(self.numeric)]
        for j, block in zip(self.categorical, self.blocks, strict=True):
            out[:, j] = errors[:, block].sum(axis=1)
        return out

    def losses_by_column(self, loss):
        columns = [
            *([np.array(self.numeric)] if self.numeric else []),
            *(np.array([j]) for j in self.categorical),
        ]
        units = [loss] if len(columns) == 1 else [unit for unit, _ in loss.pieces]
        return list(zip(units, columns, strict=True))

    def gradient(self, of_matrix, source):
        """Return the gradient with respect to the numbers of the table; NaN for categories."""
        shape = (*of_matrix.shape[:-1], len(self.names))
        out = np.full(shape, np.nan, of_matrix.dtype)
        matrix = source.take(
            slice(0, source.n_rows), np.empty((source.n_rows, source.width), of_matrix.dtype)
        )
        slopes = self.slopes(matrix)[:, None]
        out[..., self.numeric] = of_matrix[..., : len(self.numeric)] * slopes
        return out

    def slopes(self, matrix):
        """Return the derivatives (n, n_numeric) of the numbers of a matrix with respect to those of
        the table.
        """
        bounded = matrix[:, : len(self.numeric)]
        if self.scaling == "standard":
            return np.broadcast_to(1.0 / self.scale, bounded.shape)
        return slope_of_bound(bounded) / self.scale


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
