"""
When does a network begin to overfit? (overfitting, early stopping, validation loss)
====================================================================================

**Answer.** When the loss on validation data begins to rise while the training loss
still falls. With dropout it rises later and less; and the best epoch differs from fold
to fold, so let early stopping find it instead of fixing the number of epochs.

:class:`~skmlp.TrainingDisplay` draws both losses and marks the epoch with the best
validation score. The digits here are noisy: four pixels in ten are random.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmlp import MLPClassifier, TrainingDisplay

digits, digit = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
noisy = np.where(rng.random(digits.shape) < 0.4, 16 * rng.random(digits.shape), digits)
X_train, X_val, y_train, y_val = train_test_split(noisy, digit, train_size=400, random_state=0)

# %%
# Two networks are trained on 400 samples and validated on the others.

setting = {
    "hidden_layer_sizes": (200,),
    "learning_rate": "cosine",
    "learning_rate_init": 0.005,
    "max_iter": 60,
    "n_iter_no_change": 60,
    "batch_size": 50,
    "random_state": 0,
}
networks = {
    name: MLPClassifier(dropout=rate, **setting).fit(
        X_train / 16, y_train, X_val=X_val / 16, y_val=y_val
    )
    for name, rate in [("no dropout", 0.0), ("dropout=0.6", 0.6)]
}
figure, axes = plt.subplots(2, 1, figsize=(9, 6.4), sharex=True, layout="constrained")
TrainingDisplay.from_estimators(networks, show=["loss", "score"], ax=axes)
plt.show()

# %%
# In the folds of a cross-validation each network stops early and returns to its best
# epoch. The display takes what ``cross_validate`` returns.

stopping = MLPClassifier(
    (200,), early_stopping=True, n_iter_no_change=5, batch_size=50, random_state=0
)
folds = cross_validate(
    make_pipeline(MinMaxScaler(), stopping), noisy, digit, cv=5, return_estimator=True
)
figure, axes = plt.subplots(2, 1, figsize=(9, 6.4), sharex=True, layout="constrained")
display = TrainingDisplay.from_estimators(folds, show=["loss", "score"], ax=axes)
plt.show()

# %%
# The lowest and the last validation loss. Dropout hardly changes the lowest one: what
# it saves is the search for the right moment to stop.

last = {name: network.history_["validation_loss"].iloc[-1] for name, network in networks.items()}
least = {name: network.history_["validation_loss"].min() for name, network in networks.items()}
for name in networks:
    print(f"{name:12s} validation loss: lowest {least[name]:.2f}, last {last[name]:.2f}")
print("best epochs of the folds:", list(display.best_epochs.values()))
assert last["no dropout"] > 1.2 * least["no dropout"]
assert last["dropout=0.6"] < 0.9 * last["no dropout"]
assert len(set(display.best_epochs.values())) > 1
