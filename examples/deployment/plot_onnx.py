"""
What does it cost to predict one sample? (latency, ONNX)
========================================================

**Answer.** Almost only overhead: for one sample nearly all of the time is what checks
and calls cost in Python, and ONNX Runtime answers many times faster. With thousands of
samples in a call most of the time is arithmetic, and the two draw near.

A server predicts a sample when it comes, a nightly job a million at once. Python has to
check the input and to call each step of a pipeline however few samples there are. A
graph of ONNX needs no Python and no scikit-learn.
"""

import timeit

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skmlp import MLPClassifier
from skmlp.onnx import to_onnx

# %%
# A hundred numbers behind a scaler, and a table of two numbers and two columns of names, with
# missing values, as it stands. Both networks have two layers of 64 units.

rng = np.random.default_rng(0)
n = 2000
setting = {
    "hidden_layer_sizes": (64, 64),
    "learning_rate": "one_cycle",
    "max_iter": 10,
    "random_state": 0,
}
numbers = rng.normal(size=(n, 100)).astype(np.float32)
y = (numbers[:, 0] + numbers[:, 1] > 0.0).astype(int)
table = pd.DataFrame(
    {
        "age": numbers[:, 0] * 12.0 + 50.0,
        "income": np.where(rng.random(n) < 0.1, np.nan, np.exp(numbers[:, 1])),
    }
)
table["town"] = rng.choice(["Aber", "Bonn", "Cork", "Dole"], n)
table["colour"] = rng.choice(["red", "green", "blue"], n)
models = {
    "a hundred numbers": (
        make_pipeline(StandardScaler(), MLPClassifier(**setting)).fit(numbers, y),
        numbers,
    ),
    "a table with categories": (
        MLPClassifier(categorical_features="from_dtype", **setting).fit(table, y),
        table,
    ),
}

# %%
# The graphs, on one thread. An array is one input; a table has one for each column, in which text
# is an array of objects.

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1


def session_of(model, X):
    return onnxruntime.InferenceSession(
        to_onnx(model, X).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def inputs_of(X):
    if not hasattr(X, "columns"):
        return {"X": X}
    return {
        name: X[[name]].to_numpy(np.float32 if X[name].dtype.kind == "f" else object) for name in X
    }


# %%
# The time of a call by the number of samples, the shortest of several.


def milliseconds(call):
    number = max(1, int(0.01 / timeit.timeit(call, number=1)))
    return 1e3 * min(timeit.repeat(call, number=number, repeat=5)) / number


sizes = [1, 4, 16, 64, 256, 1024, 2000]
times = {}
with threadpool_limits(1):
    for name, (model, X) in models.items():
        session = session_of(model, X)
        np.testing.assert_allclose(
            session.run(["probabilities"], inputs_of(X))[0], model.predict_proba(X), atol=1e-5
        )
        for size in sizes:
            rows = X[:size]
            inputs = inputs_of(rows)
            in_python = milliseconds(lambda model=model, rows=rows: model.predict_proba(rows))
            in_graph = milliseconds(
                lambda session=session, inputs=inputs: session.run(["probabilities"], inputs)
            )
            times[name, size] = in_python, in_graph

# %%
# Where a line is flat, the number of samples does not matter: that is the overhead of a
# call. Where it rises, it is the cost of the samples.

fig, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharey=True, layout="constrained")
for ax, name in zip(axes, models, strict=True):
    for k, (label, style) in enumerate({"predict_proba": "-o", "ONNX Runtime": "--s"}.items()):
        ax.loglog(sizes, [times[name, size][k] for size in sizes], style, label=label)
    ax.set(title=name, xlabel="samples in a call")
axes[0].set_ylabel("milliseconds for a call")
axes[0].legend()
plt.show()

# %%
# Both give the same probabilities. A table is taken apart column by column, so a call
# costs more, and it takes more samples to make up for that. Who predicts many samples
# at once has other reasons for ONNX, such as a place without Python. Times depend on
# the machine:

for name in models:
    for size in (sizes[0], sizes[-1]):
        in_python, in_graph = times[name, size]
        print(
            f"{name}, {size:4} samples: predict_proba {in_python:7.3f} ms, ONNX Runtime "
            f"{in_graph:7.3f} ms"
        )
