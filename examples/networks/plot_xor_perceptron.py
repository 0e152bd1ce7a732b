"""
Which of AND, OR and XOR can a perceptron learn? (perceptron, hidden layer)
===========================================================================

**Answer.** A perceptron learns AND and OR without a mistake, but no straight line has
more than three of the four points of XOR right. Four hidden units bend the decision
boundary, and all four points are right.

A perceptron is a network without hidden layers whose loss counts only mistakes.
Rosenblatt's rule trains it: plain gradient descent, one sample at a time. Its decision
boundary is a straight line.
"""

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPClassifier

plt.style.use("tableau-colorblind10")
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TRUTH = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}

perceptron = MLPClassifier(
    hidden_layer_sizes=(),
    loss="perceptron",
    solver="sgd",
    momentum=0.0,
    batch_size=1,
    learning_rate_init=0.1,
    alpha=0.0,
    n_iter_no_change=20,
    random_state=0,
)
network = MLPClassifier(
    hidden_layer_sizes=(4,), activation="tanh", solver="lbfgs", alpha=0.0, random_state=0
)

# %%
# Each panel shows where the decision is 1 (blue). The perceptron's decision boundary is
# a straight line, the network's is not.

fig, axes = plt.subplots(2, 2, figsize=(9, 8), layout="constrained", sharex=True, sharey=True)
grid = np.stack(np.meshgrid(np.linspace(-0.4, 1.4, 200), np.linspace(-0.4, 1.4, 200)), axis=-1)
right = {}
cases = [
    ("AND", "perceptron"),
    ("OR", "perceptron"),
    ("XOR", "perceptron"),
    ("XOR", "4 hidden units"),
]
for ax, (gate, kind) in zip(axes.flat, cases, strict=True):
    y = np.array(TRUTH[gate])
    model = (perceptron if kind == "perceptron" else network).fit(X, y)
    right[gate, kind] = model.score(X, y)
    decision = model.predict(grid.reshape(-1, 2)).reshape(grid.shape[:2])
    ax.contourf(
        grid[..., 0], grid[..., 1], decision, levels=[-0.5, 0.5, 1.5], colors=["#e8e8e8", "#a8cdec"]
    )
    for label, marker in [(0, "o"), (1, "s")]:
        ax.scatter(
            *X[y == label].T,
            marker=marker,
            s=110,
            color=["C1", "C0"][label],
            edgecolor="black",
            label=f"target {label}",
            zorder=2,
        )
    ax.set(
        title=f"{gate}, {kind}: {4 * right[gate, kind]:.0f} of 4 right",
        xticks=[0, 1],
        yticks=[0, 1],
        aspect="equal",
    )
for ax in axes[:, 0]:
    ax.set_ylabel("$x_2$")
for ax in axes[1]:
    ax.set_xlabel("$x_1$")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %%
# The number of points that each classifies correctly:

for (gate, kind), score in right.items():
    print(f"{gate:3s} with {kind}: {4 * score:.0f} of 4 right")
assert (
    right["AND", "perceptron"] == right["OR", "perceptron"] == right["XOR", "4 hidden units"] == 1.0
)
assert right["XOR", "perceptron"] < 1.0
