"""What a solver's key takes from the estimator, and what it leaves alone."""

import pickle

import numpy as np
import pytest

from skmlp import MLPClassifier, MLPRegressor
from skmlp._params.units import make_solver
from skmlp.nn import SGD, Adadelta, AdamW, Lion, RMSprop
from skmlp.nn.optimizers import OPTIMIZERS

from .problems import blobs, curve

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_a_key_reads_the_parameters_that_mean_the_same(key):
    model = MLPRegressor(
        solver=key, beta_1=0.5, beta_2=0.6, epsilon=0.25, momentum=0.7, nesterovs_momentum=False
    )
    given = {
        "beta_1": 0.5,
        "beta_2": 0.6,
        "epsilon": 0.25,
        "momentum": 0.7,
        "nesterovs_momentum": False,
    }
    defaults = OPTIMIZERS[key]().get_params()
    for name, value in make_solver(model).get_params().items():
        assert value == (
            given[name]
            if name in given and name not in OPTIMIZERS[key].not_shared
            else defaults[name]
        )


def test_names_that_mean_something_else_are_real_names():
    assert {key: cls.not_shared for key, cls in OPTIMIZERS.items() if cls.not_shared} == {
        "adadelta": ("epsilon",),
        "lion": ("beta_1", "beta_2"),
    }
    for cls in OPTIMIZERS.values():
        assert set(cls.not_shared) <= set(cls().get_params())


@pytest.mark.parametrize(
    ("solver", "rate"),
    [
        ("adadelta", 1.0),
        ("amsgrad", 0.01),
        ("nadam", 0.01),
        ("lion", 0.003),
        (SGD(dampening=0.9), 0.5),
    ],
)
def test_learns_at_its_usual_rate(solver, rate):
    X, y = blobs(3)
    model = MLPClassifier(
        (12,), solver=solver, learning_rate_init=rate, batch_size=32, max_iter=60, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.85


@pytest.mark.parametrize("solver", [AdamW(), Lion()], ids=repr)
def test_decoupled_decay_is_alpha_itself(solver):
    """Where nothing is to be learned, a step of one batch shrinks the weights by 1 - lr alpha:
    an input of zeros leaves no gradient.
    """
    X = np.zeros((150, 4))
    model = MLPRegressor(
        hidden_layer_sizes=(5,),
        solver=solver,
        alpha=0.5,
        learning_rate_init=0.1,
        batch_size=50,
        max_iter=1,
        dtype="float64",
        random_state=0,
    ).fit(X, np.zeros(len(X)))
    start = MLPRegressor(
        hidden_layer_sizes=(5,),
        solver=solver,
        alpha=0.0,
        learning_rate_init=0.1,
        batch_size=50,
        max_iter=1,
        dtype="float64",
        random_state=0,
    ).fit(X, np.zeros(len(X)))
    np.testing.assert_allclose(model.coefs_[0], start.coefs_[0] * 0.95**3, rtol=1e-12)


@pytest.mark.parametrize(
    "changed", [{"beta_1": 0.5}, {"beta_2": 0.9}, {"solver": RMSprop(rho=0.5)}], ids=str
)
def test_averages_outlive_a_change_between_fits(changed):
    """With a gradient of one size for good each step has the length of the learning rate,
    whatever the averages were over.
    """
    X, y = np.ones((20, 1)), np.ones(20)
    options = {
        "hidden_layer_sizes": (),
        "alpha": 0.0,
        "learning_rate_init": 0.01,
        "n_iter_no_change": np.inf,
        "batch_size": 20,
    }
    options |= {"solver": RMSprop()} if "solver" in changed else {}
    model = MLPRegressor(
        "absolute_error", warm_start=True, max_iter=1, random_state=0, **options
    ).fit(X, 0.0 * y)
    model.set_params(max_iter=2500).fit(X, 1e6 * y)
    model = pickle.loads(pickle.dumps(model)).set_params(max_iter=1, **changed)
    for _ in range(2):
        before = model.coefs_[0][0, 0]
        assert model.fit(X, 1e6 * y).coefs_[0][0, 0] - before == pytest.approx(0.01, rel=0.1)


def test_a_grid_search_reaches_the_new_ones():
    model = MLPRegressor(solver=Adadelta())
    assert model.set_params(solver__rho=0.5).solver.rho == 0.5
    with pytest.raises(ValueError, match=r"dampening must be a number in \[0, 1\), got 1"):
        MLPRegressor(solver=SGD(dampening=1)).fit(*curve())


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_row_of_every_epoch_is_counted(solver):
    X, y = curve()
    model = MLPRegressor(solver=solver, max_iter=4, warm_start=True, random_state=0)
    n_epochs = 0
    for _ in range(2):
        n_epochs += model.fit(X, y).n_iter_
        assert model.t_ == len(X) * n_epochs
    assert n_epochs == 8
