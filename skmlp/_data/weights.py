"""Weights of rows and of classes: what they may be, which rows count, and the unit in which they
are computed with.

The one decision: a row counts if its weight is above zero, however little that is, since weights of
another unit are to give the same model. Those far from 1 are brought nearer by a power of two,
which costs no digit, and ``alpha``, which is divided by their sum, with them.
"""

import math

import numpy as np

from .._sklearn import check_sample_weight

# powers of two, within which the sum of many weights and their products with losses are good
# numbers in float32
_FAR = 32
_NOTHING = (
    "Sample weights must contain at least one non-zero number; with weights of zero there "
    "is nothing to learn from."
)


def checked_weight(X, sample_weight):
    """Return the weights (n,) of the rows of X in double precision, None for None.

    Raise ``ValueError`` if they are none.
    """
    if sample_weight is None:
        return None
    weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError(_NOTHING)
    return weight


def counted_rows(weight):
    """Return the numbers of the rows whose weight is not zero, None if these are all."""
    counted = None if weight is None else weight > 0.0
    if counted is not None and not counted.any():
        raise ValueError(_NOTHING)
    return None if counted is None or counted.all() else np.flatnonzero(counted)


def near_one(weight):
    """Return (weights divided by a unit, the unit): 1.0 where the largest weight is not far from
    1, else a power of two.
    """
    if weight is None:
        return None, 1.0
    exponent = math.frexp(float(weight.max()))[1]
    shift = exponent - min(max(exponent, -_FAR), _FAR)
    return (weight, 1.0) if shift == 0 else (np.ldexp(weight, -shift), math.ldexp(1.0, shift))


def in_precision(weight, dtype):
    """Return weights in a network's precision, None for None; what is too little there is the
    least normal number, but never zero.
    """
    if weight is None:
        return None
    with np.errstate(under="ignore"):
        converted = near_one(weight)[0].astype(dtype)
    return np.maximum(converted, np.finfo(dtype).tiny, out=converted, where=weight > 0.0)


def balanced(class_weight, classes, target, weight):
    """Return the weights (n,) of the rows, or None, with those of their classes multiplied in;
    ``target`` (n,) or, of labels, (n, k).
    """
    check_has_class_weights(class_weight, target.ndim == 2)
    if class_weight is None:
        return weight
    of_rows = class_weights(class_weight, classes, target, weight)[target]
    return of_rows if weight is None else weight * of_rows


def class_weights(class_weight, classes, target, weight):
    """Return the weight of each of ``classes`` that the parameter ``class_weight`` gives it.

    ``target`` (n,): the numbers of the rows' classes; ``weight`` (n,) or None. 'balanced' weights
    give each class that has rows the same sum of weights, and all of them the sum that they had.
    """
    if not isinstance(class_weight, dict):
        counts = np.bincount(target, near_one(weight)[0], minlength=len(classes)).astype(np.float64)
        return np.divide(
            counts.sum(),
            np.count_nonzero(counts) * counts,
            out=np.zeros(len(classes)),
            where=counts > 0.0,
        )
    labels = classes.tolist()
    keys = [_key(label, class_weight) for label in labels]
    without = [label for label, key in zip(labels, keys, strict=True) if key is None]
    if without and len(labels) - len(without) != len(class_weight):
        raise ValueError(f"The classes, {without}, are not in class_weight")
    weights = np.array(
        [1.0 if key is None else class_weight[key] for key in keys], dtype=np.float64
    )
    wrong = ~(np.isfinite(weights) & (weights >= 0.0))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise ValueError(
            f"class_weight={class_weight!r} has {weights[k]} for the class {labels[k]!r}; give "
            "finite numbers, 0 or more."
        )
    return weights


def check_has_class_weights(class_weight, multilabel):
    """Raise ``ValueError`` where classes do not exclude each other, so that a row has no one
    class whose weight it could get.
    """
    if multilabel and class_weight is not None:
        raise ValueError(
            f"class_weight={class_weight!r} is not defined for multilabel targets; use "
            "sample_weight."
        )


def check_not_balanced(class_weight):
    """Raise ``ValueError`` where ``partial_fit`` would balance each batch by itself."""
    if isinstance(class_weight, str):
        raise ValueError(
            f"class_weight {class_weight!r} is not supported for partial_fit. In order to use "
            "'balanced' weights, use "
            f"compute_class_weight({class_weight!r}, classes=classes, y=y). In place of y you can "
            "use a large enough sample of the full "
            "training set target to properly estimate the class frequency distributions. Pass the "
            "resulting weights as the class_weight "
            "parameter, a dictionary of class and weight."
        )


def _key(label, class_weight):
    """Return the key of a label in a dictionary of weights, None if it has none; as in
    scikit-learn 1 stands for '1' too.
    """
    if label in class_weight:
        return label
    number = int(label) if isinstance(label, str) and label.lstrip("+-").isdecimal() else None
    return number if number in class_weight else None
