"""
How far do three hidden units get?
==================================

A network with enough hidden units approximates any continuous function (Cybenko, 1989; Hornik,
1991). The theorem does not say how many are enough. Three tanh units meet x\\ :sup:`2`, sin, abs
and a step, at 50 points each, as in Bishop's "Pattern Recognition and Machine Learning" (figure
5.3). Four units are enough to multiply, if the activation is smooth and curved at zero (Lin,
Tegmark and Rolnick, 2017).
"""

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressor

plt.style.use("tableau-colorblind10")
x = np.linspace(-1, 1, 50)
TARGETS = {
    "$x^2$": x**2,
    r"$\sin(\pi x)$": np.sin(np.pi * x),
    "$|x|$": np.abs(x),
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
    """Return the fit with the least loss: lbfgs ends in the valley it starts in, so that a few
    starts are worth their time.
    """
    return min(
        (
            MLPRegressor(random_state=seed, **SETTING, **setting).fit(X, y)
            for seed in range(n_starts)
        ),
        key=lambda fit: fit.loss_,
    )


# %%
# The multiplication gate: softplus is curved at zero, and second differences of it, at (a + b) and
# at (a - b), leave the product. The training points lie in a square; what counts are points it has
# not seen.

rng = np.random.default_rng(0)
factors, fresh = rng.uniform(-1, 1, (400, 2)), rng.uniform(-1, 1, (400, 2))
gate = best_of(5, factors, factors.prod(axis=1), hidden_layer_sizes=(4,), activation="softplus")
error_of_gate = np.sqrt(np.mean(np.square(gate.predict(fresh) - fresh.prod(axis=1))))

# %%
# Thin lines are the three units, each times its weight in the output: the curve is their sum plus
# the output's intercept. On the right the product of two numbers against what the network says.

fig, axes = plt.subplots(1, 5, figsize=(15, 3.6), layout="constrained")
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
            label="units (shifted)" if i == 0 else None,
        )
    ax.plot(x, y, ".", color="C1", label="50 points")
    ax.plot(x, model.predict(x[:, None]), color="C0", linewidth=2, label="network")
    ax.set(title=f"{name}: RMSE {rmse[name]:.1e}", xlabel="x", ylim=(y.min() - 0.6, y.max() + 0.6))
axes[0].legend(loc="upper center", fontsize=8)
rmse["a b"] = error_of_gate
axes[4].plot([-1, 1], [-1, 1], color="0.6", linewidth=1)
axes[4].plot(fresh.prod(axis=1), gate.predict(fresh), ".", color="C0", markersize=3)
axes[4].set(
    title=f"a b, 4 units: RMSE {rmse['a b']:.1e}", xlabel="product of a and b", ylabel="network"
)
plt.show()

# %%
# Three units follow the smooth functions to within a hundredth and less, the kink of abs nearly so,
# and the step between its two nearest points, for tanh is a smooth step. Four units multiply to
# within a hundredth.

for name, error in rmse.items():
    print(f"{name:14s} RMSE {error:.5f}")
    assert error < 0.02, name
