"""X in a graph: the matrix that a network sees, out of the tensors that the graph gets.

A matrix of numbers is moved and divided by its measure, and missing values are filled, as the codec
of the estimator does it; a table is that of ``_tables.py``.
"""

import numpy as np
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)

from .. import Autoencoder
from ._tables import check_table, convert_table

_NUMBERS = (FloatTensorType, DoubleTensorType, Int64TensorType, BooleanTensorType)


def check_input(model, variables):
    """Raise ``ValueError`` if tensors are not the X of an estimator."""
    name, codec = type(model).__name__, model._codec
    types = (*_NUMBERS, StringTensorType) if codec.is_table else _NUMBERS
    for variable in variables:
        if not isinstance(variable.type, types):
            raise ValueError(
                f"{name} takes numbers, but its input {variable.raw_name!r} is {variable.type}."
            )
    widths = [variable.get_second_dimension() for variable in variables]
    if all(isinstance(width, int) for width in widths) and sum(widths) != model.n_features_in_:
        raise ValueError(
            f"{name} was fitted with {model.n_features_in_} features, but the graph gives it "
            f"{sum(widths)}."
        )
    if codec.is_table:
        check_table(codec, variables)


def check_method(model, method):
    """Raise ``ValueError`` if what a method gives has no form in a graph."""
    if isinstance(model, Autoencoder) and model._codec.is_table and method != "transform":
        raise ValueError(
            "Of an Autoencoder with categorical_features only transform can be converted, not "
            f"{method}: it reconstructs a table, which a graph has not. Fit one without "
            "categorical_features behind a ColumnTransformer of OneHotEncoder and StandardScaler, "
            "and convert the pipeline."
        )


def convert_input(graph, codec, variables):
    """Add the nodes that make what the network sees; return its name and, where missing values are
    filled, that of their mask, else None.
    """
    if codec.is_table:
        return convert_table(graph, codec, variables), None
    x = _matrix(graph, variables, codec.measure)
    if not codec.keeps_missing:
        return x, None
    missing, filling = graph.node("IsNaN", x), codec.filling
    if codec.measure is not None:
        filling = codec.measure.normalised(filling)
    return graph.node("Where", missing, filling, x), missing


def _matrix(graph, variables, measure):
    """Add the matrix of all inputs, by a measure or as it is."""
    dtype = (
        graph.dtype if measure is None else np.float64
    )  # a large offset is subtracted before anything is rounded
    features = [graph.cast(variable.full_name, dtype) for variable in variables]
    x = features[0] if len(features) == 1 else graph.node("Concat", *features, axis=1)
    if measure is None:
        return x
    x = graph.node("Sub", x, graph.constant(np.asarray(measure.offset), np.float64))
    return graph.cast(
        graph.node("Div", x, graph.constant(np.asarray(measure.scale), np.float64)), graph.dtype
    )
