"""One of each augmenter, and batches of images for them."""

import numpy as np
import pytest

from skmlp.augment._images import Cutout, ElasticDeformation, Flip, Rotation, Shift
from skmlp.augment._rows import GaussianNoise, Mixup

SHAPE = (6, 5)
AUGMENTERS = {
    "Cutout": Cutout(3, SHAPE),
    "ElasticDeformation": ElasticDeformation(8.0, 2.0, SHAPE),
    "Flip": Flip(1, 0.5, SHAPE),
    "GaussianNoise": GaussianNoise(0.3),
    "Mixup": Mixup(0.4),
    "Rotation": Rotation(30.0, SHAPE),
    "Shift": Shift(2, SHAPE),
}
each_augmenter = pytest.mark.parametrize("augmenter", AUGMENTERS.values(), ids=list(AUGMENTERS))


def stream(seed=0):
    return np.random.default_rng(seed)


def batch(n=20, shape=SHAPE, dtype=np.float64, seed=1):
    """Return (X, y): images of random pixels, and ones and zeros for three classes."""
    rng = stream(seed)
    return rng.random((n, int(np.prod(shape)))).astype(dtype), np.eye(3, dtype=dtype)[
        rng.integers(0, 3, n)
    ]
