"""Labels, and targets of another kind than the estimator's, that are refused with the remedy."""

import numpy as np
import pytest

from skmlp import Autoencoder, MLPClassifier, MLPRegressor
from skmlp.nn.layers import BatchNorm
from skmlp.nn.losses import BinaryLogLoss, SquaredError

from .problems import blobs, labels
from .snapshots import assert_unchanged, state
from .test_errors import ESTIMATORS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)


def test_numbers_are_no_labels():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        MLPClassifier().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="several columns of classes"):
        MLPClassifier().fit(X, np.column_stack([Y, Y]))


def test_labels_that_were_not_announced():
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        MLPClassifier().partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        MLPClassifier().partial_fit(X, Y, classes=[0, 1])
    model = MLPClassifier((3,), random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    before = state(model, X)
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(X, Y, classes=[0, 1, 2, 3])
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        model.partial_fit(X, Y + 1)
    with pytest.raises(ValueError, match="single-label with 3 classes; now they are multilabel"):
        model.partial_fit(X, np.eye(3, dtype=int)[Y] + np.eye(3, dtype=int)[(Y + 1) % 3])
    assert_unchanged(before, state(model, X))


@pytest.mark.parametrize("statistics", ["running", "population", "batch"])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_batch_normalisation_of_a_single_row(cls, statistics):
    """As in PyTorch, in training and in prediction: nothing is left of a row from which its own
    mean is subtracted.
    """
    one = {} if cls is Autoencoder else {"y": Y[:1]}
    names = {"classes": [0, 1, 2]} if cls is MLPClassifier else {}
    model = cls(
        hidden_layer_sizes=(4,),
        batch_norm=BatchNorm(statistics=statistics),
        max_iter=2,
        random_state=0,
    ).fit(X, Y)
    before = state(model, X)
    with pytest.raises(
        ValueError, match=r"each batch needs 2 rows or more, but batch_size=1\. Take larger batches"
    ):
        model.set_params(batch_size=1).fit(X, Y)
    with pytest.raises(
        ValueError, match=r"each batch needs 2 rows or more, but fit got n_samples=1\."
    ):
        model.set_params(batch_size="auto").fit(X[:1], **one)
    with pytest.raises(ValueError, match=r"but fit got n_samples=1\."):
        model.fit(X, Y, sample_weight=np.eye(len(X))[0])
    with pytest.raises(ValueError, match=r"but partial_fit got n_samples=1\."):
        model.partial_fit(X[:1], **one, **names)
    if cls is Autoencoder:
        with pytest.raises(ValueError, match="each batch needs 2 rows or more, but batch_size=1"):
            model.set_params(pretraining=3, batch_size=1).fit(X)
        model.set_params(pretraining=None, batch_size="auto")
    assert_unchanged(before, state(model, X))
    if statistics == "batch":
        with pytest.raises(
            ValueError,
            match="subtracts the mean of the rows predicted together, which leaves nothing of a "
            "single row",
        ):
            model.predict(X[:1])
    cls(hidden_layer_sizes=(4,), batch_norm=True, max_iter=2, solver="lbfgs", batch_size=1).fit(
        X, Y
    )  # has no batches
    cls(hidden_layer_sizes=(4,), batch_norm=True, max_iter=2, batch_size=149).fit(
        X, Y
    )  # the last row joins the others
    cls(hidden_layer_sizes=(4,), max_iter=2, batch_size=1).fit(X, Y)


def test_class_weights_of_labels_in_several_columns():
    with pytest.raises(
        ValueError,
        match="class_weight='balanced' is not defined for multilabel targets; use sample_weight",
    ):
        MLPClassifier(class_weight="balanced").fit(*labels())


def test_loss_of_another_kind_of_target():
    with pytest.raises(ValueError, match="but these are multiclass"):
        MLPClassifier(loss=BinaryLogLoss()).fit(X, Y)
    with pytest.raises(ValueError, match="but these are multiclass"):
        MLPClassifier(loss=SquaredError()).fit(X, Y)
    with pytest.raises(ValueError, match="but these are numbers"):
        MLPRegressor(loss=BinaryLogLoss()).fit(X, Y)


def test_labels_that_cannot_be_ordered_are_no_labels():
    model = MLPClassifier((3,), max_iter=1).fit(X, Y)
    for label in (None, "a"):
        with pytest.raises(
            ValueError,
            match=rf"y has the labels \[{label!r}\], which are not among classes_, \[0 1 2\]",
        ):
            model.input_gradient(X, y=[label] * len(X))
