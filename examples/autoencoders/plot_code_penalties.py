"""
What do code penalties buy? (sparse, contractive and tied-weight autoencoders)
==============================================================================

**Answer.** Each gets what it asks for and pays with reconstruction error. The sparse
code has fewer active units, the contractive code changes less with the input; tied
weights cost little. The weights become slightly smoother, but at 8 x 8 pixels one
hardly sees strokes in them.

A code of 16 units for images of 64 pixels can share the work in many ways that give a
small error. A code penalty asks for more: few active units ('kl', Ng, 2011), or a code
that changes little with the image ('contractive', Rifai et al., 2011). Tied weights use
one matrix for encoder and decoder.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skmlp import Autoencoder
from skmlp.nn import Contractive, KLSparsity

X, y = load_digits(return_X_y=True)
X = X / 16
kinds = {
    "plain": {},
    "tied weights": {"tied_weights": True},
    "sparse, tied": {"code_penalty": KLSparsity(target=0.1, weight=0.1), "tied_weights": True},
    "contractive, tied": {"code_penalty": Contractive(weight=0.3), "tied_weights": True},
}
models = {}
for name, setting in kinds.items():
    model = Autoencoder(
        16,
        (),
        code_activation="logistic",
        learning_rate="one_cycle",
        learning_rate_init=0.02,
        **setting,
    )
    models[name] = model.set_params(alpha=0.02, batch_size=100, max_iter=100, random_state=0).fit(
        X[:1200]
    )

# %%
# What each pays and gets, on test samples. The change with the input is the squared norm of the
# Jacobian of the code.


def measures(model):
    """Return the error per row, the mean activation of a unit, and the squared norm of the
    Jacobian of the code, on rows not seen.
    """
    rows = X[1200:]
    return (
        -model.score(rows),
        model.transform(rows).mean(),
        np.square(model.input_gradient(rows)).sum(axis=(1, 2)).mean(),
    )


table = {name: measures(model) for name, model in models.items()}
titles = ["reconstruction error", "mean activation of a unit", "change with the input"]
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
for k, (ax, title) in enumerate(zip(axes, titles, strict=True)):
    bars = ax.barh(list(table), [values[k] for values in table.values()], color="C0")
    ax.bar_label(bars, fmt="%.2f", padding=3)
    ax.set(title=title)
    ax.margins(x=0.25)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()
plt.show()

# %%
# The weights of each unit of the code as an image, dark where it wants ink and light where it
# wants none.

figure, axes = plt.subplots(2, 2, figsize=(7, 7.4), layout="constrained")
for ax, (name, model) in zip(axes.flat, models.items(), strict=True):
    weights = model.coefs_[0] / np.abs(model.coefs_[0]).max(axis=0)
    tiles = np.full((4, 4, 9, 9), np.nan)
    tiles[:, :, :8, :8] = weights.T.reshape(4, 4, 8, 8)
    ax.imshow(tiles.swapaxes(1, 2).reshape(36, 36)[:-1, :-1], cmap="gray_r", vmin=-1, vmax=1)
    ax.set(title=name, xticks=[], yticks=[])
plt.show()

# %%
# How alike the weights of neighbouring pixels are tells how smooth these images are.


def likeness(model):
    """Return the correlation between the weights of neighbouring pixels."""
    images = model.coefs_[0].T.reshape(-1, 8, 8)
    pairs = [(images[:, :-1], images[:, 1:]), (images[:, :, :-1], images[:, :, 1:])]
    first, second = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    return np.corrcoef(first, second)[0, 1]


smooth = {name: likeness(model) for name, model in models.items()}
for name, values in table.items():
    print(
        f"{name:18} error {values[0]:.2f}, mean activation {values[1]:.2f}, change with the input "
        f"{values[2]:.2f}, correlation of neighbours {smooth[name]:.2f}"
    )
assert table["sparse, tied"][1] < 0.6 * table["tied weights"][1]
assert table["contractive, tied"][2] < 0.6 * table["tied weights"][2]
assert table["tied weights"][0] < 1.2 * table["plain"][0]
assert min(table["sparse, tied"][0], table["contractive, tied"][0]) > table["plain"][0]
assert min(list(smooth.values())[1:]) > smooth["plain"] + 0.03
