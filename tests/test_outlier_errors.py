"""What the detector around an autoencoder refuses and warns of; failed fits change nothing."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import Autoencoder, OutlierAutoencoder

from .detectors import pipeline, quick
from .problems import wine

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# ---- scikit-learn's manners


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"contamination": 0.7}, "contamination"),
        ({"contamination": "many"}, "contamination"),
        ({"estimator": StandardScaler()}, "score_samples"),
    ],
)
def test_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        OutlierAutoencoder(**setting).fit(wine()[0])


def test_the_default_takes_a_table():
    """What is normal alone is an outlier where the rest of its row says otherwise."""
    rng = np.random.default_rng(0)
    kind = rng.choice(["x", "y"], 300)
    size = rng.normal(size=300) + 6.0 * (kind == "y")
    frame = pd.DataFrame({"size": 1e6 * size, "kind": kind, "noise": rng.normal(size=300)})
    frame.loc[::20, "noise"] = np.nan
    detector = OutlierAutoencoder(random_state=0).fit(frame)
    odd = pd.DataFrame({"size": [0.0, 6e6], "kind": ["y", "x"], "noise": [0.0, np.nan]})
    assert detector.predict(odd).tolist() == [-1, -1]
    assert (detector.predict(frame) == 1).mean() > 0.9
    assert detector.feature_errors(odd)[:, 1].min() > detector.feature_errors(frame)[:, 1].max()


@pytest.mark.parametrize("form", [np.array, list, pd.DataFrame])
def test_the_default_takes_rows_of_any_form(form):
    rows = [[float(k % 7), "xy"[k % 2]] for k in range(60)]
    X = np.array(rows, dtype=object) if form is np.array else form(rows)
    detector = OutlierAutoencoder(random_state=0).fit(X)
    assert detector.predict(X).shape == (60,)
    assert detector.n_features_in_ == 2


# ---- what goes wrong


def bad_fits():
    """Return calls of ``fit`` that fail late or early: a network that diverges, other columns,
    rows of the wrong kind, Ctrl-C.
    """
    X = wine()[0]
    return {
        "diverged": lambda d: d.set_params(
            estimator=quick(solver="sgd", learning_rate_init=1e30)
        ).fit(X),
        "strings": lambda d: d.set_params(estimator=quick()).fit(
            pd.DataFrame({"p": [1.0, 2.0], "q": ["u", "v"]})
        ),
        "infinite": lambda d: d.fit(np.full((2, 7), np.inf)),
        "scores": lambda d: d.set_params(estimator=NoScores()).fit(X),
        "parameter": lambda d: d.set_params(contamination=2.0).fit(X),
        "interrupted": lambda d: d.set_params(estimator=Interrupted()).fit(X[:, :2]),
    }


class NoScores(KernelDensity):
    def score_samples(self, X):
        return np.full(len(X), np.nan)


class Interrupted(KernelDensity):
    def fit(self, X, y=None, sample_weight=None):
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", bad_fits())
def test_a_fit_that_fails_leaves_the_detector_as_it_was(name):
    X = pd.DataFrame(wine()[0][:, :3], columns=["a", "b", "c"])
    for detector in (OutlierAutoencoder(), OutlierAutoencoder(pipeline(), random_state=0).fit(X)):
        fitted = hasattr(detector, "offset_")
        before = {name: value for name, value in vars(detector).items() if name.endswith("_")}
        errors = detector.feature_errors(X) if fitted else None
        with pytest.raises((ValueError, TypeError, KeyboardInterrupt)):
            bad_fits()[name](detector)
        after = {name: value for name, value in vars(detector).items() if name.endswith("_")}
        assert before.keys() == after.keys()
        assert all(before[name] is after[name] for name in before)
        if fitted:
            assert_array_equal(detector.feature_errors(X), errors)
        else:
            for method in ("predict", "decision_function", "score_samples", "feature_errors"):
                with pytest.raises(NotFittedError):
                    getattr(detector, method)(X)


@pytest.mark.parametrize("estimator", [None, Autoencoder(20, max_iter=3)], ids=["default", "given"])
def test_fewer_rows_than_columns_warn(estimator):
    X = np.random.default_rng(0).normal(size=(30, 40))
    detector = OutlierAutoencoder(estimator, random_state=0)
    with pytest.warns(
        UserWarning, match="trained on 30 rows of 40 columns.*PCA.*offset_"
    ) as caught:
        detector.fit(X)
    assert caught[-1].filename == __file__
    with pytest.warns(UserWarning, match="trained on 20 rows of 40"):
        detector.fit(X, sample_weight=np.arange(30) % 3)
    detector.fit(X[:, :20])


def test_what_the_warning_of_few_rows_advises():
    rng = np.random.default_rng(0)
    train, held_out, test = rng.normal(size=(3, 40, 60))
    with pytest.warns(
        UserWarning,
        match="may overfit so few rows that every new one, however normal, is an outlier",
    ):
        detector = OutlierAutoencoder(random_state=0).fit(train)
    assert (detector.predict(test) == -1).all()
    detector.offset_ = np.quantile(detector.score_samples(held_out), 0.05)
    assert (detector.predict(test) == -1).mean() < 0.25  # expected: 0.05
    detector = OutlierAutoencoder(
        make_pipeline(StandardScaler(), PCA(5), quick()), random_state=0
    ).fit(train)
    assert (detector.predict(test) == -1).mean() < 0.25


def test_an_error_beyond_all_numbers_is_that_of_an_outlier():
    X = np.random.default_rng(0).normal(size=(100, 3))
    far = 1.7e308 * np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]])
    for estimator in (
        quick(dtype="float64"),
        pipeline(dtype="float64"),
        quick(dtype="float64", batch_norm=True),
    ):
        detector = OutlierAutoencoder(estimator, random_state=0).fit(X)
        assert_array_equal(detector.predict(far), -1)
        assert (detector.score_samples(far) < -1e100).all()
        assert (detector.decision_function(far) < 0.0).all()
