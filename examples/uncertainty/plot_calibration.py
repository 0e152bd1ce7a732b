"""
Can one trust a predicted probability of 0.9? (calibration, reliability diagram)
================================================================================

**Answer.** Not that of a network that overfits: it is right far less often than it
claims. ``CalibratedClassifierCV`` with held-out samples repairs most of that and lowers
the log loss, while hardly any prediction changes; early stopping avoids the problem and
is more accurate here.

A classifier is calibrated if, of all the samples for which it predicts 0.9, nine in ten
belong to the class. A network trained for long on few noisy samples becomes
overconfident, since the training loss rewards probabilities near 0 and 1.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifier

X, y = make_classification(
    6000, n_features=20, n_informative=6, flip_y=0.2, class_sep=0.8, random_state=0
)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, train_size=600, random_state=0)
X_held_out, X_test, y_held_out, y_test = train_test_split(
    X_rest, y_rest, train_size=1000, random_state=0
)
network = MLPClassifier(
    (100,),
    learning_rate="one_cycle",
    learning_rate_init=0.01,
    max_iter=150,
    n_iter_no_change=150,
    random_state=0,
).fit(X_train, y_train)
early = MLPClassifier(
    (100,), early_stopping=True, learning_rate_init=0.003, max_iter=300, random_state=0
).fit(X_train, y_train)

# %%
# A calibration curve needs samples that the network has not seen, and ``FrozenEstimator`` keeps
# ``CalibratedClassifierCV`` from training the network again.

calibrated = CalibratedClassifierCV(FrozenEstimator(network), method="sigmoid").fit(
    X_held_out, y_held_out
)
models = {"network": network, "calibrated": calibrated, "early stopping": early}
predicted = {name: model.predict_proba(X_test)[:, 1] for name, model in models.items()}

# %%
# Left the reliability diagram: the share of the class among test samples with about the same
# predicted probability. Right how often each probability is predicted.

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
left.plot([0, 1], [0, 1], color="0.7", label="perfectly calibrated")
for (name, probability), style, colour in zip(
    predicted.items(), ["s-", "o-", "^--"], ["#D55E00", "#0072B2", "#009E73"], strict=True
):
    true, mean = calibration_curve(y_test, probability, n_bins=10)
    left.plot(mean, true, style, color=colour, label=name)
    right.hist(
        probability, bins=20, range=(0, 1), histtype="step", linewidth=2, color=colour, label=name
    )
left.set(xlabel="predicted probability of class 1", ylabel="fraction of class 1")
left.legend()
right.set(xlabel="predicted probability of class 1", ylabel="number of test samples")
right.legend(loc="upper center")
plt.show()

# %%
# Early stopping on validation data is the cheaper remedy, since it stops before the network
# becomes overconfident. The measures, lower is better but for accuracy:

table = {}
for name, probability in predicted.items():
    sure = np.maximum(probability, 1 - probability) > 0.9
    right_when_sure = np.mean((probability > 0.5)[sure] == y_test[sure])
    table[name] = {
        "log loss": log_loss(y_test, probability),
        "Brier score": brier_score_loss(y_test, probability),
        "accuracy": np.mean((probability > 0.5) == y_test),
        "accuracy where surer than 90 %": right_when_sure,
    }
    print(f"{name:15s}", ", ".join(f"{key} {value:.3f}" for key, value in table[name].items()))
assert table["network"]["accuracy where surer than 90 %"] < 0.85
assert table["calibrated"]["log loss"] < 0.7 * table["network"]["log loss"]
assert table["early stopping"]["log loss"] < 0.7 * table["network"]["log loss"]
assert abs(table["calibrated"]["accuracy"] - table["network"]["accuracy"]) < 0.02
assert table["early stopping"]["accuracy"] > table["network"]["accuracy"] + 0.03
