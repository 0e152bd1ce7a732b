"""Every layer on a workspace built by hand: shapes, derivative, places, precision; then each
one's own promises.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import chisquare

from skmlp.nn.layers import LAYERS, Dense, Dropout, Maxout, PReLU
from skmlp.nn.layout import Row, Rows
from tests.nn.helpers import layer_workspace, relative_error, table, watch

N, N_IN = 8, 4
each = pytest.mark.parametrize("layer", **table(LAYERS))


def run(layer, ws, dy):
    """Go forward and backward in training; return all that came out, copied."""
    layer.forward(ws.x, ws, True)
    y = ws.y.copy()
    layer.backward(dy, ws)
    names = [*layer.params(ws.x.shape[-1])]
    return {"y": y, "dx": ws.dx.copy()} | {name: getattr(ws, "d_" + name).copy() for name in names}


def prepared(layer, dtype=np.float64, n=N, seed=0):
    rng = np.random.default_rng(seed)
    ws = layer_workspace(layer, n, N_IN, dtype, rng)
    return ws, rng.normal(size=ws.y.shape).astype(dtype)


@each
def test_declarations_fit_together(layer):
    assert layer.width(N_IN) >= 1
    assert set(layer.keeps) <= {"x", "y"}
    assert not layer.elementwise or layer.width(N_IN) == N_IN
    assert layer.min_rows >= 1
    assert all(isinstance(buffer, Row | Rows) for buffer in layer.buffers(N_IN).values())
    names = [*layer.params(N_IN), *layer.running(N_IN), *layer.buffers(N_IN)]
    assert len(set(names)) == len(names)
    assert not set(names) & {"x", "y", "dx", "ones", "rng", "batch"}


@each
def test_declarations_do_not_change(layer):
    """The network asks more than once."""
    for ask in (layer.params, layer.running, layer.buffers):
        assert repr(ask(N_IN)) == repr(ask(N_IN))


@each
def test_derivatives_are_the_numeric_ones(layer):
    """Of the input and of every parameter, with the random stream put back before each
    evaluation.
    """
    ws, dy = prepared(layer)
    random_state = ws.rng.bit_generator.state
    analytic = run(layer, ws, dy)

    def value():
        ws.rng.bit_generator.state = random_state
        layer.forward(ws.x, ws, True)
        return np.sum(ws.y * dy)

    arrays = {"dx": ws.x} | {name: getattr(ws, name) for name in layer.params(N_IN)}
    for name, array in arrays.items():
        numeric = np.empty_like(array)
        for where in np.ndindex(*array.shape):
            start = array[where]
            array[where] = start + 1e-6
            above = value()
            array[where] = start - 1e-6
            numeric[where] = (above - value()) / 2e-6
            array[where] = start
        assert relative_error(numeric, analytic[name]) < 1e-6, name


@each
def test_in_place_equals_out_of_place(layer, dtype):
    """As far as the layer says it may: the output over the input, the input's gradient over the
    output's.
    """
    ws, dy = prepared(layer, dtype)
    apart = run(layer, ws, dy)
    together, dy = prepared(layer, dtype)
    if layer.elementwise:
        together.dx = dy
        if "x" not in layer.keeps:
            together.y = together.x
    for name, array in run(layer, together, dy).items():
        np.testing.assert_array_equal(array, apart[name], err_msg=name)


@each
def test_prediction_in_place_equals_out_of_place(layer, dtype):
    ws, _ = prepared(layer, dtype)
    layer.forward(ws.x, ws, False)
    apart = ws.y.copy()
    if layer.elementwise:
        ws.y = ws.x
        layer.forward(ws.x, ws, False) if not layer.training_only else None
    if not layer.training_only:
        np.testing.assert_array_equal(ws.y, apart)


@each
def test_keeps_what_it_says_and_reads_nothing_else(layer, dtype):
    """Whatever backward does not keep may be gone by then."""
    ws, dy = prepared(layer, dtype)
    whole = run(layer, ws, dy)
    ws, dy = prepared(layer, dtype)
    layer.forward(ws.x, ws, True)
    for name in {"x", "y"} - set(layer.keeps):
        setattr(ws, name, None)
    for name, buffer in layer.buffers(N_IN).items():
        if getattr(buffer, "scratch", False):
            array = getattr(ws, name)
            array[...] = {"b": True, "i": -1}.get(array.dtype.kind, np.nan)
    layer.backward(dy, ws)
    np.testing.assert_array_equal(ws.dx, whole["dx"])


@each
def test_without_dx_the_parameters_still_get_their_gradient(layer, dtype):
    ws, dy = prepared(layer, dtype)
    whole = run(layer, ws, dy)
    ws, dy = prepared(layer, dtype)
    ws.dx = None
    layer.forward(ws.x, ws, True)
    layer.backward(dy, ws)
    for name in layer.params(N_IN):
        np.testing.assert_array_equal(getattr(ws, "d_" + name), whole[name])


@each
def test_reads_input_and_gradient_without_writing(layer, dtype):
    ws, dy = prepared(layer, dtype)
    before = (
        {
            name: array.copy()
            for name, array in vars(ws).items()
            if name in ("x", "ones", *layer.params(N_IN))
        },
        dy.copy(),
    )
    run(layer, ws, dy)
    for name, array in before[0].items():
        np.testing.assert_array_equal(getattr(ws, name), array, err_msg=name)
    np.testing.assert_array_equal(dy, before[1])


@each
def test_computes_in_the_given_precision_without_new_arrays(layer, dtype):
    ws, dy = prepared(layer, dtype)
    ws = watch(ws)
    layer.forward(ws.x, ws, True)
    layer.backward(dy, ws)


@each
def test_prediction_changes_no_running_array(layer, dtype):
    ws, _ = prepared(layer, dtype)
    before = {name: getattr(ws, name).copy() for name in layer.running(N_IN)}
    layer.forward(ws.x, ws, False)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(ws, name), array)


@each
def test_finite_far_out(layer, dtype):
    ws, dy = prepared(layer, dtype)
    ws.x[...] = np.where(ws.x > 0, 1e4, -1e4)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        results = run(layer, ws, dy)
    assert all(np.isfinite(array).all() for array in results.values())


@each
@pytest.mark.parametrize("n", [1, 2])
def test_finite_for_few_rows(layer, n, dtype):
    ws, dy = prepared(layer, dtype, n=n)
    assert all(np.isfinite(array).all() for array in run(layer, ws, dy).values())


# ---- dense


def test_dense_is_the_formula(dtype):
    ws, dy = prepared(Dense(3), dtype)
    results = run(Dense(3), ws, dy)
    x, weight, bias, dy = (a.astype(np.float64) for a in (ws.x, ws.weight, ws.bias, dy))
    expected = {
        "y": x @ weight + bias,
        "dx": dy @ weight.T,
        "weight": x.T @ dy,
        "bias": dy.sum(axis=0, keepdims=True),
    }
    for name, array in expected.items():
        np.testing.assert_allclose(
            results[name],
            array,
            rtol=1e-5 if dtype == np.float32 else 1e-13,
            atol=1e-5 * (dtype == np.float32),
        )


def test_dense_takes_a_sparse_matrix(dtype):
    ws, dy = prepared(Dense(3), dtype)
    ws.x[ws.x < 0] = 0.0
    dense = run(Dense(3), ws, dy)
    ws.x, ws.dx = sp.csr_matrix(ws.x), None
    Dense(3).forward(ws.x, ws, True)
    np.testing.assert_allclose(ws.y, dense["y"], rtol=1e-6)
    Dense(3).backward(dy, ws)
    np.testing.assert_allclose(ws.d_weight, dense["weight"], rtol=1e-5, atol=1e-6)
    assert ws.d_weight.dtype == dtype


def test_dense_penalises_weights_only():
    assert {name: param.penalised for name, param in Dense(3).params(N_IN).items()} == {
        "weight": True,
        "bias": False,
    }


# ---- activations that are layers


def test_prelu_is_the_formula(dtype):
    ws, dy = prepared(PReLU(), dtype)
    results = run(PReLU(), ws, dy)
    low = ws.x < 0
    np.testing.assert_allclose(results["y"], np.where(low, ws.slope * ws.x, ws.x), rtol=1e-6)
    np.testing.assert_allclose(results["dx"], np.where(low, ws.slope * dy, dy), rtol=1e-6)
    np.testing.assert_allclose(
        results["slope"], np.sum(np.where(low, ws.x * dy, 0.0), axis=0, keepdims=True), rtol=1e-5
    )


def test_prelu_slopes_start_alike_and_are_not_penalised():
    param = PReLU(0.1).params(3)["slope"]
    slopes = np.empty(param.shape)
    param.init.fill(slopes, np.random.default_rng(0))
    np.testing.assert_array_equal(slopes, [[0.1] * 3])
    assert not param.penalised


def test_maxout_is_the_formula(dtype):
    """Against NumPy's argmax, which also takes the first of equals."""
    for pieces in (2, 3, 5):
        layer, rng = Maxout(pieces), np.random.default_rng(pieces)
        ws = layer_workspace(layer, N, 4 * pieces, dtype, rng)
        ws.x[...] = rng.integers(-2, 3, ws.x.shape)
        dy = rng.normal(size=(N, 4)).astype(dtype)
        results = run(layer, ws, dy)
        stacked = ws.x.reshape(N, pieces, 4)
        np.testing.assert_array_equal(results["y"], stacked.max(axis=1))
        won = np.arange(pieces)[:, None] == stacked.argmax(axis=1)[:, None]
        np.testing.assert_array_equal(results["dx"].reshape(N, pieces, 4), won * dy[:, None])


