"""
Do hidden layers make classes linearly separable?
=================================================

A classifier's last layer is linear, so all that the hidden layers can do is to find features for
which a line is enough. ``transform`` gives these features. How does a linear model fare on them,
and how on the input?
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
# Two rings that no line separates. The network has 8 tanh units and then 2, which are the picture.

network = MLPClassifier(
    (8, 2), "tanh", solver="lbfgs", alpha=0.1, max_iter=500, random_state=0
).fit(X_train, y_train)
fig, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
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
    ends = np.array([-9.0, 9.0])
    ax.plot(ends, -(a * ends + c) / b, "k--", label="best line")
    ax.set(xlim=limits[0], ylim=limits[1], xlabel="feature 1", ylabel="feature 2")
    ax.set_title(f"logistic regression on {name}:\n{100 * scores[name]:.0f} % of test rows right")
axes[0].legend(loc="upper right")
plt.show()

# %%
# The same with pixels of digits: the network learned its features on one part of the rows, the
# linear models learn from another part, and both are judged on a third.

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
# The rings end up on two sides of a line. For the digits a linear model trained on a hundred rows
# does better on the learned features than on the pixels.

for name, score in scores.items():
    print(f"rings, line on {name}: {score:.2f}")
print(f"digits, 100 rows: {on_pixels:.3f} on pixels, {on_features:.3f} on learned features")
assert scores["the last hidden layer"] > 0.95 > 0.7 > scores["the input"]
assert on_features > on_pixels + 0.02
