"""Pictures of weights, codes and reconstructions: the artists against the network."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import (
    Autoencoder,
    CodeDisplay,
    MLPClassifier,
    MLPRegressor,
    ReconstructionDisplay,
    WeightsDisplay,
)

from .fits import QUICK, X, Y, assert_inside, legend_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("unit 4", "unit 1")


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
            r"transform gives 6 components, a picture has room for two; choose, as in "
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
