"""
Do nine of ten new values fall into a 90 % prediction interval? (coverage, quantiles, conformal)
================================================================================================

**Answer.** Fewer: a network that learns quantiles from few samples covers its training data as
promised, but clearly less of new data. Widening the intervals by what held-out samples show
(conformal prediction) restores the coverage, at the price of wider intervals.

``MLPRegressor(Quantile([0.05, 0.95]))`` predicts two quantiles, the bounds of a 90 % prediction
interval. The share of values that fall between them is the coverage of the interval. It has to be
measured on data that the network was not trained on.
"""

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressor
from skmlp.nn import Quantile

LEVELS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
rng = np.random.default_rng(0)


def sample(n):
    """Return samples whose noise grows with the first of five features."""
    X = rng.uniform(0, 1, (n, 5))
    return X, np.sin(6 * X[:, 0]) + X[:, 1] * X[:, 2] + (0.1 + X[:, 0]) * rng.normal(size=n) / 2


(X, y), (X_held_out, y_held_out), (X_new, y_new) = sample(400), sample(300), sample(5000)
taus = [*(1 - LEVELS[::-1]) / 2, *(1 + LEVELS) / 2]
model = MLPRegressor(
    Quantile(taus),
    (50,),
    learning_rate="one_cycle",
    learning_rate_init=0.01,
    max_iter=200,
    n_iter_no_change=200,
    random_state=0,
).fit(X, y)


def bounds(X):
    """Return lower and upper bounds of the intervals, each of shape (n_samples, n_levels)."""
    quantiles = model.predict(X)
    return quantiles[:, : len(LEVELS)][:, ::-1], quantiles[:, len(LEVELS) :]


def coverage(X, y, widen=0.0):
    lower, upper = bounds(X)
    y = y[:, None]
    return np.mean((lower - widen <= y) & (y <= upper + widen), axis=0)


# %%
# Conformalised quantile regression (Romano, Patterson and Candès, 2019): how far do held-out
# values lie outside of their intervals, or inside (negative)? The quantile of these distances at
# the level of the interval is what it has to be widened by.

lower, upper = bounds(X_held_out)
outside = np.maximum(lower - y_held_out[:, None], y_held_out[:, None] - upper)
n = len(outside)
widen = np.array(
    [
        np.quantile(outside[:, k], np.ceil((n + 1) * level) / n, method="higher")
        for k, level in enumerate(LEVELS)
    ]
)
curves = {
    "training data": coverage(X, y),
    "new data": coverage(X_new, y_new),
    "new data, conformal": coverage(X_new, y_new, widen),
}

# %%
# Left the coverage for intervals of several levels: below the diagonal, intervals are too narrow.
# Right the 90 % interval along the first feature, the others at one half.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
left.plot([0.4, 1], [0.4, 1], color="0.7", label="as promised")
for (name, values), style in zip(curves.items(), ["o--", "s-", "^-"], strict=True):
    left.plot(LEVELS, values, style, label=name)
left.set(xlabel="nominal level", ylabel="coverage", xlim=(0.45, 1), ylim=(0.3, 1))
left.legend()

line = np.full((200, 5), 0.5)
line[:, 0] = np.linspace(0, 1, 200)
k = list(LEVELS).index(0.9)
lower, upper = (each[:, k] for each in bounds(line))
mean, spread = np.sin(6 * line[:, 0]) + 0.25, 1.645 * (0.1 + line[:, 0]) / 2
right.fill_between(line[:, 0], lower, upper, alpha=0.35, linewidth=0, label="predicted")
for bound in (lower - widen[k], upper + widen[k]):
    right.plot(line[:, 0], bound, "C2-", label="conformal" if bound[0] < mean[0] else None)
for bound in (mean - spread, mean + spread):
    right.plot(line[:, 0], bound, "k--", label="true" if bound[0] < mean[0] else None)
right.set(xlabel="first feature", ylabel="y", title="90 % interval")
right.legend(loc="lower left")
plt.show()

# %%
# The widening is the same everywhere, so conformal intervals hold on average over the data, not
# for every sample. ``TabularMLPRegressor.predict(X, quantiles=...)`` takes its intervals from
# samples that were held out in training and needs no such step.

for name, values in curves.items():
    print(f"{name:20s} coverage of the 90 % interval {values[k]:.3f}")
assert curves["training data"][k] > 0.87
assert curves["new data"][k] < 0.85
assert 0.87 < curves["new data, conformal"][k] < 0.94
assert abs(curves["new data, conformal"] - LEVELS).max() < 0.04
assert widen[k] > 0
