"""
Do too large steps kill units?
==============================

A unit with relu whose input is negative for every row gives zero for every row, and no gradient
passes it: it is dead, and stays so. One large step can do that. ``diagnostics=True`` counts dead
units in each epoch, and :class:`~skmlp.DiagnosticsDisplay` draws them.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from skmlp import DiagnosticsDisplay, MLPClassifier

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
# One picture for each, side by side: the sizes of the gradients above, the shares of dead units
# below. Dark is the first layer.

figure, axes = plt.subplots(2, 4, figsize=(14, 5.5), sharex=True, layout="constrained")
for column, (name, network) in zip(axes.T, networks.items(), strict=True):
    DiagnosticsDisplay.from_estimator(network, show=["gradient_norm", "dead"], ax=column)
    column[0].set(title=name, ylim=(1e-4, 30))
    column[0].get_legend().remove()
axes[0, 0].legend(title="layer", fontsize="small", ncols=2)
plt.show()

# %%
# At the smallest rate few units give zero for a whole batch. At the largest most do while the rate
# is high, and they do not come back when it falls. A leaky relu has a slope everywhere, so that
# none of its units can die.

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
