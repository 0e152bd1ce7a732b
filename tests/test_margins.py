"""The losses of classes: margins, which are the linear models, and cross-entropies."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import (
    LogisticRegression,
)
from sklearn.linear_model import Perceptron as LinearPerceptron
from sklearn.svm import SVC, LinearSVC

from skmlp import MLPClassifier
from skmlp.nn.losses import Focal, Hinge, LogLoss

from .problems import blobs, cancer, labels, wine
from .test_losses import MARGINS, exact, patient, quick

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# ---- margins


@pytest.mark.parametrize("alpha", [1.0, 20.0])
def test_hinge_without_hidden_layers_is_the_linear_support_vector_machine(alpha):
    X, y = blobs(2)
    y = np.where(np.arange(len(y)) % 11 == 0, 1 - y, y)
    theirs = SVC(kernel="linear", C=1.0 / alpha, tol=1e-8).fit(X, y)
    ours = patient(MLPClassifier, "hinge", alpha=alpha).fit(X, y)
    sign = 2 * y - 1

    def objective(coef, scores):
        return np.sum(np.maximum(0, 1 - sign * scores)) + 0.5 * alpha * np.sum(coef**2)

    least = objective(theirs.coef_, theirs.decision_function(X))
    # measured: 1 + 3e-7 and 1 + 1e-7; the coefficients 4e-4 and 2e-5
    assert objective(ours.coefs_[0], ours.decision_function(X)) < 1.00001 * least
    assert_allclose(ours.coefs_[0][:, 0], theirs.coef_[0], atol=3e-3)


@pytest.mark.parametrize("problem", [cancer, wine])
def test_squared_hinge_without_hidden_layers_is_linear_svc(problem):
    X, y = problem()
    theirs = LinearSVC(C=0.2, tol=1e-10, max_iter=100000, intercept_scaling=1000.0, dual=False).fit(
        X, y
    )
    ours = exact(MLPClassifier, "squared_hinge", alpha=5.0).fit(X, y)
    # measured: 4e-7 and 4e-6
    assert_allclose(ours.coefs_[0].T, theirs.coef_, atol=1e-5)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-4)
    assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_perceptron_is_scikit_learns_to_the_last_update(n_classes):
    X, y = blobs(n_classes)
    theirs = LinearPerceptron(eta0=0.5, shuffle=False, tol=None, max_iter=4).fit(X, y)
    assert_allclose(
        rosenblatt(eta=0.5, max_iter=4).fit(X, y).coefs_[0].T, theirs.coef_, rtol=1e-9, atol=1e-12
    )
    assert_allclose(
        rosenblatt(eta=0.5, max_iter=4).fit(X, y).intercepts_[0],
        theirs.intercept_,
        rtol=1e-9,
        atol=1e-12,
    )


def rosenblatt(eta=1.0, max_iter=100):
    """Return the perceptron of 1958: one row a step, no momentum, no penalty."""
    setting = {
        "solver": "sgd",
        "momentum": 0.0,
        "alpha": 0.0,
        "batch_size": 1,
        "learning_rate_init": eta,
        "shuffle": False,
        "weight_init": "zeros",
    }
    return MLPClassifier(
        loss="perceptron",
        hidden_layer_sizes=(),
        max_iter=max_iter,
        dtype="float64",
        random_state=0,
        **setting,
    )


@pytest.mark.parametrize(
    ("function", "learned"),
    [
        ((0, 0, 0, 1), True),
        ((0, 1, 1, 1), True),
        ((1, 1, 0, 0), True),
        ((1, 1, 1, 0), True),
        ((0, 1, 1, 0), False),
    ],
    ids=["and", "or", "not", "nand", "xor"],
)
def test_a_perceptron_learns_what_a_line_can_separate(function, learned):
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], list(function)
    model = rosenblatt().fit(X, y)
    assert (model.score(X, y) == 1.0) is learned
    assert (model.loss_ == 0.0) is learned  # no mistake in the last epoch
    before = model.coefs_[0].copy()
    model.set_params(warm_start=True, max_iter=1).fit(X, y)
    assert not learned or np.array_equal(
        model.coefs_[0], before
    )  # who makes no mistakes does not move


@pytest.mark.parametrize("loss", [*MARGINS, "log_loss", "focal"])
@pytest.mark.parametrize(
    "problem", [blobs(2), blobs(4), labels()], ids=["binary", "multiclass", "multilabel"]
)
def test_scores_of_classes(loss, problem):
    X, y = problem
    model = quick(MLPClassifier, loss).fit(X, y)
    scores = model.decision_function(X)
    assert scores.shape == ((150,) if len(model.classes_) == 2 else (150, 4))
    if y.ndim == 2 or scores.ndim == 1:
        assert_array_equal(model.predict(X), scores > 0)
    else:
        assert_array_equal(model.predict(X), scores.argmax(axis=1))
    for method in ("predict_proba", "predict_log_proba"):
        assert (
            hasattr(MLPClassifier(loss=loss), method)
            is hasattr(model, method)
            is (loss not in MARGINS)
        )
    assert (
        model.predict(X) == y
    ).mean() > 0.7  # measured over three seeds: 0.77 for labels and the perceptron, else above 0.82


def test_what_has_no_probabilities_says_so():
    X, y = blobs(2)
    model = quick(MLPClassifier, Hinge(), max_iter=1).fit(X, y)
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'") as error:
        model.predict_proba(X)
    assert "loss=Hinge() has scores but no probabilities; use decision_function" in str(
        error.value.__cause__
    )
    model.set_params(loss="log_loss")  # what counts is the loss that it was fitted with
    assert not hasattr(model, "predict_proba")


# ---- cross-entropies


def test_label_smoothing_is_logistic_regression_on_every_class_with_its_share():
    X, y = wine()
    ours = exact(MLPClassifier, LogLoss(0.3), alpha=5.0).fit(X, y)
    share = 0.7 * np.eye(3)[y] + 0.1
    theirs = LogisticRegression(C=0.2, tol=1e-10, max_iter=5000).fit(
        np.repeat(X, 3, axis=0), np.tile(range(3), len(y)), share.ravel()
    )
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    X, y = blobs(2)
    ours = exact(MLPClassifier, LogLoss(0.3), alpha=5.0).fit(X, y)
    share = 0.7 * np.eye(2)[y] + 0.15
    theirs = LogisticRegression(C=0.2, tol=1e-10, max_iter=5000).fit(
        np.repeat(X, 2, axis=0), np.tile(range(2), len(y)), share.ravel()
    )
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize(
    "problem", [blobs(2), blobs(4), labels()], ids=["binary", "multiclass", "multilabel"]
)
def test_focal_loss_between_cross_entropy_and_doubt(problem):
    X, y = problem
    plain, zero, two = (
        exact(MLPClassifier, loss, alpha=5.0).fit(X, y)
        for loss in ("log_loss", Focal(0.0), "focal")
    )
    assert_allclose(zero.predict_proba(X), plain.predict_proba(X), atol=1e-5)
    # a surer row counts less, so probabilities lie nearer to equal shares
    assert np.abs(two.predict_proba(X) - 0.5).mean() < np.abs(plain.predict_proba(X) - 0.5).mean()
    assert_allclose(two.predict_log_proba(X), np.log(two.predict_proba(X)), rtol=1e-6, atol=1e-9)
