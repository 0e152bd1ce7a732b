"""
What do dropout, batch normalisation and gradient clipping help against?
========================================================================

**Answer.** Dropout keeps the validation loss of a wide network from rising, batch
normalisation lets eight layers of logistic units learn at all, and gradient clipping
bounds what a few outliers do. Dropout gains least: early stopping alone gets nearly as
far.

Each of the three helps against one failure of training and does little where that
failure does not occur. Here is one case for each. (American spelling: batch
normalization.)
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier, MLPRegressor

plt.style.use("tableau-colorblind10")
X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
X_train, X_test = X_train / 16, X_test / 16

# %%
# **Dropout** against overfitting: a wide network, 800 digits of which three pixels in
# ten are noise. Without dropout the validation loss rises again after a few epochs.

rng = np.random.default_rng(0)
noisy, noisy_test = (
    np.where(rng.random(X.shape) < 0.3, rng.random(X.shape), X) for X in (X_train[:800], X_test)
)
setting = {
    "hidden_layer_sizes": (200,),
    "learning_rate": "cosine",
    "learning_rate_init": 0.002,
    "max_iter": 60,
    "n_iter_no_change": 60,
    "batch_size": 50,
    "random_state": 0,
}
dropout = {
    name: MLPClassifier(dropout=rate, **setting).fit(
        noisy, y_train[:800], X_val=noisy_test, y_val=y_test
    )
    for name, rate in [("without", 0.0), ("dropout=0.6", 0.6)]
}

# %%
# **Batch normalisation** against vanishing gradients: eight layers of logistic units
# hardly start to learn without it.

setting = {
    "hidden_layer_sizes": (50,) * 8,
    "activation": "logistic",
    "learning_rate": "linear",
    "max_iter": 30,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
normalised = {
    name: MLPClassifier(batch_norm=flag, n_iter_no_change=60, **setting).fit(X_train, y_train)
    for name, flag in [("without", False), ("batch_norm=True", True)]
}

# %%
# **Gradient clipping** against outliers: one target in a hundred is wrong by a factor
# of a hundred, and a step on it throws the weights far away.

X = rng.standard_normal((1000, 5))
y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
wild = np.where(rng.random(1000) < 0.01, 100 * y, y)
setting = {
    "solver": "sgd",
    "learning_rate_init": 0.01,
    "batch_size": 50,
    "learning_rate": "linear",
    "max_iter": 60,
    "random_state": 0,
}
clipped = {
    name: MLPRegressor(clip_norm=bound, n_iter_no_change=60, **setting).fit(
        X[:800], wild[:800], X_val=X[800:], y_val=y[800:]
    )
    for name, bound in [("without", None), ("clip_norm=1", 1.0)]
}

# %%
# The losses during training.

PANELS = [
    ("Dropout: a wide network, noisy data", dropout, "validation_loss", "validation log loss"),
    ("Batch norm: 8 layers of logistic units", normalised, "loss", "training log loss"),
    ("Clipping: 1 target in 100 is wrong", clipped, "validation_loss", "error, clean targets"),
]
fig, axes = plt.subplots(2, 2, figsize=(9, 7), layout="constrained")
last = {}
for ax, (title, models, column, label) in zip(axes.flat, PANELS, strict=False):
    for (name, model), style in zip(models.items(), ("--", "-"), strict=True):
        ax.plot(model.history_[column], style, label=name)
    ax.set(title=title, xlabel="epoch", ylabel=label)
    ax.legend()
    last[title] = [model.history_[column].iloc[-1] for model in models.values()]
axes[1, 0].set_yscale("log")
axes[1, 1].set_axis_off()
axes[1, 1].text(0.1, 0.5, "dashed: without\nsolid: with", fontsize="large")
plt.show()

# %%
# The last losses. For dropout the lowest loss is the fair comparison, since early
# stopping would keep it: there the gain is small.

for title, (without, helped) in last.items():
    print(f"{title:40s} loss {without:.3g} without, {helped:.3g} with")
    assert helped < 0.9 * without
lowest = [model.history_["validation_loss"].min() for model in dropout.values()]
print(f"lowest validation loss: {lowest[0]:.3f} without dropout, {lowest[1]:.3f} with")
assert 0.85 * lowest[0] < lowest[1] < 0.99 * lowest[0]
