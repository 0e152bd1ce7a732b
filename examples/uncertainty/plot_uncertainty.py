"""
Noise or ignorance: what makes a prediction uncertain? (aleatoric, epistemic, MC dropout)
=========================================================================================

**Answer.** ``loss="gaussian_nll"`` learns the noise where there are data (aleatoric
uncertainty) and says nothing where there are none. There the disagreement of networks
grows (epistemic uncertainty), but too little: the truth leaves both bands in the gap.

Targets may scatter, however many samples there are. Or there may be no samples near,
and networks that fit the data equally well disagree. Such networks come from bootstrap
samples (``BaggingRegressor``), or from one network with dropout left on
(``sample_predictions``: Gal and Ghahramani, "Dropout as a Bayesian approximation",
2016).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import BaggingRegressor

from skmlp import MLPRegressor

plt.style.use("tableau-colorblind10")
rng = np.random.default_rng(0)
# much noise on the left, little on the right, no data between -0.5 and 1.5
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
# Two standard deviations around the prediction: of the noise, and of the disagreement.

fig, axes = plt.subplots(1, 3, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, (name, (mean, std)) in zip(axes, found.items(), strict=True):
    ax.plot(x, y, ".", color="0.6", markersize=3, label="data")
    ax.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, color="C0", alpha=0.3, linewidth=0)
    ax.plot(grid, mean, color="C0", label="prediction")
    ax.plot(grid, np.sin(1.5 * grid), "--", color="C1", linewidth=1, label="truth")
    ax.set(title=name, xlabel="x", ylim=(-3, 3))
axes[0].set_ylabel("y")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
# The mean standard deviation in three places. The disagreement hardly sees the noise
# and grows in the gap: use it to rank samples by uncertainty, not as an interval.
# Dropout needs one network where bagging needs ten, but its band also depends on the
# dropout rate.

places = {"noisy": (-2.5, -1.0), "little noise": (1.8, 2.8), "gap": (0.0, 1.0)}
spreads = {}
for name, (_, std) in found.items():
    spreads[name] = {
        place: std[(grid[:, 0] > low) & (grid[:, 0] < high)].mean()
        for place, (low, high) in places.items()
    }
    print(name, {place: f"{value:.2f}" for place, value in spreads[name].items()})
noise_found, *disagreements = spreads.values()
assert noise_found["noisy"] > 4 * noise_found["little noise"]
for spread in disagreements:
    assert spread["gap"] > 1.15 * max(spread["noisy"], spread["little noise"])
gap = (grid[:, 0] > -0.5) & (grid[:, 0] < 1.5)
for name in list(found)[1:]:
    mean, std = (values[gap] for values in found[name])
    assert (np.abs(np.sin(1.5 * grid[gap, 0]) - mean) > 2 * std).any()
