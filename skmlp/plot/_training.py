"""How training went: losses, validation score and learning rate over the epochs, of one
estimator or of several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from .._tabular.base import BaseTabularMLP
from .._through import trained_in
from ._common import COLOURS, layer_colours, over_epochs, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from sklearn.base import BaseEstimator


_THIN = 0.7  # points, of the lines of members
_PANELS = {"loss": "loss", "score": "validation score", "learning_rate": "learning rate"}


class TrainingDisplay:
    """A picture of how training went: losses, validation score and learning rate over the epochs.

    A validation loss that rises while the training loss still falls is a sign of overfitting;
    losses that still fall at the end call for more epochs. If there is a validation set, a dot
    marks the epoch with the best validation score.

    Use :meth:`from_estimator` or :meth:`from_estimators` to make one.

    Parameters
    ----------
    histories : dict mapping str to pandas.DataFrame
        ``history_`` of each estimator, by the name in the legend.
    best_epochs : dict mapping str to int, or None, default=None
        The epoch to mark, by the name of the estimator. An estimator without an entry has no mark.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        The panels, in the order of ``panels_``.
    panels_ : list of {'loss', 'score', 'learning_rate'}
        What they show.
    figure_ : matplotlib Figure
        The figure that they belong to.
    lines_ : dict mapping (str, str) to matplotlib Line2D, or to a list of these
        The curves, by name of the estimator and column of ``history_``; a list for an ensemble,
        with one curve for each member.
    marks_ : dict mapping (str, str) to matplotlib Line2D
        The marks of the best epochs on them.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import scale
    >>> from skmlp import MLPClassifier, TrainingDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> model = MLPClassifier(early_stopping=True, random_state=0).fit(scale(X), y)
    >>> display = TrainingDisplay.from_estimator(model)
    >>> display.panels_
    ['loss', 'score']
    """

    def __init__(
        self, *, histories: Mapping[str, pd.DataFrame], best_epochs: Mapping[str, int] | None = None
    ) -> None:
        self.histories = histories
        self.best_epochs = best_epochs

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        name: str | None = None,
        show: Sequence[str] | None = None,
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Draw the training of one estimator.

        Parameters
        ----------
        estimator : object
            A fitted network or ensemble for tables, a pipeline that ends with one, or a fitted
            search (its best estimator is used). Each member of an ensemble has a thin line.
        name : str or None, default=None
            Its name in the legend; None is the name of its class.
        show : sequence of {'loss', 'score', 'learning_rate'} or None, default=None
            The panels, from top to bottom, as for :meth:`plot`.
        ax : matplotlib Axes, array of Axes or None, default=None
            Where to draw, as for :meth:`plot`.

        Returns
        -------
        display : TrainingDisplay
        """
        return cls.from_estimators(
            {name or type(trained_in(estimator)).__name__: estimator}, show=show, ax=ax
        )

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, BaseEstimator] | Sequence[BaseEstimator],
        *,
        show: Sequence[str] | None = None,
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Draw the training of several estimators into one picture.

        Parameters
        ----------
        estimators : dict mapping str to estimator, list of estimators, or dict
            As for :meth:`from_estimator`, by name or in order; or what ``cross_validate(...,
            return_estimator=True)`` returns.
        show : sequence of {'loss', 'score', 'learning_rate'} or None, default=None
            The panels, from top to bottom, as for :meth:`plot`.
        ax : matplotlib Axes, array of Axes or None, default=None
            Where to draw, as for :meth:`plot`.

        Returns
        -------
        display : TrainingDisplay
        """
        networks = {name: trained_in(estimator) for name, estimator in _named(estimators).items()}
        histories = {name: network.history_ for name, network in networks.items()}
        best = {name: _best_epoch(network, histories[name]) for name, network in networks.items()}
        return cls(
            histories=histories, best_epochs={name: epoch for name, epoch in best.items() if epoch}
        ).plot(show=show, ax=ax)

    def plot(
        self, ax: Axes | np.ndarray | None = None, *, show: Sequence[str] | None = None
    ) -> Self:
        """Draw the curves, and return the display.

        Parameters
        ----------
        ax : matplotlib Axes, array of Axes or None, default=None
            Where to draw: one Axes for each panel, or one whose place they share; None makes a new
            figure.
        show : sequence of {'loss', 'score', 'learning_rate'} or None, default=None
            The panels, from top to bottom. None draws those for which there are numbers, the
            learning rate only if it changes.

        Returns
        -------
        display : TrainingDisplay
        """
        self.panels_ = self._panels(show)
        self.axes_ = panels(self, ax, len(self.panels_))
        self.figure_ = self.axes_[0].figure
        self.lines_: dict[tuple[str, str], Line2D | list[Line2D]] = {}
        self.marks_: dict[tuple[str, str], Line2D] = {}
        colours = (
            COLOURS if len(self.histories) <= len(COLOURS) else layer_colours(len(self.histories))
        )
        for panel, axes in zip(self.panels_, self.axes_, strict=True):
            for (name, history), colour in zip(self.histories.items(), colours, strict=False):
                self._curves(panel, axes, name, history, colour)
            axes.set(ylabel=_PANELS[panel])
            if panel == "learning_rate" and self._spread(panel) > 20:
                axes.set_yscale("log")
            axes.grid(alpha=0.3)
            over_epochs(axes)
        self._legend()
        return self

    def _panels(self, show):
        there = {
            "loss": True,
            "score": self._has("validation_score"),
            "learning_rate": self._has("learning_rate"),
        }
        if show is None:
            return [
                panel
                for panel in _PANELS
                if there[panel] and (panel != "learning_rate" or self._spread(panel) > 1)
            ]
        show = [show] if isinstance(show, str) else list(show)
        for panel in show:
            if panel not in _PANELS:
                raise ValueError(f"show must name panels among {list(_PANELS)}, got {panel!r}.")
            if not there[panel]:
                what = (
                    "a validation set: fit(..., X_val=...) or early_stopping=True"
                    if panel == "score"
                    else "a minibatch solver"
                )
                raise ValueError(
                    f"show has {panel!r}, but no history has such numbers; they come with {what}."
                )
        if not show:
            raise ValueError(f"show is empty; name at least one of {list(_PANELS)}.")
        return show

    def _has(self, column):
        return any(
            column in history and history[column].notna().any()
            for history in self.histories.values()
        )

    def _spread(self, column):
        """Return how many times the least value of a column goes into the largest, 1 if there is
        none.
        """
        rates = [
            history[column].to_numpy() for history in self.histories.values() if column in history
        ]
        rates = np.concatenate(rates) if rates else np.ones(1)
        rates = rates[rates > 0]
        return rates.max() / rates.min() if len(rates) else 1.0

    def _curves(self, panel, axes, name, history, colour):
        alone = len(self.histories) == 1
        columns = {"loss": ["loss", "validation_loss"], "score": ["validation_score"]}.get(
            panel, [panel]
        )
        for column in [column for column in columns if column in history]:
            held_out = column.startswith("validation")
            colour = COLOURS[1] if alone and held_out else colour
            curves, style = history[column], {"linestyle": "--" if held_out else "-"}
            if curves.index.nlevels > 1:  # a column for each member of an ensemble
                curves, style["linewidth"] = curves.unstack(level=0), _THIN
            curves = curves.dropna(how="all")  # not every epoch may have been validated
            lines = axes.plot(curves.index, curves.to_numpy(), color=colour, **style)
            self.lines_[name, column] = lines if curves.ndim > 1 else lines[0]
            epoch = (self.best_epochs or {}).get(name)
            if epoch in history.index and held_out:
                self.marks_[name, column] = axes.plot(
                    epoch, history[column].loc[epoch], "o", color=colour, markersize=7
                )[0]

    def _legend(self):
        """Say what colours, dashes and marks mean, in the first panel."""
        from matplotlib.lines import Line2D

        alone = len(self.histories) == 1
        entries = []
        if not alone:
            for name in self.histories:
                drawn = [lines for (whose, _), lines in self.lines_.items() if whose == name]
                if not drawn:  # it has no numbers for these panels
                    continue
                line = drawn[0][0] if isinstance(drawn[0], list) else drawn[0]
                entries.append(Line2D([], [], color=line.get_color(), label=name))
        colours = (COLOURS[0], COLOURS[1]) if alone else ("grey", "grey")
        dashed = any(column.startswith("validation") for _, column in self.lines_)
        if dashed and "loss" in self.panels_:
            entries.append(Line2D([], [], color=colours[0], linestyle="-", label="training"))
        if dashed:
            entries.append(Line2D([], [], color=colours[1], linestyle="--", label="validation"))
        if self.marks_:
            label = (
                f"best epoch: {next(iter(self.best_epochs.values()))}" if alone else "best epoch"
            )
            entries.append(
                Line2D(
                    [], [], color=colours[1], marker="o", linestyle="", markersize=7, label=label
                )
            )
        if entries:
            beside = (
                {}
                if alone
                else {
                    "loc": "upper left",
                    "bbox_to_anchor": (1.0, 1.0),
                    "ncols": -(-len(entries) // 12),
                }
            )
            self.axes_[0].legend(handles=entries, fontsize="small", **beside)
        if alone:
            self.axes_[0].set_title(next(iter(self.histories)))


def _named(estimators):
    """Return estimators by name, of a dict, a list, or the result of ``cross_validate``."""
    if isinstance(estimators, Mapping) and "fit_time" in estimators:
        if "estimator" not in estimators:
            raise ValueError(
                "The result of cross_validate has no estimators; call it with "
                "return_estimator=True."
            )
        return {
            f"fold {number}": estimator
            for number, estimator in enumerate(estimators["estimator"], 1)
        }
    if not isinstance(estimators, Mapping):
        estimators = {
            f"{type(trained_in(each)).__name__} {number}": each
            for number, each in enumerate(estimators, 1)
        }
    if not estimators:
        raise ValueError("estimators is empty; give at least one.")
    return dict(estimators)


def _best_epoch(network, history):
    """Return the epoch whose weights early stopping restored, else that with the best validation
    score, None where there is none, or one for each member.
    """
    if isinstance(network, BaseTabularMLP):
        return None
    if network._state.monitor.startswith("validation_score"):
        return network._state.best_epoch
    if "validation_score" not in history or history["validation_score"].isna().all():
        return None
    return int(history["validation_score"].idxmax())
