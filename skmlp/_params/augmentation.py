"""From the parameter ``augmentation`` to the functions that change a batch."""

from ..augment._augmenter import Augmenter
from ..nn.engine.trainer import augmented


def augmenters(estimator, x):
    """Return ``augmentation`` as a list of callables, checked against the source of rows ``x``."""
    given = estimator.augmentation
    if given is None:
        return []
    given = list(given) if isinstance(given, (list, tuple)) else [given]
    for augmenter in given:
        if isinstance(augmenter, type) or not callable(augmenter):
            raise ValueError(
                "augmentation must be a function (X, y, rng) -> (X, y), an instance such as "
                f"Mixup(), or a list; got {augmenter!r}."
            )
        if isinstance(augmenter, Augmenter):
            augmenter.check()
            augmenter.check_width(x.width)
    if given and estimator._codec.categorical:
        raise ValueError(
            f"augmentation={estimator.augmentation!r} does not go with categories: their numbers "
            "cannot be mixed or moved."
        )
    if given and x.sparse:
        raise ValueError(
            f"augmentation={estimator.augmentation!r} does not go with sparse X; give "
            "X.toarray(), or leave augmentation out."
        )
    measures = estimator._codec.measure, estimator._target_measure
    return [_in_units(augmenter, measures) for augmenter in given]


def _in_units(function, measures):
    """Return an augmenter for batches of what the network sees and learns: it gets, in float64, the
    numbers these stand for, unless it does the same to both.
    """
    wanted = function.in_units if isinstance(function, Augmenter) else ("X", "y")
    measures = [
        measure if name in wanted else None
        for name, measure in zip(("X", "y"), measures, strict=True)
    ]
    if measures == [None, None]:
        return function

    def augment(x, target, rng):
        batch = (x, target)
        numbers = [
            z if measure is None else measure.restored(z)
            for z, measure in zip(batch, measures, strict=True)
        ]
        changed = augmented(function, *numbers, rng)
        back = [
            z if measure is None else measure.normalised(z)
            for z, measure in zip(changed, measures, strict=True)
        ]
        return tuple(
            z.astype(before.dtype, copy=False) for z, before in zip(back, batch, strict=True)
        )

    return augment
