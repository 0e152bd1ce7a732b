"""Deep autoencoders on MNIST against PCA: ``python -m benchmarks.autoencoder path/to/mnist.npz
[picture.png]``.

The network 784-1000-500-250-30 of Hinton and Salakhutdinov (Science 313, 2006) and one with a code
of two numbers: squared error summed over the pixels, a nearest neighbour on the codes, seconds and
memory. The paper reports 3.00 for 30 numbers, 8.01 for logistic PCA, 13.87 for PCA.
"""

import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from skmlp import Autoencoder

from .images import mnist
from .memory import peak_of
from .timing import table

SETTINGS = {
    "hidden_layer_sizes": (1000, 500, 250),
    "activation": "silu",
    "loss": "binary_log_loss",  # of the paper; what is reported is the squared error
    "batch_size": 100,
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.003,
    "solver": "adamw",
    "alpha": 0.1,
    "max_iter": 40,
    "n_iter_no_change": float("inf"),
    "random_state": 0,
}


def run(path, picture=None):
    """Print the table, and draw the two-number codes if a file for the picture is given."""
    X, y, X_test, y_test = mnist(path)
    rows, codes = [], {}
    for n_components in (30, 2):
        for name, model in {
            "PCA": PCA(n_components),
            "Autoencoder": Autoencoder(n_components, **SETTINGS),
        }.items():
            seconds, mebibytes = peak_of(lambda model=model: model.fit(X))
            code = model.transform(X_test)
            error = np.square(model.inverse_transform(code) - X_test).sum(axis=1).mean()
            nearest = KNeighborsClassifier(1).fit(model.transform(X), y).score(code, y_test)
            rows.append(
                [
                    f"{name}, {n_components}",
                    f"{error:.2f}",
                    f"{nearest:.4f}",
                    f"{seconds:.0f}",
                    f"{mebibytes:.0f}",
                ]
            )
            codes[name] = code
            print(*rows[-1], flush=True)
    table(rows, ["test set", "squared error", "1-NN accuracy", "seconds", "MiB"])
    if picture:
        draw(codes, y_test, picture)


def draw(codes, labels, path):
    """Draw codes of two numbers beside each other, one colour a digit."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(codes), figsize=(10, 5), layout="constrained")
    for ax, (name, code) in zip(axes, codes.items(), strict=True):
        for digit in range(10):
            ax.scatter(
                *code[labels == digit].T, s=2, color=plt.colormaps["tab10"](digit), label=str(digit)
            )
        ax.set_title(f"{name}, two numbers")
        ax.set_xticks([])
        ax.set_yticks([])
    axes[-1].legend(markerscale=5, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    run(*sys.argv[1:])
