"""The detector around an autoencoder: bounds, labels, weights, names of columns that make a row an
outlier, and detection where it is easy.
"""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.utils import get_tags

from skmlp import OutlierAutoencoder

from . import skops_files
from .detectors import pipeline, quick
from .problems import cancer, digits, wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_scores_are_those_of_the_estimator_and_labels_are_their_signs():
    X, _ = wine()
    detector = OutlierAutoencoder(pipeline()).fit(X)
    assert_allclose(detector.score_samples(X), pipeline().fit(X).score_samples(X), rtol=1e-12)
    assert_array_equal(detector.decision_function(X), detector.score_samples(X) - detector.offset_)
    assert_array_equal(
        detector.predict(X), np.where(detector.score_samples(X) >= detector.offset_, 1, -1)
    )
    assert_array_equal(detector.fit_predict(X), detector.predict(X))
    assert detector.n_features_in_ == 13


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.25, 0.5])
def test_a_share_of_the_training_rows_are_outliers(contamination):
    X = cancer()[0][:400]
    labels = OutlierAutoencoder(quick(), contamination=contamination).fit_predict(X)
    assert (labels == -1).sum() == contamination * 400


def test_the_share_counts_weights():
    X = cancer()[0][:100]
    weight = (
        np.random.default_rng(0).integers(0, 3, 100).astype(float)
    )  # a batch of all rows, repeated or not
    detector = OutlierAutoencoder(quick(), contamination=0.2)
    weighted = clone(detector).fit(X, sample_weight=weight)
    repeated = clone(detector).fit(X.repeat(weight.astype(int), axis=0))
    assert_allclose(weighted.offset_, repeated.offset_, rtol=1e-6)
    assert_array_equal(weighted.predict(X), repeated.predict(X))
    share = weight[weighted.predict(X) == -1].sum() / weight.sum()
    assert abs(share - 0.2) <= 3 / weight.sum()


def test_the_bound_of_auto_is_the_quantile_of_normal_residuals():
    """Squared errors of many independent normal residuals: two standard deviations are one row
    in 44.
    """
    rng = np.random.default_rng(0)

    class Errors(KernelDensity):
        """The first column is the score."""

        def fit(self, X, y=None, sample_weight=None):
            self.n_features_in_ = X.shape[1]
            return self

        def score_samples(self, X):
            return np.asarray(X)[:, 0]

    for n_residuals in (1, 2, 10, 100):
        errors = np.square(rng.normal(size=(20000, n_residuals))).sum(axis=1)
        detector = OutlierAutoencoder(Errors()).fit(-errors[:, None])
        flagged = (detector.predict(-errors[:, None]) == -1).mean()
        assert 0.008 < flagged < 0.03, (
            n_residuals
        )  # 0.0228 for a normal distribution; measured: 0.013 for one residual, 0.022 for 100
        contaminated = np.concatenate([errors, np.full(2000, 100.0 * n_residuals)])
        bound = OutlierAutoencoder(Errors()).fit(-contaminated[:, None]).offset_
        assert (
            1.0 < bound / detector.offset_ < 1.5
        )  # measured: 1.36 for one residual, less for more; outliers lie at 20


@pytest.mark.parametrize("seed", range(3))
def test_the_default_tells_ones_from_other_digits(seed):
    X, y = digits()
    rng = np.random.default_rng(seed)
    ones = rng.permutation(np.flatnonzero(y == 1))
    others = rng.permutation(np.flatnonzero(y != 1))[:200]
    detector = OutlierAutoencoder(random_state=seed).fit(X[ones[:120]])
    X_test = np.vstack([X[ones[120:]], X[others]])
    normal = np.repeat([True, False], [len(ones) - 120, 200])
    assert (
        roc_auc_score(normal, detector.decision_function(X_test)) > 0.9
    )  # measured over five seeds: 0.976
    assert (detector.predict(X[others]) == -1).mean() > 0.9


