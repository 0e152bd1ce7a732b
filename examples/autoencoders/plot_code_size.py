"""
How many numbers does an autoencoder need for a digit? (code size, bottleneck)
==============================================================================

**Answer.** Each doubling of the code removes a part of the error: with two numbers a
digit is drawn as an average of its neighbours, with eight its own slant and stroke come
back and less than half of the error is left. At every size the autoencoder loses less
than PCA with as many components.

An autoencoder writes each image as a few numbers, its code, and draws it again from
these. :class:`~skmlp.ReconstructionDisplay` shows what is drawn.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skmlp import Autoencoder, ReconstructionDisplay

digits, digit = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(digits / 16, digit, random_state=0)

# %%
# Codes of one to sixteen numbers, and as many principal components.

setting = {
    "hidden_layer_sizes": (128,),
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.01,
    "batch_size": 64,
    "random_state": 0,
}
SIZES = [1, 2, 4, 8, 16]
encoders = {size: Autoencoder(size, max_iter=40, **setting).fit(X_train) for size in SIZES}
components = {size: PCA(size).fit(X_train) for size in SIZES}


def error(model):
    """Return the squared error of a reconstruction, summed over pixels, on average."""
    return np.square(model.inverse_transform(model.transform(X_test)) - X_test).sum(axis=1).mean()


errors = {size: error(encoder) for size, encoder in encoders.items()}
errors_of_pca = {size: error(pca) for size, pca in components.items()}

# %%
# Above the error by the size of the code, below the first test digit of each class and
# its reconstruction from codes of two and of eight numbers.

shown = [np.flatnonzero(y_test == label)[0] for label in range(10)]
figure, (ax, *below) = plt.subplots(
    3, 1, figsize=(9, 8.6), height_ratios=[1.6, 1, 1], layout="constrained"
)
ax.plot(SIZES, list(errors_of_pca.values()), "s--", label="PCA")
ax.plot(SIZES, list(errors.values()), "o-", label="autoencoder")
ax.set_xscale("log", base=2)
ax.set(
    xticks=SIZES,
    xticklabels=SIZES,
    xlabel="numbers in the code",
    ylabel="squared error of a test digit",
    ylim=(0, None),
)
ax.legend()
for ax, size in zip(below, (2, 8), strict=True):
    display = ReconstructionDisplay.from_estimator(
        encoders[size], X_test[shown], image_shape=(8, 8), ax=ax
    )
    display.image_.set_cmap("gray_r")
    ax.set_title(f"{size} numbers: squared error {errors[size]:.1f}")
plt.show()

# %%
for size in SIZES:
    print(f"{size:2d} numbers: autoencoder {errors[size]:.2f}, PCA {errors_of_pca[size]:.2f}")
assert errors[8] < 0.5 * errors[2]
assert all(errors[size] < errors_of_pca[size] for size in SIZES)
assert list(errors.values()) == sorted(errors.values(), reverse=True)
