"""
How do optimizers walk down the same valley? (SGD, momentum, RMSprop, Adam, Lion)
=================================================================================

**Answer.** All come down the steep wall in a few dozen steps or less. Along the flat
floor plain gradient descent is slowest; with momentum it gets much farther in the same
number of steps, and so do the adaptive optimizers.

Every optimizer gets the same start and the same gradients of one function: Rosenbrock's
valley, steep across and almost flat along its floor. An optimizer is a rule over
vectors, so it can be tried without a network. One function is no benchmark: how they
rank here says nothing of your network.
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
# The paths on the surface; grey lines join points of equal height.

a, b = np.meshgrid(np.linspace(-2, 1.6, 300), np.linspace(-0.8, 2.8, 300))
surface = np.log10(rosen(np.stack([a, b])))
fig, axes = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained", sharex=True, sharey=True)
for number, (ax, (name, path)) in enumerate(zip(axes.flat, paths.items(), strict=True)):
    ax.contour(a, b, surface, levels=12, colors="0.85", linewidths=0.8)
    ax.plot(*path.T, color=f"C{number}", linewidth=1.5)
    ax.plot(*START, "ko", label="start")
    ax.plot(1, 1, "k*", markersize=12, label="minimum")
    ax.set(title=name, xlim=(-2, 1.6), ylim=(-0.8, 2.8))
axes[0, 0].legend(loc="upper right", fontsize="small")
fig.supxlabel("first parameter")
fig.supylabel("second parameter")
plt.show()

# %%
# The progress: the lowest height that each has reached so far.

fig, ax = plt.subplots(figsize=(9, 4.6), layout="constrained")
styles = ["-", "--", ":", "-.", (0, (8, 2)), (0, (4, 1, 1, 1, 1, 1))]
for (name, path), style in zip(paths.items(), styles, strict=True):
    ax.semilogy(np.minimum.accumulate(rosen(path.T)), linestyle=style, linewidth=2, label=name)
ax.set(xlabel="step", ylabel="lowest height so far", ylim=(3e-5, 1e2))
fig.legend(loc="outside right upper")
plt.show()

# %%
# Momentum adds up the small slopes that all point the same way. Rules that divide by the size of
# the gradient (rmsprop, adam), or take only signs (lion), make steps of about the learning rate
# whatever the slope. On the floor and near the minimum they may jump from side to side, so they
# need a learning rate schedule to settle.

heights = {name: float(rosen(path[-1])) for name, path in paths.items()}
for name, height in heights.items():
    print(f"{name:22s} height after {STEPS} steps {height:.1e}")
assert heights["sgd, momentum 0.9"] < heights["sgd without momentum"] / 10
assert heights["adam"] < heights["sgd without momentum"]