def test_the_default_takes_weights_for_repetitions_in_spite_of_its_noise():
    X = cancer()[0][:80]
    weight = np.random.default_rng(0).integers(0, 4, 80)
    order = np.random.default_rng(1).permutation(80)
    detector = OutlierAutoencoder(random_state=0)
    weighted = clone(detector).fit(X[order], sample_weight=weight[order])
    repeated = clone(detector).fit(X.repeat(weight, axis=0))
    # batches of 64 distinct rows in float32
    assert_allclose(weighted.score_samples(X), repeated.score_samples(X), rtol=1e-3)
    once = clone(detector).fit(X[weight > 0])
    assert np.abs(once.score_samples(X) / weighted.score_samples(X) - 1.0).max() > 0.01
    with pytest.raises(ValueError, match="at least one non-zero"):
        clone(detector).fit(X, sample_weight=np.zeros(80))


def test_weights_go_to_all_steps_that_take_them():
    X, _ = wine()
    weight = np.random.default_rng(0).uniform(0.0, 3.0, len(X))
    for routing in (False, True):
        with sklearn.config_context(enable_metadata_routing=routing):
            detector = OutlierAutoencoder(make_pipeline(StandardScaler(), PCA(5), quick())).fit(
                X, sample_weight=weight
            )
        assert_allclose(
            detector.estimator_[0].mean_, np.average(X, axis=0, weights=weight), atol=1e-12
        )
        Z = detector.estimator_[:-1].transform(X)
        assert_allclose(
            detector.score_samples(X),
            quick().fit(Z, sample_weight=weight).score_samples(Z),
            rtol=1e-6,
        )
    for last in (PCA(5), make_pipeline(StandardScaler(), PCA(5))):
        with pytest.raises(
            ValueError, match=r"fit of PCA\(n_components=5\) takes no sample_weight"
        ):
            OutlierAutoencoder(last).fit(X, sample_weight=weight)


def test_seeds():
    X, _ = wine()
    scores = [
        OutlierAutoencoder(pipeline(random_state=None), random_state=seed).fit(X).score_samples(X)
        for seed in (0, 0, 1)
    ]
    assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])
    kept = OutlierAutoencoder(pipeline(random_state=5)).fit(X)
    assert kept.estimator_[-1].random_state == 5
    model = pipeline(random_state=None)
    OutlierAutoencoder(model, random_state=0).fit(X)
    assert model[-1].random_state is None  # a copy is fitted


def test_equal_rows_have_one_label_however_many_are_predicted_together():
    constant = OutlierAutoencoder(random_state=0)
    with pytest.warns(UserWarning, match="trained on 1 rows"):
        constant.fit(np.ones((50, 3)))
    X = np.random.default_rng(0).integers(0, 2, (120, 3)).astype(float)
    few = OutlierAutoencoder(random_state=0, contamination=0.05)
    few.fit(X)
    for detector, rows in ((constant, np.ones((50, 3))), (few, X)):
        for size in (1, 2, 3, 50):
            parts = [rows[start : start + size] for start in range(0, len(rows), size)]
            assert_array_equal(np.concatenate([detector.predict(part) for part in parts]), 1)


@pytest.mark.parametrize("form", [np.array, list, pd.DataFrame])
def test_values_that_the_network_cannot_hold_make_outliers(form):
    X = np.random.default_rng(0).normal(size=(100, 3))
    detector = OutlierAutoencoder(random_state=0).fit(form(X))
    strange = X[:6].copy()
    strange[[1, 4], [0, 2]] = 1e39, -1e300
    scores = detector.score_samples(form(strange))
    assert_array_equal(np.isneginf(scores), [False, True, False, False, True, False])
    assert_allclose(scores[::2][:2], detector.score_samples(form(X))[[0, 2]], rtol=1e-3)
    assert_array_equal(detector.predict(form(strange))[[1, 4]], -1)


# ---- columns


