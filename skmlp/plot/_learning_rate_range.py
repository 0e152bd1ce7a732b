"""The learning-rate range test as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._learning_rate_range import learning_rate_range, smoothed
from ._common import COLOURS, one_axes, pyplot

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

    from .._data.inputs import MatrixLike


class LearningRateRangeDisplay:
    """A picture of a learning-rate range test, which shows the learning rates that suit a network.

    The test (:func:`learning_rate_range`) trains a copy of the network for some steps while the
    learning rate rises, and records the loss of each batch. From left to right, the loss first
    stays level, because the rate is too small to learn; then it falls, at useful rates; then it
    rises, because training diverges. The curve ends early if the loss is no longer finite, or its
    moving average is four times its lowest value.

    The dashed line is the suggestion: a tenth of the rate at which the moving average is lowest.
    It suits the peak of a schedule; search for a constant ``learning_rate_init`` below it.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    rates, losses : ndarray of shape (n_steps_made,)
        The learning rates tried, and the loss at each.
    suggestion : float or None, default=None
        A learning rate to mark.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the picture is.
    figure_ : matplotlib Figure
        The figure that it belongs to.
    losses_, average_, suggestion_ : matplotlib Line2D
        The losses, their moving average, and the mark (None without a suggestion).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import LearningRateRangeDisplay, MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> display = LearningRateRangeDisplay.from_estimator(MLPClassifier(random_state=0), X / 16, y)
    >>> bool(0.01 < display.suggestion < 0.2)
    True
    """

    losses_: Line2D
    average_: Line2D

    def __init__(
        self, *, rates: np.ndarray, losses: np.ndarray, suggestion: float | None = None
    ) -> None:
        self.rates = rates
        self.losses = losses
        self.suggestion = suggestion

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: MatrixLike,
        y: MatrixLike | None = None,
        *,
        sample_weight: ArrayLike | None = None,
        min_rate: float = 1e-6,
        max_rate: float = 10.0,
        n_steps: int = 100,
        ax: Axes | None = None,
    ) -> Self:
        """Make the test and draw it.

        Parameters
        ----------
        estimator : MLPClassifier, MLPRegressor, Autoencoder, or Pipeline that ends in one
            As for :func:`learning_rate_range`; it is not changed.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to train on.
        y : array-like or None, default=None
            Targets, as for ``fit``; None for an autoencoder.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each row.
        min_rate : float > 0, default=1e-6
            First learning rate.
        max_rate : float > min_rate, default=10.0
            Last learning rate.
        n_steps : int >= 2, default=100
            Number of rates.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LearningRateRangeDisplay
        """
        pyplot(cls)  # which may be missing, better known before the test
        rates, losses, suggestion = learning_rate_range(
            estimator,
            X,
            y,
            sample_weight=sample_weight,
            min_rate=min_rate,
            max_rate=max_rate,
            n_steps=n_steps,
        )
        return cls(rates=rates, losses=losses, suggestion=suggestion).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the losses, their moving average and the suggestion over the learning rate, and
        return the display. If the last losses are far above the first ones, the curve leaves the
        picture at the top, so that its fall can be seen.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LearningRateRangeDisplay
        """
        ax = one_axes(self, ax)
        (self.losses_,) = ax.plot(
            self.rates, self.losses, color=COLOURS[0], alpha=0.4, label="loss of a batch"
        )
        (self.average_,) = ax.plot(
            self.rates, smoothed(self.losses), color=COLOURS[0], label="moving average"
        )
        self.suggestion_ = None
        if self.suggestion is not None:
            self.suggestion_ = ax.axvline(
                self.suggestion,
                color="black",
                linestyle="--",
                label=f"suggestion: {self.suggestion:.2g}",
            )
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss")
        first, least = self.losses[: -(-len(self.losses) // 10)].max(), self.losses.min()
        fall = first - least
        if self.losses.max() > first + fall > first:
            ax.set_ylim(least - 0.1 * fall, first + fall)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self
