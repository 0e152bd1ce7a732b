"""
Underfitting or overfitting: where does the error come from? (bias, variance)
=============================================================================

**Answer.** From bias in a network that is too small (underfitting) and from variance in
one that is too large (overfitting); the sum is lowest in between. Averaging ten large
networks removes most of the variance. Cross-validation on one small sample finds the
underfitting, but misses the best width.

The expected squared error on new data is noise, plus the squared bias (how wrong the
average fit is), plus the variance (how much fits to different samples differ). By
drawing many samples of one problem both can be measured.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, cross_val_score

from skmlp import MLPRegressor

plt.style.use("tableau-colorblind10")
warnings.filterwarnings(
    "ignore", category=ConvergenceWarning
)  # lbfgs is stopped early, by max_iter
rng = np.random.default_rng(0)
WIDTHS, NOISE, N_SAMPLES = [1, 2, 4, 10, 40], 0.3, 20
grid = np.linspace(-1, 1, 101)[:, None]


def truth(X):
    return np.sin(4 * X[:, 0])


def sample(n=30):
    X = rng.uniform(-1, 1, (n, 1))
    return X, truth(X) + NOISE * rng.standard_normal(n)


def network(width, seed):
    return MLPRegressor(
        "squared_error",
        (width,),
        "tanh",
        solver="lbfgs",
        alpha=1e-3,
        weight_init="glorot_uniform",
        max_iter=200,
        random_state=seed,
    )


# %%
# Each width is fitted to 20 samples of 30 points.

samples = [sample() for _ in range(N_SAMPLES)]
fits = {
    width: np.array(
        [network(width, seed).fit(*rows).predict(grid) for seed, rows in enumerate(samples)]
    )
    for width in WIDTHS
}
bias = np.array([np.square(np.mean(fit, axis=0) - truth(grid)).mean() for fit in fits.values()])
variance = np.array([np.var(fit, axis=0).mean() for fit in fits.values()])
error = bias + variance + NOISE**2
together = np.array([fits[40][i : i + 10].mean(axis=0) for i in range(0, N_SAMPLES, 10)])
ensemble = np.square(together - truth(grid)).mean() + NOISE**2

# %%
# In practice there is one sample. Four of them are given to 5-fold cross-validation, one by one.

folds = KFold(5, shuffle=True, random_state=0)
estimates = np.array(
    [
        [
            -cross_val_score(
                network(width, 0), *rows, scoring="neg_mean_squared_error", cv=folds
            ).mean()
            for width in WIDTHS
        ]
        for rows in samples[:4]
    ]
)

# %%
# Thin lines are fits to single samples.

fig, axes = plt.subplots(2, 2, figsize=(9, 8), layout="constrained")
for ax, width in zip(axes.flat, (1, 4, 40), strict=False):
    ax.plot(grid, fits[width].T, color="0.75", linewidth=0.7)
    ax.plot(grid, truth(grid), color="C1", linewidth=2, linestyle="--", label="truth")
    ax.plot(grid, fits[width].mean(axis=0), color="C0", linewidth=2, label="average fit")
    ax.set(title=f"{width} hidden unit{'s' * (width > 1)}", xlabel="x", ylabel="y")
    ax.set(xticks=[-1, -0.5, 0, 0.5, 1], ylim=(-2.2, 2.2))
axes[0, 0].legend()
ax = axes[1, 1]
ax.plot(WIDTHS, estimates.T, "-", color="0.75", linewidth=0.8)
ax.plot([], [], "-", color="0.75", label="5-fold estimate, one sample")
ax.plot(WIDTHS, bias, "o-", label="squared bias")
ax.plot(WIDTHS, variance, "s--", label="variance")
ax.plot(WIDTHS, error, "k^-.", label="error (sum and noise)")
ax.plot(40, ensemble, "k*", markersize=13, label="error, average of ten")
ax.set(
    xscale="log",
    yscale="log",
    xlabel="hidden units",
    ylabel="squared error",
    xticks=WIDTHS,
    xticklabels=WIDTHS,
    ylim=(5e-5, 1),
    title="Where the error comes from",
)
ax.minorticks_off()
ax.legend(fontsize="small", loc="lower left")
plt.show()

# %%
# One unit is wrong in the same way every time: bias. Forty are right on average and
# wrong each time: variance. All four samples tell that one unit is too few. But their
# thirty points do not show which of the wider networks is best: most of them choose
# too many units, where two have the lowest error on average over samples.

for row in zip(WIDTHS, bias, variance, error, *estimates, strict=True):
    print(
        "{:2d} units: squared bias {:.3f}, variance {:.3f}, error {:.3f}; 5-fold estimates "
        "{:.3f} {:.3f} {:.3f} {:.3f}".format(*row)
    )
print(f"40 units: average of ten fits {ensemble:.3f}, single fits {error[-1]:.3f}")
chosen = [WIDTHS[k] for k in estimates.argmin(axis=1)]
print("widths that cross-validation chooses:", chosen)
assert bias[0] > 5 * bias[2]
assert variance[-1] > 2 * variance[0]
assert 0 < np.argmin(error) < len(WIDTHS) - 1
assert (estimates[:, 0] > 1.2 * estimates[:, 1:].min(axis=1)).all()
assert WIDTHS[error.argmin()] == 2
assert sum(width > 2 for width in chosen) > 2
assert ensemble - NOISE**2 < (bias[-1] + variance[-1]) / 2
