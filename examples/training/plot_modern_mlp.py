"""
Which parts of the modern block are worth their place?
======================================================

The recipe of today's multi-layer perceptrons: standardise the input, then repeat blocks of a dense
layer, batch normalisation and an activation that lets a little of the negative side through, leaky
relu or prelu, whose slope is learned (He et al., 2015). One grid search asks whether batch
normalisation and the activation matter on handwritten digits.
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
# The mean over three folds, and the spread between them.

results = search.cv_results_
activations = grid["mlpclassifier__activation"]
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
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
    ylabel="accuracy, 3 folds",
    title="digits: 64-64-64 units, 12 epochs",
)
ax.legend()
plt.show()

# %%
# Batch normalisation rescues the logistic units, which without it are far behind after 12 epochs,
# and leaves the relu family, which starts well anyway, about as good; between relu, leaky relu and
# prelu the folds cannot tell. The slopes that prelu has learned, which all started at 0.25, are the
# network's own answer to which one it wants.

best = {name.removeprefix("mlpclassifier__"): value for name, value in search.best_params_.items()}
print(
    f"best: {best}, accuracy {search.best_score_:.3f} in the folds, "
    f"{search.score(X_test, y_test):.3f} on the test rows"
)
prelu = model.set_params(mlpclassifier__activation="prelu", mlpclassifier__batch_norm=True).fit(
    X_train, y_train
)
for i, slopes in enumerate(prelu[-1].slopes_, start=1):
    print(
        f"prelu, layer {i}: slopes {slopes.min():+.2f} to {slopes.max():+.2f}, mean "
        f"{slopes.mean():+.2f}"
    )
assert search.score(X_test, y_test) > 0.95
