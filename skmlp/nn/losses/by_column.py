"""A loss made of losses: each has some of the columns, so that a table of different kinds of
columns has a loss for each kind.

The one decision: a loss of some columns is any loss of the registry, which sees its columns of the
raw scores and of the target and nothing else; neighbouring columns are views, others are copied to
one place and back.
"""

from types import SimpleNamespace

import numpy as np

from ..layout import Rows
from ..saved import is_array, is_whole, refusal, shown
from .base import Loss


class ColumnLosses(Loss):
    """The sum of several losses, each of some of the columns.

    Domain, prediction and formula: for each column those of its loss. The network must have
    one score for each target.

    Parameters
    ----------
    pieces : list of (loss, columns)
        ``columns``: a slice ``start:stop``, or an array of column numbers. Each column belongs to
        one piece. Columns that are one distribution, such as a one-hot category, are
        a piece of their own with ``LogLoss``, whose link is their softmax.
    """

    out_activation = "by column"

    def __init__(self, pieces):
        self.pieces = pieces

    def check(self):
        for loss, _ in self.pieces:
            loss.check()
            if loss.n_scores != 1:
                raise ValueError(
                    f"{self!r}: {loss!r} predicts {loss.n_scores} numbers for each target; a "
                    "column has one."
                )

    def check_saved(self):
        pieces = self.pieces
        if type(pieces) not in (list, tuple) or not all(
            type(piece) in (tuple, list) and len(piece) == 2 for piece in pieces
        ):
            raise refusal(
                "ColumnLosses",
                f"its pieces are {shown(pieces)}, but should be a list of pairs (loss, columns)",
            )
        for loss, columns in pieces:
            if not isinstance(loss, Loss) or loss.n_scores != 1:
                raise refusal(
                    "ColumnLosses",
                    f"it has {shown(loss)} where it should have a loss with one score for each "
                    "target",
                )
            entries = [columns.start, columns.stop] if type(columns) is slice else columns
            whole = type(entries) is list and all(map(is_whole, entries))
            if not whole and not (
                is_array(entries) and entries.ndim == 1 and entries.dtype.kind in "iu"
            ):
                raise refusal(
                    "ColumnLosses",
                    f"the columns of {loss!r} are {shown(columns)}, but should be a slice or "
                    "column numbers",
                )

    def check_outputs(self, n_out):
        columns = [columns for _, columns in self.pieces]
        inside = all(
            0 <= part.start <= part.stop <= n_out for part in columns if isinstance(part, slice)
        )
        if not inside or not np.array_equal(
            np.sort(np.concatenate([[], *map(numbers, columns)])), np.arange(n_out)
        ):
            raise ValueError(f"{self!r} does not have each of {n_out} columns once.")

    def buffers(self, n_out):
        buffers = {"rows": Rows(1)}
        for k, (loss, columns) in enumerate(self.pieces):
            width = _width(columns)
            if not isinstance(columns, slice):
                buffers |= {f"raw_{k}": Rows(width), f"target_{k}": Rows(width)}
            for name, buffer in loss.buffers(width).items():
                buffers[f"{name}_{k}"] = Rows(buffer.width, buffer.dtype)
        return buffers

    def link(self, raw, out):
        for loss, columns in self.pieces:
            if isinstance(columns, slice):
                loss.link(raw[..., columns], out[..., columns])
            else:
                piece = raw[..., columns]
                loss.link(piece, piece)
                out[..., columns] = piece

    def link_gradient(self, raw, gradient):
        out = np.array(gradient)
        for loss, columns in self.pieces:
            out[..., columns] = loss.link_gradient(raw[..., columns], out[..., columns])
        return out

    def rows_and_grad(self, raw, target, ws):
        ws.rows.fill(0.0)
        for k, (loss, columns) in enumerate(self.pieces):
            own = SimpleNamespace(
                **{name: getattr(ws, f"{name}_{k}") for name in loss.buffers(_width(columns))}
            )
            if isinstance(columns, slice):
                loss.rows_and_grad(raw[..., columns], target[..., columns], own)
            else:
                piece, goal = getattr(ws, f"raw_{k}"), getattr(ws, f"target_{k}")
                raw.take(columns, axis=-1, out=piece, mode="clip")
                target.take(columns, axis=-1, out=goal, mode="clip")
                loss.rows_and_grad(piece, goal, own)
                raw[..., columns] = piece
            np.add(ws.rows, own.rows, out=ws.rows)

    def initial_score(self, target, weight):
        values = np.empty(target.shape[1])
        for loss, columns in self.pieces:
            values[columns] = loss.initial_score(target[:, columns], weight)
        return values

    def initial_score_at(self, mean, least):
        values = np.empty(len(mean))
        for loss, columns in self.pieces:
            values[columns] = loss.initial_score_at(mean[columns], least)
        return values

    def check_target(self, target, name, labels=None):
        labels = [f"column {k}" for k in range(target.shape[1])] if labels is None else labels
        for loss, columns in self.pieces:
            loss.check_target(target[:, columns], name, [labels[k] for k in numbers(columns)])

    def entries(self, raw, target):
        out = np.empty_like(raw)
        for loss, columns in self.pieces:
            out[..., columns] = loss.entries(raw[..., columns], target[..., columns])
        return out


def numbers(columns):
    """Return the numbers of the columns of a piece, as an array."""
    return (
        np.arange(columns.start, columns.stop)
        if isinstance(columns, slice)
        else np.asarray(columns)
    )


def _width(columns):
    return columns.stop - columns.start if isinstance(columns, slice) else len(columns)
