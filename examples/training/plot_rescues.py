"""
What do dropout, batch normalisation and clipping each rescue?
==============================================================

Each of the three mends one failure of training, and does little where that failure does not occur.
Here is one case for each.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier, MLPRegressor

plt.style.use("tableau-colorblind10")
warnings.filterwarnings("ignore", category=ConvergenceWarning)
X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
X_train, X_test = X_train / 16, X_test / 16

# %%
# **Dropout** rescues wide networks that overfit few rows: 150 digits, 4 wrong pixels in 10. The
# loss on fresh rows rises again once the network is sure of everything it has seen.

rng = np.random.default_rng(0)
noisy, noisy_test = (
    np.where(rng.random(X.shape) < 0.4, rng.random(X.shape), X) for X in (X_train[:150], X_test)
)
setting = {
    "hidden_layer_sizes": (300, 300),
    "max_iter": 60,
    "tol": 0.0,
    "batch_size": 50,
    "random_state": 0,
}
dropout = {
    name: MLPClassifier(dropout=rate, **setting).fit(
        noisy, y_train[:150], X_val=noisy_test, y_val=y_test
    )
    for name, rate in [("without", 0.0), ("dropout=0.6", 0.6)]
}

# %%
# **Batch normalisation** rescues deep networks of saturating units: eight layers of logistic units
# hardly start to learn without it.

setting = {
    "hidden_layer_sizes": (50,) * 8,
    "activation": "logistic",
    "max_iter": 30,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
normalised = {
    name: MLPClassifier(batch_norm=flag, n_iter_no_change=100, **setting).fit(X_train, y_train)
    for name, flag in [("without", False), ("batch_norm=True", True)]
}

# %%
# **Clipping** rescues steps that a few wild rows would throw far away: one target in a hundred is
# wrong by a factor of a hundred.

X = rng.standard_normal((1000, 5))
y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
wild = np.where(rng.random(1000) < 0.01, 100 * y, y)
setting = {
    "solver": "sgd",
    "learning_rate_init": 0.01,
    "batch_size": 50,
    "max_iter": 60,
    "tol": 0.0,
    "random_state": 0,
}
clipped = {
    name: MLPRegressor(clip_norm=bound, n_iter_no_change=100, **setting).fit(
        X[:800], wild[:800], X_val=X[800:], y_val=y[800:]
    )
    for name, bound in [("without", None), ("clip_norm=1", 1.0)]
}

# %%
# Dashed: without it.

PANELS = [
    ("Dropout: a wide network, 150 rows", dropout, "validation_loss", "log loss on fresh rows"),
    ("Batch norm: 8 layers of logistic units", normalised, "loss", "log loss of training"),
    (
        "Clipping: 1 target in 100 is wild",
        clipped,
        "validation_loss",
        "half squared error on clean rows",
    ),
]
fig, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
last = {}
for ax, (title, models, column, label) in zip(axes, PANELS, strict=True):
    for (name, model), style in zip(models.items(), ("--", "-"), strict=True):
        ax.plot(model.history_[column], style, label=name)
    ax.set(title=title, xlabel="epoch", ylabel=label)
    ax.legend()
    last[title] = [model.history_[column].iloc[-1] for model in models.values()]
axes[2].set_yscale("log")
plt.show()

# %%
# Dropout keeps the loss on fresh rows from rising, batch normalisation lets the gradient through,
# and clipping bounds what a single batch can do.

for title, (without, rescued) in last.items():
    print(f"{title:40s} loss {without:.3g} without, {rescued:.3g} with")
    assert rescued < 0.8 * without
