"""What needs an optional package is left out where that is not installed: docstring examples, and
tests that come upon it, as those of a backend do.
"""

from importlib.util import find_spec

import pytest

NEEDED = {"skmlp/plot": "matplotlib", "skmlp/onnx": "skl2onnx", "skmlp/nn/compiled": "numba"}
MISSING = [name for name in (*NEEDED.values(), "polars", "skops", "dask") if not find_spec(name)]

collect_ignore = [place for place, name in NEEDED.items() if name in MISSING]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except ImportError as error:
        if MISSING and (error.name in MISSING or "pip install skmlp[" in str(error)):
            pytest.skip(f"an optional package is missing: {error}")
        raise


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    missing = [name for name in MISSING if f"No module named '{name}'" in str(report.longrepr)]
    if report.failed and missing:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"needs {missing[0]}")
    return report
