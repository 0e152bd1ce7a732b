"""Blocks of Dask arrays and frames, by the loops of the guide: the bits of ``partial_fit``, and
one block at a time in memory.
"""

import pytest

pytest.importorskip("dask")

import tracemalloc

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd

from .networks import classifier, regressor
from .problems import curve, digits
from .test_guide import run_block

BLOCK = 500


def test_blocks_of_an_array():
    """The loop of the guide gives the bits of ``partial_fit`` on the same rows."""
    X, y = digits()
    rows, labels = (
        da.from_array(np.array(X), chunks=(BLOCK, -1)),
        da.from_array(np.array(y), chunks=BLOCK),
    )
    names = {
        "rows": rows,
        "labels": labels,
        "model": classifier(),
        "classes": np.unique(y),
        "dask": dask,
        "n_epochs": 2,
    }
    found = run_block("clusters", r"rows\.to_delayed", **names)["model"]
    expected = classifier()
    for _ in range(2):
        for start in range(0, len(X), BLOCK):
            expected.partial_fit(
                X[start : start + BLOCK], y[start : start + BLOCK], classes=np.unique(y)
            )
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_blocks_of_a_frame():
    X, y = curve()
    columns = list("abcd")
    frame = pd.DataFrame(X, columns=columns).assign(target=y)
    found = run_block(
        "clusters",
        r"frame\.partitions",
        frame=dd.from_pandas(frame, npartitions=3),
        regressor=regressor(),
        n_epochs=1,
    )["regressor"]
    expected = regressor()
    for start in range(0, 150, 50):
        expected.partial_fit(
            frame[columns][start : start + 50], frame["target"][start : start + 50]
        )
    np.testing.assert_array_equal(found.predict(frame[columns]), expected.predict(frame[columns]))
    assert list(found.feature_names_in_) == columns


def test_a_block_at_a_time_is_in_memory(tmp_path):
    shape = (20_000, 200)
    X = np.memmap(tmp_path / "rows.dat", "float32", "w+", shape=shape)
    rows = da.from_array(X, chunks=(1000, -1)).astype(
        "float64"
    )  # so that a block is more than a view of the file
    names = {
        "rows": rows,
        "labels": da.arange(len(X), chunks=1000) % 3,
        "model": classifier(),
        "classes": np.arange(3),
        "dask": dask,
    }
    tracemalloc.start()
    try:
        with dask.config.set(scheduler="synchronous"):
            run_block("clusters", r"rows\.to_delayed", n_epochs=1, **names)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.2 * X.size * 8
