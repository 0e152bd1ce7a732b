"""The losses of an autoencoder's table: of its numbers, and of each categorical column.

The outputs of the network are the numeric columns, standardised, then a score for each category of
each categorical column; so to the core a table is a matrix with a loss by column.
"""

from .._params.column_losses import given_loss
from ..nn.losses import ColumnLosses, LogLoss


def number_loss(loss):
    """Return the unit of the loss of a table's numbers that the parameter ``loss`` stands for."""
    if isinstance(loss, list | ColumnLosses) or (isinstance(loss, str) and loss == "auto"):
        raise ValueError(
            f"loss={loss!r} does not go with categorical_features, which says already what the "
            "columns are: give one loss, that of the "
            "numbers, such as 'squared_error'; categories have their cross-entropy."
        )
    unit = given_loss(loss, 1, None)
    if not unit.unbounded:
        raise ValueError(
            f"loss={loss!r} needs values in {unit.domain}, but with categorical_features the "
            "numbers of a table are standardised; take "
            "a loss for any number, such as 'squared_error' or 'huber'. Columns of zeros and ones "
            "can be among categorical_features."
        )
    return unit


def table_loss(loss, table):
    """Return the loss unit: that of the numbers, and the cross-entropy of each categorical
    column.
    """
    n = len(table.numeric)
    pieces = [(number_loss(loss), slice(0, n))] if n else []
    pieces += [(LogLoss(), block) for block in table.blocks]
    return pieces[0][0] if len(pieces) == 1 else ColumnLosses(pieces)
