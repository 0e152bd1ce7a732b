"""Class weights: what 'balanced' counts, which labels have which weight, and what
``partial_fit`` makes of them.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, SGDClassifier

from skmlp import MLPClassifier, learning_rate_range

from .problems import blobs, labels
from .snapshots import assert_unchanged, state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def quick(**setting):
    return MLPClassifier(
        **{
            "hidden_layer_sizes": (6,),
            "max_iter": 8,
            "learning_rate_init": 0.02,
            "random_state": 0,
            **setting,
        }
    )


def uneven(rng):
    """Return rows of three classes, the weights of which are uneven and partly zero."""
    X, y = blobs(3)
    weight = rng.integers(0, 4, len(y)) * np.where(y == 1, rng.random(len(y)) < 0.3, 1.0)
    return X, y, weight


def test_balanced_is_balanced_by_the_weights_of_the_rows(rng):
    X, y, weight = uneven(rng)
    ours = MLPClassifier(
        (),
        solver="lbfgs",
        alpha=5.0,
        tol=1e-8,
        max_iter=2000,
        class_weight="balanced",
        random_state=0,
    ).fit(X, y, weight)
    each = weight.sum() / (3 * np.bincount(y, weight))
    theirs = LogisticRegression(C=0.2, tol=1e-10, max_iter=5000).fit(X, y, weight * each[y])
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize(
    "setting", [{}, {"early_stopping": True, "batch_size": 20}, {"solver": "lbfgs"}], ids=str
)
def test_balanced_does_not_count_rows_without_weight(setting, rng):
    X, y, weight = uneven(rng)
    kept = weight > 0
    with_zeros = quick(class_weight="balanced", **setting).fit(X, y, kept.astype(float))
    without = quick(class_weight="balanced", **setting).fit(X[kept], y[kept])
    assert_array_equal(with_zeros.predict_proba(X), without.predict_proba(X))
    assert with_zeros.validation_scores_ == without.validation_scores_


def test_balanced_counts_whole_weights_as_repetitions(rng):
    X, y, weight = uneven(rng)
    weight = weight.astype(int)
    setting = {"class_weight": "balanced", "dtype": "float64", "batch_size": 600}
    with pytest.warns(UserWarning, match="batch_size"):
        weighted, repeated = (
            quick(**setting).fit(X, y, weight),
            quick(**setting).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight)),
        )
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-9)


def test_a_class_all_of_whose_rows_have_no_weight(rng):
    """The others are balanced among themselves, and nothing becomes NaN."""
    X, y, weight = uneven(rng)
    weight[y == 1] = 0.0
    each = np.where(y == 1, 0.0, weight.sum() / (2 * np.bincount(y, weight + 1e-300))[y])
    model, expected = (
        quick(class_weight="balanced", alpha=30.0).fit(X, y, weight),
        quick(alpha=30.0).fit(X, y, weight * each),  # the penalty sees the sum of all weights
    )
    assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-4)


# ---- labels


def test_labels_are_looked_up_as_they_are():
    """Digits as text too, which scikit-learn takes for numbers, and so do we where there is no
    such text.
    """
    X, y = blobs(3)
    expected = quick(class_weight={0: 3.0, 2: 0.5}).fit(X, y).predict_proba(X)
    for names, weights in (
        (np.array(["7", "8", "9"]), {"7": 3.0, "9": 0.5}),
        (np.array(["7", "8", "9"]), {7: 3.0, 9: 0.5}),
        (np.array(["a", "b", "c"], dtype=object), {"a": 3.0, "c": 0.5}),
        (np.array([0.0, 1.0, 2.0]), {0: 3.0, 2: 0.5}),
    ):
        assert_array_equal(quick(class_weight=weights).fit(X, names[y]).predict_proba(X), expected)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            {0: -1.0},
            r"class_weight={0: -1.0} has -1.0 for the class 0; give finite numbers, 0 or more",
        ),
        ({0: 1.0, 2: np.nan}, "has nan for the class 2"),
        ({0: np.inf}, "has inf for the class 0"),
        ({7: 2.0}, "are not in class_weight"),
        ({0: 0.0, 1: 0.0, 2: 0.0}, "at least one non-zero number"),
    ],
)
def test_weights_that_no_class_can_have(weights, message):
    X, y = blobs(3)
    model = quick().fit(X, y)
    before = state(model, X)
    with pytest.raises(ValueError, match=message):
        model.set_params(class_weight=weights).fit(X, y)
    assert_unchanged(before, state(model.set_params(class_weight=None), X))


# ---- partial_fit


def test_partial_fit_refuses_to_balance_each_batch_by_itself():
    """In scikit-learn's words."""
    X, y = blobs(3)
    with pytest.raises(
        ValueError, match="class_weight 'balanced' is not supported for partial_fit"
    ) as theirs:
        SGDClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    model = quick().partial_fit(X, y, classes=[0, 1, 2])
    before = state(model, X)
    for other in (quick(class_weight="balanced"), model.set_params(class_weight="balanced")):
        with pytest.raises(
            ValueError, match="class_weight 'balanced' is not supported for partial_fit"
        ) as ours:
            other.partial_fit(X, y, classes=[0, 1, 2])
        assert str(ours.value).startswith(str(theirs.value).rstrip("."))
    assert_unchanged(before, state(model.set_params(class_weight=None), X))


def test_partial_fit_takes_weights_of_classes_that_a_batch_lacks():
    X, y = blobs(3)
    order = np.argsort(y)
    weights = np.array([2.0, 1.0, 0.5])
    named, given = quick(class_weight={0: 2.0, 2: 0.5}), quick()
    for rows in np.array_split(order, 5):
        named.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        given.partial_fit(X[rows], y[rows], weights[y[rows]], classes=[0, 1, 2])
    assert_array_equal(named.predict_proba(X), given.predict_proba(X))


@pytest.mark.parametrize("names", [np.array([0, 1, 2]), np.array(["7", "8", "9"])], ids=str)
def test_the_learning_rate_range_balances_all_rows(names, rng):
    X, y, weight = uneven(rng)
    each = weight.sum() / (3 * np.bincount(y, weight))
    _, losses, _ = learning_rate_range(
        quick(class_weight="balanced", batch_size=50), X, names[y], sample_weight=weight, n_steps=10
    )
    _, expected, _ = learning_rate_range(
        quick(batch_size=50), X, names[y], sample_weight=weight * each[y], n_steps=10
    )
    assert_allclose(losses, expected, rtol=1e-6)


def test_the_learning_rate_range_of_labels_in_several_columns():
    with pytest.raises(
        ValueError, match=r"class_weight=\{0: 2\.0\} is not defined for multilabel targets"
    ):
        learning_rate_range(quick(class_weight={0: 2.0}), *labels())
