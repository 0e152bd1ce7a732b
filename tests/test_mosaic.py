"""Several images in one picture."""

import numpy as np
import pytest

from skmlp.plot._images import mosaic


@pytest.mark.parametrize("above", [0, 2])
@pytest.mark.parametrize("n_columns", [1, 3, 7])
@pytest.mark.parametrize(("width", "gap"), [(3, 1), (40, 2)])
def test_every_image_is_whole_and_gaps_are_between_them(width, gap, n_columns, above, rng):
    images = rng.normal(size=(7, 5, width))
    sheet, places = mosaic(images, n_columns, above)
    for image, (y, x) in zip(images, places, strict=True):
        np.testing.assert_array_equal(sheet[y : y + 5, x : x + width], image)
    assert np.isfinite(sheet).sum() == images.size
    for axis, size, empty in ((0, width, gap), (1, 5, gap + above)):
        filled = np.flatnonzero(np.isfinite(sheet).any(axis=axis))
        steps = np.diff(filled)
        assert set(steps[size - 1 :: size]) <= {empty + 1}
        assert set(np.delete(steps, np.s_[size - 1 :: size])) == {1}
    assert places == sorted(places)
