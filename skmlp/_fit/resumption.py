"""Going on with a fit that was killed: what is known of it beside its estimator.

The one decision: it is an attribute of the estimator for as long as that fit runs; so ``fit`` needs
no parameter for it, and the parameters of the estimator, ``max_iter`` and ``warm_start`` among
them, are what they were.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..nn.engine.state import Numbers


@dataclass(frozen=True)
class Resumption:
    """How a fit stood when it was killed, beside what its estimator knows.

    ``n_made``: epochs it had made, 0 if there was no such fit. ``best``: the numbers of its best
    epoch where these are not the current ones, as ``nn.engine.state.numbers`` gives them.
    ``memories``: by the id of a callback, what that remembered. ``n_rows``: rows it trained on.
    """

    n_made: int = 0
    best: Numbers | None = None
    memories: dict[int, Any] = field(default_factory=dict)
    n_rows: int | None = None

    def check_rows(self, n_rows: int) -> None:
        """Raise ``ValueError`` if the fit that goes on would train on another number of rows."""
        if self.n_rows not in (None, n_rows):
            raise ValueError(
                f"The fit that is to go on trained on {self.n_rows} rows, but this would be "
                f"{n_rows}; give resume what fit got, the same "
                "rows, and sample_weight and X_val if there were any. To train on others, set "
                "warm_start=True and call fit."
            )


_NONE = Resumption()


def resumption_of(estimator):
    """Return what the fit of an estimator goes on with."""
    return getattr(estimator, "_resumption", _NONE)


@contextmanager
def resumed(estimator, resumption):
    """Let the fit that is made inside go on with another. Overwrites: estimator."""
    estimator._resumption = resumption
    try:
        yield
    finally:
        del estimator._resumption
