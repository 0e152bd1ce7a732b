"""Augmenters of images: parts covered, moves, reflections, rotations, deformations.

The one decision: what reads between pixels is one call of ``ndimage.map_coordinates`` for the whole
batch, the rest is indexing.
"""

import numpy as np
from scipy import ndimage

from ._augmenter import ImageAugmenter


class Cutout(ImageAugmenter):
    """Covers a random square of each image, so that the network cannot rely on one part of it.

    Every pixel is equally probable as the centre, so that the square may lie partly outside. A call
    allocates one array of the size of X and one of booleans.

    Parameters
    ----------
    size : int >= 0
        Side of the square in pixels.
    image_shape : tuple of int >= 1
        (height, width) or (height, width, channels).
    fill : float, default=0.0
        Value of the covered pixels.

    References
    ----------
    DeVries and Taylor, "Improved regularization of convolutional neural
    networks with cutout", arXiv:1708.04552 (2017), section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.augment import Cutout
    >>> X, y = np.ones((1, 16)), np.ones((1, 1))
    >>> Cutout(2, (4, 4))(X, y, np.random.default_rng(0))[0].reshape(4, 4)
    array([[1., 1., 1., 1.],
           [1., 1., 1., 1.],
           [1., 0., 0., 1.],
           [1., 0., 0., 1.]])
    """

    limits = {"size": "[0, inf)", "fill": "(-inf, inf)"}
    in_units = ("X",)
    whole = ("size",)

    def __init__(self, size: int, image_shape: tuple[int, ...], fill: float = 0.0) -> None:
        self.size = size
        self.image_shape = image_shape
        self.fill = fill

    def change(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, height, width, _ = images.shape
        rows, columns = (
            self._covered(rng.integers(length, size=(n, 1)), np.arange(length))
            for length in (height, width)
        )
        return np.where(
            (rows[:, :, None] & columns[:, None, :])[..., None],
            images.dtype.type(self.fill),
            images,
        )

    def _covered(self, centre, places):
        start = centre - self.size // 2
        return (places >= start) & (places < start + self.size)


class Shift(ImageAugmenter):
    """Moves each image by a random number of whole pixels, so that the network learns that
    position does not matter.

    A call allocates two arrays of about the size of X.

    Parameters
    ----------
    pixels : int >= 0
        Furthest move; every move from ``-pixels`` to ``pixels`` is equally probable, in both
        directions.
    image_shape : tuple of int >= 1
        (height, width) or (height, width, channels).
    fill : float, default=0.0
        Value of pixels that come in from outside.

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep
    convolutional neural networks", NIPS 2012, section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.augment import Shift
    >>> X, y = np.arange(1.0, 5.0).reshape(1, 4), np.ones((1, 1))
    >>> Shift(1, (2, 2))(X, y, np.random.default_rng(0))[0].reshape(2, 2)
    array([[0., 0.],
           [1., 2.]])
    """

    limits = {"pixels": "[0, inf)", "fill": "(-inf, inf)"}
    in_units = ("X",)
    whole = ("pixels",)

    def __init__(self, pixels: int, image_shape: tuple[int, ...], fill: float = 0.0) -> None:
        self.pixels = pixels
        self.image_shape = image_shape
        self.fill = fill

    def change(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, height, width, _ = images.shape
        most = self.pixels
        moves = rng.integers(-most, most, endpoint=True, size=(2, n, 1))
        # what comes in from outside is in the first and the last place of each direction
        framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=self.fill)
        rows, columns = (
            np.clip(np.arange(1, length + 1) - move, 0, length + 1)
            for length, move in zip((height, width), moves, strict=True)
        )
        return framed[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


class Flip(ImageAugmenter):
    """Mirrors images at random, for images whose mirror image has the same label.

    A call allocates one array of the size of X.

    Parameters
    ----------
    axis : {0, 1}
        0 exchanges top and bottom, 1 left and right.
    probability : float in [0, 1]
        Share of the images that are mirrored, on average.
    image_shape : tuple of int >= 1
        (height, width) or (height, width, channels).

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep
    convolutional neural networks", NIPS 2012, section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.augment import Flip
    >>> X, y = np.arange(4.0).reshape(1, 4), np.ones((1, 1))
    >>> Flip(1, 1.0, (2, 2))(X, y, np.random.default_rng(0))[0].reshape(2, 2)
    array([[1., 0.],
           [3., 2.]])
    """

    limits = {"axis": "[0, 1]", "probability": "[0, 1]"}
    in_units = ("X",)
    whole = ("axis",)

    def __init__(self, axis: int, probability: float, image_shape: tuple[int, ...]) -> None:
        self.axis = axis
        self.probability = probability
        self.image_shape = image_shape

    def change(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        mirrored = rng.random(len(images)) < self.probability
        return np.where(mirrored[:, None, None, None], np.flip(images, self.axis + 1), images)


class Rotation(ImageAugmenter):
    """Turns each image by a random angle about its centre, with bilinear interpolation.

    A call allocates one array of the size of X and up to six of float64.

    Parameters
    ----------
    degrees : float >= 0
        Largest angle; angles from ``-degrees`` to ``degrees`` are equally probable. Positive ones
        turn counter-clockwise.
    image_shape : tuple of int >= 1
        (height, width) or (height, width, channels).
    fill : float, default=0.0
        Value of what comes in from outside.

    References
    ----------
    Ciresan, Meier, Gambardella and Schmidhuber, "Deep, big, simple neural
    nets for handwritten digit recognition", Neural Computation 22 (2010), section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.augment import Rotation
    >>> X, y = np.eye(3).reshape(1, 9), np.ones((1, 1))
    >>> Rotation(90, (3, 3))(X, y, np.random.default_rng(0))[0].reshape(3, 3).round(1)
    array([[0.3, 0.1, 0. ],
           [0.4, 1. , 0.4],
           [0. , 0.1, 0.3]])
    """

    limits = {"degrees": "[0, inf)", "fill": "(-inf, inf)"}
    in_units = ("X",)

    def __init__(self, degrees: float, image_shape: tuple[int, ...], fill: float = 0.0) -> None:
        self.degrees = degrees
        self.image_shape = image_shape
        self.fill = fill

    def change(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, height, width, _ = images.shape
        angle = np.deg2rad(rng.uniform(-self.degrees, self.degrees, (n, 1, 1)))
        middle_row, middle_column = (height - 1) / 2, (width - 1) / 2
        row, column = np.arange(height)[:, None] - middle_row, np.arange(width) - middle_column
        cosine, sine = np.cos(angle), np.sin(angle)
        return _sampled(
            images,
            middle_row + cosine * row + sine * column,
            middle_column - sine * row + cosine * column,
            self.fill,
        )


class ElasticDeformation(ImageAugmenter):
    """Distorts each image by a smooth random field, as handwriting varies, with bilinear
    interpolation.

    Both parts of the field are uniform in [-1, 1] for each pixel, smoothed by a Gaussian of
    standard deviation ``sigma`` (zeros outside) and multiplied by ``alpha``. After smoothing,
    pixels move by about ``alpha / (6 sigma)``. A call allocates one array of the size of X and up
    to eight of float64.

    Parameters
    ----------
    alpha : float >= 0
        Strength, in pixels before smoothing.
    sigma : float > 0
        Smoothness, in pixels; Simard et al. take ``alpha=34, sigma=4`` for images of 29 x 29
        pixels.
    image_shape : tuple of int >= 1
        (height, width) or (height, width, channels).
    fill : float, default=0.0
        Value of what comes in from outside.

    References
    ----------
    Simard, Steinkraus and Platt, "Best practices for convolutional neural
    networks applied to visual document analysis", ICDAR 2003, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp.augment import ElasticDeformation
    >>> X, y = np.tile([0.0, 1.0, 1.0, 0.0], (1, 4)), np.ones((1, 1))  # a vertical line
    >>> ElasticDeformation(6, 2, (4, 4))(X, y, np.random.default_rng(0))[0].reshape(4, 4).round(1)
    array([[0. , 1. , 0.8, 0. ],
           [0.1, 1. , 0.7, 0. ],
           [0.2, 1. , 0.6, 0. ],
           [0.2, 0.7, 0.5, 0. ]])
    """

    limits = {"alpha": "[0, inf)", "sigma": "(0, inf)", "fill": "(-inf, inf)"}
    in_units = ("X",)

    def __init__(
        self, alpha: float, sigma: float, image_shape: tuple[int, ...], fill: float = 0.0
    ) -> None:
        self.alpha = alpha
        self.sigma = sigma
        self.image_shape = image_shape
        self.fill = fill

    def change(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, height, width, _ = images.shape
        field = rng.uniform(-1.0, 1.0, (2, n, height, width))
        # as products, the two smoothings take a tenth of the time of ndimage's filter
        of_rows, of_columns = (_smoothing(length, self.sigma) for length in (height, width))
        field = np.matmul(of_rows * float(self.alpha), np.matmul(field, of_columns))
        return _sampled(
            images, field[0] + np.arange(height)[:, None], field[1] + np.arange(width), self.fill
        )


def _smoothing(length, sigma):
    """Return the matrix, a symmetric one, of a Gaussian filter of vectors of this length, with
    zeros outside.
    """
    return ndimage.gaussian_filter1d(np.eye(length), sigma, axis=0, mode="constant")


def _sampled(images, rows, columns, fill):
    """Return the images (n, height, width, channels) read between pixels, at ``rows`` and
    ``columns`` (n, height, width).

    One call reads the whole batch: the number of the image is a coordinate like the others, and as
    it is whole, images do not mix.
    """
    numbers = np.broadcast_to(np.arange(len(images), dtype=float)[:, None, None], rows.shape)
    places, result = np.stack([numbers, rows, columns]), np.empty_like(images)
    for channel in range(images.shape[-1]):
        result[..., channel] = ndimage.map_coordinates(
            images[..., channel],
            places,
            images.dtype,
            order=1,
            mode="grid-constant",
            cval=float(fill),
        )
    return result
