"""What ``normalize_y`` does: R2 of targets as they are, by networks that learn them normalised, as
they are, and behind a scaler.

``python -m benchmarks.target_size FOLDER [ROWS]``; the folder has ``NAME.parquet``, the target in
the column ``__target__``. Every table whose target is a number is taken, at most ``ROWS`` rows of
it (default 3000), with standardised and one-hot features. Other parameters have their defaults;
means over two seeds, each with its own split into 70 % and 30 %.
"""

import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn import neural_network
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from skmlp import MLPRegressor

from .parquet import read_table
from .timing import table

SEEDS = 2
SLACK = 0.01  # what the mean R2 over the tables may be below that behind a scaler


def scaled(model):
    """Return the model behind a scaler of the target."""
    return TransformedTargetRegressor(model, transformer=StandardScaler())


SIDES = {
    "normalize_y": lambda seed: MLPRegressor(random_state=seed),
    "without": lambda seed: MLPRegressor(normalize_y=False, random_state=seed),
    "without, scaler": lambda seed: scaled(MLPRegressor(normalize_y=False, random_state=seed)),
    "scikit-learn": lambda seed: neural_network.MLPRegressor(random_state=seed),
    "scikit-learn, scaler": lambda seed: scaled(neural_network.MLPRegressor(random_state=seed)),
}


def problems(folder, n_rows):
    """Yield name, frame of features, target of every table of numbers."""
    for path in sorted(pathlib.Path(folder).glob("*.parquet")):
        frame, y = read_table(path)
        if pd.api.types.is_float_dtype(y.dtype):
            rows = np.random.default_rng(0).permutation(len(y))[:n_rows]
            yield path.stem, frame.iloc[rows], y.to_numpy(dtype=float)[rows]


def features():
    """Return the transformer of the features: imputed and standardised numbers, one-hot
    categories.
    """
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False, max_categories=50)
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), remainder=categories
    )


def scores(frame, y, seed):
    """Return the R2 of each side on rows that none saw."""
    train, test, y_train, y_test = train_test_split(frame, y, test_size=0.3, random_state=seed)
    columns = features().fit(train)
    X_train, X_test = columns.transform(train), columns.transform(test)
    return [make(seed).fit(X_train, y_train).score(X_test, y_test) for make in SIDES.values()]


def main(folder, n_rows=3000):
    """Print the table; assert that normalising is not worse than a scaler around the estimator."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    lines, means = [], []
    for name, frame, y in problems(folder, int(n_rows)):
        means.append(np.mean([scores(frame, y, seed) for seed in range(SEEDS)], axis=0))
        lines.append(
            [name, f"{y.mean():.3g}", f"{y.std():.3g}", *(f"{score:.3f}" for score in means[-1])]
        )
    table(lines, ["data", "mean of y", "std of y", *SIDES])
    means = np.clip(means, 0.0, None)
    print(
        "mean R2, at least 0:", dict(zip(SIDES, means.mean(axis=0).round(4).tolist(), strict=True))
    )
    assert means[:, 0].mean() > means[:, 2].mean() - SLACK


if __name__ == "__main__":
    with threadpool_limits(1):
        main(*sys.argv[1:3])
