"""
How far down does the gradient reach?
=====================================

Backpropagation multiplies one Jacobian per layer. If each shrinks what it is given, the layers next
to the input learn nothing; if each enlarges it, training blows up. How the weights start decides
which (Glorot and Bengio, 2010; He et al., 2015). And if all weights start alike, all units of a
layer stay alike.
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
# The gradient of each hidden layer's weights. It is a product of the layer's input, on its way up,
# and of what comes down from the loss.

fig, ax = plt.subplots(figsize=(8.5, 4.5), layout="constrained")
for (name, norm), marker in zip(norms.items(), "ovs^D", strict=True):
    ax.semilogy(range(1, DEPTH + 1), norm, marker=marker, label=name)
ax.set(
    xlabel="hidden layer (1 is next to the input)",
    ylabel="norm of the weights' gradient",
    xticks=range(1, DEPTH + 1),
)
fig.legend(loc="outside right upper")
plt.show()

# %%
# With Glorot's rule in front of tanh and He's in front of relu, every layer's gradient is of the
# order of one. Logistic units, whose slope is at most a quarter, pass on about a quarter of it in
# each layer on the way down, so that the first layer hardly moves. In front of relu weights that
# are too small shrink the signal in both directions, so that the gradient is small everywhere;
# weights that are too large blow it up.

first = {name: norm[0] for name, norm in norms.items()}
for name, norm in first.items():
    print(f"{name:30s} gradient of the first layer {norm:.1e}")
assert first["logistic, Glorot"] < 1e-6 * norms["logistic, Glorot"][-1]
assert first["relu, uniform up to 1/sqrt(n)"] < 1e-4
assert all(0.05 < first[name] < 20 for name in ("tanh, Glorot", "relu, He"))
assert first["relu, normal of width 0.3"] > 100

# %%
# If all weights start with the same number, the units of a layer compute the same, get the same
# gradient, and so remain one unit.

for weight_init in ("zeros", "constant_value", "glorot_uniform"):
    _, after = plain_step("tanh", weight_init, depth=2)
    distinct = len(np.unique(after[1].round(12), axis=1).T)
    print(
        f"weight_init={weight_init!r}: {distinct} different units of 64 in the second hidden layer"
    )
    assert distinct == (64 if weight_init == "glorot_uniform" else 1)
