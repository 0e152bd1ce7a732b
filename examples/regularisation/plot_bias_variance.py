"""
Too simple or too eager: where does the error come from?
========================================================

The expected squared error on fresh rows is noise, plus the square of the bias (how wrong the
average fit is), plus the variance (how far fits to different samples lie apart). If one draws many
samples of the same problem, both can be measured. Which of them falls, and which rises, as the
network gets wider? Can k-fold cross-validation on one sample tell? And what does an ensemble
change?
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
# Fit each width to 20 samples of 30 rows.

samples = [sample() for _ in range(N_SAMPLES)]
fits = {
    width: np.array(
        [network(width, seed).fit(*rows).predict(grid) for seed, rows in enumerate(samples)]
    )
    for width in WIDTHS
}
bias = np.array([np.square(np.mean(fit, axis=0) - truth(grid)).mean() for fit in fits.values()])
variance = np.array([np.var(fit, axis=0).mean() for fit in fits.values()])
folds = KFold(5, shuffle=True, random_state=0)
estimate = [
    -np.mean(
        [
            cross_val_score(network(w, 0), *rows, scoring="neg_mean_squared_error", cv=folds).mean()
            for rows in samples[:4]
        ]
    )
    for w in WIDTHS
]
together = np.array([fits[40][i : i + 10].mean(axis=0) for i in range(0, N_SAMPLES, 10)])
ensemble = np.square(together - truth(grid)).mean()

fig, axes = plt.subplots(1, 4, figsize=(15, 3.8), layout="constrained")
for ax, width in zip(axes, (1, 4, 40), strict=False):
    ax.plot(grid, fits[width].T, color="0.75", linewidth=0.7)
    ax.plot(grid, truth(grid), color="C1", linewidth=2, linestyle="--", label="truth")
    ax.plot(grid, fits[width].mean(axis=0), color="C0", linewidth=2, label="average fit")
    ax.set(title=f"{width} hidden unit{'s' * (width > 1)}", xlabel="x", ylim=(-2.2, 2.2))
axes[0].legend()
axes[3].plot(WIDTHS, bias, "o-", label="bias$^2$")
axes[3].plot(WIDTHS, variance, "s--", label="variance")
axes[3].plot(WIDTHS, bias + variance + NOISE**2, "^-.", label="sum and noise")
axes[3].plot(WIDTHS, estimate, "kx", label="5-fold estimate")
axes[3].set(
    xscale="log",
    yscale="log",
    xlabel="hidden units",
    xticks=WIDTHS,
    xticklabels=WIDTHS,
    title="squared error",
)
axes[3].minorticks_off()
axes[3].legend(fontsize=8)
plt.show()

# %%
# One unit is wrong in the same way every time: bias. Forty are right on average and wrong each
# time: variance. The sum is least in between. Cross-validation, here averaged over four samples,
# finds that one unit is too few. Averaging ten fits of the eager network leaves the bias and
# removes most of the variance; so would a larger ``alpha``.

for row in zip(WIDTHS, bias, variance, estimate, strict=True):
    print("{:2d} units: bias^2 {:.3f}, variance {:.3f}, 5-fold error {:.3f}".format(*row))
print(
    f"40 units, averages of ten fits: error {ensemble:.3f} without noise; single fits: "
    f"{bias[-1] + variance[-1]:.3f}"
)
assert bias[0] > 5 * bias[2]
assert variance[-1] > 2 * variance[0]
assert 0 < np.argmin(bias + variance) < len(WIDTHS) - 1
assert ensemble < (bias[-1] + variance[-1]) / 2
