"""A table as it stands against the same network behind scikit-learn's preprocessing: score on rows
that neither saw.

``python -m benchmarks.tables FOLDER [ROWS]``; the folder has ``NAME.parquet`` of the names in
``TABLES``, with the target in the column ``__target__``. ``ROWS`` bounds the rows of a table, which
are drawn anew for each seed. One side is ``categorical_features="from_dtype"``; the other a
``ColumnTransformer`` of one-hot code for categories and imputation, marks of missing values and
``StandardScaler`` for numbers. Means over five seeds, each with its own split into 70 % and 30 %;
accuracy, and R2 for the numeric targets.
"""

import pathlib
import sys
import warnings

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from skmlp import MLPClassifier, MLPRegressor

from .parquet import read_table
from .timing import table

SEEDS = 5
# what the mean score may be below that of the preprocessing, or two standard errors of the
# difference if these are more
SLACK = 0.01
TABLES = ["adult", "bank_marketing", "credit_g", "ames_housing", "house_sales", "diamonds"]
SETTING = {"early_stopping": True, "learning_rate_init": 0.002, "max_iter": 60}


def preprocessing():
    """Return the transformer that a table needs in front of a network of numbers."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), remainder=categories
    )


def scores(frame, y, seed, n_rows):
    """Return the score of the preprocessing and that of the table as it stands."""
    numeric = y.dtype.kind == "f"
    rows = np.random.default_rng(seed).permutation(len(y))[:n_rows]
    frame, y = frame.iloc[rows], y[rows]
    X_train, X_test, y_train, y_test = train_test_split(
        frame, y, test_size=0.3, random_state=seed, stratify=None if numeric else y
    )
    if numeric:
        mean, std = y_train.mean(), y_train.std()
        y_train, y_test = (y_train - mean) / std, (y_test - mean) / std
    cls = MLPRegressor if numeric else MLPClassifier
    sides = (
        make_pipeline(preprocessing(), cls(random_state=seed, **SETTING)),
        cls(random_state=seed, categorical_features="from_dtype", **SETTING),
    )
    return [model.fit(X_train, y_train).score(X_test, y_test) for model in sides]


def main(folder, n_rows=None):
    """Print the table; assert that the table as it stands is not worse."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    lines, worse = [], []
    for name in TABLES:
        frame, y = read_table(pathlib.Path(folder) / f"{name}.parquet")
        y = y.to_numpy(dtype=object if y.dtype == "category" else float)
        y = y.astype(str) if y.dtype == object else y
        both = np.array([scores(frame, y, seed, n_rows) for seed in range(SEEDS)])
        behind, alone = both.mean(axis=0)
        difference = both[:, 1] - both[:, 0]
        error = difference.std(ddof=1) / np.sqrt(SEEDS)
        lines.append(
            [name, f"{behind:.4f}", f"{alone:.4f}", f"{difference.mean():+.4f} +- {error:.4f}"]
        )
        print(*lines[-1], flush=True)
        if difference.mean() < -max(SLACK, 2.0 * error):
            worse.append(name)
    table(lines, ["table", "one-hot code", "as it stands", "difference"])
    assert not worse, f"worse than behind the preprocessing: {worse}"


if __name__ == "__main__":
    with threadpool_limits(1):
        main(sys.argv[1], *map(int, sys.argv[2:3]))
