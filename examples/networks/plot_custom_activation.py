"""
Can an activation or a loss be any function that I write? (custom activation, autodiff)
=======================================================================================

**Answer.** Yes: any function built of NumPy's elementwise functions is an activation or
a loss, and no derivative has to be written. Here a periodic activation follows a wave
beyond the training data, where a tanh network fails, and a custom loss ignores twenty
wrong targets.

The network differentiates your function with dual numbers (forward-mode automatic
differentiation). The price: each of its steps takes about three passes over a batch
instead of one, and memory for intermediate results.
"""

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressor
from skmlp.nn import value_and_gradient

# %%
# The two functions
# -----------------
#
# ``snake`` is a wave with a slope (Ziyin, Hartwig and Ueda, 2020): outside of the training
# data it goes on as a wave. The loss grows like a logarithm, so outliers count for little.


def snake(z):
    return z + np.sin(3 * z) ** 2 / 3


def robust(prediction, target):
    return np.log1p((prediction - target) ** 2)


rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-6, 6, 400))
y = np.sin(2 * x) + 0.3 * x + rng.normal(0, 0.1, x.size)
y[rng.choice(x.size, 20, replace=False)] += 8

setting = {
    "hidden_layer_sizes": (30,),
    "batch_size": 20,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}
setting |= {"learning_rate": "one_cycle", "learning_rate_init": 0.03}
models = {
    "tanh, squared error": MLPRegressor(activation="tanh", **setting).fit(x[:, None], y),
    "custom activation and loss": MLPRegressor(robust, activation=snake, **setting).fit(
        x[:, None], y
    ),
}

# %%
# Where the derivative comes from
# -------------------------------
#
# A dual number carries a value and a derivative through every step of the function. The
# derivative is therefore exact up to rounding.

z = np.linspace(-2, 2, 200)
value, (slope,) = value_and_gradient(snake, z)
error = np.abs(slope - (1 + np.sin(6 * z))).max()
print(f"largest error of the derivative: {error:.0e}")

# %%
# What it learned
# ---------------
figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 4.6), width_ratios=[1, 2], layout="constrained"
)
rmse = {}
left.plot(z, value, label="snake(z)")
left.plot(z, slope, "--", label="its derivative")
left.set(xlabel="z", ylabel="value", title="The activation")
left.legend()
wide = np.linspace(-9, 9, 500)
truth = np.sin(2 * wide) + 0.3 * wide
inside = np.abs(wide) < 6
right.axvspan(-6, 6, color="0.94")
right.plot(x, y, ".", color="0.6", markersize=3, label="training data")
right.plot(wide, truth, "k", linewidth=1, label="truth")
for name, model in models.items():
    predicted = model.predict(wide[:, None])
    errors = rmse[name] = [
        np.sqrt(np.mean((predicted - truth)[part] ** 2)) for part in (inside, ~inside)
    ]
    print(
        f"{name}: root mean squared error {errors[0]:.2f} inside the data, {errors[1]:.2f} outside"
    )
    right.plot(wide, predicted, label=name)
right.set(xlabel="x", ylabel="y", ylim=(-5, 14), title="Predictions (grey area: training data)")
right.legend(loc="upper left", ncols=2, fontsize="small")
plt.show()

own, tanh = rmse["custom activation and loss"], rmse["tanh, squared error"]
assert own[0] < tanh[0] / 2
assert own[1] < tanh[1] / 2
