"""Pictures of training and of diagnostics: the artists against ``history_``."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import (
    DiagnosticsDisplay,
    MLPClassifier,
    MLPRegressor,
    TabularMLPClassifier,
    TrainingDisplay,
    WeightsDisplay,
)

from ..problems import curve
from .fits import QUICK, VALIDATED, X, Y, assert_inside, legend_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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


def test_the_legend_names_only_lines_that_are_there(watched):
    score = TrainingDisplay.from_estimator(watched, show="score")
    assert legend_of(score.axes_[0])[0] == "validation"
    assert "training" not in legend_of(score.axes_[0])
    plain = MLPClassifier(**QUICK).fit(X, Y)
    score = TrainingDisplay.from_estimators({"watched": watched, "plain": plain}, show="score")
    assert legend_of(score.axes_[0]) == ["watched", "validation", "best epoch"]


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


def test_training_of_an_ensemble_has_a_thin_line_for_each_member(watched):
    setting = QUICK | {"n_estimators": 3}
    model = TabularMLPClassifier(**setting).fit(X, Y)
    for each in (model, make_pipeline(StandardScaler(), model).fit(X, Y)):
        display = TrainingDisplay.from_estimator(each)
        assert display.panels_ == ["loss", "score", "learning_rate"]
        assert display.axes_[0].get_title() == "TabularMLPClassifier"
        for (_, column), lines in display.lines_.items():
            assert len(lines) == 3
            for line, member in zip(lines, model.estimators_, strict=True):
                assert_array_equal(line.get_ydata(), member.history_[column])
                assert line.get_linewidth() < 1.0
        assert legend_of(display.axes_[0]) == ["training", "validation"]
        assert display.marks_ == {}
        scores = TrainingDisplay.from_estimator(each, show=["score"])
        assert legend_of(scores.axes_[0]) == ["validation"]
    model.set_params(max_iter=80).fit(X, Y)  # whose members validate every second epoch
    lines = TrainingDisplay.from_estimator(model).lines_
    scores = lines["TabularMLPClassifier", "validation_score"][0]
    assert_array_equal(scores.get_xdata(), np.arange(1, 81, 2))
    assert np.isfinite(scores.get_ydata()).all()
    display = TrainingDisplay.from_estimators({"watched": watched, "several": model})
    assert_array_equal(display.lines_["watched", "loss"].get_ydata(), watched.loss_curve_)
    assert len(display.lines_["several", "loss"]) == 3
    assert legend_of(display.axes_[0])[:2] == ["watched", "several"]


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
