"""The estimators for tables among scikit-learn's tools and those of this package."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from skmlp import (
    TabularMLPClassifier,
    TabularMLPRegressor,
    WeightsDisplay,
    input_gradient,
    learning_rate_range,
    sample_predictions,
    summary,
)
from skmlp.nn.losses import Quantile

from .tables import mixed

QUICK = {"n_estimators": 2, "hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
BOTH = pytest.mark.parametrize("cls", [TabularMLPClassifier, TabularMLPRegressor])


@BOTH
def test_clones_and_what_a_notebook_shows(cls):
    X, y = mixed()
    model = cls(**QUICK, member_params={"activation": "relu"}).fit(X, y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "estimators_")
    assert_array_equal(copy.fit(X, y).predict(X), model.predict(X))
    for each in (clone(model), model):
        assert cls.__name__ in each._repr_html_()


@BOTH
def test_tags_say_that_tables_go_in(cls):
    tags = get_tags(cls())
    inputs = tags.input_tags
    assert inputs.categorical
    assert inputs.string
    assert inputs.allow_nan
    assert not inputs.sparse
    assert tags.target_tags.multi_output == (cls is TabularMLPRegressor)


@BOTH
def test_weights_are_routed(cls):
    X, y = mixed()
    weight = np.where(np.arange(len(X)) % 2, 1.0, 3.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = cls(**QUICK).set_fit_request(sample_weight=True)
        routed = make_pipeline(model).fit(X, y, sample_weight=weight)
        found = cross_validate(
            model, X, y, cv=[(np.arange(150), np.arange(150, 200))], return_estimator=True
        )
    assert_array_equal(routed.predict(X), cls(**QUICK).fit(X, y, weight).predict(X))
    plain = cls(**QUICK).fit(X[:150], y[:150])
    assert_array_equal(found["estimator"][0].predict(X), plain.predict(X))


@BOTH
@pytest.mark.parametrize("ask", [summary, input_gradient, sample_predictions, WeightsDisplay])
def test_what_is_asked_of_a_network_is_asked_of_a_member(cls, ask):
    X, y = mixed()
    search = GridSearchCV(cls(**QUICK), {"dropout": [0.2]}, cv=2).fit(X, y)
    ask = ask.from_estimator if ask is WeightsDisplay else ask
    rows = [] if ask in (summary, WeightsDisplay.from_estimator) else [X]
    with pytest.raises(TypeError, match=rf"{cls.__name__} has several .* such as estimators_\[0\]"):
        ask(search, *rows)
    if ask != WeightsDisplay.from_estimator:
        assert ask(search.best_estimator_.estimators_[0], *rows) is not None


@BOTH
def test_rates_are_tried_on_a_member(cls):
    X, y = mixed()
    with pytest.raises(TypeError, match=r"is an ensemble; give its make_estimator\(len\(X\)\)"):
        learning_rate_range(cls(**QUICK), X, y)
    member = cls(**QUICK).make_estimator(len(X))
    _, losses, rate = learning_rate_range(member, X, y, n_steps=20)
    assert np.isfinite(losses).all()
    assert rate > 0.0


def test_a_loss_without_probabilities_is_refused():
    with pytest.raises(ValueError, match="loss='hinge', which has no probabilities"):
        TabularMLPClassifier(**QUICK, member_params={"loss": "hinge"}).fit(*mixed())


@BOTH
def test_a_solver_without_epochs_is_refused(cls):
    with pytest.raises(ValueError, match="solver='lbfgs', which has no epochs"):
        cls(**QUICK, member_params={"solver": "lbfgs"}).fit(*mixed())


@pytest.mark.parametrize("loss", ["quantile", Quantile([0.1, 0.9])])
def test_a_loss_of_several_quantiles_is_refused_before_training(loss):
    X, y = mixed()
    model = TabularMLPRegressor(**QUICK, member_params={"loss": loss})
    with pytest.raises(ValueError, match=r"several quantiles; .* from predict\(X, quantiles="):
        model.fit(X, y)
    assert model.set_params(member_params={"loss": Quantile(0.9)}).fit(X, y).predict(X).ndim == 1


@BOTH
def test_members_train_for_all_epochs_of_whoever_sets_them(cls):
    member = cls(member_params={"max_iter": 500}).make_estimator()
    assert (member.max_iter, member.n_iter_no_change) == (500, np.inf)
