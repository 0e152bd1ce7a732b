"""Named arrays inside one flat vector."""

import numpy as np
import pytest

from skmlp.nn.layout import Layout, Param

PARAMS = {
    "bias": Param((1, 3)),
    "weight": Param((2, 3), penalised=True),
    "gamma": Param((1, 4)),
    "second": Param((4, 1), penalised=True),
}


@pytest.fixture
def layout():
    return Layout(PARAMS)


def test_penalised_arrays_come_first_in_their_order(layout):
    assert list(layout.slices) == ["weight", "second", "bias", "gamma"]


def test_slices_tile_the_vector(layout):
    ends = [0] + [part.stop for part in layout.slices.values()]
    assert [part.start for part in layout.slices.values()] == ends[:-1]
    assert layout.size == ends[-1] == 17


def test_views_have_the_shapes_and_share_the_memory(layout):
    flat = np.arange(17.0)
    views = layout.views(flat)
    assert {key: view.shape for key, view in views.items()} == {
        key: param.shape for key, param in PARAMS.items()
    }
    assert all(np.shares_memory(view, flat) for view in views.values())
    views["gamma"][...] = -1.0
    np.testing.assert_array_equal(flat, [*range(13), -1, -1, -1, -1])


def test_writing_through_the_vector_shows_in_the_views(layout):
    flat = np.zeros(17)
    views = layout.views(flat)
    flat[...] = np.arange(17.0)
    np.testing.assert_array_equal(
        np.concatenate([views[key].ravel() for key in layout.slices]), flat
    )


def test_neighbours_of_one_rate_are_one_part(layout):
    assert layout.rates() == [(slice(0, 17), 1.0)]
    rates = {"weight": 0.5, "second": 0.5, "gamma": 3}
    rated = Layout({key: p._replace(rate=rates.get(key, 1)) for key, p in PARAMS.items()})
    assert rated.rates() == [(slice(0, 10), 0.5), (slice(10, 13), 1.0), (slice(13, 17), 3.0)]
    assert Layout({}).rates() == []


def test_no_arrays_no_values():
    layout = Layout({})
    assert layout.size == 0
    assert layout.views(np.zeros(0)) == {}


def test_an_array_may_be_empty():
    assert Layout({"weight": Param((0, 3), penalised=True), "bias": Param((1, 3))}).size == 3
