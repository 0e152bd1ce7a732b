"""
Networks or boosted trees: which wins on which table? (gradient boosting, tabular data)
=======================================================================================

**Answer.** It depends on the table. The network wins where the target is a smooth function of the
columns; boosted trees win by far where it jumps from number to number, until those numbers are
declared to be categories; and on the small diabetes table neither beats a linear model.

The models are scikit-learn's ``HistGradientBoostingRegressor`` and ``RidgeCV`` at their defaults,
and :class:`~skmlp.TabularMLPRegressor`, an ensemble of networks, made smaller than its defaults so
that this example runs in seconds. Trees are also the fastest to train by far.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skmlp import TabularMLPRegressor

# %%
# Four tables. In the first the target is a smooth function of six numbers. In the second it
# depends on codes from 0 to 39, such as a postcode or the number of a product, whose order means
# nothing. The third has the same codes as a categorical dtype. The last is real.

rng = np.random.default_rng(0)
n = 1200
numbers = rng.uniform(-1, 1, (n, 6))
smooth = np.sin(3 * numbers[:, 0] + 2 * numbers[:, 1] - numbers[:, 2])
smooth += numbers[:, 3] * numbers[:, 4] + rng.normal(0, 0.2, n)

codes = pd.DataFrame(rng.integers(0, 40, (n, 4)), columns=["place", "product", "seller", "day"])
effect = rng.normal(size=(2, 40))
jumps = effect[0, codes["place"]] + effect[1, codes["product"]] + rng.normal(0, 0.3, n)
tables = {
    "smooth function": (pd.DataFrame(numbers).add_prefix("x"), smooth),
    "codes as numbers": (codes.astype(float), jumps),
    "codes as categories": (codes.astype("category"), jumps),
    "diabetes": load_diabetes(return_X_y=True, as_frame=True),
}
one_hot = make_column_transformer(
    (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
    remainder="passthrough",
)
models = {
    "linear (RidgeCV)": make_pipeline(one_hot, RidgeCV()),
    "boosted trees": HistGradientBoostingRegressor(
        categorical_features="from_dtype", random_state=0
    ),
    "networks": TabularMLPRegressor(3, hidden_layer_sizes=(64, 64), max_iter=40, random_state=0),
}
scores = {name: [] for name in models}
seconds = dict.fromkeys(models, 0.0)
for X, y in tables.values():
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.33, random_state=0)
    for name, model in models.items():
        start = time.perf_counter()
        model.fit(X_train, y_train)
        seconds[name] += time.perf_counter() - start
        scores[name].append(model.score(X_test, y_test))

# %%
# The test scores: further right is better.

figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
for (name, values), marker, colour in zip(
    scores.items(), "^so", ["#000000", "#E69F00", "#0072B2"], strict=True
):
    ax.plot(values, range(len(tables)), marker, color=colour, markersize=11, label=name)
ax.set(
    yticks=range(len(tables)),
    yticklabels=tables,
    xlabel="$R^2$ on test samples",
    xlim=(-0.1, 1.0),
    ylim=(len(tables) - 0.5, -0.5),
)
ax.grid(axis="y", color="0.85")
ax.set_axisbelow(True)
ax.spines[["top", "right"]].set_visible(False)
figure.legend(loc="outside lower center", ncols=3)
plt.show()

# %%
# Trees split a column at one number after the other, so codes without an order do not disturb
# them. A network sees a number as a point on an axis, along which its function is smooth; of a
# category it learns a vector. The linear model profits even more from the declaration, since this
# target is a sum of one effect for each column. This is one split of four tables: compare both on
# your own.

for name, values in scores.items():
    each = ", ".join(f"{table} {value:.2f}" for table, value in zip(tables, values, strict=True))
    print(f"{name:16s} {seconds[name]:5.1f} s; R2: {each}")
linear, trees, networks = (np.array(values) for values in scores.values())
assert networks[0] > trees[0] + 0.05
assert trees[1] > networks[1] + 0.15
assert abs(trees[2] - networks[2]) < 0.05
assert linear[3] > max(trees[3], networks[3]) - 0.03
assert linear[2] - linear[1] > networks[2] - networks[1]
