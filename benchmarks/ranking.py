"""Estimators at their defaults on real tables: ranks, errors, log loss and seconds.

``python -m benchmarks.ranking [--folder FOLDER] [--others hgb,lgbm,...] [--seed N] [--out FILE]``

``FOLDER/NAME.parquet`` holds the features with their dtypes and the target in the column
``__target__``; without a folder the tables named in ``OPENML`` are fetched with ``fetch_openml``.
Each table has one split for a seed: at most 5000 rows to train on and 5000 to test on. Results go
to a csv, one row for each table and estimator; what is there is not run again. The error is 1 -
accuracy, or the root mean squared error divided by the standard deviation of y. Where another
estimator refuses a table its row is empty.
"""

import argparse
import csv
import os
import pathlib
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.datasets import fetch_openml
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

from skmlp import TabularMLPClassifier, TabularMLPRegressor

from .parquet import read_table

ROWS = 5000
FIELDS = ["table", "task", "rows", "columns", "estimator", "seed"]
FIELDS += ["error", "log_loss", "fit_seconds", "predict_seconds"]
OPENML = {  # name there: version
    "adult": 2,
    "bank-marketing": 1,
    "credit-g": 1,
    "electricity": 1,
    "letter": 1,
    "phoneme": 1,
    "satimage": 1,
    "splice": 1,
    "diamonds": 1,
    "kin8nm": 1,
    "wine_quality": 1,
}


def behind_preprocessing(model):
    """Return a network of scikit-learn's behind what it needs for tables."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore", max_categories=50, sparse_output=False),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    pipeline = make_pipeline(columns, model)
    if isinstance(model, MLPClassifier):
        return pipeline
    return TransformedTargetRegressor(pipeline, transformer=StandardScaler())


class CatBoost:
    """CatBoost with the categorical columns of the frame named to it."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y):
        """Fit on a frame."""
        names = [name for name in X if X[name].dtype == "category"]
        self.model.fit(self._frame(X), y, cat_features=names)
        return self

    def predict(self, X):
        """Return the predictions (n,)."""
        return np.ravel(self.model.predict(self._frame(X)))

    def predict_proba(self, X):
        """Return the probabilities."""
        return self.model.predict_proba(self._frame(X))

    def _frame(self, X):
        names = [name for name in X if X[name].dtype == "category"]
        return X.assign(
            **{name: X[name].astype(object).fillna("missing").astype(str) for name in names}
        )


