"""Multilabel targets with missing entries: these are left out of the loss and of the scores, and
of nothing else.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from skmlp import MLPClassifier
from skmlp.nn.losses import LOSSES, BinaryFocal, BinaryLogLoss
from skmlp.nn.losses.masked import MaskedEntries

from .nn.helpers import gradient_of_rows
from .problems import blobs, labels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

YES_NO = [cls() for cls in LOSSES.values() if "multilabel" in cls.targets] + [
    BinaryLogLoss(0.2),
    BinaryFocal(0.5),
]


def quick(**setting):
    return MLPClassifier(
        **{
            "hidden_layer_sizes": (8,),
            "learning_rate_init": 0.02,
            "max_iter": 30,
            "random_state": 0,
            **setting,
        }
    )


def exact(**setting):
    return MLPClassifier(
        (), solver="lbfgs", alpha=5.0, tol=1e-8, max_iter=2000, random_state=0, **setting
    )


def with_missing(rng, y, share=0.4):
    """Return y as floats with a share of the entries NaN."""
    return np.where(rng.random(y.shape) < share, np.nan, y)


# ---- the loss


@pytest.mark.parametrize("loss", YES_NO, ids=repr)
def test_missing_entries_have_no_loss_and_no_gradient(loss, dtype, rng):
    raw, target = (
        (3.0 * rng.normal(size=(20, 5))).astype(dtype),
        rng.integers(0, 2, (20, 5)).astype(dtype),
    )
    some = with_missing(rng, target).astype(dtype)
    known = ~np.isnan(some)
    rows, grad = gradient_of_rows(MaskedEntries(loss), raw, some)
    _, full = gradient_of_rows(loss, raw, target)
    assert_allclose(grad, np.where(known, full, 0.0), rtol=1e-6, atol=1e-7)
    entries = np.column_stack(
        [gradient_of_rows(loss, raw[:, [k]], target[:, [k]])[0] for k in range(5)]
    )
    assert_allclose(rows, np.sum(entries * known, axis=1), rtol=1e-5, atol=1e-6)
    assert grad.dtype == dtype


def test_without_missing_labels_it_is_the_loss_itself(rng):
    raw, target = rng.normal(size=(20, 5)), rng.integers(0, 2, (20, 5)).astype(float)
    for loss in YES_NO:
        for ours, theirs in zip(
            gradient_of_rows(MaskedEntries(loss), raw, target),
            gradient_of_rows(loss, raw, target),
            strict=True,
        ):
            assert_allclose(ours, theirs, rtol=1e-12)


# ---- the classifier


@pytest.mark.parametrize("weighted", [False, True])
def test_each_label_is_learned_from_the_rows_where_it_is_known(weighted, rng):
    """Without hidden layers that is one logistic regression on these rows for each column."""
    X, y = labels()
    some = with_missing(rng, y)
    weight = rng.uniform(0.5, 2.0, len(y)) if weighted else None
    ours = exact().fit(X, some, weight)
    for k in range(y.shape[1]):
        known = ~np.isnan(some[:, k])
        theirs = LogisticRegression(C=0.2, tol=1e-10, max_iter=5000)
        theirs.fit(X[known], y[known, k], None if weight is None else weight[known])
        assert_allclose(ours.predict_proba(X)[:, k], theirs.predict_proba(X)[:, 1], atol=1e-5)


FORMS = {
    "minus one": lambda some: np.where(np.isnan(some), -1, some).astype(int),
    "floats": lambda some: np.where(np.isnan(some), -1.0, some),
    "lists": lambda some: np.where(np.isnan(some), -1, some).astype(int).tolist(),
    "frame": lambda some: pd.DataFrame(some).astype("Int64"),
    "objects": lambda some: np.where(np.isnan(some), None, some.astype(object)),
    "sparse": lambda some: sparse.csr_array(np.where(np.isnan(some), -1, some).astype(int)),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_any_form_of_missing_labels(form, solver, rng):
    X, y = labels()
    some = with_missing(rng, y)
    expected, model = quick(solver=solver).fit(X, some), quick(solver=solver).fit(X, form(some))
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert model.score(X, form(some)) == expected.score(X, some)


@pytest.mark.parametrize("loss", ["log_loss", "focal", "hinge", "squared_hinge"])
def test_what_a_missing_label_would_have_been_does_not_matter(loss, rng):
    X, y = labels()
    some = with_missing(rng, y)
    model = quick(loss=loss, max_iter=100).fit(X, some)
    known = ~np.isnan(some)
    # measured over four seeds: 0.836, and of what is learned from other rows 0.682; of the most
    # frequent labels 0.55
    assert (model.predict(X) == y)[known].mean() > 0.78
    assert (model.predict(X) == y)[~known].mean() > 0.62


def test_scores_leave_out_missing_labels(rng):
    X, y = labels()
    some = with_missing(rng, y)
    some[:10] = np.nan
    weight = rng.uniform(0.5, 2.0, len(y))
    model = quick().fit(X, y)
    predicted = model.predict(X)
    labelled = np.flatnonzero(~np.isnan(some).all(axis=1))
    right = [
        all(predicted[i, k] == some[i, k] for k in range(4) if not np.isnan(some[i, k]))
        for i in labelled
    ]
    assert_allclose(model.score(X, some), np.mean(right))
    assert_allclose(model.score(X, some, weight), np.average(right, weights=weight[labelled]))
    assert model.score(X, some) > model.score(X, y)


def test_validation_rows_may_be_missing_in_part(rng):
    X, y = labels()
    some = with_missing(rng, y)
    for train, held_out in ((y, some), (some, y), (some, some)):
        model = quick(early_stopping=True).fit(X, train, X_val=X, y_val=held_out)
        assert_allclose(model.score(X, held_out), model.best_validation_score_)
        assert model.history_["validation_loss"].notna().all()
    model = quick(max_iter=3).fit(X, y, X_val=X, y_val=some)
    entries = -np.log(np.where(y == 1, model.predict_proba(X), 1 - model.predict_proba(X)))
    assert_allclose(
        model.history_["validation_loss"].iloc[-1],
        np.sum(entries * ~np.isnan(some), axis=1).mean(),
        rtol=1e-6,
    )
    assert np.isfinite(quick(early_stopping=True).fit(X, some).best_validation_score_)


def test_looking_at_validation_rows_with_missing_labels_changes_nothing(rng):
    X, y = labels()
    model, looked = (
        quick(dtype="float64").fit(X, y),
        quick(dtype="float64").fit(X, y, X_val=X, y_val=with_missing(rng, y)),
    )
    assert_allclose(looked.predict_proba(X), model.predict_proba(X), rtol=1e-9)


def test_partial_fit_with_labels_that_are_known_later(rng):
    X, y = labels()
    early = y.astype(float)
    early[:, 0] = np.nan
    model = quick().partial_fit(X, early, classes=np.arange(4))
    assert model.intercepts_[-1][0] == 0  # nothing is known of it
    assert (model.intercepts_[-1][1:] != 0).all()
    for _ in range(100):
        model.partial_fit(X, y)
    assert (
        model.predict(X)[:, 0] == y[:, 0]
    ).mean() > 0.7  # measured over four seeds: 0.807; the more frequent one: 0.54


def test_a_fitted_model_keeps_the_loss_itself(rng):
    X, y = labels()
    assert type(quick(max_iter=1).fit(X, with_missing(rng, y))._network.loss) is BinaryLogLoss


def test_minus_one_for_no_is_refused():
    X, y = labels()
    with pytest.raises(ValueError, match="but no zeros: what does not apply is 0, not -1"):
        quick().fit(X, 2 * y - 1)
    with pytest.raises(ValueError, match="y has no labels"):
        quick().fit(X, -np.ones(y.shape))
    with pytest.raises(
        ValueError, match=r"Several columns of labels are zeros and ones, but y has \[0\. 2\.\]"
    ):
        quick().fit(X, 2 * y)


def test_single_labels_are_never_missing():
    """-1 is a label like any other."""
    X, y = blobs(3)
    assert_array_equal(quick(max_iter=1).fit(X, y - 1).classes_, [-1, 0, 1])
    with pytest.raises(ValueError, match="NaN"):
        quick().fit(X, np.where(y == 1, np.nan, y))


def test_sparse_labels_that_are_missing_in_part_are_predicted_sparse(rng):
    X, y = labels()
    some = sparse.csr_array(np.where(rng.random(y.shape) < 0.3, -1, y))
    assert sparse.issparse(quick().fit(X, some).predict(X))
    assert not sparse.issparse(quick().fit(X, some.toarray()).predict(X))


def test_the_labels_given_are_left_alone(rng):
    X, y = labels()
    some = with_missing(rng, y)
    given = [some.copy(), np.where(np.isnan(some), -1.0, some), pd.DataFrame(some)]
    kept = [form.copy() for form in given]
    for form, copy in zip(given, kept, strict=True):
        quick(max_iter=1).fit(X, form)
        assert_array_equal(form, copy)
