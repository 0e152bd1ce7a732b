"""
Why does this network not learn?
================================

With ``diagnostics=True`` ``history_`` shows each hidden layer as it is in each epoch: the size of
its gradient, the spread of its activations, how many of its units are saturated and how many are
dead. Here are four networks for the digits, one of them healthy. What ails the others?
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
# The gradient of each layer's weights in the first epoch, the units that are dead after twenty, and
# how far activations spread.

fig, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
panels = {"gradient_norm": 1, "dead": 20, "activation_std": 1}
titles = [
    "norm of the gradient, epoch 1",
    "share of dead units, epoch 20",
    "spread of activations, epoch 1",
]
for ax, (column, epoch), title in zip(axes, panels.items(), titles, strict=True):
    for name, marker in zip(NETWORKS, "osD^", strict=True):
        ax.plot(
            range(1, DEPTH + 1),
            layers(name, column, epoch),
            marker=marker,
            label=f"{name}: {models[name].score(X / 16, y):.0%} right",
        )
    ax.set(title=title, xlabel="hidden layer", xticks=range(1, DEPTH + 1))
axes[0].set_yscale("log")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %%
# Steps that are too large kill relu units: nearly all of the first layer are inactive in every row,
# so that no gradient passes them. Take smaller ones. Logistic units flatten the gradient: that of
# the first layer is a hundredth of the last one's. Batch normalisation helps. Weights that are too
# large drive tanh to its ends (the spread of the activations is nearly 1), where half of the
# outputs hardly move; gradients are large, but come from the few units in between. Leave
# ``weight_init="auto"``.

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
# What helps: each of the three with its remedy.

REMEDIES = {
    "relu, rate 0.1": {"learning_rate_init": 0.002},
    "logistic": {"batch_norm": True},
    "tanh, weights of size 1": {"weight_init": "auto"},
}
for name, remedy in REMEDIES.items():
    cured = (
        MLPClassifier((32,) * DEPTH, **{**setting, **NETWORKS[name], **remedy})
        .fit(X / 16, y)
        .score(X / 16, y)
    )
    print(f"{name:24s} {score[name]:.0%} -> {cured:.0%} with {remedy}")
    assert cured > 0.9
