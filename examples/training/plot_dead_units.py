"""
Do too large steps kill units? (dying ReLU, dead units, learning rate)
======================================================================

**Answer.** Yes. At a learning rate of 0.2 units die while the rate is high, about half
of them or more in the end, and they do not come back when the rate falls; at 0.001 few
units are inactive. With leaky relu no unit can die.

A relu unit whose input is negative for every sample outputs zero for every sample, and
no gradient passes it: it is dead. One large step can do that. ``diagnostics=True``
counts dead units in each epoch, and :class:`~skmlp.DiagnosticsDisplay` draws them.
"""

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skmlp import DiagnosticsDisplay, MLPClassifier

# a fit may say that 0.2 is too high, which is the point here
warnings.filterwarnings("ignore", category=ConvergenceWarning)
X, y = load_digits(return_X_y=True)
X = X / 16

# %%
# The same network at three learning rates, and with leaky relu at the largest.

SETTINGS = {
    "relu, rate 0.001": {"learning_rate_init": 0.001},
    "relu, rate 0.05": {"learning_rate_init": 0.05},
    "relu, rate 0.2": {"learning_rate_init": 0.2},
    "leaky relu, rate 0.2": {"learning_rate_init": 0.2, "activation": "leaky_relu"},
}
common = {
    "hidden_layer_sizes": (50, 50, 50),
    "max_iter": 25,
    "n_iter_no_change": 25,
    "diagnostics": True,
    "random_state": 0,
}
networks = {
    name: MLPClassifier(**common, learning_rate="one_cycle", **setting).fit(X, y)
    for name, setting in SETTINGS.items()
}

# %%
# The fraction of dead units in each epoch, a line for each hidden layer. Layer 0, next
# to the input, is the darkest.

figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
for ax, (name, network) in zip(axes.flat, networks.items(), strict=True):
    DiagnosticsDisplay.from_estimator(network, show=["dead"], ax=ax)
    ax.set(title=name, ylim=(-0.05, 1.05), xlabel="epoch", ylabel="fraction of dead units")
    ax.legend(title="hidden layer", fontsize="small")
plt.show()

# %%
# After the last epoch, when the rate of the one-cycle schedule has fallen to nearly
# zero:

dead = {
    name: network.history_.filter(like="dead_").iloc[-1].mean()
    for name, network in networks.items()
}
for name, share in dead.items():
    print(
        f"{name:22s} {100 * share:3.0f} % of the units dead, training loss "
        f"{networks[name].loss_:.3f}"
    )
assert dead["relu, rate 0.001"] < 0.15
assert dead["relu, rate 0.2"] > 0.4
assert dead["leaky relu, rate 0.2"] == 0