def test_feature_errors_find_the_column_that_was_changed():
    X, _ = wine()
    detector = OutlierAutoencoder(random_state=0).fit(X[:, :6])
    changed = X[:60, :6].copy()
    columns = np.arange(60) % 6
    changed[np.arange(60), columns] += 8.0
    errors = detector.feature_errors(changed)
    assert errors.shape == (60, 6)
    assert_allclose(errors.sum(axis=1), -detector.score_samples(changed), rtol=1e-4)
    assert (errors.argmax(axis=1) == columns).mean() > 0.9


def test_missing_values_have_no_error():
    X, _ = wine()
    X = X[:, :6].copy()
    X[np.arange(0, len(X), 3), np.arange(0, len(X), 3) % 6] = np.nan
    detector = OutlierAutoencoder(random_state=0).fit(X)
    errors = detector.feature_errors(X)
    assert_array_equal(errors == 0, np.isnan(X))
    outlier = X[1:2].copy()
    outlier[0, 3] = 1e3
    assert (detector.predict(X) == 1).mean() > 0.85
    assert detector.predict(outlier) == -1


def test_the_tag_of_missing_values_is_that_of_all_steps():
    for steps, taken in (
        ((StandardScaler(),), True),
        ((make_pipeline(StandardScaler(), "passthrough"),), True),
        ((PCA(2),), False),
    ):
        assert (
            get_tags(OutlierAutoencoder(make_pipeline(*steps, quick()))).input_tags.allow_nan
            is taken
        )


def test_feature_errors_of_made_columns_come_back_to_the_given_ones():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=200),
            "kind": rng.choice(["a", "b", "c"], 200),
            "left_out": 0.0,
            "age": rng.normal(size=200),
        }
    )
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["kind"]), (StandardScaler(), ["age", "size"])
    )
    detector = OutlierAutoencoder(make_pipeline(columns, quick())).fit(frame)
    assert list(detector.feature_names_in_) == ["size", "kind", "left_out", "age"]
    found = detector.feature_errors(frame)
    made = detector.estimator_[-1].feature_errors(
        columns.fit_transform(frame)
    )  # kind_a, kind_b, kind_c, age, size
    assert_allclose(
        found,
        np.column_stack([made[:, 4], made[:, :3].sum(axis=1), 0.0 * made[:, 0], made[:, 3]]),
        rtol=1e-6,
    )


def test_feature_errors_without_steps_before():
    X, _ = wine()
    alone = OutlierAutoencoder(quick()).fit(X)
    assert_array_equal(alone.feature_errors(X), quick().fit(X).feature_errors(X))
    assert_array_equal(
        OutlierAutoencoder(make_pipeline(quick())).fit(X).feature_errors(X), alone.feature_errors(X)
    )


def test_feature_errors_of_a_pipeline_in_a_pipeline():
    frame = pd.DataFrame(wine()[0]).add_prefix("column ")
    flat = make_pipeline(StandardScaler(), MinMaxScaler(), quick())
    nested = make_pipeline(StandardScaler(), make_pipeline(MinMaxScaler(), make_pipeline(quick())))
    flat, nested = (OutlierAutoencoder(model).fit(frame) for model in (flat, nested))
    assert_array_equal(nested.score_samples(frame), flat.score_samples(frame))
    assert_array_equal(nested.feature_errors(frame), flat.feature_errors(frame))


def test_columns_that_come_from_none_in_particular_are_refused():
    X, _ = wine()
    detector = OutlierAutoencoder(make_pipeline(PCA(3), quick())).fit(X)
    with pytest.raises(
        ValueError, match=r"which of the given columns 'pca0' comes from.*estimator_\[-1\]"
    ):
        detector.feature_errors(X)


# ---- scikit-learn's manners


