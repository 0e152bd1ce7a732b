"""The displays: what is in the artists against what is in the estimator, where they draw, what
they refuse.
"""

import pytest

pytest.importorskip("matplotlib")

import subprocess
import sys

import matplotlib
import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skmlp
from skmlp import (
    Autoencoder,
    CodeDisplay,
    DiagnosticsDisplay,
    LearningRateRangeDisplay,
    MLPClassifier,
    MLPRegressor,
    ReconstructionDisplay,
    TrainingDisplay,
    WeightsDisplay,
)

from .problems import blobs, curve

matplotlib.use("Agg")
import matplotlib.pyplot as plt

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)  # of five features
QUICK = {"hidden_layer_sizes": (6,), "max_iter": 8, "random_state": 0}
VALIDATED = {"X_val": X[:40], "y_val": Y[:40]}


@pytest.fixture(autouse=True)
def closed():
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


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def assert_inside(figure):
    """Everything written lies within the figure, and no two labels of the axes overlap."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    boxes = [
        text.get_window_extent()
        for ax in figure.axes
        for text in (ax.xaxis.label, ax.yaxis.label, ax.title)
        if text.get_text()
    ]
    boxes += [ax.get_legend().get_window_extent() for ax in figure.axes if ax.get_legend()]
    for box in boxes:
        assert box.x0 > -1
        assert box.y0 > -1
        assert box.x1 < width + 1
        assert box.y1 < height + 1
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:k])


# ---- training


def test_training_shows_the_history(watched):
    display = TrainingDisplay.from_estimator(watched)
    assert display.panels_ == ["loss", "score", "learning_rate"]
    assert len(display.axes_) == 3
    history = watched.history_
    shown = ["loss", "validation_loss", "validation_score", "learning_rate"]
    assert set(display.lines_) == {("MLPClassifier", column) for column in shown}
    for (_, column), line in display.lines_.items():
        assert_array_equal(line.get_xdata(), np.arange(1, 9))
        assert_array_equal(line.get_ydata(), history[column])
    axes = {column: line.axes for (_, column), line in display.lines_.items()}
    assert axes["loss"] is axes["validation_loss"] is display.axes_[0]
    assert axes["validation_score"] is display.axes_[1]
    assert [ax.get_ylabel() for ax in display.axes_] == [
        "loss",
        "validation score",
        "learning rate",
    ]
    assert [ax.get_xlabel() for ax in display.axes_] == ["", "", "epoch"]  # the panels share it
    assert display.axes_[2].get_yscale() == "log"
    assert all(ax.figure is display.figure_ for ax in display.axes_)
    assert_inside(display.figure_)


@pytest.mark.parametrize("early", [False, True])
def test_training_marks_the_best_epoch(early):
    model = MLPClassifier(
        **QUICK | {"max_iter": 60}, early_stopping=early, n_iter_no_change=3, learning_rate_init=0.1
    )
    model.fit(X, Y, **VALIDATED)
    best = int(np.argmax(model.validation_scores_)) + 1
    display = TrainingDisplay.from_estimator(model)
    assert display.panels_ == ["loss", "score"]  # the rate does not change
    assert set(display.marks_) == {
        ("MLPClassifier", "validation_loss"),
        ("MLPClassifier", "validation_score"),
    }
    for (_, column), mark in display.marks_.items():
        assert_array_equal(mark.get_xydata(), [[best, model.history_[column].loc[best]]])
    assert legend_of(display.axes_[0]) == ["training", "validation", f"best epoch: {best}"]
    if early:
        assert model.score(X[:40], Y[:40]) == pytest.approx(
            model.history_["validation_score"].loc[best]
        )


def test_training_of_an_estimator_without_validation():
    display = TrainingDisplay.from_estimator(MLPRegressor(**QUICK).fit(*curve()), name="mine")
    assert display.panels_ == ["loss"]
    assert set(display.lines_) == {("mine", "loss")}
    assert display.marks_ == {}
    assert display.axes_[0].get_title() == "mine"
    lbfgs = TrainingDisplay.from_estimator(MLPRegressor(**QUICK, solver="lbfgs").fit(*curve()))
    assert lbfgs.panels_ == ["loss"]


def test_training_of_several_estimators(watched):
    plain = MLPClassifier(**QUICK).fit(X, Y)
    display = TrainingDisplay.from_estimators({"watched": watched, "plain": plain})
    assert legend_of(display.axes_[0]) == [
        "watched",
        "plain",
        "training",
        "validation",
        "best epoch",
    ]
    assert_array_equal(display.lines_["plain", "loss"].get_ydata(), plain.loss_curve_)
    assert ("plain", "validation_score") not in display.lines_
    colours = [display.lines_[name, "loss"].get_color() for name in ("watched", "plain")]
    assert len(set(colours)) == 2
    assert display.lines_["watched", "validation_score"].get_color() == colours[0]
    assert_inside(display.figure_)
    assert list(TrainingDisplay.from_estimators([watched, plain]).histories) == [
        "MLPClassifier 1",
        "MLPClassifier 2",
    ]
    many = TrainingDisplay.from_estimators({str(k): plain for k in range(12)})
    assert len({tuple(line.get_color()) for line in many.lines_.values()}) == 12
    assert_inside(many.figure_)


def test_training_in_the_folds_of_cross_validation():
    model = make_pipeline(StandardScaler(), MLPClassifier(**QUICK))
    result = cross_validate(model, X, Y, cv=3, return_estimator=True)
    display = TrainingDisplay.from_estimators(result)
    for number, estimator in enumerate(result["estimator"], 1):
        assert_array_equal(
            display.lines_[f"fold {number}", "loss"].get_ydata(), estimator[-1].loss_curve_
        )
    with pytest.raises(ValueError, match="return_estimator=True"):
        TrainingDisplay.from_estimators(cross_validate(model, X, Y, cv=3))


@pytest.mark.parametrize(
    "kind", ["pipeline", "search", "search in a pipeline", "pipeline in a search", "target"]
)
def test_the_network_is_found(kind):
    network = MLPRegressor(**QUICK) if kind == "target" else MLPClassifier(**QUICK)
    grid = {"alpha": [0.1, 1.0]}
    pipe = make_pipeline(StandardScaler(), network)
    estimator = {
        "pipeline": pipe,
        "search": GridSearchCV(network, grid, cv=2),
        "search in a pipeline": make_pipeline(StandardScaler(), GridSearchCV(network, grid, cv=2)),
        "pipeline in a search": GridSearchCV(pipe, {"mlpclassifier__alpha": [0.1, 1.0]}, cv=2),
        "target": TransformedTargetRegressor(network),
    }[kind].fit(*(curve() if kind == "target" else (X, Y)))
    found = {
        "pipeline": lambda: estimator[-1],
        "search": lambda: estimator.best_estimator_,
        "search in a pipeline": lambda: estimator[-1].best_estimator_,
        "pipeline in a search": lambda: estimator.best_estimator_[-1],
        "target": lambda: estimator.regressor_,
    }[kind]()
    (line,) = TrainingDisplay.from_estimator(estimator).lines_.values()
    assert_array_equal(line.get_ydata(), found.loss_curve_)
    assert WeightsDisplay.from_estimator(estimator).weights.shape == found.coefs_[0].shape


@pytest.mark.parametrize("show", [("learning_rate", "loss"), "loss"])
def test_training_shows_the_panels_asked_for(show, watched):
    display = TrainingDisplay.from_estimator(watched, show=show)
    assert display.panels_ == ([show] if isinstance(show, str) else list(show))


@pytest.mark.parametrize(
    ("show", "message"),
    [
        ("accuracy", "show must name panels among .*got 'accuracy'"),
        ((), "show is empty"),
        ("score", r"show has 'score', but no history has such numbers; .*X_val"),
    ],
)
def test_training_refuses_panels_that_are_not_there(show, message):
    with pytest.raises(ValueError, match=message):
        TrainingDisplay.from_estimator(MLPClassifier(**QUICK).fit(X, Y), show=show)


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


# ---- diagnostics


def test_diagnostics_show_the_history(diagnosed):
    display = DiagnosticsDisplay.from_estimator(diagnosed)
    assert display.panels_ == ["gradient_norm", "dead", "saturated"]
    layers = {"gradient_norm": 3, "dead": 2, "saturated": 2}
    assert set(display.lines_) == {f"{panel}_{k}" for panel, n in layers.items() for k in range(n)}
    for column, line in display.lines_.items():
        assert_array_equal(line.get_ydata(), diagnosed.history_[column])
        assert line.axes is display.axes_[display.panels_.index(column.rpartition("_")[0])]
    assert legend_of(display.axes_[0]) == ["0", "1", "2"]
    first, last = (np.sum(display.lines_[f"gradient_norm_{k}"].get_color()[:3]) for k in (0, 2))
    assert first < last  # from dark to light
    assert display.lines_["dead_1"].get_color() is not None
    assert_array_equal(
        display.lines_["dead_1"].get_color(), display.lines_["gradient_norm_1"].get_color()
    )
    assert_inside(display.figure_)


def test_diagnostics_of_a_network_without_hidden_layers():
    model = MLPClassifier((), max_iter=3, diagnostics=True).fit(X, Y)
    assert DiagnosticsDisplay.from_estimator(model).panels_ == ["gradient_norm"]
    with pytest.raises(ValueError, match="there is no hidden layer; take show='gradient_norm'"):
        DiagnosticsDisplay.from_estimator(model, show="dead")


def test_diagnostics_that_are_not_there(watched, diagnosed):
    with pytest.raises(ValueError, match="fit the estimator with diagnostics=True"):
        DiagnosticsDisplay.from_estimator(watched)
    with pytest.raises(ValueError, match=r"show must name panels among .*'alive'"):
        DiagnosticsDisplay.from_estimator(diagnosed, show=["dead", "alive"])
    assert DiagnosticsDisplay.from_estimator(diagnosed, show=["activation_std"]).panels_ == [
        "activation_std"
    ]


# ---- weights


def test_weights_as_a_matrix(watched):
    display = WeightsDisplay.from_estimator(watched)
    assert_array_equal(display.image_.get_array(), watched.coefs_[0])
    limit = np.abs(watched.coefs_[0]).max()
    assert_allclose(display.image_.get_clim(), (-limit, limit))
    assert display.colorbar_.ax.get_ylabel() == "weight"
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("unit", "input")
    last = WeightsDisplay.from_estimator(watched, layer=-1, units=[2, 0])
    assert_array_equal(last.image_.get_array(), watched.coefs_[-1][:, [2, 0]])
    assert [text.get_text() for text in last.ax_.get_xticklabels()] == ["2", "0"]


def test_weights_beside_the_names_of_features():
    frame = pd.DataFrame(X, columns=list("abcde"))
    display = WeightsDisplay.from_estimator(MLPClassifier(**QUICK).fit(frame, Y))
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == list("abcde")


@pytest.mark.parametrize(("units", "shown"), [(None, 6), (3, 3), ([5, 0], 2)])
def test_weights_as_images(units, shown, watched):
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(60, 12))
    model = MLPRegressor(**QUICK).fit(pictures, pictures[:, 0])
    display = WeightsDisplay.from_estimator(model, image_shape=(3, 4), units=units)
    if not isinstance(units, list):
        norms = [np.sqrt(sum(w**2 for w in column)) for column in model.coefs_[0].T]
        units = sorted(range(6), key=lambda unit: -norms[unit])[:shown]
    assert display.units == units
    sheet = np.ma.filled(display.image_.get_array(), np.nan)
    assert np.isfinite(sheet).sum() == 12 * shown
    titles = {text.get_text(): text.get_position() for text in display.ax_.texts}
    assert list(titles) == [f"unit {unit}" for unit in units]
    for unit in units:  # below its title
        x, y = titles[f"unit {unit}"]
        left, top = round(x - 1.5), round(y + 0.7)
        assert_array_equal(
            sheet[top : top + 3, left : left + 4], model.coefs_[0][:, unit].reshape(3, 4)
        )
    limit = np.abs(model.coefs_[0][:, units]).max()
    assert_allclose(display.image_.get_clim(), (-limit, limit))


def test_no_more_images_than_can_be_read():
    pictures = np.random.default_rng(0).normal(size=(60, 12))
    model = MLPRegressor(hidden_layer_sizes=(40,), max_iter=2, random_state=0).fit(
        pictures, pictures[:, 0]
    )
    assert len(WeightsDisplay.from_estimator(model, image_shape=(3, 4)).units) == 16
    assert not WeightsDisplay.from_estimator(model, image_shape=(3, 4), units=40).ax_.texts
    assert len(WeightsDisplay.from_estimator(model).units) == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"layer": 2},
            "layer must be the number of one of the 2 weight matrices, from 0 on, got 2",
        ),
        ({"layer": "first"}, "layer must be .*got 'first'"),
        (
            {"image_shape": (2, 3)},
            r"height \* width = 5, the number of inputs of the layer, got \(2, 3\)",
        ),
        ({"image_shape": 5}, r"image_shape must be \(height, width\).*got 5"),
        ({"units": 7}, "units must be a number of units from 1 to 6 or a list of them, got 7"),
        ({"units": [6]}, r"units must be numbers of units from 0 to 5, at least one, got \[6\]"),
        ({"units": []}, r"at least one, got \[\]"),
    ],
)
def test_weights_refuse_what_is_not_there(options, message, watched):
    with pytest.raises(ValueError, match=message):
        WeightsDisplay.from_estimator(watched, **options)


# ---- codes


@pytest.mark.parametrize("labels", ["ints", "strings", "booleans", "series"])
def test_codes_by_class(labels, encoder):
    y = {
        "ints": Y,
        "strings": np.array(["a", "b", "c"])[Y],
        "booleans": Y > 0,
        "series": pd.Series(Y, name="kind"),
    }[labels]
    display = CodeDisplay.from_estimator(encoder, X, y)
    classes = np.unique(y)
    codes = encoder.transform(X)
    assert len(display.points_) == len(classes)
    for label, points in zip(classes, display.points_, strict=True):
        assert_allclose(points.get_offsets(), codes[np.asarray(y) == label])
    assert legend_of(display.ax_) == [str(label) for label in classes]
    assert display.colorbar_ is None
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("code 0", "code 1")
    assert (display.ax_.get_legend().get_title().get_text() == "kind") == (labels == "series")


def test_codes_by_number(encoder):
    numbers = X[:, 0]
    display = CodeDisplay.from_estimator(encoder, X, numbers)
    assert_array_equal(display.points_[0].get_array(), numbers)
    assert display.colorbar_.ax.get_ylabel() == "y"
    assert display.ax_.get_legend() is None
    counts = CodeDisplay.from_estimator(encoder, X, pd.Series(np.arange(150), name="rank"))
    assert counts.colorbar_.ax.get_ylabel() == "rank"
    plain = CodeDisplay.from_estimator(encoder, X)
    assert_allclose(plain.points_[0].get_offsets(), encoder.transform(X))
    assert plain.colorbar_ is None


def test_no_two_classes_look_alike(encoder):
    display = CodeDisplay.from_estimator(encoder, X, np.arange(150) % 20)
    looks = {
        (tuple(points.get_facecolor()[0]), points.get_paths()[0].vertices.tobytes())
        for points in display.points_
    }
    assert len(looks) == 20
    assert_inside(display.figure_)


def test_codes_of_a_pipeline_and_of_a_classifier(watched):
    pipe = make_pipeline(StandardScaler(), Autoencoder(2, (6,), max_iter=3, random_state=0)).fit(
        3 * X
    )
    display = CodeDisplay.from_estimator(pipe, 3 * X)
    assert_allclose(display.points_[0].get_offsets(), pipe.transform(3 * X))
    display = CodeDisplay.from_estimator(watched, X, components=(4, 1))
    assert_allclose(display.points_[0].get_offsets(), watched.transform(X)[:, [4, 1]])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("code 4", "code 1")


def test_codes_in_frames():
    model = Autoencoder(2, (6,), max_iter=3, random_state=0).set_output(transform="pandas").fit(X)
    assert_allclose(
        CodeDisplay.from_estimator(model, X).points_[0].get_offsets(), model.transform(X)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            r"The code has 6 components, a picture has room for two; choose, as in "
            r"components=\(0, 1\)",
        ),
        (
            {"components": (0, 6)},
            r"components must be one or two numbers from 0 to 5, got \(0, 6\)",
        ),
        ({"components": (0, 1, 2)}, r"components must be one or two numbers"),
        ({"components": (0, 1), "y": Y[:9]}, "inconsistent numbers of samples"),
        (
            {"components": (0, 1), "y": np.eye(3)[Y]},
            r"one label for each row, got shape \(150, 3\)",
        ),
    ],
)
def test_codes_refuse(options, message, watched):
    with pytest.raises(ValueError, match=message):
        CodeDisplay.from_estimator(watched, X, **options)


# ---- reconstructions


@pytest.mark.parametrize("piped", [False, True])
def test_reconstructions_stand_below_their_originals(piped, encoder):
    rows = 3.0 * X[:4] + 1.0
    estimator = encoder
    if piped:
        estimator = make_pipeline(
            StandardScaler(), Autoencoder(2, (6,), max_iter=3, random_state=0)
        ).fit(3.0 * X + 1.0)
    display = ReconstructionDisplay.from_estimator(estimator, rows, image_shape=(5, 1))
    made = display.reconstructions
    expected = (
        estimator[0].inverse_transform(estimator[1].predict(estimator[0].transform(rows)))
        if piped
        else encoder.predict(rows)
    )
    assert_allclose(made, expected, rtol=1e-5)
    sheet = np.ma.filled(display.image_.get_array(), np.nan)
    columns = np.flatnonzero(np.isfinite(sheet).any(axis=0))
    assert len(columns) == 4
    for original, image, column in zip(rows, made, columns, strict=True):
        shown = sheet[:, column][np.isfinite(sheet[:, column])]
        assert_allclose(shown, np.append(original, image))
    assert display.image_.get_clim() == (rows.min(), rows.max())
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == [
        "original",
        "reconstructed",
    ]


def test_reconstructions_refuse(watched, encoder):
    with pytest.raises(TypeError, match="Reconstructions need an Autoencoder"):
        ReconstructionDisplay.from_estimator(watched, X, image_shape=(5, 1))
    with pytest.raises(
        ValueError, match=r"height \* width = 5, the number of features, got \(2, 2\)"
    ):
        ReconstructionDisplay.from_estimator(encoder, X, image_shape=(2, 2))
    with pytest.raises(ValueError, match=r"with an image or more, got shape \(5,\)"):
        ReconstructionDisplay.from_estimator(encoder, X[0], image_shape=(5, 1))


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
        == f"{name} draws with matplotlib, which is not installed: pip install skmlp[plot]"
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
