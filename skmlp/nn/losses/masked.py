"""A loss that leaves missing values (NaN) of the target out: missing labels, missing values of an
autoencoder's X.

The one decision: each output is looked at as a sample of its own, with one output, so that any loss
that is a sum over the outputs gives the loss of each entry, and those of missing entries become
zero; of outputs that are one distribution all are missing if one is. The network works with it only
where something is missing, and so does not pay for it elsewhere.
"""

from types import SimpleNamespace

import numpy as np

from ..layout import Rows
from .base import Loss
from .by_column import ColumnLosses

# for a missing number: it lies in the domain of every loss, and what comes of it becomes zero
_STAND_IN = 1.0


def masked(loss):
    """Return the loss that leaves missing values of a target out; ``loss`` has one score for each
    target.
    """
    if isinstance(loss, ColumnLosses):
        return ColumnLosses([(masked(piece), columns) for piece, columns in loss.pieces])
    return (MaskedRows if loss.joint else MaskedDistances if loss.distance else MaskedEntries)(loss)


class MaskedLoss(Loss):
    """A loss that leaves missing values, NaN, of a target out.

    Parameters
    ----------
    loss : Loss
        With one score for each target.
    """

    def __init__(self, loss):
        self.loss = loss

    def link(self, raw, out):
        self.loss.link(raw, out)

    def link_gradient(self, raw, gradient):
        return self.loss.link_gradient(raw, gradient)

    def initial_score(self, target, weight):
        """Return the raw score, of shape (n_out,), of each output's best constant over the rows
        where it is not missing, 0 if there are none.
        """
        values = np.zeros(target.shape[1])
        for k, column in enumerate(target.T):
            present = ~np.isnan(column)
            if present.any():
                values[k] = _initial_score(self.loss, column[:, None], weight, present)[0]
        return values

    def initial_score_at(self, mean, least):
        return self.loss.initial_score_at(mean, least)


class MaskedEntries(MaskedLoss):
    """The loss of the entries of a target that are not NaN, per row summed over these.

    Parameters
    ----------
    loss : Loss
        A sum over the outputs, one score each.
    """

    def buffers(self, n_out):
        """Return the working arrays: the loss's own, for each entry, and ours."""
        inner = {
            f"entry_{name}": Rows(n_out, buffer.dtype)
            for name, buffer in self.loss.buffers(1).items()
        }
        return {"rows": Rows(1), "missing": Rows(n_out, bool), "filled": Rows(n_out), **inner}

    def rows_and_grad(self, raw, target, ws):
        np.isnan(target, out=ws.missing)
        np.copyto(ws.filled, target)
        np.copyto(ws.filled, _STAND_IN, where=ws.missing)
        entries = SimpleNamespace(
            **{name: getattr(ws, f"entry_{name}")[..., None] for name in self.loss.buffers(1)}
        )
        self.loss.rows_and_grad(raw[..., None], ws.filled[..., None], entries)
        np.copyto(raw, 0.0, where=ws.missing)
        np.copyto(ws.entry_rows, 0.0, where=ws.missing)
        np.sum(ws.entry_rows, axis=-1, keepdims=True, out=ws.rows)

    def entries(self, raw, target):
        missing = np.isnan(target)
        filled = np.where(missing, _STAND_IN, target).astype(raw.dtype)
        return np.where(missing, 0.0, self.loss.entries(raw, filled))


class MaskedDistances(MaskedLoss):
    """The same for a loss of the distance between score and target: the score itself stands for a
    missing target, which costs nothing.

    Parameters
    ----------
    loss : Loss
        With ``distance``.
    """

    def buffers(self, n_out):
        """Return the working arrays: the loss's own, and ours."""
        return {**self.loss.buffers(n_out), "missing": Rows(n_out, bool), "filled": Rows(n_out)}

    def rows_and_grad(self, raw, target, ws):
        np.isnan(target, out=ws.missing)
        np.copyto(ws.filled, target)
        np.copyto(ws.filled, raw, where=ws.missing)
        self.loss.rows_and_grad(raw, ws.filled, ws)

    def entries(self, raw, target):
        return self.loss.entries(raw, np.where(np.isnan(target), raw, target))


class MaskedRows(MaskedLoss):
    """The loss of the rows of a target without NaN; that of the others is 0.

    Parameters
    ----------
    loss : Loss
        Of a distribution over the outputs.
    """

    def buffers(self, n_out):
        """Return the working arrays: the loss's own, and ours."""
        return {
            **self.loss.buffers(n_out),
            "missing": Rows(n_out, bool),
            "missing_row": Rows(1, bool),
            "filled": Rows(n_out),
        }

    def rows_and_grad(self, raw, target, ws):
        np.isnan(target, out=ws.missing)
        np.logical_or.reduce(ws.missing, axis=-1, keepdims=True, out=ws.missing_row)
        np.copyto(ws.filled, target)
        np.copyto(ws.filled, _STAND_IN, where=ws.missing)
        self.loss.rows_and_grad(raw, ws.filled, ws)
        np.copyto(raw, 0.0, where=ws.missing_row)
        np.copyto(ws.rows, 0.0, where=ws.missing_row)

    def entries(self, raw, target):
        missing = np.isnan(target)
        entries = self.loss.entries(raw, np.where(missing, _STAND_IN, target).astype(raw.dtype))
        return np.where(missing.any(axis=-1, keepdims=True), 0.0, entries)

    def initial_score(self, target, weight):
        """Return the raw score, of shape (n_out,), of the best constant over the rows without
        missing values, 0 if there are none.
        """
        present = ~np.isnan(target).any(axis=1)
        if not present.any():
            return np.zeros(target.shape[1])
        return _initial_score(self.loss, target, weight, present)


def _initial_score(loss, target, weight, rows):
    """Return the initial score over the rows of a mask."""
    return loss.initial_score(target[rows], None if weight is None else weight[rows])
