"""
What lets sixteen layers learn? (skip connections, residual networks, deep supervision)
=======================================================================================

**Answer.** Skip connections do: with ``skip_connections="add"`` sixteen layers are
clearly better than sixteen plain ones. Losses at the hidden layers
(``auxiliary_loss_weight``) help the lower layers' gradients, and help accuracy less.

Each layer of a plain network passes on less of the signal and of the gradient than it
was given, so depth costs more than it brings. Skip connections let both bypass the
layers (He et al., 2016). Auxiliary losses give every layer a gradient of its own in
training (Lee et al., "Deeply-supervised nets", 2015).
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier

plt.style.use("tableau-colorblind10")
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.5, random_state=0, stratify=y
)

DEPTHS = (1, 2, 4, 8, 16)
KINDS = {
    "plain": {},
    "auxiliary_loss_weight=0.3": {"auxiliary_loss_weight": 0.3},
    'skip_connections="add"': {"skip_connections": "add"},
}
setting = {
    "max_iter": 15,
    "batch_size": 50,
    "learning_rate": "linear",
    "random_state": 0,
    "diagnostics": True,
}
models = {}
for name, options in KINDS.items():
    for depth in DEPTHS:
        if (
            depth > 1 or "add" not in name
        ):  # between 64 features and 32 units there is nothing to add
            models[name, depth] = MLPClassifier((32,) * depth, **options, **setting).fit(
                X_train, y_train
            )

# %%
# Left: accuracy on test samples. Right: the norm of the gradient of each of sixteen
# layers in the first epoch.

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
for name, marker in zip(KINDS, "osD", strict=True):
    depths = [depth for depth in DEPTHS if (name, depth) in models]
    left.plot(
        depths,
        [models[name, depth].score(X_test, y_test) for depth in depths],
        marker=marker,
        label=name,
    )
    first = models[name, 16].history_.filter(like="gradient_norm_").iloc[0, :16]
    right.semilogy(range(16), first, marker=marker, label=name)
left.set_xscale("log", base=2)
left.set(
    xlabel="hidden layers of 32 units",
    ylabel="test accuracy",
    xticks=DEPTHS,
    xticklabels=DEPTHS,
)
right.set(
    xlabel="hidden layer (0: next to the input)",
    ylabel="norm of the gradient, first epoch",
    xticks=range(0, 16, 3),
)
fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
# The accuracy of sixteen layers.

score = {name: models[name, 16].score(X_test, y_test) for name in KINDS}
for name, value in score.items():
    print(f"sixteen layers, {name:25s} {value:.3f}")
two = models["plain", 2].score(X_test, y_test)
print(f"{'two layers, plain':41s} {two:.3f}")
assert score["plain"] < score["auxiliary_loss_weight=0.3"] < two < score['skip_connections="add"']
assert score["plain"] < score["auxiliary_loss_weight=0.3"] < score['skip_connections="add"'] - 0.05

# %%
# The auxiliary losses give the lower layers several times the gradient. But they do
# nothing for the signal, which still fades on its way up. Sixteen layers with them are
# better than sixteen plain layers, and worse than two. With skip connections the
# accuracy rises with the depth.

heads, plain = (
    models[name, 16].history_["gradient_norm_0"].iloc[0]
    for name in ("auxiliary_loss_weight=0.3", "plain")
)
print(f"first of sixteen layers: {heads / plain:.1f} times the gradient with heads")
assert heads > 1.5 * plain
