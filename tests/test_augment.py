"""Augmenters against SciPy and NumPy on single images.

Every augmenter that is public is tested for what all of them promise.
"""

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage, stats
from sklearn.base import clone

import skmlp.augment
from skmlp.augment._images import Cutout, ElasticDeformation, Flip, Rotation, Shift
from skmlp.augment._rows import GaussianNoise, Mixup

from .augmenters import AUGMENTERS, SHAPE, batch, each_augmenter, stream

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
each_image_augmenter = pytest.mark.parametrize(
    "augmenter",
    [unit for unit in AUGMENTERS.values() if hasattr(unit, "image_shape")],
    ids=lambda unit: type(unit).__name__,
)


def changed_images(augmenter, X, seed=0):
    """Return the images before and after."""
    shape = (len(X), *augmenter.image_shape)
    return X.reshape(shape), augmenter(X, np.zeros((len(X), 1)), stream(seed))[0].reshape(shape)


# ---- what all promise


def test_none_is_forgotten():
    assert set(AUGMENTERS) == set(skmlp.augment.__all__)


@each_augmenter
@given(n=st.integers(1, 9), single=st.booleans(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_shapes_dtypes_and_the_batch_stay(augmenter, n, single, seed):
    X, y = batch(n, dtype=np.float32 if single else np.float64, seed=seed)
    before = X.copy(), y.copy()
    new_X, new_y = augmenter(X, y, stream(seed))
    assert_array_equal(X, before[0])
    assert_array_equal(y, before[1])
    assert (new_X.shape, new_X.dtype) == (X.shape, X.dtype)
    assert (new_y.shape, new_y.dtype) == (y.shape, y.dtype)
    assert not np.shares_memory(new_X, X)
    assert np.isfinite(new_X).all()
    assert_allclose(new_y.sum(axis=1), 1.0, rtol=1e-6)
    if not isinstance(augmenter, GaussianNoise):
        assert new_X.min() >= 0.0
        assert new_X.max() <= 1.0


@each_augmenter
def test_randomness_is_that_of_the_stream(augmenter):
    X, y = batch()
    first, again, other = (augmenter(X, y, stream(seed)) for seed in (0, 0, 1))
    assert_array_equal(first[0], again[0])
    assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    rng = stream()
    first, second = augmenter(X, y, rng)[0], augmenter(X, y, rng)[0]
    assert not np.array_equal(first, second)


@each_augmenter
def test_labels_are_copied_or_mixed(augmenter):
    X, y = batch()
    new_y = augmenter(X, y, stream())[1]
    assert np.array_equal(new_y, y) != isinstance(augmenter, Mixup)


@each_augmenter
def test_it_is_a_unit(augmenter):
    assert repr(clone(augmenter)) == repr(augmenter) == repr(pickle.loads(pickle.dumps(augmenter)))
    augmenter.check()


@each_augmenter
def test_memory_is_as_stated(augmenter):
    """The docstrings' numbers of arrays of the size of X, and a little for masks, frames and
    indices.
    """
    X, y = batch(200, (30, 20))
    if hasattr(augmenter, "image_shape"):
        augmenter = clone(augmenter).set_params(image_shape=(30, 20))
    most = {
        "Cutout": 1,
        "Flip": 1,
        "GaussianNoise": 1,
        "Mixup": 2,
        "Rotation": 7,
        "Shift": 2,
        "ElasticDeformation": 9,
    }
    tracemalloc.start()
    try:
        augmenter(X, y, stream())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (most[type(augmenter).__name__] + 0.6) * X.nbytes


@each_image_augmenter
def test_channels_change_alike(augmenter):
    X = batch()[0]
    colours = np.stack([X, 2 * X, 3 * X], axis=-1).reshape(len(X), -1)
    coloured = clone(augmenter).set_params(image_shape=(*SHAPE, 3))
    alone, three = changed_images(augmenter, X)[1], changed_images(coloured, colours)[1]
    assert three.shape == (*alone.shape, 3)
    for channel in range(3):
        assert_allclose(three[..., channel], (channel + 1) * alone, rtol=1e-14)


@each_image_augmenter
def test_images_do_not_mix(augmenter):
    """An image changes as it did among others when the others are different ones."""
    X = batch()[0]
    others = X.copy()
    others[1::2] = 7.0
    _, found = changed_images(augmenter, X)
    _, among_others = changed_images(augmenter, others)
    assert_array_equal(found[::2], among_others[::2])


# ---- each against another source


def test_noise_is_normal():
    X, y = batch(5000)
    noise = GaussianNoise(0.3)(X, y, stream())[0] - X
    assert stats.kstest(noise.ravel(), stats.norm(0.0, 0.3).cdf).pvalue > 0.01
    assert_allclose(np.corrcoef(noise[:, :3].T), np.eye(3), atol=0.05)
    assert_array_equal(GaussianNoise(0.0)(X, y, stream())[0], X)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_mixup_shares_are_beta_distributed(alpha):
    X = np.arange(4000.0)[
        :, None
    ]  # from x = l i + (1 - l) j and y = l i^2 + (1 - l) j^2 both l and j follow
    mixed, squares = Mixup(alpha)(X, X**2, stream())
    i, x, y = X[:, 0], mixed[:, 0], squares[:, 0]
    told = np.abs(x - i) > 0.5
    partner = np.rint((y - i * x)[told] / (x - i)[told])
    share = (x[told] - partner) / (i[told] - partner)
    # a share within rounding of 1, or a row that is its own partner, tells nothing
    law = stats.beta(alpha, alpha)
    inside = (share > 0.01) & (share < 0.99)
    assert inside.mean() > 0.4
    low, high = law.cdf([0.01, 0.99])
    assert stats.kstest(share[inside], lambda x: (law.cdf(x) - low) / (high - low)).pvalue > 0.01
    assert len(np.unique(partner)) == len(partner)


def test_mixup_mixes_a_row_and_its_target_alike():
    X, _ = batch()
    for rng_X, rng_y in zip(*Mixup(1.0)(X, X[:, :4], stream()), strict=True):
        assert_allclose(rng_X[:4], rng_y, rtol=1e-14)
    target = np.array([[0.0], [np.nan], [1.0]])
    mixed = Mixup(1.0)(np.zeros((3, 2)), target, stream())[1]
    assert np.isnan(mixed[1])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 20])
