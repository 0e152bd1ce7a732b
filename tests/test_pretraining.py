"""Layer-wise pre-training: each layer's own training against networks trained by hand, what it
honours, and what it refuses.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skmlp import Autoencoder, learning_rate_range
from skmlp.augment._rows import GaussianNoise
from skmlp.nn.layers import BatchNorm, GaussianCorruption
from skmlp.nn.optimizers import SGD
from skmlp.nn.terms import KLSparsity, L1Sparsity

from .problems import cancer, digits, named, wine
from .tables import with_missing

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def deep(**setting):
    return Autoencoder(
        **{
            "n_components": 3,
            "hidden_layer_sizes": (10, 6),
            "pretraining": 4,
            "max_iter": 1,
            "random_state": 0,
            **setting,
        }
    )


def logistic(z):
    return 1 / (1 + np.exp(-z))


SIGMOID, IDENTITY = (logistic, lambda y: y * (1 - y)), (lambda z: z, np.ones_like)


def gradients(H, target, layers, activations, asked):
    """Return the gradient of each layer's (weights, intercepts), as a textbook has it, of a mean
    over the rows.

    Of half the squared error of ``target`` without what is missing, or of the cross-entropy if the
    last activation is (logistic, ones). ``activations``: functions with their derivatives in terms
    of the result. ``asked``: gradient of what is asked of the code.
    """
    values = [H]
    for (w, b), (f, _) in zip(layers, activations, strict=True):
        values.append(f(values[-1] @ w + b))
    delta = np.where(
        np.isnan(target), 0.0, (values[-1] - target) * activations[-1][1](values[-1])
    ) / len(H)
    found = []
    for k in range(len(layers) - 1, -1, -1):
        found.insert(0, (values[k].T @ delta, delta.sum(0)))
        delta = delta @ layers[k][0].T
        if k == len(layers) // 2:
            delta = delta + asked(values[k]) / len(H)
        delta = delta * (activations[k - 1][1](values[k]) if k else 1)
    return found


def descend(layers, rate, found, tied):
    if tied:
        half = [(w + v.T, b) for (w, b), (v, _) in zip(found, reversed(found), strict=True)][
            : len(found) // 2
        ]
        found = half + [
            (half[len(found) - 1 - k][0].T, b) for k, (_, b) in enumerate(found) if k >= len(half)
        ]
    return [(w - rate * dw, b - rate * db) for (w, b), (dw, db) in zip(layers, found, strict=True)]


@pytest.mark.parametrize(
    ("setting", "prepare"),
    [
        ({}, np.asarray),
        ({"tied_weights": True}, np.asarray),
        ({"code_penalty": L1Sparsity(0.3)}, np.asarray),
        ({"tied_weights": True, "code_penalty": L1Sparsity(0.3)}, with_missing),
        ({"loss": "binary_log_loss"}, logistic),
    ],
    ids=named,
)
def test_each_pair_of_layers_is_a_network_of_its_own(setting, prepare):
    """Gradient descent on all rows, so that there is no chance but in the start."""
    X = prepare(wine()[0])
    last = (logistic, np.ones_like) if setting.get("loss") else IDENTITY
    activations = [SIGMOID, SIGMOID, IDENTITY, SIGMOID, SIGMOID, last]
    asked = (lambda z: 0.3 * np.sign(z)) if "code_penalty" in setting else np.zeros_like
    tied = "tied_weights" in setting
    setting = {
        "activation": "logistic",
        "solver": SGD(momentum=0.0),
        "batch_size": len(X),
        "alpha": 0.0,
        "dtype": "float64",
        **setting,
    }
    start = deep(**setting, pretraining=None, learning_rate_init=1e-30).fit(X)
    model = deep(**setting, pretraining=4, learning_rate_init=0.3)
    layers = [(w.copy(), b.copy()) for w, b in zip(start.coefs_, start.intercepts_, strict=True)]
    filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    H, target = filled, X
    for k in range(3):
        pair = [layers[k], layers[5 - k]]
        for _ in range(4):
            found = gradients(
                H,
                target,
                pair,
                [activations[k], activations[5 - k]],
                asked if k == 2 else np.zeros_like,
            )
            pair = descend(pair, 0.3, found, tied)
        layers[k], layers[5 - k] = pair
        H = target = activations[k][0](H @ layers[k][0] + layers[k][1])
    # and one epoch of all together
    expected = descend(layers, 0.3, gradients(filled, X, layers, activations, asked), tied)
    model.fit(X)
    for k, (w, b) in enumerate(expected):
        assert_allclose(model.coefs_[k], w, rtol=1e-9, atol=1e-12, err_msg=str(k))
        assert_allclose(model.intercepts_[k], b, rtol=1e-9, atol=1e-12, err_msg=str(k))


PENALTIES = [
    {"code_penalty": KLSparsity(0.2), "code_activation": "logistic"},
    {"code_penalty": "l1"},
    {"code_penalty": "contractive"},
    {"code_penalty": "variational"},
    {"code_penalty": "contractive", "tied_weights": True},
]


@pytest.mark.parametrize(
    "prepare",
    [np.asarray, with_missing, lambda X: sparse.csr_array(np.maximum(X, 0.0))],
    ids=["dense", "with_missing", "sparse"],
)
@pytest.mark.parametrize(
    "setting",
    [{}, {"tied_weights": True, "corruption": "masking"}, {"loss": "auto"}, *PENALTIES],
    ids=named,
)
def test_with_one_pair_it_is_training(setting, prepare):
    """Without hidden layers, and by a solver that remembers nothing."""
    X = prepare(wine()[0])
    setting = {
        **setting,
        "hidden_layer_sizes": (),
        "solver": SGD(momentum=0.0),
        "batch_size": 32,
        "alpha": [0.1] * (1 + ("tied_weights" not in setting)),
    }
    twice, once = (
        deep(**setting, pretraining=3).fit(X),
        deep(**setting, pretraining=None, max_iter=4).fit(X),
    )
    assert_array_equal(twice._network.params, once._network.params)


SETTINGS = [
    {},
    {"batch_norm": True},
    {"batch_norm": BatchNorm(statistics="population")},
    {"dropout": 0.2, "input_dropout": 0.1},
    {"corruption": "masking"},
    {
        "corruption": lambda x, rng: x + rng.normal(size=x.shape).astype(x.dtype),
        "corruption_at": "hidden",
    },
    {"activation": ["maxout", "prelu"], "alpha": [0.1, 0.2, 0.3, 0.3, 0.2, 0.1]},
    {"activation": lambda z: z * np.tanh(z), "solver": "adamw", "alpha": 0.01},
    {
        "solver": "sgd",
        "learning_rate": "one_cycle",
        "l1_ratio": 0.5,
        "max_norm": 3.0,
        "clip_norm": 1.0,
        "shuffle": False,
    },
    {
        "augmentation": GaussianNoise(0.1),
        "loss": "huber",
        "early_stopping": True,
        "diagnostics": True,
    },
    {"hidden_layer_sizes": ()},
    {"tied_weights": True, "alpha": [0.1, 0.2, 0.3], "l1_ratio": 0.5, "max_norm": 3.0},
    {
        "tied_weights": True,
        "batch_norm": True,
        "dropout": 0.1,
        "corruption": "gaussian",
        "corruption_at": "hidden",
        "solver": "adamw",
    },
    *PENALTIES,
    {"loss": "auto", "code_penalty": "variational"},
    {"loss": [("squared_error", slice(1, None)), ("absolute_error", [0])], "tied_weights": True},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=named)
def test_it_goes_with(setting):
    """Deterministic, another start than without, weights and all."""
    X = cancer()[0][:150]
    weight = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    models = [
        deep(**setting, batch_size=32, pretraining=epochs).fit(X, sample_weight=weight)
        for epochs in (4, 4, None)
    ]
    assert_array_equal(models[0]._network.params, models[1]._network.params)
    assert_array_equal(models[0]._network.running, models[1]._network.running)
    assert not np.array_equal(models[0]._network.params, models[2]._network.params)
    assert len(models[0].history_) == 1  # it is no epoch of fit
    assert np.isfinite(models[0].score_samples(X)).all()


@pytest.mark.parametrize("k", range(6))
def test_each_layer_has_its_own_penalty(k):
    """A strong L1 penalty on one of six matrices: it alone becomes small."""
    alpha = [1e3 * (i == k) for i in range(6)]
    model = deep(alpha=alpha, l1_ratio=1.0, learning_rate_init=0.01, batch_size=32)
    sizes = [np.abs(w).mean() for w in model.fit(wine()[0]).coefs_]
    assert [size < 0.05 for size in sizes] == [i == k for i in range(6)]


def test_corruption_at_the_input_is_that_of_each_layer():
    seen = []

    def noise(x, rng):
        seen.append(x.shape[1])
        return x

    X = wine()[0]
    deep(corruption=noise, pretraining=2, batch_size=len(X)).fit(X)
    assert seen == [13] * 2 + [10] * 2 + [6] * 2 + [13]
    seen.clear()
    deep(corruption=noise, corruption_at="hidden", pretraining=2, batch_size=len(X)).fit(X)
    assert seen == [10] * 2 + [6] * 2 + [10, 6]


@pytest.mark.parametrize(
    "setting", [{}, {"batch_norm": True, "corruption": GaussianCorruption(0.5)}], ids=named
)
def test_going_on_does_not_pretrain_again(setting):
    X = cancer()[0][:150]
    setting = {**setting, "batch_size": 32, "tol": 0.0, "n_iter_no_change": np.inf}
    whole = deep(**setting, max_iter=4).fit(X)
    warm = deep(**setting, max_iter=2, warm_start=True).fit(X).fit(X)
    steps = deep(**setting)
    for _ in range(4):
        steps.partial_fit(X)
    for model in (warm, steps):
        assert_array_equal(model._network.params, whole._network.params)
        assert_array_equal(model._network.running, whole._network.running)


@pytest.mark.parametrize("tied", [False, True])
def test_sparse_rows_and_rows_left_out(tied):
    X = np.where(np.abs(digits()[0][:200]) > 1.0, digits()[0][:200], 0.0)
    setting = {"dtype": "float64", "batch_size": 64, "tied_weights": tied}
    dense = deep(**setting).fit(X)
    assert_allclose(
        deep(**setting).fit(sparse.csr_array(X)).transform(X),
        dense.transform(X),
        rtol=1e-6,
        atol=1e-8,
    )
    weight = np.repeat([1.0, 0.0], 100)
    half = deep(**setting).fit(X[:100])
    assert_allclose(
        deep(**setting).fit(X, sample_weight=weight).transform(X),
        half.transform(X),
        rtol=1e-6,
        atol=1e-8,
    )


def test_the_test_of_learning_rates_leaves_it_out():
    X, setting = cancer()[0], {"batch_size": 64, "hidden_layer_sizes": (10,)}
    with_it, without = (
        learning_rate_range(deep(**setting, pretraining=epochs), X, n_steps=20)
        for epochs in (50, None)
    )
    assert_array_equal(with_it[1], without[1])


def test_an_interrupt_undoes_the_fit():
    def interrupt(x, rng):
        raise KeyboardInterrupt

    model = deep(corruption=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(wine()[0])
    assert not model.__sklearn_is_fitted__()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_it_helps_a_deep_network_of_sigmoids(seed):
    X = digits()[0]
    setting = {
        "n_components": 8,
        "hidden_layer_sizes": (64, 48, 32),
        "activation": "logistic",
        "learning_rate_init": 0.003,
    }
    plain = deep(**setting, pretraining=None, max_iter=30, random_state=seed).fit(X[:1200])
    helped = deep(**setting, pretraining=10, max_iter=20, random_state=seed).fit(X[:1200])
    assert helped.score(X[1200:]) > plain.score(X[1200:])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"solver": "lbfgs"}, "pretraining=4 counts epochs of minibatches"),
        ({"skip_connections": "concat"}, "skip_connections='concat' hands that input around"),
        ({"init_from": 3}, "pretraining=4 and init_from both say"),
        ({"pretraining": 0}, "pretraining"),
        ({"pretraining": 1.5}, "pretraining"),
        ({"pretraining": True}, "pretraining.*no bool. Got True"),
        (
            {"learning_rate_init": 1e30, "solver": "sgd"},
            "In the pre-training of layer 0: Solver produced non-finite",
        ),
    ],
)
def test_refused(setting, message):
    model = deep(**setting)
    with pytest.raises(ValueError, match=message):
        model.fit(wine()[0])
    assert not model.__sklearn_is_fitted__()
