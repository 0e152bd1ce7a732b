"""Layers: rules with parameters, running statistics or random masks, of which a network is a
sequence.

What a layer is says ``base.py``.

To add one: derive from ``Layer``, write the abstract methods, put it into ``LAYERS``, a join into
``JOINS``, a corruption also into ``CORRUPTIONS``, an embedding of numbers into
``NUMERIC_EMBEDDINGS``, and into ``skmlp.nn``; ``docs/contributing.md`` names the other files.
"""

from .activation_layers import Maxout, PReLU
from .base import Layer
from .batch_norm import BatchNorm, FixedNorm
from .corruption import Corruption, FunctionCorruption, GaussianCorruption, Masking, SaltAndPepper
from .dense import Activate, Dense
from .dropout import AlphaDropout, Dropout
from .embedding import Embedding
from .first_half import FirstHalf
from .numeric_embeddings import NumericEmbedding, Periodic, PiecewiseLinear
from .scale import Scale
from .skip import Add, Concat, Join
from .tied import TiedDense

LAYERS = {
    "dense": Dense,
    "activate": Activate,
    "prelu": PReLU,
    "maxout": Maxout,
    "dropout": Dropout,
    "masking": Masking,
    "gaussian_corruption": GaussianCorruption,
    "salt_and_pepper": SaltAndPepper,
    "alpha_dropout": AlphaDropout,
    "batch_norm": BatchNorm,
    "fixed_norm": FixedNorm,
    "first_half": FirstHalf,
    "embedding": Embedding,
    "scale": Scale,
    "piecewise_linear": PiecewiseLinear,
    "periodic": Periodic,
}

ACTIVATION_LAYERS = {
    "prelu": PReLU,
    "maxout": Maxout,
}

JOINS = {
    "add": Add,
    "concat": Concat,
}

CORRUPTIONS = {
    "masking": Masking,
    "gaussian": GaussianCorruption,
    "salt_and_pepper": SaltAndPepper,
}

NUMERIC_EMBEDDINGS = {
    "piecewise_linear": PiecewiseLinear,
    "periodic": Periodic,
}
