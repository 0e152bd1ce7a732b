"""The network that is good on most tables: which units, how wide, how long, at which rate.

The one decision: everything is a parameter of ``MLPClassifier`` or ``MLPRegressor``, so that what a
member does can be read off and changed. Batches and epochs grow with the rows: few rows need many
passes of small batches, many rows few passes of large ones.
"""

import math
from numbers import Real

import numpy as np

from ..nn.layers import Dropout, PiecewiseLinear
from ..nn.optimizers import LayerRates

RATES = "cosine_waves"  # schedule of the learning rate
STEPS = 3600  # of training, at least
EPOCHS, FEW_EPOCHS = 120, 8  # of few rows at least, and of however many rows
ROWS_SEEN = 2_500_000  # in all epochs together, at most, unless these are few
LEAST_BATCH, USUAL_BATCH, LARGEST_BATCH = 32, 256, 1024
FEW_BINS, MANY_BINS = 16, 64  # of a column of numbers
ROWS_OF_BIN = 64  # at least, where there are more than a few bins
BINS_OF_ALL = 2048  # columns together, at most, since they cost time when a table is predicted
FEW_COLUMNS = 12  # whose embeddings have vectors of 4 numbers; those of more columns have 2
USUAL_FREQUENCY = 10  # rows that have a category, from 5000 rows on
ROWS_OF_FREQUENCY = 500  # of a table, for each row that must have a category


def batch_size_for(n_rows):
    """Return the number of rows of a batch: a power of two near a thirty-second of the rows, from
    32 to 256, or near a part in 256 of them, up to 1024.
    """
    few, many = (2 ** round(math.log2(max(n_rows, 1) / part)) for part in (32, 256))
    size = min(max(few, LEAST_BATCH), max(USUAL_BATCH, min(many, LARGEST_BATCH)))
    return min(size, n_rows)


def n_epochs_for(n_rows, batch_size):
    """Return the number of epochs: ``EPOCHS``, or as many as make ``STEPS`` steps; as few as see
    ``ROWS_SEEN`` rows, but not less than ``FEW_EPOCHS``.
    """
    steps = max(1, n_rows // batch_size)
    most = max(FEW_EPOCHS, ROWS_SEEN // n_rows)
    return min(max(EPOCHS, math.ceil(STEPS / steps)), most)


def validates_every(member):
    """Return of how many epochs of a member one is validated: of two where there are many, unless
    its parameters look at the score of each.
    """
    looks = math.isfinite(member.n_iter_no_change) or member.learning_rate != RATES
    return 1 if looks or member.max_iter < EPOCHS // 2 else 2


def n_bins_for(n_rows, n_features):
    """Return the number of bins of a number's embedding in a classifier, since classes often have
    sharp borders: ``FEW_BINS``, up to ``MANY_BINS`` where there are many rows and few columns.
    """
    return max(FEW_BINS, min(MANY_BINS, n_rows // ROWS_OF_BIN, BINS_OF_ALL // n_features))


def min_frequency_for(n_rows):
    """Return in how many rows a category must be to have a vector of its own, from 2 to
    ``USUAL_FREQUENCY``.
    """
    return min(USUAL_FREQUENCY, max(2, n_rows // ROWS_OF_FREQUENCY))


def recipe(n_rows, n_epochs):
    """Return the parameters that all members have beside those of the ensemble."""
    return {
        "max_iter": n_epochs,
        "n_iter_no_change": np.inf,
        "solver": "adamw",
        "beta_2": 0.95,
        "alpha": 0.02,
        "learning_rate": RATES,
        "learning_rate_scaling": LayerRates(bias=0.1),
        "input_scale": True,
        "data_init": True,
        "weight_init": "lecun_normal",
        "numeric_scaling": "robust",
        "embedding_dim": 8,
        "min_frequency": min_frequency_for(n_rows),
        "dtype": "float32",
    }


def embedding(n_features, n_bins=FEW_BINS):
    """Return the embedding of numbers, a new unit each time, since its parameters can be set; its
    vectors are longer where there are few columns.
    """
    return PiecewiseLinear(n_bins=n_bins, dim=4 if n_features <= FEW_COLUMNS else 2, rate=0.25)


def fading(rates):
    """Return dropout of these rates, one or one for each layer, which fades over the second half of
    training.
    """
    if np.ndim(rates):
        return [fading(rate) for rate in rates]
    return Dropout(rates, fade=0.5) if isinstance(rates, Real) else rates
