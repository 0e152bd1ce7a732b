"""
How far do three hidden units get? (universal approximation)
============================================================

**Answer.** Three tanh units follow a parabola, a sine, the absolute value and a step at
fifty points with a root mean squared error below 0.02, and four softplus units multiply
two numbers as well as that.

A network with enough hidden units approximates any continuous function (Cybenko, 1989;
Hornik, 1991). The theorem does not say how many units are enough. The four functions
are those of Bishop's "Pattern Recognition and Machine Learning" (figure 5.3). That four
units multiply, if the activation is smooth and curved at zero, is shown by Lin, Tegmark
and Rolnick (2017).
"""

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressor

plt.style.use("tableau-colorblind10")
x = np.linspace(-1, 1, 50)
TARGETS = {
    "x²": x**2,
    "sin πx": np.sin(np.pi * x),
    "|x|": np.abs(x),
    "step": (x > 0).astype(float),
}
# "auto" starts the output's weights at zero; with these odd units, even targets and mirrored points
# every gradient would then be zero.
SETTING = {
    "weight_init": "glorot_uniform",
    "solver": "lbfgs",
    "alpha": 0.0,
    "tol": 1e-5,
    "max_iter": 5000,
}


def best_of(n_starts, X, y, **setting):
    """Return the fit with the lowest loss: lbfgs ends in the local minimum that it starts near, so
    a few starts are worth their time.
    """
    return min(
        (
            MLPRegressor(random_state=seed, **SETTING, **setting).fit(X, y)
            for seed in range(n_starts)
        ),
        key=lambda fit: fit.loss_,
    )


# %%
# The multiplication gate: softplus is curved at zero, and differences of it, at (a + b)
# and at (a - b), leave the product. The training points lie in a square; the error is
# measured at points that the network has not seen.

rng = np.random.default_rng(0)
factors, fresh = rng.uniform(-1, 1, (400, 2)), rng.uniform(-1, 1, (400, 2))
gate = best_of(5, factors, factors.prod(axis=1), hidden_layer_sizes=(4,), activation="softplus")
error_of_gate = np.sqrt(np.mean(np.square(gate.predict(fresh) - fresh.prod(axis=1))))

# %%
# Dashed lines are the three units, each multiplied by its weight in the output layer:
# the network is their sum plus the intercept. The last panel has the product of two
# numbers against the prediction.

fig, axes = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
*axes, gate_ax, empty = axes.flat
rmse = {}
for ax, (name, y) in zip(axes, TARGETS.items(), strict=False):
    model = best_of(5, x[:, None], y, hidden_layer_sizes=(3,), activation="tanh")
    rmse[name] = np.sqrt(np.mean(np.square(model.predict(x[:, None]) - y)))
    units = model.transform(x[:, None]) * model.coefs_[1].T
    for i, unit in enumerate(units.T):
        ax.plot(
            x,
            unit - unit.mean() + y.mean(),
            color="0.6",
            linewidth=1,
            linestyle="--",
            label="hidden units (shifted)" if i == 0 else None,
        )
    ax.plot(x, y, ".", color="C1", label="training points")
    ax.plot(x, model.predict(x[:, None]), color="C0", linewidth=2, label="network")
    ax.set(
        title=f"{name}: RMSE {rmse[name]:.1g}",
        xlabel="x",
        ylabel="y",
        ylim=(y.min() - 0.6, y.max() + 0.6),
    )
empty.legend(*axes[0].get_legend_handles_labels(), loc="center", frameon=False)
empty.set_axis_off()
rmse["a b"] = error_of_gate
gate_ax.plot([-1, 1], [-1, 1], color="0.6", linewidth=1)
gate_ax.plot(fresh.prod(axis=1), gate.predict(fresh), ".", color="C0", markersize=3)
gate_ax.set(
    title=f"a b, 4 units: RMSE {rmse['a b']:.1g}",
    xlabel="product of a and b",
    ylabel="prediction",
)
plt.show()

# %%
# The kink of the absolute value is the hardest, since a sum of tanh units is smooth. The
# step is met almost exactly at these points, because it fits between two of them: one
# steep unit is enough.

for name, error in rmse.items():
    print(f"{name:6s} RMSE {error:.5f}")
    assert error < 0.02, name
