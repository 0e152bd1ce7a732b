"""``summary()``: the network as a table, its counts against the arrays, as text and as HTML."""

import pickle
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn import AlphaDropout

from .problems import blobs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)
RICH = {
    "input_dropout": 0.1,
    "dropout": 0.2,
    "batch_norm": True,
    "skip_connections": "add",
    "activation": ["relu", "prelu", "maxout"],
}
SETTINGS = [
    (MLPClassifier, {}),
    (MLPClassifier, {"hidden_layer_sizes": (5, 5, 3), **RICH}),
    (
        MLPClassifier,
        {"hidden_layer_sizes": (4, 3), "skip_connections": "concat", "dropout": AlphaDropout(0.1)},
    ),
    (MLPRegressor, {"hidden_layer_sizes": ()}),
    (MLPRegressor, {"hidden_layer_sizes": (4,), "loss": "quantile", "dtype": "float64"}),
    (Autoencoder, {"hidden_layer_sizes": (4,), "corruption": "masking", "activation": np.sin}),
]


@pytest.mark.parametrize(("cls", "setting"), SETTINGS, ids=str)
def test_the_counts_are_those_of_the_arrays(cls, setting):
    model = cls(max_iter=1, random_state=0, **setting).fit(X, Y)
    summary = model.summary()
    dense = [row for row in summary.rows if row.layer == "Dense"]
    assert [row.parameters for row in dense] == [
        w.size + b.size for w, b in zip(model.coefs_, model.intercepts_, strict=True)
    ]
    assert [row.output for row in dense] == [f"(n, {w.shape[1]})" for w in model.coefs_]
    norms = [row for row in summary.rows if row.layer == "BatchNorm"]
    widths = [w.shape[1] for w in model.coefs_[:-1]] if setting.get("batch_norm") else []
    assert [(row.parameters, row.statistics) for row in norms] == [
        (2 * width, 2 * width) for width in widths
    ]
    slopes = [row.parameters for row in summary.rows if row.layer.startswith("PReLU")]
    assert slopes == [slope.size for slope in model.slopes_ if slope is not None]
    arrays = (
        sum(w.size + b.size for w, b in zip(model.coefs_, model.intercepts_, strict=True))
        + 2 * sum(widths)
        + sum(slopes)
    )
    assert summary.n_parameters == sum(row.parameters for row in summary.rows) == arrays
    assert summary.n_statistics == sum(row.statistics for row in summary.rows) == 2 * sum(widths)
    assert summary.n_bytes == (4 if model._network.dtype == np.float32 else 8) * (
        arrays + 2 * sum(widths)
    )
    assert [row.number for row in summary.rows] == list(range(1, len(summary.rows) + 1))
    last = model.predict_proba(X) if cls is MLPClassifier else model.coefs_[-1]
    assert summary.rows[-1].output == f"(n, {last.shape[1]})"


def test_it_says_what_each_layer_is():
    model = MLPClassifier((5, 5, 3), max_iter=1, random_state=0, **RICH).fit(X, Y)
    first = [
        "Dropout(rate=0.1)",
        "Dense",
        "BatchNorm",
        "ReLU",
        "Dropout(rate=0.2)",
        "Add: bridges 2 to 5",
    ]
    second = [
        "Dense",
        "BatchNorm",
        "PReLU(slope=0.25)",
        "Dropout(rate=0.2)",
        "Add: bridges 7 to 10",
    ]
    third = ["Dense", "BatchNorm", "Maxout(pieces=2)", "Dropout(rate=0.2)"]
    assert [row.layer for row in model.summary().rows] == [*first, *second, *third, "Dense"]
    assert model.summary().loss == "LogLoss(), outputs: softmax"
    assert model.summary().title == "MLPClassifier: 5 features in, 3 out, float64"
    assert "FunctionActivation(function=sin)" in str(
        Autoencoder(2, (3,), activation=np.sin, max_iter=1).fit(X).summary()
    )


@pytest.mark.parametrize(("cls", "setting"), SETTINGS, ids=str)
def test_the_text_is_aligned_and_fits_a_terminal(cls, setting):
    summary = cls(max_iter=1, random_state=0, **setting).fit(X, Y).summary()
    title, rule, header, _, first, *rows, _, loss, total = str(summary).splitlines()
    assert first.rstrip().split(maxsplit=1) == ["input", f"(n, {summary.n_in})"]
    assert {len(line) for line in [rule, header, first, *rows]} == {len(rule)}
    assert len(rule) <= 80
    assert [int(row.split()[0]) for row in rows] == [row.number for row in summary.rows]
    end = header.index("parameters") + len("parameters")
    assert [int(row[:end].split()[-1].replace(",", "")) for row in rows] == [
        row.parameters for row in summary.rows
    ]
    assert ("statistics" in header) == bool(summary.n_statistics)
    assert title == summary.title
    assert loss == f"loss: {summary.loss}"
    assert total.startswith(f"{summary.n_parameters:,} parameters")
    assert repr(summary) == str(summary)


def test_the_html_is_the_same_table():
    model = MLPClassifier(
        (5, 5, 3), max_iter=1, random_state=0, **RICH | {"activation": [lambda x: np.tanh(x)] * 3}
    ).fit(X, Y)
    summary = model.summary()
    tree = ElementTree.fromstring(summary._repr_html_().replace("<br>", "<br/>"))
    cells = [[cell.text for cell in row] for row in tree.find("tbody")]
    assert cells[0] == [None, "input", f"(n, {X.shape[1]})", None, None]
    assert cells[1:] == [
        [str(row.number), row.layer, row.output, str(row.parameters), str(row.statistics)]
        for row in summary.rows
    ]
    assert "FunctionActivation(function=<lambda>)" in [row[1] for row in cells]
    sides = {tuple(cell.get("style")[12:] for cell in row) for row in tree.iter("tr")}
    assert sides == {("right", "left", "left", "right", "right"), ("left",)}
    assert tree.find("caption").text == summary.title
    assert summary.total in "".join(tree.find("tfoot").itertext())


def test_large_numbers_have_separators_and_units():
    wide = np.zeros((2, 1000))
    wide[0] = 1.0
    summary = Autoencoder(2, (500,), max_iter=1, dtype="float64").fit(wide).summary()
    assert f"{1000 * 500 + 500:,}" in str(summary)
    n = 500 * 1000 + 500 + 2 * 500 + 2 + 500 * 2 + 500 + 1000 * 500 + 1000
    assert summary.total == f"{n:,} parameters, {8e-6 * n:.4g} MB"


def test_it_is_for_fitted_estimators_and_keeps_nothing():
    with pytest.raises(NotFittedError):
        MLPClassifier().summary()
    model = MLPClassifier((4,), max_iter=1).fit(X, Y)
    before = pickle.dumps(model)
    summary = model.summary()
    assert pickle.dumps(model) == before
    assert pickle.loads(pickle.dumps(summary)) == summary
