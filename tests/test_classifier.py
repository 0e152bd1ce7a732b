"""The classifier: kinds of labels, probabilities, and what the textbook says of its special
cases.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from skmlp import MLPClassifier

from .problems import blobs, cancer, labels, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

KINDS = {"binary": blobs(2), "multiclass": blobs(4), "multilabel": labels()}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def data(request):
    return request.param


def quick(**setting):
    """Return a classifier that has learned something after a moment."""
    return MLPClassifier(
        **{
            "hidden_layer_sizes": (8,),
            "learning_rate_init": 0.02,
            "max_iter": 30,
            "random_state": 0,
            **setting,
        }
    )


# ---- labels


@pytest.mark.parametrize(
    "names", [["no", "yes", "why", "but"], [7, -3, 0, 2], [0.0, 3.0, 1.0, 2.0]], ids=str
)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_labels_of_any_type(names, n_classes):
    X, y = blobs(n_classes)
    order = np.argsort(np.argsort(names[:n_classes]))
    y_names = np.array(names[:n_classes])[y]
    model, numbers = quick().fit(X, y_names), quick().fit(X, order[y])
    assert_array_equal(model.classes_, np.unique(y_names))
    assert_array_equal(model.predict_proba(X), numbers.predict_proba(X))
    assert_array_equal(model.predict(X), model.classes_[numbers.predict(X)])
    assert model.predict(X).dtype == y_names.dtype
    assert model.score(X, y_names) > 0.7


def test_object_and_boolean_labels():
    X, y = blobs(2)
    objects = np.array(["no", "yes"], dtype=object)[y]
    assert set(quick().fit(X, objects).predict(X)) == {"no", "yes"}
    truths = quick().fit(X, y == 1)
    assert truths.predict(X).dtype == bool
    assert_array_equal(truths.predict_proba(X), quick().fit(X, y).predict_proba(X))
    assert_array_equal(
        quick().fit(X.tolist(), objects.tolist()).predict(X.tolist()),
        quick().fit(X, objects).predict(X),
    )


def test_one_column_of_labels_is_ravelled_with_a_warning():
    X, y = blobs(3)
    with pytest.warns(UserWarning, match="column-vector"):
        model = quick().fit(X, y[:, None])
    assert_array_equal(model.predict(X), quick().fit(X, y).predict(X))


@pytest.mark.parametrize(
    "form", [sparse.csr_matrix, sparse.csc_array, lambda y: y.tolist(), lambda y: y.astype(bool)]
)
def test_multilabel_targets_in_any_form(form):
    X, y = labels()
    model, expected = quick().fit(X, form(y)), quick().fit(X, y)
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert model.predict(X).shape == y.shape
    assert_array_equal(model.classes_, range(4))
    assert (
        model.predict(X) == y
    ).mean() > 0.7  # measured over five seeds: 0.74; of the most frequent label: 0.55


def test_a_single_column_of_a_multilabel_target_may_be_constant():
    X, y = labels()
    y = np.column_stack([y, np.ones(len(y), dtype=int)])
    assert (quick(max_iter=200).fit(X, y).predict_proba(X)[:, -1] > 0.95).all()


@pytest.mark.parametrize("loss", ["log_loss", "focal", "hinge", "squared_hinge", "perceptron"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_batches_of_a_single_class(loss, n_classes):
    """In order of the classes, as many data sets come: no batch sees two, nor is any class
    missing from the whole.
    """
    X, y = blobs(n_classes)
    order = np.argsort(y, kind="stable")
    model = quick(
        loss=loss, batch_size=5, shuffle=False, solver="sgd", learning_rate_init=0.002
    ).fit(X[order], y[order])
    assert np.isfinite(model.decision_function(X)).all()
    assert set(
        quick(loss=loss, batch_size=5, max_iter=60).fit(X[order], y[order]).predict(X)
    ) == set(range(n_classes))
    for part in np.array_split(order, 30):
        model.partial_fit(X[part], y[part])
    assert np.isfinite(model.decision_function(X)).all()


# ---- probabilities


def test_probabilities(data):
    X, y = data
    model = quick().fit(X, y)
    p, log_p, predicted = model.predict_proba(X), model.predict_log_proba(X), model.predict(X)
    assert p.shape == log_p.shape == (len(X), y.shape[1] if y.ndim == 2 else len(model.classes_))
    assert_allclose(np.log(p), log_p, rtol=1e-9, atol=1e-12)
    assert p.min() >= 0
    if y.ndim == 2:
        assert_array_equal(predicted, p > 0.5)
    else:
        assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
        assert_array_equal(predicted, model.classes_[p.argmax(axis=1)])
    assert_allclose(
        model.score(X, y),
        (predicted == y).all(axis=1).mean() if y.ndim == 2 else (predicted == y).mean(),
    )


@pytest.mark.parametrize("loss", ["log_loss", "focal"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_probabilities_are_finite_for_huge_scores(data, dtype, loss):
    X, y = data
    model = quick(dtype=dtype, loss=loss).fit(X, y)
    for weights in model.coefs_:
        weights *= 1e4
    p, log_p = model.predict_proba(X), model.predict_log_proba(X)
    assert np.isfinite(p).all()
    assert np.isfinite(log_p).all()
    assert (p > 0).all()
    assert_allclose(log_p, np.log(p), rtol=1e-5, atol=1e-6)
    assert log_p.min() < 0.99 * np.log(np.finfo(dtype).tiny)
    if y.ndim == 1:
        assert_allclose(p.sum(axis=1), 1.0, rtol=1e-6)


def test_probabilities_are_calibrated_where_the_model_is_right(rng):
    """Labels drawn with the probabilities of a softmax model: training must find the
    probabilities that they were drawn with.
    """
    X = rng.normal(size=(20000, 3))
    p = softmax(X @ rng.normal(size=(3, 4)), axis=1)
    y = (rng.random((len(X), 1)) > p.cumsum(axis=1)).sum(axis=1)
    model = MLPClassifier(hidden_layer_sizes=(), solver="lbfgs", alpha=0.0, random_state=0).fit(
        X, y
    )
    # 15 free numbers from 20000 rows: about sqrt(15 / 20000) / 4 = 0.007 each; measured over five
    # seeds: 0.0045
    assert np.abs(model.predict_proba(X) - p).mean() < 0.01


# ---- special cases with known answers


@pytest.mark.parametrize("problem", [cancer(), wine()], ids=["binary", "multiclass"])
def test_without_hidden_layers_it_is_logistic_regression(problem):
    X, y = problem
    alpha = 5.0
    ours = MLPClassifier(
        hidden_layer_sizes=(), solver="lbfgs", alpha=alpha, tol=1e-8, max_iter=2000, random_state=0
    ).fit(X, y)
    theirs = LogisticRegression(C=1 / alpha, tol=1e-10, max_iter=5000).fit(X, y)
    coef, intercept = ours.coefs_[0].T, ours.intercepts_[0]
    # measured over three seeds: 2.5e-7
    assert_allclose(coef, theirs.coef_, atol=1e-5)
    # a softmax does not see a shift of all intercepts
    assert_allclose(
        intercept - intercept[:1] * (len(coef) > 1),
        theirs.intercept_ - theirs.intercept_[:1] * (len(coef) > 1),
        atol=1e-5,
    )
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


def test_class_weights_are_those_of_logistic_regression():
    X, y = wine()
    for class_weight in ("balanced", {0: 1.0, 1: 3.0, 2: 0.5}):
        ours = MLPClassifier(
            (),
            solver="lbfgs",
            alpha=5.0,
            tol=1e-8,
            max_iter=2000,
            class_weight=class_weight,
            random_state=0,
        ).fit(X, y)
        theirs = LogisticRegression(C=0.2, tol=1e-10, max_iter=5000, class_weight=class_weight).fit(
            X, y
        )
        assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


def test_labels_are_learned_independently():
    """Without hidden layers a multilabel model is one logistic regression for each column."""
    X, y = labels()
    ours = MLPClassifier(
        (), solver="lbfgs", alpha=5.0, tol=1e-8, max_iter=2000, random_state=0
    ).fit(X, y)
    for k in range(y.shape[1]):
        theirs = LogisticRegression(C=0.2, tol=1e-10, max_iter=5000).fit(X, y[:, k])
        assert_allclose(ours.predict_proba(X)[:, k], theirs.predict_proba(X)[:, 1], atol=1e-5)


# ---- partial_fit


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_with_classes_that_come_later(solver):
    X, y = blobs(3)
    first = y != 2
    model = quick(solver=solver)
    model.partial_fit(X[first], y[first], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (len(X), 3)
    for _ in range(60):
        model.partial_fit(X, y)
    assert (
        model.score(X, y) > 0.7
    )  # measured over six seeds: at least 0.88 and 0.77; a guess would be 0.33
    assert model.n_iter_ == 1
    assert len(model.loss_curve_) == 61


def test_partial_fit_of_labels_in_several_columns():
    X, y = labels()
    model = quick().partial_fit(X, y, classes=np.arange(4))
    for _ in range(100):
        model.partial_fit(X, y)
    assert (model.predict(X) == y).mean() > 0.77  # measured over five seeds: 0.81


# ---- predictions are what the weights say


def test_predictions_follow_from_the_weights(data):
    X, y = data
    model = quick(hidden_layer_sizes=(7, 5), activation=["tanh", "relu"]).fit(X, y)
    (w0, w1, w2), (b0, b1, b2) = model.coefs_, model.intercepts_
    hidden = np.maximum(np.tanh(X @ w0 + b0) @ w1 + b1, 0)
    raw = hidden @ w2 + b2
    assert_allclose(model.transform(X), hidden, rtol=1e-9, atol=1e-12)
    if y.ndim == 2:
        expected = expit(raw)
    elif raw.shape[1] == 1:
        expected = np.hstack([expit(-raw), expit(raw)])
    else:
        expected = softmax(raw, axis=1)
    assert_allclose(model.predict_proba(X), expected, rtol=1e-9, atol=1e-12)


def test_sparse_input_is_the_same_as_dense(data):
    X, y = data
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    dense = quick(batch_size=32, dtype="float64").fit(X, y)
    for form in (sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.coo_array):
        model = clone(dense).fit(form(X), y)
        assert_allclose(model.predict_proba(form(X)), dense.predict_proba(X), rtol=1e-7)
        assert_allclose(model.transform(form(X)), dense.transform(X), rtol=1e-7, atol=1e-9)
        assert_allclose(model.loss_curve_, dense.loss_curve_, rtol=1e-9)
