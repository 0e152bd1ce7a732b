"""Which backend trains, and that it makes no difference but to rounding."""

import math
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

import skmlp
from skmlp import MLPClassifier
from skmlp._fit import backend as _backend
from tests.problems import digits

SETTING = "SKMLP_BACKEND"


def fitted(model):
    """Return the model fitted to some digits; it need not converge."""
    X, y = digits()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X[:300], y[:300])


@pytest.mark.parametrize(
    "options",
    [{}, {"solver": "sgd", "batch_norm": True, "dropout": 0.2}],
    ids=str,
)
def test_both_backends_learn_the_same(options, monkeypatch):
    models = []
    for backend in ("numpy", "numba"):
        monkeypatch.setenv(SETTING, backend)
        models.append(
            fitted(
                MLPClassifier(
                    (20, 10),
                    activation="leaky_relu",
                    dtype="float64",
                    max_iter=5,
                    random_state=0,
                    **options,
                )
            )
        )
    curves = [model.loss_curve_ for model in models]
    np.testing.assert_allclose(*curves, rtol=1e-9)
    np.testing.assert_allclose(*(model.predict_proba(digits()[0]) for model in models), atol=1e-7)
    assert curves[0] != curves[1], (
        "sums in another order differ in their last bits; if none does, one backend was not used"
    )


def test_going_on_is_the_same_as_training_at_once(monkeypatch):
    monkeypatch.setenv(SETTING, "numba")
    X, y = digits()
    options = {"hidden_layer_sizes": (16,), "dropout": 0.2, "batch_norm": True, "random_state": 0}
    once = fitted(MLPClassifier(max_iter=6, **options))
    twice = fitted(fitted(MLPClassifier(max_iter=3, warm_start=True, **options)))
    stepwise = MLPClassifier(**options)
    for _ in range(6):
        stepwise.partial_fit(X[:300], y[:300], classes=np.unique(y))
    for other in (twice, stepwise):
        np.testing.assert_array_equal(other.predict_proba(X), once.predict_proba(X))


def test_the_size_of_the_problem_decides(monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.delenv(SETTING, raising=False)
    enough = math.ceil(_backend.LEAST / (_backend.STEP + 1000 * _backend.PARAMETER))
    assert _backend.compiled_backend(1000, enough) is not None
    assert _backend.compiled_backend(1000, enough - 1) is None


@pytest.mark.parametrize(
    ("setting", "compiled"), [("numpy", False), ("numba", True), ("auto", False)]
)
def test_the_environment_decides(setting, compiled, monkeypatch):
    monkeypatch.setenv(SETTING, setting)
    assert (_backend.compiled_backend(3, 10) is not None) == compiled


def test_an_unknown_setting_is_an_error(monkeypatch):
    monkeypatch.setenv(SETTING, "cuda")
    with pytest.raises(
        ValueError, match=r"SKMLP_BACKEND must be 'auto', 'numpy' or 'numba', got 'cuda'"
    ):
        fitted(MLPClassifier())


def in_a_new_process(code, backend):
    run = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(
        run, capture_output=True, text=True, check=True, env={**os.environ, SETTING: backend}
    ).stdout.split()


def test_without_numba_auto_does_without(monkeypatch):
    monkeypatch.setenv(SETTING, "auto")
    monkeypatch.setattr(_backend, "find_spec", lambda name: None)
    assert _backend.compiled_backend(1000, 10**9) is None


@pytest.mark.slow
def test_without_numba_asking_for_it_says_what_to_install():
    code = (
        "import sys; sys.modules['numba'] = None\nimport skmlp\ntry: "
        "skmlp.MLPRegressor().fit([[0.0], [1.0]], [0, 1])\n"
    )
    code += "except ImportError as error: print(error, error.name)"
    words = in_a_new_process(code, "numba")
    assert 'pip install "skmlp[fast]"' in " ".join(words)
    assert words[-1] == "numba"  # by which tests that need it are skipped


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("auto", "warns once: Numba is installed, but cannot be imported: Numba needs NumPy 1"),
        ("numba", "raises: SKMLP_BACKEND='numba' needs Numba. Numba is installed, but cannot"),
    ],
)
@pytest.mark.slow
def test_a_numba_that_cannot_be_imported(setting, words, tmp_path):
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 1')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    code += """if True:
        import warnings, skmlp, skmlp._fit.backend
        from sklearn.model_selection import cross_val_score
        skmlp._fit.backend.LEAST = 0.0
        X, y = [[0.0], [1.0]] * 10, [0, 1] * 10
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", "Numba")
            try:
                scores = cross_val_score(skmlp.MLPClassifier(), X, y, error_score="raise")
            except ImportError as error:
                print("raises:", error)
            else:
                print(*("warns once: " + str(warning.message) for warning in caught))
    """
    said = " ".join(in_a_new_process(code, setting))
    assert said.startswith(words)
    assert said.count("cannot be imported") == 1


@pytest.mark.slow
def test_a_setting_makes_no_workers():
    code = (
        "import skmlp; skmlp.set_config(backend='numpy'); "
        "from joblib.externals.loky import reusable_executor; print(reusable_executor._executor)"
    )
    assert in_a_new_process(code, "numba") == ["None"]


@pytest.mark.slow
def test_a_small_fit_does_not_wake_the_compiler():
    code = (
        "import sys, skmlp; skmlp.MLPRegressor(max_iter=300).fit([[0.0], [1.0]], [0, 1]); "
        "print('numba' in sys.modules)"
    )
    assert in_a_new_process(code, "auto") == ["False"]


def test_a_setting_holds_within_its_context(monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)
    assert skmlp.get_config() == {"backend": "auto"}
    with skmlp.config_context(backend="numba"):
        assert skmlp.get_config() == {"backend": "numba"}
        assert _backend.compiled_backend(3, 10) is not None
        with skmlp.config_context():
            assert skmlp.get_config() == {"backend": "numba"}
        with pytest.raises(RuntimeError), skmlp.config_context(backend="numpy"):
            raise RuntimeError
        assert skmlp.get_config() == {"backend": "numba"}
    assert skmlp.get_config() == {"backend": "auto"}
    with pytest.raises(ValueError, match="backend must be 'auto', 'numpy' or 'numba', got 'cuda'"):
        skmlp.set_config(backend="cuda")


def backend_seen(*_):
    return skmlp.get_config()["backend"] == "numba"


@pytest.mark.slow
def test_a_setting_reaches_the_workers_of_joblib(monkeypatch):
    """Those that are there already too."""
    pytest.importorskip("numba")
    monkeypatch.setenv(SETTING, "numpy")
    X, y = digits()
    model = MLPClassifier((4,), max_iter=1)
    options = {"cv": 2, "n_jobs": 2, "scoring": backend_seen}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert cross_val_score(model, X[:60], y[:60], **options).tolist() == [0, 0]
        with skmlp.config_context(backend="numba"):
            assert cross_val_score(model, X[:60], y[:60], **options).tolist() == [1, 1]
        assert cross_val_score(model, X[:60], y[:60], **options).tolist() == [0, 0]
