"""
How do the optimizers walk down the same valley?
================================================

Every optimizer gets the same start and the same gradients on one surface: Rosenbrock's valley,
steep across and almost flat along its floor. An optimizer is a rule over vectors, so it can be
tried without a network.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import rosen, rosen_der

from skmlp.nn import SGD, Adam, Lion, RMSprop
from skmlp.nn.optimizers.updater import Updater

plt.style.use("tableau-colorblind10")
START, STEPS = np.array([-1.5, 1.5]), 1000
RULES = {
    "sgd without momentum": (SGD(momentum=0.0), 8e-4),
    "sgd, momentum 0.9": (SGD(momentum=0.9, nesterovs_momentum=False), 8e-4),
    "sgd, Nesterov": (SGD(momentum=0.9), 8e-4),
    "rmsprop": (RMSprop(), 0.02),
    "adam": (Adam(), 0.1),
    "lion": (Lion(), 0.005),
}


def walk(rule, rate):
    """Return the points that the optimizer visits, of shape (STEPS + 1, 2)."""
    params, grads = START.copy(), np.empty(2)
    updater = Updater(rule, params, grads)
    path = [START]
    for _ in range(STEPS):
        grads[...] = rosen_der(params)
        updater.step(rate)
        path.append(params.copy())
    return np.array(path)


paths = {name: walk(rule, rate) for name, (rule, rate) in RULES.items()}

# %%
# Left the paths on the surface (lines of equal height), right the height at each step.

fig, (left, right) = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
a, b = np.meshgrid(np.linspace(-2, 1.6, 300), np.linspace(-0.8, 2.8, 300))
left.contour(a, b, np.log10(rosen(np.stack([a, b]))), levels=12, colors="0.8", linewidths=0.8)
styles = ["-", "--", ":", "-.", "-", "--"]
for (name, path), style in zip(paths.items(), styles, strict=True):
    left.plot(*path.T, style, linewidth=1.6)
    right.semilogy(rosen(path.T), style, linewidth=1.6, label=name)
left.plot(*START, "ko")
left.annotate("start", START, xytext=(-6, 6), textcoords="offset points", ha="right")
left.plot(1, 1, "k*", markersize=14)
left.annotate("minimum", (1, 1), xytext=(0, -18), textcoords="offset points", ha="center")
left.set(
    xlabel="first parameter",
    ylabel="second parameter",
    title="paths",
    xlim=(-2, 1.6),
    ylim=(-0.8, 2.8),
)
right.set(xlabel="step", ylabel="height above the minimum", title="progress", ylim=(3e-5, 1e2))
fig.legend(loc="outside right upper")
plt.show()

# %%
# All come down the wall at once; along the floor plain gradient descent crawls. Momentum adds up
# the small slopes that all point the same way and gets there sooner. Rules that divide by the size
# of the gradient (rmsprop, adam, lion) take steps of about the learning rate, whatever the slope,
# so that without a schedule they do not settle as finely as they walk.

heights = {name: float(rosen(path[-1])) for name, path in paths.items()}
for name, height in heights.items():
    print(f"{name:22s} height after {STEPS} steps {height:.1e}")
assert heights["sgd, momentum 0.9"] < heights["sgd without momentum"] / 10
assert heights["adam"] < heights["sgd without momentum"]
