"""Rows of numbers as images, several in one picture.

The one decision: they are one image with gaps, so that they share one scale of colours and fit into
any Axes.
"""

import math

import numpy as np


def as_images(rows, image_shape, what):
    """Return rows (n, n_values) as images (n, height, width); raise ``ValueError`` with ``what``
    they are if the shape does not fit.
    """
    shape = tuple(image_shape) if np.iterable(image_shape) else (image_shape,)
    if len(shape) != 2 or math.prod(shape) != rows.shape[1]:
        raise ValueError(
            f"image_shape must be (height, width) with height * width = {rows.shape[1]}, the "
            f"number of {what}, got {image_shape!r}."
        )
    return rows.reshape(-1, *shape)


def mosaic(images, n_columns, above=0):
    """Return images (n, height, width) side by side in rows of ``n_columns``, and the place (y, x)
    of the upper left corner of each.

    Between them are gaps of NaN, with ``above`` more rows of them over each image.
    """
    n, height, width = images.shape
    gap = max(1, round(0.06 * width))
    n_rows = -(-n // n_columns)
    sheet = np.full(
        (n_rows * (height + gap + above) - gap, n_columns * (width + gap) - gap), np.nan
    )
    places = [
        (k // n_columns * (height + gap + above) + above, k % n_columns * (width + gap))
        for k in range(n)
    ]
    for image, (y, x) in zip(images, places, strict=True):
        sheet[y : y + height, x : x + width] = image
    return sheet, places
