"""Other places of scikit-learn where an estimator goes: folds, searches, curves, features, missing
values and labels, routed weights.

Either a score on rows not trained on, or equality with the networks trained by hand.
"""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.feature_selection import RFE, SelectFromModel, SequentialFeatureSelector
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.inspection import PartialDependenceDisplay, partial_dependence, permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skmlp import Autoencoder

from .networks import classifier, halves, regressor
from .problems import cancer, diabetes, digits, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# ---- searches and curves


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_predictions_of_folds(method):
    X, y = wine()
    folds = KFold(3, shuffle=True, random_state=0)
    found = cross_val_predict(classifier(), X, y, cv=folds, method=method)
    for train, test in folds.split(X):
        assert_array_equal(
            found[test], getattr(classifier().fit(X[train], y[train]), method)(X[test])
        )
    labels = found if method == "predict" else found.argmax(axis=1)
    assert (labels == y).mean() > 0.9  # measured over five seeds: 0.966


def test_a_learning_curve_grows_one_network():
    """With ``exploit_incremental_learning`` each size goes on with the rows that are new."""
    X, y = digits()
    train, test = np.arange(0, 1000), np.arange(1000, len(y))
    sizes, train_scores, scores = learning_curve(
        classifier(),
        X,
        y,
        cv=[(train, test)],
        train_sizes=[100, 300, 1000],
        exploit_incremental_learning=True,
    )
    network, start = classifier(), 0
    for k, stop in enumerate(sizes):
        network.partial_fit(X[start:stop], y[start:stop], classes=np.unique(y))
        assert scores[k] == network.score(X[test], y[test])
        assert train_scores[k] == network.score(X[:stop], y[:stop])
        start = stop
    assert scores[0] < scores[-1] - 0.1  # measured over five seeds: 0.36


def test_a_validation_curve_shows_what_a_penalty_does():
    X, y = diabetes()
    train, _ = validation_curve(
        regressor(solver="lbfgs"), X, y, param_name="alpha", param_range=[1e-3, 100.0, 1e5], cv=3
    )
    assert (
        train.mean(axis=1)[:-1] > train.mean(axis=1)[1:] + 0.1
    ).all()  # measured over five seeds: 0.13


# ---- features


def test_selection_of_features():
    """Body mass and s5 (columns 2 and 8) tell most of the diabetes data, as in any model of
    them.
    """
    X, y = diabetes()
    network = regressor(hidden_layer_sizes=(4,), solver="lbfgs", alpha=10.0)

    def size(network):
        return np.abs(network.coefs_[0]).sum(axis=1)

    for selector in (
        SequentialFeatureSelector(network, n_features_to_select=2, cv=3),
        RFE(
            regressor(hidden_layer_sizes=(), solver="lbfgs", alpha=50.0),
            n_features_to_select=2,
            importance_getter=size,
        ),
        SelectFromModel(
            regressor(hidden_layer_sizes=(), solver="lbfgs", alpha=50.0),
            max_features=2,
            importance_getter=size,
        ),
    ):
        assert_array_equal(selector.fit(X, y).get_support(indices=True), [2, 8])


def test_permutation_importance():
    X, y = diabetes()
    importance = permutation_importance(
        regressor().fit(X, y), X, y, n_repeats=2, random_state=0
    ).importances_mean
    assert importance[[2, 8]].min() > 0.05  # measured over five seeds: 0.121


