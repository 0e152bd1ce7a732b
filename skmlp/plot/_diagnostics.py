"""What ``diagnostics=True`` has measured of each layer, over the epochs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from .._through import network_of
from ._common import layer_colours, over_epochs, panels

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator


_PANELS = {
    "gradient_norm": "gradient norm",
    "dead": "dead units (share)",
    "saturated": "saturated outputs (share)",
    "activation_std": "spread of outputs",
}


class DiagnosticsDisplay:
    """A picture of what happened in each layer: sizes of gradients, dead and saturated units over
    the epochs.

    Each layer has a curve, from dark (layer 0, the first) to light (the last); the output layer has
    a gradient only. Equal curves hide each other, as at 0 for layers without dead units.

    * Gradient norm: gradients that are much smaller in the first layers than in the last are
      vanishing; gradients that grow from epoch to epoch call for a smaller learning rate or for
      ``clip_norm``.
    * Dead units: units whose activation has a derivative near 0 in every row of the batch. They
      hardly learn any more; a smaller learning rate or another activation, such as 'leaky_relu',
      helps.
    * Saturated outputs: the share of outputs at which the derivative is near 0. For relu, which is
      flat on one side, about a half is normal; for 'tanh' and 'logistic' a large share slows
      training down.

    Use :meth:`from_estimator` to make one, with an estimator that was fitted with
    ``diagnostics=True``.

    Parameters
    ----------
    history : pandas.DataFrame
        ``history_`` of the estimator.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        The panels, in the order of ``panels_``.
    panels_ : list of str
        What they show.
    figure_ : matplotlib Figure
        The figure that they belong to.
    lines_ : dict mapping str to matplotlib Line2D
        The curves, by column of ``history_``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import DiagnosticsDisplay, MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> setting = {"learning_rate": "one_cycle", "learning_rate_init": 0.1, "max_iter": 15}
    >>> model = MLPClassifier((50, 50, 50), diagnostics=True, random_state=0, **setting)
    >>> model = model.fit(X / 16, y)
    >>> display = DiagnosticsDisplay.from_estimator(model)
    >>> display.panels_
    ['gradient_norm', 'dead', 'saturated']
    """

    def __init__(self, *, history: pd.DataFrame) -> None:
        self.history = history

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        show: Sequence[str] = ("gradient_norm", "dead", "saturated"),
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Draw the layers of an estimator.

        Parameters
        ----------
        estimator : object
            A network fitted with ``diagnostics=True``, a pipeline that ends with one, or a fitted
            search (its best estimator is used).
        show : sequence of str, default=('gradient_norm', 'dead', 'saturated')
            The panels, from top to bottom, as for :meth:`plot`.
        ax : matplotlib Axes, array of Axes or None, default=None
            Where to draw, as for :meth:`plot`.

        Returns
        -------
        display : DiagnosticsDisplay
        """
        return cls(history=network_of(estimator).history_).plot(show=show, ax=ax)

    def plot(
        self,
        ax: Axes | np.ndarray | None = None,
        *,
        show: Sequence[str] = ("gradient_norm", "dead", "saturated"),
    ) -> Self:
        """Draw a curve for each layer, dark for the first and light for the last, and return the
        display.

        Parameters
        ----------
        ax : matplotlib Axes, array of Axes or None, default=None
            Where to draw: one Axes for each panel, or one whose place they share; None makes a new
            figure.
        show : sequence of str, default=('gradient_norm', 'dead', 'saturated')
            The panels, from top to bottom, of 'gradient_norm', 'dead', 'saturated' and
            'activation_std'. Without a hidden layer only 'gradient_norm' is drawn.

        Returns
        -------
        display : DiagnosticsDisplay
        """
        columns = self._columns(show)
        self.panels_ = list(columns)
        self.axes_ = panels(self, ax, len(columns))
        self.figure_ = self.axes_[0].figure
        self.lines_ = {}
        n_layers = 1 + max(number for numbers in columns.values() for number in numbers)
        colours = layer_colours(n_layers)
        for (panel, numbers), axes in zip(columns.items(), self.axes_, strict=True):
            for number in numbers:
                name = f"{panel}_{number}"
                (self.lines_[name],) = axes.plot(
                    self.history.index, self.history[name], color=colours[number], label=str(number)
                )
            axes.set(ylabel=_PANELS[panel])
            if panel == "gradient_norm" and (
                self.history[[f"{panel}_{number}" for number in numbers]] > 0
            ).any(axis=None):
                axes.set_yscale("log")
            if panel in ("dead", "saturated"):
                axes.set_ylim(-0.03, 1.03)
            axes.grid(alpha=0.3)
            over_epochs(axes)
        widest = max(self.axes_, key=lambda axes: len(axes.get_lines()))
        beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "ncols": -(-n_layers // 8)}
        widest.legend(title="layer", fontsize="small", title_fontsize="small", **beside)
        return self

    def _columns(self, show):
        """Return the numbers of the layers that each panel has a curve for; raise ``ValueError``
        if there is nothing to draw.
        """
        show = [show] if isinstance(show, str) else list(show)
        if not show or not set(show) <= set(_PANELS):
            raise ValueError(f"show must name panels among {list(_PANELS)}, got {show!r}.")
        if "gradient_norm_0" not in self.history:
            raise ValueError(
                "There are no diagnostics in history_; fit the estimator with diagnostics=True."
            )
        found = {}
        for panel in show:
            matches = [re.fullmatch(rf"{panel}_(\d+)", column) for column in self.history]
            numbers = sorted(int(match[1]) for match in matches if match)
            if numbers:
                found[panel] = numbers
        if not found:
            raise ValueError(
                f"show={show!r} is about outputs of hidden layers, but there is no hidden layer; "
                "take show='gradient_norm'."
            )
        return found
