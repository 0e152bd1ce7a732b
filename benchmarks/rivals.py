"""The sides of the comparison: each returns a function that trains ``epochs`` epochs of a case
from scratch, None if not installed.
"""

import warnings
from importlib.util import find_spec

import numpy as np
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmlp import MLPClassifier, config_context


def settings(case):
    """Return the parameters that scikit-learn's estimator and ours share; nothing stops early."""
    return {
        "hidden_layer_sizes": case.hidden,
        "batch_size": case.batch,
        "max_iter": case.epochs,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }


def skmlp_side(case, dtype, backend="numpy", batch_norm=False, dropout=0.0):
    """Train with this package, on NumPy alone or with Numba."""
    if backend == "numba" and find_spec("numba") is None:
        return None
    X, y = case.data(dtype)
    model = MLPClassifier(**settings(case), dtype=dtype, batch_norm=batch_norm, dropout=dropout)

    def fit():
        with config_context(backend=backend):
            model.fit(X, y)

    return quietly(fit)


def sklearn_side(case, dtype):
    """Train with scikit-learn, in the precision of X."""
    X, y = case.data(dtype)
    model = SklearnMLPClassifier(**settings(case))
    return quietly(lambda: model.fit(X, y))


def torch_side(case, dtype, batch_norm=False, dropout=0.0, is_compiled=False):
    """Train with PyTorch, fused Adam; eager, or with forward and backward pass compiled, once for
    all fits.
    """
    if find_spec("torch") is None:
        return None
    import torch

    X, y = case.data(dtype)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    whole = torch_network(case, X.dtype, batch_norm, dropout)
    compiled = torch.compile(whole) if is_compiled else None

    def fit():
        torch.manual_seed(0)
        model = compiled or torch_network(case, X.dtype, batch_norm, dropout)
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


def skorch_side(case, dtype, batch_norm=False, dropout=0.0):
    """Train with skorch, the usual way to use PyTorch as a scikit-learn estimator."""
    if find_spec("skorch") is None:
        return None
    import skorch
    import torch

    X, y = case.data(dtype)
    model = skorch.NeuralNetClassifier(
        lambda: torch_network(case, torch.from_numpy(X).dtype, batch_norm, dropout),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__fused=True,
        lr=0.001,
        batch_size=case.batch,
        max_epochs=case.epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    return quietly(lambda: model.fit(X, y))


def torch_network(case, dtype, batch_norm, dropout):
    """Return PyTorch's network of a case."""
    import torch

    parts, width = [], case.n_features
    for hidden in case.hidden:
        parts.append(torch.nn.Linear(width, hidden, dtype=dtype))
        if batch_norm:
            parts.append(torch.nn.BatchNorm1d(hidden, dtype=dtype))
        parts.append(torch.nn.ReLU())
        if dropout:
            parts.append(torch.nn.Dropout(dropout))
        width = hidden
    return torch.nn.Sequential(*parts, torch.nn.Linear(width, case.n_classes, dtype=dtype))


def quietly(function):
    """Return the function with warnings of unfinished convergence silenced."""

    def call(*args):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args)

    return call
