"""A loss of the entries that are known, for yes/no targets of which some are not.

The one decision: each output is looked at as a sample of its own, with one output, so that any loss of yes/no outputs gives the loss of
each entry, and those of unknown entries are struck out. The network works with it only where something is unknown, and so does not
pay for it elsewhere.
"""

from types import SimpleNamespace

import numpy as np

from .layout import Rows
from .loss import Loss


class KnownEntries:
    """The loss of the entries of a target that are not NaN, per row summed over these.

    Parameters
    ----------
    loss : Loss
        Of yes/no outputs, one score each.
    """

    value_and_grad = Loss.value_and_grad

    def __init__(self, loss):
        self.loss = loss

    def buffers(self, n_out):
        """Return the working arrays: the loss's own, for each entry, and ours."""
        inner = self.loss.buffers(1)
        return {"rows": Rows(1), "known": Rows(n_out), "filled": Rows(n_out), **{f"entry_{name}": Rows(n_out) for name in inner}}

    def rows_and_grad(self, raw, target, ws):
        """Write each row's loss into ``ws.rows`` (..., n, 1) and its gradient into ``raw``. Overwrites: raw, ws.*."""
        np.equal(target, target, out=ws.known)  # NaN is not
        np.fmax(target, 0.0, out=ws.filled)  # 0 for NaN
        entries = SimpleNamespace(**{name: getattr(ws, f"entry_{name}")[..., None] for name in self.loss.buffers(1)})
        self.loss.rows_and_grad(raw[..., None], ws.filled[..., None], entries)
        np.multiply(raw, ws.known, out=raw)
        np.vecdot(ws.entry_rows, ws.known, out=ws.rows[..., 0])

    def start(self, target, weight):
        """Return the raw score, of shape (n_out,), of each output's best constant over the rows where it is known, 0 if there are none."""
        values = np.zeros(target.shape[1])
        for k, column in enumerate(target.T):
            known = ~np.isnan(column)
            if known.any():
                values[k] = self.loss.start(column[known, None], None if weight is None else weight[known])[0]
        return values
