"""The attributes of a fitted estimator: views of its network, and what its records say of
training.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._data.table import embeddings
from .views import Views


class FittedAttributes:
    """Attributes that follow from the network, the training state and the records of an
    estimator.
    """

    def _fitted(self):
        """Return the estimator, or raise ``NotFittedError``."""
        check_is_fitted(self)
        return self

    def _parameter_views(self, name):
        """Return the arrays of this name of all layers, as views."""
        views = self._fitted()._network.views()
        return Views(views[key] for key in sorted(key for key in views if key[1] == name))

    @property
    def coefs_(self) -> Views:
        return Views(self._fitted()._network.weights())

    @coefs_.setter
    def coefs_(self, arrays: Sequence[np.ndarray]) -> None:
        self.coefs_[:] = arrays

    @property
    def intercepts_(self) -> Views:
        return Views(view[0] for view in self._parameter_views("bias"))

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[np.ndarray]) -> None:
        self.intercepts_[:] = arrays

    @property
    def slopes_(self) -> list[np.ndarray | None]:
        network = self._fitted()._network
        views = network.views()
        slopes = [
            views.get((i, "slope")) for i, layer in enumerate(network.layers) if layer.activates
        ]
        return [None if slope is None else slope[0] for slope in slopes]

    @property
    def embeddings_(self) -> dict[Any, pd.DataFrame]:
        if not self._fitted()._codec.is_table:
            raise AttributeError(
                "There are embeddings only of a table's categories; see categorical_features."
            )
        return embeddings(self._codec, self._network)

    @property
    def history_(self) -> pd.DataFrame:
        return pd.DataFrame(self._fitted()._records).set_index("epoch")

    @property
    def loss_curve_(self) -> list[float]:
        return [record["loss"] for record in self._fitted()._records]

    @property
    def loss_(self) -> float:
        return self.loss_curve_[-1]

    @property
    def best_loss_(self) -> float | None:
        stopped_by_score = self._fitted()._state.monitor.startswith("validation_score")
        return None if stopped_by_score else min(self.loss_curve_)

    @property
    def validation_scores_(self) -> list[float] | None:
        scores = [
            record["validation_score"]
            for record in self._fitted()._records
            if "validation_score" in record
        ]
        return scores or None

    @property
    def best_validation_score_(self) -> float | None:
        scores = self.validation_scores_
        return (
            None
            if scores is None
            else max((score for score in scores if not math.isnan(score)), default=math.nan)
        )

    @property
    def t_(self) -> int:
        return self._fitted()._state.clock.samples

    @property
    def n_layers_(self) -> int:
        return len(self.coefs_) + 1

    @property
    def n_outputs_(self) -> int:
        return self._fitted()._network.n_targets

    @property
    def out_activation_(self) -> str:
        return self._fitted()._network.loss.out_activation
