"""How much each feature matters to a fitted network: ``feature_importances_``.

The one decision: the network is asked, and of the rows trained on only what a few numbers for each
feature say. So no row is kept, what is saved does not grow with the rows, and a fit pays for one
look at the data.
"""

import numpy as np
from scipy import sparse

from .._data.sources import take
from .input_gradient import gradient_of_predictions, gradient_of_scores

_LOOK_VALUES = 2**19  # of the rows that moments are taken of
_ROWS, _GRADIENT_VALUES = (
    1024,
    2**22,
)  # of the rows that the network is asked about, and of the gradients there
_PER_DEVIATION = 2.0 / np.sqrt(
    np.pi
)  # mean distance of two draws from a normal distribution, in standard deviations


def _documented(prediction, several):
    """Return what the documentation of an estimator says of its importances."""
    return {
        "feature_importances_": f"""
    feature_importances_ : ndarray of shape (n_features,)
        How much each feature matters: the mean absolute gradient of {prediction} with respect to
        the feature, times the standard deviation of the feature in the training rows, divided by
        the sum over the features. For {several} it is the mean of their importances. For a linear
        model it is ``abs(coef) * std``, divided by its sum.

        A fitted network keeps no rows. So the mean is over rows drawn from independent normal
        distributions with the means and standard deviations of the features, always the same rows.

        For a categorical column of a table it is the mean change of the prediction when another
        category is drawn, by the shares of the categories in training.

        Correlated features share one importance, and how they share it says little.
        :func:`sklearn.inspection.permutation_importance` measures importances on held-out rows
        instead.""",
    }


