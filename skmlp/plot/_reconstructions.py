"""What an autoencoder makes of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from .._through import network_of
from ._common import one_axes
from ._images import as_images, mosaic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator


class ReconstructionDisplay:
    """A picture of images, each with its reconstruction by an autoencoder below it.

    It shows what the code keeps of an image and what it loses.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    originals, reconstructions : ndarray of shape (n_images, n_features)
        The rows, and what the autoencoder made of them.
    image_shape : (int, int)
        Height and width of the images.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the picture is.
    figure_ : matplotlib Figure
        The figure that it belongs to.
    image_ : matplotlib AxesImage
        The picture.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import Autoencoder, ReconstructionDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> setting = {"learning_rate": "one_cycle", "learning_rate_init": 0.01, "max_iter": 40}
    >>> model = Autoencoder(8, random_state=0, **setting).fit(X / 16)
    >>> display = ReconstructionDisplay.from_estimator(model, X[:6] / 16, image_shape=(8, 8))
    >>> display.reconstructions.shape
    (6, 64)
    """

    def __init__(
        self, *, originals: np.ndarray, reconstructions: np.ndarray, image_shape: tuple[int, int]
    ) -> None:
        self.originals = originals
        self.reconstructions = reconstructions
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        *,
        image_shape: tuple[int, int],
        ax: Axes | None = None,
    ) -> Self:
        """Reconstruct rows and draw them.

        Parameters
        ----------
        estimator : object
            A fitted :class:`Autoencoder`, a pipeline that ends with one and whose steps have
            ``inverse_transform``, or a fitted search over these (its best estimator is used).
        X : array-like of shape (n_images, n_features)
            The images to show, as for ``transform``.
        image_shape : (int, int)
            Their height and width.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ReconstructionDisplay
        """
        network = network_of(estimator)
        if not hasattr(estimator, "inverse_transform"):
            raise TypeError(
                "Reconstructions need an Autoencoder, and steps before it that have "
                f"inverse_transform, got {network!r}."
            )
        originals = np.asarray(X)
        if originals.ndim != 2 or not len(originals):
            raise ValueError(
                "X must have the shape (n_images, n_features), with an image or more, got shape "
                f"{originals.shape}."
            )
        as_images(originals, image_shape, "features")
        reconstructions = np.asarray(estimator.inverse_transform(estimator.transform(X)))
        return cls(
            originals=originals, reconstructions=reconstructions, image_shape=image_shape
        ).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw originals and reconstructions on one scale, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ReconstructionDisplay
        """
        both = np.concatenate([self.originals, self.reconstructions])
        images = as_images(both, self.image_shape, "features")
        sheet, places = mosaic(images, len(self.originals))
        width = min(12.0, 1.5 + 0.8 * len(self.originals))
        self.ax_ = one_axes(
            self, ax, (width, max(1.5, 0.3 + (width - 1.2) * sheet.shape[0] / sheet.shape[1]))
        )
        self.figure_ = self.ax_.figure
        self.image_ = self.ax_.imshow(
            sheet,
            cmap="viridis",
            interpolation="nearest",
            vmin=self.originals.min(),
            vmax=self.originals.max(),
        )
        height = images.shape[1]
        self.ax_.set_xticks([])
        self.ax_.set_yticks(
            [places[0][0] + height / 2 - 0.5, places[-1][0] + height / 2 - 0.5],
            ["original", "reconstructed"],
        )
        self.ax_.tick_params(length=0)
        for spine in self.ax_.spines.values():
            spine.set_visible(False)
        return self
