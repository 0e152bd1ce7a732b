"""A table that was encoded once for several estimators.

The one decision: it stands for the table wherever an estimator of tables takes one, so that members
of an ensemble are fitted and asked like any other estimator, and share matrix and codec.
"""

import numpy as np

from .table import TableCodec


class EncodedTable:
    """The matrix of a table, and the codec that made it.

    Parameters
    ----------
    codec : TableCodec
        Fitted.
    matrix : ndarray of shape (n_rows, width)
        What it makes of the table.
    """

    def __init__(self, codec: TableCodec, matrix: np.ndarray) -> None:
        self.codec = codec
        self.matrix = matrix
        self.shape = len(matrix), len(codec.names)

    def lend(self, estimator):
        """Make the codec that of an estimator, which has seen this table. Overwrites: estimator."""
        estimator._codec = self.codec
        estimator.n_features_in_ = self.shape[1]
        vars(estimator).pop("feature_names_in_", None)
        names = self.codec.names
        if self.codec.form != "array" and all(isinstance(name, str) for name in names):
            estimator.feature_names_in_ = np.array(names, dtype=object)
