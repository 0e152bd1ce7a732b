"""
How far down does the gradient reach? (weight initialisation, vanishing gradients)
==================================================================================

**Answer.** With Glorot's rule for tanh and He's rule for relu the gradient of all
sixteen hidden layers is of the same order. Logistic units or weights that are too small
make it vanish; weights that are too large make it explode.

Backpropagation multiplies one Jacobian per layer. If each shrinks what it is given, the
layers near the input learn nothing (vanishing gradients); if each enlarges it, training
diverges (exploding gradients). The initial weights decide which (Glorot and Bengio,
2010; He et al., 2015). This also shows why weights are drawn at random: with equal
weights all units of a layer stay the same. (American spelling: initialization.)
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skmlp import MLPClassifier
from skmlp.nn import Normal, Uniform

plt.style.use("tableau-colorblind10")
X, y = (array[:500] for array in load_digits(return_X_y=True))
X = (X - X.mean()) / X.std()
RATE, DEPTH = 1e-6, 16


def plain_step(activation, weight_init, depth=DEPTH):
    """Return the weights before and after one step of plain gradient descent on all rows: the
    difference is RATE times the gradient.
    """
    model = MLPClassifier(
        (64,) * depth,
        activation,
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        batch_size=len(X),
        learning_rate_init=RATE,
    )
    model.set_params(weight_init=weight_init, random_state=0, dtype="float64")
    before = [weight.copy() for weight in model.partial_fit(X, y, classes=range(10)).coefs_]
    return before, model.partial_fit(X, y).coefs_


STARTS = {
    "logistic, Glorot": ("logistic", "glorot_uniform"),
    "relu, uniform up to 1/sqrt(n)": ("relu", Uniform()),
    "tanh, Glorot": ("tanh", "glorot_uniform"),
    "relu, He": ("relu", "he_normal"),
    "relu, normal of width 0.3": ("relu", Normal(0.3)),
}
norms = {}
for name, start in STARTS.items():
    norms[name] = [
        np.linalg.norm(new - old) / RATE for old, new in zip(*plain_step(*start), strict=True)
    ][:DEPTH]

# %%
# The norm of the gradient of each hidden layer's weights. It is a product of the
# layer's input and of what comes back from the loss.

fig, ax = plt.subplots(figsize=(9, 5.4), layout="constrained")
for (name, norm), marker in zip(norms.items(), "ovs^D", strict=True):
    ax.semilogy(range(DEPTH), norm, marker=marker, label=name)
ax.set(
    xlabel="hidden layer (0: next to the input)",
    ylabel="norm of the weights' gradient",
    xticks=range(DEPTH),
)
fig.legend(loc="outside lower center", ncols=2)
plt.show()

# %%
# Logistic units, whose slope is at most a quarter, pass on about a quarter of the
# gradient in each layer, so the first layer hardly moves. Before relu, weights that are
# too small shrink the signal in both directions.

first = {name: norm[0] for name, norm in norms.items()}
for name, norm in first.items():
    print(f"{name:30s} gradient of the first layer {norm:.1e}")
assert first["logistic, Glorot"] < 1e-6 * norms["logistic, Glorot"][-1]
assert first["relu, uniform up to 1/sqrt(n)"] < 1e-4
assert all(0.05 < first[name] < 20 for name in ("tanh, Glorot", "relu, He"))
assert first["relu, normal of width 0.3"] > 100

# %%
# If all weights start with the same number, the units of a layer compute the same, get
# the same gradient, and remain copies of one unit.

for weight_init in ("zeros", "constant_value", "glorot_uniform"):
    _, after = plain_step("tanh", weight_init, depth=2)
    distinct = len(np.unique(after[1].round(12), axis=1).T)
    print(
        f"weight_init={weight_init!r}: {distinct} different units of 64 in the second hidden layer"
    )
    assert distinct == (64 if weight_init == "glorot_uniform" else 1)
