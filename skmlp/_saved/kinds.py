"""Of what kind each attribute is that a fit of a network sets."""

import numpy as np

from .._data.codec import MatrixCodec
from .._data.table import TableCodec
from ..nn.engine.network import Network
from ..nn.engine.state import TrainingState
from ..nn.saved import COUNT, EXTENT, Kind, is_array, part


def _is_records(value):
    """Return whether a value is a list of what epochs recorded: numbers by name."""
    names, types = set(), set()
    for record in value if type(value) is list else [None]:
        if type(record) is not dict or "epoch" not in record or "loss" not in record:
            return False
        names.update(record)
        types.update(map(type, record.values()))
    return all(type(name) is str for name in names) and all(
        issubclass(cls, int | float | np.integer | np.floating) for cls in types
    )


def _is_moments(value):
    """Return whether a value is what is kept of the rows for importances: a weight, means, sums
    of squares, counts of categories.
    """
    if (
        type(value) is not dict
        or set(value) != {"weight", "mean", "squares", "counts"}
        or type(value["counts"]) is not list
    ):
        return False
    vectors = [value["mean"], value["squares"], *value["counts"]]
    if not EXTENT.holds(value["weight"]) or not all(
        is_array(v) and v.ndim == 1 and v.dtype.kind == "f" for v in vectors
    ):
        return False
    amounts = bool(
        all((v >= 0.0).all() for v in vectors[1:])
    )  # a sum of squares may have overflowed
    return amounts and not np.isnan(value["mean"]).any()


def _is_classes(value):
    """Return whether a value is an array (n_classes,) of labels, sorted, each once."""
    if not is_array(value) or value.ndim != 1 or not value.size or value.dtype.kind == "V":
        return False
    if value.dtype.kind == "O":
        labels = value.tolist()
        if not any(
            all(isinstance(label, kind) for label in labels)
            for kind in (str, int | float | np.number | np.bool_)
        ):
            return False
    return bool((value[1:] > value[:-1]).all()) and bool((value == value).all())


def _is_names(value):
    """Return whether a value is an array of strings."""
    return (
        is_array(value)
        and value.ndim == 1
        and value.dtype.kind == "O"
        and all(isinstance(name, str) for name in value.tolist())
    )


CLASSES = Kind("an array of labels, sorted, each once", _is_classes)
MOMENTS = Kind("what importances are made of", _is_moments)
NAMES = Kind("an array of strings", _is_names)
RECORDS = Kind("a list of dicts of numbers", _is_records)
CODEC = Kind(
    "a MatrixCodec or a TableCodec", lambda value: type(value) in (MatrixCodec, TableCodec)
)
NETWORK = {
    "_network": Kind("a Network", lambda value: type(value) is Network),
    "_state": part(TrainingState),
    "_transform_stop": COUNT,
    "_records": RECORDS,
    "_codec": CODEC,
    "n_features_in_": COUNT,
    "feature_names_in_": NAMES,
    "n_iter_": COUNT,
}
# n_iter_ is set when a fit ends, and a callback may store what there is before
OPTIONAL = {"feature_names_in_", "n_iter_"}
