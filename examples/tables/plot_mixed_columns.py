"""
What does a loss for each kind of column improve? (mixed data, autoencoder, imputation)
=======================================================================================

**Answer.** With the squared error for all columns, nearly half of the imputed values of
the categories lie below 0 or above 1. With ``loss="auto"`` they are probabilities that
sum to one, and their log loss is half as large; the most likely category is right equally
often with both.

The table has three kinds of columns: 64 numbers (the pixels of a digit), a binary one
(whether it is even), and ten one-hot columns, one for each digit. An autoencoder learns
to reconstruct the whole table, in which half of the rows miss the last eleven values;
``impute`` then predicts them in rows that it has not seen.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss

from skmlp import Autoencoder
from skmlp.nn import Masking

pixels, digit = load_digits(return_X_y=True)
X = np.column_stack([pixels / 4, digit % 2 == 0, np.eye(10)[digit]])
train, test = X[:1200].copy(), X[1200:].copy()
train[::2, 64:] = test[:, 64:] = np.nan

values = {}
for loss in ("squared_error", "auto"):
    model = Autoencoder(
        32,
        hidden_layer_sizes=(128,),
        loss=loss,
        corruption=Masking(0.3),
        learning_rate="one_cycle",
        learning_rate_init=0.005,
        max_iter=60,
        n_iter_no_change=np.inf,
        random_state=0,
    ).fit(train)
    values[loss] = model.impute(test)[:, 65:]
    print(loss, [(type(unit).__name__, len(columns)) for unit, columns in model.loss_by_column_])

figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, (loss, imputed) in zip(axes, values.items(), strict=True):
    outside = np.mean((imputed < 0) | (imputed > 1))
    shares = np.clip(imputed, 1e-3, None)
    surprise = log_loss(digit[1200:], shares / shares.sum(axis=1, keepdims=True))
    right = np.mean(imputed.argmax(axis=1) == digit[1200:])
    print(
        f"{loss}: {outside:.0%} of the values outside of [0, 1], {right:.0%} of the digits right, "
        f"log loss {surprise:.2f}"
    )
    ax.axvspan(0, 1, color="#eeeeee", zorder=0)
    ax.hist(imputed.ravel(), bins=np.linspace(-0.5, 1.5, 81), color="#004488")
    ax.set(
        yscale="log",
        xlim=(-0.5, 1.5),
        xticks=[-0.5, 0, 0.5, 1, 1.5],
        xlabel="imputed value of a one-hot column",
    )
    ax.set_title(
        f'loss="{loss}"\n{outside:.0%} outside of [0, 1], log loss {surprise:.2f}', fontsize=10
    )
    ax.spines[["top", "right"]].set_visible(False)
    if loss == "auto":
        assert outside == 0.0
        assert np.allclose(imputed.sum(axis=1), 1.0, atol=1e-5)
        assert surprise < 0.45
    else:
        assert outside > 0.3
        assert 0.35 < outside < 0.55
        assert surprise > 0.55
axes[0].set_ylabel("number of values (log scale)")
plt.show()
