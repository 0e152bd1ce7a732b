"""Pipelines and searches are looked through: what their network says of rows that went through
their steps.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skmlp import (
    Autoencoder,
    MLPClassifier,
    MLPRegressor,
    input_gradient,
    sample_predictions,
    summary,
)

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = blobs(3)
FAR = 100.0 + 7.0 * X
SETTING = {"hidden_layer_sizes": (4,), "max_iter": 3, "dropout": 0.2, "random_state": 0}


def nested():
    """Return a search over a pipeline in a pipeline, and the numbers that reach its network:
    those of FAR, standardised, from 0 to 1.
    """
    pipeline = make_pipeline(
        StandardScaler(), make_pipeline("passthrough", MinMaxScaler(), MLPClassifier(**SETTING))
    )
    search = GridSearchCV(pipeline, {"pipeline__mlpclassifier__alpha": [0.1]}, cv=2).fit(FAR, Y)
    return search, (FAR - FAR.min(axis=0)) / np.ptp(FAR, axis=0)


def test_rows_go_through_the_steps():
    search, rows = nested()
    network = search.best_estimator_[-1][-1]
    assert_allclose(input_gradient(search, FAR), network.input_gradient(rows), rtol=1e-6)
    assert_allclose(input_gradient(search, FAR, y=1), network.input_gradient(rows, y=1), rtol=1e-6)
    assert_allclose(
        sample_predictions(search, FAR, 5, random_state=1),
        network.sample_predictions(rows, 5, random_state=1),
        rtol=1e-6,
    )
    assert str(summary(search)) == str(network.summary())
    assert search.predict_proba(FAR).shape == sample_predictions(search, FAR, 2)[0].shape


def test_the_last_axis_has_the_columns_that_the_steps_name():
    table = pd.DataFrame(X, columns=list("abcde"))
    steps = make_column_transformer(
        (StandardScaler(), ["e", "a"]), ("passthrough", ["c"]), verbose_feature_names_out=False
    )
    model = make_pipeline(steps, MLPRegressor(hidden_layer_sizes=(), max_iter=3)).fit(table, Y)
    gradient = pd.DataFrame(
        input_gradient(model, table), columns=model[:-1].get_feature_names_out()
    )
    assert list(gradient) == ["e", "a", "c"]
    step = pd.DataFrame(0.0, index=table.index, columns=table.columns).assign(
        a=0.5
    )  # of a linear model
    assert_allclose(
        model.predict(table + step) - model.predict(table),
        gradient["a"] * 0.5 / table["a"].std(ddof=0),
        rtol=1e-5,
    )


def test_of_a_network_itself_it_is_the_method():
    X, y = curve()
    model = MLPRegressor("gaussian_nll", **SETTING).fit(X, y)
    for each in (model, FrozenEstimator(model), Pipeline([("network", model)])):
        assert_array_equal(input_gradient(each, X), model.input_gradient(X))
        for ours, own in zip(
            sample_predictions(each, X, 3, 0, return_std=True),
            model.sample_predictions(X, 3, 0, return_std=True),
            strict=True,
        ):
            assert_array_equal(ours, own)
    autoencoder = make_pipeline(StandardScaler(), Autoencoder(max_iter=2)).fit(X)
    assert input_gradient(autoencoder, X).shape == (len(X), 2, 4)


def test_what_cannot_be_asked():
    with pytest.raises(
        TypeError, match="a Pipeline that ends with one, or a fitted search, got LinearRegression"
    ):
        input_gradient(LinearRegression(), X)
    with pytest.raises(TypeError, match="a fitted search, got GridSearchCV"):
        summary(GridSearchCV(MLPClassifier(), {"alpha": [0.1]}))
    with pytest.raises(
        AttributeError, match="'Autoencoder' object has no attribute 'sample_predictions'"
    ):
        sample_predictions(make_pipeline(StandardScaler(), Autoencoder(max_iter=1)).fit(X), X)
    model = TransformedTargetRegressor(MLPRegressor(**SETTING), transformer=StandardScaler()).fit(
        *curve()
    )
    assert summary(model).n_parameters > 0
    with pytest.raises(
        TypeError, match="TransformedTargetRegressor turns into other units; give its regressor_"
    ):
        sample_predictions(model, curve()[0])
