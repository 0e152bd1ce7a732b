"""Data augmentation: random changes of a training batch that leave its meaning as it is.

The one decision: an augmenter is any function ``(X, y, rng) -> (X, y)`` of a batch. ``X`` (n,
n_features) and ``y`` (n, n_targets) are the rows and targets that the network is trained on: y has
ones and zeros for classes (one column for two classes), or numbers. Numbers are in their own units,
also where the network sees them moved or divided. The result has the same shapes and dtypes.
Randomness comes from ``rng``, the random stream of training, alone, so that going on from a fit
gives the bits of one long fit. Those below leave ``X`` and ``y`` as they are, and treat a batch in
a few array operations, without a loop over its images.

To add one: in ``_rows.py`` derive from ``Augmenter`` and write ``__call__``, or in ``_images.py``
derive from ``ImageAugmenter`` and write ``change``; store the parameters, give their ``limits``
and, if X or y may stay as the network sees it, ``in_units``; put it into ``__all__``.
"""

from ._augmenter import Augmenter, ImageAugmenter
from ._images import Cutout, ElasticDeformation, Flip, Rotation, Shift
from ._rows import GaussianNoise, Mixup

__all__ = ["Cutout", "ElasticDeformation", "Flip", "GaussianNoise", "Mixup", "Rotation", "Shift"]