def test_maxout_needs_as_many_inputs_as_there_are_pieces():
    with pytest.raises(
        ValueError, match=r"Maxout\(pieces=3\) needs 3 inputs for each unit, but 4 is no multiple"
    ):
        Maxout(3).width(4)
    with pytest.raises(ValueError, match=r"pieces must be a whole number, got 2\.5"):
        Maxout(2.5).check()


# ---- dropout

RATES = [0.0, 0.1, 0.25, 0.5, 0.9, 0.999]


def masks(
    rate,
    n_steps=1,
    shape=(400, 500),
    dtype=np.float64,
    seed=0,
    generator=np.random.PCG64,
    fade=0.0,
    progress=0.0,
):
    """Return the masks that dropout applies to ones, one a step."""
    layer = Dropout(rate, fade)
    ws = SimpleNamespace(
        phase=SimpleNamespace(progress=progress),
        rng=np.random.Generator(generator(seed)),
        kept=np.empty(shape, bool),
        mask=np.empty(shape, dtype),
        y=np.empty(shape, dtype),
    )
    out = []
    for _ in range(n_steps):
        layer.forward(np.ones(shape, dtype), ws, True)
        out.append(ws.y.copy())
    return out


@pytest.mark.parametrize("rate", RATES[:-1])
def test_dropout_keeps_the_expectation(rate, dtype):
    """Within one per cent, over 3.2 million values."""
    assert np.mean(masks(rate, 16, dtype=dtype), dtype=np.float64) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("rate", RATES)
