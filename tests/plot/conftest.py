"""Fixtures of the tests of pictures: fitted estimators, and figures that are closed."""

import pytest

from skmlp import Autoencoder, MLPClassifier

from .fits import QUICK, VALIDATED, X, Y


@pytest.fixture(autouse=True)
def closed():
    """Draw into memory, and close the figures of a test."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def watched():
    return MLPClassifier(**QUICK, learning_rate="one_cycle", learning_rate_init=0.05).fit(
        X, Y, **VALIDATED
    )


@pytest.fixture(scope="module")
def diagnosed():
    return MLPClassifier((6, 4), max_iter=5, random_state=0, diagnostics=True).fit(X, Y)


@pytest.fixture(scope="module")
def encoder():
    return Autoencoder(2, (6,), max_iter=5, random_state=0).fit(X)
