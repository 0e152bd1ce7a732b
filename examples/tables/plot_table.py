"""
What does a network learn about January? (categorical features, entity embeddings)
==================================================================================

**Answer.** That it comes between December and February. The network gets nothing but
the names of the months, learns two numbers for each, and these lie on a ring in the
order of the year; its score is that of one-hot encoding with imputation and scaling by
hand.

A table has columns of numbers and of categories, with missing values in both. A network
that takes it as it is learns a vector for each category, its embedding (Guo and
Berkhahn, 2016).
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmlp import MLPRegressor

# %%
# The table: ice cream sold in a day. The season depends on the region, sales depend on
# the price too, and on the number of visitors, which is missing on every tenth day.

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
rng = np.random.default_rng(0)
n = 4000
month, region = rng.integers(0, 12, n), rng.integers(0, 3, n)
price, visitors = rng.uniform(1.0, 4.0, n), rng.lognormal(6.0, 0.5, n)
season = np.cos(2.0 * np.pi * (month - np.array([6, 0, 3])[region]) / 12.0)
y = 2.0 * season - 0.5 * price + np.log(visitors) + rng.normal(0.0, 0.5, n)
X = pd.DataFrame(
    {
        "month": np.array(MONTHS)[month],
        "region": pd.Categorical(np.array(["north", "south", "islands"])[region]),
    }
)
X["price"] = price
X["visitors"] = np.where(rng.random(n) < 0.1, np.nan, visitors)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# The table goes in as it is. For comparison, the same network after the usual
# preprocessing, with a one-hot column for each month.

setting = {
    "hidden_layer_sizes": (50,),
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.01,
    "max_iter": 40,
    "random_state": 0,
}
model = MLPRegressor(categorical_features="from_dtype", embedding_dim=2, **setting).fit(
    X_train, y_train
)
numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
columns = make_column_transformer(
    (numbers, make_column_selector(dtype_include="number")), remainder=OneHotEncoder()
)
usual = make_pipeline(columns, MLPRegressor(**setting)).fit(X_train, y_train)

# %%
# The embedding of each month as a point in the plane, and what the network predicts for
# a day of each month.

vectors = model.embeddings_["month"].loc[MONTHS]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
ring = pd.concat([vectors, vectors[:1]])
left.plot(ring[0], ring[1], color="0.7", zorder=0)
left.scatter(
    vectors[0], vectors[1], c=np.arange(12), cmap="twilight_shifted", s=120, edgecolors="0.3"
)
centre = vectors.mean()
for name, place in vectors.iterrows():
    left.annotate(name[:3], centre + 1.22 * (place - centre), ha="center", va="center")
left.set(
    title="Embedding of the months",
    xlabel="embedding 0",
    ylabel="embedding 1",
    aspect="equal",
)
left.margins(0.25)
for name, style in {"north": "-o", "south": "--s", "islands": ":^"}.items():
    days = pd.DataFrame({"month": MONTHS, "region": name, "price": 2.5, "visitors": np.exp(6.0)})
    right.plot(range(12), model.predict(days), style, label=name)
right.set(title="Prediction at a price of 2.50", xlabel="month", ylabel="ice cream sold")
right.set_ylim(2.2, 8.4)
right.set_xticks(range(12), [month[0] for month in MONTHS])
right.legend(title="region", ncols=3, loc="upper center")
plt.show()

# %%
# Neighbours in the year are neighbours on the ring. Nothing was imputed, scaled or
# encoded by hand.

turn = vectors - centre
angles = np.unwrap(np.arctan2(turn[1], turn[0]))
steps = np.degrees(np.diff([*angles, angles[0] + 2.0 * np.pi * np.sign(angles[-1] - angles[0])]))
print("from month to month, in degrees:", steps.round().astype(int))
print(
    f"R2: {model.score(X_test, y_test):.3f}, behind the usual preprocessing "
    f"{usual.score(X_test, y_test):.3f}"
)
assert abs(np.sign(steps).sum()) == 12
assert model.score(X_test, y_test) > usual.score(X_test, y_test) - 0.02
