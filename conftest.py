"""What needs an optional package is left out where that is not installed: docstring examples, and
tests that come upon it, as those of a backend do.
"""

from importlib.util import find_spec

import pytest

NEEDED = {
    "skmlp/nn/compiled": "numba",
    "skmlp/onnx": "skl2onnx",
    "skmlp/plot": "matplotlib",
    "tests/nn/test_compiled.py": "numba",
    "tests/record_saved.py": "skl2onnx",
}
MISSING = {name for name in NEEDED.values() if find_spec(name) is None}

collect_ignore = [place for place, name in NEEDED.items() if name in MISSING]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except ImportError as error:
        if error.name in MISSING:
            pytest.skip(f"an optional package is missing: {error}")
        raise
