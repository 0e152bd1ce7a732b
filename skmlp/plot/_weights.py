"""The weights of a layer: as one image for each unit, or as a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Self

import numpy as np

from .._through import network_of
from ._common import one_axes
from ._images import as_images, mosaic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator


class WeightsDisplay:
    """A picture of the weights of a layer: what each unit looks for in an image, or the whole
    matrix.

    Zero is white, positive weights are red and negative ones blue, on a scale that is the same in
    both directions. A unit responds most to an image that is bright where its weights are red, and
    dark where they are blue. Images that look like noise are a sign of overfitting; a larger
    ``alpha`` for the first layer makes them smoother.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    weights : ndarray of shape (n_inputs, n_units)
        The weights of the units shown, a unit in each column.
    units : sequence of int
        Their numbers.
    image_shape : (int, int) or None, default=None
        Height and width of the images that a unit's weights are; None draws the matrix.
    input_names : sequence of str or None, default=None
        Names of the inputs, written beside the matrix if they are at most 30.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the picture is.
    figure_ : matplotlib Figure
        The figure that it belongs to.
    image_ : matplotlib AxesImage
        The picture.
    colorbar_ : matplotlib Colorbar
        Its scale.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import MLPClassifier, WeightsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> setting = {"learning_rate": "one_cycle", "learning_rate_init": 0.01, "max_iter": 60}
    >>> model = MLPClassifier((16,), alpha=[100.0, 0.0001], random_state=0, **setting)
    >>> model = model.fit(X / 16, y)
    >>> display = WeightsDisplay.from_estimator(model, image_shape=(8, 8), units=9)
    >>> len(display.units)
    9
    """

    def __init__(
        self,
        *,
        weights: np.ndarray,
        units: Sequence[int],
        image_shape: tuple[int, int] | None = None,
        input_names: Sequence[str] | None = None,
    ) -> None:
        self.weights = weights
        self.units = units
        self.image_shape = image_shape
        self.input_names = input_names

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        layer: int = 0,
        image_shape: tuple[int, int] | None = None,
        units: Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the weights of a layer of an estimator.

        Parameters
        ----------
        estimator : object
            A fitted network, a pipeline that ends with one, or a fitted search (its best estimator
            is used).
        layer : int, default=0
            Number of the weight matrix in ``coefs_``; negative numbers count from the end.
        image_shape : (int, int) or None, default=None
            Height and width of the images that the inputs of the layer are, which is usual for the
            first layer only; None draws the matrix.
        units : int, sequence of int or None, default=None
            Numbers of the units to show, in this order. An int is a number of units: those with the
            largest weights (Euclidean norm) are shown, the largest first. None shows 16 of these as
            images, and in a matrix all units in order.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : WeightsDisplay
        """
        network = network_of(estimator)
        coefs = network.coefs_
        if not isinstance(layer, Integral) or not -len(coefs) <= layer < len(coefs):
            raise ValueError(
                f"layer must be the number of one of the {len(coefs)} weight matrices, from 0 on, "
                f"got {layer!r}."
            )
        weights = np.array(coefs[layer])
        if image_shape is not None:
            as_images(weights[:, :1].T, image_shape, "inputs of the layer")
        units = _chosen(units, weights, 16 if image_shape is not None else None)
        names = getattr(network, "feature_names_in_", None) if layer % len(coefs) == 0 else None
        if names is not None and len(names) != len(weights):
            names = None  # its inputs are embeddings
        return cls(
            weights=weights[:, units], units=units, image_shape=image_shape, input_names=names
        ).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the weights, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : WeightsDisplay
        """
        limit = float(np.abs(self.weights).max()) or 1.0
        scale = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        if self.image_shape is None:
            self.ax_ = one_axes(self, ax)
            self._matrix(scale)
        else:
            self._images(scale, ax)
        self.figure_ = self.ax_.figure
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_, label="weight")
        return self

    def _matrix(self, scale):
        self.image_ = self.ax_.imshow(self.weights, aspect="auto", interpolation="nearest", **scale)
        self.ax_.set(xlabel="unit", ylabel="input")
        if len(self.units) <= 20:
            self.ax_.set_xticks(range(len(self.units)), [str(unit) for unit in self.units])
        else:
            self.ax_.xaxis.set_major_formatter(
                lambda x, _: str(self.units[round(x)]) if 0 <= round(x) < len(self.units) else ""
            )
        if self.input_names is not None and len(self.input_names) <= 30:
            self.ax_.set_yticks(range(len(self.input_names)), self.input_names)
            self.ax_.set(ylabel="")

    def _images(self, scale, ax):
        images = as_images(self.weights.T, self.image_shape, "inputs of the layer")
        n, height, width = images.shape
        named = n <= 36
        above = max(1, round(0.25 * height)) if named else 0
        sheet, places = mosaic(
            images, min(n, max(1, round((n * (height + above) / width) ** 0.5))), above
        )
        ratio = sheet.shape[1] / sheet.shape[0]  # of a figure without empty space at the sides
        inches = min(6.4, 1.2 + 4.6 * ratio)
        self.ax_ = one_axes(self, ax, (inches, max(1.5, 0.2 + (inches - 1.2) / ratio)))
        self.image_ = self.ax_.imshow(sheet, interpolation="nearest", **scale)
        self.ax_.set_axis_off()
        for unit, (y, x) in zip(self.units, places if named else [], strict=False):
            self.ax_.text(
                x + width / 2 - 0.5,
                y - 0.7,
                f"unit {unit}" if n <= 16 else f"{unit}",
                ha="center",
                va="bottom",
                fontsize=8,
            )


def _chosen(units, weights, most):
    """Return the numbers of the units to show; raise ``ValueError`` for those that are not
    there.
    """
    n_units = weights.shape[1]
    if units is None:
        if most is None:
            return list(range(n_units))
        units = min(most, n_units)
    if isinstance(units, Integral) and not isinstance(units, bool):
        if not 1 <= units <= n_units:
            raise ValueError(
                f"units must be a number of units from 1 to {n_units} or a list of them, got "
                f"{units!r}."
            )
        return np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[:units].tolist()
    chosen = list(units)
    if not chosen or not all(isinstance(unit, Integral) and 0 <= unit < n_units for unit in chosen):
        raise ValueError(
            f"units must be numbers of units from 0 to {n_units - 1}, at least one, got {units!r}."
        )
    return [int(unit) for unit in chosen]
