"""Outlier detection on real tables: ROC AUC of ``OutlierAutoencoder`` against three detectors of
scikit-learn.

``python -m benchmarks.detection FOLDER`` reads ``FOLDER/NAME.parquet``, the features and a column
``__target__``; two sets come with scikit-learn. One class is normal: of two the larger, of more
each in turn, from the largest on, one for each seed. Trained is on up to 2000 of its rows, tested
on others of it and on as many of all other classes. Columns are standardised by the training rows,
categories as ones and zeros. The parameters of ``OutlierAutoencoder`` were chosen on the first
group of sets; the second was only looked at afterwards.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from skmlp import OutlierAutoencoder

CHOSEN_ON = ("digits", "satimage", "letter", "spambase", "phoneme", "wine_quality")
HELD_BACK = ("splice", "covertype_51k", "bank_marketing", "breast_cancer", "adult", "credit_g")
SEEDS = 5


class PCAError:
    """Minus the squared error of the principal components that hold nine tenths of the variance."""

    def fit(self, X):
        self.pca = PCA(0.9, svd_solver="full").fit(X)
        return self

    def score_samples(self, X):
        return -np.square(X - self.pca.inverse_transform(self.pca.transform(X))).sum(axis=1)


def table(folder, name):
    """Return the features as floats, and the classes."""
    if name == "digits":
        return load_digits(return_X_y=True)
    if name == "breast_cancer":
        return load_breast_cancer(return_X_y=True)
    frame = pd.read_parquet(folder / f"{name}.parquet")
    y = frame.pop("__target__")
    if name == "wine_quality":  # white against red
        (kind,) = frame.select_dtypes("category").columns
        y = frame.pop(kind)
    X = pd.get_dummies(frame, dtype=float).to_numpy(float)
    return X, pd.factorize(y)[0]


def problem(X, y, seed):
    """Return training rows, test rows, and which of these are normal."""
    rng = np.random.default_rng(seed)
    classes, counts = np.unique(y, return_counts=True)
    order = classes[np.argsort(-counts, kind="stable")]
    normal = order[seed % len(order)] if len(order) > 2 else order[0]
    inside, outside = (rng.permutation(np.flatnonzero(mask)) for mask in (y == normal, y != normal))
    n_train = min(2000, 2 * len(inside) // 3)
    test = inside[n_train : n_train + 1000]
    other = outside[: len(test)]
    scaler = StandardScaler().fit(X[inside[:n_train]])
    is_normal = np.repeat([True, False], [len(test), len(other)])
    return (
        scaler.transform(X[inside[:n_train]]),
        scaler.transform(X[np.concatenate([test, other])]),
        is_normal,
    )


DETECTORS = {
    "OutlierAutoencoder": lambda seed: OutlierAutoencoder(random_state=seed),
    "IsolationForest": lambda seed: IsolationForest(random_state=seed),
    "LocalOutlierFactor": lambda seed: LocalOutlierFactor(novelty=True),
    "PCA": lambda seed: PCAError(),
}


def areas(folder, name):
    """Return the mean ROC AUC of each detector over the seeds."""
    X, y = table(folder, name)
    found = {detector: [] for detector in DETECTORS}
    for seed in range(SEEDS):
        train, test, is_normal = problem(X, y, seed)
        for detector, make in DETECTORS.items():
            found[detector].append(
                roc_auc_score(is_normal, make(seed).fit(train).score_samples(test))
            )
    return {detector: float(np.mean(values)) for detector, values in found.items()}


def main():
    """Print a table for each group of sets, and assert that no other detector has a larger mean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for title, names in (("chosen on", CHOSEN_ON), ("held back", HELD_BACK)):
        rows = {name: areas(folder, name) for name in names}
        rows["mean"] = {
            detector: float(np.mean([row[detector] for row in rows.values()]))
            for detector in DETECTORS
        }
        print(f"\n| {title} | {' | '.join(DETECTORS)} |\n|{'---|' * (len(DETECTORS) + 1)}")
        for name, row in rows.items():
            print(f"| {name} | {' | '.join(f'{value:.3f}' for value in row.values())} |")
        assert rows["mean"]["OutlierAutoencoder"] >= max(rows["mean"].values()), (
            "another detector has the larger mean"
        )


if __name__ == "__main__":
    main()
