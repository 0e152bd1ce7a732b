"""The hidden representation of rows as points in the plane."""

import numpy as np
from sklearn.utils import check_consistent_length

from .._through import network_of
from ._common import COLOURS, one_axes

_MARKERS = "o^sDvPX*<>"


class CodeDisplay:
    """A picture of codes: two components of what ``transform`` gives for each row, coloured by labels.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 2)
        A point for each row.
    labels : ndarray of shape (n_samples,), default=None
        What they are coloured by: classes (with a legend) or numbers (with a colour bar).
    names : (str, str), default=('code 0', 'code 1')
        What stands at the axes.
    label_name : str, default=None
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
        The scale, if the labels are numbers.

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

    def __init__(self, *, codes, labels=None, names=("code 0", "code 1"), label_name=None):
        self.codes = codes
        self.labels = labels
        self.names = names
        self.label_name = label_name

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, components=None, ax=None):
        """Transform rows and draw them.

        Parameters
        ----------
        estimator : object
            A fitted network, a pipeline that ends with one, or a fitted search, whose best estimator it is then.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows, as for ``transform``.
        y : array-like of shape (n_samples,), default=None
            Labels to colour them by. Floating-point numbers and whole numbers with more than 20 different values get a colour bar, all
            else is classes.
        components : (int, int), default=None
            Which two components of the code to draw. None: both, for codes of two; others have no order, so a choice has to be made.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : CodeDisplay
        """
        network_of(estimator)
        codes = np.asarray(estimator.transform(X))
        n_components = codes.shape[1]
        if components is None:
            if n_components != 2:
                raise ValueError(f"The code has {n_components} components, a picture has room for two; choose, as in components=(0, 1).")
            components = (0, 1)
        chosen = tuple(components)
        if len(chosen) != 2 or not all(isinstance(each, (int, np.integer)) and 0 <= each < n_components for each in chosen):
            raise ValueError(f"components must be two numbers from 0 to {n_components - 1}, got {components!r}.")
        label_name = getattr(y, "name", None)
        if y is not None:
            check_consistent_length(X, y)
            y = np.asarray(y)
            if y.ndim != 1:
                raise ValueError(f"y must have one label for each row, got shape {y.shape}.")
        names = tuple(f"code {each}" for each in chosen)
        return cls(codes=codes[:, list(chosen)], labels=y, names=names, label_name=label_name).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the points, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : CodeDisplay
        """
        self.ax_ = one_axes(self, ax)
        self.figure_ = self.ax_.figure
        self.colorbar_ = None
        style = {"s": 18, "alpha": 0.7, "linewidths": 0}
        if self.labels is None:
            self.points_ = [self.ax_.scatter(*self.codes.T, color=COLOURS[0], **style)]
        elif _are_numbers(self.labels):
            self.points_ = [self.ax_.scatter(*self.codes.T, c=self.labels, cmap="viridis", **style)]
            self.colorbar_ = self.figure_.colorbar(self.points_[0], ax=self.ax_, label=self.label_name or "y")
            self.colorbar_.solids.set_alpha(1.0)
        else:
            self._classes(style)
        self.ax_.set(xlabel=self.names[0], ylabel=self.names[1])
        return self

    def _classes(self, style):
        """Draw the points of each class in a colour and a shape that no other class has."""
        classes = np.unique(self.labels)
        self.points_ = []
        for number, label in enumerate(classes):
            marker = _MARKERS[number // len(COLOURS) % len(_MARKERS)]
            rows = self.labels == label
            colour = COLOURS[number % len(COLOURS)]
            self.points_.append(self.ax_.scatter(*self.codes[rows].T, color=colour, marker=marker, label=str(label), **style))
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if len(classes) > 4 else {}
        legend = self.ax_.legend(title=self.label_name, fontsize="small", ncols=-(-len(classes) // 16), **place)
        for handle in legend.legend_handles:
            handle.set_alpha(1.0)


def _are_numbers(labels):
    """Return whether labels are numbers to be read off a scale, not classes."""
    if labels.dtype.kind == "f":
        return True
    return labels.dtype.kind in "iu" and len(np.unique(labels)) > 20
