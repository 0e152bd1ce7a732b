"""Models as skops stores them. Where skops is not installed, the test is skipped."""

import pytest

from skmlp import skops_types


def save(model):
    return pytest.importorskip("skops.io").dumps(model)


def load(data):
    return pytest.importorskip("skops.io").loads(data, trusted=skops_types())
