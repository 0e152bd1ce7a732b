"""
What does a network not know: the noise, or the function?
=========================================================

Two things make a prediction uncertain. Rows may scatter, however many there are:
``loss="gaussian_nll"`` learns how much. Or there may have been no rows to learn from: then networks
that fit the rows equally well disagree. Such networks come from bootstrap copies of the rows
(``BaggingRegressor``) or from one network by leaving out units at random (``sample_predictions``:
Gal and Ghahramani, "Dropout as a Bayesian approximation", 2016).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import BaggingRegressor

from skmlp import MLPRegressor

plt.style.use("tableau-colorblind10")
rng = np.random.default_rng(0)
# rows that scatter on the left, rows that hardly do on the right, none between -0.5 and 1.5
x = np.concatenate([rng.uniform(-3, -0.5, 300), rng.uniform(1.5, 3, 150)])
noise = np.where(x < 0, 0.4, 0.05)
y = np.sin(1.5 * x) + rng.normal(size=x.shape) * noise
X, grid = x[:, None], np.linspace(-4, 4, 201)[:, None]

setting = {
    "hidden_layer_sizes": (64, 64),
    "learning_rate": "one_cycle",
    "batch_size": 45,
    "max_iter": 150,
    "n_iter_no_change": 150,
}
learned = MLPRegressor("gaussian_nll", learning_rate_init=0.01, random_state=0, **setting).fit(X, y)
bag = BaggingRegressor(
    MLPRegressor(learning_rate_init=0.01, **setting), n_estimators=10, random_state=0
).fit(X, y)
dropout = MLPRegressor(dropout=0.1, learning_rate_init=0.02, random_state=0, **setting).fit(X, y)

members = np.array([member.predict(grid) for member in bag.estimators_])
samples = dropout.sample_predictions(grid, n_samples=200, random_state=0)
found = {
    'loss="gaussian_nll": noise': learned.predict(grid, return_std=True),
    "bagging: disagreement": (members.mean(axis=0), members.std(axis=0)),
    "dropout: disagreement": (samples.mean(axis=0), samples.std(axis=0)),
}

# %%
# Two standard deviations of each kind around the prediction.

fig, axes = plt.subplots(1, 3, figsize=(11, 3.8), sharey=True, layout="constrained")
for ax, (name, (mean, std)) in zip(axes, found.items(), strict=True):
    ax.plot(x, y, ".", color="0.6", markersize=3, label="rows")
    ax.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, color="C0", alpha=0.3, linewidth=0)
    ax.plot(grid, mean, color="C0", label="prediction")
    ax.plot(grid, np.sin(1.5 * grid), "--", color="C1", linewidth=1, label="truth")
    ax.set(title=name, xlabel="x", ylim=(-3, 3))
axes[0].legend(loc="upper right")
plt.show()

# %%
# The learned standard deviation is the noise where there are rows, and means nothing where there
# are none. The two kinds of disagreement hardly see the noise and grow in the gap and beyond the
# ends. They tell where a network is less sure rather than by how much: the truth leaves both bands
# in the gap. Dropout needs one network where bagging needs ten, but its band also depends on the
# rate.

places = {"scatter": (-2.5, -1.0), "rows that hardly scatter": (1.8, 2.8), "gap": (0.0, 1.0)}
spreads = {}
for name, (_, std) in found.items():
    spreads[name] = {
        place: std[(grid[:, 0] > low) & (grid[:, 0] < high)].mean()
        for place, (low, high) in places.items()
    }
    print(name, {place: f"{value:.2f}" for place, value in spreads[name].items()})
noise_found, *disagreements = spreads.values()
assert noise_found["scatter"] > 4 * noise_found["rows that hardly scatter"]
for spread in disagreements:
    assert spread["gap"] > 1.15 * max(spread["scatter"], spread["rows that hardly scatter"])
