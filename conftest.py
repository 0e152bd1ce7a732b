"""Modules of the package that need an optional package have no docstring examples without it."""

from importlib.util import find_spec

NEEDED = {"skmlp/plot": "matplotlib", "skmlp/onnx": "skl2onnx", "skmlp/nn/compiled": "numba"}

collect_ignore = [path for path, package in NEEDED.items() if find_spec(package) is None]
