"""
Two numbers for a digit: autoencoder or PCA? (dimensionality reduction)
=======================================================================

**Answer.** On digits that neither has seen, the autoencoder's reconstruction error is
about a quarter lower than PCA's, and 0, 2, 4 and 6 form islands of their own; other
classes still overlap. With linear units and no hidden layers it finds the same plane as
PCA.

PCA finds the plane that lies closest to the data, an autoencoder a curved surface
(Hinton and Salakhutdinov, 2006).
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from skmlp import Autoencoder

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
curved = Autoencoder(
    2, (128, 32), "selu", "tanh", learning_rate="one_cycle", learning_rate_init=0.005, batch_size=64
)
curved.set_params(max_iter=50, random_state=0).fit(X_train)
pca = PCA(2).fit(X_train)
flat = Autoencoder(2, (), solver="lbfgs", alpha=0.0, tol=1e-6, max_iter=5000, random_state=0).fit(
    X_train
)


def error(model):
    """Return the squared error of a reconstruction, summed over pixels, on average."""
    return np.square(model.inverse_transform(model.transform(X_test)) - X_test).sum(axis=1).mean()


# %%
# The codes of the test samples, and below them one digit of each class with its
# reconstructions.

fig = plt.figure(figsize=(9, 7.4), layout="constrained")
top, bottom = fig.subfigures(2, 1, height_ratios=[3, 1.3])
models = {"PCA": pca, "Autoencoder": curved}
for ax, (name, model) in zip(top.subplots(1, 2), models.items(), strict=True):
    code = model.transform(X_test)
    ax.scatter(*code.T, s=90, c=y_test, cmap="tab10", alpha=0.45, linewidths=0)
    for a, b, label in zip(*code.T, y_test, strict=True):
        ax.text(a, b, str(label), fontsize=8, ha="center", va="center")
    ax.set(title=f"{name}: squared error {error(model):.1f}", xlabel="code 0", ylabel="code 1")
shown = [np.flatnonzero(y_test == label)[0] for label in range(10)]
rows = {
    "input": X_test[shown],
    **{
        name: model.inverse_transform(model.transform(X_test[shown]))
        for name, model in models.items()
    },
}
for axes, (name, images) in zip(bottom.subplots(3, 10), rows.items(), strict=True):
    for ax, image in zip(axes, images, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    axes[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()

# %%
# The errors. The angle between PCA's plane and that of the linear autoencoder is next
# to nothing. How many of a sample's ten nearest neighbours in the plane have its class
# tells which classes are islands.

angle = subspace_angles(flat.coefs_[-1].T, pca.components_.T).max()
print(f"squared error: PCA {error(pca):.2f}, autoencoder {error(curved):.2f}", end=", ")
print(f"linear autoencoder {error(flat):.2f}")
print(f"largest angle between PCA's plane and the linear autoencoder's: {angle:.1e}")
code = curved.transform(X_test)
nearest = NearestNeighbors(n_neighbors=11).fit(code).kneighbors(code)[1][:, 1:]
same = (y_test[nearest] == y_test[:, None]).mean(axis=1)
share = {label: same[y_test == label].mean() for label in range(10)}
print("neighbours of the same class:")
print(", ".join(f"{label}: {value:.0%}" for label, value in share.items()))
assert 0.7 * error(pca) < error(curved) < 0.82 * error(pca)
assert all((share[label] > 0.7) == (label in (0, 2, 4, 6)) for label in range(10))
assert angle < 1e-3
