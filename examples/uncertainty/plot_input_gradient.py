"""
Which pixels make it an 8 and not a 3? (saliency map, input gradient, feature attribution)
==========================================================================================

**Answer.** The left sides of its two rings: there more ink raises the score of 8 above
that of 3. A small step along this gradient turns nearly all threes into eights for the
network; a step of the same length in a random direction turns next to none.

``input_gradient`` is the derivative of a class's score with respect to each input:
where a little more ink speaks for the class, and where against it (Simonyan, Vedaldi
and Zisserman, "Deep inside convolutional networks", 2014).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier

plt.style.use("tableau-colorblind10")
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.5, random_state=0, stratify=y
)
model = MLPClassifier(
    (100,),
    dropout=0.2,
    input_dropout=0.2,
    learning_rate="one_cycle",
    learning_rate_init=0.01,
    max_iter=60,
)
model.set_params(random_state=0).fit(X_train, y_train)

threes = X_test[(y_test == 3) & (model.predict(X_test) == 3)]
# of the difference of two scores the gradient is the difference of theirs
gradient = model.input_gradient(threes, 8) - model.input_gradient(threes, 3)

# %%
# Five threes and their mean, and what would turn them into eights: purple pixels want
# more ink, orange ones less. Pixels that hardly ever have ink are left blank (grey),
# since the gradient there was never trained.

columns = [
    *zip(threes[:5], gradient[:5], strict=True),
    (threes.mean(axis=0), gradient.mean(axis=0)),
]
has_ink = (X_train > 0).mean(axis=0) > 0.05
largest = np.abs([change[has_ink] for _, change in columns]).max()
blank = plt.get_cmap("PuOr").with_extremes(bad="0.8")
fig, axes = plt.subplots(2, 6, figsize=(9, 4), layout="constrained")
for (image, change), (above, below) in zip(columns, axes.T, strict=True):
    above.imshow(image.reshape(8, 8), cmap="gray_r")
    shown = below.imshow(
        np.where(has_ink, change, np.nan).reshape(8, 8), cmap=blank, vmin=-largest, vmax=largest
    )
    for ax in (above, below):
        ax.set(xticks=[], yticks=[])
axes[0, -1].set_title("mean")
axes[0, 0].set_ylabel("a three")
axes[1, 0].set_ylabel("more like an 8")
fig.colorbar(shown, ax=axes[1], label="score of 8 less score of 3")
plt.show()

# %%
# The threes that become eights after a step along the gradient, and after one in a
# random direction:

rng = np.random.default_rng(0)
random = rng.normal(size=gradient.shape)
turned = {}
for name, direction in {"the gradient": gradient, "a random direction": random}.items():
    step = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    turned[name] = np.mean(model.predict(threes + 1.5 * step) == 8)
    print(f"a step along {name}: {turned[name]:.0%} of the threes become eights")
assert turned["the gradient"] > 0.8
assert turned["a random direction"] < 0.1

# %%
# The mean gradient on the two sides of the rings. The pixel at the left edge of the
# second row is one of those left blank: its gradient is large, though hardly any digit
# has ink there. Read such a map only where there are data.

mean = gradient.mean(axis=0).reshape(8, 8)
ink = (X_train[:, 8] > 0).mean()
print(f"left edge of the second row: {mean[1, 0]:+.2f}, ink in {ink:.1%} of the digits")
print(
    f"left side of the rings {mean[2:6, 2:4].mean():+.2f}, right side {mean[2:6, 5:7].mean():+.2f}"
)
assert mean[2:6, 2:4].min() > 0
