"""Pictures of codes of one number: a strip of points for each class, or the points over a
number.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris

from skmlp import Autoencoder, CodeDisplay, MLPClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)


def fitted(n_components=1):
    return Autoencoder(n_components, (6,), max_iter=3, random_state=0).fit(X)


def test_classes_have_a_strip_each():
    model, names = fitted(), pd.Series(np.array(["c", "a", "b"])[Y], name="kind")
    display = CodeDisplay.from_estimator(model, X, names)
    codes = model.transform(X)[:, 0]
    ticks = {
        text.get_text(): place
        for text, place in zip(display.ax_.get_yticklabels(), display.ax_.get_yticks(), strict=True)
    }
    assert list(ticks) == ["a", "b", "c"]
    assert len(display.points_) == 3
    heights = []
    for label, points in zip("abc", display.points_, strict=True):
        x, y = points.get_offsets().T
        assert_allclose(x, codes[names == label])
        assert (np.abs(y - ticks[label]) < 0.5).all()  # no two strips meet
        assert len(np.unique(y)) == len(y)
        heights += [y.min(), y.max()]
    bottom, top = display.ax_.get_ylim()
    assert bottom < min(heights) < max(heights) < top
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("code 0", "kind")
    assert display.colorbar_ is display.ax_.get_legend() is None


def test_numbers_are_the_y_axis():
    model = fitted()
    display = CodeDisplay.from_estimator(model, X, X[:, 2])
    assert_allclose(
        display.points_[0].get_offsets(), np.column_stack([model.transform(X), X[:, 2]])
    )
    assert display.ax_.get_ylabel() == "y"


def test_without_labels_and_of_one_component_of_several():
    model = fitted()
    for components in (None, 0, (0,)):
        (points,) = CodeDisplay.from_estimator(model, X, components=components).points_
        assert_allclose(points.get_offsets()[:, 0], model.transform(X)[:, 0])
    wide = fitted(3)
    display = CodeDisplay.from_estimator(wide, X, Y, components=2)
    assert_array_equal([len(points.get_offsets()) for points in display.points_], [50, 50, 50])
    assert_allclose(
        np.concatenate([points.get_offsets()[:, 0] for points in display.points_]),
        wide.transform(X)[:, 2],
    )
    assert display.ax_.get_xlabel() == "code 2"


def test_hidden_units_are_not_called_codes():
    network = MLPClassifier((6, 2), max_iter=3, random_state=0).fit(X, Y)
    for model, kind in ((network, "unit"), (fitted(2), "code")):
        ax = CodeDisplay.from_estimator(model, X, Y).ax_
        assert (ax.get_xlabel(), ax.get_ylabel()) == (f"{kind} 0", f"{kind} 1")


@pytest.mark.parametrize(
    ("n_components", "components", "message"),
    [
        (1, (0, 1), r"components must be 0, the only component there is, got \(0, 1\)"),
        (1, 1, "components must be 0"),
        (3, None, r"3 components, a picture has room for two; choose, as in components=\(0, 1\)"),
        (3, 3, "components must be one or two numbers from 0 to 2, got 3"),
        (3, 1.5, r"components must be one or two numbers from 0 to 2, got 1\.5"),
        (3, (), "one or two numbers"),
        (3, "01", "one or two numbers"),
    ],
)
def test_refused(n_components, components, message):
    model = fitted(n_components)
    with pytest.raises(ValueError, match=message):
        CodeDisplay.from_estimator(model, X, components=components)