def test_partial_dependence():
    """Without hidden layers it is a line, whose slope is the weight."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    X, y = diabetes()
    network = regressor(hidden_layer_sizes=(), solver="lbfgs").fit(X, y)
    found = partial_dependence(network, X, [2], kind="average")
    values, mean = found["grid_values"][0], found["average"][0]
    assert_allclose(np.diff(mean) / np.diff(values), network.coefs_[0][2, 0], rtol=1e-9)
    display = PartialDependenceDisplay.from_estimator(network, X, [2, 8])
    assert_allclose(display.lines_[0, 0].get_ydata(), mean)
    pyplot.close("all")


def test_a_search_tunes_the_width_of_a_code_by_the_classifier_behind_it():
    X_train, X_test, y_train, y_test = halves(digits())
    code = Autoencoder(2, (32,), learning_rate_init=0.01, max_iter=15, random_state=0)
    model = make_pipeline(code, KNeighborsClassifier(1))
    search = GridSearchCV(model, {"autoencoder__n_components": [1, 2, 12]}, cv=2).fit(
        X_train[:400], y_train[:400]
    )
    assert search.best_estimator_[0].n_components == 12
    assert (
        np.diff(search.cv_results_["mean_test_score"]) > 0.05
    ).all()  # measured over five seeds: 0.107
    assert search.score(X_test, y_test) > 0.75  # measured over five seeds: 0.828


def test_nearest_neighbours_in_codes_are_more_alike_than_in_principal_components():
    X_train, X_test, y_train, y_test = halves(digits())
    code = Autoencoder(
        2, (64,), learning_rate="one_cycle", learning_rate_init=0.01, max_iter=60, random_state=0
    )
    scores = [
        make_pipeline(step, KNeighborsClassifier(1)).fit(X_train, y_train).score(X_test, y_test)
        for step in (code, PCA(2))
    ]
    assert scores[0] > scores[1] + 0.04  # measured over five seeds: 0.091 to 0.184


def test_missing_values_are_filled_in():
    X, _ = cancer()
    rng = np.random.default_rng(0)
    missing = rng.random((len(X), 6)) < 0.2
    full = X[:, :6]
    some = np.where(missing, np.nan, full)
    network = regressor(solver="lbfgs", alpha=1.0)
    filled = IterativeImputer(network, max_iter=2, tol=100.0, random_state=0).fit_transform(some)
    error, of_means = (
        np.abs(X - full)[missing].mean() for X in (filled, SimpleImputer().fit_transform(some))
    )
    assert error < 0.65 * of_means  # measured over five seeds: 0.49


# ---- some labels, some weights


def test_labels_are_spread_to_rows_without():
    X_train, X_test, y_train, y_test = halves(digits())
    few = np.where(np.arange(len(y_train)) % 10 == 0, y_train, -1)
    model = SelfTrainingClassifier(classifier(alpha=1.0), threshold=0.9, max_iter=3).fit(
        X_train, few
    )
    spread = (few == -1) & (model.transduction_ != -1)
    assert spread.sum() > 300  # measured over five seeds: 529
    assert (
        model.transduction_[spread] == y_train[spread]
    ).mean() > 0.85  # measured over five seeds: 0.943
    assert model.score(X_test, y_test) > 0.7  # measured over five seeds: 0.789


# what the weights are given to, and the networks inside
ROUTES = {
    "pipeline": (
        lambda network: make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False), network
        ),
        lambda model: model[-1:],
    ),
    "bagging": (
        lambda network: BaggingClassifier(network, n_estimators=3, random_state=0),
        lambda model: model.estimators_,
    ),
    "stacking": (
        lambda network: StackingClassifier([("mlp", network)], cv=2),
        lambda model: model.estimators_,
    ),
    "voting": (
        lambda network: VotingClassifier([("mlp", network)]),
        lambda model: model.estimators_,
    ),
    "calibration": (
        lambda network: CalibratedClassifierCV(network, cv=2),
        lambda model: [each.estimator for each in model.calibrated_classifiers_],
    ),
    "search": (
        lambda network: HalvingGridSearchCV(
            network.set_score_request(sample_weight=True),
            {"alpha": [0.1, 1.0]},
            cv=2,
            random_state=0,
        ),
        lambda model: [model.best_estimator_],
    ),
}


def spoilt_wine():
    """Return X, y with two labels in three wrong, their weights zero, and the true labels."""
    X, truth = wine()
    order = np.random.default_rng(0).permutation(len(truth))
    X, truth, wrong = X[order], truth[order], np.arange(len(truth)) % 3 > 0
    return X, np.where(wrong, (truth + 1) % 3, truth), (~wrong).astype(float), truth


@pytest.mark.parametrize(("make", "networks"), ROUTES.values(), ids=ROUTES)
def test_weights_are_routed(make, networks):
    """With weights zero for the wrong labels the right ones are learned."""
    X, y, weight, truth = spoilt_wine()
    with sklearn.config_context(enable_metadata_routing=True):
        network = classifier(max_iter=60).set_fit_request(sample_weight=True)
        found = networks(make(network).fit(X, y, sample_weight=weight))
    assert (
        min(network.score(X, truth) for network in found) > 0.85
    )  # measured over five seeds: 0.938; without weights at most 0.29


def test_weights_are_routed_to_folds():
    X, y, weight, _ = spoilt_wine()
    with sklearn.config_context(enable_metadata_routing=True):
        network = (
            classifier(max_iter=60)
            .set_fit_request(sample_weight=True)
            .set_score_request(sample_weight=True)
        )
        found = cross_validate(
            network,
            X,
            y,
            cv=3,
            params={"sample_weight": weight},
            return_estimator=True,
            return_indices=True,
        )
    folds = zip(
        found["estimator"],
        found["indices"]["train"],
        found["indices"]["test"],
        found["test_score"],
        strict=True,
    )
    for network, train, test, score in folds:
        alone = classifier(max_iter=60).fit(X[train], y[train], weight[train])
        assert_array_equal(network.predict_proba(X), alone.predict_proba(X))
        assert score == alone.score(X[test], y[test], weight[test])