def test_cutout_covers_a_square(size):
    X = 1.0 + batch(300)[0]
    before, after = changed_images(Cutout(size, SHAPE, fill=-1.0), X)
    covered = after == -1.0
    assert_array_equal(after[~covered], before[~covered])
    corners = set()
    for image in covered:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        if size == 0:
            assert not image.any()
            continue
        assert image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert image.sum() == len(rows) * len(columns)
        for found, length in ((rows, SHAPE[0]), (columns, SHAPE[1])):
            assert len(found) == min(size, length) or 0 in found or length - 1 in found
            assert len(found) <= size
        corners.add((rows[0], rows[-1], columns[0], columns[-1]))
    if size == 1:
        assert len(corners) == SHAPE[0] * SHAPE[1]


@pytest.mark.parametrize("pixels", [0, 1, 2, 9])
def test_shift_is_that_of_scipy(pixels):
    before, after = changed_images(
        Shift(pixels, SHAPE, fill=-1.0), batch(50 if pixels > 2 else 400)[0]
    )
    moves = [
        (down, right) for down in range(-pixels, pixels + 1) for right in range(-pixels, pixels + 1)
    ]
    seen = set()
    for image, moved in zip(before, after, strict=True):
        fits = [
            move
            for move in moves
            if np.array_equal(ndimage.shift(image, move, order=0, cval=-1.0), moved)
        ]
        assert fits
        seen.update(fits if len(fits) == 1 else [])
    if pixels < 3:
        assert seen == set(moves)


@pytest.mark.parametrize("axis", [0, 1])
def test_flip_is_that_of_numpy(axis):
    before, after = changed_images(Flip(axis, 0.3, SHAPE), batch(1000)[0])
    mirrored = [
        np.array_equal(np.flip(image, axis), new) for image, new in zip(before, after, strict=True)
    ]
    same = [np.array_equal(image, new) for image, new in zip(before, after, strict=True)]
    assert_array_equal(mirrored, ~np.array(same))
    assert stats.binomtest(sum(mirrored), 1000, 0.3).pvalue > 0.01
    assert_array_equal(
        changed_images(Flip(axis, 1.0, SHAPE), batch()[0])[1],
        np.flip(batch()[0].reshape(20, *SHAPE), axis + 1),
    )
    assert_array_equal(*changed_images(Flip(axis, 0.0, SHAPE), batch()[0]))


@pytest.mark.parametrize("shape", [(6, 5), (8, 8), (3, 10)])
def test_rotation_is_that_of_scipy(shape):
    X, _ = batch(50, shape)
    before, after = changed_images(Rotation(60.0, shape, fill=0.5), X, seed=4)
    angles = stream(4).uniform(-60.0, 60.0, 50)
    for image, angle, turned in zip(before, angles, after, strict=True):
        expected = ndimage.rotate(
            image, angle, reshape=False, order=1, mode="grid-constant", cval=0.5
        )
        assert_allclose(turned, expected, atol=1e-12)
    assert_array_equal(*changed_images(Rotation(0.0, shape), X))


def test_rotation_by_a_quarter_is_that_of_numpy():
    class Quarter:
        def uniform(self, low, high, shape):
            return np.full(shape, high)

    X, y = batch(3, (5, 5))
    turned = Rotation(90.0, (5, 5))(X, y, Quarter())[0]
    assert_allclose(turned.reshape(3, 5, 5), np.rot90(X.reshape(3, 5, 5), axes=(1, 2)), atol=1e-12)


def test_elastic_deformation_is_that_of_single_images():
    shape, alpha, sigma = (9, 7), 12.0, 2.0
    X, _ = batch(8, shape)
    before, after = changed_images(ElasticDeformation(alpha, sigma, shape, fill=0.5), X, seed=5)
    field = stream(5).uniform(-1.0, 1.0, (2, 8, *shape))
    for k in range(8):
        moves = [
            alpha * ndimage.gaussian_filter(part, sigma, mode="constant") for part in field[:, k]
        ]
        places = [place + move for place, move in zip(np.indices(shape), moves, strict=True)]
        expected = ndimage.map_coordinates(
            before[k], places, order=1, mode="grid-constant", cval=0.5
        )
        assert_allclose(after[k], expected, atol=1e-12)
    assert_array_equal(*changed_images(ElasticDeformation(0.0, sigma, shape), X))


def test_elastic_moves_are_of_the_stated_size():
    """Read off images whose pixels say where they are."""
    shape, sigma = (40, 40), 4.0
    X = np.tile(np.indices(shape)[0].ravel().astype(float), (50, 1))
    before, after = changed_images(ElasticDeformation(12.0, sigma, shape), X)
    inner = (after - before)[:, 14:26, 14:26]
    assert_allclose(inner.std(), 12.0 / (6.0 * sigma), rtol=0.15)
