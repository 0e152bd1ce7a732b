"""
What does a network look like as a scikit-learn estimator?
==========================================================

Three data sets that come with scikit-learn, and the tools that come with it: a pipeline,
cross-validation, a grid search, a bag, and an autoencoder where PCA would stand. It takes less than
a minute, prints a report and saves one picture.
"""

import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn import Adam

PICTURE = Path(__file__).with_suffix(".png") if "__file__" in globals() else Path("quickstart.png")
began = time.perf_counter()


def report(what, result):
    """Print a line: seconds so far, what was done, what came out."""
    print(f"{time.perf_counter() - began:5.1f} s  {what:<58s} {result}", flush=True)


# %%
# A network in a pipeline, judged by cross-validation
# ---------------------------------------------------
# The names are scikit-learn's; dropout and a learning rate that rises and falls are new.

digits, digit = load_digits(return_X_y=True)
network = MLPClassifier(
    dropout=0.2, learning_rate="one_cycle", learning_rate_init=0.01, max_iter=30, random_state=0
)
scores = cross_val_score(
    make_pipeline(StandardScaler(), network),
    digits,
    digit,
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
)
report("digits: pipeline, 5-fold accuracy", f"{scores.mean():.3f} +- {scores.std():.3f}")

diabetes, progression = load_diabetes(return_X_y=True)
linear = make_pipeline(
    StandardScaler(), MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0)
)
hidden = make_pipeline(
    StandardScaler(),
    MLPRegressor(
        hidden_layer_sizes=(50,), batch_norm=True, dropout=0.3, max_iter=100, tol=0, random_state=0
    ),
)
hidden.set_params(mlpregressor__learning_rate="one_cycle", mlpregressor__learning_rate_init=0.1)
for name, model in [("no hidden layer, lbfgs", linear), ("50 units, batch norm, dropout", hidden)]:
    report(
        f"diabetes: {name}, 5-fold R2",
        f"{cross_val_score(model, diabetes, progression, cv=5).mean():.3f}",
    )

# %%
# A grid search over activation, dropout and the solver's own parameters
# ----------------------------------------------------------------------

tumours, benign = load_breast_cancer(return_X_y=True)
search = GridSearchCV(
    make_pipeline(
        StandardScaler(),
        MLPClassifier(
            (30,),
            solver=Adam(),
            learning_rate="one_cycle",
            learning_rate_init=0.02,
            max_iter=30,
            random_state=0,
        ),
    ),
    {
        "mlpclassifier__activation": ["relu", "tanh", "selu"],
        "mlpclassifier__dropout": [0.0, 0.3],
        "mlpclassifier__solver__beta_1": [0.8, 0.9],
    },
    cv=5,
)
search.fit(tumours, benign)
best = ", ".join(
    f"{name.removeprefix('mlpclassifier__')}={value}" for name, value in search.best_params_.items()
)
report(
    f"breast cancer: grid of {len(search.cv_results_['params'])}, best 5-fold accuracy",
    f"{search.best_score_:.3f} ({best})",
)

# %%
# A bag of networks
# -----------------

X_train, X_test, y_train, y_test = train_test_split(digits, digit, stratify=digit, random_state=0)
one = make_pipeline(StandardScaler(), network).fit(X_train, y_train)
bag = make_pipeline(
    StandardScaler(), BaggingClassifier(network, n_estimators=10, random_state=0)
).fit(X_train, y_train)
report("digits: one network, test accuracy", f"{one.score(X_test, y_test):.3f}")
report("digits: a bag of ten, test accuracy", f"{bag.score(X_test, y_test):.3f}")

# %%
# Two numbers for a digit: an autoencoder next to PCA
# ---------------------------------------------------

autoencoder = Autoencoder(
    2,
    (256, 128, 32),
    activation="selu",
    code_activation="tanh",
    learning_rate="one_cycle",
    learning_rate_init=0.005,
    batch_size=64,
    max_iter=120,
    random_state=0,
)
autoencoder.fit(X_train / 16, X_val=X_test / 16)
pca = PCA(2).fit(X_train / 16)
codes = {"PCA": pca.transform(X_test / 16), "Autoencoder": autoencoder.transform(X_test / 16)}
errors = {
    "PCA": np.square(pca.inverse_transform(codes["PCA"]) - X_test / 16).sum(axis=1).mean(),
    "Autoencoder": np.square(autoencoder.inverse_transform(codes["Autoencoder"]) - X_test / 16)
    .sum(axis=1)
    .mean(),
}
neighbours = {}
for name, model in [("PCA", pca), ("Autoencoder", autoencoder)]:
    nearest = KNeighborsClassifier(5).fit(model.transform(X_train / 16), y_train)
    neighbours[name] = nearest.score(codes[name], y_test)
    report(
        f"digits: {name}, 2 numbers, squared error on test rows",
        f"{errors[name]:.2f} (5 nearest neighbours: {neighbours[name]:.2f})",
    )

# %%
# The picture: both codes, and how the autoencoder was trained
# ------------------------------------------------------------

figure, axes = plt.subplots(1, 3, figsize=(15, 5), layout="constrained")
colours = plt.get_cmap("viridis")(np.linspace(0, 1, 10))[[0, 5, 2, 7, 4, 9, 1, 6, 3, 8]]
for ax, (name, code) in zip(axes, codes.items(), strict=False):
    for label in range(10):
        rows = y_test == label
        ax.scatter(*code[rows].T, s=60, color=colours[label], alpha=0.45, linewidths=0)
    for x, y, label in zip(*code.T, y_test, strict=True):
        ax.text(x, y, str(label), fontsize=7, ha="center", va="center")
    ax.set(title=f"{name}: squared error {errors[name]:.1f}", xlabel="code 1", ylabel="code 2")
history = autoencoder.history_
axes[2].plot(history.index, history["loss"], label="training")
axes[2].plot(history.index, history["validation_loss"], label="test rows", linestyle="--")
axes[2].set(
    title="Autoencoder: loss per epoch",
    xlabel="epoch",
    ylabel="half squared error, summed over pixels",
    ylim=(0, 4),
)
axes[2].legend()
figure.savefig(PICTURE, dpi=90)
report("picture saved", PICTURE.name)

# %%
# So a network looks like any other estimator: it sits in a pipeline, its activation, dropout and
# solver are parameters of a grid search, ten of them make a bag, and the autoencoder has
# ``transform`` and ``inverse_transform`` as PCA has. With two numbers for a digit it leaves less
# than two thirds of PCA's squared error.