class Filled:
    """An estimator that refuses numbers that are missing: they are filled with the median."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y):
        """Fit on a frame."""
        self._medians = X.median(numeric_only=True)
        self.model.fit(X.fillna(self._medians), y)
        return self

    def predict(self, X):
        """Return the predictions (n,)."""
        return self.model.predict(X.fillna(self._medians))

    def predict_proba(self, X):
        """Return the probabilities."""
        return self.model.predict_proba(X.fillna(self._medians))


def contender(name, seed, classifies):
    """Return the estimator of a name; those of other packages are imported here."""
    if name == "skmlp":
        cls = TabularMLPClassifier if classifies else TabularMLPRegressor
        return cls(random_state=seed)
    if name == "hgb":
        cls = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
        return cls(categorical_features="from_dtype", random_state=seed)
    if name == "mlp":
        cls = MLPClassifier if classifies else MLPRegressor
        return behind_preprocessing(
            cls(hidden_layer_sizes=(256, 256), early_stopping=True, random_state=seed)
        )
    if name == "lgbm":
        from lightgbm import LGBMClassifier, LGBMRegressor

        return (LGBMClassifier if classifies else LGBMRegressor)(verbose=-1, random_state=seed)
    if name == "xgb":
        from xgboost import XGBClassifier, XGBRegressor

        cls = XGBClassifier if classifies else XGBRegressor
        return cls(enable_categorical=True, tree_method="hist", random_state=seed)
    if name == "catboost":
        from catboost import CatBoostClassifier, CatBoostRegressor

        cls = CatBoostClassifier if classifies else CatBoostRegressor
        return CatBoost(cls(verbose=0, random_seed=seed, allow_writing_files=False))
    if name in ("realmlp", "realmlp_s"):
        import pytabkit

        form = "TD" if name == "realmlp" else "TD_S"
        task = "Classifier" if classifies else "Regressor"
        cls = getattr(pytabkit, f"RealMLP_{form}_{task}")
        return Filled(cls(device="cpu", random_state=seed))
    raise ValueError(f"There is no contender {name!r}; there are skmlp, {', '.join(OTHERS)}.")


OTHERS = ("hgb", "mlp", "lgbm", "xgb", "catboost", "realmlp", "realmlp_s")


def tables(folder):
    """Yield name, frame, target and whether it is one of classes, of each table."""
    if folder is None:
        for name, version in OPENML.items():
            frame, y = fetch_openml(name, version=version, return_X_y=True, as_frame=True)
            yield name, *_prepared(frame, y)
        return
    paths = sorted(pathlib.Path(folder).glob("*.parquet"))
    if not paths:
        raise ValueError(f"There is no file *.parquet in the folder {folder}.")
    for path in paths:
        yield path.stem, *_prepared(*read_table(path))


def _prepared(frame, y):
    """Return a frame of floats and categories, the target, and whether it is one of classes; rows
    of classes with fewer than ten rows are left out.
    """
    columns = {}
    for name in frame:
        column = frame[name]
        is_number = pd.api.types.is_numeric_dtype(column) and column.dtype != "category"
        columns[f"{name}"] = column.astype("float64" if is_number else "category")
    frame = pd.DataFrame(columns)
    if pd.api.types.is_float_dtype(y) or (
        pd.api.types.is_numeric_dtype(y) and y.dtype != "category" and y.nunique() > 30
    ):
        return frame, y.to_numpy(float), False
    y = LabelEncoder().fit_transform(y.astype(str))
    keep = np.bincount(y)[y] >= 10
    return frame[keep].reset_index(drop=True), LabelEncoder().fit_transform(y[keep]), True


def split_of(frame, y, classifies, seed):
    """Return rows to train on and to test on, at most ``ROWS`` of each."""
    n_test = min(ROWS, len(y) // 4)
    return train_test_split(
        frame,
        y,
        train_size=min(ROWS, len(y) - n_test),
        test_size=n_test,
        random_state=seed,
        stratify=y if classifies else None,
    )


def measured(model, split, classifies):
    """Return error, log loss and seconds of an estimator on a split."""
    X_train, X_test, y_train, y_test = split
    began = time.perf_counter()
    model.fit(X_train, y_train)
    fitted = time.perf_counter()
    p = model.predict_proba(X_test) if classifies else np.ravel(model.predict(X_test))
    seconds = fitted - began, time.perf_counter() - fitted
    if classifies:
        error, loss = np.mean(p.argmax(axis=1) != y_test), log_loss(y_test, p)
    else:
        error, loss = np.sqrt(np.mean(np.square(p - y_test))) / y_test.std(), None
    return error, loss, *seconds


def rank(rows):
    """Print mean rank and geometric mean of error / least error, of tables that all finished."""
    for task in ("all", "classification", "regression"):
        part = rows if task == "all" else rows[rows.task == task]
        errors = part.pivot_table(index=["table", "seed"], columns="estimator", values="error")
        errors = errors.dropna()
        if errors.empty:
            continue
        ratios = errors.div(errors.min(axis=1).clip(lower=1e-4), axis=0).clip(1.0, 3.0)
        summary = {
            "mean rank": errors.rank(axis=1).mean(),
            "error / least": np.exp(np.log(ratios).mean()),
            "wins": errors.rank(axis=1).eq(1.0).sum(),
        }
        losses = part.pivot_table(index=["table", "seed"], columns="estimator", values="log_loss")
        losses = losses.dropna()
        if not losses.empty:
            worse = losses.div(losses.min(axis=1).clip(lower=1e-3), axis=0).clip(1.0, 3.0)
            summary["log loss / least"] = np.exp(np.log(worse).mean())
        for name in ("fit_seconds", "predict_seconds"):
            summary[name.replace("_", " ")] = part.groupby("estimator")[name].sum()
        table = pd.DataFrame(summary).sort_values("mean rank").round(3)
        print(f"\n{task}: {len(errors)} tables\n{table.to_string()}")


def main():
    """Run what the command line asks for, and print the ranking of all results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", default=os.environ.get("SKMLP_DATA"))
    parser.add_argument("--others", default="hgb,mlp")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("ranking.csv"))
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    done = set()
    if arguments.out.exists():
        rows = pd.read_csv(arguments.out)
        done = set(zip(rows.table, rows.estimator, rows.seed, strict=True))
    else:
        arguments.out.write_text(",".join(FIELDS) + "\n")
    seed = arguments.seed
    for table, frame, y, classifies in tables(arguments.folder):
        split = split_of(frame, y, classifies, seed)
        task = "classification" if classifies else "regression"
        for name in ["skmlp", *filter(None, arguments.others.split(","))]:
            if (table, name, seed) in done:
                continue
            try:
                results = measured(contender(name, seed, classifies), split, classifies)
            except Exception as error:  # each package has errors of its own
                if name == "skmlp":
                    raise
                print(table, name, "failed:", error)
                results = 4 * [None]
            row = [table, task, len(split[0]), frame.shape[1], name, seed, *results]
            with arguments.out.open("a", newline="") as file:
                csv.writer(file).writerow(row)
            print(*row, flush=True)
    rank(pd.read_csv(arguments.out))


if __name__ == "__main__":
    main()