def test_a_search_reaches_the_autoencoder():
    X, y = cancer()
    scoring = make_scorer(roc_auc_score, response_method="decision_function")
    grid = {
        "estimator__autoencoder__n_components": [1, 4],
        "estimator__autoencoder__hidden_layer_sizes": [(), (8,)],
    }
    detector = OutlierAutoencoder(pipeline(max_iter=10))
    benign = np.flatnonzero(y == 1)
    folds = [
        (benign[::2], np.setdiff1d(np.arange(len(y)), benign[::2]))
    ]  # trained on normal rows only, tested on the others and the rest
    search = GridSearchCV(detector, grid, scoring=scoring, cv=folds).fit(X, y)
    assert search.best_score_ > 0.9  # measured over five seeds: 0.9615
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    alone = GridSearchCV(
        OutlierAutoencoder(quick(max_iter=3)),
        {"estimator__n_components": [1, 2]},
        scoring=scoring,
        cv=folds,
    )
    assert len(set(alone.fit(X, y).cv_results_["mean_test_score"])) == 2


def test_pickles_and_skops():
    X, _ = wine()
    detector = OutlierAutoencoder(random_state=0).fit(X)
    again = pickle.loads(pickle.dumps(detector))
    assert_array_equal(again.decision_function(X), detector.decision_function(X))
    assert_array_equal(skops_files.load(skops_files.save(detector)).predict(X), detector.predict(X))


def test_names_of_columns_are_checked():
    frame = pd.DataFrame(wine()[0][:, :3], columns=["a", "b", "c"])
    detector = OutlierAutoencoder(random_state=0).fit(frame)
    assert list(detector.feature_names_in_) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="feature names"):
        detector.predict(frame.rename(columns={"a": "z"}))


def test_sparse_rows_go_to_an_estimator_that_takes_them():
    X = np.maximum(digits()[0][:200], 0.0)
    detector = OutlierAutoencoder(quick(batch_size=64, dtype="float64"))
    assert_allclose(
        detector.fit(sparse.csr_array(X)).score_samples(sparse.csr_array(X)),
        detector.fit(X).score_samples(X),
        rtol=1e-6,
    )
    with pytest.raises(TypeError, match="dense data is required"):
        OutlierAutoencoder().fit(sparse.csr_array(X))


def test_steps_that_work_in_place():
    X = wine()[0][:50]
    detectors = [
        OutlierAutoencoder(make_pipeline(StandardScaler(copy=copy), quick()))
        for copy in (True, False)
    ]
    rows = X.copy()
    assert_array_equal(detectors[0].fit_predict(rows), detectors[1].fit_predict(rows))
    assert detectors[0].offset_ == detectors[1].offset_
    assert_array_equal(detectors[0].feature_errors(rows), detectors[1].feature_errors(rows))
    assert_array_equal(rows, X)


def test_other_scalers_and_no_autoencoder():
    X, _ = wine()
    assert set(OutlierAutoencoder(make_pipeline(MinMaxScaler(), quick())).fit_predict(X)) <= {-1, 1}
    density = OutlierAutoencoder(KernelDensity(), contamination=0.1).fit(X)
    assert (density.predict(X) == -1).sum() == 17  # a tenth of 178 rows
    with pytest.raises(AttributeError, match="feature_errors"):
        density.feature_errors(X)


@pytest.mark.parametrize("dtype", [float, "Int64", object, "float32"])
def test_the_default_sees_values_and_not_dtypes(dtype):
    """Numbers and texts are the same whatever they are stored as."""
    rng = np.random.default_rng(0)
    whole = pd.DataFrame(
        {"a": rng.normal(size=80), "b": rng.integers(0, 5, 80), "c": rng.choice(list("xyz"), 80)}
    )
    stored = whole.astype({"b": dtype, "c": "category"})
    bounds = [OutlierAutoencoder(random_state=0).fit(X).offset_ for X in (whole, stored)]
    assert bounds[0] == bounds[1]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_column_without_values_is_refused_without_warnings():
    X = np.column_stack([np.arange(20.0), np.full(20, np.nan)])
    with pytest.raises(ValueError, match="missing in column 1"):
        OutlierAutoencoder(random_state=0).fit(X)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_few_distinct_rows_end_well(seed):
    """Their noise makes the loss of an epoch a matter of luck, which is no reason to warn."""
    flags = np.random.default_rng(seed).random((500, 2)) > 0.5
    OutlierAutoencoder(random_state=seed).fit(pd.DataFrame(flags, columns=["u", "v"]))
