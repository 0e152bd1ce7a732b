"""
Sparse, contractive, tied: what does each unit of a code look for?
==================================================================

A code of 25 units for pictures of 64 pixels has room to spare. Without more being asked of it, its
units share the work in any way that gives a small error, and their weights look like noise. A code
penalty or tied weights ask for more: few active units ('kl', Ng, 2011), or a code that changes
little with the picture ('contractive', Rifai et al., 2011).

Answer: with any of them units look for strokes and corners, and for nothing where no digit has ink.
Each gets what it asks for, fewer active units or a steadier code, and pays for it with a larger
error.
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
        25,
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
# The weights of each unit of the code as a picture, dark where it wants ink and light where it
# wants none.


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


figure, axes = plt.subplots(1, 4, figsize=(11, 3.4), layout="constrained")
table = {name: measures(model) for name, model in models.items()}
for ax, (name, model) in zip(axes, models.items(), strict=True):
    weights = model.coefs_[0] / np.abs(model.coefs_[0]).max(axis=0)
    tiles = np.full((5, 5, 9, 9), np.nan)
    tiles[:, :, :8, :8] = weights.T.reshape(5, 5, 8, 8)
    ax.imshow(tiles.swapaxes(1, 2).reshape(45, 45)[:-1, :-1], cmap="gray_r", vmin=-1, vmax=1)
    error, active, change = table[name]
    ax.set(
        title=name,
        xlabel=f"error {error:.2f}, active {active:.0%}\nchange with the input {change:.2f}",
        xticks=[],
        yticks=[],
    )
plt.show()

# %%
for name, values in table.items():
    print(
        f"{name:18} error {values[0]:.2f}, mean activation {values[1]:.2f}, |J|^2 {values[2]:.2f}"
    )
assert table["sparse, tied"][1] < 0.5 * table["tied weights"][1]
assert table["contractive, tied"][2] < 0.5 * table["tied weights"][2]
assert table["tied weights"][0] < 1.2 * table["plain"][0]
