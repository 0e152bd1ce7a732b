"""
Do hidden layers make classes linearly separable? (learned features, transfer learning)
=======================================================================================

**Answer.** Yes: two rings that no line separates lie on two sides of a line once the
hidden layers have transformed them. And a logistic regression that sees only a hundred
labelled digits is more accurate on features that a network learned from other digits
than on the pixels.

The last layer of a classifier is linear. All that the hidden layers can do is to find
features for which a linear boundary is enough; ``transform`` returns the features of
the last hidden layer.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, make_circles
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier

plt.style.use("tableau-colorblind10")
X, y = make_circles(400, factor=0.5, noise=0.08, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# The network has a layer of 8 tanh units and then one of 2, whose outputs can be drawn.
# A logistic regression is fitted to the input and to these outputs. On the input its
# line is no better than a guess.

network = MLPClassifier(
    (8, 2), "tanh", solver="lbfgs", alpha=0.1, max_iter=500, random_state=0
).fit(X_train, y_train)
fig, axes = plt.subplots(1, 2, figsize=(9, 5), layout="constrained")
scores = {}
for ax, (name, features) in zip(
    axes,
    {"the input": lambda X: X, "the last hidden layer": network.transform}.items(),
    strict=True,
):
    line = LogisticRegression().fit(features(X_train), y_train)
    points = features(X_test)
    scores[name] = line.score(points, y_test)
    for label, marker in [(0, "o"), (1, "s")]:
        ax.scatter(
            *points[y_test == label].T,
            marker=marker,
            s=35,
            color=["C0", "C1"][label],
            edgecolor="white",
            label=f"class {label}",
        )
    limits = ax.get_xlim(), ax.get_ylim()
    (a, b), c = line.coef_[0], line.intercept_[0]
    names = "feature" if name == "the input" else "unit"
    ends = np.array([-9.0, 9.0])
    ax.plot(ends, -(a * ends + c) / b, "k--", label="logistic regression")
    ax.set(xlim=limits[0], ylim=limits[1], xlabel=f"{names} 1", ylabel=f"{names} 2")
    ax.set_title(
        f"Logistic regression on {name}:\n{100 * scores[name]:.0f} % of the test samples right"
    )
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
# The same with digits. The network learned its features on one part of the samples, the
# logistic regressions learn from a hundred others, and both are tested on a third part.
# That is transfer learning with little data.

digits, digit = load_digits(return_X_y=True)
X_features, X_rest, y_features, y_rest = train_test_split(
    digits / 16, digit, train_size=900, random_state=0
)
X_few, X_fresh, y_few, y_fresh = train_test_split(X_rest, y_rest, train_size=100, random_state=0)
hidden = MLPClassifier(
    (64,), learning_rate_init=0.01, learning_rate="one_cycle", max_iter=40, random_state=0
).fit(X_features, y_features)
on_pixels = LogisticRegression(max_iter=1000).fit(X_few, y_few).score(X_fresh, y_fresh)
on_features = (
    LogisticRegression(max_iter=1000)
    .fit(hidden.transform(X_few), y_few)
    .score(hidden.transform(X_fresh), y_fresh)
)

# %%
# The accuracies:

for name, score in scores.items():
    print(f"rings, logistic regression on {name}: {score:.2f}")
print(f"digits, 100 labels: {on_pixels:.3f} on pixels, {on_features:.3f} on learned features")
assert scores["the last hidden layer"] > 0.95 > 0.7 > scores["the input"]
assert on_features > on_pixels + 0.02
