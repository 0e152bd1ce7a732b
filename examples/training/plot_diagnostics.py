"""
Why does this network not learn? (vanishing gradients, dead and saturated units)
================================================================================

**Answer.** The diagnostics show the cause. A learning rate that is too large leaves
relu units dead, logistic units let the gradient vanish, and weights that are too large
saturate tanh units; a smaller rate, batch normalisation and ``weight_init="auto"``
bring each network above 90 % accuracy.

With ``diagnostics=True``, ``history_`` has columns for each hidden layer and epoch: the
norm of its gradient, the standard deviation of its activations, and the fractions of
its units that are saturated or dead. Here are four networks for the digits. One of them
is healthy.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from skmlp import MLPClassifier
from skmlp.nn import Normal

plt.style.use("tableau-colorblind10")
X, y = load_digits(return_X_y=True)
DEPTH = 5
NETWORKS = {
    "relu": {},
    "relu, rate 0.1": {"learning_rate_init": 0.1},
    "logistic": {"activation": "logistic"},
    "tanh, weights of size 1": {"activation": "tanh", "weight_init": Normal(1.0)},
}
setting = {
    "learning_rate_init": 0.002,
    "learning_rate": "linear",
    "max_iter": 20,
    "diagnostics": True,
    "random_state": 0,
}
models = {
    name: MLPClassifier((32,) * DEPTH, **{**setting, **options}).fit(X / 16, y)
    for name, options in NETWORKS.items()
}


def layers(name, column, epoch):
    """Return a column of the history for each hidden layer."""
    return [models[name].history_[f"{column}_{k}"].loc[epoch] for k in range(DEPTH)]


# %%
# The norm of the gradient of each layer's weights in the first epoch, the fraction of
# dead units after twenty epochs, and the standard deviation of the activations in the
# first.

fig, axes = plt.subplots(2, 2, figsize=(9, 7), layout="constrained")
panels = {"gradient_norm": 1, "dead": 20, "activation_std": 1}
titles = [
    "norm of the gradient, epoch 1",
    "fraction of dead units, epoch 20",
    "standard deviation of activations, epoch 1",
]
for ax, (column, epoch), title in zip(axes.flat, panels.items(), titles, strict=False):
    for name, marker in zip(NETWORKS, "osD^", strict=True):
        ax.plot(
            range(DEPTH),
            layers(name, column, epoch),
            marker=marker,
            label=f"{name}: accuracy {models[name].score(X / 16, y):.0%}",
        )
    ax.set(title=title, xlabel="hidden layer (0: next to the input)", xticks=range(DEPTH))
axes[0, 0].set_yscale("log")
axes[1, 1].set_axis_off()
axes[1, 1].legend(
    *axes[0, 0].get_legend_handles_labels(),
    loc="center",
    title="network and training accuracy",
)
plt.show()

# %%
# With a rate of 0.1, nearly all units of the first layer are dead, that is, inactive
# for every sample, and no gradient passes them. Logistic units flatten the gradient:
# that of the first layer is less than a fiftieth of the last one's. Weights that are
# too large drive tanh to its ends (the standard deviation of the activations is nearly
# 1), where the slope is almost zero.

for name in NETWORKS:
    print(
        f"{name:24s} saturated {layers(name, 'saturated', 20)[-1]:.0%}, dead "
        f"{layers(name, 'dead', 20)[0]:.0%} of the first layer"
    )
score = {name: model.score(X / 16, y) for name, model in models.items()}
assert score["relu"] > 0.9 > max(score[name] for name in list(NETWORKS)[1:])
assert layers("relu, rate 0.1", "dead", 20)[0] > 0.8
gradients = layers("logistic", "gradient_norm", 1)
assert gradients[0] < 0.02 * gradients[-1]
assert min(layers("tanh, weights of size 1", "activation_std", 1)) > 0.85

# %%
# What helps: the remedy for each.

REMEDIES = {
    "relu, rate 0.1": {"learning_rate_init": 0.002},
    "logistic": {"batch_norm": True},
    "tanh, weights of size 1": {"weight_init": "auto"},
}
for name, remedy in REMEDIES.items():
    helped = (
        MLPClassifier((32,) * DEPTH, **{**setting, **NETWORKS[name], **remedy})
        .fit(X / 16, y)
        .score(X / 16, y)
    )
    print(f"{name:24s} {score[name]:.0%} -> {helped:.0%} with {remedy}")
    assert helped > 0.9
