"""Tables (``categorical_features``) in a graph: the matrix that ``TableCodec`` makes of them, out
of tensors of numbers and strings.

The one decision: an input has one type, so a column's categories must be all strings or all
numbers, and what ONNX has no word for, a missing string, is the empty one.
"""

from numbers import Real

import numpy as np
from skl2onnx.common.data_types import BooleanTensorType, Int64TensorType, StringTensorType

from .._data.scaling import BOUND


def check_table(table, variables):
    """Raise ``ValueError`` if tensors are not the columns of a table, or hold what the graph
    cannot look up.
    """
    kinds = _kinds(variables, len(table.names))
    for j in table.numeric:
        if issubclass(kinds[j], StringTensorType):
            raise ValueError(
                f"The column {table.names[j]!r} holds numbers, but the graph gives it strings."
            )
    for j, categories in zip(table.categorical, table.categories, strict=True):
        name, present = table.names[j], [value for value in categories if value is not None]
        words = issubclass(kinds[j], StringTensorType)
        if not all(isinstance(value, str) for value in present) and not all(
            isinstance(value, Real) for value in present
        ):
            raise ValueError(
                f"The column {name!r} has the categories {_some(present)}; to be converted they "
                "must be all strings or all numbers, since a "
                "tensor has one type. Turn them into strings before the fit."
            )
        if present and words != isinstance(present[0], str):
            holds, gets = ("numbers", "strings") if words else ("strings", "numbers")
            raise ValueError(
                f"The categories of the column {name!r} are {holds}, such as {present[0]!r}, but "
                f"the graph gives it {gets}."
            )
        if words and None in categories and "" in present:
            raise ValueError(
                f"The column {name!r} has both '' and missing values, but in a graph '' means "
                "missing; rename '' before the fit."
            )


def convert_table(graph, table, variables):
    """Add the nodes that make the matrix of a table and return its name."""
    columns = _columns(graph, variables)
    parts = []
    if table.numeric:
        # (x - mean) / scale in float64, as in the estimators, 0 where missing; then the
        # indicators of what is missing
        values = [graph.cast(columns[j][0], np.float64) for j in table.numeric]
        x = graph.node("Concat", *values, axis=1)
        missing = graph.node("IsNaN", x)
        z = graph.node("Sub", x, graph.constant(table.mean, np.float64))
        z = graph.node("Div", z, graph.constant(table.scale, np.float64))
        if table.scaling == "robust":
            z = _bounded(graph, z)
        parts.append(
            graph.cast(
                graph.node("Where", missing, graph.constant(np.array(0.0), np.float64), z),
                graph.dtype,
            )
        )
        if len(table.indicators):
            parts.append(
                graph.node("Gather", graph.cast(missing, graph.dtype), table.indicators, axis=1)
            )
    for j, categories in zip(table.categorical, table.categories, strict=True):
        parts.append(
            graph.cast(_codes(graph, table.names[j], *columns[j], categories), graph.dtype)
        )
    return graph.node("Concat", *parts, axis=1)


def _bounded(graph, z):
    """Add z / sqrt(1 + (z / bound)^2) in float64, without overflow."""
    low, high, one, bound = (
        graph.constant(np.array(value), np.float64) for value in (-1e150, 1e150, 1.0, BOUND)
    )
    share = graph.node("Clip", graph.node("Div", z, bound), low, high)
    norm = graph.node("Sqrt", graph.node("Add", graph.node("Mul", share, share), one))
    return graph.node("Mul", graph.node("Div", share, norm), bound)


def _codes(graph, name, x, kind, categories):
    """Add the category numbers (n, 1) of a column; any other category has the number after the
    last.
    """
    other = len(categories)
    missing = categories.index(None) if None in categories else other
    numbers = {value: k for k, value in enumerate(categories) if value is not None}
    if issubclass(kind, StringTensorType):
        return _looked_up(
            graph,
            x,
            "keys_strings",
            numbers if missing == other else {**numbers, "": missing},
            other,
        )
    if issubclass(kind, Int64TensorType | BooleanTensorType):
        whole = {
            int(value): k
            for value, k in numbers.items()
            if float(value).is_integer() and -(2**63) <= value < 2**63
        }
        return _looked_up(graph, graph.cast(x, np.int64), "keys_int64s", whole, other)
    x, keys = graph.cast(x, graph.dtype), np.array(list(numbers), dtype=graph.dtype)
    if len(np.unique(keys)) < len(keys):
        raise ValueError(
            f"The column {name!r} has categories that are one number in {graph.dtype}; take "
            "to_onnx(..., dtype='float64')."
        )
    if graph.dtype == np.float32:
        code = _looked_up(
            graph, x, "keys_floats", dict(zip(keys.tolist(), numbers.values(), strict=True)), other
        )
    else:
        # LabelEncoder has no float64: other + sum over the categories of (x = category) (its number
        # - other)
        equal = graph.cast(graph.node("Equal", x, keys), np.float64)
        steps = np.array([k - other for k in numbers.values()], dtype=np.float64).reshape(-1, 1)
        code = graph.node("Add", graph.node("MatMul", equal, steps), float(other))
    return graph.node("Where", graph.node("IsNaN", x), float(missing), code)


def _looked_up(graph, x, keys, numbers, other):
    """Add the look-up of category numbers, float32; they are exact up to 2^24."""
    numbers = numbers or {0.0 if keys == "keys_floats" else 0: other}  # there must be a key
    given = {
        keys: list(numbers),
        "values_floats": [float(k) for k in numbers.values()],
        "default_float": float(other),
    }
    return graph.node("LabelEncoder", x, op_domain="ai.onnx.ml", op_version=2, **given)


def _kinds(variables, n_columns):
    """Return the type of tensor of each column."""
    widths = [variable.get_second_dimension() for variable in variables]
    if not all(isinstance(width, int) for width in widths) or sum(widths) != n_columns:
        raise ValueError(
            f"The table has {n_columns} columns, but the inputs of the graph have {widths}."
        )
    return [
        type(variable.type)
        for variable, width in zip(variables, widths, strict=True)
        for _ in range(width)
    ]


def _columns(graph, variables):
    """Return name and type of each column (n, 1), taken out of the tensors that have several."""
    columns = []
    for variable in variables:
        x, width = variable.full_name, variable.get_second_dimension()
        names = (
            [x]
            if width == 1
            else [graph.node("Gather", x, np.array([j]), axis=1) for j in range(width)]
        )
        columns += [(name, type(variable.type)) for name in names]
    return columns


def _some(values):
    return f"{values[:5]}" if len(values) <= 5 else f"{values[:5]} and others"
