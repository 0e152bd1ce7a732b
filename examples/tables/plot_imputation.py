"""
How near to the truth does an autoencoder impute missing values? (imputation)
=============================================================================

**Answer.** On three tables nearer than column means and nearest neighbours. Iterated
linear regressions are slightly better on one table, whose columns depend on each other
linearly, and worse on the other two.

A fifth of the values of each table is removed at random, in the training and in the
test samples. An autoencoder learns from what is left: missing values are left out of
its loss, and more are masked at random in each batch, so that it learns to predict a
value from the others of its row. ``impute`` then fills rows that it has not seen. It
competes with ``SimpleImputer``, ``KNNImputer`` and ``IterativeImputer``, which
regresses each column on all others.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder
from skmlp.nn import Masking

# the regressions need more than their default number of rounds to agree to the last digit
warnings.filterwarnings("ignore", message=r"\[IterativeImputer\] Early stopping")

autoencoder = Autoencoder(
    20,
    hidden_layer_sizes=(128,),
    corruption=Masking(0.4),
    learning_rate="one_cycle",
    learning_rate_init=0.01,
    batch_size=50,
    alpha=1.0,
    max_iter=150,
    n_iter_no_change=150,
    random_state=0,
)
imputers = {
    "mean": SimpleImputer(),
    "neighbours": KNNImputer(),
    "regressions": IterativeImputer(random_state=0),
    "autoencoder": autoencoder,
}
tables = {"breast cancer": load_breast_cancer(), "diabetes": load_diabetes(), "wine": load_wine()}

errors = {name: np.zeros(len(tables)) for name in imputers}
for k, table in enumerate(tables.values()):
    X = StandardScaler().fit_transform(table.data)
    for seed in range(2):
        X_missing = np.where(np.random.default_rng(seed).uniform(size=X.shape) < 0.2, np.nan, X)
        train, test = train_test_split(np.arange(len(X)), test_size=0.3, random_state=seed)
        missing = np.isnan(X_missing[test])
        for name, imputer in imputers.items():
            imputer.fit(X_missing[train])
            filled = (
                imputer.impute(X_missing[test])
                if name == "autoencoder"
                else imputer.transform(X_missing[test])
            )
            errors[name][k] += np.sqrt(np.mean((filled - X[test])[missing] ** 2)) / 2
print("Root mean squared error, in standard deviations of the column, on average over two splits:")
for name, values in errors.items():
    print(
        f"  {name:12}", *(f"{key}: {value:.2f}" for key, value in zip(tables, values, strict=True))
    )
assert (errors["autoencoder"] < 0.85 * errors["mean"]).all()
assert (errors["autoencoder"] < errors["neighbours"]).all()
difference = errors["autoencoder"] - errors["regressions"]
assert 0 < difference[0] < 0.1
assert (difference[1:] < 0).all()

figure, ax = plt.subplots(figsize=(9, 4.6), layout="constrained")
colours = ["#bbbbbb", "#88ccee", "#ddaa33", "#004488"]
for k, (name, values) in enumerate(errors.items()):
    bars = ax.bar(
        np.arange(len(tables)) + 0.2 * k - 0.3, values, 0.18, label=name, color=colours[k]
    )
    ax.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
ax.set_xticks(range(len(tables)), tables)
ax.set_ylabel("root mean squared error of imputed values\n(standard deviations of the column)")
ax.set_ylim(0, 1.25)
ax.legend(ncols=4, frameon=False, loc="upper center")
ax.spines[["top", "right"]].set_visible(False)
plt.show()
