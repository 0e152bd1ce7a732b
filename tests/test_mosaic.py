"""Several images in one picture."""

import numpy as np
import pytest

from skmlp.plot._images import mosaic


@pytest.mark.parametrize("above", [0, 2])
@pytest.mark.parametrize("n_columns", [1, 3, 7])
@pytest.mark.parametrize("width", [3, 40])
def test_every_image_is_whole_and_gaps_are_between_them(width, n_columns, above, rng):
    images = rng.normal(size=(7, 5, width))
    sheet, places = mosaic(images, n_columns, above)
    for image, (y, x) in zip(images, places, strict=True):
        np.testing.assert_array_equal(sheet[y : y + 5, x : x + width], image)
    assert np.isfinite(sheet).sum() == images.size
    filled = np.isfinite(sheet).any(axis=0)
    n_gaps = len(filled) - n_columns * width
    assert (~filled).sum() == n_gaps
    assert n_gaps == (n_columns - 1) * (2 if width == 40 else 1)  # about 6 % of the width
    assert [x for _, x in places[:n_columns]] == sorted({x for _, x in places})
    assert [y for y, _ in places] == sorted(y for y, _ in places)
