"""``verbose=True``: a table of the epochs that says what ``history_`` says, and how training
ended.
"""

import re

import numpy as np
import pytest

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.engine.epoch_end import Progress

from .problems import blobs, curve

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Training interrupted by user"),
]

X, Y = blobs(3)
QUICK = {"hidden_layer_sizes": (4,), "max_iter": 4, "verbose": True, "random_state": 0}


def table(out):
    """Return the titles, the cells as they stand under them, and what comes after the table."""
    header, *lines = out.replace("  * best so far", "").splitlines()
    titles = re.split(r"\s{2,}", header.strip())
    ends = [header.index(title) + len(title) for title in titles]
    n_rows = next((k for k, line in enumerate(lines) if not line.strip()[0].isdigit()), len(lines))
    lines[:n_rows] = [line.removesuffix("  *") for line in lines[:n_rows]]
    for line in lines[:n_rows]:
        assert len(line) == len(header)
        assert [found.end() for found in re.finditer(r"\S+", line)] == ends
    return titles, [line.split() for line in lines[:n_rows]], lines[n_rows:]


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, Autoencoder])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("validated", [False, True], ids=["", "validated"])
def test_the_table_is_aligned_and_has_the_numbers_of_the_history(cls, solver, validated, capsys):
    X, y = curve() if cls is MLPRegressor else blobs(3)
    held_out = (
        {"X_val": X[:30]} | ({} if cls is Autoencoder else {"y_val": y[:30]}) if validated else {}
    )
    model = cls(**QUICK, solver=solver).fit(X, y, **held_out)
    titles, rows, _ = table(capsys.readouterr().out)
    names = [title.replace(" ", "_") for title in titles]
    third = "gradient_norm" if solver == "lbfgs" else "learning_rate"
    assert names == [
        "epoch",
        "loss",
        *(["validation_loss", "validation_score"] if validated else []),
        third,
        "seconds",
    ]
    history = model.history_.reset_index()[names]
    assert len(rows) == len(history) == 4
    np.testing.assert_allclose(np.array(rows, dtype=float), history, rtol=5e-4, atol=5e-4)
    np.testing.assert_allclose([float(row[1]) for row in rows], history["loss"], rtol=5e-6)


def test_numbers_of_a_column_have_their_decimal_points_in_one_place(capsys):
    MLPClassifier(**QUICK | {"max_iter": 60}, learning_rate_init=0.1).fit(X, Y)
    _, rows, _ = table(capsys.readouterr().out)
    assert float(rows[0][1]) > 5 * float(rows[-1][1])
    for column in (1, 2):
        assert len({len(row[column].partition(".")[2]) for row in rows}) == 1


def test_numbers_too_large_or_too_small_for_the_column_are_written_in_powers_of_ten(capsys):
    progress = Progress(["loss", "learning_rate"])
    for loss in (1.5, 2.96494e11, 1.5e-7, 0.0):
        progress.line({"loss": loss, "learning_rate": loss})
    cells = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[0] for row in cells] == ["1.500000", "2.96494e+11", "1.50000e-07", "0.000000"]
    assert [row[1] for row in cells] == ["1.500000", "2.965e+11", "1.500e-07", "0.000000"]


