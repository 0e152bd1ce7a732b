"""
How many numbers does an autoencoder need for a digit?
======================================================

An autoencoder writes each image as a few numbers, its code, and draws it again from these.
:class:`~skmlp.CodeDisplay` shows the codes, :class:`~skmlp.ReconstructionDisplay` what is drawn.
What gets lost with two numbers, and what comes back with eight?
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import Autoencoder, CodeDisplay, ReconstructionDisplay

digits, digit = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(digits / 16, digit, random_state=0)

# %%
# Codes of two and of eight numbers.

setting = {
    "hidden_layer_sizes": (128,),
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.01,
    "batch_size": 64,
    "random_state": 0,
}
encoders = {size: Autoencoder(size, max_iter=60, **setting).fit(X_train) for size in (2, 8)}
shown = [np.flatnonzero(y_test == label)[0] for label in range(10)]

# %%
# The two numbers of each test row, and the first test row of each class drawn again.

figure = plt.figure(figsize=(13, 5.5), layout="constrained")
grid = figure.add_gridspec(2, 2, width_ratios=[1, 1.3])
CodeDisplay.from_estimator(
    encoders[2], X_test, y_test, ax=figure.add_subplot(grid[:, 0])
).ax_.set_title("codes of two numbers")
for row, (size, encoder) in enumerate(encoders.items()):
    ax = figure.add_subplot(grid[row, 1])
    ReconstructionDisplay.from_estimator(encoder, X_test[shown], image_shape=(8, 8), ax=ax)
    ax.set_title(f"{size} numbers: squared error {-2 * encoder.score(X_test):.1f} of a test row")
plt.show()

# %%
# With two numbers each class has its place, but a digit is drawn as the average of its neighbours
# there. With eight its own slant and stroke come back, and less than half of the error is left.

errors = {size: -2 * encoder.score(X_test) for size, encoder in encoders.items()}
print(", ".join(f"{size} numbers: squared error {error:.2f}" for size, error in errors.items()))
assert errors[8] < 0.6 * errors[2]
