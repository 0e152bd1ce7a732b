"""
Which rows are outliers, and in which columns? (anomaly and novelty detection)
==============================================================================

**Answer.** Ranked by an autoencoder's reconstruction error, most of the corrupted rows
come before most of the others, while the largest distance of a value from its column's
mean hardly tells them apart. In most corrupted rows the column with the largest error
is the one that was changed.

A wrong value is easy to find where it lies outside the range of its column. Here it
does not: in twelve rows of measurements of breast tumours one value each is replaced by
an ordinary value from the other end of the same column. Only the combination is
unusual, and an autoencoder with a narrow code learns which combinations are usual.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, OutlierAutoencoder

data = load_breast_cancer(as_frame=True)
rng = np.random.default_rng(0)
order = rng.permutation(len(data.data))
train, test = data.data.iloc[order[:379]], data.data.iloc[order[379:]].copy()

replaced = rng.integers(0, train.shape[1], 12)
low, middle, high = (train.quantile(level).to_numpy() for level in (0.05, 0.5, 0.95))
for row, column in enumerate(replaced):
    test.iloc[row, column] = (
        high[column] if test.iloc[row, column] < middle[column] else low[column]
    )
is_replaced = np.arange(len(test)) < len(replaced)

autoencoder = Autoencoder(
    8,
    (32,),
    "tanh",
    batch_size=64,
    learning_rate="one_cycle",
    learning_rate_init=0.01,
    max_iter=200,
)
detector = OutlierAutoencoder(
    make_pipeline(StandardScaler(), autoencoder), contamination=0.1, random_state=0
).fit(train)

scores = detector.decision_function(test)
errors = detector.feature_errors(test)
distances = np.abs((test - train.mean()) / train.std()).max(axis=1)
areas = {
    "reconstruction error": roc_auc_score(is_replaced, -scores),
    "largest distance from a mean": roc_auc_score(is_replaced, distances),
}
found = (errors[is_replaced].argmax(axis=1) == replaced).mean()
print("Area under the ROC curve:", {name: round(float(area), 3) for name, area in areas.items()})
print(f"The column with the largest error is the replaced one in {found:.0%} of these rows.")
assert areas["reconstruction error"] > areas["largest distance from a mean"] + 0.1
assert found > 0.6

# %%
# Above the corrupted rows, with a ring around the value that was replaced; below as
# many unchanged rows. On the right the error of the row, divided by the threshold above
# which ``predict`` calls it an outlier.

shown = np.arange(24)
figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 7.4), sharey=True, width_ratios=[5, 1], layout="constrained"
)
picture = left.imshow(np.sqrt(2 * errors[shown]), cmap="gray_r", vmin=0, vmax=2, aspect="auto")
left.scatter(
    replaced,
    np.arange(12),
    s=110,
    facecolors="none",
    edgecolors="tab:orange",
    linewidths=2,
    label="replaced value",
)
left.axhline(11.5, color="tab:blue", linewidth=1)
left.set_xticks(range(train.shape[1]), train.columns, rotation=90, fontsize=8)
left.set_yticks([5.5, 17.5], ["corrupted rows", "other rows"], rotation=90, va="center")
left.tick_params(axis="y", length=0)
figure.colorbar(
    picture,
    ax=left,
    location="top",
    shrink=0.5,
    label="error, standard deviations (ring: replaced value)",
)
ratios = detector.score_samples(test)[shown] / detector.offset_
right.barh(shown, ratios - 1, left=1, color=np.where(scores[shown] < 0, "tab:orange", "tab:blue"))
right.axvline(1, color="black", linewidth=1)
right.set(xscale="log", xlabel="error / threshold")
right.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
plt.show()