def test_epochs_with_the_best_score_so_far_have_a_mark(capsys):
    model = MLPClassifier(**QUICK | {"max_iter": 12}, early_stopping=True).fit(X, Y)
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.endswith("  * best so far")
    scores = model.validation_scores_
    best = [score > max(scores[:k], default=-1.0) for k, score in enumerate(scores)]
    assert [line.endswith("  *") for line in lines[: len(scores)]] == best
    MLPClassifier(**QUICK).fit(X, Y, X_val=X, y_val=Y)
    assert "*" not in capsys.readouterr().out


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_warning_comes_after_the_table(solver, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr("warnings.warn", lambda *args, **_: seen.append(capsys.readouterr().out))
    MLPClassifier(**QUICK, solver=solver).fit(X, Y)
    assert "Ended with epoch 4" in seen[0]


def ending(model, capsys, *fit_args, **fit_options):
    model.fit(*(fit_args or (X, Y)), **fit_options)
    return " ".join(table(capsys.readouterr().out)[2])


def test_the_last_epoch_that_was_allowed(capsys):
    assert (
        ending(MLPClassifier(**QUICK), capsys)
        == "Ended with epoch 4: max_iter=4 reached. The weights are those of the last epoch."
    )
    assert ending(MLPClassifier(**QUICK, solver="lbfgs"), capsys).startswith(
        "Ended with epoch 4: max_iter=4 reached. The weights"
    )
    told = ending(MLPClassifier(**QUICK, solver="lbfgs", max_fun=3), capsys)
    assert re.match(r"Ended with epoch \d: max_fun=3 reached\. The weights", told)


def test_no_progress(capsys):
    model = MLPClassifier(**QUICK | {"max_iter": 200}, tol=10.0, n_iter_no_change=2)
    assert ending(model, capsys) == (
        "Ended with epoch 4: training loss did not improve more than tol=10.000000 for 2 "
        "consecutive epochs. "
        "The weights are those of the last epoch."
    )
    model = MLPClassifier(**QUICK | {"max_iter": 2000}, solver="lbfgs", tol=0.1)
    assert re.match(
        r"Ended with epoch \d+: converged \(.*PGTOL\)\. The weights are those of the last epoch\.",
        ending(model, capsys),
    )


@pytest.mark.parametrize("n_iter_no_change", [1, 5])
def test_early_stopping_tells_which_weights_are_kept(n_iter_no_change, capsys):
    model = MLPClassifier(
        **QUICK | {"max_iter": 200},
        early_stopping=True,
        n_iter_no_change=n_iter_no_change,
        learning_rate_init=0.1,
    )
    told = ending(model, capsys, X, Y, X_val=X, y_val=Y)
    best, last = int(np.argmax(model.validation_scores_)) + 1, model.n_iter_
    assert last < 200
    assert told == (
        f"Ended with epoch {last}: validation score did not improve more than tol=0.000100 for "
        f"{n_iter_no_change} consecutive epochs. "
        f"The weights of epoch {best}, which had the best validation score, are restored."
    )


def test_the_least_loss_was_earlier(capsys):
    model = MLPClassifier(
        **QUICK | {"max_iter": 30, "learning_rate_init": 0.5}, dropout=0.5, n_iter_no_change=np.inf
    )
    told = ending(model, capsys)
    best = int(np.argmin(model.loss_curve_)) + 1
    assert best < 30
    assert told.endswith(
        f"The weights are those of the last epoch; the training loss was least in epoch {best}."
    )


def test_a_lower_learning_rate_is_told_between_the_lines(capsys):
    setting = {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "tol": 10.0,
        "n_iter_no_change": 1,
        "learning_rate_init": 1e-5,
    }
    MLPClassifier(**QUICK | {"max_iter": 50}, **setting).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    told = [
        k for k, line in enumerate(lines) if line.endswith("Setting learning rate to 0.000002.")
    ]
    assert len(told) == 1
    assert lines[told[0] + 1].split()[2] == "2.000e-06"
    assert lines[-2].endswith("for 1 consecutive epochs. Learning rate too small.")


class Interrupted:
    """A scorer that is interrupted in its third call."""

    calls = 0

    def __call__(self, estimator, X, y):
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt
        return 0.5


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_interrupt(solver, capsys):
    told = ending(
        MLPClassifier(**QUICK, solver=solver, scoring=Interrupted()), capsys, X, Y, X_val=X, y_val=Y
    )
    assert (
        told
        == "Ended with epoch 2: interrupted by the user. The weights are those of the last epoch."
    )


@pytest.mark.filterwarnings("ignore:Training diverged")
def test_divergence_that_early_stopping_survives(capsys):
    X, y = curve()
    setting = {
        "solver": "sgd",
        "learning_rate_init": 2.5,
        "momentum": 0.0,
        "n_iter_no_change": np.inf,
        "alpha": 0.0,
        "batch_size": 20,
    }
    model = MLPRegressor(
        **QUICK | {"hidden_layer_sizes": (), "max_iter": 2000}, **setting, early_stopping=True
    )
    told = ending(model, capsys, X, y, X_val=X, y_val=y)
    assert re.match(
        r"Ended with epoch (\d+): the loss is not finite in epoch \d+\. The weights of epoch \d+, "
        r"which had the best",
        told,
    )


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_that_stops(solver, capsys):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from version 1.9 on")
    from skmlp.callbacks import TimeLimit

    told = ending(MLPClassifier(**QUICK, solver=solver).set_callbacks(TimeLimit(0)), capsys)
    assert (
        told
        == "Ended with epoch 1: a callback asked for it (TimeLimit). The weights are those of the "
        "last epoch."
    )


def test_calls_of_partial_fit_make_one_table(capsys):
    model = MLPClassifier(**QUICK)
    for _ in range(3):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    _, rows, after = table(capsys.readouterr().out)
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert after == []


def test_silent_unless_asked(capsys):
    MLPClassifier((4,), max_iter=2).fit(X, Y)
    MLPClassifier((4,), max_iter=2, solver="lbfgs").fit(X, Y)
    assert capsys.readouterr().out == ""
