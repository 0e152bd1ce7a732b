"""
What do the units of the first layer look for? (weights as images, weight decay)
================================================================================

**Answer.** Trained as usual, their weights look like noise. A strong L2 penalty on the
first layer (weight decay) removes what the loss does not ask for: neighbouring pixels
get similar weights, strokes and edges appear, and the accuracy falls by less than one
percentage point.

The weights into a unit are an image if the input is one: red where the unit wants ink,
blue where it wants none. :class:`~skmlp.WeightsDisplay` draws them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier, WeightsDisplay

digits, digit = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(digits / 16, digit, random_state=0)

# %%
# The same network with the default penalty, and with one a hundred thousand times as
# strong on the first layer's weights.

setting = {
    "hidden_layer_sizes": (40,),
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.02,
    "max_iter": 60,
    "random_state": 0,
}
networks = {
    "alpha=0.0001": MLPClassifier(**setting).fit(X_train, y_train),
    "alpha=[10, 0.0001]": MLPClassifier(alpha=[10.0, 0.0001], **setting).fit(X_train, y_train),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 5), layout="constrained")
for ax, (name, network) in zip(axes, networks.items(), strict=True):
    WeightsDisplay.from_estimator(network, image_shape=(8, 8), units=16, ax=ax)
    ax.set_title(f"{name}: test accuracy {network.score(X_test, y_test):.3f}")
plt.show()

# %%
# How alike the weights of neighbouring pixels are, and what the penalty costs:


def likeness(network):
    """Return the correlation between the weights of neighbouring pixels."""
    images = network.coefs_[0].T.reshape(-1, 8, 8)
    pairs = [(images[:, :-1], images[:, 1:]), (images[:, :, :-1], images[:, :, 1:])]
    first, second = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    return np.corrcoef(first, second)[0, 1]


likenesses = {name: likeness(network) for name, network in networks.items()}
scores = {name: network.score(X_test, y_test) for name, network in networks.items()}
for name in networks:
    print(
        f"{name:18s} correlation of neighbours {likenesses[name]:.2f}, accuracy {scores[name]:.3f}"
    )
assert likenesses["alpha=[10, 0.0001]"] > likenesses["alpha=0.0001"] + 0.1
assert scores["alpha=[10, 0.0001]"] > scores["alpha=0.0001"] - 0.01
