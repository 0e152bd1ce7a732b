"""
Does it help to bend digits when only a hundred are labelled? (data augmentation)
=================================================================================

**Answer.** Elastic deformation helps most: it makes what another hand might have
written. Small rotations and noise help a little, and mixing two digits changes nothing
on average; mirroring, shifting and covering change these small digits too much and do
harm.

``augmentation`` changes each batch at random before the network sees it, so that it
hardly ever sees a sample twice. Here a network learns scikit-learn's digits, 8 x 8
pixels, from 100 of them, and is tested on the other 1697.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier
from skmlp.augment import (
    Cutout,
    ElasticDeformation,
    Flip,
    GaussianNoise,
    Mixup,
    Rotation,
    Shift,
)

X, y = load_digits(return_X_y=True)
X /= 16
SHAPE = (8, 8)

# %%
# Each augmenter is a function ``(X, y, rng) -> (X, y)`` of a batch; your own function would do as
# well.

augmenters = {
    "nothing": None,
    "Flip": Flip(1, 0.5, SHAPE),
    "Shift": Shift(1, SHAPE),
    "Cutout": Cutout(3, SHAPE),
    "Mixup": Mixup(0.4),
    "GaussianNoise": GaussianNoise(0.2),
    "Rotation": Rotation(10, SHAPE),
    "ElasticDeformation": ElasticDeformation(5, 1.5, SHAPE),
}

# %%
# The accuracy on test samples, for five splits, the same for all.

n_splits = 5
accuracy = {name: [] for name in augmenters}
for seed in range(n_splits):
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=100, stratify=y, random_state=seed
    )
    for name, augmenter in augmenters.items():
        network = MLPClassifier(
            (64,),
            batch_size=50,
            learning_rate="one_cycle",
            learning_rate_init=0.02,
            max_iter=100,
            n_iter_no_change=np.inf,
            augmentation=augmenter,
            random_state=seed,
        )
        accuracy[name].append(network.fit(X_train, y_train).score(X_test, y_test))

plain = np.array(accuracy["nothing"])
for name, scores in accuracy.items():
    print(f"{name:<20s} test accuracy {np.mean(scores):.3f}, {np.mean(scores - plain):+.3f}")

# %%
# What each gains over no augmentation, in each split and on average.

names = list(accuracy)[1:]
gains = {name: 100 * (np.array(accuracy[name]) - plain) for name in names}
figure, ax = plt.subplots(figsize=(9, 4.4), layout="constrained")
ax.axvline(0, color="0.7", linewidth=1)
for height, gain in enumerate(gains.values()):
    ax.plot(gain, np.full(n_splits, height), "o", color="C0", alpha=0.4)
    ax.plot(gain.mean(), height, "|", color="black", markersize=18, markeredgewidth=2)
ax.plot([], [], "o", color="C0", alpha=0.4, label="one split")
ax.plot([], [], "|", color="black", markersize=14, markeredgewidth=2, label="mean")
ax.set(
    yticks=range(len(names)),
    yticklabels=names,
    xlabel="gain in test accuracy, percentage points",
    title=f"100 labelled digits: accuracy {plain.mean():.1%} without augmentation",
)
ax.legend(loc="lower right")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

means = {name: gain.mean() for name, gain in gains.items()}
assert max(means, key=means.get) == "ElasticDeformation"
assert 1.5 < means["ElasticDeformation"] < 4
assert all(0 < means[name] < 2 for name in ("GaussianNoise", "Rotation"))
assert all(means[name] < 0 for name in ("Flip", "Shift", "Cutout"))

# %%
# Four digits after each augmenter. In 8 x 8 pixels a digit fills its frame, so a shift pushes
# strokes out of it, and a mirrored digit is another sign. Augmentation is knowledge about the
# data; ``augmentation__alpha`` makes its strength a hyperparameter for a grid search.

digits = X[[2, 3, 4, 5]]
rng = np.random.default_rng(0)
figure, axes = plt.subplots(4, len(augmenters), figsize=(9, 5), layout="constrained")
for column, (name, augmenter) in zip(axes.T, augmenters.items(), strict=True):
    changed = digits if augmenter is None else augmenter(digits, np.eye(4), rng)[0]
    for ax, image in zip(column, changed, strict=True):
        ax.imshow(image.reshape(SHAPE), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    column[0].set_title(name.replace("Deformation", "\nDeformation"), fontsize="small")
plt.show()
