"""Data for the tests of the estimators: scikit-learn's small sets, standardised, and blobs."""

import re
from functools import cache

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_blobs,
    make_multilabel_classification,
)
from sklearn.preprocessing import scale


@cache
def digits():
    return _read_only(*load_digits(return_X_y=True))


@cache
def cancer():
    return _read_only(*load_breast_cancer(return_X_y=True))


@cache
def wine():
    return _read_only(*load_wine(return_X_y=True))


@cache
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return _read_only(X, scale(y))


@cache
def blobs(n_classes=3, n=150, n_features=5):
    """Classes that overlap a little."""
    return _read_only(
        *make_blobs(n, n_features, centers=n_classes, cluster_std=4.0, random_state=0)
    )


@cache
def labels(n=150):
    """Several labels a row, some rows without any."""
    return _read_only(*make_multilabel_classification(n, 6, n_classes=4, random_state=0))


@cache
def curve(n=150, n_outputs=1):
    """Smooth functions of four features."""
    X = np.random.default_rng(0).normal(size=(n, 4))
    y = np.column_stack([np.sin(X[:, 0]) + X[:, 1], X[:, 2] * X[:, 3]])[:, :n_outputs]
    return _read_only(X, y[:, 0] if n_outputs == 1 else y, standardise=False)


def _read_only(X, y, standardise=True):
    """Return the pair, X standardised, both safe from a fit that would write into its input."""
    X = np.ascontiguousarray(scale(X) if standardise else X)
    X.flags.writeable = y.flags.writeable = False
    return X, y


def named(value):
    """Return the name of a test's parameter, the same in every process: functions without their
    addresses.
    """
    return re.sub(r"<function (\S+) at 0x[0-9a-f]+>", r"\1", str(value))
