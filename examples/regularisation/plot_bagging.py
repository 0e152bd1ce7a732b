"""
Is the average of networks ever worse than the average network? (ensembles, bagging)
====================================================================================

**Answer.** Not for squared error: the error of the average is the mean error of the
members minus how much they disagree, for every sample. The average may well be worse
than the best member, but which member that is only the test data tell.

If f is the average of K predictions f_k, then ``(f - y)^2 = mean (f_k - y)^2 - mean
(f_k - f)^2`` (Krogh and Vedelsby, 1995). Bagging trains the members on bootstrap
samples of the data, so that they disagree.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPRegressor

plt.style.use("tableau-colorblind10")
X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)

network = MLPRegressor(
    hidden_layer_sizes=(50,),
    learning_rate="one_cycle",
    learning_rate_init=0.1,
    max_iter=60,
    random_state=0,
)
bag = BaggingRegressor(
    make_pipeline(StandardScaler(), network), n_estimators=20, random_state=0
).fit(X_train, y_train)

# %%
# Errors on test samples, for ensembles of the first 1 to 20 members.

members = np.array([member.predict(X_test) for member in bag.estimators_], dtype=np.float64)
sizes = np.arange(1, len(members) + 1)
alone = np.square(members - y_test).mean(axis=1)
mean_error = np.array([alone[:k].mean() for k in sizes])
disagreement = np.array([members[:k].var(axis=0).mean() for k in sizes])
bag_error = np.array([np.square(members[:k].mean(axis=0) - y_test).mean() for k in sizes])

fig, ax = plt.subplots(figsize=(9, 5), layout="constrained")
ax.plot(sizes, alone, "o", color="0.6", label="each member alone (by its number)")
ax.plot(sizes, mean_error, "--", label="mean error of the members")
ax.plot(sizes, bag_error, "-", linewidth=2, label="error of their average")
ax.fill_between(sizes, bag_error, mean_error, alpha=0.15, color="C0", label="their disagreement")
ax.set(
    xlabel="number of members",
    ylabel="mean squared error, test samples",
    xticks=sizes[::2],
    title="Diabetes: progression of the disease",
)
ax.legend()
plt.show()

# %%
# The difference is the disagreement, up to rounding:

print(
    f"mean error of the members {mean_error[-1]:.0f} = error of the average {bag_error[-1]:.0f} + "
    f"disagreement {disagreement[-1]:.0f}"
)
assert np.allclose(bag_error, mean_error - disagreement, rtol=1e-9)
assert np.all(bag_error <= mean_error * (1 + 1e-12))
assert np.allclose(members.mean(axis=0), bag.predict(X_test), rtol=1e-5)