def test_dropout_drops_its_share(rate):
    dropped = np.mean([mask == 0 for mask in masks(rate, 4)])
    assert dropped == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / 800_000) + 2**-16)


@pytest.mark.parametrize("rate", RATES)
def test_dropout_scale_is_one_over_the_share_kept(rate, dtype):
    """Exactly so for the rate rounded to a multiple of 2^-16, which the drawn words have."""
    rounded = round(rate * 2**16) / 2**16
    assert set(np.unique(masks(rate, 2, dtype=dtype))) - {0.0} == {dtype.type(1 / (1 - rounded))}


@pytest.mark.parametrize(
    ("progress", "share"),
    [(0.0, 1.0), (0.6, 1.0), (0.7, 0.8535533905932737), (0.8, 0.5), (1.0, 0.0)],
)
def test_a_rate_that_fades_falls_along_half_a_cosine(progress, share):
    dropped = np.mean([mask == 0 for mask in masks(0.4, 4, fade=0.4, progress=progress)])
    assert dropped == pytest.approx(0.4 * share, abs=0.003)


def test_dropout_of_nothing_is_nothing():
    np.testing.assert_array_equal(masks(0.0)[0], 1.0)


def test_dropout_never_drops_every_value_for_good():
    """A rate just below 1 leaves a chance, and finite numbers."""
    values = masks(1.0 - 1e-9, 20)
    assert np.max(values) == 65536.0
    assert np.isfinite(values).all()


def test_dropout_masks_differ_from_step_to_step_and_from_row_to_row():
    first, second = masks(0.5, 2)
    assert 0.45 < np.mean(first != second) < 0.55
    assert 0.45 < np.mean(first[0] != first[1]) < 0.55
    assert 0.45 < np.mean(first[:, 0] != first[:, 1]) < 0.55


def test_dropout_is_drawn_from_the_given_stream():
    np.testing.assert_array_equal(masks(0.5, 3, seed=5), masks(0.5, 3, seed=5))
    assert (masks(0.5, seed=5)[0] != masks(0.5, seed=6)[0]).any()


@pytest.mark.parametrize(
    "generator",
    [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64],
    ids=lambda g: g.__name__,
)
def test_dropout_works_with_every_generator_of_numpy(generator):
    """MT19937 makes words of 32 bits, the others of 64."""
    kept = masks(0.5, generator=generator)[0].ravel() != 0
    assert np.mean(kept) == pytest.approx(0.5, abs=0.01)
    positions = kept[: kept.size // 4 * 4].reshape(-1, 4).sum(axis=0)
    assert chisquare(positions).pvalue > 0.001, (
        "the values that share a random word fare differently"
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (7, 5), (333, 101)])
def test_dropout_of_any_size(shape):
    assert set(np.unique(masks(0.5, 50, shape))) == {0.0, 2.0}


def test_dropout_sends_the_gradient_through_the_mask():
    ws, dy = prepared(Dropout(0.5))
    results = run(Dropout(0.5), ws, dy)
    np.testing.assert_array_equal(results["dx"], dy * (results["y"] / ws.x))


def test_dropout_is_for_training_only():
    assert Dropout().training_only
