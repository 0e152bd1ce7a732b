"""ONNX Runtime as the oracle of the tests of skmlp.onnx: what a converted model gives, and how
near that is to the estimator's own.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

EPS = {"float32": 1e-5, "float64": 1e-12}


def outputs(model, inputs):
    """Return what ONNX Runtime computes, by the names of the outputs; ``inputs``: an array for
    input X, or arrays by name.
    """
    onnx.checker.check_model(model, full_check=True)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(
        zip(
            names,
            session.run(names, inputs if isinstance(inputs, dict) else {"X": inputs}),
            strict=True,
        )
    )


def rows_to_try(n_features, seed=0):
    """Return random rows and extreme ones: large, small and of both signs, zeros."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(20, n_features))
    extremes = [np.full(n_features, value) for value in (1e4, -1e4, 1e-8, -1e-8, 0.0)]
    return np.vstack(
        [
            rows,
            *extremes,
            rows[:3] * 1e4,
            rows[:3] * 1e-8,
            rng.choice([-1e4, 0.0, 1e4], (5, n_features)),
        ]
    )


def assert_near(got, wanted, dtype="float32"):
    """Assert that values agree to the precision, relative to the largest value of a row: sums of
    large numbers cancel.
    """
    assert got.dtype == dtype
    wanted = np.asarray(wanted).reshape(len(wanted), -1)
    scale = 1.0 + np.abs(wanted).max(axis=1, keepdims=True, initial=0.0)
    assert_allclose(got.reshape(len(got), -1) / scale, wanted / scale, rtol=0, atol=EPS[dtype])


def clear(model, X):
    """Return which rows are not so near a border that rounding decides."""
    scores = np.sort(model.predict_proba(X), axis=1)
    return scores[:, -1] - scores[:, -2] > 1e-4


def assert_same_classifier(model, X, got, label="label"):
    sure = clear(model, X)
    assert sure.mean() > 0.8
    assert_array_equal(got[label][sure], model.predict(X)[sure])
    assert_near(got["probabilities"], model.predict_proba(X))


def quick(cls, hidden=(8,), **setting):
    """Return a small estimator that learns something in a few epochs."""
    return cls(
        **{
            "hidden_layer_sizes": hidden,
            "learning_rate_init": 0.02,
            "max_iter": 5,
            "random_state": 0,
            **setting,
        }
    )


def columns_of(X, dtype="float32"):
    """Return a frame as inputs of a graph: floats of one precision, and strings with '' for what
    is missing.
    """
    inputs = {}
    for name in X.columns:
        column = X[name]
        if not pd.api.types.is_numeric_dtype(column):
            column = column.astype(object).where(column.notna(), "")
        values = column.to_numpy().reshape(-1, 1)
        inputs[str(name)] = values.astype(dtype) if values.dtype.kind == "f" else values
    return inputs


def strange(X):
    """Return the rows with something new in each column: other categories, missing values where
    there were none, large numbers.
    """
    X = X.astype({"colour": object, "age": float})
    X.loc[X.index[::5], "colour"] = "violet"
    X.loc[X.index[1::5], "colour"] = None
    X.loc[X.index[::7], "town"] = "nan"
    X.loc[X.index[::3], "age"] = np.nan
    X.loc[X.index[2::9], "income"] *= -1e3
    return X
