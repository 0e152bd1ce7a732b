"""
Which of AND, OR and XOR can a perceptron learn?
================================================

A perceptron is a network without hidden layers whose loss counts only mistakes. Rosenblatt's rule
trains it: one row at a time, plain gradient descent. It draws one straight line, so AND and OR are
within its reach. What about XOR, and what does a hidden layer change?
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
# Each panel shows where the decision is 1. The perceptron's border is a line; the network's is
# bent.

fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained", sharey=True)
grid = np.stack(np.meshgrid(np.linspace(-0.4, 1.4, 200), np.linspace(-0.4, 1.4, 200)), axis=-1)
right = {}
cases = [
    ("AND", "perceptron"),
    ("OR", "perceptron"),
    ("XOR", "perceptron"),
    ("XOR", "4 hidden units"),
]
for ax, (gate, kind) in zip(axes, cases, strict=True):
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
            label=f"should be {label}",
            zorder=2,
        )
    ax.set(
        title=f"{gate}, {kind}:\n{4 * right[gate, kind]:.0f} of 4 right",
        xlabel="$x_1$",
        xticks=[0, 1],
        yticks=[0, 1],
        aspect="equal",
    )
axes[0].set_ylabel("$x_2$")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %%
# AND and OR are learned without a mistake. For XOR no line has more than three of the four points
# right, however long one trains; four hidden units bend the border, and all four are right.

for (gate, kind), score in right.items():
    print(f"{gate:3s} with {kind}: {4 * score:.0f} of 4 right")
assert (
    right["AND", "perceptron"] == right["OR", "perceptron"] == right["XOR", "4 hidden units"] == 1.0
)
assert right["XOR", "perceptron"] < 1.0
