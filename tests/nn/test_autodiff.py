"""Dual numbers: every rule of the tables against central differences, the rest of NumPy that
they take, and what they refuse.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from skmlp.nn import Dual, value_and_gradient
from skmlp.nn.autodiff.derivatives import ONE, TRUTHS, TWO
from skmlp.nn.autodiff.dual import FUNCTIONS
from skmlp.nn.losses import SquaredError
from tests.nn.helpers import make_network

DOMAINS = {  # of those that are not smooth on (-3, 3)
    **dict.fromkeys(
        (np.log, np.log2, np.log10, np.sqrt, np.reciprocal, special.gammaln), (0.2, 3.0)
    ),
    **dict.fromkeys((np.arcsin, np.arccos, np.arctanh), (-0.9, 0.9)),
    np.log1p: (-0.8, 3.0),
    np.arccosh: (1.2, 4.0),
    np.tan: (-1.2, 1.2),
    special.logit: (0.1, 0.9),
    **dict.fromkeys(
        (np.power, np.float_power, np.divide, np.remainder, special.xlogy, special.xlog1py),
        (0.2, 3.0),
    ),
}


def points(function, n=41):
    low, high = DOMAINS.get(function, (-3.0, 3.0))
    return np.random.default_rng(0).uniform(low, high, n)


def central(f, x, h=1e-5):
    """Return the central difference of fourth order."""
    return (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h)


def name(f):
    return f.__name__


def test_the_tables_are_not_empty_and_hold_ufuncs():
    assert len(ONE) > 30
    assert len(TWO) > 15
    assert {f.nin for f in ONE} == {1}
    assert {f.nin for f in TWO} == {2}
    assert all(f.nout == 1 for f in (*ONE, *TWO, *TRUTHS))


@pytest.mark.parametrize("f", ONE, ids=name)
def test_one_argument(f):
    x = points(f)
    value, (slope,) = value_and_gradient(f, x)
    np.testing.assert_array_equal(value, f(x))
    np.testing.assert_allclose(slope, central(f, x), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("f", TWO, ids=name)
def test_two_arguments(f):
    a, b = points(f), points(f)[::-1].copy() + 0.01
    value, (by_a, by_b) = value_and_gradient(f, a, b)
    np.testing.assert_array_equal(value, f(a, b))
    np.testing.assert_allclose(by_a, central(lambda x: f(x, b), a), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(by_b, central(lambda x: f(a, x), b), rtol=1e-8, atol=1e-9)
    both = f(Dual(a, 2.0), Dual(b, -3.0))
    np.testing.assert_allclose(both.tangent, 2.0 * by_a - 3.0 * by_b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "f", [f for f in (*ONE, *TWO) if f is not np.float_power], ids=name
)  # which is always float64
def test_precision_is_kept(f):
    arguments = [points(f).astype(np.float32)] * f.nin
    result = f(*(Dual(a, 1.0) for a in arguments))
    assert result.value.dtype == result.tangent.dtype == np.float32


@pytest.mark.parametrize("f", sorted(TRUTHS, key=name), ids=name)
def test_truths_are_those_of_the_values(f):
    x = np.array([-1.0, 0.0, 2.0])
    arguments = [x, x[::-1]][: f.nin]
    result = f(*(Dual(a, 1.0) for a in arguments))
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, f(*arguments))


@pytest.mark.parametrize(("f", "at", "slope"), [
    (np.abs, 0.0, 0.0),
    (lambda z: np.maximum(z, 0.0), 0.0, 0.5),
    (lambda z: np.minimum(0.0, z), 0.0, 0.5),
    (lambda z: np.maximum(z, z), 1.0, 1.0),
    (lambda z: np.fmax(z, np.nan), 1.0, 1.0),
    (lambda z: np.fmin(np.nan, z), 1.0, 1.0),
    (lambda z: np.clip(z, -1, 1), 0.5, 1.0),
    (lambda z: np.clip(z, None, 1), 1.5, 0.0),
    (lambda z: z.clip(min=1), 0.5, 0.0),
    (lambda z: z**2, 0.0, 0.0),
    (lambda z: z**1, 0.0, 1.0),
    (lambda z: z**0, 0.0, 0.0),
    (lambda z: z**-1, 2.0, -0.25),
    (lambda z: 2**z, 3.0, 8.0 * math.log(2.0)),
    (lambda z: 0.0**z, 1.0, 0.0),
    (np.heaviside, None, None),
    (np.sqrt, 0.0, math.inf),
    (lambda z: special.xlogy(0.0, z), 0.0, 0.0),
    (lambda z: special.xlogy(0.0, 0.0 / z), 2.0, 0.0),
    (lambda z: special.xlog1py(0.0, z), -1.0, 0.0),
    (lambda z: special.xlogy(2.0, z), 0.0, math.inf),
    (lambda z: np.hypot(z, 0.0), 0.0, 0.0),
])  # fmt: skip
def test_special_points(f, at, slope):
    if f is np.heaviside:
        f, at, slope = (lambda z: np.heaviside(z, 1.0)), 0.0, 0.0
    np.testing.assert_array_equal(value_and_gradient(f, at)[1][0], slope)


def test_the_poisson_deviance_of_a_count_of_zero():
    """p - t log(p) + ..., whose derivative by p is 1 - t / p, for t = 0 too."""
    p, t = np.array([0.5, 2.0, 0.5, 2.0]), np.array([0.0, 0.0, 3.0, 2.0])
    value, (slope, _) = value_and_gradient(lambda p, t: special.xlogy(t, t / p) - t + p, p, t)
    np.testing.assert_allclose(slope, 1.0 - t / p, rtol=1e-14)
    np.testing.assert_allclose(value, special.kl_div(t, p), rtol=1e-14)


def test_the_worked_example_of_the_lecture():
    """y = ln x1 + x1 x2 - sin x2 at (2, 5): 1/x1 + x2 and x1 - cos x2."""
    value, gradient = value_and_gradient(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2.0, 5.0)
    np.testing.assert_allclose(
        [value, *gradient],
        [math.log(2.0) + 10.0 - math.sin(5.0), 5.5, 2.0 - math.cos(5.0)],
        rtol=1e-14,
    )
    np.testing.assert_allclose([value, *gradient], [11.652, 5.5, 1.716], atol=5e-4)


@pytest.mark.parametrize("f", [
    lambda z: z * np.tanh(np.log1p(np.exp(z))),
    lambda z: np.where(z > 0, z, 0.1 * np.expm1(z)),
    lambda z: np.select([z < -1, z < 1], [-z, z**2], np.sqrt(np.abs(z))),
    lambda z: np.concatenate([z[:20], 2.0 * z[20:]]) * np.stack([z, z])[0],
    lambda z: z / (1 + np.abs(z)) - 3 + (1 - z) * -z,
    lambda z: (2.0 / (z + 4.0)) ** np.exp(-z),
    lambda z: z.reshape(-1, 1).T.sum(axis=0) + np.zeros_like(z),
    lambda z: np.where(np.isfinite(z), special.expit(z) * z, 0.0),
], ids=range(8))  # fmt: skip
def test_compositions(f):
    x = points(f)
    value, (slope,) = value_and_gradient(f, x)
    np.testing.assert_allclose(value, f(x), rtol=1e-14)
    np.testing.assert_allclose(slope, central(f, x), rtol=1e-8, atol=1e-9)


def test_results_may_be_changed_in_place():
    def f(z):
        y = z + 1.0  # whose tangent is that of z
        y *= z
        y -= np.exp(z)
        y[z > 1.0] = 3.0
        return y

    x, tangent = points(f), np.ones(41)
    result = f(Dual(x, tangent))
    np.testing.assert_array_equal(result.value, f(x))
    np.testing.assert_allclose(
        result.tangent, np.where(x > 1.0, 0.0, 2.0 * x + 1.0 - np.exp(x)), rtol=1e-12
    )
    np.testing.assert_array_equal(tangent, 1.0)


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "0.5", "3"]),
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from(
                [
                    "np.tanh({})",
                    "np.sin({})",
                    "np.exp(-np.square({}))",
                    "np.arctan({})",
                    "expit({})",
                ]
            ),
            inner,
        ),
        st.tuples(
            st.sampled_from(
                ["({} - {})", "({} * {})", "{} / (1 + np.square({}))", "np.hypot(9 + {}, {})"]
            ),
            inner,
            inner,
        ),
    ).map(lambda parts: parts[0].format(*parts[1:])),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(EXPRESSIONS)
def test_random_expressions(expression):
    f = eval(f"lambda x: {expression} + 0 * x", {"np": np, "expit": special.expit})
    x = np.linspace(-1.0, 0.9, 6)
    slope = value_and_gradient(f, x)[1][0]
    numeric = central(f, x)
    np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-8 * max(1.0, np.abs(f(x)).max()))


def test_a_whole_network_forwards_gives_the_gradient_of_backpropagation():
    network = make_network(SquaredError(), "tanh", sizes=(3, 4, 2))
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    network.prepare(6)
    loss = network.loss_and_grad(x, target)
    # one direction for each parameter, all at once along a leading axis
    p = Dual(
        np.broadcast_to(network.params, (network.params.size, network.params.size)),
        np.eye(network.params.size),
    )
    w = {
        key: p[:, part].reshape(-1, *network.layout.params[key].shape)
        for key, part in network.layout.slices.items()
    }
    hidden = np.tanh(x @ w[0, "weight"] + w[0, "bias"])
    raw = hidden @ w[2, "weight"] + w[2, "bias"]
    forwards = (0.5 * np.square(raw - target)).sum(axis=(-2, -1)) / 6
    np.testing.assert_allclose(forwards.value, loss, rtol=1e-12)
    np.testing.assert_allclose(forwards.tangent, network.grads, rtol=1e-11, atol=1e-14)


X = Dual(np.array([-1.0, 0.5, 2.0]), 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: np.spacing(X),
            r"The ufunc 'spacing' has no derivative here\. Write the function with those that "
            r"have one \(.*tanh.*where",
        ),
        (lambda: special.j0(X), "The ufunc 'j0' has no derivative"),
        (lambda: np.cumsum(X), r"np\.cumsum has no derivative"),
        (lambda: np.multiply.outer(X, X), r"np\.multiply\.outer cannot be differentiated"),
        (lambda: np.exp(X, where=X > 0), "exp of a Dual array takes no where"),
        (lambda: np.exp(X, out=np.empty(3)), "needs an out that is one too"),
        (lambda: np.asarray(X), "does not become a plain one"),
        (lambda: float(X[0]), "use NumPy's functions, such as np.exp instead of math.exp"),
        (lambda: math.exp(X[0]), "use NumPy's functions"),
        (lambda: 1 if X else 0, "use np.where instead of if"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_every_other_function_of_numpy_keeps_the_shape_of_plain_arrays():
    """What is not a ufunc does to a Dual's value what it does to an array."""
    x = np.arange(6.0).reshape(1, 2, 3)
    special_cases = {
        np.where,
        np.select,
        np.clip,
        np.concatenate,
        np.stack,
        np.full_like,
        np.reshape,
        np.broadcast_to,
        np.expand_dims,
    }
    for f in FUNCTIONS.keys() - special_cases - {np.empty_like}:
        result = f(Dual(x, 1.0))
        np.testing.assert_array_equal(getattr(result, "value", result), f(x), err_msg=f.__name__)
