"""The graph that converters write into.

The one decision: whatever a node reads may be the name of another node's output, a number or an
array, so that a converter reads like the formula it stands for; numbers take the precision of the
graph.
"""

import numpy as np
from onnx import TensorProto, numpy_helper


class Graph:
    """The graph that a converter writes into.

    You need it only for a converter of a unit of your own: a function
    ``(graph, unit, x, **arrays)`` in ``skmlp.onnx.CONVERTERS``.

    Parameters
    ----------
    scope : skl2onnx Scope
        Where new names come from.
    container : skl2onnx ModelComponentContainer
        Where nodes and constants are added.
    dtype : {float32, float64}
        Type of all floating-point numbers.
    """

    def __init__(self, scope, container, dtype):
        self.dtype = np.dtype(dtype)
        self._scope = scope
        self._container = container

    def node(self, op, *inputs, output=None, **attributes):
        """Add a node and return the name of its output.

        Parameters
        ----------
        op : str
            Name of an ONNX operator.
        *inputs : str, number or ndarray
            Names of outputs; anything else becomes a constant, whole numbers int64 and others of
            the graph's ``dtype``.
        output : str or None, default=None
            Name of the output; None makes a new one.
        **attributes : object
            Attributes of the operator.

        Returns
        -------
        output : str
        """
        inputs = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        output = self._scope.get_unique_variable_name(op.lower()) if output is None else output
        self._container.add_node(
            op, inputs, output, name=self._scope.get_unique_operator_name(op), **attributes
        )
        return output

    def cast(self, x, dtype, output=None):
        """Add a conversion to another type and return the name of its output.

        Parameters
        ----------
        x : str
            Name of an output.
        dtype : {float32, float64, int64}
            NumPy type of the result.
        output : str or None, default=None
            Name of the output; None makes a new one.

        Returns
        -------
        output : str
        """
        return self.node("Cast", x, to=_proto_type(dtype), output=output)

    def split(self, x, n):
        """Cut the columns of ``x`` into ``n`` equal parts, and return their names from the left.

        Parameters
        ----------
        x : str
            Name of an output.
        n : int
            Number of parts.

        Returns
        -------
        outputs : list of str
        """
        if n == 1:
            return [x]
        outputs = [self._scope.get_unique_variable_name("split") for _ in range(n)]
        number = {"num_outputs": n} if self._container.target_opset >= 18 else {}
        self._container.add_node(
            "Split",
            x,
            outputs,
            name=self._scope.get_unique_operator_name("Split"),
            axis=1,
            **number,
        )
        return outputs

    def constant(self, value, dtype=None):
        """Add a constant and return its name; equal ones are stored once.

        Parameters
        ----------
        value : number, str or array of these
            Whole numbers become int64.
        dtype : {float32, float64} or None, default=None
            Type of floating-point numbers; None means that of the graph.

        Returns
        -------
        name : str
        """
        value = np.asarray(value)
        name = self._scope.get_unique_variable_name("constant")
        if value.dtype.kind in "iu":
            tensor = numpy_helper.from_array(value.astype(np.int64), name)
        elif value.dtype.kind == "f":
            tensor = numpy_helper.from_array(_converted(value, np.dtype(dtype or self.dtype)), name)
        else:
            words = [word.encode("utf-8") for word in value.tolist()]
            self._container.add_initializer(name, TensorProto.STRING, list(value.shape), words)
            return name
        self._container.add_initializer(name, None, None, tensor)
        return name


def name_inputs(model, names):
    """Give the inputs of a model these names, of which skl2onnx makes identifiers, unless an
    output has the name. Overwrites: model.
    """
    given = [value.name for value in model.graph.input]
    taken = {name for node in model.graph.node for name in node.output} | {
        tensor.name for tensor in model.graph.initializer
    }
    taken |= {old for old, new in zip(given, names, strict=True) if new in taken}
    renamed = {old: new for old, new in zip(given, names, strict=True) if new not in taken}
    for value in model.graph.input:
        value.name = renamed.get(value.name, value.name)
    _rename_read(model.graph, renamed)


def _rename_read(graph, renamed):
    """Rename what the nodes of a graph read, those of the graphs within it too.

    Overwrites: graph.
    """
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                _rename_read(inner, renamed)


def _converted(value, dtype):
    """Return numbers in another precision; raise ``ValueError`` for one that overflows there."""
    with np.errstate(over="ignore", under="ignore"):
        converted = np.ascontiguousarray(value, dtype=dtype)
    beyond = np.isinf(converted) & np.isfinite(value)
    if beyond.any():
        raise ValueError(
            f"The model has the number {np.atleast_1d(value)[beyond][0]:.3g}, which is too large "
            f"for {dtype}; take to_onnx(..., dtype='float64')."
        )
    return converted


def _proto_type(dtype):
    return {
        "float32": TensorProto.FLOAT,
        "float64": TensorProto.DOUBLE,
        "int64": TensorProto.INT64,
    }[np.dtype(dtype).name]
