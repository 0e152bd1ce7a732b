"""
Does it pay to learn from unlabelled data first? (layer-wise pre-training, fine-tuning)
=======================================================================================

**Answer.** Yes where training all layers at once fails: five sigmoid layers started
layer by layer learn, and from random weights they do not. With tanh, or with two relu
layers, which train well from random weights, there is next to nothing to gain, even
with 50 labels.

Before deep networks could be trained at once, they were trained layer by layer, each as
an autoencoder of the one below (Hinton and Salakhutdinov, 2006; Bengio et al., 2007).
And an encoder that has seen all samples may start a classifier for which few have
labels (semi-supervised learning). Does ``pretraining`` help a deep autoencoder, and
does ``init_from`` help a classifier?
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skmlp import Autoencoder, MLPClassifier
from skmlp.nn import Masking

warnings.simplefilter("ignore", ConvergenceWarning)  # of sigmoid layers that do not learn
X, y = load_digits(return_X_y=True)
X = X / 16

# %%
# The validation loss: of all layers trained for 100 epochs, and of 50 epochs for each
# layer by itself and then 50 for all.

widths = (64, 56, 48, 40, 32)
fast = {"learning_rate": "cosine", "learning_rate_init": 0.005, "n_iter_no_change": 100}
curves = {}
for activation in ("logistic", "tanh"):
    for name, epochs in {
        "at once": {"max_iter": 100},
        "layer by layer first": {"max_iter": 50, "pretraining": 50},
    }.items():
        deep = Autoencoder(8, widths, activation, random_state=0, **fast, **epochs).fit(
            X[:1200], X_val=X[1200:]
        )
        curves[activation, name] = deep.history_["validation_loss"]

# %%
# Classifiers for the few samples that have labels, from random weights or from an
# encoder of all samples.

encoders = {
    "five sigmoid layers": Autoencoder(8, widths, "logistic", pretraining=50, max_iter=50, **fast),
    "two relu layers": Autoencoder(64, (200,), corruption=Masking(0.3), max_iter=30, **fast),
}
classifiers = {
    "five sigmoid layers": MLPClassifier(widths, "logistic", max_iter=100, **fast),
    "two relu layers": MLPClassifier((200, 64), max_iter=60, **fast),
}
numbers, n_seeds = [50, 200], 2
scores = {name: np.zeros((2, len(numbers), n_seeds)) for name in encoders}
for seed in range(n_seeds):
    rows, test = train_test_split(np.arange(len(y)), test_size=0.4, stratify=y, random_state=seed)
    for name, encoder in encoders.items():
        starts = None, FrozenEstimator(clone(encoder).set_params(random_state=seed).fit(X[rows]))
        for k, n_labels in enumerate(numbers):
            few, _ = train_test_split(
                rows, train_size=n_labels, stratify=y[rows], random_state=seed
            )
            for j, start in enumerate(starts):
                model = clone(classifiers[name]).set_params(init_from=start, random_state=seed)
                scores[name][j, k, seed] = model.fit(X[few], y[few]).score(X[test], y[test])

# %%
# Both answers.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 5.4), layout="constrained")
styles = {"logistic": "tab:blue", "tanh": "tab:orange"}
for (activation, name), curve in curves.items():
    offset = 100 - len(curve)  # these epochs come after those of the layers
    left.plot(
        curve.index + offset,
        curve,
        "--" if offset else "-",
        color=styles[activation],
        label=f"{activation}, {name}",
    )
left.set(
    xlabel="epoch (dashed: after 50 for each layer)",
    ylabel="validation loss",
    title="Autoencoder of 11 hidden layers",
)
left.legend(fontsize="small")
for name, colour in zip(scores, ("tab:blue", "tab:green"), strict=True):
    for start, style, values in zip(
        ("random", "from the encoder"), ("-", "--"), scores[name], strict=True
    ):
        mean, spread = values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(n_seeds)
        right.errorbar(
            numbers,
            mean,
            spread,
            linestyle=style,
            color=colour,
            marker="o",
            capsize=3,
            label=f"{name}, {start}",
        )
right.set(
    xlabel="labelled samples of 1078",
    ylabel="test accuracy",
    title=f"Classifiers ({n_seeds} splits)",
)
right.set_xticks(numbers)
right.set_ylim(0, 1)
right.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.15))
plt.show()

# %%
# Accuracy differs more between splits than between starts, so the gain is taken split by split.

for name, (plain, started) in scores.items():
    for n_labels, gain in zip(numbers, started - plain, strict=True):
        print(
            f"{name}, {n_labels} labels: gain {gain.mean():+.3f} +- "
            f"{gain.std(ddof=1) / np.sqrt(n_seeds):.3f}"
        )
last = {key: round(float(curve.iloc[-1]), 2) for key, curve in curves.items()}
print("Last losses:", {" ".join(key): loss for key, loss in last.items()})
assert last["logistic", "layer by layer first"] < 0.6 * last["logistic", "at once"]
assert (
    scores["five sigmoid layers"][1].mean(axis=1)
    > scores["five sigmoid layers"][0].mean(axis=1) + 0.2
).all()
assert np.abs(np.subtract(*scores["two relu layers"]).mean(axis=1)).max() < 0.03
