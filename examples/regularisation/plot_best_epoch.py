"""
When does a network begin to overfit?
=====================================

Training loss falls as long as one trains. Where the loss on rows that the network does not train on
turns, it has begun to overfit. :class:`~skmlp.TrainingDisplay` shows both, and marks the epoch with
the best validation score. Is it the same in each fold of cross-validation, and what does dropout
change?
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmlp import MLPClassifier, TrainingDisplay

digits, digit = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
noisy = np.where(
    rng.random(digits.shape) < 0.4, 16 * rng.random(digits.shape), digits
)  # 4 wrong pixels in 10
X_train, X_fresh, y_train, y_fresh = train_test_split(noisy, digit, train_size=400, random_state=0)

# %%
# Two networks on 400 rows, watched on the others.

warnings.filterwarnings("ignore", category=ConvergenceWarning)
setting = {
    "hidden_layer_sizes": (200,),
    "learning_rate_init": 0.002,
    "max_iter": 60,
    "tol": 0.0,
    "batch_size": 50,
    "random_state": 0,
}
networks = {
    name: MLPClassifier(dropout=rate, **setting).fit(
        X_train / 16, y_train, X_val=X_fresh / 16, y_val=y_fresh
    )
    for name, rate in [("no dropout", 0.0), ("dropout=0.6", 0.6)]
}
TrainingDisplay.from_estimators(networks)
plt.show()

# %%
# The folds of a cross-validation, in which each network stops early and goes back to its best
# epoch. What ``cross_validate`` returns is all that the picture needs.

stopping = MLPClassifier(
    (200,), early_stopping=True, n_iter_no_change=5, batch_size=50, random_state=0
)
folds = cross_validate(
    make_pipeline(MinMaxScaler(), stopping), noisy, digit, cv=5, return_estimator=True
)
display = TrainingDisplay.from_estimators(folds)
plt.show()

# %%
# Without dropout the loss on fresh rows turns upward after some twenty epochs, while that of
# training goes to zero; with dropout it falls for longer and stays down. The best epoch differs
# between folds, so a number of epochs found in one is no good rule for another; early stopping
# finds it anew each time.

last = {name: network.history_["validation_loss"].iloc[-1] for name, network in networks.items()}
least = {name: network.history_["validation_loss"].min() for name, network in networks.items()}
for name in networks:
    print(
        f"{name:12s} loss on fresh rows: {least[name]:.2f} at its least, {last[name]:.2f} at the "
        "end"
    )
print("best epochs of the folds:", list(display.best_epochs.values()))
assert last["no dropout"] > 1.2 * least["no dropout"]
assert last["dropout=0.6"] < 0.85 * last["no dropout"]
assert len(set(display.best_epochs.values())) > 1