class FeatureImportances:
    """Gives an estimator with a target ``feature_importances_``. Comes before ``BaseMLP``.

    A subclass says what is predicted, ``_prediction_matrix(X)`` (n, n_predictions), and its
    gradients, ``_prediction_gradients(X)`` (n, n_predictions, n_features), for checked X.
    """

    _moments = None

    def _keep_moments(self, data, going_on):
        n_categories = self._codec.n_categories
        with np.errstate(over="ignore", invalid="ignore"):
            moments = _moments_of(data.X, data.weight, data.rows, n_categories)
            self._moments = (
                _together(self._moments, moments)
                if going_on and self._moments is not None
                else moments
            )

    @property
    def feature_importances_(self) -> np.ndarray:
        if self._fitted()._moments is None:
            raise AttributeError(
                "There are no feature_importances_ of an estimator that was saved without what "
                "they need; fit it again."
            )
        try:
            importances = self._sensitivity()
        except ValueError as error:
            raise AttributeError(f"There are no feature_importances_. {error}") from error
        total = importances.sum(axis=1, keepdims=True)
        importances = np.divide(
            importances, total, out=np.zeros_like(importances), where=total > 0.0
        ).mean(axis=0)
        return importances / max(importances.sum(), np.finfo(float).tiny)

    def _sensitivity(self):
        """Return how much each prediction changes with each feature, an array (n_predictions,
        n_features).
        """
        rng, deviation, codec = np.random.default_rng(0), _deviation(self._moments), self._codec
        n_outputs = self._network.n_out
        X = _drawn(
            self._moments,
            max(32, min(_ROWS, _GRADIENT_VALUES // (n_outputs * self.n_features_in_))),
            rng,
        )
        size = max(1, _GRADIENT_VALUES // (4 * n_outputs * self.n_features_in_))
        total = 0.0
        for k in range(0, len(X), size):
            gradients = self._prediction_gradients(X[k : k + size])
            if codec.is_table:  # with respect to the numbers as the network sees them
                slopes = codec.slopes(X[k : k + size])[:, None]
                of_numbers = gradients[..., codec.numeric]
                gradients[..., codec.numeric] = np.divide(
                    of_numbers, slopes, out=np.zeros_like(of_numbers), where=slopes > 0.0
                )
            total = total + np.abs(gradients).sum(axis=0, dtype=np.float64)
        if not codec.is_table:
            return total / len(X) * deviation
        total[:, codec.numeric] *= deviation[: len(codec.numeric)] / len(X)
        before = self._prediction_matrix(X)
        for j, column, shares in zip(
            codec.categorical,
            range(len(deviation), X.shape[1]),
            self._moments["counts"],
            strict=True,
        ):
            other = X.copy()
            other[:, column] = _codes(shares, len(X), rng)
            total[:, j] = (
                np.abs(self._prediction_matrix(other) - before).mean(axis=0) / _PER_DEVIATION
            )
        return total


class ImportancesOfScores(FeatureImportances):
    """Importances of a classifier: of its scores, from which their mean is taken where only
    their differences count.
    """

    _attribute_docs = _documented(
        "the class's score",
        """several classes (each score minus the mean
        score, if the classes exclude each other)""",
    )

    def _prediction_matrix(self, X):
        raw = self._raw(X)
        return raw - raw.mean(axis=1, keepdims=True) if self._network.loss.shift_invariant else raw

    def _prediction_gradients(self, X):
        gradients = gradient_of_scores(self, X)
        return (
            gradients - gradients.mean(axis=1, keepdims=True)
            if self._network.loss.shift_invariant
            else gradients
        )


class ImportancesOfPredictions(FeatureImportances):
    """Importances of a regressor: of the numbers that it predicts."""

    _attribute_docs = _documented("the prediction", "several outputs or quantiles")

    def _prediction_matrix(self, X):
        return self._predictions(self._raw(X), False).reshape(len(X), -1)

    def _prediction_gradients(self, X):
        gradients = gradient_of_predictions(self, X)
        return gradients.reshape(len(X), -1, gradients.shape[-1])


def _moments_of(X, weight, rows, n_categories):
    """Return weight, means and sums of squares of the numbers of a dense or sparse matrix, and
    counts of its last columns' categories.

    ``weight`` (n,) or None; ``rows``: those that count, None for all; ``n_categories``: of each
    column. Of very many rows some are taken.
    """
    n = X.shape[0] if rows is None else len(rows)
    n_values = X.nnz * n // X.shape[0] if sparse.issparse(X) else n * X.shape[1]
    stride = -(-n_values // _LOOK_VALUES) or 1
    if rows is not None or stride > 1:
        X, weight = take(np.arange(0, n, stride) if rows is None else rows[::stride], X, weight)
    weight = np.ones(X.shape[0]) if weight is None else weight
    total, numbers = float(weight.sum()), X.shape[1] - len(n_categories)
    if sparse.issparse(X):
        mean = (X.T @ weight) / total
        return {
            "weight": total,
            "mean": mean,
            "squares": X.multiply(X).T @ weight - total * np.square(mean),
            "counts": [],
        }
    x, codes = X[:, :numbers].astype(np.float64), X[:, numbers:].astype(np.intp)
    mean = weight @ x / total
    x -= mean
    np.square(x, out=x)
    counts = [
        np.bincount(column, weight, minlength=k + 1)
        for column, k in zip(codes.T, n_categories, strict=True)
    ]
    return {
        "weight": total,
        "mean": mean,
        "squares": weight @ x,
        "counts": counts,
    }


def _together(a, b):
    """Return the moments of two sets of rows as one, by the formula of Chan, Golub and LeVeque
    (1979).
    """
    weight = a["weight"] + b["weight"]
    shift = b["mean"] - a["mean"]
    return {
        "weight": weight,
        "mean": a["mean"] + shift * (b["weight"] / weight),
        "squares": a["squares"]
        + b["squares"]
        + np.square(shift) * (a["weight"] * b["weight"] / weight),
        "counts": [mine + other for mine, other in zip(a["counts"], b["counts"], strict=True)],
    }


def _deviation(moments):
    """Return the standard deviation of each column of numbers."""
    return np.sqrt(np.maximum(moments["squares"], 0.0) / moments["weight"])


def _drawn(moments, n, rng):
    """Return ``n`` rows of independent normal numbers, each with its negative around the mean,
    and independent categories.
    """
    half = rng.standard_normal((n // 2, len(moments["mean"])))
    numbers = moments["mean"] + _deviation(moments) * np.concatenate([half, -half])
    return np.column_stack(
        [numbers, *(_codes(counts, len(numbers), rng) for counts in moments["counts"])]
    )


def _codes(counts, n, rng):
    """Return ``n`` category numbers, drawn by their counts."""
    return rng.choice(len(counts), n, p=counts / counts.sum()).astype(np.float64)
