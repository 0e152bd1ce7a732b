"""A table with numbers, categories, and missing values in both; matrices with missing values."""

from functools import cache

import numpy as np
import pandas as pd


def with_missing(X, share=0.2, seed=0):
    """Return a copy of a matrix with a share of its values NaN."""
    return np.where(np.random.default_rng(seed).random(X.shape) < share, np.nan, X)


def mixed(n=200, n_classes=2):
    """Return a frame of two numeric, two categorical and a column of flags, and classes that
    depend on all of them.
    """
    X, y = _mixed(n, n_classes)
    return X.copy(), y.copy()


@cache
def _mixed(n, n_classes):
    rng = np.random.default_rng(0)
    age, income, owner = rng.normal(50.0, 12.0, n), rng.lognormal(10.0, 1.0, n), rng.random(n) < 0.4
    colour, town = rng.integers(0, 3, n), rng.integers(0, 6, n)
    score = (
        (age - 50.0) / 12.0
        + np.log(income)
        - 10.0
        + owner
        + np.array([-1.0, 0.0, 2.0])[colour]
        + np.array([0, 2, 1, -1, -2, 0])[town]
    )
    y = np.searchsorted(np.quantile(score, np.arange(1, n_classes) / n_classes), score)
    X = pd.DataFrame(
        {
            "age": age,
            "colour": pd.Categorical(np.array(["red", "green", "blue"])[colour]),
            "income": income,
        }
    )
    X["town"] = np.array(["Aber", "Bonn", "Cork", "Dole", "Evry", "Faro"], dtype=object)[town]
    X["owner"] = owner
    X.loc[rng.random(n) < 0.1, "income"] = np.nan
    X.loc[rng.random(n) < 0.1, "town"] = None
    X.index = np.arange(n)[::-1] * 2
    return X, y
