"""
Which parts of the modern MLP are worth their place? (batch norm, leaky ReLU, PReLU)
====================================================================================

**Answer.** On these digits none of them. A plain relu network without batch
normalisation is best in cross-validation, leaky relu and prelu are no better than relu,
and batch normalisation clearly improves only the logistic network.

The usual recipe is: standardise the input, then repeat blocks of a dense layer, batch
normalisation and an activation that lets part of the negative side through. That is
leaky relu, or prelu, whose slope is learned (He et al., 2015). A grid search tells
whether it pays for your data. (American spelling: batch normalization.)
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifier

plt.style.use("tableau-colorblind10")
X_train, X_test, y_train, y_test = train_test_split(
    *load_digits(return_X_y=True), test_size=0.3, random_state=0
)
network = MLPClassifier(
    (64, 64, 64),
    learning_rate="one_cycle",
    learning_rate_init=0.01,
    batch_size=64,
    max_iter=12,
    random_state=0,
)
model = make_pipeline(StandardScaler(), network)
grid = {
    "mlpclassifier__batch_norm": [False, True],
    "mlpclassifier__activation": ["logistic", "relu", "leaky_relu", "prelu"],
}
search = GridSearchCV(model, grid, cv=3).fit(X_train, y_train)

# %%
# Means over three folds and their standard deviations. The axis does not start at zero:
# all of the differences are small.

results = search.cv_results_
activations = grid["mlpclassifier__activation"]
fig, ax = plt.subplots(figsize=(9, 4.8), layout="constrained")
for batch_norm, marker, shift in [(False, "o", -0.08), (True, "s", 0.08)]:
    rows = np.array(
        [params["mlpclassifier__batch_norm"] is batch_norm for params in results["params"]]
    )
    means, spread = results["mean_test_score"][rows], results["std_test_score"][rows]
    ax.errorbar(
        np.arange(4) + shift,
        means,
        spread,
        fmt=marker,
        capsize=4,
        markersize=8,
        label=f"batch_norm={batch_norm}",
    )
ax.set(
    xticks=range(4),
    xticklabels=activations,
    xlabel="activation",
    ylabel="accuracy (mean and std. of 3 folds)",
    title="Digits: 64-64-64 units, 12 epochs",
)
ax.legend()
plt.show()

# %%
# Between relu, leaky relu and prelu the folds cannot tell: the differences are smaller
# than their standard deviations. The slopes that prelu has learned all started at 0.25.

best = {name.removeprefix("mlpclassifier__"): value for name, value in search.best_params_.items()}
print(
    f"best: {best}, accuracy {search.best_score_:.3f} in the folds, "
    f"{search.score(X_test, y_test):.3f} on the test set"
)
prelu = model.set_params(mlpclassifier__activation="prelu", mlpclassifier__batch_norm=True).fit(
    X_train, y_train
)
for i, slopes in enumerate(prelu[-1].slopes_):
    print(
        f"prelu, hidden layer {i}: slopes {slopes.min():+.2f} to {slopes.max():+.2f}, mean "
        f"{slopes.mean():+.2f}"
    )
assert search.score(X_test, y_test) > 0.95
mean = {
    (params["mlpclassifier__activation"], params["mlpclassifier__batch_norm"]): score
    for params, score in zip(results["params"], results["mean_test_score"], strict=True)
}
for activation in activations:
    gain = mean[activation, True] - mean[activation, False]
    print(f"{activation:10s} gain by batch normalisation {gain:+.3f}")
    assert gain > 0 if activation == "logistic" else gain < 0.01
assert not best["batch_norm"]
