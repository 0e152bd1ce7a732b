"""What all displays share: where they draw, and what they refuse."""

import pytest

pytest.importorskip("matplotlib")

import subprocess
import sys

import matplotlib.pyplot as plt
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import skmlp
from skmlp import (
    Autoencoder,
    CodeDisplay,
    DiagnosticsDisplay,
    LearningRateRangeDisplay,
    MLPClassifier,
    ReconstructionDisplay,
    TrainingDisplay,
    WeightsDisplay,
)

from .fits import QUICK, X, Y, assert_inside

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# ---- where


def test_several_panels_in_given_axes(watched, diagnosed):
    figure, axes = plt.subplots(2, 3, layout="constrained")
    display = TrainingDisplay.from_estimator(watched, ax=axes[0])
    assert list(display.axes_) == list(axes[0])
    assert [ax.get_xlabel() for ax in axes[0]] == ["epoch"] * 3
    assert [ax.get_ylabel() for ax in axes[0]] == ["loss", "validation score", "learning rate"]
    assert DiagnosticsDisplay.from_estimator(diagnosed, ax=axes[1]).figure_ is figure
    with pytest.raises(ValueError, match="There are 3 panels to draw, but ax has 6 Axes"):
        TrainingDisplay.from_estimator(watched, ax=axes)


def test_several_panels_share_the_place_of_one(watched, encoder):
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    display = TrainingDisplay.from_estimator(watched, ax=left)
    CodeDisplay.from_estimator(encoder, X, Y, ax=right)
    assert_inside(figure)
    assert len(display.axes_) == 3
    assert all(ax.get_position().x1 <= right.get_position().x0 for ax in display.axes_)
    assert not left.axison
    free = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(ValueError, match="not in a grid of subplots"):
        TrainingDisplay.from_estimator(watched, ax=free)
    assert TrainingDisplay.from_estimator(watched, show="loss", ax=free).axes_[0] is free


def test_one_panel_in_given_axes(watched, encoder):
    figure, axes = plt.subplots(2, 3)
    displays = [
        WeightsDisplay.from_estimator(watched, ax=axes[0, 0]),
        WeightsDisplay.from_estimator(watched, image_shape=(1, 5), ax=axes[0, 1]),
        CodeDisplay.from_estimator(encoder, X, Y, ax=axes[0, 2]),
        ReconstructionDisplay.from_estimator(encoder, X[:4], image_shape=(5, 1), ax=axes[1, 0]),
        LearningRateRangeDisplay.from_estimator(
            MLPClassifier(**QUICK), X, Y, n_steps=5, ax=axes[1, 1]
        ),
    ]
    for display, ax in zip(displays, axes.ravel(), strict=False):
        assert display.ax_ is ax
        assert display.figure_ is figure
        assert display.plot() is display
        assert display.figure_ is not figure


# ---- all of them


MAKE = {
    "TrainingDisplay": lambda model: TrainingDisplay.from_estimator(model),
    "DiagnosticsDisplay": lambda model: DiagnosticsDisplay.from_estimator(model),
    "WeightsDisplay": lambda model: WeightsDisplay.from_estimator(model),
    "CodeDisplay": lambda model: CodeDisplay.from_estimator(model, X, components=(0, 1)),
    "ReconstructionDisplay": lambda model: ReconstructionDisplay.from_estimator(
        model, X[:3], image_shape=(5, 1)
    ),
    "LearningRateRangeDisplay": lambda model: LearningRateRangeDisplay.from_estimator(
        model, X, Y, n_steps=4
    ),
}


def test_none_is_missing_here():
    displays = {name for name in skmlp.__all__ if name.endswith("Display")}
    assert displays == set(MAKE) == set(skmlp.plot.__all__)


@pytest.mark.parametrize("name", [name for name in MAKE if name != "LearningRateRangeDisplay"])
def test_other_estimators_are_refused(name):
    with pytest.raises(
        TypeError, match=r"estimator must be a fitted MLPClassifier.*got LogisticRegression\(\)"
    ):
        MAKE[name](LogisticRegression().fit(X, Y))
    with pytest.raises(NotFittedError):
        MAKE[name](Autoencoder())


@pytest.mark.parametrize("name", MAKE)
def test_without_matplotlib_one_line_says_what_to_install(name, monkeypatch, diagnosed):
    for module in [module for module in sys.modules if module.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    model = (
        Autoencoder(2, (6,), max_iter=2, diagnostics=True).fit(X)
        if name == "ReconstructionDisplay"
        else diagnosed
    )
    with pytest.raises(ImportError) as caught:
        MAKE[name](model)
    assert (
        str(caught.value)
        == f'{name} draws with matplotlib, which is not installed: pip install "skmlp[plot]"'
    )


def imported_by(code):
    """Return the names of the packages that a fresh process has imported after ``code``."""
    code += "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.split()
    )


@pytest.mark.slow
def test_importing_the_package_imports_what_scikit_learn_does():
    """And pandas, which ``history_`` is made of; nothing that is optional."""
    found = imported_by("import skmlp, skmlp.plot, skmlp.callbacks")
    assert not found & {"matplotlib", "numba", "onnx", "dask", "polars", "skops"}
    both = imported_by("import sklearn.neural_network, pandas")
    assert {
        name
        for name in found - both
        if name not in sys.stdlib_module_names and not name.startswith("__editable__")
    } == {"skmlp"}
