"""The hidden representation of rows as points in the plane, or of one number as points in a
strip for each class.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.utils import check_consistent_length

from .._autoencoder import Autoencoder
from .._through import network_of
from ._common import COLOURS, one_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

    from .._data.inputs import MatrixLike


_MARKERS = "o^sDvPX*<>"


class CodeDisplay:
    """A picture of codes: one or two components of what ``transform`` returns for each row,
    coloured by labels.

    It shows whether the code separates classes, or changes gradually with a number. Two components
    are the two axes. A single component is drawn along the x axis: each class then has a strip of
    its own, in which points are spread upwards so that they can be told apart, and labels that are
    numbers are the y axis.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 2) or (n_samples, 1)
        A point for each row.
    labels : ndarray of shape (n_samples,) or None, default=None
        What they are coloured by: classes (with a legend) or numbers (with a colour bar).
    names : sequence of str, default=('code 0', 'code 1')
        The label of the axis of each component. :meth:`from_estimator` writes 'code' for an
        autoencoder and 'unit' for other networks, with the number of the component.
    label_name : str or None, default=None
        The title of the legend or the colour bar.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the picture is.
    figure_ : matplotlib Figure
        The figure that it belongs to.
    points_ : list of matplotlib PathCollection
        The points: of each class, or of all rows.
    colorbar_ : matplotlib Colorbar or None
        The scale, if the labels are numbers and colours show them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import Autoencoder, CodeDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = Autoencoder(2, learning_rate="one_cycle", max_iter=10, random_state=0).fit(X / 16)
    >>> display = CodeDisplay.from_estimator(model, X / 16, y)
    >>> len(display.points_)
    10
    """

    def __init__(
        self,
        *,
        codes: np.ndarray,
        labels: np.ndarray | None = None,
        names: Sequence[str] = ("code 0", "code 1"),
        label_name: str | None = None,
    ) -> None:
        self.codes = codes
        self.labels = labels
        self.names = names
        self.label_name = label_name

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: MatrixLike,
        y: ArrayLike | None = None,
        *,
        components: int | Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Transform rows and draw them.

        Parameters
        ----------
        estimator : object
            A fitted network, a pipeline that ends with one, or a fitted search (its best estimator
            is used).
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows, as for ``transform``.
        y : array-like of shape (n_samples,) or None, default=None
            Labels to colour them by. Floating-point numbers, and whole numbers with more than 20
            different values, are numbers; everything else is classes.
        components : int, sequence of one or two int, or None, default=None
            Which components of the code to draw. None draws all of a code of one or two components;
            for wider codes ``components`` is required.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : CodeDisplay
        """
        kind = "code" if isinstance(network_of(estimator), Autoencoder) else "unit"
        codes = np.asarray(estimator.transform(X))
        n_components = codes.shape[1]
        if components is None:
            if n_components > 2:
                raise ValueError(
                    f"transform gives {n_components} components, a picture has room for two; "
                    "choose, as in components=(0, 1)."
                )
            components = tuple(range(n_components))
        chosen = _chosen(components, n_components)
        label_name = getattr(y, "name", None)
        if y is not None:
            check_consistent_length(X, y)
            y = np.asarray(y)
            if y.ndim != 1:
                raise ValueError(f"y must have one label for each row, got shape {y.shape}.")
        names = tuple(f"{kind} {each}" for each in chosen)
        return cls(codes=codes[:, list(chosen)], labels=y, names=names, label_name=label_name).plot(
            ax=ax
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the points, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : CodeDisplay
        """
        self.ax_ = one_axes(self, ax)
        self.figure_ = self.ax_.figure
        self.colorbar_ = None
        style = {"s": 18, "alpha": 0.7, "linewidths": 0}
        if self.codes.shape[1] == 1:
            self._strips(style)
            self.ax_.set(xlabel=self.names[0])
            return self
        if self.labels is None:
            self.points_ = [self.ax_.scatter(*self.codes.T, color=COLOURS[0], **style)]
        elif _are_numbers(self.labels):
            self.points_ = [self.ax_.scatter(*self.codes.T, c=self.labels, cmap="viridis", **style)]
            self.colorbar_ = self.figure_.colorbar(
                self.points_[0], ax=self.ax_, label=self.label_name or "y"
            )
            self.colorbar_.solids.set_alpha(1.0)
        else:
            self._classes(style)
        self.ax_.set(xlabel=self.names[0], ylabel=self.names[1])
        return self

    def _strips(self, style):
        """Draw the points of one component over the labels: a strip for each class, or the
        numbers as they are.
        """
        codes = self.codes[:, 0]
        if self.labels is not None and _are_numbers(self.labels):
            self.points_ = [self.ax_.scatter(codes, self.labels, color=COLOURS[0], **style)]
            self.ax_.set(ylabel=self.label_name or "y")
            return
        classes = [] if self.labels is None else np.unique(self.labels)
        parts = [self.labels == label for label in classes] or [np.full(len(codes), True)]
        spread = 0.7 * (np.arange(len(codes)) * 0.618034 % 1.0 - 0.5)  # even, and not at random
        self.points_ = [
            self.ax_.scatter(
                codes[rows], number + spread[rows], color=COLOURS[number % len(COLOURS)], **style
            )
            for number, rows in enumerate(parts)
        ]
        self.ax_.set_yticks(range(len(classes)), [str(label) for label in classes])
        self.ax_.set(ylabel=self.label_name or "", ylim=(-0.6, len(parts) - 0.4))

    def _classes(self, style):
        """Draw the points of each class in a colour and a shape that no other class has."""
        classes = np.unique(self.labels)
        self.points_ = []
        for number, label in enumerate(classes):
            marker = _MARKERS[number // len(COLOURS) % len(_MARKERS)]
            rows = self.labels == label
            colour = COLOURS[number % len(COLOURS)]
            self.points_.append(
                self.ax_.scatter(
                    *self.codes[rows].T, color=colour, marker=marker, label=str(label), **style
                )
            )
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if len(classes) > 4 else {}
        legend = self.ax_.legend(
            title=self.label_name, fontsize="small", ncols=-(-len(classes) // 16), **place
        )
        for handle in legend.legend_handles:
            handle.set_alpha(1.0)


def _chosen(components, n_components):
    """Return the numbers of the components to draw, a tuple."""
    numbers = tuple(components) if np.iterable(components) else (components,)
    if len(numbers) not in (1, 2) or not all(
        isinstance(each, Integral) and 0 <= each < n_components for each in numbers
    ):
        room = (
            "must be 0, the only component there is"
            if n_components == 1
            else f"must be one or two numbers from 0 to {n_components - 1}"
        )
        raise ValueError(f"components {room}, got {components!r}.")
    return numbers


def _are_numbers(labels):
    """Return whether labels are numbers to be read off a scale, not classes."""
    if labels.dtype.kind == "f":
        return True
    return labels.dtype.kind in "iu" and len(np.unique(labels)) > 20
