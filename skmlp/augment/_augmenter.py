"""The bases of augmenters: of any rows, and of rows that are images.

The one decision: augmenters are units, so they clone, print, and a grid search reaches their
parameters; that a row is an image is told by ``image_shape`` and checked against the number of
features before training.
"""

from abc import abstractmethod
from math import prod
from numbers import Integral

import numpy as np

from ..nn.unit import Unit


class Augmenter(Unit):
    """The base class of augmenters: changes batches at random.

    ``in_units`` names which of X and y it must be given in their own units where the network sees
    them moved and divided. X is left out where each value becomes a weighted mean of values of the
    same column, y where it stays as it is or becomes such a mean.
    """

    in_units: tuple[str, ...] = ("X", "y")

    def check_width(self, n_features: int) -> None:
        """Raise ``ValueError`` if rows of ``n_features`` features cannot be treated."""

    @abstractmethod
    def __call__(
        self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return a changed batch. The arrays that are passed in are not modified.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            Rows of the batch, floats.
        y : ndarray of shape (n, n_targets)
            Their targets, floats: ones and zeros for classes (one column for two classes), or
            numbers.
        rng : numpy.random.Generator
            The source of all random numbers.

        Returns
        -------
        X, y : ndarray
            The changed rows and their targets, of the same shapes and dtypes.
        """


class ImageAugmenter(Augmenter):
    """Changes rows that are images of ``image_shape``: (height, width), or (height, width,
    channels) with all channels changed alike.
    """

    def check(self):
        super().check()
        shape = self.image_shape
        sizes = list(shape) if isinstance(shape, (tuple, list)) else []
        if len(sizes) not in (2, 3) or not all(
            isinstance(size, Integral) and size > 0 for size in sizes
        ):
            raise ValueError(
                f"{self!r}: image_shape must be (height, width) or (height, width, channels), got "
                f"{shape!r}."
            )

    def check_width(self, n_features: int) -> None:
        if prod(self.image_shape) != n_features:
            raise ValueError(
                f"{self!r}: image_shape={self.image_shape!r} means {prod(self.image_shape)} "
                f"features, but X has {n_features}."
            )

    def __call__(
        self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        self.check_width(X.shape[1])
        height, width, *channels = self.image_shape
        images = X.reshape(len(X), height, width, *(channels or [1]))
        return self.change(images, rng).reshape(X.shape), y

    @abstractmethod
    def change(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return changed images (n, height, width, channels), new ones of the same dtype."""
