"""
Can activations normalise themselves? (SELU, self-normalising networks)
=======================================================================

**Answer.** Of four activations only selu keeps mean 0 and variance 1 through sixteen
layers. Under relu the mean is far from zero, tanh loses variance layer by layer, and
logistic units stay close to one half.

Batch normalisation keeps mean and variance by measuring both. The constants of selu are
chosen such that a layer maps them towards these values without measuring, if the
weights start by LeCun's rule (Klambauer et al., 2017; American spelling:
self-normalizing).
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifier
from skmlp.nn.activations import ACTIVATIONS

plt.style.use("tableau-colorblind10")
X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
DEPTH = 16
STARTS = {
    "selu": "lecun_normal",
    "relu": "he_normal",
    "tanh": "glorot_normal",
    "logistic": "glorot_normal",
}


def outputs(model, activation, X):
    """Return the output of each hidden layer."""
    rule, layers = ACTIVATIONS[activation](), [X]
    for weight, intercept in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        z = layers[-1] @ weight + intercept
        out, tmp = np.empty_like(z), np.empty_like(z)
        rule.forward(z, out, tmp)
        layers.append(out)
    return layers[1:]


# %%
# The networks as they are initialised: one step with a learning rate of nearly zero, so
# that the weights exist.

fig, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
variance, mean = {}, {}
for (activation, weight_init), marker in zip(STARTS.items(), "os^v", strict=True):
    model = MLPClassifier(
        (200,) * DEPTH,
        activation,
        weight_init=weight_init,
        learning_rate_init=1e-12,
        random_state=0,
    )
    layers = outputs(model.partial_fit(X, y, classes=[0, 1]), activation, X.astype(np.float32))
    mean[activation] = np.array([layer.mean() for layer in layers])
    variance[activation] = np.array([layer.var() for layer in layers])
    for ax, values in zip(axes, (mean, variance), strict=True):
        ax.plot(
            range(DEPTH),
            values[activation],
            marker=marker,
            label=f"{activation}, {weight_init}",
        )
axes[0].axhline(0, color="0.6", zorder=0)
axes[0].set(xlabel="hidden layer (0: next to the input)", ylabel="mean of the activations")
axes[1].axhline(1, color="0.6", zorder=0)
axes[1].set(
    xlabel="hidden layer (0: next to the input)", ylabel="variance of the activations", yscale="log"
)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %%
# The last layer:

for activation in STARTS:
    print(
        f"{activation:9s} layer {DEPTH - 1}: mean {mean[activation][-1]:+.2f}, variance "
        f"{variance[activation][-1]:.3f}"
    )
assert abs(mean["selu"][-1]) < 0.3
assert 0.5 < variance["selu"][-1] < 1.5
assert variance["tanh"][-1] < 0.2
assert mean["relu"][-1] > 0.3
