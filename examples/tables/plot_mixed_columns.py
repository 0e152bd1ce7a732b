"""
Mixed columns: what does a loss for each kind of column repair?
===============================================================

A table of digits with three kinds of columns: 64 numbers (the pixels), a yes/no (whether the digit
is even), and ten columns of zeros and ones, one for each digit. An autoencoder learns to give back
the whole table; half of its rows miss the last eleven values. Then ``impute`` has to say what these
are in rows that it has not seen, once with the squared error for all columns, once with
``loss="auto"``, which finds the kinds by itself.

Answer: both find the digit equally often, in nine of ten rows. But the squared error knows no
bounds: four in ten of its values lie below 0 or above 1. With "auto" they are probabilities that
sum to one, and the logarithmic loss of what they say is half as large.
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

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
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
        xlabel="imputed value of a digit's column",
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
        assert surprise > 0.55
axes[0].set_ylabel("number of values")
plt.show()
