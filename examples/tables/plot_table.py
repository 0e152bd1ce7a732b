"""
What does a network know of January?
====================================

A table has columns of numbers and columns of names, with missing values in both. A network that
takes it as it stands learns a vector for each name (Guo and Berkhahn, 2016). Here two numbers must
do for a month, and the network gets nothing but its name. Will it find out that the year goes
round? It takes a few seconds.
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
# Ice cream sold on a day: the north eats it in summer, the south half a year later, the islands
# before the rains. It depends on the price too, and on the number of visitors, which nobody counted
# on every tenth day.

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
# The table goes in as it is. Beside it the same network behind the usual preprocessing, which turns
# each month into twelve columns.

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
# The two numbers of each month as a place in the plane, and what the network says of a day of each
# month.

vectors = model.embeddings_["month"].loc[MONTHS]
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
ring = pd.concat([vectors, vectors[:1]])
left.plot(ring[0], ring[1], color="0.7", zorder=0)
left.scatter(
    vectors[0], vectors[1], c=np.arange(12), cmap="twilight_shifted", s=120, edgecolors="0.3"
)
centre = vectors.mean()
for name, place in vectors.iterrows():
    left.annotate(name[:3], centre + 1.22 * (place - centre), ha="center", va="center")
left.set(
    title="What is learned of a month",
    xlabel="first number",
    ylabel="second number",
    aspect="equal",
)
left.margins(0.25)
for name, style in {"north": "-o", "south": "--s", "islands": ":^"}.items():
    days = pd.DataFrame({"month": MONTHS, "region": name, "price": 2.5, "visitors": np.exp(6.0)})
    right.plot([month[:3] for month in MONTHS], model.predict(days), style, label=name)
right.set(title="Ice cream sold at a price of 2.50", ylabel="prediction")
right.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
plt.show()

# %%
# The months lie on a ring, in the order of the year: those between which nothing changes are
# neighbours. The score is that of the twelve columns. Nothing was filled in, scaled or encoded by
# hand; a month in which nobody counted the visitors is no trouble either.

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
