"""
Can a network draw digits? (variational autoencoder, VAE)
=========================================================

**Answer.** Blurred ones. What is decoded along the plane of codes goes from digit to
digit without gaps, and digits drawn at random are about as near to a digit that the
network has not seen as other people's digits are.

Any decoder turns two numbers into an image, but which numbers are worth decoding? A
plain autoencoder puts its codes anywhere. A variational one (Kingma and Welling, 2014)
is trained so that they fill a standard normal distribution, so new codes can be drawn
from that. ``beta`` says how exact a reconstruction is meant to be, as the variance of a
pixel around it: 0.1 here, for pixels between 0 and 1.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from skmlp import Autoencoder
from skmlp.nn import Variational

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
model = Autoencoder(
    2,
    (128, 32),
    "selu",
    code_penalty=Variational(beta=0.1),
    learning_rate="one_cycle",
    learning_rate_init=0.005,
)
model.set_params(batch_size=64, max_iter=80, random_state=0).fit(X_train)
code = model.transform(X_test)
drawn = model.sample(2000, random_state=0)
unseen = NearestNeighbors(n_neighbors=1).fit(X_test)
distances = {
    name: unseen.kneighbors(rows)[0].mean()
    for name, rows in {"drawn": drawn, "written": X_train}.items()
}

# %%
# Left the codes of the test samples. Right what the decoder makes of a grid, whose
# steps are quantiles of the normal distribution: each image stands for the same share
# of what ``sample`` draws.

n = 12
steps = norm.ppf((np.arange(n) + 0.5) / n)
grid = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
plane = np.zeros((n, n, 10, 10))
plane[:, :, 1:9, 1:9] = model.inverse_transform(grid).reshape(n, n, 8, 8)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
left.scatter(*code.T, s=90, c=y_test, cmap="tab10", alpha=0.45, linewidths=0)
for a, b, label in zip(*code.T, y_test, strict=True):
    left.text(a, b, str(label), fontsize=8, ha="center", va="center")
left.set(
    title="Codes of test samples",
    xlabel="code 0",
    ylabel="code 1",
    xlim=(-3, 3),
    ylim=(-3, 3),
    aspect="equal",
)
right.imshow(plane.swapaxes(1, 2).reshape(10 * n, 10 * n), cmap="gray_r", vmin=0, vmax=1)
places, ends = 10 * np.arange(n)[:: n - 1] + 4.5, [f"{step:.1f}" for step in steps[:: n - 1]]
right.set(title="Decoded codes", xlabel="code 0", ylabel="code 1")
right.set_xticks(places, ends)
right.set_yticks(places, ends[::-1])
plt.show()

# %%
# The mean distance says nothing about sharpness: what two numbers cannot express is
# blurred, and a blurred digit is nearer to each single one.

print(
    "Mean distance to the nearest test digit:",
    {name: round(float(distance), 2) for name, distance in distances.items()},
)
print(
    "Standard deviation of the codes:",
    code.std(axis=0).round(2),
    "mean:",
    code.mean(axis=0).round(2),
)
assert distances["drawn"] < 1.1 * distances["written"]
assert np.all((code.std(axis=0) > 0.75) & (code.std(axis=0) < 1.1))
