"""The other sides of the comparison: each returns a function that trains ``epochs`` epochs of a case from scratch."""

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmlp import MLPClassifier


def settings(case):
    """Return the parameters that scikit-learn's estimator and ours share; nothing stops early."""
    return {
        "hidden_layer_sizes": case.hidden,
        "batch_size": case.batch,
        "max_iter": case.epochs,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }


def skmlp_side(case, dtype, **parameters):
    """Train with this package."""
    X, y = case.data(dtype)
    model = MLPClassifier(**settings(case), dtype=dtype, **parameters)
    return _quietly(lambda: model.fit(X, y))


def sklearn_side(case, dtype):
    """Train with scikit-learn, in the precision of X."""
    X, y = case.data(dtype)
    model = SklearnMLPClassifier(**settings(case))
    return _quietly(lambda: model.fit(X, y))


def torch_side(case, dtype, batch_norm=False, dropout=0.0):
    """Train with PyTorch, eager, fused Adam; None if it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    X, y = case.data(dtype)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def fit():
        torch.manual_seed(0)
        parts, width = [], case.n_features
        for hidden in case.hidden:
            parts.append(torch.nn.Linear(width, hidden, dtype=X.dtype))
            if batch_norm:
                parts.append(torch.nn.BatchNorm1d(hidden, dtype=X.dtype))
            parts.append(torch.nn.ReLU())
            if dropout:
                parts.append(torch.nn.Dropout(dropout))
            width = hidden
        model = torch.nn.Sequential(*parts, torch.nn.Linear(width, case.n_classes, dtype=X.dtype))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
        loss_function = torch.nn.CrossEntropyLoss()
        for _ in range(case.epochs):
            order = torch.randperm(case.n_rows)
            for start in range(0, case.n_rows, case.batch):
                rows = order[start : start + case.batch]
                optimizer.zero_grad()
                loss_function(model(X[rows]), y[rows]).backward()
                optimizer.step()

    return fit


def _quietly(function):
    """Return the function with warnings of unfinished convergence silenced."""

    def call():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function()

    return call
